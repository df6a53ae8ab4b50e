//! What the program tells its operators: logs, metrics, health.
//!
//! Logs carry coordinates, never payloads. One event ([`events`]) emits its log line and its metric together, so that
//! neither can be forgotten. Metric names stand in one file ([`names`]). [`health`] is what the lanes say about
//! themselves, and [`admin`] serves all of it over HTTP. [`traces`] makes spans of batches and articles, and [`otlp`] sends
//! them, where that is asked for.

pub mod admin;
pub mod events;
pub mod health;
pub mod logs;
pub mod names;
pub mod otlp;
pub mod traces;

pub use health::{Health, LaneHealth};
