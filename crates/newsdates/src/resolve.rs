//! From slots to a date: which number is the year, which calendar, which order; or that nothing settles it.

use super::calendars::{convert, days, from_days, gregorian, weekday};
use super::lexicon::{Meaning, language_order};
use super::order::day_month;
use super::reading::{Calendar, Context, Date, Order};
use super::solve::{Draft, Line, Number, Unit};

/// What a draft says.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Its date; `None` where nothing settles it.
    pub(super) date: Option<Date>,
    /// What it may be, where nothing settles it.
    pub(super) candidates: Vec<Date>,
    pub(super) calendar: Option<Calendar>,
    /// The order that this date shows by itself.
    pub(super) order: Option<Order>,
}

/// What a draft says; `None` where it is no date.
pub(super) fn resolve(draft: &Draft, line: &Line<'_>) -> Option<Outcome> {
    let marked = |unit: Unit| draft.numbers.iter().find(|n| n.unit == Some(unit));
    if draft.months.is_empty()
        && let Some(month) = marked(Unit::Month)
    {
        let rest: Vec<Number> = draft.numbers.iter().filter(|n| n.token != month.token).copied().collect();
        return named(draft, line, &[(Calendar::Gregory, month.value as u8)], &rest);
    }
    if !draft.months.is_empty() {
        return named(draft, line, &draft.months, &draft.numbers);
    }
    numeric(draft, line)
}

/// A month by name (or by unit), a day, perhaps a year.
fn named(draft: &Draft, line: &Line<'_>, months: &[(Calendar, u8)], numbers: &[Number]) -> Option<Outcome> {
    let (day, year) = match numbers {
        [only] if only.unit != Some(Unit::Year) => (only, None),
        [a, b] => {
            let is_year =
                |n: &Number| n.unit == Some(Unit::Year) || n.unit.is_none() && (n.digits >= 3 || n.value > 32);
            // A point after a number is a day's, in the languages that count days so.
            match (is_year(a), is_year(b), a.unit, b.unit) {
                (true, false, _, _) => (b, Some(a)),
                (false, true, _, _) | (false, false, Some(Unit::Day), _) => (a, Some(b)),
                (false, false, _, Some(Unit::Day)) => (b, Some(a)),
                (false, false, _, _) => (a, Some(b)),
                _ => return None,
            }
        }
        _ => return None,
    };
    if day.value == 0 || day.value > 32 || day.digits > 2 {
        return None;
    }
    let Some(year) = year else {
        let outcome = year_less(draft, line.context, months, day.value)?;
        // Without a year a wrong weekday says that this is no date ("Március 15. tér").
        let fits = outcome.date.is_none_or(|d| draft.weekdays.is_empty() || draft.weekdays.contains(&weekday(d)));
        return fits.then_some(outcome);
    };
    // "From 17 to 20 January", "§ 17 Abs. 2".
    let before = draft.month_token.is_some_and(|m| day.token < m && year.token < m);
    if year.unit.is_none()
        && draft.era_base.is_none()
        && (year.digits == 1 || before && year.value <= 32 && day.unit.is_none())
    {
        return None;
    }
    // Tigrinya has one set of names for the Gregorian and the Ethiopic months: the era tells (AM: Amete Mihret, which
    // elsewhere is a time of day).
    let script = line.text.contains(|c| ('\u{1200}'..='\u{137F}').contains(&c));
    let this_year =
        line.context.now.and_then(|now| from_days(now.div_euclid(DAY))).map_or(i32::MAX, |d| i32::from(d.year));
    let is_to_come = year.value as i32 > this_year - 7;
    let is_said = line.means(year.token + 1, |m| m == Meaning::Am);
    let is_ethiopic = match draft.era {
        None => script && (is_said || line.language != "ti" && !is_to_come),
        Some(era) => script || matches!(era, Calendar::Ethiopic | Calendar::Hebrew),
    };
    let ethiopic = months.iter().any(|m| m.0 == Calendar::Ethiopic);
    let both = ethiopic && months.iter().any(|m| m.0 == Calendar::Gregory);
    let mut found: Vec<(Date, Calendar)> = Vec::new();
    if both && !draft.weekdays.is_empty() {
        let all = months.iter().filter_map(|&(calendar, month)| {
            let (year, calendar) = year_of(draft, year, calendar)?;
            Some((convert(calendar, year, u32::from(month), day.value)?, calendar))
        });
        found.extend(all.filter(|(date, _)| draft.weekdays.contains(&weekday(*date))));
        if let [_] = found.as_slice() {
            return choose(found, draft);
        }
        found.clear();
    }
    let left_out =
        |calendar: Calendar| both && calendar == if is_ethiopic { Calendar::Gregory } else { Calendar::Ethiopic };
    for &(calendar, month) in months.iter().filter(|m| !left_out(m.0)) {
        let Some((year, calendar)) = year_of(draft, year, calendar) else { continue };
        if let Some(date) = convert(calendar, year, u32::from(month), day.value) {
            // Buddhist, Japanese and ROC dates share the Gregorian months.
            if !found.contains(&(date, calendar)) {
                found.push((date, calendar));
            }
        }
    }
    choose(found, draft)
}

