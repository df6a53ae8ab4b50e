//! The broker, its topics, and an independent reader.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use copydesk::config::{Delivery, OffsetReset, RecordTimestamp, Stream};
use copydesk::worker::reader::{From, Next, Reader};
use copydesk::worker::topics::Admin;
use copydesk::worker::writer::{Outgoing, Writer};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::kafka_script::{CONFIGS, CONSOLE_CONSUMER, KafkaScript, Tool};

/// A cluster that the tests started, or were given.
pub struct Kafka {
    pub brokers: String,
    script: KafkaScript,
}

impl Kafka {
    /// The broker that all tests share.
    pub fn shared() -> &'static Kafka {
        static SHARED: OnceLock<Kafka> = OnceLock::new();
        SHARED.get_or_init(|| match std::env::var("COPYDESK_TEST_BROKERS") {
            Ok(brokers) => Kafka::named(&brokers),
            Err(_) => Kafka::start("shared"),
        })
    }

    /// A broker that somebody else started, or nobody.
    pub fn named(brokers: &str) -> Kafka {
        Kafka { brokers: brokers.to_owned(), script: KafkaScript::default() }
    }

    /// A broker of a test's own, for tests that kill it.
    pub fn start(name: &str) -> Kafka {
        Kafka::start_with(name, "")
    }

    /// The same, with more lines for `server.properties`.
    pub fn start_with(name: &str, extra: &str) -> Kafka {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("kafka-{}-{name}", std::process::id()));
        let script = KafkaScript::new([
            ("KAFKA_HOME", home.display().to_string()),
            ("KAFKA_PORT", free_ports().to_string()),
            ("KAFKA_EXTRA", extra.to_owned()),
        ]);
        let mut kafka = Kafka { brokers: String::new(), script };
        kafka.brokers = kafka.script(&["start"]).trim().to_owned();
        kafka
    }

    /// Runs the project's script, or fails with what it said.
    pub fn script(&self, arguments: &[&str]) -> String {
        self.script.run(arguments).unwrap_or_else(|said| {
            panic!(
                "no Kafka for the tests: `scripts/kafka {}` failed. Either make it work or name a broker in \
                 COPYDESK_TEST_BROKERS.\n{said}",
                arguments.join(" ")
            )
        })
    }

    /// Runs one of Kafka's own tools, or fails with what it said.
    pub fn tool(&self, tool: Tool, arguments: &[&str]) -> String {
        self.script(&tool.on(&self.brokers, arguments))
    }

    /// Settings for the library's own clients.
    pub fn stream(&self, names: &Names) -> Stream {
        Stream {
            brokers: self.brokers.clone(),
            input: names.input.clone(),
            output: names.output.clone(),
            dead_letters: names.dead.clone(),
            group: names.group.clone(),
            instance: "test".to_owned(),
            lanes: 1,
            delivery: Delivery::ExactlyOnce,
            timestamp: RecordTimestamp::Input,
            batch_bytes: 3_000_000,
            grace: Duration::from_secs(20),
            backoff: (Duration::from_millis(100), Duration::from_secs(1)),
            on_offset_reset: OffsetReset::Stall,
            oauth: None,
            properties: BTreeMap::new(),
        }
    }

    /// Makes the three topics.
    pub fn topics(&self, names: &Names, partitions: [usize; 3], settings: [&[(&str, &str)]; 3]) {
        let admin = Admin::new(&self.stream(names)).expect("an admin client");
        let all = [&names.input, &names.output, &names.dead];
        for ((topic, partitions), settings) in all.into_iter().zip(partitions).zip(settings) {
            assert!(admin.create(topic, partitions, None, settings).expect("the topic is made"));
        }
    }

    /// Changes a topic's configuration, by Kafka's own tool.
    pub fn alter(&self, topic: &str, setting: &str) {
        let entity = ["--alter", "--entity-type", "topics", "--entity-name", topic, "--add-config", setting];
        self.tool(CONFIGS, &entity);
    }

    /// Sends records to a topic and waits until all are acknowledged.
    pub fn send<'a>(&self, names: &Names, topic: &str, records: impl IntoIterator<Item = Outgoing<'a>>) {
        let writer = Writer::new(&self.stream(names), topic).expect("a writer");
        for (number, record) in records.into_iter().enumerate() {
            writer.send(number, record).expect("the record is queued");
        }
        writer.drain(Duration::from_secs(60), || {}).expect("all are acknowledged");
        assert_eq!(writer.undelivered(), []);
    }

    /// How many committed records a topic has now.
    pub fn count(&self, names: &Names, topic: &str) -> usize {
        let mut reader =
            Reader::open(&self.stream(names), topic, From::Start, Duration::from_secs(20)).expect("a reader");
        let mut count = 0;
        loop {
            match reader.next(Duration::from_secs(10)).expect("reading") {
                Next::Record(_) => count += 1,
                Next::Nothing => {}
                Next::AtEnd => return count,
            }
        }
    }

    /// The last stable offset (read_committed) or the end (read_uncommitted) of a topic's only partition.
    pub fn end(&self, topic: &str, isolation: &str) -> i64 {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.brokers)
            .set("group.id", "copydesk-test-ends")
            .set("isolation.level", isolation)
            .create()
            .expect("a consumer");
        consumer.fetch_watermarks(topic, 0, Duration::from_secs(10)).expect("watermarks").1
    }

    /// Waits until output and dead letters together have so many records.
    pub fn wait_for(&self, names: &Names, records: usize, within: Duration) {
        wait(&format!("{records} records in {} and {}", names.output, names.dead), within, || {
            self.count(names, &names.output) + self.count(names, &names.dead) >= records
        });
    }

    /// Reads a topic with Kafka's own console consumer, which shares no code with the worker.
    pub fn read(&self, topic: &str, isolation: &str) -> Vec<Seen> {
        // It ends when nothing has come for so long. On a busy machine its first record may need longer than that: only
        // a patient reader proves a topic empty.
        let seen = self.read_for(topic, isolation, "3000");
        if seen.is_empty() { self.read_for(topic, isolation, "15000") } else { seen }
    }

    fn read_for(&self, topic: &str, isolation: &str, timeout: &str) -> Vec<Seen> {
        let mut arguments = vec!["--topic", topic, "--from-beginning"];
        arguments.extend(["--isolation-level", isolation, "--timeout-ms", timeout]);
        for property in ["partition", "offset", "timestamp", "key", "headers"] {
            arguments.push("--formatter-property");
            arguments.push(match property {
                "partition" => "print.partition=true",
                "offset" => "print.offset=true",
                "timestamp" => "print.timestamp=true",
                "key" => "print.key=true",
                _ => "print.headers=true",
            });
        }
        arguments.extend([
            "--formatter-property",
            "null.literal=<NULL>",
            "--formatter-property",
            "line.separator=\u{1}",
        ]);
        arguments.extend([
            "--formatter-property",
            "headers.separator=\u{2}",
            "--formatter-property",
            "key.separator=\t",
        ]);
        let output = KafkaScript::default().output(&CONSOLE_CONSUMER.on(&self.brokers, &arguments));
        let lines = output.stdout.split(|byte| *byte == 1).filter(|line| !line.is_empty());
        lines.map(Seen::parse).collect()
    }
}

