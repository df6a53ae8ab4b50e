//! Day and month of a numeric date in either order: what tells which.
//!
//! What fits comes first, then the weekday, the document's order, whose zones and words stand beside the date; where it
//! may be English, the fetch time and the document's other date; then points, and the language. Where nothing tells, both
//! stay candidates.

use super::calendars::{days, weekday};
use super::lexicon::{Meaning, language_order};
use super::reading::{Calendar, Date, Order};
use super::resolve::{DAY, Outcome};
use super::solve::{Draft, Line};

/// The order in which those write a date who name such a zone beside it.
fn order_of_zone(line: &Line<'_>) -> Option<Order> {
    const MONTH_FIRST: [&str; 13] =
        ["est", "edt", "et", "cdt", "ct", "mst", "mdt", "mt", "pst", "pdt", "pt", "akst", "hst"];
    const DAY_FIRST: [&str; 30] = [
        "gmt", "bst", "ist", "wat", "eat", "cat", "sast", "pkt", "sgt", "aest", "aedt", "awst", "nzst", "nzdt", "cet",
        "cest", "eet", "eest", "wet", "west", "mez", "mesz", "msk", "мск", "trt", "wib", "wita", "wit", "myt", "brt",
    ];
    line.tokens.iter().enumerate().find_map(|(at, token)| {
        let is_zone = line.means(at, |m| matches!(m, Meaning::Zone(_))) && at > 0;
        // "GMT+3" is of no country.
        let signed = matches!(line.mark(at + 1), Some('+' | '-'));
        let word = line.text.get(token.start..token.end).filter(|_| is_zone && !signed)?;
        let is = |zones: &[&str], order| zones.contains(&word).then_some(order);
        is(&MONTH_FIRST, Order::MonthDay).or_else(|| is(&DAY_FIRST, Order::DayMonth))
    })
}

/// "Publié le 05/04/2013 à 17:08", "Dienstag 11/07/2023": a label, a weekday or a word beside the time that is not English.
/// No other language writes the month before the day.
fn speaks_another_language(line: &Line<'_>) -> bool {
    // How the labels of English start.
    const ENGLISH: [&str; 32] = [
        "publish",
        "publication",
        "post",
        "updat",
        "upd",
        "modif",
        "creat",
        "add",
        "issu",
        "fil",
        "submit",
        "date",
        "last",
        "latest",
        "first",
        "origin",
        "edit",
        "revis",
        "story",
        "article",
        "upload",
        "amend",
        "correct",
        "chang",
        "this",
        "release",
        "print",
        "aired",
        "written",
        "report",
        "entered",
        "reviewed",
    ];
    const WEEKDAYS: [&str; 18] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "mon",
        "tue",
        "tues",
        "wed",
        "weds",
        "thu",
        "thur",
        "thurs",
        "fri",
        "sat",
        "sun",
    ];
    // Nor has any language with digits of its own (full-width ones are a matter of fonts).
    let is_own_digit = |c: char| c.is_numeric() && !c.is_ascii() && !matches!(c, '\u{FF10}'..='\u{FF19}');
    if !line.source.is_ascii() && line.source.contains(is_own_digit) {
        return true;
    }
    let is_said = |m| matches!(m, Meaning::Published | Meaning::Updated);
    line.tokens.iter().enumerate().any(|(at, token)| {
        let word = line.text.get(token.start..token.end).unwrap_or_default();
        if token.means(|m| matches!(m, Meaning::Weekday(_))) && word.len() > 2 && !WEEKDAYS.contains(&word) {
            return true;
        }
        let foreign = !word.is_ascii() || line.source_of(at, at).contains(|c: char| c.is_alphabetic() && !c.is_ascii());
        let label = token.means(is_said) && word.len() > 4 && !ENGLISH.iter().any(|start| word.starts_with(start));
        label
            || foreign
                && token.means(|m| {
                    is_said(m) || matches!(m, Meaning::By | Meaning::TimeWord | Meaning::HourMark | Meaning::YearMark)
                })
    })
}

/// The date that two numbers are, as the head of this file says.
pub(super) fn day_month(
    draft: &Draft,
    line: &Line<'_>,
    a: u32,
    b: u32,
    date: impl Fn(u32, u32) -> Option<(Option<Date>, Calendar)>,
    day_first: bool,
) -> Option<Outcome> {
    let straight = date(b, a);
    let turned = if day_first { None } else { date(a, b) };
    let outcome = |found: (Option<Date>, Calendar), order: Option<Order>| Outcome {
        date: found.0,
        calendar: Some(found.1),
        order,
        ..Outcome::default()
    };
    let (dm, md) = match (straight, turned) {
        (Some(dm), None) => return Some(outcome(dm, (a != b).then_some(Order::DayMonth))),
        (None, Some(md)) => return Some(outcome(md, Some(Order::MonthDay))),
        (None, None) => return None,
        (Some(dm), Some(_)) if a == b => return Some(outcome(dm, None)),
        (Some(dm), Some(md)) => (dm, md),
    };
    let fits = |found: (Option<Date>, Calendar)| found.0.is_some_and(|d| draft.weekdays.contains(&weekday(d)));
    if fits(dm) != fits(md) {
        return Some(if fits(dm) { outcome(dm, Some(Order::DayMonth)) } else { outcome(md, Some(Order::MonthDay)) });
    }
    // Only English and its like write the month first; no other calendar does.
    if dm.1 != Calendar::Gregory {
        return Some(outcome(dm, None));
    }
    let context = line.context;
    let ordered = |order: Order| Some(outcome(if order == Order::DayMonth { dm } else { md }, None));
    if let Some(order) = context.order {
        return ordered(order);
    }
    // English has both orders: where no region settles it, the zone of the time tells whose English it is.
    let plain_english = context.language.is_none_or(|l| l.eq_ignore_ascii_case("en"));
    if let Some(order) = order_of_zone(line).filter(|_| plain_english) {
        return ordered(order);
    }
    if context.language.is_none() && speaks_another_language(line) {
        return Some(outcome(dm, None));
    }
    // All 183 locales of CLDR that set points between the numbers, and the year last, put the day first.
    let pointed = draft.numbers.iter().skip(1).all(|n| n.mark == Some('.'));
    if pointed && context.language.is_some() {
        return ordered(Order::DayMonth);
    }
    // No page is of a day to come, and what it says twice is one day: where English may mean either, these settle it
    // before the language does.
    let is_to_come = |d: Date| context.now.is_some_and(|now| days(d) > now.div_euclid(DAY) + 1);
    let is_near = |d: Date| context.near.is_some_and(|near| (days(d) - days(near)).abs() <= 3);
    if let (Some(day_first), Some(month_first)) = (dm.0, md.0)
        && plain_english
    {
        for (a, b) in [(is_to_come(month_first), is_to_come(day_first)), (is_near(day_first), is_near(month_first))] {
            if a != b {
                return Some(outcome(if a { dm } else { md }, None));
            }
        }
    }
    if pointed {
        return Some(outcome(dm, None));
    }
    let by_language =
        context.language.map(|l| if language_order(l).starts_with('M') { Order::MonthDay } else { Order::DayMonth });
    if let Some(order) = by_language {
        return ordered(order);
    }
    let candidates = vec![dm.0?, md.0?];
    Some(Outcome { candidates, calendar: Some(Calendar::Gregory), ..Outcome::default() })
}
