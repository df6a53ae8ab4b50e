//! The shape of `copydesk.toml`, one struct for each section.
//!
//! The doc comment of each field is its documentation: `copydesk config --reference` and the JSON Schema are generated from
//! them, so they address the person who configures copydesk. Only types are checked here; [`super::settings`] validates.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::access::Secret;
use super::units::{Count, Names, Period, Ratio, Size, Words};
use copydesk_core::pipeline::Limits;

/// The whole file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "copydesk.toml", description = "Configuration of copydesk.")]
pub struct Raw {
    /// The stream: topics, consumer group, lanes.
    pub stream: RawStream,
    /// Limits of an article. A payload beyond one goes to the dead-letter topic; articles are never cut.
    pub limits: RawLimits,
    /// How records are published.
    pub output: RawOutput,
    /// The admin server: `/livez`, `/readyz`, `/metrics`, and a page for people at `/`.
    pub admin: RawAdmin,
    /// Logs, which are written to standard error.
    pub log: RawLog,
    /// Traces of each batch, and of each article with a `traceparent` header, exported to a collector by OpenTelemetry's
    /// protocol (OTLP over HTTP, protobuf).
    pub traces: RawTraces,
    /// SASL OAUTHBEARER: the source of the token for logging in to the brokers. If one is set, `sasl.mechanism` defaults to
    /// `OAUTHBEARER` and `security.protocol` to `SASL_SSL`.
    pub oauth: RawOauth,
    /// Properties of librdkafka for all clients (consumer, producer, admin): encryption, authentication, tuning. Those that
    /// would break the guarantees are refused. A name may be quoted (`"ssl.ca.location" = "…"`) or bare
    /// (`ssl.ca.location = "…"`); in an environment variable its periods become underscores
    /// (`COPYDESK__KAFKA__SSL_CA_LOCATION`).
    pub kafka: BTreeMap<String, Property>,
}

/// `[stream]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawStream {
    /// Bootstrap brokers: host and port, several separated by commas.
    pub brokers: String,
    /// Topic of raw articles.
    pub input: String,
    /// Topic of clean records.
    pub output: String,
    /// Topic of dead letters: payloads that could not be cleaned, unchanged, each with the reason.
    pub dead_letters: String,
    /// Consumer group. All workers of one group share the partitions of the input.
    pub group: String,
    /// Name of this process, unique in the group. It must be the same after a restart, so that the process fences its zombie
    /// producer and gets its partitions back at once. Default: the host name.
    pub instance: Option<String>,
    /// Lanes in this process: each is a consumer, a transactional producer and a thread. Lanes beyond the number of partitions
    /// are idle. Default: the number of cores that the process may use.
    pub lanes: Option<Count>,
    /// `exactly-once` (transactions: each article is published once, whatever fails) or `at-least-once` (for brokers without
    /// transactions: after a failure an article may be published twice).
    pub delivery: RawDelivery,
    /// What to do with a partition whose committed offset can't be used: it is beyond the end, it is of a deleted topic of the
    /// same name, or there is none although the output has records. `stall`: the partition is not read until `copydesk
    /// offsets` sets its offset; the others go on, and `/readyz` says why. `earliest`: it is read from the beginning, so
    /// articles may be published again.
    pub on_offset_reset: RawOffsetReset,
    /// Bytes of input at which a batch is complete. One batch is one transaction.
    pub batch_bytes: Size,
    /// How long a stop (SIGTERM) may take to finish the current batch.
    pub grace: Period,
    /// Pause before a failed lane restarts; it doubles with each consecutive failure.
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

/// The delivery guarantee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RawDelivery {
    /// Transactions.
    ExactlyOnce,
    /// No transactions.
    AtLeastOnce,
}

/// What to do with a partition whose committed offset can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RawOffsetReset {
    /// It is not read until its offset is set.
    Stall,
    /// It is read from the beginning.
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
    /// Kafka's timestamp of a record: `input` (that of its article) or `now` (the time of publishing). Where the topic would
    /// refuse the article's timestamp (`message.timestamp.after.max.ms`, `message.timestamp.before.max.ms`), it is the time of
    /// publishing in any case. When it is not the article's, that one is in the header `copydesk.timestamp.input`.
    pub timestamp: RawTimestamp,
}

impl Default for RawOutput {
    fn default() -> Self {
        RawOutput { timestamp: RawTimestamp::Input }
    }
}

/// The timestamp of a record.
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
    /// Address and port to listen on, such as `127.0.0.1:9600`, or `off`. Without a token there is no authentication: keep it
    /// on loopback or in a private network.
    pub listen: String,
    /// Further host names of the server, for example behind a proxy: a list, or text that is split at commas and spaces.
    /// Requests for IP addresses, `localhost` and the host's own name are always answered, and so are probes; those for any
    /// other name are refused (421), since they may come from a foreign page by DNS rebinding.
    pub hosts: Names,
    /// A token that everything but `/livez` and `/readyz` requires: scripts send `Authorization: Bearer …`, people type it into
    /// a form. A secret: keep it in a file, and set COPYDESK__ADMIN__TOKEN_FILE to its path. Empty: none is required.
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
    /// (`info,copydesk::worker=debug`). `PUT /log` on the admin server changes it while the process runs.
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
    /// URL of the collector, such as `http://localhost:4318`, or `off`. The default path is `/v1/traces`. There is no
    /// encryption: use a collector on the same host or in a private network. Spans that can't be sent are dropped, and never
    /// slow a lane.
    pub endpoint: String,
    /// Fraction of the batches that are traced, from 0 to 1. An article's own trace is recorded if its `traceparent` says so.
    pub sample_ratio: Ratio,
    /// Service name of the spans.
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
    /// File that holds only the token, and is replaced before the token expires, such as a projected service account token in
    /// Kubernetes. It is read for each client, and again after 80 % of the token's lifetime. Empty: none.
    pub token_file: String,
    /// Command that prints the token, instead of a file: a list, or text that is split at spaces. It is run without a shell, and
    /// must exit with 0 within 10 s. Other users of the machine can see its arguments: put no secret there. Empty: none.
    pub token_command: Words,
    /// Lifetime of a token that does not carry its expiry (a JWT does, in its claim `exp`).
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

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RawFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// The value of a librdkafka property. librdkafka takes text; numbers and booleans may be written as such.
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
    /// As text for librdkafka.
    pub fn to_text(&self) -> String {
        match self {
            Property::Flag(flag) => flag.to_string(),
            Property::Number(number) => number.to_string(),
            Property::Fraction(fraction) => fraction.to_string(),
            Property::Text(text) => text.clone(),
        }
    }
}
