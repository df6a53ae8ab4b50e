//! The yardstick: a bare consume-transform-produce on rdkafka that copies each record and does nothing else.
//!
//! It has the same lanes, batches, transactions and client settings as `copydesk run`, and none of what makes a worker: an
//! error ends it, a topic is never looked at, nothing is told. What `copydesk run` costs beyond this and the pure function
//! is the price of being a worker. `benches/kafka/bench.py` runs it; settings come from the command line:
//! ```text
//! mirror BROKERS INPUT OUTPUT GROUP [process=0] [lanes=2] [delivery=exactly-once] [batch-bytes=3000000]
//!        [bytes-per-partition=900000] [batch-articles=10000] [consumer.NAME=VALUE]… [producer.NAME=VALUE]…
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, RDKafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::util::Timeout;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// As the worker has them (`src/worker/clients.rs`).
const CONSUMER: [(&str, &str); 11] = [
    ("session.timeout.ms", "45000"),
    ("auto.offset.reset", "earliest"),
    ("partition.assignment.strategy", "cooperative-sticky"),
    ("fetch.queue.backoff.ms", "10"),
    ("queued.max.messages.kbytes", "8192"),
    ("heartbeat.interval.ms", "300"),
    ("socket.timeout.ms", "20000"),
    ("isolation.level", "read_committed"),
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("group.protocol", "classic"),
];
const PRODUCER: [(&str, &str); 6] = [
    ("linger.ms", "0"),
    ("message.timeout.ms", "20000"),
    ("socket.timeout.ms", "20000"),
    ("batch.size", "1000000"),
    ("enable.idempotence", "true"),
    ("acks", "all"),
];

struct Orders {
    brokers: String,
    input: String,
    output: String,
    group: String,
    /// Its number, where several share the group.
    process: usize,
    lanes: usize,
    exactly_once: bool,
    batch_bytes: usize,
    /// A request holds 1 MB. With more than one for a partition in a transaction librdkafka's broker thread spins.
    bytes_per_partition: usize,
    batch_articles: usize,
    consumer: Vec<(String, String)>,
    producer: Vec<(String, String)>,
}

fn main() -> Outcome {
    let orders = Arc::new(orders(std::env::args().skip(1))?);
    let (ended, first) = mpsc::channel();
    for number in 0..orders.lanes {
        let (orders, ended) = (Arc::clone(&orders), ended.clone());
        std::thread::spawn(move || ended.send(lane(&orders, number)));
    }
    drop(ended);
    // The first lane that ends ends the process: a lane works until it is killed, or fails.
    first.recv()?
}

fn orders(mut arguments: impl Iterator<Item = String>) -> Result<Orders, Box<dyn Error + Send + Sync>> {
    let mut next = |what: &str| arguments.next().ok_or(format!("{what} is missing"));
    let mut orders = Orders {
        brokers: next("BROKERS")?,
        input: next("INPUT")?,
        output: next("OUTPUT")?,
        group: next("GROUP")?,
        process: 0,
        lanes: 2,
        exactly_once: true,
        batch_bytes: 3_000_000,
        bytes_per_partition: 900_000,
        batch_articles: 10_000,
        consumer: Vec::new(),
        producer: Vec::new(),
    };
    for argument in arguments {
        let (key, value) = argument.split_once('=').ok_or(format!("`{argument}` is not KEY=VALUE"))?;
        match (key, key.split_once('.')) {
            ("process", _) => orders.process = value.parse()?,
            ("lanes", _) => orders.lanes = value.parse()?,
            ("delivery", _) => orders.exactly_once = value == "exactly-once",
            ("batch-bytes", _) => orders.batch_bytes = value.parse()?,
            ("bytes-per-partition", _) => orders.bytes_per_partition = value.parse()?,
            ("batch-articles", _) => orders.batch_articles = value.parse()?,
            (_, Some(("consumer", name))) => orders.consumer.push((name.to_owned(), value.to_owned())),
            (_, Some(("producer", name))) => orders.producer.push((name.to_owned(), value.to_owned())),
            _ => return Err(format!("`{key}` is no setting of the mirror").into()),
        }
    }
    Ok(orders)
}

/// Which partitions the lane has lost since it last asked.
#[derive(Default)]
struct Membership {
    revoked: Mutex<BTreeSet<i32>>,
}

impl ClientContext for Membership {}

impl ConsumerContext for Membership {
    fn pre_rebalance(&self, _consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(list) = rebalance {
            let mut revoked = self.revoked.lock().unwrap_or_else(PoisonError::into_inner);
            revoked.extend(list.elements().iter().map(|element| element.partition()));
        }
    }
}

#[derive(Default)]
struct Deliveries {
    failed: AtomicU64,
}

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        self.failed.fetch_add(u64::from(result.is_err()), Relaxed);
    }
}

