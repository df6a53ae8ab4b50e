//! Mentions: what shows that the date of a line is not the page's, but that of an event, a law, a picture, a span of time.

use super::calendars::{days, from_days, weekday};
use super::lexicon::{LEXICON, Meaning};
use super::names::{is_label, is_small};
use super::pieces::{Separator, separator, speaks};
use super::reading::{Date, Precision, Reading, Role};
use super::resolve::DAY;
use super::solve::Line;
use super::times::clocks;
use super::tokens::{Kind, Token};

/// News pages are no older than this: a name beside an older date is history.
const FIRST_YEAR: i16 = 1990;

/// Days for which a page of last year may still leave out the year.
const LAST_WEEKS: i64 = 62;

/// What joins a law and its day, folded: the act of, das Gesetz vom.
const OF: [&str; 17] =
    ["of", "van", "vom", "von", "du", "de", "del", "di", "fra", "fran", "av", "af", "z", "ze", "od", "от", "від"];

/// "Source" as pages and charts write it, folded.
const SOURCES: [&str; 19] = [
    "source",
    "sources",
    "quelle",
    "fuente",
    "fonte",
    "bron",
    "kaynak",
    "источник",
    "джерело",
    "zrodlo",
    "zdroj",
    "izvor",
    "πηγη",
    "المصدر",
    "مصدر",
    "منبع",
    "kilde",
    "kalla",
    "lahde",
];

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
        // "v 14.05 hod." is a preposition.
        return is_small(word) && !(line.is_number(at + 1) && line.spaced(at + 1));
    }
    // "Act of 17 January 2024": the day of a law, though the word means other things elsewhere.
    let of = line.tokens.get(at + 1).is_some_and(|t| OF.contains(&line.word(t))) && line.is_date_part(at + 2);
    only || of || !is_small(word) && (stranger(at + 1) || at > 0 && (stranger(at - 1) || is_event_word(line, at - 1)))
}

fn is_event_word(line: &Line<'_>, at: usize) -> bool {
    line.means(at, |m| m == Meaning::Event)
}

/// "Elections | 17 January 2024": a section of the page may have any name.
pub(super) fn beside_furniture(line: &Line<'_>, at: usize) -> bool {
    // "Getty Images / December 12, 2023" is a credit all the same.
    let furniture = |i: usize| separator(line, i) == Separator::Furniture && line.mark(i) != Some('/');
    let right = (at..line.tokens.len()).find(|&i| furniture(i) || line.is_number(i));
    let left = (0..at).rev().find(|&i| furniture(i) || line.is_number(i));
    right.is_some_and(furniture) || right.is_none() && left.is_some_and(furniture)
}

