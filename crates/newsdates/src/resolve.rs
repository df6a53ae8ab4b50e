//! From slots to a date: which number is the year, which calendar, which order; or that nothing settles it.
//!
//! What each number was taken for is part of the answer, so that an explanation has nothing to guess.

use super::calendars::{DAY, convert, days, from_days, gregorian, weekday};
use super::draft::{Draft, Number, Part, Resolved, Unit};
use super::lexicon::{Meaning, language_order};
use super::line::TokenLine;
use super::order::{Pair, day_month};
use super::reading::{Calendar, Context, Date};
use super::rules::RuleId;

/// What a draft says, or the rule by which it is no date.
pub(super) fn resolve(draft: &Draft, line: &TokenLine<'_>) -> Result<Resolved, RuleId> {
    let marked = |unit: Unit| draft.numbers.iter().find(|n| n.unit == Some(unit));
    if draft.months.is_empty()
        && let Some(month) = marked(Unit::Month)
    {
        let rest: Vec<Number> = draft.numbers.iter().filter(|n| n.token != month.token).copied().collect();
        let mut resolved = named(draft, line, &[(Calendar::Gregory, month.value as u8)], &rest)?;
        take(&mut resolved, draft, month, Part::Month);
        return Ok(resolved);
    }
    if !draft.months.is_empty() {
        return named(draft, line, &draft.months, &draft.numbers);
    }
    numeric(draft, line)
}

/// Notes what a number was taken for.
fn take(resolved: &mut Resolved, draft: &Draft, number: &Number, part: Part) {
    let place = draft.numbers.iter().position(|n| n.token == number.token);
    if let Some(slot) = place.and_then(|place| resolved.parts.get_mut(place)) {
        *slot = Some(part);
    }
}

/// A month by name (or by unit), a day, perhaps a year.
fn named(
    draft: &Draft,
    line: &TokenLine<'_>,
    months: &[(Calendar, u8)],
    numbers: &[Number],
) -> Result<Resolved, RuleId> {
    let (day, year) = day_and_year(numbers).ok_or(RuleId::MonthNeedsDay)?;
    if day.value == 0 || day.value > 32 || day.digits > 2 {
        return Err(RuleId::DayOutOfRange);
    }
    let Some(year) = year else {
        let mut resolved = year_less(draft, line, months, day.value)?;
        // Without a year a wrong weekday says that this is no date ("Március 15. tér").
        let fits = resolved.date.is_none_or(|d| draft.weekdays.is_empty() || draft.weekdays.contains(&weekday(d)));
        take(&mut resolved, draft, day, Part::Day);
        return if fits { Ok(resolved) } else { Err(RuleId::WrongWeekdayWithoutYear) };
    };
    // "From 17 to 20 January", "§ 17 Abs. 2".
    let before = draft.month_token.is_some_and(|m| day.token < m && year.token < m);
    if year.unit.is_none()
        && draft.era_base.is_none()
        && (year.digits == 1 || before && year.value <= 32 && day.unit.is_none())
    {
        return Err(RuleId::TwoDaysOfMonth);
    }
    let found = dates_of_months(draft, line, months, (day, year));
    let mut resolved = choose(found, draft).ok_or(RuleId::NoSuchDate)?;
    take(&mut resolved, draft, day, Part::Day);
    take(&mut resolved, draft, year, Part::Year);
    Ok(resolved)
}

