//! librdkafka properties that may not be set, each with its reason.
//!
//! Everything else under `[kafka]` is passed to librdkafka (see its CONFIGURATION.md). A key is refused for one of two
//! reasons: copydesk sets it from a setting of its own, or another value would break the guarantee that each input offset
//! becomes exactly one committed record or dead letter. Pure data, so that it can be tested and documented.

use std::collections::BTreeMap;

/// A key that is refused with any value, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedProperty {
    /// librdkafka's name; aliases have their own entries.
    pub key: &'static str,
    /// A sentence for people: why, and what to set instead.
    pub reason: &'static str,
}

/// Keys refused with any value.
pub const REFUSED: &[RefusedProperty] = &[
    // Set from copydesk's own settings.
    refused("bootstrap.servers", "set `stream.brokers` (--brokers) instead"),
    refused("metadata.broker.list", "set `stream.brokers` (--brokers) instead"),
    refused("group.id", "set `stream.group` (--group) instead"),
    refused(
        "transactional.id",
        "it is derived from group, instance and lane, so that no two lanes share one: set `stream.instance` (--instance)",
    ),
    refused(
        "group.instance.id",
        "it is derived from instance and lane, so that no two lanes share one: set `stream.instance` (--instance)",
    ),
    refused("client.id", "it is derived from group, instance and lane, so that broker logs name the lane"),
    // Would break the guarantee.
    refused("enable.auto.commit", "offsets are committed with the records, in one transaction"),
    refused("auto.commit.enable", "offsets are committed with the records, in one transaction"),
    refused("auto.commit.interval.ms", "offsets are committed with the records, in one transaction"),
    refused("enable.auto.offset.store", "offsets are committed with the records, in one transaction"),
    refused("offset.store.method", "offsets are kept by the broker, in the transaction of the records"),
    refused("offset.store.path", "offsets are kept by the broker, in the transaction of the records"),
    refused(
        "auto.offset.reset",
        "set `stream.on-offset-reset` instead, which says what to do when the group's offset can't be used. A new group starts at \
         the beginning; to start elsewhere, `copydesk offsets reset` sets the group's offsets",
    ),
    refused("isolation.level", "always `read_committed`: else articles of aborted transactions would be published"),
    refused("enable.idempotence", "always on: without it a retry can double or reorder records"),
    refused("enable.gapless.guarantee", "experimental in librdkafka, and it makes recoverable errors fatal"),
    refused("acks", "always `all`: with fewer a record can be lost with its broker after it was acknowledged"),
    refused(
        "request.required.acks",
        "always `all`: with fewer a record can be lost with its broker after it was acknowledged",
    ),
    refused("queuing.strategy", "always `fifo`: with another, ordering per partition would not be preserved"),
    refused("msg_order_cmp", "always first in, first out: with another, ordering per partition would not be preserved"),
    refused("retries", "unlimited within `message.timeout.ms`: a record that fails early aborts its whole batch"),
    refused(
        "message.send.max.retries",
        "unlimited within `message.timeout.ms`: a record that fails early aborts its whole batch",
    ),
    refused("delivery.report.only.error", "a batch is complete when every record has its delivery report"),
    refused(
        "group.protocol",
        "always `classic`: with `consumer`, an exceeded max.poll.interval.ms is fatal in librdkafka before 2.15",
    ),
    refused("group.protocol.type", "always `consumer`: members of another type can't join the group"),
    refused("group.remote.assignor", "belongs to `group.protocol=consumer`, which is not used"),
    refused(
        "partitioner",
        "records keep their input's partition, or are partitioned by key as by Kafka's Java clients (murmur2)",
    ),
    refused(
        "allow.auto.create.topics",
        "a mistyped topic must not be created: `copydesk topics --create` creates topics",
    ),
    refused("enabled_events", "internal to the program"),
    refused("log.queue", "internal to the program"),
    refused("plugin.library.paths", "code loaded into the process could break every guarantee"),
    refused("interceptors", "code loaded into the process could break every guarantee"),
    refused("test.mock.num.brokers", "a mock cluster stores nothing: `copydesk demo` has an embedded one"),
];

const fn refused(key: &'static str, reason: &'static str) -> RefusedProperty {
    RefusedProperty { key, reason }
}

/// May `key` be set to `value`? Values that depend on each other are checked by [`check_all`].
///
/// # Errors
/// Why not, as a sentence that follows the key's name.
pub fn check(key: &str, value: &str) -> Result<(), String> {
    if let Some(refused) = REFUSED.iter().find(|refused| refused.key == key) {
        return Err(refused.reason.to_owned());
    }
    match key {
        "max.in.flight" | "max.in.flight.requests.per.connection" => {
            at_most(value, 5, "the idempotent producer preserves ordering with at most 5")
        }
        "statistics.interval.ms" => {
            at_least(value, 100, "the lag by partition comes from the statistics, so they must be on")
        }
        _ => Ok(()),
    }
}

