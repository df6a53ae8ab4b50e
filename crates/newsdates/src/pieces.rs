//! The pieces of a line: what parts them, and what a run of unknown words among them is.

use super::lexicon::{List, Meaning, is_in};
use super::line::TokenLine;
use super::names::{is_label, is_small};
use super::token::{Kind, Token};

/// Does a word say that what follows is the page's: a byline word, a label? (Short ones mean too much else.)
pub(super) fn is_attribution(line: &TokenLine<'_>, token: &Token) -> bool {
    is_by(line, token) || token.means(is_label) && line.word(token).len() > 3
}

pub(super) fn is_by(line: &TokenLine<'_>, token: &Token) -> bool {
    let only = !token.means(|m| matches!(m, Meaning::Filler | Meaning::Event | Meaning::Bound));
    token.kind == Kind::Byline || token.means(|m| m == Meaning::By) && (only || line.word(token).len() > 4)
}

/// A run of unknown words: from one unknown word to the last that only words, points and hyphens part from it.
pub(super) fn run(line: &TokenLine<'_>, from: usize) -> (usize, usize) {
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

fn is_part(line: &TokenLine<'_>, at: usize) -> bool {
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

pub(super) fn separator(line: &TokenLine<'_>, at: usize) -> Separator {
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

/// Do all words of a run start like names, as far as their script can tell?
pub(super) fn is_capitalised(line: &TokenLine<'_>, first: usize, last: usize) -> bool {
    (first..=last)
        .filter(|&i| line.mark(i).is_none())
        .all(|i| !is_small(line.source_of(i, i)) || connects(line, (first, last), i))
}

/// Is it a small word inside a name: Rio de Janeiro?
pub(super) fn connects(line: &TokenLine<'_>, (first, last): (usize, usize), at: usize) -> bool {
    at > first && at < last && is_in(List::Connector, line.word_at(at))
}
