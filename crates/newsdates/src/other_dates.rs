//! Dates of something else: what the dates of a line show, once they are known, about whether they are the page's.
//!
//! Spans of days and hours, days before which or since which something is so, opening hours, days that were still to come
//! when the page was fetched or that are old enough to be names; and forms too short to be a date by themselves.

use super::calendars::{DAY, days, from_days, weekday};
use super::lexicon::{List, Meaning, is_in};
use super::line::TokenLine;
use super::names::{is_label, is_small};
use super::pieces::{Separator, is_attribution, separator};
use super::reading::{Precision, Reading, Role};
use super::relative::is_relative;
use super::rules::RuleId;
use super::times::clocks;
use super::token::{Kind, Token};

/// News pages are no older than this: a name beside an older date is history.
const FIRST_YEAR: i16 = 1990;

/// Days for which a page of last year may still leave out the year.
const LAST_WEEKS: i64 = 62;

/// The rule by which the dates of a line, whose spans are those of its folded text, are not the page's.
pub(super) fn check(line: &TokenLine<'_>, dates: &[Reading]) -> Result<(), RuleId> {
    minor_months(line)?;
    short_forms(line, dates)?;
    let unknown = line.has_unknown();
    let attributed = || line.tokens.iter().any(|t| is_attribution(line, t));
    if unknown {
        if dates.iter().any(|d| d.value.is_none() && d.candidates.is_empty()) {
            return Err(RuleId::OpenDateBesideName);
        }
        let is_old = |d: &Reading| d.value.is_some_and(|v| v.date.year < FIRST_YEAR);
        if dates.iter().any(is_old) && !attributed() {
            return Err(RuleId::OldDateBesideName);
        }
    }
    if is_span(line, dates) {
        return Err(RuleId::SpanOfDays);
    }
    if is_span_of_hours(line, dates) {
        return Err(RuleId::SpanOfHours);
    }
    if is_bounded(line, dates) {
        return Err(RuleId::BoundedSpan);
    }
    if are_opening_hours(line, dates) {
        return Err(RuleId::OpeningHours);
    }
    if is_day_of_the_past(line, dates) {
        return Err(RuleId::DayOfThePast);
    }
    if unknown && is_of_source(line, dates) {
        return Err(RuleId::SourceOfChart);
    }
    if unknown && is_to_come(line, dates) {
        return Err(RuleId::DayToCome);
    }
    Ok(())
}

/// A day and a name that is a month only in a small language ("Gate 17") say too little without a year.
fn minor_months(line: &TokenLine<'_>) -> Result<(), RuleId> {
    let numbers = line.numbers();
    if numbers > 1 {
        return Ok(());
    }
    // "/www/sub1", "SRA1", "Ben, age 8": a short small word that a number follows, or one grown onto it, is no month by itself.
    let is_short = |i: usize| {
        let word = line.source_of(i, i);
        line.means(i, |m| matches!(m, Meaning::Month(..) | Meaning::Weekday(_)))
            && word.len() <= 3
            && (is_small(word) || !line.spaced(i + 1) && line.is_number(i + 1))
    };
    if numbers == 1 && (1..line.tokens.len()).any(|i| line.is_number(i) && is_short(i - 1)) {
        return Err(RuleId::ShortSmallMonth);
    }
    let minor = |t: &Token| line.is_minor(t);
    let sure = |t: &Token| t.means(|m| matches!(m, Meaning::Month(..))) && !minor(t);
    if line.tokens.iter().any(is_relative) || !line.tokens.iter().any(minor) || line.tokens.iter().any(sure) {
        return Ok(());
    }
    Err(RuleId::MonthOfSmallLanguage)
}

