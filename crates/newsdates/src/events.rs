//! Events: words that name an event, a work, a law or a term, whose date is not the page's.

use super::lexicon::{LEXICON, List, Meaning, is_in};
use super::line::TokenLine;
use super::names::is_small;
use super::pieces::{Separator, separator};
use super::token::Kind;

/// A word that names an event, a work, a law, a term.
pub(super) fn is_event(line: &TokenLine<'_>, at: usize) -> bool {
    let Some(token) = line.tokens.get(at) else { return false };
    if !token.means(|m| m == Meaning::Event) {
        return false;
    }
    let only = token.senses().iter().all(|s| matches!(s.meaning, Meaning::Event | Meaning::Bound));
    let word = line.source_of(at, at);
    // "V. Kumar" is a name, "Arsenal v Liverpool" a match; "Independence Day" is no day of the month.
    if word.len() == 1 {
        // "v 14.05 hod." is a preposition.
        return is_small(word) && !(line.is_number(at + 1) && line.spaced(at + 1));
    }
    // "Act of 17 January 2024": the day of a law, though the word means other things elsewhere.
    let of = line.tokens.get(at + 1).is_some_and(|t| is_in(List::LawOf, line.word(t))) && line.is_date_part(at + 2);
    only || of
        || !is_small(word)
            && (line.is_unknown(at + 1) || at > 0 && (line.is_unknown(at - 1) || is_event_word(line, at - 1)))
}

fn is_event_word(line: &TokenLine<'_>, at: usize) -> bool {
    line.means(at, |m| m == Meaning::Event)
}

/// "Elections | 17 January 2024": a section of the page may have any name.
pub(super) fn beside_furniture(line: &TokenLine<'_>, at: usize) -> bool {
    // "Getty Images / December 12, 2023" is a credit all the same.
    let furniture = |i: usize| separator(line, i) == Separator::Furniture && line.mark(i) != Some('/');
    let right = (at..line.tokens.len()).find(|&i| furniture(i) || line.is_number(i));
    let left = (0..at).rev().find(|&i| furniture(i) || line.is_number(i));
    right.is_some_and(furniture) || right.is_none() && left.is_some_and(furniture)
}

/// "Bundestagswahl", "Luciatåg": compounds end in what they are. (A surname may end in anything: "Christian Weisflog".)
pub(super) fn is_compound_event(line: &TokenLine<'_>, at: usize) -> bool {
    const SHORTEST: usize = 8;
    let Some(word) = line.tokens.get(at).filter(|t| t.kind == Kind::Unknown).map(|t| line.word(t)) else {
        return false;
    };
    let shortest_end = if at > 0 && line.is_unknown(at - 1) { 4 } else { 3 };
    word.len() >= SHORTEST
        && (3..=word.len() - shortest_end).any(|at| {
            word.get(at..)
                .and_then(|end| LEXICON.exact(end.bytes()))
                .is_some_and(|entry| LEXICON.senses(entry).iter().any(|s| s.meaning == Meaning::Event))
        })
}
