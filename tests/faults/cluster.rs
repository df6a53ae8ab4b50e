//! One or three real brokers of the suite's own, started by `scripts/kafka`, each with a proxy on the port that it
//! advertises to the workers. The feeder and the readers use another listener, so that the faults of the proxy do not reach them.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::kafka_script::{KafkaScript, Tool};
use crate::proxy::Proxy;

mod group;

/// Size of the small disk in megabytes.
const SMALL_MB: usize = 120;
const ASK: Duration = Duration::from_secs(20);

/// Kafka's own internal topics have so many partitions here (scripts/kafka).
const INTERNAL_PARTITIONS: i32 = 4;

/// Topics and group of one scenario.
#[derive(Debug, Clone)]
pub struct Names {
    pub input: String,
    pub output: String,
    pub dead: String,
    pub group: String,
}

impl Names {
    pub fn new(scenario: &str) -> Names {
        let name = |role: &str| format!("{scenario}-{role}");
        Names { input: name("raw"), output: name("clean"), dead: name("dead"), group: name("group") }
    }

    /// A lane's transactional id (docs/operate.md).
    pub fn transactional_id(&self, instance: &str, lane: usize) -> String {
        format!("{}-{instance}-{lane}.{}", self.group, self.group.len())
    }
}

/// Which broker a fault hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Number(u16),
    /// The leader of partition 0 of the input, of the output.
    Input,
    Output,
    /// The coordinator of the group, of worker 0's first lane.
    Group,
    Transactions,
    All,
}

/// A cluster.
pub struct Cluster {
    /// For the feeder and the readers.
    pub direct: String,
    /// For the workers.
    pub proxied: String,
    pub proxy: Proxy,
    pub brokers: u16,
    home: PathBuf,
    port: u16,
    script: KafkaScript,
    mounted: bool,
    secure: &'static [(&'static str, &'static str)],
    admin: AdminClient<DefaultClientContext>,
    asker: BaseConsumer,
}

impl Cluster {
    /// Starts `brokers` brokers under `folder`.
    pub fn start(folder: &Path, brokers: u16) -> Cluster {
        Cluster::start_with(folder, brokers, &format!("kafka-{brokers}"), "", &[])
    }

