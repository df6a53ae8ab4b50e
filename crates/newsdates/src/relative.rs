//! "3 hours ago", "yesterday", "منذ ساعتين": against the time of the fetch, never against the clock.
//!
//! Many a word for now or today is a name in another language; a line of such words alone is believed only where the
//! language says so, a label stands beside it, or languages that carry much news know the word.

use super::calendars::{DAY, days, from_days, gregorian, weekday};
use super::lexicon::{Meaning, Unit};
use super::line::TokenLine;
use super::reading::{Calendar, Date, Precision, Reading, Role, Time, Value};
use super::rules::RuleId;
use super::times::{Clock, clocks_of_day};
use super::token::{Kind, Token};

/// "Just now", "刚刚" say by themselves that it is a time; shorter words for now, in bytes, are too many other things.
const SHORTEST_NOW: usize = 6;

/// Does a token say how long ago?
pub(super) fn is_relative(token: &Token) -> bool {
    token.means(|m| matches!(m, Meaning::Ago(..) | Meaning::Last(_)))
}

fn is_now(meaning: Meaning) -> bool {
    matches!(meaning, Meaning::Ago(Unit::Second, Some(0)))
}

/// A label: published, updated. (Short ones mean too much else.)
fn is_said(token: &Token) -> bool {
    token.means(|m| matches!(m, Meaning::Published | Meaning::Updated)) && token.end - token.start > 3
}

/// The dates of a line that says how long ago it was; none where it does not say so.
pub(super) fn dates(line: &TokenLine<'_>) -> Result<Vec<Reading>, RuleId> {
    if !line.tokens.iter().any(is_relative) {
        return Ok(Vec::new());
    }
    lone_name(line)?;
    let clocks = clocks_of_day(line);
    let found = readings(line, &clocks)?;
    accept_words(line)?;
    if found.is_empty() {
        return Ok(found);
    }
    let timed: usize = clocks.iter().map(|c| (c.first..c.end).filter(|&i| line.is_number(i)).count()).sum();
    if line.numbers() != timed {
        return Err(RuleId::RelativeBesideNumber);
    }
    // "50 years ago today" is a headline.
    if found.len() > 1 && found.iter().skip(1).any(|r| r.role == Role::Other) {
        return Err(RuleId::TwoRelatives);
    }
    line.trace.fired(RuleId::RelativeDate);
    Ok(found)
}

/// "Leo", "Ara", "Jana" are names in one language and today in another: alone they need the language.
fn lone_name(line: &TokenLine<'_>) -> Result<(), RuleId> {
    let [only] = line.tokens else { return Ok(()) };
    if !(line.text.len() <= 3 && line.text.is_ascii() || line.text == "jana") {
        return Ok(());
    }
    let language = line.language();
    let is_ago = |m: Meaning| matches!(m, Meaning::Ago(..));
    if !language.is_empty() && only.senses().iter().any(|s| is_ago(s.meaning) && s.holds_in(language)) {
        return Ok(());
    }
    Err(RuleId::LoneNameOfDay)
}

fn readings(line: &TokenLine<'_>, clocks: &[Clock]) -> Result<Vec<Reading>, RuleId> {
    let mut found = Vec::new();
    let mut role = Role::Other;
    for (at, token) in line.tokens.iter().enumerate() {
        if is_relative(token)
            && (!line.is_number(at + 1) || clocks.iter().any(|clock| clock.first == at + 1))
            && !(token.means(|m| m == Meaning::Filler) && line.tokens.len() > 1)
        {
            found.push(read(line, at, role, clocks).ok_or(RuleId::RelativeBesideNumber)?);
            role = Role::Other;
        } else if token.means(|m| m == Meaning::Updated) {
            role = Role::Updated;
        } else if token.means(|m| m == Meaning::Published) && !token.means(|m| m == Meaning::Filler) {
            role = Role::Published;
        } else if line.is_month(at)
            && !token.means(|m| m == Meaning::Filler)
            && !token.means(|m| matches!(m, Meaning::Weekday(_)))
        {
            return Err(RuleId::RelativeBesideMonth);
        }
    }
    Ok(found)
}

