//! librdkafka's configuration: defaults that were measured, then the user's properties, then what is not negotiable.
//!
//! A property goes only to the kind of client that knows it, so that librdkafka does not warn about the others.

use std::time::Duration;

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};

use crate::config::catalogue::{self, Clients};
use crate::config::properties::{
    self, MAX_POLL_INTERVAL_MS, MESSAGE_TIMEOUT_MS, SESSION_TIMEOUT_MS, SOCKET_TIMEOUT_MS, TRANSACTION_TIMEOUT_MS,
};
use crate::config::{Delivery, Stream, brokers};

use super::ids;
use super::sabotage;
use super::topics::Survey;

/// Does a consumer know it? As one that only producers know, one that nobody knows is none of its business.
fn of_consumer(key: &str) -> bool {
    !catalogue::is_of(key, Clients::Producer)
}

/// Does a producer know it?
fn of_producer(key: &str) -> bool {
    !catalogue::is_of(key, Clients::Consumer)
}

/// A client that only asks: metadata, configuration, creation of topics.
pub(super) fn admin(stream: &Stream) -> ClientConfig {
    let mut config = base(stream, &ids::client_id(stream, "admin"));
    pass(&mut config, stream, |key| of_consumer(key) && of_producer(key));
    config
}

/// A lane's consumer.
pub(super) fn consumer(stream: &Stream, lane: usize) -> ClientConfig {
    let mut config = base(stream, &ids::transactional_id(stream, lane));
    set(&mut config, "session.timeout.ms", SESSION_TIMEOUT_MS);
    set(&mut config, "max.poll.interval.ms", MAX_POLL_INTERVAL_MS);
    // What it resets is judged before it is published (`positions.rs`).
    set(&mut config, "auto.offset.reset", "earliest");
    set(&mut config, "partition.assignment.strategy", "cooperative-sticky");
    // A full queue pauses fetching for so long: 1 s by default halves the throughput.
    set(&mut config, "fetch.queue.backoff.ms", 10);
    // The default queue holds 64 MB; more than this is no faster.
    set(&mut config, "queued.max.messages.kbytes", 8192);
    // That limit counts values only (`rko_len` in librdkafka 2.12.1): records with large keys or headers are bounded by their
    // number, of which each partition's queue has 100,000 by default. A fetch brings a megabyte however few are waiting.
    set(&mut config, "queued.min.messages", 32);
    // A second lane joins at the first one's next heartbeat.
    set(&mut config, "heartbeat.interval.ms", 300);
    set(&mut config, "statistics.interval.ms", 5000);
    set(&mut config, "topic.metadata.refresh.interval.ms", 30_000);
    pass(&mut config, stream, of_consumer);
    set(&mut config, "group.id", &stream.group);
    // A lane that comes back under its name has its partitions at once; a session lasts for longer than a restart.
    if !sabotage::asked(sabotage::OLD_IDS) {
        set(&mut config, "group.instance.id", ids::member_id(stream, lane));
    }
    set(&mut config, "group.protocol", "classic");
    set(&mut config, "isolation.level", "read_committed");
    set(&mut config, "enable.auto.commit", false);
    set(&mut config, "enable.auto.offset.store", false);
    config
}

/// A lane's producer.
pub(super) fn producer(stream: &Stream, lane: usize, survey: &Survey) -> ClientConfig {
    let mut config = base(stream, &ids::transactional_id(stream, lane));
    set(&mut config, "linger.ms", 0);
    set(&mut config, "message.timeout.ms", MESSAGE_TIMEOUT_MS);
    // A request may hold as much as each topic takes, so that a batch is never refused for what its records are not.
    set(&mut config, "message.max.bytes", survey.largest_limit().clamp(1_000_000, 1_000_000_000));
    set(&mut config, "batch.size", survey.smallest_limit().saturating_sub(1024).clamp(1, 1_000_000));
    // A request to a group's coordinator that librdkafka has lost goes on when any connection changes its state: so one
    // that is idle is closed, and opened again (`offset_sender.rs`).
    set(&mut config, "connections.max.idle.ms", 10_000);
    pass(&mut config, stream, |key| of_producer(key) && key != "statistics.interval.ms");
    set(&mut config, "enable.idempotence", true);
    set(&mut config, "acks", "all");
    set(&mut config, "partitioner", "murmur2_random");
    if stream.delivery == Delivery::ExactlyOnce {
        if config.get("transaction.timeout.ms").is_none() {
            set(&mut config, "transaction.timeout.ms", TRANSACTION_TIMEOUT_MS);
        }
        set(&mut config, "transactional.id", ids::transactional_id(stream, lane));
    } else {
        config.remove("transaction.timeout.ms");
    }
    config
}

