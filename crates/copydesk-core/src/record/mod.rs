//! The second contract: what goes out. Records, how they are written, and the refusals of payloads that can't become one.

mod annotated;
mod contract;
mod encode;
mod reject;

pub use annotated::{AnnotatedLine, annotate, describe};
pub use contract::{
    Candidate, DateEntry, Dropped, Headline, Paragraph, Processor, Reason, Record, RepeatOf, Stats, record_schema,
};
pub use encode::{DatePlace, DateView, DroppedView, EncodeError, ExtraMember, ExtraValue, ParagraphView, RecordView};
pub use reject::Reject;
