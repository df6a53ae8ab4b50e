//! The day of a dateline, in more shapes than a date line has: without a year, `21/07`, `25 - 2`, `दि. १ मे`.

use super::agencies::is_agency;
use super::letters::{is_blank, is_caseless, is_colon, is_comma, is_dash, is_number};
use crate::calendars::{DAY, days, from_days};
use crate::fold::{fold, with_folded};
use crate::lexicon::{LEXICON, Meaning};
use crate::reading::{Context, DateStamp, Reading};
use crate::rules::Trace;
use crate::stamp;

/// Longest day, in bytes: two calendars in Arabic.
const LONGEST: usize = 100;
/// Most spaces in one.
const MOST_SPACES: usize = 9;
/// Most words of a day that nobody can read.
const MOST_UNREAD: usize = 5;
/// Most ends of a day that are tried.
const MOST_TRIES: usize = 6;
/// Days for which a day may still leave out the year of last year's.
const LAST_WEEKS: i64 = 62;

/// A day, with or without a year.
pub(super) fn day(text: &str, context: &Context<'_>) -> Option<Reading> {
    let start = text.len() - text.trim_start_matches(is_blank).len();
    let trimmed = text.trim_matches(is_blank).trim_end_matches('.');
    let spaces = trimmed.bytes().filter(|byte| *byte == b' ').count();
    if trimmed.len() > LONGEST || spaces > MOST_SPACES || !trimmed.contains(is_number) {
        return None;
    }
    // What lies too far back to leave out its year is a day all the same.
    let undated = Context { now: None, ..*context };
    let read = stamp_of(trimmed, context).or_else(|| context.now.and_then(|_| stamp_of(trimmed, &undated)));
    let reading = match read.and_then(|line| line.dates.into_iter().next()) {
        Some(reading) => reading,
        None => Reading { span: 0..trimmed.len(), ..completed(trimmed, context)? },
    };
    Some(Reading { span: start + reading.span.start..start + reading.span.end.min(trimmed.len()), ..reading })
}

/// A day that a date line may not be written as, read with the year that it leaves out.
fn completed(text: &str, context: &Context<'_>) -> Option<Reading> {
    const MOST_WORDS: usize = 4;
    if text.split(' ').nth(MOST_WORDS).is_some() {
        return None;
    }
    let digit = text.find(is_number)?;
    let bare = text.get(digit..)?;
    if digit > 0 && text.get(..digit)?.trim().chars().nth(MOST_WORDS).is_none() {
        return day(bare, context);
    }
    // "98" of a century that Kabul leaves out, "15 Kas 23".
    if let Some((at, last)) = bare.rfind(' ').and_then(|at| Some((at, bare.get(at + 1..)?)))
        && bare.starts_with(is_number)
        && last.chars().count() == 2
        && last.chars().all(is_number)
    {
        let head = bare.get(..at)?;
        let year = |century| one(&format!("{head} {century}{}", fold(last).text), context);
        if let Some(reading) = ["13", "20"].into_iter().find_map(year) {
            return Some(reading);
        }
    }
    let today = context.now.map(|now| now.div_euclid(DAY));
    let year = today.and_then(from_days).map(|today| today.year).or(context.near.map(|near| near.year));
    let any_year = 2000;
    let numbers = numbers(bare);
    let with = |year: i16| match &numbers {
        Some(numbers) => one(&format!("{numbers}/{year}"), context),
        // "7 дугаар сарын 11": Mongolian numbers its months in words.
        None => one(&format!("{year} оны {}", bare.replace(" дүгээр", "-р").replace(" дугаар", "-р")), context)
            .filter(|_| bare.contains(" сарын "))
            .or_else(|| one(&format!("{bare} {year}"), context)),
    };
    let Some(year) = year else {
        return with(any_year).map(|reading| Reading { value: None, candidates: Vec::new(), ..reading });
    };
    let age = |reading: &Reading| Some(today? - reading.value.map(|value| days(value.date))?);
    let this = with(year)?;
    // A day that is to come is last year's, if that is not long ago.
    if age(&this).is_none_or(|age| age >= -1) {
        return Some(this);
    }
    let last = with(year - 1)?;
    let value = last.value.filter(|_| age(&last).is_some_and(|age| age <= LAST_WEEKS));
    Some(Reading { value, candidates: Vec::new(), ..last })
}

fn one(text: &str, context: &Context<'_>) -> Option<Reading> {
    stamp_of(text, context)?.dates.into_iter().next()
}

fn stamp_of(text: &str, context: &Context<'_>) -> Option<DateStamp> {
    stamp::read(text, context, Trace::OFF).ok()
}

