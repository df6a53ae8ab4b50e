//! The feed: articles with unique ids and sequence numbers, what must come of each, and the two readers.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use copydesk_core::memory::NoMemory;
use copydesk_core::pipeline::{Cleaner, Limits, Payload};
use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext};
use sha2::{Digest, Sha256};

use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::checker::{Role, Seen, Sent};
use crate::cluster::{Cluster, Names};

/// A small generator of pseudo-random numbers (splitmix64): the same seed, the same run.
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % limit as u64).expect("small")
    }
}

const LARGE: usize = 15_000;
const CUT: &str = "copydesk.value.sha256";
/// The timestamp that the topic did not take.
const TIMESTAMP: &str = "copydesk.timestamp.input";
/// The header of an article without a key.
const ID: &str = "id";

/// One article to be fed. The id is its key, and stays on the record and on the dead letter.
#[derive(Debug, Clone)]
pub struct Article {
    pub id: String,
    pub partition: i32,
    pub timestamp: i64,
    pub payload: Option<Vec<u8>>,
    /// Refused by what the stream takes, not by the function.
    pub too_large: bool,
    /// Bytes of one more header.
    pub padding: usize,
    /// Bytes that are added to the key.
    pub long_key: usize,
    /// Without a key the id stands in a header.
    pub keyed: bool,
}

const WORDS: &[&str] = &[
    "harbour",
    "council",
    "مدينة",
    "река",
    "市场",
    "λιμάνι",
    "नदी",
    "bridge",
    "opened",
    "again",
    "on",
    "Tuesday",
    "said",
    "the",
    "mayor",
    "année",
    "Straße",
    "şehir",
];

/// Article number `number`: text in many scripts with a date line and a repeat; one in forty is refused.
pub fn article(random: &mut Random, number: usize, partitions: i32) -> Article {
    let partition = i32::try_from(number).expect("small") % partitions;
    let id = format!("{partition}-{number:06}");
    let payload = match random.below(120) {
        0 => vec![b'x', 0xFF, 0xFE, b'0' + u8::try_from(number % 10).expect("a digit")],
        1 => format!("{{\"uri\": \"urn:broken:{number}\", ").into_bytes(),
        2 => format!("{{\"uri\": \"urn:empty:{number}\"}}").into_bytes(),
        _ => {
            let mut line =
                |words: usize| (0..words).map(|_| WORDS[random.below(WORDS.len())]).collect::<Vec<_>>().join(" ");
            let lines: Vec<String> = (0..3).map(|paragraph| format!("{} {number}-{paragraph}.", line(14))).collect();
            format!("14 March 2024\n{}\n{}\n", lines.join("\n"), lines[0]).into_bytes()
        }
    };
    Article {
        id,
        partition,
        timestamp: now() + i64::try_from(number).expect("small"),
        payload: Some(payload),
        too_large: false,
        padding: 0,
        long_key: 0,
        keyed: true,
    }
}

/// An hour ago: Kafka deletes by the records' own timestamps.
pub fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_millis();
    i64::try_from(now).expect("in range") - 3_600_000
}

impl Article {
    /// The key that it has, or would have.
    fn key(&self) -> String {
        format!("{}{}", self.id, "k".repeat(self.long_key))
    }

    /// What must come of it, by the pure function that the worker is said to apply.
    pub fn expected(&self) -> (Role, u64) {
        let id = name(self.key().as_bytes());
        let dead = (Role::Dead, digest(&id, self.timestamp, self.payload.as_deref(), Some(b"faults")));
        if self.too_large {
            return dead;
        }
        let mut out = Vec::new();
        let payload = Payload {
            value: self.payload.as_deref(),
            headers: &[("feed", b"faults")],
            timestamp: Some(self.timestamp),
        };
        match Cleaner::new(Limits::default()).clean(payload, &NoMemory, &mut out) {
            Ok(_) => (Role::Clean, digest(&id, self.timestamp, Some(&out), Some(b"faults"))),
            Err(_) => dead,
        }
    }
}

/// What a record is called by its key: long keys by their hash.
fn name(key: &[u8]) -> String {
    if key.len() > LARGE { hex(key) } else { String::from_utf8_lossy(key).into_owned() }
}

