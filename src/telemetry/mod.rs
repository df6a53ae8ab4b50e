//! What the program tells its operators: logs, metrics, traces, health.
//!
//! Logs carry coordinates, never payloads. One event ([`events`]) emits its log line and its metric together, so that
//! neither can be forgotten; what occurs by the thousand is counted and logged as a summary ([`log_summary`],
//! [`activity`]). Metric names stand in one file ([`names`]). [`health`] is the state that the lanes report;
//! [`crate::admin`] serves all of it over HTTP. [`traces`] makes spans of batches and articles, and [`otlp`] exports them
//! where that is configured.

pub mod activity;
mod broker_outage;
pub mod events;
pub mod health;
pub(crate) mod histogram;
pub mod log_summary;
pub mod logs;
pub mod names;
pub mod otlp;
pub mod partition_lag;
pub(crate) mod recent_refusals;
mod refusal_counts;
mod stderr;
mod throttle;
pub mod traces;
mod unread_partitions;

pub use health::{CommittedBatch, DECIDE, Health, LaneHealth};
pub use refusal_counts::Refused;
pub use unread_partitions::{PartitionOwner, UnreadPartition};
