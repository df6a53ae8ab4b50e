//! Settings: configuration that was validated. Nothing in here can be wrong any more.
//!
//! (Contract between config and worker; `raw.rs` is what people write, and [`Settings`] is what comes of it.)

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use copydesk_core::pipeline::Limits;

use super::access::{self, Access};
use super::load::Inputs;
use super::oauth::{self, Oauth};
use super::problem::{Origin, Problem, REDACTED, is_secret, quoted};
use super::raw::{Raw, RawDelivery, RawFormat, RawOffsetReset, RawTimestamp};
use super::{brokers, catalogue, properties, redact};

/// Everything the program was told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Topics, group and connection.
    pub stream: Stream,
    /// What an article may cost.
    pub limits: Limits,
    /// Where the admin server listens; `None`: no admin server.
    pub admin: Option<SocketAddr>,
    /// Who may ask it.
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
    /// What becomes of a partition whose committed offset can't be used.
    pub on_offset_reset: OffsetReset,
    /// A batch is cut when it holds so many bytes of input.
    pub batch_bytes: usize,
    /// How long a stop may take.
    pub grace: Duration,
    /// First and largest pause before a failed lane starts anew.
    pub backoff: (Duration, Duration),
    /// Where the token comes from, where brokers want one (SASL OAUTHBEARER).
    pub oauth: Option<Oauth>,
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

impl Delivery {
    /// As it is written in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Delivery::ExactlyOnce => "exactly-once",
            Delivery::AtLeastOnce => "at-least-once",
        }
    }
}

/// What becomes of a partition whose committed offset can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffsetReset {
    /// It stands still until somebody decides.
    Stall,
    /// It is read from its beginning.
    Earliest,
}

/// Kafka's timestamp of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordTimestamp {
    /// That of its article, where the topic takes it.
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

/// Where traces go, and how many.
#[derive(Clone, PartialEq)]
pub struct Traces {
    /// URL of the collector, its path included.
    pub endpoint: String,
    /// Part of the batches, from 0 to 1.
    pub sample_ratio: f64,
    /// Name under which the spans appear.
    pub service_name: String,
}

/// Most lanes in one process: beyond it somebody made a typing error.
const MOST_LANES: usize = 1024;
/// Smallest and largest batch. Below, a transaction costs more than its records; above, it outlives its time-out.
const BATCH: (usize, usize) = (1_000, 1_000_000_000);

impl Settings {
    /// Validates what was written. `origins` says where each value came from that is not a default.
    pub fn validate(
        raw: &Raw,
        inputs: &Inputs,
        origins: &BTreeMap<(String, String), Origin>,
    ) -> Result<Settings, Vec<Problem>> {
        let mut judge = Judge { origins, problems: Vec::new() };
        let stream = judge.stream(raw, inputs);
        let limits = judge.limits(raw);
        let admin = judge.admin(raw);
        let access = judge.access(raw);
        let log = judge.log(raw);
        let traces = judge.traces(raw);
        let Judge { problems, .. } = judge;
        if problems.is_empty() { Ok(Settings { stream, limits, admin, access, log, traces }) } else { Err(problems) }
    }
}

/// Collects problems while it goes through the sections.
struct Judge<'a> {
    origins: &'a BTreeMap<(String, String), Origin>,
    problems: Vec<Problem>,
}

