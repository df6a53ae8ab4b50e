//! A line under classification: its folded text, its tokens, and what is known around it.
//!
//! Rules ask it by the place of a token. It notes whether anybody asked for what is known around the line: an answer for
//! which nobody did is the same in every context, and is kept ([`super::stamp::Parsed`]).

use super::fold::Folded;
use super::lexicon::{Meaning, unspaced};
use super::names::is_jamo;
use super::reading::Context;
use super::rules::Trace;
use super::token::{Kind, Token};
use std::borrow::Cow;
use std::cell::Cell;

/// A line under classification.
pub(super) struct TokenLine<'a> {
    /// The folded text.
    pub(super) text: &'a str,
    /// The text as written, and where in it each folded byte comes from.
    pub(super) source: &'a str,
    pub(super) folded: &'a Folded,
    pub(super) tokens: &'a [Token],
    pub(super) trace: Trace<'a>,
    context: &'a Context<'a>,
    language: &'a str,
    asked: Cell<bool>,
}

impl<'a> TokenLine<'a> {
    /// A line and its context; `language` is [`primary_language`] of it.
    pub(super) fn new(
        (source, folded): (&'a str, &'a Folded),
        tokens: &'a [Token],
        (context, language): (&'a Context<'a>, &'a str),
        trace: Trace<'a>,
    ) -> Self {
        TokenLine { text: &folded.text, source, folded, tokens, trace, context, language, asked: Cell::new(false) }
    }

    /// What is known around the line.
    pub(super) fn context(&self) -> &'a Context<'a> {
        self.asked.set(true);
        self.context
    }

    /// Primary subtag of the language, in lower case; empty where it is not known.
    pub(super) fn language(&self) -> &'a str {
        self.asked.set(true);
        self.language
    }

    /// Has anybody asked for the context?
    pub(super) fn is_context_asked(&self) -> bool {
        self.asked.get()
    }

    /// The value of a number, and its digits.
    pub(super) fn number(&self, at: usize) -> Option<(u32, u8)> {
        match self.tokens.get(at)?.kind {
            Kind::Number { value, digits } => Some((value, digits)),
            _ => None,
        }
    }

    pub(super) fn is_number(&self, at: usize) -> bool {
        self.number(at).is_some()
    }

    /// How many numbers the line has.
    pub(super) fn numbers(&self) -> usize {
        self.tokens.iter().filter(|t| t.is_number()).count()
    }

    pub(super) fn mark(&self, at: usize) -> Option<char> {
        match self.tokens.get(at)?.kind {
            Kind::Mark(c) => Some(c),
            _ => None,
        }
    }

    pub(super) fn is_unknown(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|t| t.kind == Kind::Unknown)
    }

    /// Has it an unknown word?
    pub(super) fn has_unknown(&self) -> bool {
        self.tokens.iter().any(|t| t.kind == Kind::Unknown)
    }

    pub(super) fn spaced(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|t| t.spaced)
    }

    pub(super) fn means(&self, at: usize, test: impl Fn(Meaning) -> bool) -> bool {
        self.tokens.get(at).is_some_and(|t| t.means(test))
    }

    pub(super) fn is_month(&self, at: usize) -> bool {
        self.means(at, |m| matches!(m, Meaning::Month(..)))
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

    /// A word as it was folded.
    pub(super) fn word(&self, token: &Token) -> &'a str {
        self.text.get(token.start..token.end).unwrap_or_default()
    }

    /// The word at a place, as it was folded; empty where there is none.
    pub(super) fn word_at(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| self.word(token))
    }

    /// Did a scraper leave out the space between an unknown word and this?
    pub(super) fn is_grown_together(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|i| self.tokens.get(i));
        before.zip(self.tokens.get(at)).is_some_and(|(before, token)| {
            before.kind == Kind::Unknown && token.spaced && token.start == before.end && self.is_date_part(at)
        })
    }

    /// The source of tokens.
    pub(super) fn source_of(&self, first: usize, last: usize) -> &'a str {
        let (Some(first), Some(last)) = (self.tokens.get(first), self.tokens.get(last)) else { return "" };
        let at = |i: usize| self.folded.source.get(i).map_or(self.source.len(), |&s| s as usize);
        self.source.get(at(first.start)..at(last.end)).unwrap_or_default().trim()
    }

    /// Is it of a script that puts no spaces between words?
    pub(super) fn is_unspaced(&self, at: usize) -> bool {
        let first = self.tokens.get(at).and_then(|t| self.text.get(t.start..)).and_then(|t| t.chars().next());
        first.is_some_and(|c| unspaced(c) && !is_jamo(c))
    }

    /// The bytes of the line as written from which bytes of the folded text come.
    pub(super) fn source_span(&self, span: &std::ops::Range<usize>) -> std::ops::Range<usize> {
        let at = |i: usize| self.folded.source.get(i).map_or(self.source.len(), |&s| s as usize);
        let start = at(span.start);
        // The end is the end of the last source character, not the start of what follows it.
        let last = at(span.end.saturating_sub(1));
        let next = self.source.get(last..).and_then(|t| t.chars().next());
        let end = next.map_or(self.source.len(), |c| last + c.len_utf8());
        start..end.max(start)
    }
}

/// The primary subtag of the language, as CLDR names it; empty where it is not known.
pub(super) fn primary_language<'c>(context: &Context<'c>) -> Cow<'c, str> {
    let language = context.language.unwrap_or_default();
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    if primary.eq_ignore_ascii_case("no") {
        Cow::Borrowed("nb")
    } else if primary.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(primary.to_ascii_lowercase())
    } else {
        Cow::Borrowed(primary)
    }
}
