//! Drafts: tokens are dealt out, from left to right, to the slots of one date after the other.
//!
//! A draft is a date of which only the slots are known: numbers, month names, weekday, era. A token that no longer
//! fits opens the next draft. [`super::resolve`] then finds out what a draft says. Nothing is thrown away silently: a
//! number that finds no slot makes the line no date stamp.

use super::disambiguate::{beside_number, era_base, era_of, unit, unspaced_token};
use super::draft::{Draft, Number, Unit};
use super::lexicon::Meaning;
use super::line::TokenLine;
use super::reading::{Calendar, Role};
use super::rules::RuleId;
use super::times::{Clock, clocks, zone_apart};
use super::token::{Kind, Token};

/// The drafts of a line, with their times. `dotted`: also take 14.05 for a time where nothing beside it says so.
pub(super) fn drafts(line: &TokenLine<'_>, dotted: bool) -> Result<Vec<Draft>, RuleId> {
    let mut dealer = Dealer {
        line,
        clocks: clocks(line, dotted),
        done: Vec::new(),
        draft: Draft::default(),
        role: None,
        last_mark: None,
    };
    let mut at = 0;
    while let Some(token) = line.tokens.get(at) {
        at = dealer.deal(at, token);
    }
    dealer.finish();
    let Dealer { clocks, mut done, role, .. } = dealer;
    // A label at the end speaks of what stands before it: 2024年1月17日に公開.
    let Some(last) = done.last_mut() else { return Err(RuleId::NoDate) };
    if last.role.is_none() {
        last.role = role;
    }
    deal_clocks(&clocks, &mut done, line);
    Ok(done)
}

/// Deals tokens to drafts.
struct Dealer<'a> {
    line: &'a TokenLine<'a>,
    clocks: Vec<Clock>,
    done: Vec<Draft>,
    draft: Draft,
    /// What a label said of the next date.
    role: Option<Role>,
    last_mark: Option<char>,
}