/// One of several dates: the weekday decides, else nothing.
fn choose(mut found: Vec<(Date, Calendar)>, draft: &Draft) -> Option<Outcome> {
    if found.len() > 1 {
        let fitting: Vec<(Date, Calendar)> =
            found.iter().filter(|(date, _)| draft.weekdays.contains(&weekday(*date))).copied().collect();
        if !fitting.is_empty() {
            found = fitting;
        }
    }
    match found.as_slice() {
        [] => None,
        [(date, calendar)] => Some(Outcome { date: Some(*date), calendar: Some(*calendar), ..Outcome::default() }),
        [(_, calendar), ..] => Some(Outcome {
            candidates: found.iter().map(|f| f.0).collect(),
            calendar: Some(*calendar),
            ..Outcome::default()
        }),
    }
}

/// The year as its calendar counts it, and the calendar, if the month's calendar can have such a year.
fn year_of(draft: &Draft, year: &Number, month: Calendar) -> Option<(i32, Calendar)> {
    let value = year.value as i32;
    let short = year.digits == 2 || year.digits == 0 && value < 100 || year.digits == 1;
    if month == Calendar::Gregory {
        if let Some(base) = draft.era_base {
            return (value < 100).then_some((value + base as i32, Calendar::Japanese));
        }
        return match draft.era {
            Some(Calendar::Roc) => Some((value, Calendar::Roc)),
            Some(Calendar::Buddhist) if value > 2000 => Some((value, Calendar::Buddhist)),
            Some(
                Calendar::IslamicUmalqura
                | Calendar::Persian
                | Calendar::Hebrew
                | Calendar::Bangla
                | Calendar::Ethiopic,
            ) => None,
            _ if (2400..2650).contains(&value) => Some((value, Calendar::Buddhist)),
            _ if (1700..=2100).contains(&value) => Some((value, Calendar::Gregory)),
            _ if short && draft.thai && value >= 30 => Some((value + 2500, Calendar::Buddhist)),
            _ if short => Some((century(value), Calendar::Gregory)),
            _ if year.unit == Some(Unit::Year) && (90..160).contains(&value) => Some((value, Calendar::Roc)),
            _ => None,
        };
    }
    let range = match month {
        Calendar::IslamicUmalqura => 1300..=1500,
        Calendar::Persian => 1250..=1500,
        Calendar::Hebrew => 5400..=6000,
        Calendar::Ethiopic => 1900..=2100,
        Calendar::Bangla => 1300..=1500,
        Calendar::BikramSambat => 1990..=2100,
        _ => return None,
    };
    match draft.era {
        Some(Calendar::IslamicUmalqura) if month != Calendar::IslamicUmalqura => return None,
        Some(Calendar::Persian) if month != Calendar::Persian => return None,
        Some(Calendar::Gregory)
            if !matches!(
                month,
                Calendar::Bangla | Calendar::Ethiopic | Calendar::Persian | Calendar::IslamicUmalqura
            ) =>
        {
            return None;
        }
        _ => {}
    }
    if month == Calendar::Hebrew && (600..1000).contains(&value) {
        return Some((value + 5000, month));
    }
    range.contains(&value).then_some((value, month))
}