/// A record as Kafka's console consumer printed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub timestamp: i64,
    pub partition: i32,
    pub offset: i64,
    pub headers: Vec<(String, Vec<u8>)>,
    pub key: Vec<u8>,
    pub value: Vec<u8>,
}

impl Seen {
    fn parse(line: &[u8]) -> Seen {
        let mut fields = line.splitn(6, |byte| *byte == b'\t');
        let mut next = || fields.next().unwrap_or_else(|| panic!("six fields: {}", String::from_utf8_lossy(line)));
        let number = |field: &[u8]| -> i64 {
            let text = std::str::from_utf8(field).expect("a number");
            text.rsplit(':').next().and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("a number: {text}"))
        };
        let (timestamp, partition, offset) = (number(next()), number(next()), number(next()));
        let headers = next();
        let headers =
            if headers == b"NO_HEADERS" { Vec::new() } else { headers.split(|byte| *byte == 2).map(header).collect() };
        Seen {
            timestamp,
            partition: i32::try_from(partition).expect("a partition"),
            offset,
            headers,
            key: next().to_vec(),
            value: next().to_vec(),
        }
    }

    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_slice())
    }

    pub fn text(&self, name: &str) -> &str {
        std::str::from_utf8(self.header(name).unwrap_or_default()).expect("a header of text")
    }
}

fn header(bytes: &[u8]) -> (String, Vec<u8>) {
    let at = bytes.iter().position(|byte| *byte == b':').expect("name:value");
    (String::from_utf8(bytes[..at].to_vec()).expect("a name"), bytes[at + 1..].to_vec())
}

/// Topics and group of one test.
#[derive(Debug, Clone)]
pub struct Names {
    pub input: String,
    pub output: String,
    pub dead: String,
    pub group: String,
}

impl Names {
    pub fn new(test: &str) -> Names {
        // Two tests that chose one word do not meet.
        static TESTS: AtomicU32 = AtomicU32::new(0);
        let (run, number) = (std::process::id(), TESTS.fetch_add(1, Relaxed));
        let name = |role: &str| format!("{test}-{run}-{number}-{role}");
        Names { input: name("raw"), output: name("clean"), dead: name("dead"), group: name("group") }
    }
}

/// Waits for something, or fails naming it.
pub fn wait(what: &str, within: Duration, mut there: impl FnMut() -> bool) {
    let end = Instant::now() + within;
    while !there() {
        assert!(Instant::now() < end, "waited {} s in vain for {what}", within.as_secs());
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A broker of a test's own does not outlive it, nor does what was sent to it. (The shared one is never dropped: it stops by
/// itself when this process is gone.)
impl Drop for Kafka {
    fn drop(&mut self) {
        if self.script.has_own_cluster() {
            let _ = self.script.run(&["wipe"]);
        }
    }
}

/// Two free ports side by side, below those that the kernel hands out.
fn free_ports() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..500 {
        let step = NEXT.fetch_add(1, Relaxed);
        let port = 20_000 + u16::try_from((std::process::id() * 7 + step * 2) % 12_000).expect("a port") / 2 * 2;
        let free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if free(port) && free(port + 1) {
            return port;
        }
    }
    panic!("no two free ports between 20000 and 32000");
}

/// A free port for an admin server.
pub fn free_port() -> u16 {
    free_ports()
}