/// Are the words for now, today and yesterday the page's, and no names or parts of a sentence?
fn accept_words(line: &TokenLine<'_>) -> Result<(), RuleId> {
    // "Jetzt im Shop", "E agora": now is no date of what else the line names.
    let beside = |t: &Token| !matches!(t.kind, Kind::Mark(_)) && !t.means(is_now) && !is_said(t);
    if line.tokens.iter().any(|t| t.means(is_now)) && line.tokens.iter().any(beside) {
        return Err(RuleId::NowBesideWords);
    }
    // "Como", "Most", "Lolo": alone a word that is now, or a day in small languages only, is a name until the language
    // says that it is a day.
    let is_day = |t: &Token| {
        t.senses().iter().any(|s| {
            let relative = matches!(s.meaning, Meaning::Ago(..) | Meaning::Last(_));
            let wide = s.is_widespread() && (!is_now(s.meaning) || t.end - t.start >= SHORTEST_NOW);
            relative && (wide || !s.languages.is_empty() && s.holds_in(line.language()))
        })
    };
    let is_word = |t: &&Token| is_relative(t) && matches!(t.kind, Kind::Word { number: None, .. });
    let labelled = line.tokens.iter().any(is_said);
    if !labelled && line.numbers() == 0 && line.tokens.iter().filter(is_word).any(|t| !is_day(t)) {
        return Err(RuleId::NameOfDay);
    }
    // "Today's News": the paper of a day.
    let owns = |i: usize| {
        line.mark(i + 1) == Some('\'') && !line.spaced(i + 1) && !line.spaced(i + 2) && i + 2 < line.tokens.len()
    };
    if line.tokens.iter().enumerate().any(|(i, t)| is_relative(t) && owns(i)) {
        return Err(RuleId::PossessiveDay);
    }
    Ok(())
}

/// The reading of a relative token.
fn read(line: &TokenLine<'_>, at: usize, role: Role, clocks: &[Clock]) -> Option<Reading> {
    let token = line.tokens.get(at)?;
    let number = if let Kind::Word { number, .. } = token.kind { number } else { None };
    let language = line.language();
    let here = |languages: &str| language.is_empty() || languages.split('|').any(|l| l == language);
    let senses = || token.senses().iter().filter(|s| matches!(s.meaning, Meaning::Ago(..) | Meaning::Last(_)));
    let sense = senses().find(|s| here(s.languages)).or_else(|| senses().next())?;
    let (value, precision) = match sense.meaning {
        Meaning::Ago(unit, fixed) => ago(line, unit, i64::from(number.or(fixed.map(u32::from))?)),
        Meaning::Last(wanted) => {
            let back = |t| (i64::from(weekday(t)) - i64::from(wanted) - 1).rem_euclid(7) + 1;
            (today(line).and_then(|t| from_days(days(t) - back(t))).map(day), Precision::Day)
        }
        _ => (None, Precision::Day),
    };
    // "Yesterday, 14:05".
    let clock = if precision == Precision::Day { clocks.first().copied() } else { None };
    let value = value.map(|v| Value {
        time: clock.map(|c| c.time).or(v.time),
        offset: clock.map_or(v.offset, |c| c.offset),
        ..v
    });
    let precision = if clock.is_some() { Precision::Minute } else { precision };
    Some(Reading {
        value,
        candidates: Vec::new(),
        precision,
        calendar: Calendar::Gregory,
        role,
        order: None,
        span: token.start..token.end,
    })
}

fn today(line: &TokenLine<'_>) -> Option<Date> {
    line.context().now.and_then(|now| from_days(now.div_euclid(DAY)))
}

/// So many units before the time of the fetch.
fn ago(line: &TokenLine<'_>, unit: Unit, count: i64) -> (Option<Value>, Precision) {
    let milliseconds = match unit {
        Unit::Second => 1_000,
        Unit::Minute => 60_000,
        Unit::Hour => 3_600_000,
        Unit::Day => return (today(line).and_then(|t| from_days(days(t) - count)).map(day), Precision::Day),
        Unit::Week => return (today(line).and_then(|t| from_days(days(t) - 7 * count)).map(day), Precision::Day),
        Unit::Month => return (today(line).and_then(|t| months_before(t, count)).map(day), Precision::Day),
        Unit::Year => return (today(line).and_then(|t| months_before(t, count * 12)).map(day), Precision::Day),
    };
    let value = line.context().now.and_then(|now| now.checked_sub(count * milliseconds)).and_then(instant);
    (value, Precision::Minute)
}

fn day(date: Date) -> Value {
    Value { date, time: None, offset: None }
}

fn instant(milliseconds: i64) -> Option<Value> {
    let date = from_days(milliseconds.div_euclid(DAY))?;
    let minutes = milliseconds.rem_euclid(DAY) / 60_000;
    Some(Value {
        date,
        time: Some(Time { hour: (minutes / 60) as u8, minute: (minutes % 60) as u8, second: None }),
        offset: Some(0),
    })
}

fn months_before(date: Date, count: i64) -> Option<Date> {
    let months = i64::from(date.year) * 12 + i64::from(date.month) - 1 - count;
    let (year, month) = (i32::try_from(months.div_euclid(12)).ok()?, months.rem_euclid(12) as u32 + 1);
    (28..=u32::from(date.day).max(28))
        .rev()
        .chain(std::iter::once(u32::from(date.day)))
        .find_map(|d| gregorian(year, month, d.min(u32::from(date.day))))
}