/// 24 is 2024, 98 is 1998.
fn century(short: i32) -> i32 {
    if short < 70 { 2000 + short } else { 1900 + short }
}

/// The latest such day that is not after the fetch; else the one nearest to the document's other date; else open.
fn year_less(draft: &Draft, context: &Context<'_>, months: &[(Calendar, u8)], day: u32) -> Option<Outcome> {
    let (calendar, month) = match months {
        [only] => *only,
        _ => *months.iter().find(|m| m.0 == Calendar::Gregory)?,
    };
    if calendar != Calendar::Gregory {
        return other_year_less(draft, context, calendar, month, day);
    }
    if draft.era.is_some_and(|e| e != Calendar::Gregory) {
        return None;
    }
    gregorian(2024, u32::from(month), day)?;
    let in_year = |year: i32| gregorian(year, u32::from(month), day);
    let mut date = None;
    if let Some(today) = context.now.and_then(|now| from_days(now.div_euclid(DAY))) {
        let past = |back: i32| in_year(i32::from(today.year) - back).filter(|d| days(*d) <= days(today) + 1);
        date = (0..5).find_map(past);
    } else if let Some(near) = context.near {
        date = (-1..=1).filter_map(|n| in_year(i32::from(near.year) + n)).min_by_key(|d| (days(*d) - days(near)).abs());
    }
    Some(Outcome { date, calendar: Some(Calendar::Gregory), ..Outcome::default() })
}

/// A day without a year in another calendar. Alone it is a square or a revolution (۱۷ شهریور): a weekday, a label or a
/// time has to stand beside it.
fn other_year_less(draft: &Draft, context: &Context<'_>, calendar: Calendar, month: u8, day: u32) -> Option<Outcome> {
    if draft.weekdays.is_empty() && draft.role.is_none() && draft.clock.is_none() {
        return None;
    }
    let now = context.now.and_then(|now| from_days(now.div_euclid(DAY)));
    let date = now.or(context.near).and_then(|near| {
        let year = i32::from(near.year);
        // About the year of that day; one more or less is tried too.
        let about = match calendar {
            Calendar::IslamicUmalqura => (year - 622) * 33 / 32,
            Calendar::Persian => year - 621,
            Calendar::Hebrew => year + 3761,
            Calendar::Ethiopic => year - 7,
            Calendar::Bangla => year - 593,
            Calendar::BikramSambat => year + 57,
            _ => return None,
        };
        let found = (-1..=2).rev().filter_map(|more| convert(calendar, about + more, u32::from(month), day));
        match now {
            Some(today) => found.filter(|d| days(*d) <= days(today) + 1).max_by_key(|d| days(*d)),
            None => found.min_by_key(|d| (days(*d) - days(near)).abs()),
        }
    });
    Some(Outcome { date, calendar: Some(calendar), ..Outcome::default() })
}

/// Milliseconds of a day.
pub(super) const DAY: i64 = 86_400_000;

