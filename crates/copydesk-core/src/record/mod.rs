//! The second contract: what goes out. Records, and the refusals of payloads that can't become one.

mod escape;
#[expect(clippy::module_inception, reason = "the record is what the room is about")]
mod record;
mod reject;
mod shown;

pub(crate) use escape::Escapes;
pub(crate) use record::write_text;
pub use record::{
    Candidate, Content, DateEntry, DatePlace, Dropped, Headline, Paragraph, Processor, Reason, Record, RepeatOf, Stats,
    WriteDate, WriteRecord, record_schema,
};
pub use reject::Reject;
pub use shown::{Shown, reading, shown};
