//! The slot solver: tokens are dealt out, from left to right, to the slots of one date after the other.
//!
//! A draft is a date of which only the slots are known: numbers, month names, weekday, era. A token that no longer
//! fits opens the next draft. [`super::resolve`] then finds out what a draft says. Nothing is thrown away silently: a
//! number that finds no slot makes the line no date line.

use super::fold::Folded;
use super::lexicon::Meaning;
use super::reading::{Calendar, Context, Role};
use super::senses::{beside_number, era_base, era_of, unit, unspaced_token};
use super::times::{Clock, clocks, zone_apart};
use super::tokens::{Kind, Token};

/// A line under work.
pub(super) struct Line<'a> {
    /// The folded text.
    pub(super) text: &'a str,
    /// The text as written, and where in it each folded byte comes from.
    pub(super) source: &'a str,
    pub(super) folded: &'a Folded,
    pub(super) tokens: &'a [Token],
    pub(super) context: &'a Context<'a>,
    /// Primary subtag of the language, in lower case; empty where it is not known.
    pub(super) language: &'a str,
}

/// What the unit beside a number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Year,
    Month,
    Day,
}

/// A number of a draft.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number {
    pub(super) value: u32,
    pub(super) digits: u8,
    pub(super) unit: Option<Unit>,
    /// The mark between it and the number before.
    pub(super) mark: Option<char>,
    pub(super) token: usize,
}

/// A date of which only the slots are known.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    pub(super) weekdays: Vec<u8>,
    /// What its month name may be.
    pub(super) months: Vec<(Calendar, u8)>,
    pub(super) numbers: Vec<Number>,
    pub(super) era: Option<Calendar>,
    /// What is added to the year of a Japanese era.
    pub(super) era_base: Option<u32>,
    /// Thai script: a short year is Buddhist.
    pub(super) thai: bool,
    pub(super) role: Option<Role>,
    /// First and last token.
    pub(super) span: Option<(usize, usize)>,
    pub(super) clock: Option<Clock>,
    pub(super) month_token: Option<usize>,
}

impl Draft {
    fn grow(&mut self, at: usize) {
        let (first, _) = self.span.unwrap_or((at, at));
        self.span = Some((first, at));
    }

    fn full(&self) -> bool {
        self.numbers.len() >= if self.months.is_empty() { 3 } else { 2 }
            || self.numbers.first().is_some_and(|n| n.digits == 8)
    }

    fn has_date(&self) -> bool {
        !self.numbers.is_empty() || !self.months.is_empty()
    }
}

/// The drafts of a line, with their times.
pub(super) fn drafts(line: &Line<'_>, dotted: bool) -> Option<Vec<Draft>> {
    let mut clocks = clocks(line, dotted);
    let mut done: Vec<Draft> = Vec::new();
    let mut draft = Draft::default();
    let mut role = None;
    let mut last_mark = None;
    let mut at = 0;
    while let Some(token) = line.tokens.get(at) {
        if let Some(clock) = clocks.iter().find(|c| c.first <= at && at < c.end) {
            at = clock.end;
            last_mark = None;
            continue;
        }
        if let Some((minutes, end)) = zone_apart(line, at) {
            clocks.iter_mut().filter(|c| c.offset.is_none()).for_each(|c| c.offset = Some(minutes));
            at = end;
            continue;
        }
        match token.kind {
            Kind::Number { digits: 1..=3, .. } if let Some(year) = year_in_brackets(line, at) => {
                // 令和6(2024)年, 주체113(2024)년.
                (draft.era, draft.era_base) = (None, None);
                draft.numbers.push(Number {
                    value: year,
                    digits: 4,
                    unit: Some(Unit::Year),
                    mark: None,
                    token: at + 2,
                });
                draft.grow(at + 4);
                at += 5;
                continue;
            }
            Kind::Number { value, digits } => {
                let unit = unit(line, at, &draft);
                if draft.era_base.is_some()
                    && unit == Some(Unit::Year)
                    && draft.numbers.iter().any(|n| n.unit == Some(Unit::Year))
                {
                    // 2008年（平成20年）11月11日 says its year twice.
                    draft.era_base = None;
                    draft.era = None;
                    at += 2;
                    continue;
                }
                if draft.full() {
                    finish(&mut draft, &mut done, &mut role);
                }
                let mark = last_mark.take();
                draft.numbers.push(Number { value, digits, unit, mark, token: at });
                draft.grow(at);
            }
            Kind::EraLetter(era) => {
                draft.era = Some(Calendar::Japanese);
                draft.era_base = Some(era_base(era));
                draft.grow(at);
            }
            Kind::BracketWeekday(day) => {
                draft.weekdays = vec![day];
                draft.grow(at);
            }
            Kind::Mark(mark) => {
                if mark == '|' && draft.full() {
                    finish(&mut draft, &mut done, &mut role);
                }
                if !matches!(mark, '(' | ')' | 't') {
                    last_mark = Some(last_mark.map_or(mark, |m| if m == mark || m == '.' { mark } else { '?' }));
                }
            }
            Kind::Unknown | Kind::Byline => last_mark = Some('?'),
            // "ora 14:05": beside a time it speaks of the time.
            Kind::Word { .. }
                if token.means(|m| m == Meaning::TimeWord) && clocks.iter().any(|clock| clock.first == at + 1) =>
            {
                last_mark = None;
            }
            Kind::Word { .. } => word(line, at, token, &mut draft, &mut done, &mut role, &mut last_mark),
        }
        at += 1;
    }
    finish(&mut draft, &mut done, &mut role);
    if done.is_empty() {
        return None;
    }
    // A label at the end speaks of what stands before it: 2024年1月17日に公開.
    if let (Some(role), Some(last)) = (role, done.last_mut())
        && last.role.is_none()
    {
        last.role = Some(role);
    }
    deal_clocks(&clocks, &mut done, line);
    Some(done)
}

