//! As written: the shape of `copydesk.toml`, one struct for each section.
//!
//! The doc comment of each field is its documentation: `copydesk config --reference` and the JSON Schema are made of
//! them, so they address the person who configures copydesk. Nothing here is validated beyond its type; that is the
//! business of [`super::settings`].

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::access::{Names, Secret};
use super::units::{Count, Period, Ratio, Size, Words};
use copydesk_core::pipeline::Limits;

/// The whole file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "copydesk.toml", description = "Configuration of copydesk.")]
pub struct Raw {
    /// The stream: what to consume, where to publish, as whom.
    pub stream: RawStream,
    /// What an article may cost. A payload beyond a limit goes to the dead-letter topic, never cut.
    pub limits: RawLimits,
    /// How records are published.
    pub output: RawOutput,
    /// The admin server: `/livez`, `/readyz`, `/metrics`, and for people a page at `/`.
    pub admin: RawAdmin,
    /// How logs are written (to standard error).
    pub log: RawLog,
    /// Traces: what became of each batch, and of each article that brought a `traceparent` header, sent to a collector by
    /// OpenTelemetry's protocol (OTLP over HTTP, protobuf).
    pub traces: RawTraces,
    /// SASL OAUTHBEARER: where the token comes from with which copydesk logs in to the brokers. With a source set,
    /// `sasl.mechanism` is `OAUTHBEARER` and `security.protocol` is `SASL_SSL`, where `[kafka]` does not say otherwise.
    pub oauth: RawOauth,
    /// Properties of librdkafka for consumer, producer and admin client alike: encryption, authentication, tuning.
    /// Those that would break the guarantee are refused. A name may be written quoted (`"ssl.ca.location" = "…"`) or
    /// bare (`ssl.ca.location = "…"`); in an environment variable its periods are underscores
    /// (`COPYDESK__KAFKA__SSL_CA_LOCATION`).
    pub kafka: BTreeMap<String, Property>,
}

/// `[stream]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawStream {
    /// Brokers to start from: host and port, several separated by commas.
    pub brokers: String,
    /// Topic of raw articles.
    pub input: String,
    /// Topic of clean records.
    pub output: String,
    /// Topic of the payloads that could not be cleaned, unchanged, each with the reason.
    pub dead_letters: String,
    /// Consumer group. All workers of one group share the input's partitions.
    pub group: String,
    /// Name of this process, unique in the group. A restarted process must come back under the same name, so that it
    /// fences its own ghost at once. Default: the host name.
    pub instance: Option<String>,
    /// Lanes in this process: each is a consumer, a transactional producer and a thread. More lanes than partitions are
    /// idle. Default: the cores that the process may use.
    pub lanes: Option<Count>,
    /// `exactly-once` (transactions: each article is published once, whatever fails) or `at-least-once` (for brokers
    /// without transactions: after a failure an article may be published twice).
    pub delivery: RawDelivery,
    /// What becomes of a partition whose committed offset can't be used: it lies beyond the end, it is of another topic that
    /// had the same name, or there is none although the output has records. `stall`: the partition stands still, the others
    /// go on, `/readyz` says why, and `copydesk offsets` decides. `earliest`: it is read from its beginning, so articles may
    /// be published a second time.
    pub on_offset_reset: RawOffsetReset,
    /// A batch is cut when it holds so many bytes of input. One batch is one transaction.
    pub batch_bytes: Size,
    /// How long a stop (SIGTERM) may take to finish the batch at hand.
    pub grace: Period,
    /// Pause before a failed lane starts anew; it doubles with each failure in a row.
    pub backoff: Period,
    /// Longest such pause.
    pub max_backoff: Period,
}

impl Default for RawStream {
    fn default() -> Self {
        RawStream {
            brokers: "localhost:9092".to_owned(),
            input: "news.raw".to_owned(),
            output: "news.clean".to_owned(),
            dead_letters: "news.dead".to_owned(),
            group: "copydesk".to_owned(),
            instance: None,
            lanes: None,
            delivery: RawDelivery::ExactlyOnce,
            on_offset_reset: RawOffsetReset::Stall,
            batch_bytes: Size(3_000_000),
            grace: Period(std::time::Duration::from_secs(25)),
            backoff: Period(std::time::Duration::from_millis(500)),
            max_backoff: Period(std::time::Duration::from_secs(30)),
        }
    }
}

/// What is promised of each record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RawDelivery {
    /// Transactions.
    ExactlyOnce,
    /// No transactions.
    AtLeastOnce,
}

/// What becomes of a partition whose committed offset can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RawOffsetReset {
    /// It stands still until somebody decides.
    Stall,
    /// It is read from its beginning.
    Earliest,
}

