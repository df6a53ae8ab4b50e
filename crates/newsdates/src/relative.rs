//! "3 hours ago", "yesterday", "منذ ساعتين": against the time of the fetch, never against the clock.

use super::calendars::{days, from_days, gregorian, weekday};
use super::lexicon::{Meaning, Unit};
use super::reading::{Calendar, Date, Precision, Reading, Role, Time, Value};
use super::resolve::DAY;
use super::solve::Line;
use super::times::clocks_of_day;
use super::tokens::{Kind, Token};

/// Does a token say how long ago?
pub(super) fn is_relative(token: &Token) -> bool {
    token.means(|m| matches!(m, Meaning::Ago(..) | Meaning::Last(_)))
}

/// The reading of a relative token.
pub(super) fn read(line: &Line<'_>, at: usize, role: Role) -> Option<Reading> {
    let token = line.tokens.get(at)?;
    let number = if let Kind::Word { number, .. } = token.kind { number } else { None };
    let here = |languages: &str| line.language.is_empty() || languages.split('|').any(|l| l == line.language);
    let senses = || token.senses().iter().filter(|s| matches!(s.meaning, Meaning::Ago(..) | Meaning::Last(_)));
    let sense = senses().find(|s| here(s.languages)).or_else(|| senses().next())?;
    let now = line.context.now;
    let today = now.and_then(|n| from_days(n.div_euclid(DAY)));
    let mut precision = Precision::Day;
    let value = match sense.meaning {
        Meaning::Ago(unit, fixed) => {
            let count = i64::from(number.or(fixed.map(u32::from))?);
            let milliseconds = match unit {
                Unit::Second => Some(1_000),
                Unit::Minute => Some(60_000),
                Unit::Hour => Some(3_600_000),
                _ => None,
            };
            match (milliseconds, unit) {
                (Some(each), _) => {
                    precision = Precision::Minute;
                    now.and_then(|n| n.checked_sub(count * each)).and_then(instant)
                }
                (None, Unit::Day) => today.and_then(|t| from_days(days(t) - count)).map(day),
                (None, Unit::Week) => today.and_then(|t| from_days(days(t) - 7 * count)).map(day),
                (None, Unit::Month) => today.and_then(|t| months_before(t, count)).map(day),
                _ => today.and_then(|t| months_before(t, count * 12)).map(day),
            }
        }
        Meaning::Last(wanted) => today
            .and_then(|t| from_days(days(t) - (i64::from(weekday(t)) - i64::from(wanted) - 1).rem_euclid(7) - 1))
            .map(day),
        _ => None,
    };
    // "Yesterday, 14:05".
    let clock = if precision == Precision::Day { clocks_of_day(line).first().copied() } else { None };
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
