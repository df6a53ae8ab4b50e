//! The two contracts: what comes in (raw articles, in every shape a feed has) and what goes out (records, refusals).

mod blocks;
mod cloudevents;
mod container;
mod escape;
mod fields;
mod held;
mod html;
mod json;
mod markup;
mod raw;
mod record;
mod reject;
mod shown;
mod sniff;

pub use fields::known_fields;
pub use held::Held;
pub use raw::{Extra, PublishedField, RawArticle};
pub use record::{
    Candidate, Content, DateEntry, Dropped, Headline, Paragraph, Processor, Reason, Record, RepeatOf, Stats, WriteDate,
    WriteRecord, record_schema,
};
pub use reject::Reject;
pub use shown::{Shown, reading, shown};

/// One header of a Kafka record: name and value.
pub type Header<'a> = (&'a str, &'a [u8]);