    /// One broker whose disk is a small file system in memory, which only root can mount.
    pub fn start_on_small_disk(folder: &Path) -> Cluster {
        let name = "kafka-small";
        let home = folder.join(name);
        std::fs::create_dir_all(&home).expect("a folder");
        let size = format!("size={SMALL_MB}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&home).status();
        assert!(
            mounted.is_ok_and(|status| status.success()),
            "a small disk is mounted by root only: run the suite as root"
        );
        let mut cluster = Cluster::start_with(folder, 1, name, "", &[]);
        cluster.mounted = true;
        cluster
    }

    /// A file that leaves no room on the small disk.
    pub fn filler(&self) -> PathBuf {
        self.home.join("filler")
    }

    /// With more lines for `server.properties`, and more listeners (name and protocol): see [`Cluster::secure`].
    pub fn start_with(
        folder: &Path,
        brokers: u16,
        name: &str,
        extra: &str,
        secure: &'static [(&'static str, &'static str)],
    ) -> Cluster {
        let port = free_ports(40);
        let mut listen = format!("PROXIED:PLAINTEXT:{}:{}", port + 10, port + 20);
        for ((name, protocol), port) in secure.iter().zip(port + 30..) {
            listen += &format!(" {name}:{protocol}:{port}:{port}");
        }
        let home = folder.join(name);
        let proxy = Proxy::default();
        for broker in 0..brokers {
            proxy.listen(port + 20 + 2 * broker, port + 10 + 2 * broker);
        }
        let list =
            |first: u16| (0..brokers).map(|n| format!("127.0.0.1:{}", first + 2 * n)).collect::<Vec<_>>().join(",");
        let (direct, proxied) = (list(port), list(port + 20));
        let script = KafkaScript::new([
            ("KAFKA_HOME", home.display().to_string()),
            ("KAFKA_PORT", port.to_string()),
            ("KAFKA_HEAP", "400m".to_owned()),
            ("KAFKA_EXTRA", extra.to_owned()),
            ("KAFKA_LISTEN", listen),
        ]);
        let client = || {
            let mut config = ClientConfig::new();
            config.set("bootstrap.servers", &direct).set("group.id", "faults").set("log_level", "0");
            config
        };
        let admin = client().create().expect("an admin client");
        let asker = client().create().expect("a consumer");
        let cluster = Cluster {
            direct: direct.clone(),
            proxied,
            proxy,
            brokers,
            home,
            port,
            script,
            mounted: false,
            secure,
            admin,
            asker,
        };
        cluster.script(&["start", &brokers.to_string()]);
        cluster
    }

    /// The address of a listener beyond the usual ones, on a cluster of one broker.
    pub fn secure(&self, name: &str) -> String {
        let at = self.secure.iter().position(|(listener, _)| *listener == name).expect("a listener");
        format!("127.0.0.1:{}", usize::from(self.port) + 30 + at)
    }

    /// Stops the brokers and leaves what they wrote (their logs, and the topics) in `folder`.
    pub fn leave_in(&self, folder: &Path) {
        self.script(&["stop"]);
        let copied = Command::new("cp").arg("-r").arg(&self.home).arg(folder).status();
        assert!(copied.expect("cp runs").success(), "the brokers' files are left in {}", folder.display());
    }

    /// Runs the project's script, or fails with what it said.
    pub fn script(&self, arguments: &[&str]) -> String {
        self.script
            .run(arguments)
            .unwrap_or_else(|said| panic!("`scripts/kafka {}` failed:\n{said}", arguments.join(" ")))
    }

    /// The same; `Err` is what it said.
    pub fn try_script(&self, arguments: &[&str]) -> Result<String, String> {
        self.script.run(arguments)
    }

    /// Runs one of Kafka's own tools, or fails with what it said.
    pub fn tool(&self, tool: Tool, arguments: &[&str]) -> String {
        self.script(&tool.on(&self.direct, arguments))
    }

    /// The brokers' processes.
    pub fn pids(&self) -> Vec<u32> {
        let pid = |number: u16| {
            let file = self.home.join(format!("broker-{number}/pid"));
            let pid = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            pid.trim().parse().expect("a pid")
        };
        (1..=self.brokers).map(pid).collect()
    }

    /// The brokers that `who` means, by number.
    pub fn numbers(&self, who: Who, names: &Names) -> Vec<u16> {
        let leader = |topic: &str, partition| vec![self.leader(topic, partition)];
        match who {
            Who::Number(number) => vec![number],
            Who::All => (1..=self.brokers).collect(),
            Who::Input => leader(&names.input, 0),
            Who::Output => leader(&names.output, 0),
            Who::Group => leader("__consumer_offsets", java_hash(&names.group)),
            Who::Transactions => leader("__transaction_state", java_hash(&names.transactional_id("w0", 0))),
        }
    }

    fn leader(&self, topic: &str, partition: i32) -> u16 {
        let metadata = self.asker.fetch_metadata(Some(topic), ASK).expect("metadata");
        let partitions = metadata.topics().first().map(|found| found.partitions()).unwrap_or_default();
        let found = partitions.iter().find(|found| found.id() == partition).expect("the partition");
        u16::try_from(found.leader()).expect("a leader")
    }

    /// Makes a topic with as many replicas as there are brokers.
    pub fn create(&self, topic: &str, partitions: i32, settings: &[(&str, &str)]) {
        let replicas = TopicReplication::Fixed(i32::from(self.brokers));
        let new =
            settings.iter().fold(NewTopic::new(topic, partitions, replicas), |new, (key, value)| new.set(key, value));
        let options = AdminOptions::new().operation_timeout(Some(ASK));
        for attempt in 1.. {
            // Asked of a broker that an earlier scenario killed, librdkafka may give up the request with the connection.
            match block_on(self.admin.create_topics([&new], &options)).map(|mut made| made.pop().expect("one")) {
                Ok(Ok(_)) => return,
                Ok(Err((_, RDKafkaErrorCode::TopicAlreadyExists))) if attempt > 1 => return,
                Err(KafkaError::AdminOp(RDKafkaErrorCode::DestroyBroker)) if attempt < 5 => {}
                other => panic!("create_topics {topic}: {other:?}"),
            }
        }
    }

    pub fn delete(&self, topic: &str) {
        let options = AdminOptions::new().operation_timeout(Some(ASK));
        block_on(self.admin.delete_topics(&[topic], &options))
            .expect("delete_topics")
            .pop()
            .expect("one")
            .expect("gone");
    }

    pub fn grow(&self, topic: &str, partitions: usize) {
        let options = AdminOptions::new().operation_timeout(Some(ASK));
        let more = NewPartitions::new(topic, partitions);
        block_on(self.admin.create_partitions([&more], &options)).expect("asked").pop().expect("one").expect("grown");
    }

    pub fn configure(&self, topic: &str, key: &str, value: &str) {
        let change = AlterConfig::new(ResourceSpecifier::Topic(topic)).set(key, value);
        block_on(self.admin.alter_configs([&change], &AdminOptions::new()))
            .expect("asked")
            .pop()
            .expect("one")
            .expect("set");
    }

    /// Deletes what stands before `offset`, as retention does.
    pub fn expire(&self, topic: &str, partition: i32, offset: i64) {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(offset)).expect("a partition");
        block_on(self.admin.delete_records(&list, &AdminOptions::new())).expect("records are deleted");
    }

