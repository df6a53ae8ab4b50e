//! Date stamp or mention: a line is a date stamp when all of it is explained.
//!
//! [`parse`] takes the line apart and asks all rules that need nothing but the line; [`Parsed::read`] draws up the dates
//! in their context, resolves them, and asks the rules that need them. [`read`] is both in one, on buffers that lines of
//! a thread share. A rule that rejects ends the matter: the line goes back to the body.

use super::fold::Folded;
use super::line::{TokenLine, primary_language};
use super::prefilter::LONGEST;
use super::reading::{Context, DateStamp, Reading};
use super::readings::Solved;
use super::rules::{RuleId, Trace};
use super::token::Token;
use super::{counts, machine, mentions, other_dates, readings, relative, tokens, unknown_tokens};
use std::cell::Cell;
use std::sync::Arc;

/// Buffers that lines of a thread share, so that most of them cost no allocation. They carry nothing from one line to
/// the next.
#[derive(Default)]
struct Scratch {
    folded: Folded,
    tokens: Vec<Token>,
}

thread_local! {
    static SCRATCH: Cell<Scratch> = Cell::default();
}

/// A line taken apart, without anything of what is known around it: what a cache of lines keeps.
#[derive(Debug)]
pub struct Parsed {
    /// Where the text that was parsed starts in the line as given.
    offset: usize,
    /// A form of a machine, spelled as others are, and its length as written. What it is read as comes first.
    compact: Option<(Box<Parsed>, usize)>,
    line: Option<Kept>,
}

/// What is kept of a line.
#[derive(Debug)]
enum Kept {
    /// It says the same in every context.
    Settled(Arc<DateStamp>),
    Open(Box<Parts>),
}

/// The parts of a line that needs a context.
#[derive(Debug)]
struct Parts {
    source: Box<str>,
    folded: Folded,
    tokens: Box<[Token]>,
    /// Have its words been classified? (A few are day periods in one language, and prepositions elsewhere.)
    classified: bool,
}

impl Parsed {
    /// The date stamp that the line is in a context, the same as [`super::read_line`] finds. `None` where the context
    /// says that it is none.
    pub fn read(&self, context: &Context<'_>) -> Option<Arc<DateStamp>> {
        if let Some((spelled, length)) = &self.compact
            && let Some(stamp) = spelled.read(context)
            && let Some(reading) = stamp.dates.first()
        {
            let reading = Reading { span: self.offset..self.offset + length, ..reading.clone() };
            return Some(Arc::new(DateStamp { dates: vec![reading] }));
        }
        match self.line.as_ref()? {
            Kept::Settled(stamp) => Some(Arc::clone(stamp)),
            Kept::Open(parts) => Some(Arc::new(parts.read(context).ok()?.shifted(self.offset))),
        }
    }

    /// May its answer depend on the context? Where not, any will do.
    pub fn needs_context(&self) -> bool {
        self.compact.is_some() || !matches!(self.line, Some(Kept::Settled(_)))
    }
}

impl Parts {
    fn read(&self, context: &Context<'_>) -> Result<DateStamp, RuleId> {
        let language = primary_language(context);
        let line = TokenLine::new((&self.source, &self.folded), &self.tokens, (context, &language), Trace::OFF);
        if !self.classified {
            classify(&line)?;
        }
        date(&line)
    }
}

/// Parses the text of a line that starts at byte `offset` of the line as given.
pub(super) fn parse(text: &str, offset: usize) -> Result<Parsed, RuleId> {
    check_characters(text)?;
    let mut scratch = SCRATCH.take();
    let parsed = parse_with(text, offset, &mut scratch);
    SCRATCH.set(scratch);
    parsed
}

fn parse_with(text: &str, offset: usize, scratch: &mut Scratch) -> Result<Parsed, RuleId> {
    let Scratch { folded, tokens } = scratch;
    folded.fold(text);
    let mut compact = None;
    if folded.text.starts_with(|c: char| c.is_ascii_digit()) {
        if let Some(reading) = machine::plain(&folded.text, text.len()) {
            let stamp = Arc::new(DateStamp { dates: vec![reading] }.shifted(offset));
            return Ok(Parsed { offset, compact, line: Some(Kept::Settled(stamp)) });
        }
        let spelled = machine::spelled(&folded.text).and_then(|spelled| parse(&spelled, 0).ok());
        compact = spelled.map(|parsed| (Box::new(parsed), folded.text.len()));
    }
    match keep(text, offset, folded, tokens) {
        Ok(line) => Ok(Parsed { offset, compact, line: Some(line) }),
        Err(rule) if compact.is_none() => Err(rule),
        Err(_) => Ok(Parsed { offset, compact, line: None }),
    }
}