impl Dealer<'_> {
    /// Deals the token at a place, and says where the next one is.
    fn deal(&mut self, at: usize, token: &Token) -> usize {
        let line = self.line;
        if let Some(clock) = self.clocks.iter().find(|c| c.first <= at && at < c.end) {
            self.last_mark = None;
            return clock.end;
        }
        if let Some((minutes, end)) = zone_apart(line, at) {
            self.clocks.iter_mut().filter(|c| c.offset.is_none()).for_each(|c| c.offset = Some(minutes));
            return end;
        }
        match token.kind {
            Kind::Number { value, digits } => return self.number(at, value, digits),
            Kind::EraLetter(era) => {
                self.draft.era = Some(Calendar::Japanese);
                self.draft.era_base = Some(era_base(era));
                self.draft.grow(at);
            }
            Kind::BracketWeekday(day) => {
                self.draft.weekdays = vec![day];
                self.draft.grow(at);
            }
            Kind::Mark(mark) => {
                if mark == '|' && self.draft.is_full() {
                    self.finish();
                }
                if !matches!(mark, '(' | ')' | 't') {
                    let joined = |last| if last == mark || last == '.' { mark } else { '?' };
                    self.last_mark = Some(self.last_mark.map_or(mark, joined));
                }
            }
            Kind::Unknown | Kind::Byline => self.last_mark = Some('?'),
            // "ora 14:05": beside a time it speaks of the time.
            Kind::Word { .. }
                if token.means(|m| m == Meaning::TimeWord) && self.clocks.iter().any(|clock| clock.first == at + 1) =>
            {
                self.last_mark = None;
            }
            Kind::Word { .. } => self.word(at, token),
        }
        at + 1
    }

    fn number(&mut self, at: usize, value: u32, digits: u8) -> usize {
        let (line, draft) = (self.line, &mut self.draft);
        if (1..=3).contains(&digits)
            && let Some(year) = year_in_brackets(line, at)
        {
            // 令和6(2024)年, 주체113(2024)년.
            (draft.era, draft.era_base) = (None, None);
            draft.numbers.push(Number { value: year, digits: 4, unit: Some(Unit::Year), mark: None, token: at + 2 });
            draft.grow(at + 4);
            return at + 5;
        }
        let unit = unit(line, at, draft);
        if draft.era_base.is_some()
            && unit == Some(Unit::Year)
            && draft.numbers.iter().any(|n| n.unit == Some(Unit::Year))
        {
            // 2008年（平成20年）11月11日 says its year twice.
            (draft.era, draft.era_base) = (None, None);
            return at + 2;
        }
        if draft.is_full() {
            self.finish();
        }
        let mark = self.last_mark.take();
        self.draft.numbers.push(Number { value, digits, unit, mark, token: at });
        self.draft.grow(at);
        at + 1
    }

    /// Ends the draft, and opens the next one.
    fn finish(&mut self) {
        let mut finished = std::mem::take(&mut self.draft);
        if finished.has_date() {
            finished.role = finished.role.or(self.role.take());
            self.done.push(finished);
        } else if let Some(last) = self.done.last_mut() {
            // A weekday or an era that came after its date.
            if last.weekdays.is_empty() {
                last.weekdays = finished.weekdays;
            }
        }
    }

    fn word(&mut self, at: usize, token: &Token) {
        let line = self.line;
        // "2556 BE": after a year an era is an era.
        let era_here = at > 0
            && line.number(at - 1).is_some_and(|(value, _)| value > 31)
            && token.means(|m| matches!(m, Meaning::Era(_)));
        let weekdays = if era_here { Vec::new() } else { line.weekdays_of(token) };
        let months = if era_here { Vec::new() } else { line.months_at(at, token) };
        let unit_of_number = at > 0
            && line.is_number(at - 1)
            && token.means(|m| matches!(m, Meaning::YearMark | Meaning::MonthMark | Meaning::DayMark));
        if unit_of_number && (months.is_empty() || unspaced_token(line, token)) {
            self.draft.grow(at);
            self.last_mark = None;
            return;
        }
        if !months.is_empty() && !gives_way(line, at, token, !weekdays.is_empty()) {
            self.month(at, token, months);
            return;
        }
        let filler = token.means(|m| m == Meaning::Filler);
        let preposition = filler && token.end - token.start <= 3;
        if !weekdays.is_empty() && !preposition {
            if self.draft.is_full() && !self.draft.weekdays.is_empty() {
                self.finish();
            }
            if self.draft.weekdays.is_empty() {
                self.draft.weekdays = weekdays;
                self.draft.grow(at);
            }
            return;
        }
        if !self.era(at, token) {
            self.label(token);
        }
    }

    fn month(&mut self, at: usize, token: &Token, months: Vec<(Calendar, u8)>) {
        let draft = &self.draft;
        let same: Vec<(Calendar, u8)> = draft.months.iter().filter(|m| months.contains(m)).copied().collect();
        if draft.months.is_empty() && draft.numbers.len() < 3 {
            self.draft.months = months;
        } else if !same.is_empty() && !draft.is_full() && draft.month_token.is_some_and(|m| at - m <= 4) {
            self.draft.months = same;
        } else {
            // The day of the next date.
            let is_next = |n: &Number| n.value <= 31 && n.token + 2 >= at && n.unit.is_none();
            let moves = draft.numbers.len() == 2 && draft.numbers.last().is_some_and(is_next);
            let moved = if moves { self.draft.numbers.pop() } else { None };
            self.finish();
            self.draft.numbers.extend(moved);
            self.draft.months = months;
        }
        self.draft.month_token = Some(at);
        let text = self.line.text.get(token.start..);
        self.draft.thai |= text.is_some_and(|t| t.starts_with(|c| ('\u{0E00}'..='\u{0E7F}').contains(&c)));
        self.draft.grow(at);
        self.last_mark = None;
    }

    /// Takes a word for an era, if it is one.
    fn era(&mut self, at: usize, token: &Token) -> bool {
        let line = self.line;
        let filler = token.means(|m| m == Meaning::Filler);
        for sense in token.senses() {
            match sense.meaning {
                Meaning::JapaneseEra(era) => {
                    if self.draft.is_full() && self.draft.era.is_some() {
                        self.finish();
                    }
                    self.draft.era = Some(Calendar::Japanese);
                    self.draft.era_base = Some(era_base(era));
                    self.draft.grow(at);
                    return true;
                }
                Meaning::Era(_) if !filler || token.end - token.start > 3 => {
                    let draft = &mut self.draft;
                    let calendar = era_of(token, draft);
                    let beside = at > 0 && line.is_number(at - 1)
                        || line.is_number(at + 1)
                        || draft.is_full()
                        || draft.numbers.is_empty();
                    if beside && (draft.era.is_none() || calendar == Calendar::Gregory && draft.era_base.is_none()) {
                        draft.era = draft.era.or(Some(calendar));
                        draft.grow(at);
                    }
                    self.last_mark = None;
                    return true;
                }
                _ => {}
            }
        }
        false
    }

    /// Takes a word for a label of the next date, if it is one.
    fn label(&mut self, token: &Token) {
        let weak = token.means(|m| m == Meaning::Filler)
            || token.end - token.start <= 3
                && self.line.text.is_char_boundary(token.start)
                && self.line.text.as_bytes().get(token.start).is_some_and(u8::is_ascii);
        for sense in token.senses() {
            let role = match sense.meaning {
                Meaning::Published if !weak => Role::Published,
                Meaning::Updated => Role::Updated,
                Meaning::Same => {
                    self.finish();
                    return;
                }
                _ => continue,
            };
            if !self.draft.numbers.is_empty() {
                // Japanese and Korean labels may stand behind; then no date follows, and `drafts` gives it back.
                self.finish();
            }
            self.role = Some(role);
            return;
        }
    }
}