    /// Makes a topic of a name that was just deleted.
    pub fn create_when_gone(&self, topic: &str, partitions: i32) {
        let gone = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(100));
            let asked = self.asker.fetch_metadata(Some(topic), ASK).expect("metadata");
            asked.topics().iter().all(|found| found.error().is_some())
        });
        assert!(gone, "`{topic}` is still there");
        self.create(topic, partitions, &[]);
    }

    /// Puts so many articles into each partition.
    pub fn fill(&self, topic: &str, partitions: i32, count: i64) {
        let producer: BaseProducer =
            ClientConfig::new().set("bootstrap.servers", &self.direct).create().expect("a producer");
        for number in 0..count {
            for partition in 0..partitions {
                let (key, text) = (format!("{partition}-{number}"), format!("Article {number}, which is long enough."));
                let record = BaseRecord::to(topic).partition(partition).key(&key).payload(&text);
                producer.send(record).map_err(|(error, _)| error).expect("queued");
            }
        }
        producer.flush(ASK).expect("all are acknowledged");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.proxy.end();
        let _ = self.script.run(&["wipe"]);
        if self.mounted {
            let _ = Command::new("umount").arg(&self.home).status();
        }
    }
}

pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

/// Kafka finds a coordinator by Java's hash of the name.
fn java_hash(name: &str) -> i32 {
    let hash = name.bytes().fold(0_i32, |hash, byte| hash.wrapping_mul(31).wrapping_add(i32::from(byte)));
    (hash & i32::MAX) % INTERNAL_PARTITIONS
}

/// `count` free ports in a row, below those that the kernel hands out.
pub fn free_ports(count: u16) -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let of_process = std::process::id() * 13;
    (0..400)
        .map(|_| (of_process + NEXT.fetch_add(1, Relaxed)) % 400)
        .map(|step| 14_000 + u16::try_from(step).expect("small") * 40)
        .find(|&first| (first..first + count).all(free))
        .expect("free ports in a row")
}
