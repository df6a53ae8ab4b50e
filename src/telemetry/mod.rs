//! What the program tells its operators: logs, metrics, health.
//!
//! Logs carry coordinates, never payloads. One event ([`events`]) emits its log line and its metric together, so that
//! neither can be forgotten; what comes by the thousand is counted, and told now and then ([`teller`], [`minute`]). Metric names stand in one file ([`names`]). [`health`] is what the lanes say about
//! themselves; [`crate::admin`] serves all of it over HTTP. [`traces`] makes spans of batches and articles, and [`otlp`] sends them, where that is asked
//! for.

pub mod events;
pub mod health;
pub mod lags;
pub mod logs;
pub mod minute;
pub mod names;
pub mod otlp;
mod outage;
pub(crate) mod redaction;
pub(crate) mod refusals;
pub(crate) mod spread;
mod stderr;
mod tally;
pub mod teller;
mod throttle;
pub mod traces;
mod unread;

pub use health::{Committed, DECIDE, Health, LaneHealth};
pub use tally::Refused;
pub use unread::{Owner, Unread};