impl Judge<'_> {
    fn refuse(&mut self, section: &str, key: &str, value: &str, reason: impl Into<String>) {
        let origin = self.origins.get(&(section.to_owned(), key.to_owned()));
        let name = format!("{section}.{key}");
        self.problems.push(Problem::Value {
            value: quoted(section, key, value),
            key: name,
            origin: origin.cloned().unwrap_or(Origin::Default("default")),
            reason: reason.into(),
        });
    }

    fn stream(&mut self, raw: &Raw, inputs: &Inputs) -> Stream {
        let written = &raw.stream;
        let protocol = self.brokers(&written.brokers);
        let topics = [("input", &written.input), ("output", &written.output), ("dead-letters", &written.dead_letters)];
        for (index, (key, topic)) in topics.iter().enumerate() {
            if let Err(reason) = topic_name(topic) {
                self.refuse("stream", key, topic, reason);
            }
            if let Some((other, _)) = topics.iter().take(index).find(|(_, earlier)| earlier == topic) {
                self.refuse("stream", key, topic, format!("`stream.{other}` is the same topic, and must be another"));
            }
        }
        if written.group.trim().is_empty() {
            self.refuse("stream", "group", &written.group, "a name is wanted");
        }
        let instance = written.instance.clone().unwrap_or_else(|| inputs.host.clone());
        if instance.trim().is_empty() {
            self.refuse("stream", "instance", &instance, "a name is wanted, unique in the group");
        }
        let lanes = written.lanes.map_or(inputs.cores.clamp(1, MOST_LANES), |count| count.0);
        if !(1..=MOST_LANES).contains(&lanes) {
            let reason = format!("a whole number from 1 to {MOST_LANES} is wanted");
            self.refuse("stream", "lanes", &lanes.to_string(), reason);
        }
        let batch_bytes = written.batch_bytes.0;
        if !(BATCH.0..=BATCH.1).contains(&batch_bytes) {
            self.refuse(
                "stream",
                "batch-bytes",
                &written.batch_bytes.to_string(),
                "a size from 1 kB to 1 GB is wanted",
            );
        }
        for (key, period) in [("grace", written.grace), ("backoff", written.backoff)] {
            if period.0.is_zero() {
                self.refuse("stream", key, &period.to_string(), "more than nothing is wanted");
            }
        }
        if written.max_backoff.0 < written.backoff.0 {
            let reason = format!("at least `stream.backoff` is wanted, which is {}", written.backoff);
            self.refuse("stream", "max-backoff", &written.max_backoff.to_string(), reason);
        }
        let mut properties = self.properties(raw);
        self.protocol(&written.brokers, protocol, &mut properties);
        let oauth = oauth::resolve(&raw.oauth, &mut properties).unwrap_or_else(|refusals| {
            for oauth::Refusal { section, key, value, reason } in refusals {
                self.refuse(section, &key, &value, reason);
            }
            None
        });
        Stream {
            brokers: written.brokers.clone(),
            input: written.input.clone(),
            output: written.output.clone(),
            dead_letters: written.dead_letters.clone(),
            group: written.group.clone(),
            instance,
            lanes,
            delivery: match written.delivery {
                RawDelivery::ExactlyOnce => Delivery::ExactlyOnce,
                RawDelivery::AtLeastOnce => Delivery::AtLeastOnce,
            },
            timestamp: match raw.output.timestamp {
                RawTimestamp::Input => RecordTimestamp::Input,
                RawTimestamp::Now => RecordTimestamp::Now,
            },
            on_offset_reset: match written.on_offset_reset {
                RawOffsetReset::Stall => OffsetReset::Stall,
                RawOffsetReset::Earliest => OffsetReset::Earliest,
            },
            batch_bytes,
            grace: written.grace.0,
            backoff: (written.backoff.0, written.max_backoff.0),
            oauth,
            properties,
        }
    }

    /// Gives the protocol that stands before the addresses, where one does.
    fn brokers(&mut self, list: &str) -> Option<String> {
        match brokers::parse(list) {
            Ok(addresses) => addresses.into_iter().find_map(|address| address.protocol),
            Err(reason) => {
                self.refuse("stream", "brokers", list, reason);
                None
            }
        }
    }

    /// librdkafka leaves out, with a line in its log, a broker whose protocol is another than `security.protocol`.
    fn protocol(&mut self, list: &str, protocol: Option<String>, properties: &mut BTreeMap<String, String>) {
        const KEY: &str = "security.protocol";
        let Some(protocol) = protocol else { return };
        match properties.get(KEY) {
            None => drop(properties.insert(KEY.to_owned(), protocol)),
            Some(set) if set.eq_ignore_ascii_case(&protocol) => {}
            Some(set) => {
                let reason =
                    format!("`{protocol}://` is not what `{KEY}` says, which is `{set}`: leave one of them out");
                self.refuse("stream", "brokers", list, reason);
            }
        }
    }

    fn properties(&mut self, raw: &Raw) -> BTreeMap<String, String> {
        let written: BTreeMap<String, String> =
            raw.kafka.iter().map(|(key, value)| (key.clone(), canonical(key, value.to_text()))).collect();
        let found = self.problems.len();
        for (key, value) in &written {
            if let Err(reason) = properties::check(key, value) {
                self.refuse("kafka", key, value, reason);
            }
        }
        // Values against each other only when each is right by itself.
        if self.problems.len() == found
            && let Err((key, reason)) = properties::check_all(&written)
        {
            let value = written.get(&key).cloned().unwrap_or_default();
            self.refuse("kafka", &key, &value, reason);
        }
        written
    }

    fn limits(&mut self, raw: &Raw) -> Limits {
        let limits = Limits { payload: raw.limits.payload.0, lines: raw.limits.lines.0, output: raw.limits.output.0 };
        for (key, value) in [("payload", limits.payload), ("lines", limits.lines), ("output", limits.output)] {
            if value == 0 {
                self.refuse("limits", key, "0", "more than 0 is wanted: at 0 every article would be refused");
            }
        }
        limits
    }

    fn admin(&mut self, raw: &Raw) -> Option<SocketAddr> {
        let listen = raw.admin.listen.trim();
        if listen.eq_ignore_ascii_case("off") {
            return None;
        }
        let address = listen.parse().ok();
        if address.is_none() {
            let reason = "an address and a port are wanted, such as `127.0.0.1:9600`, or `off`";
            self.refuse("admin", "listen", listen, reason);
        }
        address
    }

    fn access(&mut self, raw: &Raw) -> Access {
        let origin = self.origins.get(&("admin".to_owned(), "token".to_owned()));
        let named = matches!(origin, Some(Origin::Environment { .. } | Origin::Flag(_)));
        access::resolve(&raw.admin, named).unwrap_or_else(|refusals| {
            for (key, value, reason) in refusals {
                self.refuse("admin", key, &value, reason);
            }
            Access::default()
        })
    }

    fn log(&mut self, raw: &Raw) -> Log {
        let filter = raw.log.filter.clone();
        if let Err(reason) = log_filter(&filter) {
            self.refuse("log", "filter", &filter, reason);
        }
        Log { filter, json: raw.log.format == RawFormat::Json }
    }

    fn traces(&mut self, raw: &Raw) -> Option<Traces> {
        let endpoint = raw.traces.endpoint.trim();
        if endpoint.eq_ignore_ascii_case("off") {
            return None;
        }
        let uri = endpoint.parse::<axum::http::Uri>().ok();
        let usable =
            uri.filter(|uri| uri.scheme_str() == Some("http") && uri.host().is_some_and(|host| !host.is_empty()));
        if usable.is_none() {
            let reason = "a URL is wanted, such as `http://localhost:4318` (without TLS), or `off`";
            self.refuse("traces", "endpoint", endpoint, reason);
        }
        let service_name = raw.traces.service_name.trim().to_owned();
        if service_name.is_empty() {
            self.refuse("traces", "service-name", &service_name, "a name is wanted");
        }
        let endpoint = match usable?.path() {
            "" | "/" => format!("{}/v1/traces", endpoint.trim_end_matches('/')),
            _ => endpoint.to_owned(),
        };
        Some(Traces { endpoint, sample_ratio: raw.traces.sample_ratio.0, service_name })
    }
}

