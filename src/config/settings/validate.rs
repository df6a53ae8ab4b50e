//! Validation: from [`Raw`] to [`Settings`], with all problems at once.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use copydesk_core::pipeline::Limits;

use super::{Delivery, Log, OffsetReset, RecordTimestamp, Settings, Stream, Traces};
use crate::config::access::{self, Access};
use crate::config::load::Inputs;
use crate::config::oauth;
use crate::config::problem::{Origin, Problem, quoted};
use crate::config::raw::{Raw, RawDelivery, RawFormat, RawOffsetReset, RawTimestamp};
use crate::config::{brokers, catalogue, properties};

/// Most lanes in one process: more are a typing error.
const MOST_LANES: usize = 1024;
/// Smallest and largest batch. Below, a transaction costs more than its records; above, it exceeds its timeout.
const BATCH: (usize, usize) = (1_000, 1_000_000_000);

impl Settings {
    /// Validates the raw configuration. `origins` has the origin of each value that is not a default.
    ///
    /// # Errors
    /// All problems that were found.
    pub fn validate(
        raw: &Raw,
        inputs: &Inputs,
        origins: &BTreeMap<(String, String), Origin>,
    ) -> Result<Settings, Vec<Problem>> {
        let mut validator = Validator { origins, problems: Vec::new() };
        let stream = validator.stream(raw, inputs);
        let limits = validator.limits(raw);
        let admin = validator.admin(raw);
        let access = validator.access(raw);
        let log = validator.log(raw);
        let traces = validator.traces(raw);
        let Validator { problems, .. } = validator;
        if problems.is_empty() { Ok(Settings { stream, limits, admin, access, log, traces }) } else { Err(problems) }
    }
}

/// Collects problems while it goes through the sections.
struct Validator<'a> {
    origins: &'a BTreeMap<(String, String), Origin>,
    problems: Vec<Problem>,
}

impl Validator<'_> {
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
                self.refuse("stream", key, topic, format!("`stream.{other}` is the same topic: name another one"));
            }
        }
        if written.group.trim().is_empty() {
            self.refuse("stream", "group", &written.group, "expected a name");
        }
        let instance = written.instance.clone().unwrap_or_else(|| inputs.host.clone());
        if instance.trim().is_empty() {
            self.refuse("stream", "instance", &instance, "expected a name, unique in the group");
        }
        let lanes = written.lanes.map_or(inputs.cores.clamp(1, MOST_LANES), |count| count.0);
        if !(1..=MOST_LANES).contains(&lanes) {
            let reason = format!("expected a whole number from 1 to {MOST_LANES}");
            self.refuse("stream", "lanes", &lanes.to_string(), reason);
        }
        let batch_bytes = written.batch_bytes.0;
        if !(BATCH.0..=BATCH.1).contains(&batch_bytes) {
            let size = written.batch_bytes.to_string();
            self.refuse("stream", "batch-bytes", &size, "expected a size from 1 kB to 1 GB");
        }
        for (key, period) in [("grace", written.grace), ("backoff", written.backoff)] {
            if period.0.is_zero() {
                self.refuse("stream", key, &period.to_string(), "expected a duration above 0");
            }
        }
        if written.max_backoff.0 < written.backoff.0 {
            let reason = format!("expected at least `stream.backoff`, which is {}", written.backoff);
            self.refuse("stream", "max-backoff", &written.max_backoff.to_string(), reason);
        }
        let mut properties = self.properties(raw);
        self.protocol(&written.brokers, protocol, &mut properties);
        let oauth = oauth::resolve(&raw.oauth, &mut properties).unwrap_or_else(|refusals| {
            for oauth::InvalidValue { section, key, value, reason } in refusals {
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

    /// Checks the addresses, and gives the protocol in front of them, if there is one.
    fn brokers(&mut self, list: &str) -> Option<String> {
        match brokers::parse(list) {
            Ok(addresses) => addresses.into_iter().find_map(|address| address.protocol),
            Err(reason) => {
                self.refuse("stream", "brokers", list, reason);
                None
            }
        }
    }

    /// librdkafka ignores, with a line in its log, a broker whose protocol differs from `security.protocol`.
    fn protocol(&mut self, list: &str, protocol: Option<String>, properties: &mut BTreeMap<String, String>) {
        const KEY: &str = "security.protocol";
        let Some(protocol) = protocol else { return };
        match properties.get(KEY) {
            None => drop(properties.insert(KEY.to_owned(), protocol)),
            Some(set) if set.eq_ignore_ascii_case(&protocol) => {}
            Some(set) => {
                let reason = format!("`{protocol}://` contradicts `{KEY}`, which is `{set}`: leave out one of them");
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
        // Values are compared with each other only when each is valid by itself.
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
                self.refuse("limits", key, "0", "expected more than 0: at 0 every article would be refused");
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
            let reason = "expected an address and a port, such as `127.0.0.1:9600`, or `off`";
            self.refuse("admin", "listen", listen, reason);
        }
        address
    }

    fn access(&mut self, raw: &Raw) -> Access {
        let origin = self.origins.get(&("admin".to_owned(), "token".to_owned()));
        let set_outside_file = matches!(origin, Some(Origin::Environment { .. } | Origin::Flag(_)));
        access::resolve(&raw.admin, set_outside_file).unwrap_or_else(|refusals| {
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
            let reason = "expected a URL such as `http://localhost:4318` (without TLS), or `off`";
            self.refuse("traces", "endpoint", endpoint, reason);
        }
        let service_name = raw.traces.service_name.trim().to_owned();
        if service_name.is_empty() {
            self.refuse("traces", "service-name", &service_name, "expected a name");
        }
        let endpoint = match usable?.path() {
            "" | "/" => format!("{}/v1/traces", endpoint.trim_end_matches('/')),
            _ => endpoint.to_owned(),
        };
        Some(Traces { endpoint, sample_ratio: raw.traces.sample_ratio.0, service_name })
    }
}

/// Checks a filter of log lines.
///
/// # Errors
/// What is wrong, and what is expected. Stricter than tracing, which takes a bare word that is no level for the name of a
/// module, so that `degub` would turn everything else off.
pub fn log_filter(filter: &str) -> Result<(), String> {
    const EXPECTED: &str =
        "expected a level (error, warn, info, debug, trace, off) or `module=level`, separated by commas";
    const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];
    if filter.trim().is_empty() {
        return Err(format!("empty; {EXPECTED}"));
    }
    // A filter by span may contain commas; only tracing checks it.
    let bare = filter.split(',').map(str::trim).filter(|part| !filter.contains('[') && !part.contains('='));
    for word in bare {
        if !LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word)) {
            return Err(format!("unknown level `{word}`; {EXPECTED}"));
        }
    }
    match tracing_subscriber::EnvFilter::builder().parse(filter) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{error}; {EXPECTED}")),
    }
}

/// Kafka's rule for the name of a topic.
fn topic_name(topic: &str) -> Result<(), &'static str> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    match topic {
        "" => Err("expected the name of a topic"),
        "." | ".." => Err("a topic can't have this name"),
        long if long.len() > 249 => Err("the name of a topic has at most 249 characters"),
        other if !other.chars().all(allowed) => Err("a topic's name has only letters, digits, `.`, `_` and `-`"),
        _ => Ok(()),
    }
}

/// A valid value in the form that librdkafka reads. Invalid ones were refused before.
fn canonical(key: &str, value: String) -> String {
    catalogue::check_value(key, &value).unwrap_or(value)
}
