//! Dates: every way a news page writes one.
//!
//! (Seam only, until the engine lands.) Pure: no I/O, no clock, no Kafka.

mod reading;

pub use reading::{Calendar, Context, Date, DateLine, Dateline, Order, Precision, Reading, Role, Time, Value};

/// Could this line be a date line at all? A cheap gate (length, digits, month shapes): `false` is final, `true` means
/// that [`read_line`] has to decide. Allocation-free.
pub fn may_be_date_line(line: &str) -> bool {
    let _ = line;
    false
}

/// Reads a line as a date line. `None` where it is not one (a sentence that mentions a date is not).
pub fn read_line(line: &str, context: &Context<'_>) -> Option<DateLine> {
    let _ = (line, context);
    None
}

/// Reads a date field of the input (`datePublished` and its like): machine forms first, then all that a line may be.
pub fn read_field(text: &str, context: &Context<'_>) -> Option<Reading> {
    let _ = (text, context);
    None
}

/// The journalist's dateline that opens a paragraph (`BAGHDAD (Reuters) -`), which stays in the text.
pub fn read_dateline(paragraph: &str, context: &Context<'_>) -> Option<Dateline> {
    let _ = (paragraph, context);
    None
}
