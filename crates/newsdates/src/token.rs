//! What a token is: a number, a word of the lexicon, an unknown word or a mark, and where it stands.
//!
//! Tokens are made in [`super::tokens`]; a word keeps all its meanings until a later step chooses among them.

use super::lexicon::{BYLINE, LEXICON, Meaning, Sense};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number; `digits` is 0 where it is written in letters (Hebrew, Kanji).
    Number { value: u32, digits: u8 },
    /// An entry of the lexicon, with the number within.
    Word { entry: u32, number: Option<u32> },
    /// A Japanese era by its letter: R6, H30.
    EraLetter(u8),
    /// A Kanji weekday in brackets: (水).
    BracketWeekday(u8),
    /// A word that introduces a name here.
    Byline,
    /// A word that the lexicon has not, or that is a name here.
    Unknown,
    /// A mark.
    Mark(char),
}

/// A token and where it stands in the folded text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Is there space before it?
    pub(super) spaced: bool,
}

impl Token {
    /// What it may mean.
    pub(super) fn senses(&self) -> &'static [Sense] {
        match self.kind {
            Kind::Word { entry, .. } => LEXICON.senses(entry),
            Kind::Byline => &BYLINE,
            _ => &[],
        }
    }

    /// May it mean this?
    pub(super) fn means(&self, test: impl Fn(Meaning) -> bool) -> bool {
        self.senses().iter().any(|s| test(s.meaning))
    }

    /// Is it a number?
    pub(super) fn is_number(&self) -> bool {
        matches!(self.kind, Kind::Number { .. })
    }
}
