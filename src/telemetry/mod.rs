//! What the program tells its operators: logs, metrics, health.
//!
//! Logs carry coordinates, never payloads. One event ([`events`]) emits its log line and its metric together, so that
//! neither can be forgotten. Metric names stand in one file ([`names`]). [`health`] is what the lanes say about
//! themselves, [`history`] what they did in the last minutes, and [`admin`] serves all of it over HTTP: to machines, and
//! as a [`page`] to people. [`traces`] makes spans of batches and articles, and [`otlp`] sends them, where that is asked
//! for.

pub mod admin;
mod curtain;
mod doorkeeper;
pub mod events;
pub mod health;
mod history;
pub mod logs;
pub mod names;
pub mod otlp;
mod page;
mod refusals;
mod spread;
pub mod traces;

pub use health::{Committed, Health, LaneHealth};