/// Is this a filter for log lines? `Err` says what is wrong, and what is wanted.
///
/// # Errors
/// Beyond what tracing itself refuses, a bare word that is no level: tracing takes it for the name of a module, so that
/// `degub` would turn everything else off.
pub fn log_filter(filter: &str) -> Result<(), String> {
    const WANTED: &str = "wanted is a level (error, warn, info, debug, trace, off) or `module=level`, by commas";
    const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];
    if filter.trim().is_empty() {
        return Err(format!("nothing; {WANTED}"));
    }
    // A filter by span may hold commas of its own; tracing judges it alone.
    let bare = filter.split(',').map(str::trim).filter(|part| !filter.contains('[') && !part.contains('='));
    for word in bare {
        if !LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word)) {
            return Err(format!("no level `{word}`; {WANTED}"));
        }
    }
    match tracing_subscriber::EnvFilter::builder().parse(filter) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{error}; {WANTED}")),
    }
}

/// Kafka's rule for the name of a topic.
fn topic_name(topic: &str) -> Result<(), &'static str> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    match topic {
        "" => Err("the name of a topic is wanted"),
        "." | ".." => Err("a topic can't have this name"),
        long if long.len() > 249 => Err("the name of a topic has at most 249 characters"),
        other if !other.chars().all(allowed) => Err("a topic's name has only letters, digits, `.`, `_` and `-`"),
        _ => Ok(()),
    }
}

/// A value that is right, as librdkafka reads it for sure. What is wrong was refused already.
fn canonical(key: &str, value: String) -> String {
    catalogue::judge(key, &value).unwrap_or(value)
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
