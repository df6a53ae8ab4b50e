//! Day and month of a numeric date in either order: what tells which.
//!
//! What fits comes first, then the weekday, the document's order, whose zones and words stand beside the date; where it
//! may be English, the fetch time and the document's other date; then points, and the language. Where nothing tells, both
//! stay candidates.

use super::calendars::{DAY, days, weekday};
use super::draft::{Draft, Number, Part, Resolved};
use super::lexicon::{List, Meaning, is_in, language_order, prefix};
use super::line::TokenLine;
use super::reading::{Calendar, Date, Order};
use super::rules::RuleId;

/// The order in which those write a date who name such a zone beside it.
fn order_of_zone(line: &TokenLine<'_>) -> Option<Order> {
    line.tokens.iter().enumerate().find_map(|(at, token)| {
        let is_zone = line.means(at, |m| matches!(m, Meaning::Zone(_))) && at > 0;
        // "GMT+3" is of no country.
        let signed = matches!(line.mark(at + 1), Some('+' | '-'));
        let word = line.text.get(token.start..token.end).filter(|_| is_zone && !signed)?;
        let is = |zones, order| is_in(zones, word).then_some(order);
        is(List::ZoneMonthFirst, Order::MonthDay).or_else(|| is(List::ZoneDayFirst, Order::DayMonth))
    })
}

/// "Publié le 05/04/2013 à 17:08", "Dienstag 11/07/2023": a label, a weekday or a word beside the time that is not English.
/// No other language writes the month before the day.
fn is_not_english(line: &TokenLine<'_>) -> bool {
    // Nor has any language with digits of its own (full-width ones are a matter of fonts).
    let is_own_digit = |c: char| c.is_numeric() && !c.is_ascii() && !matches!(c, '\u{FF10}'..='\u{FF19}');
    if !line.source.is_ascii() && line.source.contains(is_own_digit) {
        return true;
    }
    let is_said = |m| matches!(m, Meaning::Published | Meaning::Updated);
    line.tokens.iter().enumerate().any(|(at, token)| {
        let word = line.text.get(token.start..token.end).unwrap_or_default();
        if token.means(|m| matches!(m, Meaning::Weekday(_))) && word.len() > 2 && !is_in(List::EnglishWeekday, word) {
            return true;
        }
        let foreign = !word.is_ascii() || line.source_of(at, at).contains(|c: char| c.is_alphabetic() && !c.is_ascii());
        let label = token.means(is_said) && word.len() > 4 && prefix(List::LabelStart, word).is_none();
        label
            || foreign
                && token.means(|m| {
                    is_said(m) || matches!(m, Meaning::By | Meaning::TimeWord | Meaning::HourMark | Meaning::YearMark)
                })
    })
}

/// Two numbers, of which one is the day and one the month.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) a: &'a Number,
    pub(super) b: &'a Number,
    /// Does the line itself say that the first is the day?
    pub(super) day_first: bool,
}

/// What a pair says in one of the orders: a date, open where its year is missing, and its calendar.
type Dated = (Option<Date>, Calendar);

/// What decided the order, and the order that the pair then shows to the document.
enum Decision {
    Taken(RuleId, Order, Option<Order>),
    Open,
}

/// The date that two numbers are, as the head of this file says; `None` where they fit in no order.
pub(super) fn day_month(
    draft: &Draft,
    line: &TokenLine<'_>,
    pair: Pair<'_>,
    date: impl Fn(u32, u32) -> Option<Dated>,
) -> Option<Resolved> {
    let (a, b) = (pair.a.value, pair.b.value);
    let straight = date(b, a);
    let turned = if pair.day_first { None } else { date(a, b) };
    let decision = match (straight, turned) {
        (None, None) => return None,
        (Some(_), None) => Decision::Taken(RuleId::OrderThatFits, Order::DayMonth, (a != b).then_some(Order::DayMonth)),
        (None, Some(_)) => Decision::Taken(RuleId::OrderThatFits, Order::MonthDay, Some(Order::MonthDay)),
        (Some(_), Some(_)) if a == b => Decision::Taken(RuleId::OrderThatFits, Order::DayMonth, None),
        (Some(dm), Some(md)) => decide(draft, line, dm, md),
    };
    let (taken, shown) = match decision {
        Decision::Taken(rule, order, shown) => {
            line.trace.fired(rule);
            (order, shown)
        }
        Decision::Open => {
            let mut open = Resolved {
                candidates: vec![straight?.0?, turned?.0?],
                calendar: Some(Calendar::Gregory),
                ..Resolved::default()
            };
            line.trace.fired(RuleId::OrderLeftOpen);
            assign(&mut open, draft, pair, (Part::DayOrMonth, Part::DayOrMonth));
            return Some(open);
        }
    };
    let (date, calendar) = if taken == Order::DayMonth { straight? } else { turned? };
    let mut resolved = Resolved { date, calendar: Some(calendar), order: shown, ..Resolved::default() };
    let parts = if taken == Order::DayMonth { (Part::Day, Part::Month) } else { (Part::Month, Part::Day) };
    assign(&mut resolved, draft, pair, parts);
    Some(resolved)
}