/// Until it is killed.
fn lane(orders: &Orders, number: usize) -> Outcome {
    let name = format!("{}-{}-{number}", orders.group, orders.process);
    let config = |fixed: &[(&str, &str)], given: &[(String, String)]| {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &orders.brokers).set("client.id", &name);
        config.extend(fixed.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        config.extend(given.iter().cloned());
        config
    };
    let mut consumer = config(&CONSUMER, &orders.consumer);
    consumer.set("group.id", &orders.group);
    let mut producer = config(&PRODUCER, &orders.producer);
    if orders.exactly_once {
        producer.set("transactional.id", &name).set("transaction.timeout.ms", "30000");
    }
    let consumer = BaseConsumer::from_config_and_context(&consumer, Membership::default())?;
    let producer = BaseProducer::from_config_and_context(&producer, Deliveries::default())?;
    if orders.exactly_once {
        producer.init_transactions(Duration::from_secs(30))?;
    }
    consumer.subscribe(&[&orders.input])?;
    loop {
        let batch = gather(orders, &consumer)?;
        if !batch.is_empty() {
            match publish(orders, &consumer, &producer, &batch) {
                Ok(()) => {}
                Err(KafkaError::Transaction(error)) if is_stale(&error) => {
                    producer.abort_transaction(Duration::from_secs(30))?;
                    rewind(&consumer)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// The group has rebalanced since the batch was gathered, so its offsets are refused.
fn is_stale(error: &RDKafkaError) -> bool {
    use RDKafkaErrorCode::{IllegalGeneration, RebalanceInProgress, UnknownMemberId};
    error.txn_requires_abort() || matches!(error.code(), IllegalGeneration | RebalanceInProgress | UnknownMemberId)
}

/// Back to what is committed.
fn rewind(consumer: &BaseConsumer<Membership>) -> Result<(), KafkaError> {
    let mut offsets = TopicPartitionList::new();
    for element in consumer.committed(Duration::from_secs(10))?.elements() {
        let known = matches!(element.offset(), Offset::Offset(_));
        let offset = if known { element.offset() } else { Offset::Beginning };
        offsets.add_partition_offset(element.topic(), element.partition(), offset)?;
    }
    consumer.seek_partitions(offsets, Duration::from_secs(10)).map(drop)
}

fn gather<'c>(
    orders: &Orders,
    consumer: &'c BaseConsumer<Membership>,
) -> Result<Vec<BorrowedMessage<'c>>, Box<dyn Error + Send + Sync>> {
    let (mut batch, mut bytes, mut wait) = (Vec::new(), 0, Duration::from_millis(100));
    // Articles come in runs of one partition, so it is each partition that is watched.
    let mut of_partition: BTreeMap<i32, usize> = BTreeMap::new();
    loop {
        let polled = consumer.poll(wait);
        let mut revoked = consumer.context().revoked.lock().unwrap_or_else(PoisonError::into_inner);
        if !revoked.is_empty() {
            batch.retain(|message: &BorrowedMessage<'_>| !revoked.contains(&message.partition()));
            revoked.clear();
        }
        drop(revoked);
        match polled {
            None => return Ok(batch),
            Some(Ok(message)) => {
                bytes += message.payload_len();
                let sum = of_partition.entry(message.partition()).or_default();
                *sum += message.payload_len();
                batch.push(message);
                let full = *sum >= orders.bytes_per_partition || bytes >= orders.batch_bytes;
                if full || batch.len() >= orders.batch_articles {
                    return Ok(batch);
                }
            }
            Some(Err(error)) => return Err(error.into()),
        }
        wait = Duration::ZERO;
    }
}

fn publish(
    orders: &Orders,
    consumer: &BaseConsumer<Membership>,
    producer: &BaseProducer<Deliveries>,
    batch: &[BorrowedMessage<'_>],
) -> Result<(), KafkaError> {
    if orders.exactly_once {
        producer.begin_transaction()?;
    }
    let mut next = BTreeMap::new();
    for message in batch {
        let mut record: BaseRecord<'_, [u8], [u8], ()> = BaseRecord::to(&orders.output).partition(message.partition());
        record.key = message.key();
        record.payload = message.payload();
        record.timestamp = message.timestamp().to_millis();
        while let Err((error, back)) = producer.send(record) {
            let KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull) = error else { return Err(error) };
            record = back;
            producer.poll(Duration::ZERO);
            std::thread::sleep(Duration::from_millis(1));
        }
        next.insert(message.partition(), message.offset() + 1);
    }
    // Never by a timed poll, which lasts the whole time and spins.
    loop {
        producer.poll(Duration::ZERO);
        if producer.in_flight_count() == 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    if producer.context().failed.load(Relaxed) > 0 {
        return Err(KafkaError::Flush(RDKafkaErrorCode::Fail));
    }
    let mut offsets = TopicPartitionList::new();
    for (partition, offset) in next {
        offsets.add_partition_offset(&orders.input, partition, Offset::Offset(offset))?;
    }
    if orders.exactly_once {
        let metadata = consumer.group_metadata().ok_or(KafkaError::Canceled)?;
        producer.send_offsets_to_transaction(&offsets, &metadata, Duration::from_secs(30))?;
        producer.commit_transaction(Timeout::Never)?;
    } else {
        consumer.commit(&offsets, CommitMode::Sync)?;
    }
    Ok(())
}
