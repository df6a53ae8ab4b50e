//! Settings: the validated configuration, and the contract between config and the other rooms. `raw.rs` is what people
//! write; `validate` makes [`Settings`] of it, in which every value is valid.

mod validate;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use copydesk_core::pipeline::Limits;

use super::access::Access;
use super::oauth::Oauth;
use super::problem::{REDACTED, is_secret};
use super::redact;

pub use validate::log_filter;

/// The validated configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Topics, group and connection.
    pub stream: Stream,
    /// What an article may cost.
    pub limits: Limits,
    /// Where the admin server listens; `None`: no admin server.
    pub admin: Option<SocketAddr>,
    /// Who may use it.
    pub access: Access,
    /// How logs are written.
    pub log: Log,
    /// Where traces go; `None`: they are off.
    pub traces: Option<Traces>,
}

/// The stream: what to consume, where to publish, as whom.
#[derive(Clone)]
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
    /// Name of this instance, unique in the group: transactional ids and static memberships are made of it.
    pub instance: String,
    /// Number of lanes.
    pub lanes: usize,
    /// Exactly once or at least once.
    pub delivery: Delivery,
    /// Kafka's timestamp of a record.
    pub timestamp: RecordTimestamp,
    /// What to do with a partition whose committed offset can't be used.
    pub on_offset_reset: OffsetReset,
    /// Bytes of input at which a batch is complete.
    pub batch_bytes: usize,
    /// How long a stop may take.
    pub grace: Duration,
    /// First and longest pause before a failed lane restarts.
    pub backoff: (Duration, Duration),
    /// The source of the token for SASL OAUTHBEARER.
    pub oauth: Option<Oauth>,
    /// librdkafka properties for consumer, producer and admin client alike, those that would break the guarantee
    /// already refused.
    pub properties: BTreeMap<String, String>,
}

/// The delivery guarantee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Transactions: each input offset maps to exactly one committed record or dead letter.
    ExactlyOnce,
    /// For brokers without transactions: offsets are committed after all delivery reports of the batch.
    AtLeastOnce,
}

impl Delivery {
    /// As it is written in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Delivery::ExactlyOnce => "exactly-once",
            Delivery::AtLeastOnce => "at-least-once",
        }
    }
}

/// What to do with a partition whose committed offset can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffsetReset {
    /// It stalls until its offset is set.
    Stall,
    /// It is read from its beginning.
    Earliest,
}

/// Kafka's timestamp of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordTimestamp {
    /// That of its article, where the topic accepts it.
    Input,
    /// The time of publishing.
    Now,
}

/// How logs are written.
#[derive(Debug, Clone)]
pub struct Log {
    /// A filter in tracing's syntax: `info`, `copydesk=debug,rdkafka=warn`.
    pub filter: String,
    /// JSON lines, or text for people.
    pub json: bool,
}

/// Export of traces.
#[derive(Clone, PartialEq)]
pub struct Traces {
    /// URL of the collector, its path included.
    pub endpoint: String,
    /// Fraction of the batches, from 0 to 1.
    pub sample_ratio: f64,
    /// Name under which the spans appear.
    pub service_name: String,
}

impl fmt::Debug for Traces {
    /// The collector's address may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traces")
            .field("endpoint", &redact::text(&self.endpoint))
            .field("sample_ratio", &self.sample_ratio)
            .field("service_name", &self.service_name)
            .finish()
    }
}

impl fmt::Debug for Stream {
    /// Secrets are redacted, since settings are logged where something goes wrong.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let properties: BTreeMap<&str, &str> = self
            .properties
            .iter()
            .map(|(key, value)| (key.as_str(), if is_secret(key) { REDACTED } else { value.as_str() }))
            .collect();
        f.debug_struct("Stream")
            .field("brokers", &self.brokers)
            .field("input", &self.input)
            .field("output", &self.output)
            .field("dead_letters", &self.dead_letters)
            .field("group", &self.group)
            .field("instance", &self.instance)
            .field("lanes", &self.lanes)
            .field("delivery", &self.delivery)
            .field("timestamp", &self.timestamp)
            .field("on_offset_reset", &self.on_offset_reset)
            .field("batch_bytes", &self.batch_bytes)
            .field("grace", &self.grace)
            .field("backoff", &self.backoff)
            .field("oauth", &self.oauth)
            .field("properties", &properties)
            .finish()
    }
}