/// Notes what the two numbers were taken for.
fn assign(resolved: &mut Resolved, draft: &Draft, pair: Pair<'_>, parts: (Part, Part)) {
    for (number, part) in [(pair.a, parts.0), (pair.b, parts.1)] {
        let place = draft.numbers.iter().position(|n| n.token == number.token);
        if let Some(slot) = place.and_then(|place| resolved.parts.get_mut(place)) {
            *slot = Some(part);
        }
    }
}

/// What decides between two orders that both fit.
fn decide(draft: &Draft, line: &TokenLine<'_>, dm: Dated, md: Dated) -> Decision {
    let fits = |found: Dated| found.0.is_some_and(|d| draft.weekdays.contains(&weekday(d)));
    if fits(dm) != fits(md) {
        let order = if fits(dm) { Order::DayMonth } else { Order::MonthDay };
        return Decision::Taken(RuleId::OrderOfWeekday, order, Some(order));
    }
    let by = |rule, order| Decision::Taken(rule, order, None);
    // Only English and its like write the month first; no other calendar does.
    if dm.1 != Calendar::Gregory {
        return by(RuleId::OrderOfCalendar, Order::DayMonth);
    }
    let context = line.context();
    if let Some(order) = context.order {
        return by(RuleId::OrderOfDocument, order);
    }
    // English has both orders: where no region settles it, the zone of the time tells whose English it is.
    let plain_english = context.language.is_none_or(|l| l.eq_ignore_ascii_case("en"));
    if let Some(order) = order_of_zone(line).filter(|_| plain_english) {
        return by(RuleId::OrderOfZone, order);
    }
    if context.language.is_none() && is_not_english(line) {
        return by(RuleId::OrderOfForeignWord, Order::DayMonth);
    }
    // All 183 locales of CLDR that set points between the numbers, and the year last, put the day first.
    let pointed = draft.numbers.iter().skip(1).all(|n| n.mark == Some('.'));
    if pointed && context.language.is_some() {
        return by(RuleId::OrderOfPoints, Order::DayMonth);
    }
    // No page is of a day to come, and what it says twice is one day: where English may mean either, these settle it
    // before the language does.
    let is_to_come = |d: Date| context.now.is_some_and(|now| days(d) > now.div_euclid(DAY) + 1);
    let is_near = |d: Date| context.near.is_some_and(|near| (days(d) - days(near)).abs() <= 3);
    if let (Some(day_first), Some(month_first)) = (dm.0, md.0)
        && plain_english
    {
        let order = |day_first: bool| if day_first { Order::DayMonth } else { Order::MonthDay };
        if is_to_come(month_first) != is_to_come(day_first) {
            return by(RuleId::OrderNotToCome, order(is_to_come(month_first)));
        }
        if is_near(day_first) != is_near(month_first) {
            return by(RuleId::OrderNearOtherDate, order(is_near(day_first)));
        }
    }
    if pointed {
        return by(RuleId::OrderOfPoints, Order::DayMonth);
    }
    match context.language {
        Some(l) if language_order(l).starts_with('M') => by(RuleId::OrderOfLanguage, Order::MonthDay),
        Some(_) => by(RuleId::OrderOfLanguage, Order::DayMonth),
        None => Decision::Open,
    }
}