/// Does the name of a month stand for something else here, because another word can only be the month?
fn gives_way(line: &TokenLine<'_>, at: usize, token: &Token, may_be_weekday: bool) -> bool {
    // "29 feb | 1 mar 2024": between its day and its year it is the month.
    let between_numbers = |i: usize| {
        let marked = |i: usize| usize::from(matches!(line.mark(i), Some('.' | ',' | '-' | '/')));
        let after = i + 1 + marked(i + 1);
        let before = i.checked_sub(1).and_then(|i| i.checked_sub(marked(i)));
        before.is_some_and(|i| line.is_number(i)) && line.is_number(after)
    };
    // Another word that can only be the month: then this one is a weekday, or a preposition.
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
    // A name of a small language only (jane, law) is a month beside a number, and gives way to any other month.
    let weak = token.means(|m| m == Meaning::Filler) || line.is_minor(token);
    let agency = token.means(|m| m == Meaning::Agency);
    // "AP - 16/05/2020".
    let is_source = agency && line.mark(at + 1) == Some('-') && line.spaced(at + 2);
    let is_weekday = may_be_weekday && !between_numbers(at);
    is_source || (weak || is_weekday || agency) && other_month() || weak && !beside_number(line, at)
}

/// The year of our count that stands in brackets between that of an era and its unit.
fn year_in_brackets(line: &TokenLine<'_>, at: usize) -> Option<u32> {
    let bracketed = line.mark(at + 1) == Some('(') && line.mark(at + 3) == Some(')');
    let (year, _) = line.number(at + 2).filter(|&(value, digits)| digits == 4 && (1900..=2100).contains(&value))?;
    (bracketed && line.means(at + 4, |m| m == Meaning::YearMark)).then_some(year)
}

/// "Published: 7:49, 2 Nov 2023 Updated: 8:24, 2 Nov 2023": where the first time stands in front of its date, so does
/// each that a date follows.
fn leads(clock: &Clock, drafts: &[Draft], line: &TokenLine<'_>) -> bool {
    let starts = |from: usize| {
        let mark = usize::from(matches!(line.mark(from), Some(',' | '-' | '|')));
        drafts.iter().any(|d| d.span.is_some_and(|(first, _)| first == from + mark))
    };
    let first = drafts.first().and_then(|d| d.span).map_or(0, |(first, _)| first);
    let opens = |clock: &Clock| clock.end <= first;
    !opens(clock) && starts(clock.end) && drafts.first().and_then(|d| d.clock).is_some_and(|c| opens(&c))
}

/// Each time goes to the date before it, or else to the first.
fn deal_clocks(clocks: &[Clock], drafts: &mut Vec<Draft>, line: &TokenLine<'_>) {
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
