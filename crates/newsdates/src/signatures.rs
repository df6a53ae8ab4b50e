//! Signatures: names, places and sources that stand beside a date without a mark between.
//!
//! Headings and fixtures are written in the same way, so each of these shapes asks for more than a name: a verb or a
//! label that pages alone have, the year and a time that is no quarter of an hour, or an agency.

use super::lexicon::{List, Meaning, Unit, ends_with, is_in};
use super::line::TokenLine;
use super::names::is_label;
use super::pieces::{is_attribution, is_by, is_capitalised};
use super::times::{Clock, clocks};
use super::token::Kind;
use std::ops::{Range, RangeInclusive};

/// Most words of a name beside prose.
pub(super) const MOST_BESIDE_PROSE: usize = 3;
/// Words of a person's name.
pub(super) const MOST_OF_A_NAME: RangeInclusive<usize> = 2..=4;

/// "London 3 hours ago": a name, and nothing but the time that has gone by.
pub(super) fn heads_relative(line: &TokenLine<'_>, first: usize, last: usize) -> bool {
    first == 0
        && last < MOST_BESIDE_PROSE
        && is_capitalised(line, first, last)
        && last + 2 == line.tokens.len()
        && line.tokens.get(last + 1).is_some_and(|t| matches!(t.kind, Kind::Word { number: Some(_), .. }))
        && line.means(last + 1, |m| matches!(m, Meaning::Ago(Unit::Minute | Unit::Hour, _)))
}

/// "Kjartan Kjartansson skrifar 24. júní": in front of the date, and in front of a verb that only bylines have.
pub(super) fn is_written_by(line: &TokenLine<'_>, first: usize, last: usize) -> bool {
    let verb = last + 1;
    first == 0
        && MOST_OF_A_NAME.contains(&(last + 1))
        && is_capitalised(line, first, last)
        && line.tokens.get(verb).is_some_and(|t| is_by(line, t) && line.word(t).len() > 4)
        && line.is_date_part(verb + 1)
}

/// "अमर उजाला ब्यूरो, नई दिल्ली Updated": the second of two names that a comma parts, at the start.
pub(super) fn is_place_of_first(line: &TokenLine<'_>, first: usize) -> bool {
    let before = first.saturating_sub(1);
    line.mark(before) == Some(',')
        && before <= MOST_BESIDE_PROSE
        && line.tokens.iter().take(before).all(|t| t.kind == Kind::Unknown)
}

/// "Christian Weisflog 15.06.2020, 12.11 Uhr", "Benjamin Triebe, London 18.10.2019, 19:33", "Praha 17:35 21. července
/// 2023": a name or a place, and nothing but the date with its year and its time behind it.
pub(super) fn is_signature(line: &TokenLine<'_>, (first, last): (usize, usize)) -> bool {
    let is_place = first > 1 && line.mark(first - 1) == Some(',') && last - first < *MOST_OF_A_NAME.start();
    let start = if is_place { 0 } else { first };
    let is_name = start == 0
        && last + 1 - start - usize::from(is_place) <= *MOST_OF_A_NAME.end()
        && (start..=last).all(|i| line.mark(i).is_none_or(|mark| mark == ',' && is_place))
        && is_capitalised(line, start, last);
    is_name
        && is_dated(line, last + 1..line.tokens.len())
        && matches!(clocks(line, false)[..], [clock] if clock.first > last && is_off_quarter(&clock)
            && (line.is_date_part(last + 1) || clock.first == last + 1))
}

/// "12 декабря 2023, 08:41 Мария Иванова", "Publicado em 25/05/2025 - 11:20 Brasília": the same the other way round. (One
/// word behind is a place or an agency where a label or an agency says so, or its capitals; else it is what happened
/// then: "9 oktober 2020 11:12 Ambulance".)
pub(super) fn is_signature_behind(line: &TokenLine<'_>, (first, last): (usize, usize)) -> bool {
    const LONGEST_SHORT_NAME: usize = 5;
    let ends = last + 1 == line.tokens.len() || matches!(line.mark(last + 1), Some('-' | '|' | ','));
    let is_sourced = || line.tokens.iter().skip(last).any(|t| t.means(|m| m == Meaning::Agency));
    let labelled = line.tokens.first().is_some_and(|t| t.means(is_label) && is_attribution(line, t));
    let in_capitals = || {
        let word = line.source_of(first, last);
        word.chars().count() <= LONGEST_SHORT_NAME && word.chars().all(char::is_uppercase)
    };
    ends && last - first < MOST_BESIDE_PROSE
        && (last > first || labelled || is_sourced() || in_capitals())
        && (first..=last).all(|i| line.mark(i).is_none())
        && line.source_of(first, first).starts_with(char::is_uppercase)
        && is_capitalised(line, first, last)
        && is_dated(line, 0..first)
        && matches!(clocks(line, false)[..], [clock] if clock.end == first && (labelled || is_off_quarter(&clock)))
}

/// "V Praze dne 22. srpna 2025", "Warszawa, dnia 17 stycznia 2024 r.": a place in front of "on the day of".
pub(super) fn is_place_of_day(line: &TokenLine<'_>, first: usize, last: usize) -> bool {
    first <= 1
        && (first == 0 || line.word_at(0).len() == 1)
        && last - first < *MOST_OF_A_NAME.start()
        && is_capitalised(line, first, last)
        && is_in(List::OnTheDay, line.word_at(last + 1))
        && line.is_date_part(last + 2)
}

/// Are these tokens all known, with the year of a page among them?
fn is_dated(line: &TokenLine<'_>, mut tokens: Range<usize>) -> bool {
    let is_known = |i: usize| line.tokens.get(i).is_some_and(|t| t.kind != Kind::Unknown);
    let is_year = |i: usize| line.number(i).is_some_and(|(value, digits)| digits == 4 && value >= 1900);
    tokens.clone().all(is_known) && tokens.any(is_year)
}

/// What begins at a quarter of an hour is an event ("Real Madrid 26 Nov 2023 21:00").
fn is_off_quarter(clock: &Clock) -> bool {
    !clock.time.minute.is_multiple_of(15)
}

/// "الرياض 17 يناير 2024 م واس": a place at the start, an agency at the end.
pub(super) fn is_place_of_agency(line: &TokenLine<'_>, first: usize, last: usize) -> bool {
    let ends = line.tokens.last().is_some_and(|t| t.means(|m| m == Meaning::Agency));
    (first, last) == (0, 0) && line.is_date_part(1) && ends && is_capitalised(line, first, last)
}

/// "2023年11月28日 09:30 新浪新闻": what is called a paper, a site or an agency, at the end, behind the time.
pub(super) fn is_source_behind_time(line: &TokenLine<'_>, first: usize, last: usize) -> bool {
    line.is_unspaced(last)
        && line.spaced(first)
        && (last + 1 == line.tokens.len() || line.tokens.get(last + 1).is_some_and(|t| is_by(line, t)))
        && first >= 3
        && line.is_number(first - 1)
        && line.mark(first - 2) == Some(':')
        && ends_with(List::PaperEnd, line.source_of(first, last))
}

/// "Москва. 17 января 2024": a place with a stop, at the start of the line.
pub(super) fn is_stopped_place(line: &TokenLine<'_>, first: usize, last: usize) -> bool {
    first == 0
        && last == 0
        && line.mark(1) == Some('.')
        && line.spaced(2)
        && line.source_of(0, 0).starts_with(char::is_uppercase)
        && line.source_of(0, 0).chars().count() >= 4
        && line.is_date_part(2)
}
