//! Date line or mention: a line is a date line when all of it is explained.

use super::calendars::{days, iso_week};
use super::fold::Folded;
use super::lexicon::{Meaning, Unit};
use super::mentions;
use super::names::is_small;
use super::reading::{Calendar, Context, DateLine, Order, Precision, Reading, Role, Value};
use super::relative;
use super::resolve::{Outcome, resolve};
use super::solve::{Draft, Line, drafts};
use super::strangers;
use super::tokens::{Kind, Token, Unknown};
use std::borrow::Cow;
use std::cell::Cell;

/// Longest line that may be a date line, in bytes (99 % of real ones have at most 92 characters).
pub(super) const LONGEST: usize = 220;

/// "Just now", "刚刚" say by themselves that it is a time; shorter words for now, in bytes, are too many other things.
const SHORTEST_NOW: usize = 6;

/// Buffers that lines of a thread share, so that most of them cost no allocation. They carry nothing from one line to
/// the next.
#[derive(Default)]
struct Scratch {
    folded: Folded,
    tokens: Vec<Token>,
}

thread_local! {
    static SCRATCH: Cell<Scratch> = Cell::default();
}

/// Reads a line.
pub(super) fn read(text: &str, context: &Context<'_>) -> Option<DateLine> {
    if text.len() > LONGEST || text.bytes().any(|byte| byte.is_ascii() && is_foreign(byte.into())) || has_address(text)
    {
        return None;
    }
    let mut scratch = SCRATCH.take();
    let line = read_folded(text, context, &mut scratch);
    SCRATCH.set(scratch);
    line
}

/// Marks of sentences, prices, addresses, code, copyright and graves.
fn is_foreign(c: char) -> bool {
    matches!(c, '?' | '!' | ';' | '%' | '$' | '€' | '£' | '#' | '=' | '©' | '®' | '†' | '℗')
}

/// An @ that stands before no number, as it does in "Mar 12, 2020 @ 10:42 am".
fn has_address(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'@', bytes).any(|at| {
        let behind = bytes.get(at + 1..).unwrap_or_default();
        let timed = behind.trim_ascii_start().first().is_some_and(u8::is_ascii_digit);
        !timed || at == 0 || bytes.get(at - 1).is_some_and(u8::is_ascii_alphabetic)
    })
}