/// Numbers only.
fn numeric(draft: &Draft, line: &Line<'_>) -> Option<Outcome> {
    let numbers = draft.numbers.as_slice();
    match numbers {
        [only] if only.digits == 8 => {
            let (year, month, day) = (only.value / 10_000, only.value / 100 % 100, only.value % 100);
            let date = gregorian(year as i32, month, day).filter(|d| (1900..=2100).contains(&d.year))?;
            Some(Outcome { date: Some(date), calendar: Some(Calendar::Gregory), ..Outcome::default() })
        }
        [a, b] => {
            let marked = matches!(b.mark, Some('.' | '/' | '-'));
            if !marked || a.digits == 0 || a.digits > 2 || b.digits > 2 || b.digits == 0 {
                return None;
            }
            day_month(
                draft,
                line,
                a.value,
                b.value,
                |month, day| {
                    let outcome = year_less(draft, line.context, &[(Calendar::Gregory, month as u8)], day)?;
                    Some((outcome.date, Calendar::Gregory))
                },
                false,
            )
        }
        [a, b, c] => {
            let marks = (b.mark, c.mark);
            let joined = matches!(marks, (Some('.' | '/' | '-'), Some(_)) if marks.0 == marks.1);
            let units = numbers.iter().filter(|n| n.unit.is_some()).count() >= 2;
            let plain = c.digits == 4 && (1990..=2100).contains(&c.value) && a.digits <= 2;
            let apart = marks == (None, None)
                && (plain
                    || is_year_first(numbers)
                    || !draft.weekdays.is_empty()
                    || draft.role.is_some()
                    || draft.era.is_some());
            if !(joined || units || apart) || b.digits > 2 {
                return None;
            }
            if a.digits >= 3
                || a.digits == 2 && a.value > 31
                || a.unit == Some(Unit::Year)
                || (draft.era_base.is_some() || draft.era == Some(Calendar::Roc)) && a.digits <= 3
            {
                if c.digits > 2 {
                    return None;
                }
                return year_first(draft, line, a, b.value, c.value);
            }
            if a.digits > 2 || c.digits == 3 || c.digits == 1 {
                return None;
            }
            let found = day_month(
                draft,
                line,
                a.value,
                b.value,
                |month, day| numeric_date(draft, line, c, month, day).map(|(d, cal)| (Some(d), cal)),
                a.unit == Some(Unit::Day),
            );
            // 24/01/17: the year may stand first where the language has it there.
            if c.digits == 2
                && draft.weekdays.is_empty()
                && language_order(line.context.language.unwrap_or_default()).starts_with('Y')
                && matches!(line.language, "zh" | "ja" | "ko" | "hu" | "lt" | "mn")
            {
                return year_first(draft, line, a, b.value, c.value).or(found);
            }
            found
        }
        _ => None,
    }
}

/// "2011 04 08": four digits, two and two.
fn is_year_first(numbers: &[Number]) -> bool {
    matches!(numbers, [year, month, day] if (year.digits, month.digits, day.digits) == (4, 2, 2)
        && (1990..=2100).contains(&year.value))
}

fn year_first(draft: &Draft, line: &Line<'_>, year: &Number, month: u32, day: u32) -> Option<Outcome> {
    let straight = numeric_date(draft, line, year, month, day);
    let turned = || if month > 12 { numeric_date(draft, line, year, day, month) } else { None };
    let (date, calendar) = straight.or_else(turned)?;
    Some(Outcome { date: Some(date), calendar: Some(calendar), ..Outcome::default() })
}

/// A date whose month is a number: the calendar shows in the era, then in the year.
fn numeric_date(draft: &Draft, line: &Line<'_>, year: &Number, month: u32, day: u32) -> Option<(Date, Calendar)> {
    let value = year.value as i32;
    if let Some(base) = draft.era_base {
        return Some((gregorian(value + base as i32, month, day)?, Calendar::Japanese));
    }
    let far = line.context.now.and_then(|now| from_days(now.div_euclid(DAY))).map_or(2057, |d| i32::from(d.year) + 30);
    let calendar = match draft.era {
        Some(era) if era != Calendar::Gregory => era,
        _ => match value {
            1250..=1411 => Calendar::Persian,
            1412..=1500 if matches!(line.language, "fa" | "ps") && value < 1412 => Calendar::Persian,
            1412..=1500 => Calendar::IslamicUmalqura,
            2400..=2650 => Calendar::Buddhist,
            _ if value > far && value <= 2100 => Calendar::BikramSambat,
            1700..=2100 => Calendar::Gregory,
            90..=160 if year.digits == 3 && matches!(line.language, "zh" | "") => Calendar::Roc,
            _ => Calendar::Gregory,
        },
    };
    if calendar == Calendar::Gregory {
        let year = if year.digits <= 2 {
            if line.language == "th" && value >= 30 { value + 2500 - 543 } else { century(value) }
        } else {
            value
        };
        return if (1700..=2100).contains(&year) { Some((gregorian(year, month, day)?, calendar)) } else { None };
    }
    Some((convert(calendar, value, month, day)?, calendar))
}
