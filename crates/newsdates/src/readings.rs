//! Readings: the dates of a line, as its drafts resolve and settle each other.

use super::calendars::days;
use super::draft::{Draft, Resolved};
use super::drafts::drafts;
use super::line::TokenLine;
use super::reading::{Calendar, Order, Precision, Reading, Role, Value};
use super::resolve::resolve;
use super::rules::RuleId;

/// The dates of a line, each with its slots and what they say.
pub(super) struct Solved {
    pub(super) dates: Vec<(Draft, Resolved)>,
    /// Were points between numbers read as those of times?
    pub(super) dotted: bool,
}

/// The drafts of a line, and what each says. Where nothing comes of them, points between numbers are tried as those of
/// times.
pub(super) fn solve(line: &TokenLine<'_>) -> Result<Solved, RuleId> {
    match attempt(line, false) {
        Ok(dates) => Ok(Solved { dates, dotted: false }),
        Err(rule) => {
            let dates = attempt(line, true).map_err(|_| rule)?;
            line.trace.fired(RuleId::PointedTime);
            Ok(Solved { dates, dotted: true })
        }
    }
}

/// What resolves of a line that is rejected.
pub(super) fn what_resolves(line: &TokenLine<'_>) -> Vec<(Draft, Resolved)> {
    let drafts = drafts(line, false).unwrap_or_default().into_iter();
    drafts.filter_map(|draft| resolve(&draft, line).ok().map(|resolved| (draft, resolved))).collect()
}

fn attempt(line: &TokenLine<'_>, dotted: bool) -> Result<Vec<(Draft, Resolved)>, RuleId> {
    let drafts = drafts(line, dotted)?;
    // "4. juli 2002 04.01": two numbers beside a whole date are its time.
    if !dotted
        && drafts.len() > 1
        && drafts
            .iter()
            .any(|d| d.months.is_empty() && d.numbers.len() == 2 && d.numbers.iter().all(|n| n.unit.is_none()))
    {
        return Err(RuleId::PairBesideDate);
    }
    drafts.into_iter().map(|draft| resolve(&draft, line).map(|resolved| (draft, resolved))).collect()
}

/// The readings of what a line says, once its dates settle each other.
pub(super) fn readings(line: &TokenLine<'_>, solved: &[(Draft, Resolved)]) -> Vec<Reading> {
    let mut readings: Vec<Reading> = solved.iter().map(|(draft, resolved)| reading(draft, resolved, line)).collect();
    // "12/05/2023 December 5, 2023": what the line itself settles.
    let settled: Vec<_> = readings.iter().filter_map(|r| r.value.map(|v| v.date)).collect();
    for open in readings.iter_mut().filter(|r| r.value.is_none()) {
        let same = open.candidates.iter().find(|c| settled.contains(&c.date)).copied();
        if same.is_some() {
            (open.value, open.candidates) = (same, Vec::new());
        }
    }
    settle_orders(&mut readings);
    // The same day in two calendars: the Gregorian wins.
    let gregorian: Vec<i64> = readings
        .iter()
        .filter(|r| r.calendar == Calendar::Gregory)
        .filter_map(|r| r.value.map(|v| days(v.date)))
        .collect();
    if !gregorian.is_empty() && gregorian.len() < readings.len() {
        readings.retain(|r| {
            r.calendar == Calendar::Gregory
                || r.value.is_some_and(|v| gregorian.iter().all(|g| (g - days(v.date)).abs() > 1))
        });
        readings.sort_by_key(|r| r.calendar != Calendar::Gregory);
    }
    readings
}

/// "6/12/2020 12/22/2019": one that fits in one order only tells that of the others.
fn settle_orders(readings: &mut [Reading]) {
    let mut orders = readings.iter().filter_map(|r| r.order);
    let Some(order) = orders.next().filter(|first| orders.all(|other| other == *first)) else { return };
    for open in readings.iter_mut().filter(|r| r.value.is_none()) {
        // The candidates of a numeric date: the day first, then the month first.
        if let [day_first, month_first] = open.candidates.as_slice()
            && (day_first.date.day, day_first.date.month) == (month_first.date.month, month_first.date.day)
        {
            open.value = Some(if order == Order::DayMonth { *day_first } else { *month_first });
            open.candidates = Vec::new();
        }
    }
}

fn reading(draft: &Draft, resolved: &Resolved, line: &TokenLine<'_>) -> Reading {
    let time = draft.clock.map(|c| c.time);
    let offset = draft.clock.and_then(|c| c.offset);
    let value = |date| Value { date, time, offset };
    let (first, last) = draft.span.unwrap_or_default();
    let (first, last) = match draft.clock {
        Some(clock) if clock.first <= last + 3 && clock.end + 3 >= first => {
            (first.min(clock.first), last.max(clock.end.saturating_sub(1)))
        }
        _ => (first, last),
    };
    let start = line.tokens.get(first).map_or(0, |t| t.start);
    let end = line.tokens.get(last).map_or(line.text.len(), |t| t.end);
    Reading {
        value: resolved.date.map(value),
        candidates: resolved.candidates.iter().copied().map(value).collect(),
        precision: Precision::of(time),
        calendar: resolved.calendar.unwrap_or(Calendar::Gregory),
        role: draft.role.unwrap_or(Role::Other),
        order: resolved.order,
        span: start..end,
    }
}
