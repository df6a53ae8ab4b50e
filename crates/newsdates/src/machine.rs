//! Forms of machines: epoch seconds, days of a year or of a week, dates and times without marks between.

use super::calendars::{DAY, days, from_days, gregorian, iso_week};
use super::reading::{Reading, Time, Value};

/// A form that is a date by itself: 2001-W32-2, 2024-017. `length` is that of the line as written.
pub(super) fn plain(folded: &str, length: usize) -> Option<Reading> {
    week_date(folded, length).or_else(|| ordinal(folded))
}

/// 2001W322 and 2001-W32-2.
fn week_date(folded: &str, length: usize) -> Option<Reading> {
    if !matches!(folded.len(), 8 | 10) {
        return None;
    }
    let bare = folded.replace('-', "");
    let (year, rest) = bare.split_at_checked(4)?;
    let (week, day) = rest.strip_prefix('w')?.split_at_checked(2)?;
    if bare.len() != 8 || !bare.bytes().all(|b| b.is_ascii_digit() || b == b'w') {
        return None;
    }
    let date = iso_week(year.parse().ok()?, week.parse().ok()?, day.parse().ok()?)?;
    Some(Reading::plain(Value { date, time: None, offset: None }, 0..length))
}

/// Seconds or milliseconds since 1970: ten or thirteen digits, so from September 2001 on.
pub(super) fn epoch(text: &str) -> Option<Reading> {
    if !text.bytes().all(|b| b.is_ascii_digit()) || !matches!(text.len(), 10 | 13) {
        return None;
    }
    let number: i64 = text.parse().ok()?;
    let seconds = if text.len() == 13 { number / 1_000 } else { number };
    let date = from_days(seconds.div_euclid(DAY / 1_000))?;
    if !(2000..=2100).contains(&date.year) {
        return None;
    }
    let of_day = seconds.rem_euclid(DAY / 1_000);
    let time =
        Time { hour: (of_day / 3_600) as u8, minute: (of_day / 60 % 60) as u8, second: Some((of_day % 60) as u8) };
    let value = Value { date, time: Some(time), offset: Some(0) };
    Some(Reading::plain(value, 0..text.len()))
}

/// 2024-017: the year and the day of the year.
fn ordinal(text: &str) -> Option<Reading> {
    let (year, day) = text.split_once('-').filter(|(y, d)| y.len() == 4 && d.len() == 3)?;
    let (year, day): (i32, i64) = (year.parse().ok().filter(|y| (1900..=2100).contains(y))?, day.parse().ok()?);
    let date = from_days(days(gregorian(year, 1, 1)?) + day - 1).filter(|d| day > 0 && i32::from(d.year) == year)?;
    let value = Value { date, time: None, offset: None };
    Some(Reading::plain(value, 0..text.len()))
}

/// What the rest of the crate reads as one date and time: 20240117140500 and 20240117T140500Z, as ISO 8601's basic format and templates write them.
pub(super) fn spelled(text: &str) -> Option<String> {
    let (digits, rest) = text.split_at(text.bytes().take_while(u8::is_ascii_digit).count());
    let (day, clock, zone) = match (digits.len(), rest.strip_prefix(['T', 't', ' '])) {
        (12 | 14, None) => (digits.get(..8)?, digits.get(8..)?, rest),
        (8, Some(clock)) => {
            let length = clock.bytes().take_while(u8::is_ascii_digit).count();
            (digits, clock.get(..length)?, clock.get(length..)?)
        }
        _ => return None,
    };
    if !matches!(clock.len(), 4 | 6) {
        return None;
    }
    let second = clock.get(4..6).map(|s| format!(":{s}")).unwrap_or_default();
    Some(format!(
        "{}-{}-{}T{}:{}{second}{zone}",
        day.get(..4)?,
        day.get(4..6)?,
        day.get(6..8)?,
        clock.get(..2)?,
        clock.get(2..4)?
    ))
}
