#![doc = include_str!("../README.md")]
//!
//! ## Steps
//! ```text
//! parse (the line alone)
//!   line ─prefilter→ ─fold→ one spelling ─tokens→ words of the lexicon with all their meanings, numbers, marks
//!        ─unknown_tokens, mentions→ may a date stamp carry these words?
//! read (in a context: language, time of the fetch, the document's other dates)
//!        ─times→ clocks and zones ─drafts→ slots ─resolve, order→ dates ─other_dates→ are they the page's?
//! ```
//!
//! Each arrow that may reject a line names the rule by which it does ([`RuleId`]; [`RULES`] has them all).
//!
//! The lexicon holds all languages at once; a language is never needed to read a date, it only breaks ties. Where
//! nothing settles a reading it stays open ([`Reading::value`] is `None`), and the candidates are kept.

mod calendars;
mod counts;
mod dateline;
mod disambiguate;
mod draft;
mod drafts;
mod events;
mod explain;
mod field;
mod fold;
mod lexicon;
mod line;
mod machine;
mod mentions;
mod missing_whitespace;
mod name_tokens;
mod names;
mod numerals;
mod order;
mod other_dates;
mod pieces;
mod prefilter;
#[cfg(test)]
mod prefilter_tests;
mod reading;
mod readings;
mod relative;
mod resolve;
mod rules;
mod signatures;
mod stamp;
mod times;
mod token;
mod tokens;
mod unknown_tokens;

pub use explain::{Explained, Explanation};
pub use reading::{
    Calendar, Context, Date, DateStamp, Dateline, Order, Position, Precision, Reading, Role, Time, Value,
};
pub use rules::{Around, Phase, RULES, Rule, RuleId, Verdict};
pub use stamp::Parsed;

/// Could this line be a date stamp at all? A cheap prefilter (length, digits, spaces): `false` is final, `true` means
/// that [`read_line`] has to decide. Allocation-free.
pub fn may_be_date_line(line: &str) -> bool {
    prefilter::check(line).is_ok()
}

/// Parses a line without any context: its words with all their meanings, and every rule that needs nothing else. `None`
/// where one of them says that it is no date stamp. What is known around the line comes in by [`Parsed::read`], so that
/// one parse serves all articles that hold the line.
pub fn parse(line: &str) -> Option<Parsed> {
    prefilter::check(line).ok()?;
    let (trimmed, offset) = trimmed(line);
    stamp::parse(trimmed, offset).ok()
}

/// Reads a line as a date stamp: [`parse`] and [`Parsed::read`] in one, without the allocations of a parse that is kept.
/// `None` where it is none (a sentence that mentions a date is not).
pub fn read_line(line: &str, context: &Context<'_>) -> Option<DateStamp> {
    prefilter::check(line).ok()?;
    let (trimmed, offset) = trimmed(line);
    Some(stamp::read(trimmed, context, rules::Trace::OFF).ok()?.shifted(offset))
}

/// A line without the white space around it, and where that starts in the line: spans are those of the line as given.
/// What East Asian agencies set in front is left out as well: (서울=연합뉴스), (中央社記者…3日電).
fn trimmed(line: &str) -> (&str, usize) {
    const LONGEST: usize = 64;
    let text = line.trim_start();
    let place = text.strip_prefix('(').filter(|rest| !rest.is_ascii()).and_then(|rest| rest.split_once(')'));
    let is_place = |inside: &str| {
        inside.len() <= LONGEST && !inside.is_ascii() && (inside.contains('=') || inside.ends_with(['電', '电']))
    };
    let text = match place {
        Some((inside, rest)) if is_place(inside) => rest.trim_start(),
        _ => text,
    };
    (text.trim_end(), line.len() - text.len())
}

/// How a line is read, date stamp or not: what each token was taken for, and the rules that accepted something or
/// rejected the line; so that a wrong reading can be understood.
pub fn explain(line: &str, context: &Context<'_>) -> Explanation {
    let (trimmed, offset) = trimmed(line);
    let mut explanation = explain::explain(line, trimmed, context);
    for part in &mut explanation.tokens {
        part.span = part.span.start + offset..part.span.end + offset;
    }
    explanation
}

/// Reads a date field of the input (`datePublished` and its like): machine forms first, then all that a line may be.
pub fn read_field(text: &str, context: &Context<'_>) -> Option<Reading> {
    field::read(text, context)
}

/// The journalist's dateline that opens a paragraph (`BAGHDAD (Reuters) -`), which stays in the text.
pub fn read_dateline(paragraph: &str, context: &Context<'_>) -> Option<Dateline> {
    dateline::read(paragraph, context)
}
