//! The pieces of a line: what parts them, and what a run of unknown words among them is.

use super::lexicon::{Meaning, unspaced};
use super::names::{is_jamo, is_label};
use super::solve::Line;
use super::tokens::{Kind, Token};

/// Does a word say that what follows is the page's: a byline word, a label? (Short ones mean too much else.)
pub(super) fn speaks(line: &Line<'_>, token: &Token) -> bool {
    is_by(line, token) || token.means(is_label) && line.word(token).len() > 3
}

pub(super) fn is_by(line: &Line<'_>, token: &Token) -> bool {
    let only = !token.means(|m| matches!(m, Meaning::Filler | Meaning::Event | Meaning::Bound));
    token.kind == Kind::Byline || token.means(|m| m == Meaning::By) && (only || line.word(token).len() > 4)
}

/// A run of strangers: from one unknown word to the last that only words, points and hyphens part from it.
pub(super) fn run(line: &Line<'_>, from: usize) -> (usize, usize) {
    let (mut first, mut last) = (from, from);
    let breaks = |i: usize| {
        separator(line, i) != Separator::None
            || line.is_number(i)
            || line.is_month(i) && !line.means(i, |m| m == Meaning::Filler)
    };
    let mut at = from + 1;
    while at < line.tokens.len() && !breaks(at) {
        if line.tokens.get(at).is_some_and(|t| t.kind == Kind::Unknown) {
            last = at;
        }
        at += 1;
    }
    // Known words beside a name belong to it ("Maria del Mar Lopez", "Le Monde").
    while first > 0 && is_part(line, first - 1) {
        first -= 1;
    }
    while is_part(line, last + 1) {
        last += 1;
    }
    if line.mark(last + 1) == Some('.')
        && (last + 2 == line.tokens.len() || separator(line, last + 2) != Separator::None)
    {
        last += 1;
    }
    (first, last)
}

fn is_part(line: &Line<'_>, at: usize) -> bool {
    line.tokens.get(at).is_some_and(|t| {
        let own = |m| {
            matches!(
                m,
                Meaning::Month(..)
                    | Meaning::By
                    | Meaning::Agency
                    | Meaning::Weekday(_)
                    | Meaning::Published
                    | Meaning::Updated
                    | Meaning::TimeWord
                    | Meaning::Zone(_)
                    | Meaning::Am
                    | Meaning::Pm
                    | Meaning::YearMark
                    | Meaning::Era(_)
            )
        };
        let word = line.word(t);
        matches!(t.kind, Kind::Word { .. }) && word.len() > 1 && word.is_ascii() && !t.means(own)
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    /// It separates nothing.
    None,
    /// The line starts or ends here.
    Edge,
    /// A mark that pages set between pieces.
    Furniture,
    /// A mark that prose has too.
    Prose,
    /// A word that introduces a name, or an agency.
    Word,
}

pub(super) fn separator(line: &Line<'_>, at: usize) -> Separator {
    match line.mark(at) {
        Some('-') if line.spaced(at) || line.spaced(at + 1) => Separator::Prose,
        Some('/') if line.spaced(at) && line.spaced(at + 1) => Separator::Furniture,
        Some('|' | '·' | '>' | '~' | '*') => Separator::Furniture,
        Some(',' | '(' | ')' | ':' | '/') => Separator::Prose,
        Some(_) => Separator::None,
        None if at >= line.tokens.len() => Separator::Edge,
        None => {
            let is_word = |t: &Token| is_by(line, t) || t.means(|m| m == Meaning::Agency);
            if line.tokens.get(at).is_some_and(is_word) { Separator::Word } else { Separator::None }
        }
    }
}

impl Line<'_> {
    /// A word as it was folded.
    pub(super) fn word(&self, token: &Token) -> &str {
        self.text.get(token.start..token.end).unwrap_or_default()
    }

    /// The word at a place, as it was folded; empty where there is none.
    pub(super) fn word_at(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| self.word(token))
    }

    /// Did a scraper leave out the space between an unknown word and this?
    pub(super) fn glued(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|i| self.tokens.get(i));
        before.zip(self.tokens.get(at)).is_some_and(|(before, token)| {
            before.kind == Kind::Unknown && token.spaced && token.start == before.end && self.is_date_part(at)
        })
    }

    /// The source of tokens.
    pub(super) fn source_of(&self, first: usize, last: usize) -> &str {
        let (Some(first), Some(last)) = (self.tokens.get(first), self.tokens.get(last)) else { return "" };
        let at = |i: usize| self.folded.source.get(i).map_or(self.source.len(), |&s| s as usize);
        self.source.get(at(first.start)..at(last.end)).unwrap_or_default().trim()
    }

    pub(super) fn is_unspaced(&self, at: usize) -> bool {
        let first = self.tokens.get(at).and_then(|t| self.text.get(t.start..)).and_then(|t| t.chars().next());
        first.is_some_and(|c| unspaced(c) && !is_jamo(c))
    }

    /// A number, month or weekday.
    pub(super) fn is_date_part(&self, at: usize) -> bool {
        self.is_number(at)
            || self.means(at, |m| {
                matches!(
                    m,
                    Meaning::Month(..)
                        | Meaning::Weekday(_)
                        | Meaning::YearMark
                        | Meaning::MonthMark
                        | Meaning::DayMark
                )
            })
    }
}
