//! copydesk, the program: what runs the pure function of [`copydesk_core`] on a stream.
//!
//! Arrows between the rooms run downwards only: cli → worker → admin → telemetry → config → [`copydesk_core`] →
//! [`newsdates`]. `tests/house.rs` fails when a lower room names a higher one, or when anything outside `worker` names
//! `rdkafka`.

// They panic where nobody reads any more: `cli::print` and `telemetry::logs` are there for it.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

pub mod admin;
pub mod cli;
pub mod config;
pub mod telemetry;
pub mod worker;