fn keep(text: &str, offset: usize, folded: &Folded, tokens: &mut Vec<Token>) -> Result<Kept, RuleId> {
    tokens::tokens(folded, text, tokens, Trace::OFF)?;
    counts::leave_out(tokens, Trace::OFF);
    let context = Context::default();
    let line = TokenLine::new((text, folded), tokens, (&context, ""), Trace::OFF);
    let verdict = classify(&line);
    let classified = !line.is_context_asked();
    if classified {
        verdict?;
        let dated = date(&line);
        // A verdict for which nobody asked for the context holds in each.
        if !line.is_context_asked() {
            return Ok(Kept::Settled(Arc::new(dated?.shifted(offset))));
        }
    }
    let (source, folded, tokens) = (text.into(), folded.clone(), tokens.as_slice().into());
    Ok(Kept::Open(Box::new(Parts { source, folded, tokens, classified })))
}

/// Reads the text of a line in its context.
pub(super) fn read(text: &str, context: &Context<'_>, trace: Trace<'_>) -> Result<DateStamp, RuleId> {
    check_characters(text)?;
    let mut scratch = SCRATCH.take();
    let stamp = read_with(text, context, &mut scratch, trace);
    SCRATCH.set(scratch);
    stamp
}

fn read_with(text: &str, context: &Context<'_>, scratch: &mut Scratch, trace: Trace<'_>) -> Result<DateStamp, RuleId> {
    let Scratch { folded, tokens } = scratch;
    folded.fold(text);
    if let Some(reading) = machine_form(folded, text, context, trace) {
        return Ok(DateStamp { dates: vec![reading] });
    }
    tokens::tokens(folded, text, tokens, trace)?;
    counts::leave_out(tokens, trace);
    let language = primary_language(context);
    let line = TokenLine::new((text, folded), tokens, (context, &language), trace);
    classify(&line)?;
    date(&line)
}

/// The date of a line that is a form of a machine.
pub(super) fn machine_form(folded: &Folded, text: &str, context: &Context<'_>, trace: Trace<'_>) -> Option<Reading> {
    if !folded.text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if let Some(reading) = machine::plain(&folded.text, text.len()) {
        trace.fired(RuleId::MachineForm);
        return Some(reading);
    }
    let spelled = machine::spelled(&folded.text)?;
    let reading = read(&spelled, context, Trace::OFF).ok()?.dates.into_iter().next()?;
    trace.fired(RuleId::CompactForm);
    Some(Reading { span: 0..folded.text.len(), ..reading })
}

/// What no date stamp holds, by its bytes.
pub(super) fn check_characters(text: &str) -> Result<(), RuleId> {
    if text.len() > LONGEST {
        return Err(RuleId::LineLength);
    }
    if text.bytes().any(|byte| byte.is_ascii() && mentions::is_foreign(byte.into())) {
        return Err(RuleId::ForeignMark);
    }
    if has_address(text) {
        return Err(RuleId::Address);
    }
    Ok(())
}

/// An @ that stands before no number, as it does in "Mar 12, 2020 @ 10:42 am".
fn has_address(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'@', bytes).any(|at| {
        let behind = bytes.get(at + 1..).unwrap_or_default();
        let timed = behind.trim_ascii_start().first().is_some_and(u8::is_ascii_digit);
        !timed || at == 0 || bytes.get(at - 1).is_some_and(u8::is_ascii_alphabetic)
    })
}

/// Asks the rules that need the words of the line alone.
pub(super) fn classify(line: &TokenLine<'_>) -> Result<(), RuleId> {
    unknown_tokens::check(line)?;
    mentions::check(line)
}

/// The dates of a line whose words are classified.
pub(super) enum Dates {
    /// By how long before the fetch they were.
    Relative(Vec<Reading>),
    /// By their numbers and months.
    Solved(Solved),
}

impl Dates {
    /// The readings, their spans in the folded text.
    pub(super) fn readings(&self, line: &TokenLine<'_>) -> Vec<Reading> {
        match self {
            Dates::Relative(readings) => readings.clone(),
            Dates::Solved(solved) => readings::readings(line, &solved.dates),
        }
    }
}

/// The dates of a line whose words are classified, or the rule by which it has none.
pub(super) fn dates_of(line: &TokenLine<'_>) -> Result<Dates, RuleId> {
    match relative::dates(line) {
        Ok(readings) if !readings.is_empty() => Ok(Dates::Relative(readings)),
        relative => match readings::solve(line) {
            Ok(solved) => Ok(Dates::Solved(solved)),
            Err(rule) => Err(relative.err().unwrap_or(rule)),
        },
    }
}

/// The date stamp that a line whose words are classified is in its context.
fn date(line: &TokenLine<'_>) -> Result<DateStamp, RuleId> {
    let mut dates = dates_of(line)?.readings(line);
    other_dates::check(line, &dates)?;
    for reading in &mut dates {
        reading.span = line.source_span(&reading.span);
    }
    Ok(DateStamp { dates })
}