/// Which number is the day, and which the year.
fn day_and_year(numbers: &[Number]) -> Option<(&Number, Option<&Number>)> {
    match numbers {
        [only] if only.unit != Some(Unit::Year) => Some((only, None)),
        [a, b] => {
            let is_year =
                |n: &Number| n.unit == Some(Unit::Year) || n.unit.is_none() && (n.digits >= 3 || n.value > 32);
            // A point after a number is a day's, in the languages that count days so.
            match (is_year(a), is_year(b), a.unit, b.unit) {
                (true, false, _, _) => Some((b, Some(a))),
                (false, true, _, _) | (false, false, Some(Unit::Day), _) => Some((a, Some(b))),
                (false, false, _, Some(Unit::Day)) => Some((b, Some(a))),
                (false, false, _, _) => Some((a, Some(b))),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The dates that a day and a year may be, for all that the name of the month means.
fn dates_of_months(
    draft: &Draft,
    line: &TokenLine<'_>,
    months: &[(Calendar, u8)],
    (day, year): (&Number, &Number),
) -> Vec<(Date, Calendar)> {
    let date_of = |&(calendar, month): &(Calendar, u8)| {
        let (year, calendar) = year_of(draft, year, calendar)?;
        Some((convert(calendar, year, u32::from(month), day.value)?, calendar))
    };
    let ethiopic = months.iter().any(|m| m.0 == Calendar::Ethiopic);
    let both = ethiopic && months.iter().any(|m| m.0 == Calendar::Gregory);
    if both && !draft.weekdays.is_empty() {
        let fits = |(date, _): &(Date, Calendar)| draft.weekdays.contains(&weekday(*date));
        let found: Vec<(Date, Calendar)> = months.iter().filter_map(date_of).filter(fits).collect();
        if let [_] = found.as_slice() {
            return found;
        }
    }
    let left_out = if !both {
        None
    } else if is_ethiopic(draft, line, year) {
        Some(Calendar::Gregory)
    } else {
        Some(Calendar::Ethiopic)
    };
    let mut found: Vec<(Date, Calendar)> = Vec::new();
    for date in months.iter().filter(|m| Some(m.0) != left_out).filter_map(date_of) {
        // Buddhist, Japanese and ROC dates share the Gregorian months.
        if !found.contains(&date) {
            found.push(date);
        }
    }
    found
}

/// Tigrinya has one set of names for the Gregorian and the Ethiopic months: the era tells (AM: Amete Mihret, which
/// elsewhere is a time of day).
fn is_ethiopic(draft: &Draft, line: &TokenLine<'_>, year: &Number) -> bool {
    let script = line.text.contains(|c| ('\u{1200}'..='\u{137F}').contains(&c));
    if let Some(era) = draft.era {
        return script || matches!(era, Calendar::Ethiopic | Calendar::Hebrew);
    }
    let this_year =
        || line.context().now.and_then(|now| from_days(now.div_euclid(DAY))).map_or(i32::MAX, |d| i32::from(d.year));
    let is_said = line.means(year.token + 1, |m| m == Meaning::Am);
    script && (is_said || line.language() != "ti" && year.value as i32 <= this_year().saturating_sub(7))
}

/// One of several dates: the weekday decides, else nothing.
fn choose(mut found: Vec<(Date, Calendar)>, draft: &Draft) -> Option<Resolved> {
    if found.len() > 1 {
        let fitting: Vec<(Date, Calendar)> =
            found.iter().filter(|(date, _)| draft.weekdays.contains(&weekday(*date))).copied().collect();
        if !fitting.is_empty() {
            found = fitting;
        }
    }
    match found.as_slice() {
        [] => None,
        [(date, calendar)] => Some(certain(*date, *calendar)),
        [(_, calendar), ..] => Some(Resolved {
            candidates: found.iter().map(|f| f.0).collect(),
            calendar: Some(*calendar),
            ..Resolved::default()
        }),
    }
}

fn certain(date: Date, calendar: Calendar) -> Resolved {
    Resolved { date: Some(date), calendar: Some(calendar), ..Resolved::default() }
}

/// The year as its calendar counts it, and the calendar, if the month's calendar can have such a year.
fn year_of(draft: &Draft, year: &Number, month: Calendar) -> Option<(i32, Calendar)> {
    let value = year.value as i32;
    if month == Calendar::Gregory {
        return gregorian_year_of(draft, year);
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
    let may_say_ad =
        matches!(month, Calendar::Bangla | Calendar::Ethiopic | Calendar::Persian | Calendar::IslamicUmalqura);
    match draft.era {
        Some(Calendar::IslamicUmalqura) if month != Calendar::IslamicUmalqura => return None,
        Some(Calendar::Persian) if month != Calendar::Persian => return None,
        Some(Calendar::Gregory) if !may_say_ad => return None,
        _ => {}
    }
    if month == Calendar::Hebrew && (600..1000).contains(&value) {
        return Some((value + 5000, month));
    }
    range.contains(&value).then_some((value, month))
}

/// The year beside a Gregorian month, which other calendars share.
fn gregorian_year_of(draft: &Draft, year: &Number) -> Option<(i32, Calendar)> {
    let value = year.value as i32;
    let short = year.digits == 2 || year.digits == 0 && value < 100 || year.digits == 1;
    if let Some(base) = draft.era_base {
        return (value < 100).then_some((value + base as i32, Calendar::Japanese));
    }
    match draft.era {
        Some(Calendar::Roc) => Some((value, Calendar::Roc)),
        Some(Calendar::Buddhist) if value > 2000 => Some((value, Calendar::Buddhist)),
        Some(
            Calendar::IslamicUmalqura | Calendar::Persian | Calendar::Hebrew | Calendar::Bangla | Calendar::Ethiopic,
        ) => None,
        _ if (2400..2650).contains(&value) => Some((value, Calendar::Buddhist)),
        _ if (1700..=2100).contains(&value) => Some((value, Calendar::Gregory)),
        _ if short && draft.thai && value >= 30 => Some((value + 2500, Calendar::Buddhist)),
        _ if short => Some((century(value), Calendar::Gregory)),
        _ if year.unit == Some(Unit::Year) && (90..160).contains(&value) => Some((value, Calendar::Roc)),
        _ => None,
    }
}

/// 24 is 2024, 98 is 1998.
fn century(short: i32) -> i32 {
    if short < 70 { 2000 + short } else { 1900 + short }
}

/// The day of the fetch.
fn today(context: &Context<'_>) -> Option<Date> {
    context.now.and_then(|now| from_days(now.div_euclid(DAY)))
}

/// The latest such day that is not after the fetch; else the one nearest to the document's other date; else open.
fn year_less(draft: &Draft, line: &TokenLine<'_>, months: &[(Calendar, u8)], day: u32) -> Result<Resolved, RuleId> {
    let (calendar, month) = match months {
        [only] => *only,
        _ => *months.iter().find(|m| m.0 == Calendar::Gregory).ok_or(RuleId::MonthOfSeveralCalendars)?,
    };
    if calendar != Calendar::Gregory {
        return other_year_less(draft, line, calendar, month, day);
    }
    if draft.era.is_some_and(|e| e != Calendar::Gregory) {
        return Err(RuleId::EraWithoutYear);
    }
    gregorian(2024, u32::from(month), day).ok_or(RuleId::NoSuchDate)?;
    let in_year = |year: i32| gregorian(year, u32::from(month), day);
    let context = line.context();
    let mut date = None;
    if let Some(today) = today(context) {
        let past = |back: i32| in_year(i32::from(today.year) - back).filter(|d| days(*d) <= days(today) + 1);
        date = (0..5).find_map(past);
    } else if let Some(near) = context.near {
        date = (-1..=1).filter_map(|n| in_year(i32::from(near.year) + n)).min_by_key(|d| (days(*d) - days(near)).abs());
    }
    if date.is_some() {
        line.trace.fired(RuleId::YearOfFetch);
    }
    Ok(Resolved { date, calendar: Some(Calendar::Gregory), ..Resolved::default() })
}

/// A day without a year in another calendar. Alone it is a square or a revolution (۱۷ شهریور): a weekday, a label or a
/// time has to stand beside it.
fn other_year_less(
    draft: &Draft,
    line: &TokenLine<'_>,
    calendar: Calendar,
    month: u8,
    day: u32,
) -> Result<Resolved, RuleId> {
    if draft.weekdays.is_empty() && draft.role.is_none() && draft.clock.is_none() {
        return Err(RuleId::BareDayOfOtherCalendar);
    }
    let context = line.context();
    let now = today(context);
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
    Ok(Resolved { date, calendar: Some(calendar), ..Resolved::default() })
}

/// Numbers only.
fn numeric(draft: &Draft, line: &TokenLine<'_>) -> Result<Resolved, RuleId> {
    match draft.numbers.as_slice() {
        [only] if only.digits == 8 => {
            let (year, month, day) = (only.value / 10_000, only.value / 100 % 100, only.value % 100);
            let date = gregorian(year as i32, month, day).filter(|d| (1900..=2100).contains(&d.year));
            let mut resolved = certain(date.ok_or(RuleId::NoSuchDate)?, Calendar::Gregory);
            take(&mut resolved, draft, only, Part::Whole);
            Ok(resolved)
        }
        [a, b] => {
            let marked = matches!(b.mark, Some('.' | '/' | '-'));
            if !marked || a.digits == 0 || a.digits > 2 || b.digits > 2 || b.digits == 0 {
                return Err(RuleId::TwoNumbers);
            }
            let date = |month: u32, day| {
                let resolved = year_less(draft, line, &[(Calendar::Gregory, month as u8)], day).ok()?;
                Some((resolved.date, Calendar::Gregory))
            };
            day_month(draft, line, Pair { a, b, day_first: false }, date).ok_or(RuleId::NoSuchDate)
        }
        [a, b, c] => three_numbers(draft, line, (a, b, c)),
        _ => Err(RuleId::NumberOfNoDate),
    }
}

fn three_numbers(
    draft: &Draft,
    line: &TokenLine<'_>,
    (a, b, c): (&Number, &Number, &Number),
) -> Result<Resolved, RuleId> {
    let marks = (b.mark, c.mark);
    let joined = matches!(marks, (Some('.' | '/' | '-'), Some(_)) if marks.0 == marks.1);
    let units = draft.numbers.iter().filter(|n| n.unit.is_some()).count() >= 2;
    let plain = c.digits == 4 && (1990..=2100).contains(&c.value) && a.digits <= 2;
    let apart = marks == (None, None)
        && (plain
            || is_year_first(&draft.numbers)
            || !draft.weekdays.is_empty()
            || draft.role.is_some()
            || draft.era.is_some());
    if !(joined || units || apart) {
        return Err(RuleId::NumbersNotJoined);
    }
    if b.digits > 2 {
        return Err(RuleId::DigitsOfNoDate);
    }
    if a.digits >= 3
        || a.digits == 2 && a.value > 31
        || a.unit == Some(Unit::Year)
        || (draft.era_base.is_some() || draft.era == Some(Calendar::Roc)) && a.digits <= 3
    {
        return if c.digits > 2 { Err(RuleId::DigitsOfNoDate) } else { year_first(draft, line, (a, b, c)) };
    }
    if a.digits > 2 || c.digits == 3 || c.digits == 1 {
        return Err(RuleId::DigitsOfNoDate);
    }
    let date = |month, day| numeric_date(draft, line, c, month, day).map(|(d, cal)| (Some(d), cal));
    let pair = Pair { a, b, day_first: a.unit == Some(Unit::Day) };
    let mut found = day_month(draft, line, pair, date).ok_or(RuleId::NoSuchDate);
    if let Ok(resolved) = &mut found {
        take(resolved, draft, c, Part::Year);
    }
    // 24/01/17: the year may stand first where the language has it there.
    if c.digits == 2
        && draft.weekdays.is_empty()
        && matches!(line.language(), "zh" | "ja" | "ko" | "hu" | "lt" | "mn")
        && language_order(line.context().language.unwrap_or_default()).starts_with('Y')
    {
        return year_first(draft, line, (a, b, c)).or(found);
    }
    found
}

/// "2011 04 08": four digits, two and two.
fn is_year_first(numbers: &[Number]) -> bool {
    matches!(numbers, [year, month, day] if (year.digits, month.digits, day.digits) == (4, 2, 2)
        && (1990..=2100).contains(&year.value))
}

fn year_first(
    draft: &Draft,
    line: &TokenLine<'_>,
    (year, b, c): (&Number, &Number, &Number),
) -> Result<Resolved, RuleId> {
    let straight = numeric_date(draft, line, year, b.value, c.value);
    let turned = || if b.value > 12 { numeric_date(draft, line, year, c.value, b.value) } else { None };
    let (month, day) = if straight.is_some() { (b, c) } else { (c, b) };
    let (date, calendar) = straight.or_else(turned).ok_or(RuleId::NoSuchDate)?;
    line.trace.fired(RuleId::YearFirst);
    let mut resolved = certain(date, calendar);
    take(&mut resolved, draft, year, Part::Year);
    take(&mut resolved, draft, month, Part::Month);
    take(&mut resolved, draft, day, Part::Day);
    Ok(resolved)
}

/// A date whose month is a number: the calendar shows in the era, then in the year.
fn numeric_date(draft: &Draft, line: &TokenLine<'_>, year: &Number, month: u32, day: u32) -> Option<(Date, Calendar)> {
    let value = year.value as i32;
    if let Some(base) = draft.era_base {
        return Some((gregorian(value + base as i32, month, day)?, Calendar::Japanese));
    }
    let far = || today(line.context()).map_or(2057, |d| i32::from(d.year) + 30);
    let calendar = match draft.era {
        Some(era) if era != Calendar::Gregory => era,
        _ => match value {
            1250..=1411 => Calendar::Persian,
            1412..=1500 => Calendar::IslamicUmalqura,
            2400..=2650 => Calendar::Buddhist,
            _ if value <= 2100 && value > far() => Calendar::BikramSambat,
            1700..=2100 => Calendar::Gregory,
            90..=160 if year.digits == 3 && matches!(line.language(), "zh" | "") => Calendar::Roc,
            _ => Calendar::Gregory,
        },
    };
    if calendar == Calendar::Gregory {
        let year = if year.digits <= 2 {
            if value >= 30 && line.language() == "th" { value + 2500 - 543 } else { century(value) }
        } else {
            value
        };
        return if (1700..=2100).contains(&year) { Some((gregorian(year, month, day)?, calendar)) } else { None };
    }
    Some((convert(calendar, value, month, day)?, calendar))
}
