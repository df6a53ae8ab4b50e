//! The first contract: what comes in. The bytes of a payload become a raw article, in every shape that a feed has.

mod blocks;
mod cloudevents;
mod container;
mod fields;
mod held;
mod html;
mod json;
mod markup;
mod raw;
mod sniff;

pub use fields::known_fields;
pub use held::Held;
pub use raw::{Extra, PublishedField, RawArticle};

/// One header of a Kafka record: name and value.
pub type Header<'a> = (&'a str, &'a [u8]);