/// Checks values against each other, after [`check`].
///
/// A record must time out before its transaction, and a transaction before the session of its member: otherwise a dead
/// worker's partitions are reassigned while its transaction still blocks their readers.
///
/// # Errors
/// The key, and the reason.
pub fn check_all(properties: &BTreeMap<String, String>) -> Result<(), (String, String)> {
    for (key, value) in properties {
        check(key, value).map_err(|reason| (key.clone(), reason))?;
    }
    let message = Millis::of(properties, &["message.timeout.ms", "delivery.timeout.ms"], MESSAGE_TIMEOUT_MS)?;
    let transaction = Millis::of(properties, &["transaction.timeout.ms"], TRANSACTION_TIMEOUT_MS)?;
    let session = Millis::of(properties, &["session.timeout.ms"], SESSION_TIMEOUT_MS)?;
    let socket = Millis::of(properties, &["socket.timeout.ms"], SOCKET_TIMEOUT_MS)?;
    let poll = Millis::of(properties, &["max.poll.interval.ms"], MAX_POLL_INTERVAL_MS)?;
    if message.value >= transaction.value {
        return Err(message.against("below", &transaction));
    }
    if transaction.value >= session.value {
        return Err(transaction.against("below", &session));
    }
    if socket.value > transaction.value {
        return Err(socket.against("at most", &transaction));
    }
    if session.value > poll.value {
        return Err(session.against("at most", &poll));
    }
    Ok(())
}

/// Delivery timeout of a record, by default.
pub const MESSAGE_TIMEOUT_MS: u64 = 20_000;
/// Timeout of a transaction, by default.
pub const TRANSACTION_TIMEOUT_MS: u64 = 30_000;
/// Session timeout, by default: after it the partitions of a silent member are reassigned.
pub const SESSION_TIMEOUT_MS: u64 = 45_000;
/// Timeout of a request, by default.
pub const SOCKET_TIMEOUT_MS: u64 = 20_000;
/// How long a lane may work on one batch before the group takes its partitions, by default.
pub const MAX_POLL_INTERVAL_MS: u64 = 300_000;

/// The value in milliseconds of the first of `keys` that is set, or `default`.
pub fn millis(properties: &BTreeMap<String, String>, keys: &[&str], default: u64) -> u64 {
    keys.iter().find_map(|key| properties.get(*key)).and_then(|value| value.parse().ok()).unwrap_or(default)
}

struct Millis {
    key: String,
    value: u64,
    set: bool,
}

impl Millis {
    fn of(properties: &BTreeMap<String, String>, keys: &[&str], default: u64) -> Result<Millis, (String, String)> {
        let Some((key, value)) = keys.iter().find_map(|key| properties.get_key_value(*key)) else {
            return Ok(Millis {
                key: keys.first().copied().unwrap_or_default().to_owned(),
                value: default,
                set: false,
            });
        };
        let parsed =
            value.parse().map_err(|_| (key.clone(), format!("`{value}` is not a whole number of milliseconds")))?;
        Ok(Millis { key: key.clone(), value: parsed, set: true })
    }

    /// An error that names the key that was set, and the other one.
    fn against(&self, relation: &str, other: &Millis) -> (String, String) {
        let key = if self.set { &self.key } else { &other.key };
        let reason =
            format!("`{}` ({} ms) must be {relation} `{}` ({} ms)", self.key, self.value, other.key, other.value);
        (key.clone(), reason)
    }
}

fn number(value: &str) -> Result<u64, String> {
    value.parse().map_err(|_| format!("`{value}` is not a whole number"))
}

fn at_most(value: &str, limit: u64, reason: &str) -> Result<(), String> {
    if number(value)? <= limit { Ok(()) } else { Err(format!("`{value}` is too large: {reason}")) }
}

fn at_least(value: &str, limit: u64, reason: &str) -> Result<(), String> {
    if number(value)? >= limit { Ok(()) } else { Err(format!("`{value}` is too small: {reason}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pairs: &[(&str, &str)]) -> Result<(), (String, String)> {
        check_all(&pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn properties_that_break_the_guarantee_are_refused_with_a_reason() {
        for key in [
            "enable.auto.commit",
            "isolation.level",
            "acks",
            "enable.idempotence",
            "transactional.id",
            "group.protocol",
        ] {
            assert!(check(key, "x").is_err_and(|reason| reason.len() > 20), "{key}");
        }
        for value in ["latest", "earliest", "error"] {
            assert!(check("auto.offset.reset", value).is_err_and(|reason| reason.contains("stream.on-offset-reset")));
        }
        assert!(check("max.in.flight", "6").is_err());
        assert!(check("max.in.flight", "5").is_ok());
        assert!(check("statistics.interval.ms", "0").is_err());
    }

    #[test]
    fn ordinary_properties_pass() {
        for (key, value) in [("security.protocol", "SASL_SSL"), ("compression.type", "lz4"), ("linger.ms", "5")] {
            assert_eq!(check(key, value), Ok(()));
        }
        assert_eq!(all(&[]), Ok(()));
    }

    #[test]
    fn timeouts_must_be_in_order_and_the_message_names_the_key_that_was_set() {
        let (key, reason) = all(&[("transaction.timeout.ms", "60000")]).unwrap_err();
        assert_eq!(key, "transaction.timeout.ms");
        assert!(reason.contains("session.timeout.ms"), "{reason}");
        let (key, _) = all(&[("transaction.timeout.ms", "10000")]).unwrap_err();
        assert_eq!(key, "transaction.timeout.ms");
        let (key, _) = all(&[("message.timeout.ms", "5 s")]).unwrap_err();
        assert_eq!(key, "message.timeout.ms");
        assert_eq!(
            all(&[
                ("message.timeout.ms", "4000"),
                ("socket.timeout.ms", "5000"),
                ("transaction.timeout.ms", "5000"),
                ("session.timeout.ms", "6000")
            ]),
            Ok(())
        );
    }

    #[test]
    fn no_key_is_listed_twice() {
        let mut keys: Vec<_> = REFUSED.iter().map(|refused| refused.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), REFUSED.len());
    }
}
