//! Settings: configuration that was validated. Nothing in here can be wrong any more.
//!
//! (Contract between config and worker; `raw.rs` is what people write, and [`Settings`] is what comes of it.)

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use crate::pipeline::Limits;

/// Everything the program was told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Topics, group and connection.
    pub stream: Stream,
    /// What an article may cost.
    pub limits: Limits,
    /// Where the admin server listens; `None`: no admin server.
    pub admin: Option<SocketAddr>,
    /// How logs are written.
    pub log: Log,
}

/// The stream: what to consume, where to publish, as whom.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Bootstrap servers, comma-separated.
    pub brokers: String,
    /// Topic of raw articles.
    pub input: String,
    /// Topic of clean records.
    pub output: String,
    /// Topic of dead letters.
    pub dead_letters: String,
    /// Consumer group.
    pub group: String,
    /// Name of this instance, unique in the group: `transactional.id` is `<group>-<instance>-<lane>`.
    pub instance: String,
    /// Number of lanes.
    pub lanes: usize,
    /// Exactly once or at least once.
    pub delivery: Delivery,
    /// A batch is cut when it holds so many bytes of input.
    pub batch_bytes: usize,
    /// How long a stop may take.
    pub grace: Duration,
    /// First and largest pause before a failed lane starts anew.
    pub backoff: (Duration, Duration),
    /// librdkafka properties for consumer, producer and admin client alike, those that would break the guarantee
    /// already refused.
    pub properties: BTreeMap<String, String>,
}

/// What is promised of each record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Transactions: each input offset maps to exactly one committed record or dead letter.
    ExactlyOnce,
    /// For brokers without transactions: offsets are committed after every delivery report of the batch arrived.
    AtLeastOnce,
}

/// How logs are written.
#[derive(Debug, Clone)]
pub struct Log {
    /// A filter in tracing's syntax: `info`, `copydesk=debug,rdkafka=warn`.
    pub filter: String,
    /// JSON lines, or text for people.
    pub json: bool,
}