/// Of a value that is large, the SHA-256 counts: that is what is left of it on a dead letter that had to be cut.
fn digest(id: &str, timestamp: i64, value: Option<&[u8]>, feed: Option<&[u8]>) -> u64 {
    let value = value.map(|value| if value.len() > LARGE { hex(value).into_bytes() } else { value.to_vec() });
    digest_of(id, timestamp, value.as_deref(), feed)
}

pub fn hex(value: &[u8]) -> String {
    Sha256::digest(value).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn digest_of(id: &str, timestamp: i64, value: Option<&[u8]>, feed: Option<&[u8]>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (id, timestamp, value, feed).hash(&mut hasher);
    hasher.finish()
}

#[derive(Default)]
struct Places(Mutex<Vec<Sent>>);

impl ClientContext for Places {
    fn log(&self, _: rdkafka::config::RDKafkaLogLevel, _: &str, _: &str) {}
    fn error(&self, _: KafkaError, _: &str) {}
}

impl ProducerContext for Places {
    type DeliveryOpaque = Box<Sent>;

    fn delivery(&self, result: &DeliveryResult<'_>, mut sent: Box<Sent>) {
        match result {
            Ok(message) => {
                sent.offset = message.offset();
                self.0.lock().unwrap_or_else(PoisonError::into_inner).push(*sent);
            }
            Err((error, _)) => eprintln!("   the feeder could not deliver {}: {error}", sent.id),
        }
    }
}

/// Feeds on a thread of its own.
pub struct Feeder {
    thread: Option<JoinHandle<Vec<Sent>>>,
    acknowledged: Arc<AtomicUsize>,
}

impl Feeder {
    /// Feeds `articles`, `rate` a second, without doubling or reordering any, however long brokers are away.
    pub fn start(
        cluster: &Cluster,
        topic: &str,
        articles: impl Iterator<Item = Article> + Send + 'static,
        rate: usize,
        compression: &str,
    ) -> Feeder {
        let producer: BaseProducer<Places> = ClientConfig::new()
            .set("bootstrap.servers", &cluster.direct)
            .set("enable.idempotence", "true")
            .set("message.timeout.ms", "900000")
            .set("message.max.bytes", "64000000")
            .set("queue.buffering.max.kbytes", "131072")
            .set("reconnect.backoff.max.ms", "500")
            .set("linger.ms", "2")
            .set("topic.metadata.refresh.interval.ms", "1000")
            .set("compression.type", compression)
            .create_with_context(Places::default())
            .expect("a producer");
        let (topic, acknowledged) = (topic.to_owned(), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&acknowledged);
        let thread = std::thread::spawn(move || {
            let started = Instant::now();
            let tell = || {
                producer.poll(Duration::ZERO);
                count.store(producer.context().0.lock().unwrap_or_else(PoisonError::into_inner).len(), Relaxed);
            };
            for (number, article) in articles.enumerate() {
                let due = started + Duration::from_secs_f64(number as f64 / rate as f64);
                while Instant::now() < due {
                    tell();
                    std::thread::sleep(Duration::from_millis(2));
                }
                send(&producer, &topic, &article);
            }
            while producer.in_flight_count() > 0 {
                tell();
                std::thread::sleep(Duration::from_millis(5));
            }
            tell();
            std::mem::take(&mut *producer.context().0.lock().unwrap_or_else(PoisonError::into_inner))
        });
        Feeder { thread: Some(thread), acknowledged }
    }

    pub fn acknowledged(&self) -> usize {
        self.acknowledged.load(Relaxed)
    }

    pub fn is_done(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until all are acknowledged.
    pub fn finish(&mut self) -> Vec<Sent> {
        self.thread.take().map(|thread| thread.join().expect("the feeder did not panic")).unwrap_or_default()
    }
}

fn send(producer: &BaseProducer<Places>, topic: &str, article: &Article) {
    let (key, partition) = (article.key(), article.partition);
    let sent = Box::new(Sent { id: name(key.as_bytes()), partition, offset: -1, expected: article.expected() });
    let mut record = BaseRecord::with_opaque_to(topic, sent).partition(article.partition).timestamp(article.timestamp);
    let mut headers = OwnedHeaders::new().insert(Header { key: "feed", value: Some("faults") });
    if article.padding > 0 {
        headers = headers.insert(Header { key: "padding", value: Some(&vec![b'p'; article.padding]) });
    }
    if article.keyed {
        record = record.key(&key);
    } else {
        headers = headers.insert(Header { key: ID, value: Some(&key) });
    }
    record = record.headers(headers);
    if let Some(payload) = &article.payload {
        record = record.payload(payload);
    }
    loop {
        match producer.send(record) {
            Ok(()) => return,
            Err((_, back)) => {
                record = back;
                producer.poll(Duration::ZERO);
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

/// Reads output and dead letters, committed records only.
struct Eyes {
    consumer: BaseConsumer,
    dead: String,
}

impl Eyes {
    /// Of the output and the dead letters, each with its number of partitions.
    fn open(cluster: &Cluster, topics: &[(&str, i32)], dead: &str) -> Eyes {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &cluster.direct)
            .set("group.id", "faults-reader")
            .set("isolation.level", "read_committed")
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .set("auto.offset.reset", "earliest")
            .set("reconnect.backoff.max.ms", "500")
            .set("fetch.wait.max.ms", "100")
            .set("topic.metadata.refresh.interval.ms", "1000")
            .set("log_level", "0")
            .create()
            .expect("a consumer");
        let mut list = TopicPartitionList::new();
        for (topic, partitions) in topics {
            for partition in 0..*partitions {
                list.add_partition_offset(topic, partition, Offset::Beginning).expect("a partition");
            }
        }
        consumer.assign(&list).expect("assigned");
        Eyes { consumer, dead: dead.to_owned() }
    }

    /// A record; `Err(partition)` at the end of one.
    fn next(&self) -> Option<Result<Seen, (Role, i32)>> {
        match self.consumer.poll(Duration::from_millis(100))? {
            Ok(message) => {
                let role = if message.topic() == self.dead { Role::Dead } else { Role::Clean };
                let header = |name| -> Option<&[u8]> {
                    message.headers().and_then(|headers| headers.iter().find(|header| header.key == name)?.value)
                };
                let id = name(header(ID).or(message.key()).unwrap_or_default());
                let feed = header("feed");
                let own = header(TIMESTAMP).and_then(|own| String::from_utf8_lossy(own).parse().ok());
                let timestamp = own.or(message.timestamp().to_millis()).unwrap_or(-1);
                let digest = match header(CUT) {
                    Some(hash) => digest_of(&id, timestamp, Some(hash), feed),
                    None => digest(&id, timestamp, message.payload(), feed),
                };
                Some(Ok(Seen { role, partition: message.partition(), offset: message.offset(), id, digest }))
            }
            // Which of the two topics it is does not matter: ends are only counted.
            Err(KafkaError::PartitionEOF(partition)) => Some(Err((Role::Clean, partition))),
            Err(_) => None,
        }
    }
}

/// The reader that runs all the time.
pub struct Watcher {
    seen: Arc<Mutex<Vec<Seen>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    pub fn start(cluster: &Cluster, names: &Names, partitions: [i32; 2]) -> Watcher {
        let eyes = Eyes::open(cluster, &[(&names.output, partitions[0]), (&names.dead, partitions[1])], &names.dead);
        let (seen, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (into, end) = (Arc::clone(&seen), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !end.load(Relaxed) {
                if let Some(Ok(record)) = eyes.next() {
                    into.lock().unwrap_or_else(PoisonError::into_inner).push(record);
                }
            }
        });
        Watcher { seen, stop, thread: Some(thread) }
    }

    /// How many different articles were seen.
    pub fn different(&self) -> usize {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().map(|record| record.id.as_str()).collect::<std::collections::HashSet<_>>().len()
    }

    pub fn finish(mut self) -> Vec<Seen> {
        self.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the reader did not panic");
        }
        std::mem::take(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a fresh reader finds now.
pub fn read_all(cluster: &Cluster, topics: &[(&str, i32)], dead: &str) -> Vec<Seen> {
    let eyes = Eyes::open(cluster, topics, dead);
    let partitions: i32 = topics.iter().map(|(_, partitions)| partitions).sum();
    let (mut seen, mut ends) = (Vec::new(), 0);
    let give_up = Instant::now() + Duration::from_secs(180);
    // An end is told again where a marker came after it, so the last word is that nothing comes for a while.
    let mut quiet = 0;
    while (ends < partitions || quiet < 20) && Instant::now() < give_up {
        quiet += 1;
        match eyes.next() {
            Some(Ok(record)) => {
                seen.push(record);
                quiet = 0;
            }
            Some(Err(_)) => ends += 1,
            None => {}
        }
    }
    assert!(Instant::now() < give_up, "the fresh reader did not come to the end of {topics:?}");
    seen
}