/// A producer for `feed`: idempotent, without transactions.
pub(super) fn writer(stream: &Stream) -> ClientConfig {
    let mut config = base(stream, &ids::client_id(stream, "feed"));
    set(&mut config, "linger.ms", 5);
    set(&mut config, "message.max.bytes", 64 << 20);
    // What waits for a broker that is away. The default is 1 GB; less than two of the largest record would be too little.
    set(&mut config, "queue.buffering.max.kbytes", 128 << 10);
    pass(&mut config, stream, |key| {
        of_producer(key) && !matches!(key, "statistics.interval.ms" | "transaction.timeout.ms")
    });
    set(&mut config, "enable.idempotence", true);
    set(&mut config, "acks", "all");
    set(&mut config, "partitioner", "murmur2_random");
    config
}

/// A producer for `dead-letters replay`.
pub(super) fn replayer(stream: &Stream, survey: &Survey) -> ClientConfig {
    let mut config = producer(stream, 0, survey);
    set(&mut config, "client.id", ids::replay_id(stream));
    if stream.delivery == Delivery::ExactlyOnce {
        set(&mut config, "transactional.id", ids::replay_id(stream));
    }
    config
}

/// A consumer for `tail` and `dead-letters`: committed records of assigned partitions, no member of the group.
pub(super) fn reader(stream: &Stream) -> ClientConfig {
    let mut config = base(stream, &ids::client_id(stream, "reader"));
    set(&mut config, "fetch.queue.backoff.ms", 10);
    set(&mut config, "queued.max.messages.kbytes", 16_384);
    pass(&mut config, stream, |key| of_consumer(key) && key != "statistics.interval.ms");
    // assign() needs a name, and the worker's own is the one that ACLs surely allow. Nothing is joined or committed.
    set(&mut config, "group.id", &stream.group);
    set(&mut config, "isolation.level", "read_committed");
    set(&mut config, "enable.auto.commit", false);
    set(&mut config, "enable.auto.offset.store", false);
    set(&mut config, "enable.partition.eof", true);
    config
}

/// A consumer that looks at the group and at partitions, and is no member: see [`super::group_monitor`].
pub(super) fn watcher(stream: &Stream) -> ClientConfig {
    let mut config = reader(stream);
    set(&mut config, "client.id", ids::client_id(stream, "watch"));
    // One record is all that it reads at a time.
    set(&mut config, "fetch.message.max.bytes", 1000);
    set(&mut config, "queued.max.messages.kbytes", 1);
    set(&mut config, "fetch.wait.max.ms", 100);
    config
}

/// How long a transaction may stay open.
pub(super) fn transaction_timeout(stream: &Stream) -> Duration {
    Duration::from_millis(properties::millis(&stream.properties, &["transaction.timeout.ms"], TRANSACTION_TIMEOUT_MS))
}

/// How long a lane may work on one batch.
pub fn max_poll_interval(stream: &Stream) -> Duration {
    Duration::from_millis(properties::millis(&stream.properties, &["max.poll.interval.ms"], MAX_POLL_INTERVAL_MS))
}

fn base(stream: &Stream, client_id: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set_log_level(RDKafkaLogLevel::Info);
    set(&mut config, "bootstrap.servers", brokers::joined(&stream.brokers));
    set(&mut config, "client.id", client_id);
    set(&mut config, "socket.timeout.ms", SOCKET_TIMEOUT_MS);
    // Brokers make a topic that is asked for, by default. librdkafka's producers, admin clients among them, ask for that.
    set(&mut config, "allow.auto.create.topics", false);
    // Back within a second after an outage; the default waits up to ten.
    set(&mut config, "reconnect.backoff.max.ms", 1000);
    config
}

fn set(config: &mut ClientConfig, key: &str, value: impl ToString) {
    config.set(key, value.to_string());
}

fn pass(config: &mut ClientConfig, stream: &Stream, takes: impl Fn(&str) -> bool) {
    for (key, value) in stream.properties.iter().filter(|(key, _)| takes(key)) {
        config.set(key, value);
    }
}