/// "21/07", "16.01", "25 - 2": a day and a month in numbers, with a slash between them. ("2-1" is a score.)
fn numbers(text: &str) -> Option<String> {
    let folded = fold(text).text;
    let is_short = |text: &str| (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let (one, other) = [" - ", "/", "."].iter().find_map(|mark| folded.split_once(mark))?;
    let fits = is_short(one) && is_short(other) && (!folded.contains('.') || other.len() == 2);
    fits.then(|| format!("{one}/{other}"))
}

/// The day that a text starts with, and its length: the longest that can be read; each mark may end it. Where there is
/// a number that nothing reads before a bracket, its length only.
pub(super) fn starting(rest: &str, context: &Context<'_>) -> Option<(usize, Option<Reading>)> {
    const NEAR: usize = 40;
    let near = rest.get(..rest.floor_char_boundary(NEAR))?;
    let digit = near.find(is_number)?;
    if rest.get(..digit)?.contains(['(', '[', '/', '"', '«', ';', '!', '?', ':', '—', '–']) {
        return None;
    }
    let (ends, bracket) = ends(rest, digit)?;
    let text = |end: usize| rest.get(..end).map(|text| text.trim_end_matches(|c: char| is_blank(c) || is_dash(c)));
    for &end in ends.iter().rev().filter(|end| **end > 0).take(MOST_TRIES) {
        let whole = text(end)?;
        let Some(reading) = day(whole, context) else { continue };
        // Only what is a day from its first word on: "Smith, May 3" is a name and a day.
        let lead = whole.get(..reading.span.start)?.trim();
        if !lead.is_empty() && !is_introduction(lead) {
            return None;
        }
        // What stands behind the day is an item of its own, but for its weekday.
        let mut length = whole.len();
        for &end in ends.iter().rev().filter(|end| **end >= reading.span.end) {
            if end >= length {
                continue;
            }
            let behind = whole.get(end..)?.trim_matches(|c: char| is_blank(c) || is_comma(c) || matches!(c, '.' | '-'));
            if !is_weekday(behind) {
                length = text(end)?.len();
            }
        }
        return Some((length, Some(reading)));
    }
    let unread = text(bracket?)?;
    let spaces = unread.bytes().filter(|byte| *byte == b' ').count();
    let ordinal = |at: usize| unread.get(..at).is_some_and(|before| before.ends_with(is_number));
    let is_sentence = unread.match_indices(['.', '!', '?', '"']).any(|(at, _)| !ordinal(at));
    (spaces < MOST_UNREAD && !is_sentence && !unread.contains(is_comma)).then_some((unread.len(), None))
}

/// Where a day may end, in order, and the bracket that ends it. (Zero where there are no more.)
fn ends(rest: &str, digit: usize) -> Option<([usize; 12], Option<usize>)> {
    let mut ends = [0; 12];
    let mut count = 0;
    let mut push = |end: usize| {
        if let Some(slot) = ends.get_mut(count) {
            *slot = end;
            count += 1;
        }
    };
    let (mut previous, mut digits, mut has_year) = (' ', 0, false);
    let mut tries = 0;
    let mut signs = rest.char_indices().peekable();
    while let Some((offset, c)) = signs.next() {
        let next = signs.peek().map_or(' ', |(_, c)| *c);
        digits = if is_number(c) { digits + 1 } else { 0 };
        has_year |= digits == 4;
        let behind = rest.get(offset + c.len_utf8()..)?;
        if offset <= digit {
            // Before the day.
        } else if matches!(c, '(' | '（' | '[' | '=' | '|' | '។' | ';') || c == '/' && is_blank(previous) {
            push(offset);
            return Some((ends, matches!(c, '(' | '（' | '[' | '/').then_some(offset)));
        } else if is_dash(c) && (is_blank(previous) || is_blank(next)) {
            push(offset);
            if !behind.trim_start().starts_with(is_number) {
                break;
            }
        } else if is_colon(c) && !next.is_numeric() || c == '।' {
            push(offset);
            break;
        } else if is_comma(c) || matches!(c, '.' | '۔') && !next.is_numeric() {
            push(offset);
        } else if has_year && tries < MOST_TRIES && is_blank(c) && behind.starts_with(is_caseless) {
            // An agency without brackets ends a day with its year: 17 يناير 2024 م واس.
            const SHORTEST: usize = 4;
            tries += 1;
            let name = behind.split(is_blank).next().unwrap_or_default();
            if name.len() >= SHORTEST && is_agency(name) {
                push(offset);
                break;
            }
        }
        previous = c;
    }
    Some((ends, None))
}

fn is_weekday(text: &str) -> bool {
    means(text, |meaning| matches!(meaning, Meaning::Weekday(_)))
}

fn means(word: &str, is: impl Fn(Meaning) -> bool) -> bool {
    let entry = with_folded(word, |word| LEXICON.exact(word.trim_end_matches('.').bytes()));
    entry.is_some_and(|entry| LEXICON.senses(entry).iter().any(|sense| is(sense.meaning)))
}

/// "le 3 avril", "दि. १ मे", "Monday, May 3": short words, or what the lexicon knows.
fn is_introduction(lead: &str) -> bool {
    lead.split([' ', ',', '،']).filter(|word| !word.is_empty()).all(|word| {
        word.trim_end_matches('.').chars().nth(3).is_none() || word.contains(is_number) || means(word, |_| true)
    })
}
