//! The pure core of copydesk: the payload of one raw article in, the bytes of one clean record or a reason out.
//!
//! It knows no Kafka, no async and no clock; its door is [`pipeline::Cleaner`]. Arrows between the modules run downwards
//! only: pipeline → article → dedup → text, which knows nobody. Dates are read by the crate [`newsdates`].

mod article;
pub mod dedup;
pub mod input;
pub mod pipeline;
pub mod record;
pub mod text;
