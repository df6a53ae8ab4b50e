//! The rules by which a line is a date stamp or none: one table, in which each has a name, a sentence and two examples.
//!
//! A rule *accepts* (it lets something stand beside a date, or decides what a word or a number is) or *rejects* (the line
//! goes back to the body). It is *context-free*, asked once while a line is parsed, or *contextual*, asked each time that
//! the line is read, since it needs the dates of the line, the language or the time of the fetch. The conditions stand
//! where the line is read, and name their rule in what they return; `tests/rules.rs` asks each rule about its examples.

mod table;

pub use table::{RULES, RuleId};

use super::reading::{Context, Date, Order};
use std::cell::RefCell;

/// When a rule is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// While a line is parsed: its answer is the same in every context, and a cache of lines keeps it.
    ContextFree,
    /// While a parsed line is read: it needs the line's dates, the language or the time of the fetch.
    Contextual,
}

/// What a rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It lets something stand, or decides what something is.
    Accepts,
    /// The line is no date stamp.
    Rejects,
}

impl Verdict {
    /// `accepted` or `rejected`.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Accepts => "accepted",
            Verdict::Rejects => "rejected",
        }
    }
}

/// What is known around the examples of a rule, besides the time of the fetch (2024-01-18T10:00:00Z).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Around {
    /// Nothing.
    Nothing,
    /// Not even the time of the fetch.
    NotFetched,
    /// The language.
    Language(&'static str),
    /// How the document's other dates are ordered.
    Order(Order),
    /// Another date of the document.
    Near(Date),
}

impl Around {
    /// The context of the examples.
    pub fn context(self) -> Context<'static> {
        let context = Context { now: Some(EXAMPLES_FETCHED), ..Context::default() };
        match self {
            Around::Nothing => context,
            Around::NotFetched => Context { now: None, ..context },
            Around::Language(language) => Context { language: Some(language), ..context },
            Around::Order(order) => Context { order: Some(order), ..context },
            Around::Near(date) => Context { near: Some(date), ..context },
        }
    }
}

/// When the examples of all rules were fetched: 2024-01-18T10:00:00Z, in milliseconds since 1970.
const EXAMPLES_FETCHED: i64 = 1_705_572_000_000;

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Which rule it is.
    pub id: RuleId,
    /// When it is asked.
    pub phase: Phase,
    /// What it says.
    pub verdict: Verdict,
    /// What it says, in a sentence.
    pub says: &'static str,
    /// A line in which it accepts something, or that it rejects.
    pub example: &'static str,
    /// A line much like it, to which the rule does not apply; a date stamp, where it is a rule that rejects.
    pub counterexample: &'static str,
    /// What is known around the two.
    pub around: Around,
}

impl RuleId {
    /// Its row of the table.
    pub fn rule(self) -> &'static Rule {
        // The table has the order of the enum: `tests/rules.rs` compares them.
        &RULES[self as usize]
    }
}

/// Notes the rules that accept something while a line is read, where somebody wants to know.
#[derive(Clone, Copy)]
pub(super) struct Trace<'t>(Option<&'t RefCell<Vec<RuleId>>>);

impl<'t> Trace<'t> {
    /// Notes nothing.
    pub(super) const OFF: Trace<'static> = Trace(None);

    /// Notes in `fired`, each rule once.
    pub(super) fn new(fired: &'t RefCell<Vec<RuleId>>) -> Self {
        Trace(Some(fired))
    }

    /// Does anybody want to know?
    pub(super) fn is_on(self) -> bool {
        self.0.is_some()
    }

    /// A rule has accepted something.
    #[inline]
    pub(super) fn fired(self, rule: RuleId) {
        if let Some(fired) = self.0 {
            note(fired, rule);
        }
    }
}

#[cold]
fn note(fired: &RefCell<Vec<RuleId>>, rule: RuleId) {
    let mut fired = fired.borrow_mut();
    if !fired.contains(&rule) {
        fired.push(rule);
    }
}
