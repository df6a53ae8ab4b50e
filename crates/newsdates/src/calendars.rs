//! Calendars: a year, month and day as written, in any of the calendars that news is dated in, as a Gregorian date.
//!
//! `icu_calendar` converts what it knows. Bikram Sambat has no rule, its month lengths are proclaimed; the table is
//! that of the Python package `nepali-datetime` 1.0.8 (`calendar_bs.csv`, after the Nepal government's calendars).
//! The Bangla calendar of Bangladesh has a rule, changed in October 2019 (year 1426): see [`bangla`].

use super::reading::{Calendar, Date};
use icu_calendar::cal::hijri::UmmAlQura;
use icu_calendar::cal::{EthiopianEraStyle, Hebrew, Hijri};
use icu_calendar::types::{Month, Weekday};
use icu_calendar::{Date as IcuDate, Iso};

/// Milliseconds of a day.
pub(super) const DAY: i64 = 86_400_000;

/// Days since 1970-01-01.
pub(super) fn days(date: Date) -> i64 {
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
    let y = i64::from(date.year) - i64::from(date.month <= 2);
    let era = y.div_euclid(400);
    let of_era = y.rem_euclid(400);
    let of_year = (153 * ((i64::from(date.month) + 9) % 12) + 2) / 5 + i64::from(date.day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a number of days since 1970-01-01; `None` outside the years 1 to 9999.
pub(super) fn from_days(days: i64) -> Option<Date> {
    // The same source, civil_from_days.
    let z = days.checked_add(719_468)?;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = (doy - (153 * mp + 2) / 5 + 1) as u8;
    let month = (if mp < 10 { mp + 3 } else { mp - 9 }) as u8;
    let year = yoe + era * 400 + i64::from(month <= 2);
    (1..=9999).contains(&year).then_some(Date { year: year as i16, month, day })
}

/// Day of the week, Monday is 1, Sunday is 7.
pub(super) fn weekday(date: Date) -> u8 {
    ((days(date) + 3).rem_euclid(7) + 1) as u8
}

/// A valid Gregorian date.
pub(super) fn gregorian(year: i32, month: u32, day: u32) -> Option<Date> {
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (day <= length).then_some(Date { year: year as i16, month: month as u8, day: day as u8 })
}

/// The date of a day of an ISO week (`2001-W32-2`).
pub(super) fn iso_week(year: i32, week: u32, day: u32) -> Option<Date> {
    if !(1..=53).contains(&week) || !(1..=7).contains(&day) {
        return None;
    }
    let fourth = gregorian(year, 1, 4)?;
    let monday = days(fourth) - i64::from(weekday(fourth)) + 1;
    from_days(monday + i64::from(week - 1) * 7 + i64::from(day) - 1)
}

/// Converts a date of a calendar. Hebrew months are CLDR's numbers (1 Tishri … 7 Adar … 13 Elul; 14 Adar II), Japanese
/// years are those of the era, which the caller has added.
pub(super) fn convert(calendar: Calendar, year: i32, month: u32, day: u32) -> Option<Date> {
    let (m, d) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
    let iso: IcuDate<Iso> = match calendar {
        Calendar::Gregory | Calendar::Japanese => return gregorian(year, month, day),
        Calendar::Buddhist => return gregorian(year - 543, month, day),
        Calendar::Roc => return gregorian(year + 1911, month, day),
        Calendar::BikramSambat => return bikram_sambat(year, month, day),
        Calendar::Bangla => return bangla(year, month, day),
        Calendar::IslamicUmalqura => hijri(year, m, d)?,
        Calendar::Persian => IcuDate::try_new_persian(year, m, d).ok()?.to_calendar(Iso),
        Calendar::Ethiopic => {
            IcuDate::try_new_ethiopian(EthiopianEraStyle::AmeteMihret, year, m, d).ok()?.to_calendar(Iso)
        }
        Calendar::Hebrew => hebrew(year, m, d)?,
    };
    let date = gregorian(iso.era_year().year, u32::from(iso.month().ordinal), u32::from(iso.day_of_month().0))?;
    debug_assert_eq!(u8::from(iso.weekday() == Weekday::Monday), u8::from(weekday(date) == 1));
    Some(date)
}

/// Umm al-Qura. Saudi papers count a 30th day in months of 29 at times: it is the day after the 29th.
fn hijri(year: i32, month: u8, day: u8) -> Option<IcuDate<Iso>> {
    if let Ok(date) = IcuDate::try_new_hijri_with_calendar(year, month, day, UMM_AL_QURA) {
        return Some(date.to_calendar(Iso));
    }
    if day != 30 {
        return None;
    }
    let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    Some(IcuDate::try_new_hijri_with_calendar(year, month, 1, UMM_AL_QURA).ok()?.to_calendar(Iso))
}

fn hebrew(year: i32, month: u8, day: u8) -> Option<IcuDate<Iso>> {
    // CLDR numbers Adar I as 6 in every year; M05L, the leap month, exists only in leap years.
    let leap = (7 * i64::from(year) + 1).rem_euclid(19) < 7;
    let month = match month {
        1..=5 => Month::new(month),
        6 if leap => Month::leap(5),
        6 | 7 | 14 => Month::new(6),
        8..=13 => Month::new(month - 1),
        _ => return None,
    };
    Some(IcuDate::<Hebrew>::try_new_hebrew_v2(year, month, day).ok()?.to_calendar(Iso))
}

/// The Bangla calendar of Bangladesh. 1 Boishakh is 14 April. Until 1425 the first five months had 31 days, the others
/// 30, Falgun 31 in Gregorian leap years (Bangla Academy, 1987); since 1426 the first six have 31, Falgun 29 (30 in
/// leap years), the others 30 (Bangla Academy, in force since 16 October 2019, so that 21 February stays 8 Falgun).
fn bangla(year: i32, month: u32, day: u32) -> Option<Date> {
    if !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    let gregorian_year = year + 593;
    let start = gregorian(gregorian_year, 4, 14)?;
    let leap = gregorian(gregorian_year + 1, 2, 29).is_some();
    let length = |m: u32| match (m, year >= 1426) {
        (1..=5, _) | (6, true) => 31,
        (11, true) => 29 + u32::from(leap),
        (11, false) => 30 + u32::from(leap),
        _ => 30,
    };
    if day > length(month) {
        return None;
    }
    let before: u32 = (1..month).map(length).sum();
    from_days(days(start) + i64::from(before + day - 1))
}

/// Bikram Sambat, by the table. 1 Baisakh 2000 was 14 April 1943 (`nepali-datetime`, checked with its converter).
fn bikram_sambat(year: i32, month: u32, day: u32) -> Option<Date> {
    let row = usize::try_from(year - BIKRAM_SAMBAT_FIRST).ok()?;
    let lengths = BIKRAM_SAMBAT.get(row)?;
    let month = usize::try_from(month).ok()?.checked_sub(1)?;
    if day == 0 || day > u32::from(*lengths.get(month)?) {
        return None;
    }
    let years: i64 = BIKRAM_SAMBAT.iter().take(row).flatten().map(|&n| i64::from(n)).sum();
    let months: i64 = lengths.iter().take(month).map(|&n| i64::from(n)).sum();
    from_days(days(gregorian(1943, 4, 14)?) + years + months + i64::from(day) - 1)
}

const UMM_AL_QURA: Hijri<UmmAlQura> = Hijri::new_umm_al_qura();
const BIKRAM_SAMBAT_FIRST: i32 = 2000;

/// Days of the months of the years from 2000.
#[rustfmt::skip]
const BIKRAM_SAMBAT: [[u8; 12]; 101] = [
    [30, 32, 31, 32, 31, 30, 30, 30, 29, 30, 29, 31], [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30],
    [31, 31, 32, 32, 31, 30, 30, 29, 30, 29, 30, 30], [31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 31],
    [30, 32, 31, 32, 31, 30, 30, 30, 29, 30, 29, 31], [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30],
    [31, 31, 32, 32, 31, 30, 30, 29, 30, 29, 30, 30], [31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 31],
    [31, 31, 31, 32, 31, 31, 29, 30, 30, 29, 29, 31], [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30],
    [31, 31, 32, 32, 31, 30, 30, 29, 30, 29, 30, 30], [31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 31],
    [31, 31, 31, 32, 31, 31, 29, 30, 30, 29, 30, 30], [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30],
    [31, 31, 32, 32, 31, 30, 30, 29, 30, 29, 30, 30], [31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 31],
    [31, 31, 31, 32, 31, 31, 29, 30, 30, 29, 30, 30], [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30],
    [31, 32, 31, 32, 31, 30, 30, 29, 30, 29, 30, 30], [31, 32, 31, 32, 31, 30, 30, 30, 29, 30, 29, 31],
    [31, 31, 31, 32, 31, 31, 30, 29, 30, 29, 30, 30], [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30],
    [31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 30], [31, 32, 31, 32, 31, 30, 30, 30, 29, 30, 29, 31],
    [31, 31, 31, 32, 31, 31, 30, 29, 30, 29, 30, 30], [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30],
    [31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 31], [30, 32, 31, 32, 31, 30, 30, 30, 29, 30, 29, 31],
    [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30], [31, 31, 32, 31, 32, 30, 30, 29, 30, 29, 30, 30],
    [31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 31], [30, 32, 31, 32, 31, 30, 30, 30, 29, 30, 29, 31],
    [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30], [31, 31, 32, 32, 31, 30, 30, 29, 30, 29, 30, 30],
    [31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 31], [30, 32, 31, 32, 31, 31, 29, 30, 30, 29, 29, 31],
    [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30], [31, 31, 32, 32, 31, 30, 30, 29, 30, 29, 30, 30],
    [31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 31], [31, 31, 31, 32, 31, 31, 29, 30, 30, 29, 30, 30],
    [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30], [31, 31, 32, 32, 31, 30, 30, 29, 30, 29, 30, 30],
    [31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 31], [31, 31, 31, 32, 31, 31, 29, 30, 30, 29, 30, 30],
    [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30], [31, 32, 31, 32, 31, 30, 30, 29, 30, 29, 30, 30],
    [31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 31], [31, 31, 31, 32, 31, 31, 30, 29, 30, 29, 30, 30],
    [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30], [31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 30],
    [31, 32, 31, 32, 31, 30, 30, 30, 29, 30, 29, 31], [31, 31, 31, 32, 31, 31, 30, 29, 30, 29, 30, 30],
    [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30], [31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 30],
    [31, 32, 31, 32, 31, 30, 30, 30, 29, 30, 29, 31], [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30],
    [31, 31, 32, 31, 32, 30, 30, 29, 30, 29, 30, 30], [31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 31],
    [30, 32, 31, 32, 31, 30, 30, 30, 29, 30, 29, 31], [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30],
    [31, 31, 32, 32, 31, 30, 30, 29, 30, 29, 30, 30], [31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 31],
    [31, 31, 31, 32, 31, 31, 29, 30, 29, 30, 29, 31], [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30],
    [31, 31, 32, 32, 31, 30, 30, 29, 30, 29, 30, 30], [31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 31],
    [31, 31, 31, 32, 31, 31, 29, 30, 30, 29, 29, 31], [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30],
    [31, 31, 32, 32, 31, 30, 30, 29, 30, 29, 30, 30], [31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 31],
    [31, 31, 31, 32, 31, 31, 29, 30, 30, 29, 30, 30], [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30],
    [31, 32, 31, 32, 31, 30, 30, 29, 30, 29, 30, 30], [31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 31],
    [31, 31, 31, 32, 31, 31, 30, 29, 30, 29, 30, 30], [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30],
    [31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 30], [31, 32, 31, 32, 31, 30, 30, 30, 29, 30, 29, 31],
    [31, 31, 31, 32, 31, 31, 30, 29, 30, 29, 30, 30], [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30],
    [31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 30], [31, 32, 31, 32, 31, 30, 30, 30, 29, 30, 29, 31],
    [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30], [31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30],
    [31, 31, 32, 31, 31, 30, 30, 30, 29, 30, 30, 30], [31, 32, 31, 32, 30, 31, 30, 30, 29, 30, 30, 30],
    [30, 32, 31, 32, 31, 30, 30, 30, 29, 30, 30, 30], [31, 31, 32, 31, 31, 31, 30, 29, 30, 30, 30, 30],
    [30, 31, 32, 32, 30, 31, 30, 30, 29, 30, 30, 30], [30, 32, 31, 32, 31, 30, 30, 30, 29, 30, 30, 30],
    [30, 32, 31, 32, 31, 30, 30, 30, 29, 30, 30, 30], [31, 31, 32, 31, 31, 31, 30, 30, 29, 30, 30, 30],
    [30, 31, 32, 32, 31, 30, 30, 30, 29, 30, 30, 30], [30, 32, 31, 32, 31, 30, 30, 30, 29, 30, 30, 30],
    [31, 31, 32, 31, 31, 30, 30, 30, 29, 30, 30, 30], [31, 31, 32, 31, 31, 31, 30, 29, 30, 30, 30, 30],
    [30, 31, 32, 32, 31, 30, 30, 29, 30, 29, 30, 30], [31, 32, 31, 32, 31, 30, 30, 30, 29, 30, 30, 30],
    [31, 31, 32, 31, 31, 31, 29, 30, 29, 30, 29, 31], [31, 31, 32, 31, 31, 31, 30, 29, 29, 30, 30, 30],
    [31, 32, 31, 32, 30, 31, 30, 29, 30, 29, 30, 30],
];