/// The year of our count that stands in brackets between that of an era and its unit.
fn year_in_brackets(line: &Line<'_>, at: usize) -> Option<u32> {
    let bracketed = line.mark(at + 1) == Some('(') && line.mark(at + 3) == Some(')');
    let (year, _) = line.number(at + 2).filter(|&(value, digits)| digits == 4 && (1900..=2100).contains(&value))?;
    (bracketed && line.means(at + 4, |m| m == Meaning::YearMark)).then_some(year)
}

/// "Published: 7:49, 2 Nov 2023 Updated: 8:24, 2 Nov 2023": where the first time stands in front of its date, so does
/// each that a date follows.
fn leads(clock: &Clock, drafts: &[Draft], line: &Line<'_>) -> bool {
    let starts = |from: usize| {
        let mark = usize::from(matches!(line.mark(from), Some(',' | '-' | '|')));
        drafts.iter().any(|d| d.span.is_some_and(|(first, _)| first == from + mark))
    };
    let first = drafts.first().and_then(|d| d.span).map_or(0, |(first, _)| first);
    let opens = |clock: &Clock| clock.end <= first;
    !opens(clock) && starts(clock.end) && drafts.first().and_then(|d| d.clock).is_some_and(|c| opens(&c))
}

/// Each time goes to the date before it, or else to the first.
fn deal_clocks(clocks: &[Clock], drafts: &mut Vec<Draft>, line: &Line<'_>) {
    let mut extra = Vec::new();
    for clock in clocks {
        let before = drafts.iter().rposition(|d| d.span.is_some_and(|(first, _)| first < clock.first));
        let before = if leads(clock, drafts, line) { before.map(|i| i + 1) } else { before };
        let target = before.unwrap_or(0);
        let Some(draft) = drafts.get_mut(target) else { continue };
        if draft.clock.is_none() {
            draft.clock = Some(*clock);
        } else if before.is_some() {
            // "17 January 2024 14:05, updated 15:30": the second time is that of the change.
            let from = draft.clock.map_or(0, |c| c.end);
            let changed = (from..clock.first).any(|i| line.means(i, |m| m == Meaning::Updated));
            if changed {
                let mut second = draft.clone();
                second.clock = Some(*clock);
                second.role = Some(Role::Updated);
                extra.push(second);
            }
        }
    }
    drafts.extend(extra);
    // One time for the same day in two calendars; but not that of a change for the day of the publication.
    if let [only] = clocks
        && !drafts.iter().any(|d| d.clock.is_some() && d.role == Some(Role::Updated))
    {
        drafts.iter_mut().filter(|d| d.clock.is_none() && d.role.is_none()).for_each(|d| d.clock = Some(*only));
    }
}

fn finish(draft: &mut Draft, done: &mut Vec<Draft>, role: &mut Option<Role>) {
    let mut finished = std::mem::take(draft);
    if finished.has_date() {
        finished.role = finished.role.or(role.take());
        done.push(finished);
    } else if let Some(last) = done.last_mut() {
        // A weekday or an era that came after its date.
        if last.weekdays.is_empty() {
            last.weekdays = finished.weekdays;
        }
    }
}

