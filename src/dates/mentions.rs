//! Mentions: what shows that the date of a line is not the page's, but that of an event, a law, a picture, a span of time.

use super::calendars::weekday;
use super::lexicon::{LEXICON, Meaning};
use super::names::is_small;
use super::pieces::{Separator, separator, speaks};
use super::reading::{Date, Precision, Reading, Role};
use super::solve::Line;
use super::tokens::{Kind, Token};

/// News pages are no older than this: a name beside an older date is history.
const FIRST_YEAR: i16 = 1990;

/// A word that names an event, a work, a law, a term.
pub(super) fn is_event(line: &Line<'_>, at: usize) -> bool {
    let Some(token) = line.tokens.get(at) else { return false };
    if !token.means(|m| m == Meaning::Event) {
        return false;
    }
    let only = token.senses().iter().all(|s| matches!(s.meaning, Meaning::Event | Meaning::Bound));
    let stranger = |i: usize| line.tokens.get(i).is_some_and(|t| t.kind == Kind::Unknown);
    let word = line.source_of(at, at);
    // "V. Kumar" is a name, "Arsenal v Liverpool" a match; "Independence Day" is no day of the month.
    if word.len() == 1 {
        return is_small(word);
    }
    only || !is_small(word) && (stranger(at + 1) || at > 0 && (stranger(at - 1) || is_event_word(line, at - 1)))
}

fn is_event_word(line: &Line<'_>, at: usize) -> bool {
    line.means(at, |m| m == Meaning::Event)
}

/// "Elections | 17 January 2024": a section of the page may have any name.
pub(super) fn beside_furniture(line: &Line<'_>, at: usize) -> bool {
    let furniture = |i: usize| separator(line, i) == Separator::Furniture;
    let right = (at..line.tokens.len()).find(|&i| furniture(i) || line.is_number(i));
    let left = (0..at).rev().find(|&i| furniture(i) || line.is_number(i));
    right.is_some_and(furniture) || right.is_none() && left.is_some_and(furniture)
}

/// "Bundestagswahl", "Pressemitteilung": compounds end in what they are.
fn is_compound_event(word: &str) -> bool {
    const SHORTEST: usize = 8;
    const SHORTEST_END: usize = 3;
    word.len() >= SHORTEST
        && (3..=word.len() - SHORTEST_END).any(|at| {
            word.get(at..)
                .and_then(|end| LEXICON.exact(end.bytes()))
                .is_some_and(|entry| LEXICON.senses(entry).iter().any(|s| s.meaning == Meaning::Event))
        })
}

/// Do the dates of a line fit what stands around them?
pub(super) fn fit(line: &Line<'_>, dates: &[Reading]) -> bool {
    let strange = line.tokens.iter().any(|t| t.kind == Kind::Unknown);
    let day = |reading: &Reading| reading.value.map(|v| v.date);
    if strange {
        if dates.iter().any(|d| d.value.is_none() && d.candidates.is_empty()) {
            return false;
        }
        let old = |reading: &Reading| day(reading).is_some_and(|d: Date| d.year < FIRST_YEAR);
        let compound = |t: &Token| t.kind == Kind::Unknown && is_compound_event(line.word(t));
        let speaks = line.tokens.iter().any(|t| speaks(line, t));
        if !speaks && (dates.iter().any(old) || line.tokens.iter().any(compound)) {
            return false;
        }
    }
    !is_span(line, dates) && !is_bounded(line, dates)
}

/// "17 January 2024 - 20 January 2024": from one day to another.
fn is_span(line: &Line<'_>, dates: &[Reading]) -> bool {
    let [from, to] = dates else { return false };
    let plain = |d: &Reading| d.role == Role::Other && d.precision == Precision::Day;
    let between = |t: &Token| from.span.end <= t.start && t.end <= to.span.start;
    let joins = |t: &Token| {
        matches!(t.kind, Kind::Mark('-' | '~')) || t.means(|m| matches!(m, Meaning::Filler | Meaning::Bound))
    };
    plain(from)
        && plain(to)
        && from.calendar == to.calendar
        && from.value != to.value
        && line.tokens.iter().filter(|t| between(t)).any(joins)
}

/// "Until 17 January 2024": a date before which or after which something is so.
fn is_bounded(line: &Line<'_>, dates: &[Reading]) -> bool {
    let bound = |i: usize| line.means(i, |m| m == Meaning::Bound);
    let stranger = |i: usize| line.tokens.get(i).is_some_and(|t| t.kind == Kind::Unknown);
    // "Do 17.01.2024": a Thursday, if it was one.
    let is_its_weekday = |i: usize| {
        let days = dates.iter().filter_map(|d| d.value).map(|v| weekday(v.date));
        line.tokens.get(i).is_some_and(|t| days.clone().any(|d| t.means(|m| m == Meaning::Weekday(d))))
    };
    let only = |i: usize| {
        line.tokens
            .get(i)
            .is_some_and(|t| t.senses().iter().all(|s| matches!(s.meaning, Meaning::Event | Meaning::Bound)))
    };
    (0..line.tokens.len()).any(|i| {
        let before = bound(i)
            && !line.is_month(i)
            && (i == 0 || stranger(i - 1))
            && line.is_date_part(i + 1)
            && !is_its_weekday(i);
        let behind = bound(i) && i > 0 && i + 1 == line.tokens.len() && only(i) && line.is_date_part(i - 1);
        before || behind
    })
}