fn read_folded(text: &str, context: &Context<'_>, scratch: &mut Scratch) -> Option<DateLine> {
    let Scratch { folded, tokens } = scratch;
    folded.fold(text);
    let machine = || {
        week_date(folded, text)
            .or_else(|| super::field::ordinal(&folded.text))
            .or_else(|| super::field::compact(&folded.text, context))
    };
    if folded.text.starts_with(|c: char| c.is_ascii_digit())
        && let Some(reading) = machine()
    {
        return Some(DateLine { dates: vec![reading] });
    }
    super::tokens::tokens(folded, text, Unknown::MustBeNames, tokens)?;
    super::glue::leave_out_counts(tokens);
    let language = primary_language(context);
    let line = Line { text: &folded.text, source: text, folded, tokens, context, language: &language };
    if !strangers::hold(&line) {
        return None;
    }
    let mut dates = relative_dates(&line).unwrap_or_default();
    if dates.is_empty() {
        dates = absolute_dates(&line, false).or_else(|| absolute_dates(&line, true))?;
    }
    if !explained(&line, &dates) {
        return None;
    }
    for reading in &mut dates {
        reading.span = source_span(folded, &reading.span, text);
    }
    Some(DateLine { dates })
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

/// 2001W322 and 2001-W32-2.
fn week_date(folded: &Folded, text: &str) -> Option<Reading> {
    if !matches!(folded.text.len(), 8 | 10) {
        return None;
    }
    let bare = folded.text.replace('-', "");
    let (year, rest) = bare.split_at_checked(4)?;
    let (week, day) = rest.strip_prefix('w')?.split_at_checked(2)?;
    if bare.len() != 8 || !bare.bytes().all(|b| b.is_ascii_digit() || b == b'w') {
        return None;
    }
    let date = iso_week(year.parse().ok()?, week.parse().ok()?, day.parse().ok()?)?;
    Some(Reading::plain(Value { date, time: None, offset: None }, 0..text.len()))
}

pub(super) fn source_span(folded: &Folded, span: &std::ops::Range<usize>, text: &str) -> std::ops::Range<usize> {
    let at = |i: usize| folded.source.get(i).map_or(text.len(), |&s| s as usize);
    let start = at(span.start);
    // The end is the end of the last source character, not the start of what follows it.
    let last = at(span.end.saturating_sub(1));
    let end = text.get(last..).and_then(|t| t.chars().next()).map_or(text.len(), |c| last + c.len_utf8());
    start..end.max(start)
}

fn relative_dates(line: &Line<'_>) -> Option<Vec<Reading>> {
    // "Leo", "Ara", "Jana" are names in one language and today in another: alone they need the language.
    if let [only] = line.tokens
        && (line.text.len() <= 3 && line.text.is_ascii() || line.text == "jana")
    {
        let here = |m: Meaning| matches!(m, Meaning::Ago(..));
        if line.language.is_empty() || !only.senses().iter().any(|s| here(s.meaning) && s.holds_in(line.language)) {
            return None;
        }
    }
    if !line.tokens.iter().any(relative::is_relative) {
        return None;
    }
    let clocks = super::times::clocks_of_day(line);
    let mut found = Vec::new();
    let mut role = Role::Other;
    for (at, token) in line.tokens.iter().enumerate() {
        if relative::is_relative(token)
            && (!line.is_number(at + 1) || clocks.iter().any(|clock| clock.first == at + 1))
            && !(token.means(|m| m == Meaning::Filler) && line.tokens.len() > 1)
        {
            found.push(relative::read(line, at, role)?);
            role = Role::Other;
        } else if token.means(|m| m == Meaning::Updated) {
            role = Role::Updated;
        } else if token.means(|m| m == Meaning::Published) && !token.means(|m| m == Meaning::Filler) {
            role = Role::Published;
        } else if line.is_month(at)
            && !token.means(|m| m == Meaning::Filler)
            && !token.means(|m| matches!(m, Meaning::Weekday(_)))
        {
            return None;
        }
    }
    let numbers = line.tokens.iter().filter(|t| matches!(t.kind, Kind::Number { .. })).count();
    let timed: usize = clocks.iter().map(|c| (c.first..c.end).filter(|&i| line.is_number(i)).count()).sum();
    // "Jetzt im Shop", "E agora": now is no date of what else the line names. "Como", "Most", "Lolo": alone a word that is
    // now, or a day in small languages only, is a name until the language says that it is a day.
    let is_now = |m: Meaning| matches!(m, Meaning::Ago(Unit::Second, Some(0)));
    let is_said = |t: &Token| t.means(|m| matches!(m, Meaning::Published | Meaning::Updated)) && t.end - t.start > 3;
    let beside = |t: &Token| !matches!(t.kind, Kind::Mark(_)) && !t.means(is_now) && !is_said(t);
    if line.tokens.iter().any(|t| t.means(is_now)) && line.tokens.iter().any(beside) {
        return None;
    }
    let is_day = |t: &Token| {
        t.senses().iter().any(|s| {
            let relative = matches!(s.meaning, Meaning::Ago(..) | Meaning::Last(_));
            let here = !s.languages.is_empty() && s.holds_in(line.language);
            relative && (here || s.is_widespread() && (!is_now(s.meaning) || t.end - t.start >= SHORTEST_NOW))
        })
    };
    let is_word = |t: &&Token| relative::is_relative(t) && matches!(t.kind, Kind::Word { number: None, .. });
    let labelled = line.tokens.iter().any(is_said);
    if !labelled && numbers == 0 && line.tokens.iter().filter(is_word).any(|t| !is_day(t)) {
        return None;
    }
    // "Today's News": the paper of a day.
    let owns = |i: usize| {
        line.mark(i + 1) == Some('\'') && !line.spaced(i + 1) && !line.spaced(i + 2) && i + 2 < line.tokens.len()
    };
    if line.tokens.iter().enumerate().any(|(i, t)| relative::is_relative(t) && owns(i)) {
        return None;
    }
    // "50 years ago today" is a headline.
    let once = found.len() <= 1 || found.iter().skip(1).all(|r| r.role != Role::Other);
    (!found.is_empty() && numbers == timed && once).then_some(found)
}

fn absolute_dates(line: &Line<'_>, dotted: bool) -> Option<Vec<Reading>> {
    let mut readings = Vec::new();
    let drafts = drafts(line, dotted)?;
    // "4. juli 2002 04.01": two numbers beside a whole date are its time.
    if !dotted
        && drafts.len() > 1
        && drafts
            .iter()
            .any(|d| d.months.is_empty() && d.numbers.len() == 2 && d.numbers.iter().all(|n| n.unit.is_none()))
    {
        return None;
    }
    for draft in drafts {
        let outcome = resolve(&draft, line)?;
        readings.push(reading(&draft, outcome, line));
    }
    // "12/05/2023 December 5, 2023": what the line itself settles.
    let settled: Vec<_> = readings.iter().filter_map(|r| r.value.map(|v| v.date)).collect();
    for open in readings.iter_mut().filter(|r| r.value.is_none()) {
        let same = open.candidates.iter().find(|c| settled.contains(&c.date)).copied();
        if same.is_some() {
            (open.value, open.candidates) = (same, Vec::new());
        }
    }
    settle_orders(&mut readings);
    // The same day in two calendars: the Gregorian wins.
    let gregorian: Vec<i64> = readings
        .iter()
        .filter(|r| r.calendar == Calendar::Gregory)
        .filter_map(|r| r.value.map(|v| days(v.date)))
        .collect();
    if !gregorian.is_empty() && gregorian.len() < readings.len() {
        readings.retain(|r| {
            r.calendar == Calendar::Gregory
                || r.value.is_some_and(|v| gregorian.iter().all(|g| (g - days(v.date)).abs() > 1))
        });
        readings.sort_by_key(|r| r.calendar != Calendar::Gregory);
    }
    Some(readings)
}

/// "6/12/2020 12/22/2019": one that fits in one order only tells that of the others.
fn settle_orders(readings: &mut [Reading]) {
    let mut orders = readings.iter().filter_map(|r| r.order);
    let Some(order) = orders.next().filter(|first| orders.all(|other| other == *first)) else { return };
    for open in readings.iter_mut().filter(|r| r.value.is_none()) {
        // The candidates of a numeric date: the day first, then the month first.
        if let [day_first, month_first] = open.candidates.as_slice()
            && (day_first.date.day, day_first.date.month) == (month_first.date.month, month_first.date.day)
        {
            open.value = Some(if order == Order::DayMonth { *day_first } else { *month_first });
            open.candidates = Vec::new();
        }
    }
}

fn reading(draft: &Draft, outcome: Outcome, line: &Line<'_>) -> Reading {
    let time = draft.clock.map(|c| c.time);
    let offset = draft.clock.and_then(|c| c.offset);
    let value = |date| Value { date, time, offset };
    let (first, last) = draft.span.unwrap_or_default();
    let (first, last) = match draft.clock {
        Some(clock) if clock.first <= last + 3 && clock.end + 3 >= first => {
            (first.min(clock.first), last.max(clock.end.saturating_sub(1)))
        }
        _ => (first, last),
    };
    let start = line.tokens.get(first).map_or(0, |t| t.start);
    let end = line.tokens.get(last).map_or(line.text.len(), |t| t.end);
    Reading {
        value: outcome.date.map(value),
        candidates: outcome.candidates.into_iter().map(value).collect(),
        precision: Precision::of(time),
        calendar: outcome.calendar.unwrap_or(Calendar::Gregory),
        role: draft.role.unwrap_or(Role::Other),
        order: outcome.order,
        span: start..end,
    }
}

/// Is all of the line explained: a date and what stands around one?
fn explained(line: &Line<'_>, dates: &[Reading]) -> bool {
    if dates.is_empty() || line.text.contains(is_foreign) {
        return false;
    }
    let labelled = line
        .tokens
        .iter()
        .any(|t| t.means(|m| matches!(m, Meaning::Published | Meaning::Updated)) && t.end - t.start > 3);
    let has_number = line.tokens.iter().any(|t| matches!(t.kind, Kind::Number { .. }));
    let bare = !has_number && !line.tokens.iter().any(relative::is_relative);
    if bare {
        return false;
    }
    // "No. 17", "Nr. 17/2024": a number of something else.
    let counted = line.tokens.iter().enumerate().any(|(i, t)| {
        matches!(line.text.get(t.start..t.end), Some("no" | "nr" | "num" | "رقم" | "§" | "art" | "abs"))
            && (line.is_number(i + 1) || line.mark(i + 1) == Some('.') && line.is_number(i + 2))
    });
    !counted && minor_months_hold(line) && short_forms_hold(line, dates, labelled) && mentions::fit(line, dates)
}

/// A day and a name that is a month only in a small language ("Gate 17") say too little without a year.
fn minor_months_hold(line: &Line<'_>) -> bool {
    let minor = |t: &Token| line.is_minor(t);
    let sure = |t: &Token| t.means(|m| matches!(m, Meaning::Month(..))) && !minor(t);
    let numbers = line.tokens.iter().filter(|t| matches!(t.kind, Kind::Number { .. })).count();
    // "/www/sub1", "SRA1", "Ben, age 8": a short small word that a number follows, or one grown onto it, is no month by itself.
    let is_short = |i: usize| {
        let (token, word) = (line.tokens.get(i), line.source_of(i, i));
        token.is_some_and(|t| t.means(|m| matches!(m, Meaning::Month(..) | Meaning::Weekday(_))))
            && word.len() <= 3
            && (is_small(word) || !line.spaced(i + 1) && line.is_number(i + 1))
    };
    if numbers == 1 && (1..line.tokens.len()).any(|i| line.is_number(i) && is_short(i - 1)) {
        return false;
    }
    numbers > 1
        || line.tokens.iter().any(relative::is_relative)
        || !line.tokens.iter().any(minor)
        || line.tokens.iter().any(sure)
}

/// "3.2." is a section, "17/1" a fraction, until a weekday, a label or a time says that it is a day.
fn short_forms_hold(line: &Line<'_>, dates: &[Reading], labelled: bool) -> bool {
    let named = line.tokens.iter().any(|t| {
        t.means(|m| {
            matches!(
                m,
                Meaning::Month(..) | Meaning::MonthMark | Meaning::BeforeMonth | Meaning::Ago(..) | Meaning::Last(_)
            )
        })
    });
    if named {
        return true;
    }
    let numbers = line.tokens.iter().filter(|t| matches!(t.kind, Kind::Number { .. })).count();
    let weekday = line.tokens.iter().any(|t| t.means(|m| matches!(m, Meaning::Weekday(_))));
    let timed = dates.iter().any(|d| d.precision != Precision::Day);
    // "SV Bonn, U 17 1-3": a score.
    let is_score =
        (1..line.tokens.len()).any(|i| line.mark(i) == Some('-') && line.is_number(i - 1) && line.is_number(i + 1));
    if numbers == 2 && is_score && !labelled && line.tokens.iter().any(|t| t.kind == Kind::Unknown) {
        return false;
    }
    // "8.5 19:40": a decimal and a time, as tables and charts have them. A month has two digits, or a point behind it.
    let is_decimal = |i: usize| {
        line.mark(i) == Some('.')
            && line.is_number(i - 1)
            && line.number(i + 1).is_some_and(|(_, digits)| digits == 1)
            && !line.spaced(i + 1)
            && line.mark(i + 2) != Some('.')
    };
    let bare = line.tokens.iter().all(|t| matches!(t.kind, Kind::Number { .. } | Kind::Mark(_)));
    if numbers == 4 && timed && bare && (1..line.tokens.len()).any(is_decimal) {
        return false;
    }
    if numbers != 2 || weekday || labelled || timed {
        return true;
    }
    line.text.ends_with('.') && dates.iter().all(|d| d.order.is_some() && d.candidates.is_empty())
}