fn word(
    line: &Line<'_>,
    at: usize,
    token: &Token,
    draft: &mut Draft,
    done: &mut Vec<Draft>,
    role: &mut Option<Role>,
    last_mark: &mut Option<char>,
) {
    let senses = token.senses();
    // "2556 BE": after a year an era is an era.
    let era_here = at > 0
        && line.number(at - 1).is_some_and(|(value, _)| value > 31)
        && token.means(|m| matches!(m, Meaning::Era(_)));
    let weekdays = if era_here { Vec::new() } else { line.weekdays_of(token) };
    let months = if era_here { Vec::new() } else { line.months_at(at, token) };
    // Another word that can only be the month: then this one is a weekday, or a preposition.
    let between_numbers = |i: usize| {
        let marked = |i: usize| usize::from(matches!(line.mark(i), Some('.' | ',' | '-' | '/')));
        let after = i + 1 + marked(i + 1);
        let before = i.checked_sub(1).and_then(|i| i.checked_sub(marked(i)));
        before.is_some_and(|i| line.is_number(i)) && line.is_number(after)
    };
    let other_month = || {
        line.tokens.iter().enumerate().any(|(i, t)| {
            let other_use = t.means(|m| matches!(m, Meaning::Filler | Meaning::Am | Meaning::Pm | Meaning::Zone(_)));
            i != at
                && !other_use
                && !line.is_minor(t)
                && !line.months_of(t).is_empty()
                // "Sat - 10 Mar 2018": both are months somewhere, and weekdays elsewhere.
                && (line.weekdays_of(t).is_empty() || between_numbers(i) && !between_numbers(at))
        })
    };
    let unit_of_number = at > 0
        && line.is_number(at - 1)
        && token.means(|m| matches!(m, Meaning::YearMark | Meaning::MonthMark | Meaning::DayMark));
    if unit_of_number && (months.is_empty() || unspaced_token(line, token)) {
        draft.grow(at);
        *last_mark = None;
        return;
    }
    let filler = token.means(|m| m == Meaning::Filler);
    // A name of a small language only (jane, law) is a month beside a number, and gives way to any other month.
    let weak = filler || line.is_minor(token);
    let agency = || token.means(|m| m == Meaning::Agency);
    // "29 feb | 1 mar 2024": between its day and its year it is the month.
    let is_weekday = !weekdays.is_empty() && !between_numbers(at);
    // "AP - 16/05/2020".
    let is_source = agency() && line.mark(at + 1) == Some('-') && line.spaced(at + 2);
    let gives_way = is_source || (weak || is_weekday || agency()) && other_month() || weak && !beside_number(line, at);
    if !months.is_empty() && !gives_way {
        let same: Vec<(Calendar, u8)> = draft.months.iter().filter(|m| months.contains(m)).copied().collect();
        if draft.months.is_empty() && draft.numbers.len() < 3 {
            draft.months = months;
        } else if !same.is_empty() && !draft.full() && draft.month_token.is_some_and(|m| at - m <= 4) {
            draft.months = same;
        } else {
            let moved = if draft.numbers.len() == 2
                && draft.numbers.last().is_some_and(|n| n.value <= 31 && n.token + 2 >= at && n.unit.is_none())
            {
                draft.numbers.pop()
            } else {
                None
            };
            finish(draft, done, role);
            draft.numbers.extend(moved);
            draft.months = months;
        }
        draft.month_token = Some(at);
        draft.thai |=
            line.text.get(token.start..).is_some_and(|t| t.starts_with(|c| ('\u{0E00}'..='\u{0E7F}').contains(&c)));
        draft.grow(at);
        *last_mark = None;
        return;
    }
    let preposition = filler && token.end - token.start <= 3;
    if !weekdays.is_empty() && !preposition {
        if draft.weekdays.is_empty() {
            draft.weekdays = weekdays;
            draft.grow(at);
        } else if draft.full() {
            finish(draft, done, role);
            draft.weekdays = weekdays;
            draft.grow(at);
        }
        return;
    }
    for sense in senses {
        match sense.meaning {
            Meaning::JapaneseEra(era) => {
                if draft.full() && draft.era.is_some() {
                    finish(draft, done, role);
                }
                draft.era = Some(Calendar::Japanese);
                draft.era_base = Some(era_base(era));
                draft.grow(at);
                return;
            }
            Meaning::Era(_) if !filler || token.end - token.start > 3 => {
                let calendar = era_of(token, draft);
                let beside = at > 0 && line.is_number(at - 1)
                    || line.is_number(at + 1)
                    || draft.full()
                    || draft.numbers.is_empty();
                if beside && (draft.era.is_none() || calendar == Calendar::Gregory && draft.era_base.is_none()) {
                    draft.era = draft.era.or(Some(calendar));
                    draft.grow(at);
                }
                *last_mark = None;
                return;
            }
            _ => {}
        }
    }
    let weak = filler
        || token.end - token.start <= 3
            && line.text.is_char_boundary(token.start)
            && line.text.as_bytes().get(token.start).is_some_and(u8::is_ascii);
    for sense in senses {
        let labelled = match sense.meaning {
            Meaning::Published if !weak => Role::Published,
            Meaning::Updated => Role::Updated,
            Meaning::Same => {
                finish(draft, done, role);
                return;
            }
            _ => continue,
        };
        if draft.has_date() {
            let incomplete = draft.numbers.is_empty();
            if !incomplete {
                // Japanese and Korean labels may stand behind; then no date follows, and `drafts` gives it back.
                finish(draft, done, role);
            }
        }
        *role = Some(labelled);
        return;
    }
}
