//! copydesk: the copy desk of a news stream.
//!
//! The library has two halves. The **pure core** turns the bytes of one raw article into the bytes of one clean
//! record, and knows no Kafka, no async and no clock; its door is [`pipeline::Cleaner`]. The **application** (feature
//! `app`, on by default) is what runs that function on a stream: configuration, worker, telemetry, command line.
//!
//! Arrows between the rooms run downwards only: cli → worker → telemetry → config → pipeline → article → dedup → dates
//! and text, which know nobody. `tests/house.rs` fails when a lower room names a higher one, or when anything outside
//! `worker` names `rdkafka`.

// They panic where nobody reads any more: `cli::print` and `telemetry::logs` are there for it.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

#[cfg(feature = "app")]
pub mod cli;
#[cfg(feature = "app")]
pub mod config;
#[cfg(feature = "app")]
pub mod telemetry;
#[cfg(feature = "app")]
pub mod worker;

pub mod pipeline;

pub mod article;
pub mod dates;
pub mod dedup;
pub mod text;