/// `[limits]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawLimits {
    /// Largest payload.
    pub payload: Size,
    /// Most lines in a body, blank ones included.
    pub lines: Count,
    /// Largest encoded record.
    pub output: Size,
}

impl Default for RawLimits {
    fn default() -> Self {
        let Limits { payload, lines, output } = Limits::default();
        RawLimits { payload: Size(payload), lines: Count(lines), output: Size(output) }
    }
}

/// `[output]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawOutput {
    /// Kafka's timestamp of a record: `input` (that of its article) or `now` (the time of publishing). A record whose topic
    /// would refuse its article's timestamp (`message.timestamp.after.max.ms`, `message.timestamp.before.max.ms`) has the time
    /// of publishing in any case. Whenever it is not the article's, that one is in the header `copydesk.timestamp.input`.
    pub timestamp: RawTimestamp,
}

impl Default for RawOutput {
    fn default() -> Self {
        RawOutput { timestamp: RawTimestamp::Input }
    }
}

/// Which timestamp a record has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RawTimestamp {
    /// The article's.
    Input,
    /// The time of publishing.
    Now,
}

/// `[admin]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawAdmin {
    /// Address and port to listen on, such as `127.0.0.1:9600`, or `off`. Without a token it has no authentication: keep
    /// it on loopback or in a private network.
    pub listen: String,
    /// Further names by which it is asked, in an address or behind a proxy: a list, or text that is split at commas and
    /// spaces. IP addresses, `localhost` and the host's own name are always answered, and so are probes; a request for any
    /// other name is refused (421), since it may come from a stranger's page whose name was made to lead here.
    pub hosts: Names,
    /// A token that everything but `/livez` and `/readyz` asks for: scripts send `Authorization: Bearer …`, people type it
    /// into a form. A secret: better kept in a file, named by COPYDESK__ADMIN__TOKEN_FILE. Empty: none is asked for.
    pub token: Secret,
}

impl Default for RawAdmin {
    fn default() -> Self {
        RawAdmin { listen: "off".to_owned(), hosts: Names::default(), token: Secret::default() }
    }
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawLog {
    /// What to log: a level (`error`, `warn`, `info`, `debug`, `trace`, `off`), or levels by module
    /// (`info,copydesk::worker=debug`). The admin server's `/log` changes it while the process runs.
    pub filter: String,
    /// `text` for people, `json` for machines: one object a line.
    pub format: RawFormat,
}

impl Default for RawLog {
    fn default() -> Self {
        RawLog { filter: "info".to_owned(), format: RawFormat::Text }
    }
}

/// `[traces]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawTraces {
    /// The collector, such as `http://localhost:4318`, or `off`. Where no path is given it is `/v1/traces`. Without encryption:
    /// use a collector on the same host or in a private network. What can't be sent is dropped, and never slows a lane.
    pub endpoint: String,
    /// Part of the batches that are traced, from 0 to 1. An article's own trace is recorded where its `traceparent` says so.
    pub sample_ratio: Ratio,
    /// Name under which the spans appear.
    pub service_name: String,
}

impl Default for RawTraces {
    fn default() -> Self {
        RawTraces { endpoint: "off".to_owned(), sample_ratio: Ratio(1.0), service_name: "copydesk".to_owned() }
    }
}

/// `[oauth]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawOauth {
    /// File that holds the token and nothing else, and is replaced before the token expires: a service account token that
    /// Kubernetes projects is one. Read anew for each client, and again when 80 % of the token's life is over. Empty: none.
    pub token_file: String,
    /// Command that prints the token, in place of a file: a list, or text that is split at spaces. It is run without a shell,
    /// has 10 s, and ends with 0. Others on the machine can see it: no place for a secret. Empty: none.
    pub token_command: Words,
    /// How long a token lives that does not say so itself (a JWT does, by its claim `exp`).
    pub token_lifetime: Period,
}

impl Default for RawOauth {
    fn default() -> Self {
        RawOauth {
            token_file: String::new(),
            token_command: Words(Vec::new()),
            token_lifetime: Period(std::time::Duration::from_secs(300)),
        }
    }
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RawFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// The value of a librdkafka property, which wants text for everything: numbers and booleans may be written as such.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Property {
    /// `true`, `false`
    Flag(bool),
    /// `1000`
    Number(i64),
    /// `0.5`
    Fraction(f64),
    /// `"SASL_SSL"`
    Text(String),
}

impl Property {
    /// As librdkafka wants it.
    pub fn to_text(&self) -> String {
        match self {
            Property::Flag(flag) => flag.to_string(),
            Property::Number(number) => number.to_string(),
            Property::Fraction(fraction) => fraction.to_string(),
            Property::Text(text) => text.clone(),
        }
    }
}