/// "Bundestagswahl", "Luciatåg": compounds end in what they are. (A surname may end in anything: "Christian Weisflog".)
fn is_compound_event(line: &Line<'_>, at: usize) -> bool {
    const SHORTEST: usize = 8;
    let Some(word) = line.tokens.get(at).filter(|t| t.kind == Kind::Unknown).map(|t| line.word(t)) else {
        return false;
    };
    let shortest_end = if at > 0 && is_unknown(line, at - 1) { 4 } else { 3 };
    word.len() >= SHORTEST
        && (3..=word.len() - shortest_end).any(|at| {
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
        let speaks = line.tokens.iter().any(|t| speaks(line, t));
        if !speaks
            && (dates.iter().any(old)
                || (0..line.tokens.len()).any(|i| is_compound_event(line, i) && !beside_furniture(line, i)))
        {
            return false;
        }
    }
    let of_something_else = is_span(line, dates)
        || is_span_of_hours(line, dates)
        || is_bounded(line, dates)
        || are_opening_hours(line, dates)
        || is_title(line)
        || is_birth(line)
        || is_day_of_the_past(line, dates);
    !of_something_else
        && !(strange
            && (is_of_source(line, dates)
                || is_entry(line)
                || is_attribution(line)
                || is_credit(line)
                || is_to_come(line, dates)))
}

fn today(line: &Line<'_>) -> Option<i64> {
    line.context.now.map(|now| now.div_euclid(DAY))
}

fn is_unknown(line: &Line<'_>, at: usize) -> bool {
    line.tokens.get(at).is_some_and(|t| t.kind == Kind::Unknown)
}

/// "Mo-Fr 9.00-17.00 Uhr", "Monday to Friday": from one weekday to another.
fn are_opening_hours(line: &Line<'_>, dates: &[Reading]) -> bool {
    let weekdays = |i: usize| line.tokens.get(i).map(|t| line.weekdays_of(t)).unwrap_or_default();
    let joins =
        |i: usize| line.mark(i) == Some('-') || line.means(i, |m| matches!(m, Meaning::Filler | Meaning::Bound));
    // "Wed - Mar 13" has a month, "Mo-Fr" has none.
    let is_month = |i: usize| line.is_month(i) && !line.tokens.get(i).is_some_and(|t| line.is_minor(t));
    let dated = dates.iter().any(|d| d.value.is_some());
    let is_plain = |i: usize| !dated || !is_month(i - 1) && !is_month(i + 1);
    let is_day = |i: usize| {
        let else_where = |m| matches!(m, Meaning::DayMark | Meaning::MonthMark | Meaning::Era(_));
        line.means(i, |m| matches!(m, Meaning::Weekday(_))) && !line.means(i, else_where)
    };
    (1..line.tokens.len()).filter(|&i| is_day(i - 1) && is_day(i + 1) && joins(i) && is_plain(i)).any(|i| {
        let (from, to) = (weekdays(i - 1), weekdays(i + 1));
        !from.is_empty() && !to.is_empty() && !from.iter().any(|day| to.contains(day))
    })
}

/// "«17 января 2024» — новый фильм": a title in quotation marks that holds the date, and something behind it.
fn is_title(line: &Line<'_>) -> bool {
    let Some(quoted) = line.source.strip_prefix(['"', '“', '„', '«', '「', '『', '‘']) else { return false };
    let Some((title, behind)) = quoted.split_once(['"', '”', '“', '»', '」', '』', '’']) else { return false };
    title.contains(|c: char| c.is_numeric()) && behind.contains(char::is_alphabetic)
}

/// "* 17. Januar 1964": born that day. (A page's own list has labels behind its marks.)
fn is_birth(line: &Line<'_>) -> bool {
    let stars = || (0..line.tokens.len()).filter(|&i| line.mark(i) == Some('*')).count();
    line.mark(0) == Some('*') && stars() == 1 && !line.tokens.iter().any(|t| speaks(line, t))
}

/// "Source: Ministry of Health, 17 January 2024": of what a chart or a quotation is made. (The source of an article is
/// an agency, or stands beside the time.)
fn is_of_source(line: &Line<'_>, dates: &[Reading]) -> bool {
    let first = line.tokens.first().is_some_and(|t| SOURCES.contains(&line.word(t)));
    let is_agency = |t: &Token| t.means(|m| m == Meaning::Agency);
    first
        && dates.iter().all(|d| d.precision == Precision::Day)
        && !line.tokens.iter().any(is_agency)
        && (1..line.tokens.len())
            .any(|i| line.mark(i) == Some(',') && line.is_date_part(i + 1) || line.mark(i) == Some('('))
}

/// "— Mike Pompeo, College Station, April 15, 2019": who said it and when, below a quotation.
fn is_attribution(line: &Line<'_>) -> bool {
    line.mark(0) == Some('-') && is_unknown(line, 1) && !line.tokens.iter().any(|t| speaks(line, t))
}

/// "21 de mayo: Combate de Iquique", "13 avril 2018 : Dépêche AFP": an entry of a list, with what happened that day.
fn is_entry(line: &Line<'_>) -> bool {
    (1..line.tokens.len()).any(|i| {
        line.mark(i) == Some(':')
            && (line.is_number(i - 1) || line.is_month(i - 1))
            && is_unknown(line, i + 1)
            && !line.tokens.iter().any(|t| speaks(line, t))
    })
}

/// "Reuters/Jane Doe, 17 January 2024": who took a picture. ("Kyiv/AFP" is a place.)
fn is_credit(line: &Line<'_>) -> bool {
    let agency = |i: usize| line.means(i, |m| m == Meaning::Agency);
    let name = |i: usize| is_unknown(line, i) && is_unknown(line, i + 1) && !line.is_unspaced(i);
    !line.tokens.iter().any(|t| speaks(line, t))
        && (1..line.tokens.len()).any(|i| {
            let glued = line.mark(i) == Some('/') && !line.spaced(i) && !line.spaced(i + 1);
            glued && (agency(i - 1) && name(i + 1) || i > 1 && name(i - 2) && agency(i + 1))
        })
}

/// "Paradiso, Amsterdam, 20 januari, 20.30": what was still to come when the page was fetched is no publication.
fn is_to_come(line: &Line<'_>, dates: &[Reading]) -> bool {
    let Some(today) = today(line) else { return false };
    let later = |d: &Reading| d.value.is_some_and(|v| days(v.date) > today + 1);
    let vouches = |t: &Token| speaks(line, t) || t.means(|m| m == Meaning::Agency);
    dates.iter().any(later)
        && !line.tokens.iter().any(vouches)
        && !(0..line.tokens.len()).any(|i| separator(line, i) == Separator::Furniture)
}

/// "October 7": a page leaves out the year of this year's dates, and of those of the last weeks. An older day that
/// stands alone is known by its name.
fn is_day_of_the_past(line: &Line<'_>, dates: &[Reading]) -> bool {
    let ([only], Some(today)) = (dates, today(line)) else { return false };
    let Some(date) = only.value.map(|v| v.date) else { return false };
    let this_year = || from_days(today).is_none_or(|t| t.year == date.year);
    let numbers = line.tokens.iter().filter(|t| matches!(t.kind, Kind::Number { .. })).count();
    if numbers != 1 || today - days(date) <= LAST_WEEKS || this_year() {
        return false;
    }
    let is_month = |t: &Token| t.means(|m| matches!(m, Meaning::Month(..)));
    let bare = line.tokens.iter().all(|t| match t.kind {
        Kind::Number { .. } | Kind::Mark(_) => true,
        _ => is_month(t) || t.means(|m| m == Meaning::Filler),
    });
    bare && line.tokens.iter().any(is_month)
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

/// "Vom 12. Juni 20:45 Uhr bis 13. Juni 02:30 Uhr", "12 June 2020, 20:45 to 22:30": from one time to another.
fn is_span_of_hours(line: &Line<'_>, dates: &[Reading]) -> bool {
    // Short labels are prepositions too: "Vom 12. Juni", "del 12 de junio".
    const LONGEST_PREPOSITION: usize = 4;
    let labels = |t: &Token| t.means(is_label) && t.end - t.start > LONGEST_PREPOSITION;
    if line.tokens.iter().any(labels) {
        return false;
    }
    let joins = |t: &Token| {
        matches!(t.kind, Kind::Mark('-' | '~')) || t.means(|m| matches!(m, Meaning::Filler | Meaning::Bound))
    };
    let small = |t: &Token| joins(t) || t.means(|m| matches!(m, Meaning::TimeWord | Meaning::HourMark));
    let clocks = clocks(line, false);
    // From hour to hour of one day.
    let hours = clocks.windows(2).any(|two| {
        let [a, b] = two else { return false };
        let between = line.tokens.get(a.end..b.first).unwrap_or_default();
        a.time != b.time && between.iter().any(joins) && between.iter().all(small)
    });
    // From a time of one day to a time of another: between the two, days and months apart, only what joins.
    let ([from, to], [first, .., last]) = (dates, clocks.as_slice()) else { return hours };
    let is_part = |at: usize| line.is_date_part(at) || matches!(line.mark(at), Some('.' | ','));
    let between = (first.end..last.first).filter(|&at| !is_part(at));
    let mut between = between.filter_map(|at| line.tokens.get(at)).peekable();
    let day = |reading: &Reading| reading.value.map(|value| value.date);
    let are_two = day(from) != day(to) || day(from).is_none();
    hours || are_two && between.peek().is_some() && between.all(small)
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
    // "Until the 17th", "ถึงวันที่ 17".
    let leads = |i: usize| line.means(i, |m| matches!(m, Meaning::Filler | Meaning::BeforeDay));
    (0..line.tokens.len()).any(|i| {
        let before = bound(i)
            && !line.is_month(i)
            && (i == 0 || stranger(i - 1) || only(i) && (line.mark(i - 1).is_some() || line.means(i - 1, is_label)))
            && (line.is_date_part(i + 1) || leads(i + 1) && line.is_date_part(i + 2))
            && !is_its_weekday(i);
        let behind = bound(i) && i > 0 && i + 1 == line.tokens.len() && only(i) && line.is_date_part(i - 1);
        before || behind
    })
}
