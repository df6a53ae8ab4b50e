//! The dates of news pages: every way a page writes one, in every language, and none where there is none.
//!
//! Pure: no I/O and no clock. A line goes through these steps:
//!
//! ```text
//! line ─gate→ ─fold→ one spelling ─tokens→ words of the lexicon, numbers, marks
//!      ─times→ clocks and zones ─solve→ drafts (slots) ─resolve→ dates ─line→ is all of it explained?
//! ```
//!
//! The lexicon holds all languages at once; a language is never needed to read a date, it only breaks ties. Where
//! nothing settles a reading it stays open ([`Reading::value`] is `None`), and the candidates are kept.

mod calendars;
mod dateline;
mod explain;
mod field;
mod fold;
mod gate;
mod glue;
mod lexicon;
mod line;
mod mentions;
mod names;
mod order;
mod pieces;
#[cfg(test)]
mod prefilter_tests;
mod reading;
mod relative;
mod resolve;
mod senses;
mod signatures;
mod solve;
mod strangers;
mod times;
mod tokens;

pub use explain::Explained;
pub use reading::{Calendar, Context, Date, DateLine, Dateline, Order, Precision, Reading, Role, Time, Value};

/// Could this line be a date line at all? A cheap gate (length, digits, month shapes): `false` is final, `true` means
/// that [`read_line`] has to decide. Allocation-free.
pub fn may_be_date_line(line: &str) -> bool {
    gate::may_be_date_line(line)
}

/// Reads a line as a date line. `None` where it is not one (a sentence that mentions a date is not).
pub fn read_line(line: &str, context: &Context<'_>) -> Option<DateLine> {
    if !may_be_date_line(line) {
        return None;
    }
    let (trimmed, offset) = trimmed(line);
    let mut read = line::read(trimmed, context)?;
    for date in &mut read.dates {
        date.span = date.span.start + offset..date.span.end + offset;
    }
    Some(read)
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

/// What each token of a line was read as, date line or not: so that a wrong reading can be understood.
pub fn explain(line: &str, context: &Context<'_>) -> Vec<Explained> {
    let (trimmed, offset) = trimmed(line);
    let mut parts = explain::explain(trimmed, context);
    for part in &mut parts {
        part.span = part.span.start + offset..part.span.end + offset;
    }
    parts
}

/// Reads a date field of the input (`datePublished` and its like): machine forms first, then all that a line may be.
pub fn read_field(text: &str, context: &Context<'_>) -> Option<Reading> {
    field::read(text, context)
}

/// The journalist's dateline that opens a paragraph (`BAGHDAD (Reuters) -`), which stays in the text.
pub fn read_dateline(paragraph: &str, context: &Context<'_>) -> Option<Dateline> {
    dateline::read(paragraph, context)
}
