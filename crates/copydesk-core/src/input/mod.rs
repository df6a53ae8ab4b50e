//! The first contract: what comes in. The bytes of a payload become raw articles, in every shape that a feed has.
//!
//! [`decode()`] looks at the first bytes and hands the payload to the file of its format; another format is another file.

mod block_names;
mod blocks;
mod cloudevents;
mod container;
mod decode;
mod elements;
mod fields;
mod html;
mod json_article;
mod markup;
mod plain;
mod raw;
mod sniff;
mod unwrapped;

pub use decode::decode;
pub use fields::known_fields;
pub use raw::{Extra, PublishedField, RawArticle};
pub use unwrapped::Unwrapped;

/// One header of a Kafka record: name and value.
pub type Header<'a> = (&'a str, &'a [u8]);

/// One message as it came.
#[derive(Debug, Clone, Copy)]
pub struct Payload<'a> {
    /// The value, `None` where Kafka's is null.
    pub value: Option<&'a [u8]>,
    /// The message's headers, in order. Only `ce_*` (CloudEvents, binary mode) are read.
    pub headers: &'a [Header<'a>],
    /// Kafka's timestamp in milliseconds since 1970-01-01 UTC: relative dates resolve against it where the article
    /// does not say when it was fetched.
    pub timestamp: Option<i64>,
}