/// "3.2." is a section, "17/1" a fraction, until a weekday, a label or a time says that it is a day.
fn short_forms(line: &TokenLine<'_>, dates: &[Reading]) -> Result<(), RuleId> {
    let names_date = |m| {
        matches!(
            m,
            Meaning::Month(..) | Meaning::MonthMark | Meaning::BeforeMonth | Meaning::Ago(..) | Meaning::Last(_)
        )
    };
    if line.tokens.iter().any(|t| t.means(names_date)) {
        return Ok(());
    }
    let is_label = |t: &Token| t.means(is_label) && t.end - t.start > 3;
    let labelled = line.tokens.iter().any(is_label);
    let numbers = line.numbers();
    let timed = dates.iter().any(|d| d.precision != Precision::Day);
    // "SV Bonn, U 17 1-3": a score.
    let is_score = |i: usize| line.mark(i) == Some('-') && line.is_number(i - 1) && line.is_number(i + 1);
    if numbers == 2 && !labelled && (1..line.tokens.len()).any(is_score) && line.has_unknown() {
        return Err(RuleId::Score);
    }
    // "8.5 19:40": a decimal and a time, as tables and charts have them. A month has two digits, or a point behind it.
    let is_decimal = |i: usize| {
        line.mark(i) == Some('.')
            && line.is_number(i - 1)
            && line.number(i + 1).is_some_and(|(_, digits)| digits == 1)
            && !line.spaced(i + 1)
            && line.mark(i + 2) != Some('.')
    };
    let bare = || line.tokens.iter().all(|t| matches!(t.kind, Kind::Number { .. } | Kind::Mark(_)));
    if numbers == 4 && timed && bare() && (1..line.tokens.len()).any(is_decimal) {
        return Err(RuleId::DecimalAndTime);
    }
    let weekday = || line.tokens.iter().any(|t| t.means(|m| matches!(m, Meaning::Weekday(_))));
    let is_sure = |d: &Reading| d.order.is_some() && d.candidates.is_empty();
    if numbers != 2 || labelled || timed || weekday() || line.text.ends_with('.') && dates.iter().all(is_sure) {
        return Ok(());
    }
    Err(RuleId::BarePair)
}

/// The day of the fetch, in days since 1970-01-01.
fn today(line: &TokenLine<'_>) -> Option<i64> {
    line.context().now.map(|now| now.div_euclid(DAY))
}

/// "Mo-Fr 9.00-17.00 Uhr", "Monday to Friday": from one weekday to another.
fn are_opening_hours(line: &TokenLine<'_>, dates: &[Reading]) -> bool {
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

/// "Source: Ministry of Health, 17 January 2024": of what a chart or a quotation is made. (The source of an article is
/// an agency, or stands beside the time.)
fn is_of_source(line: &TokenLine<'_>, dates: &[Reading]) -> bool {
    let first = line.tokens.first().is_some_and(|t| is_in(List::SourceLabel, line.word(t)));
    let is_agency = |t: &Token| t.means(|m| m == Meaning::Agency);
    first
        && dates.iter().all(|d| d.precision == Precision::Day)
        && !line.tokens.iter().any(is_agency)
        && (1..line.tokens.len())
            .any(|i| line.mark(i) == Some(',') && line.is_date_part(i + 1) || line.mark(i) == Some('('))
}

/// "Paradiso, Amsterdam, 20 januari, 20.30": what was still to come when the page was fetched is no publication.
fn is_to_come(line: &TokenLine<'_>, dates: &[Reading]) -> bool {
    let vouches = |t: &Token| is_attribution(line, t) || t.means(|m| m == Meaning::Agency);
    let later = |d: &Reading| d.value.zip(today(line)).is_some_and(|(v, today)| days(v.date) > today + 1);
    !line.tokens.iter().any(vouches)
        && !(0..line.tokens.len()).any(|i| separator(line, i) == Separator::Furniture)
        && dates.iter().any(later)
}

/// "October 7": a page leaves out the year of this year's dates, and of those of the last weeks. An older day that
/// stands alone is known by its name.
fn is_day_of_the_past(line: &TokenLine<'_>, dates: &[Reading]) -> bool {
    let [Reading { value: Some(value), .. }] = dates else { return false };
    if line.numbers() != 1 {
        return false;
    }
    let Some(today) = today(line) else { return false };
    let this_year = || from_days(today).is_none_or(|t| t.year == value.date.year);
    if today - days(value.date) <= LAST_WEEKS || this_year() {
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
fn is_span(line: &TokenLine<'_>, dates: &[Reading]) -> bool {
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
fn is_span_of_hours(line: &TokenLine<'_>, dates: &[Reading]) -> bool {
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
fn is_bounded(line: &TokenLine<'_>, dates: &[Reading]) -> bool {
    let bound = |i: usize| line.means(i, |m| m == Meaning::Bound);
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
            && (i == 0
                || line.is_unknown(i - 1)
                || only(i) && (line.mark(i - 1).is_some() || line.means(i - 1, is_label)))
            && (line.is_date_part(i + 1) || leads(i + 1) && line.is_date_part(i + 2))
            && !is_its_weekday(i);
        let behind = bound(i) && i > 0 && i + 1 == line.tokens.len() && only(i) && line.is_date_part(i - 1);
        before || behind
    })
}
