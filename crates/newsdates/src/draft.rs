//! A draft: a date of which only the slots are known, and what comes of it.
//!
//! [`super::drafts`] fills the slots, [`super::resolve`] says what they mean.

use super::reading::{Calendar, Date, Order, Role};
use super::times::Clock;

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
    /// Its tokens reach to this one.
    pub(super) fn grow(&mut self, at: usize) {
        let (first, _) = self.span.unwrap_or((at, at));
        self.span = Some((first, at));
    }

    /// Are its slots taken?
    pub(super) fn is_full(&self) -> bool {
        self.numbers.len() >= if self.months.is_empty() { 3 } else { 2 }
            || self.numbers.first().is_some_and(|n| n.digits == 8)
    }

    pub(super) fn has_date(&self) -> bool {
        !self.numbers.is_empty() || !self.months.is_empty()
    }
}

/// What a draft says.
#[derive(Debug, Clone, Default)]
pub(super) struct Resolved {
    /// Its date; `None` where nothing settles it.
    pub(super) date: Option<Date>,
    /// What it may be, where nothing settles it.
    pub(super) candidates: Vec<Date>,
    pub(super) calendar: Option<Calendar>,
    /// The order that this date shows by itself.
    pub(super) order: Option<Order>,
    /// What each number was taken for, by its place in the draft.
    pub(super) parts: [Option<Part>; 3],
}

/// What a number of a date was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Year,
    Month,
    Day,
    /// Nothing tells which of the two.
    DayOrMonth,
    /// 20240117
    Whole,
}
