//! A date field of the input: what a machine or a template wrote, so that no sentence has to be feared.

use super::calendars::{days, from_days, gregorian};
use super::reading::{Context, Reading, Role, Time, Value};
use super::resolve::DAY;

/// See [`super::read_field`].
pub(super) fn read(text: &str, context: &Context<'_>) -> Option<Reading> {
    let text = text.trim();
    if let Some(reading) = epoch(text).or_else(|| compact(text, context)) {
        return Some(reading);
    }
    let line = super::line::read(text, context)?;
    let published = line.dates.iter().position(|d| d.role == Role::Published).unwrap_or(0);
    line.dates.into_iter().nth(published)
}

/// Seconds or milliseconds since 1970: ten or thirteen digits, so from September 2001 on.
fn epoch(text: &str) -> Option<Reading> {
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
pub(super) fn ordinal(text: &str) -> Option<Reading> {
    let (year, day) = text.split_once('-').filter(|(y, d)| y.len() == 4 && d.len() == 3)?;
    let (year, day): (i32, i64) = (year.parse().ok().filter(|y| (1900..=2100).contains(y))?, day.parse().ok()?);
    let date = from_days(days(gregorian(year, 1, 1)?) + day - 1).filter(|d| day > 0 && i32::from(d.year) == year)?;
    let value = Value { date, time: None, offset: None };
    Some(Reading::plain(value, 0..text.len()))
}

/// 20240117140500 and 20240117T140500Z, as ISO 8601's basic format and templates write them.
pub(super) fn compact(text: &str, context: &Context<'_>) -> Option<Reading> {
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
    let spelled = format!(
        "{}-{}-{}T{}:{}{second}{zone}",
        day.get(..4)?,
        day.get(4..6)?,
        day.get(6..8)?,
        clock.get(..2)?,
        clock.get(2..4)?
    );
    let mut reading = super::line::read(&spelled, context)?.dates.into_iter().next()?;
    reading.span = 0..text.len();
    Some(reading)
}
