//! Offsets that can't be used: topics recreated, offsets beyond the end, offsets that are gone. A partition stalls and says so,
//! the others go on, and `copydesk offsets` decides.

use std::collections::BTreeMap;
use std::time::Duration;

use copydesk::worker::writer::Outgoing;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::kafka::{Kafka, Names, wait};
use crate::kafka_script::{GROUPS, TOPICS};
use crate::process::{Worker, err, once, out};

const ASK: Duration = Duration::from_secs(20);
/// So long nothing is published where nothing may be.
const SILENCE: Duration = Duration::from_secs(4);

/// A hand that does to topics and offsets what operators and accidents do.
struct Hand<'a> {
    kafka: &'a Kafka,
    names: &'a Names,
    partitions: i32,
}

impl Hand<'_> {
    fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.kafka.brokers).set("group.id", &self.names.group);
        config.set("isolation.level", "read_committed");
        config
    }

    fn feed(&self, partition: i32, from: usize, count: usize) {
        let texts: Vec<String> = (from..from + count)
            .map(|number| format!("Article {number} of partition {partition}, long enough."))
            .collect();
        let record =
            |text| Outgoing { value: Some(str::as_bytes(text)), partition: Some(partition), ..Outgoing::default() };
        self.kafka.send(self.names, &self.names.input, texts.iter().map(|text| record(text)));
    }

    /// Articles that were published so far, of each partition.
    fn published(&self) -> BTreeMap<i32, Vec<i64>> {
        let mut published: BTreeMap<i32, Vec<i64>> = BTreeMap::new();
        for seen in self.kafka.read(&self.names.output, "read_committed") {
            published.entry(seen.partition).or_default().push(seen.offset);
        }
        published
    }

    fn count(&self) -> usize {
        self.kafka.count(self.names, &self.names.output)
    }

    fn wait_for(&self, records: usize) {
        wait(&format!("{records} records"), Duration::from_secs(60), || self.count() >= records);
        assert_eq!(self.count(), records);
    }

    /// Nothing more is published.
    fn stays_at(&self, records: usize) {
        std::thread::sleep(SILENCE);
        assert_eq!(self.count(), records, "published although the partition stalls");
    }

    fn recreate(&self) {
        let admin: AdminClient<DefaultClientContext> = self.config().create().expect("an admin client");
        let options = AdminOptions::new().operation_timeout(Some(ASK));
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let deleted = runtime.block_on(admin.delete_topics(&[&self.names.input], &options)).expect("asked");
        assert!(deleted.iter().all(Result::is_ok), "{deleted:?}");
        let stream = self.kafka.stream(self.names);
        let admin = copydesk::worker::topics::Admin::new(&stream).expect("an admin client");
        let partitions = usize::try_from(self.partitions).expect("small");
        wait("the topic to be recreated", ASK, || {
            admin.create(&self.names.input, partitions, None, &[]).is_ok_and(|made| made)
        });
    }

    /// The group's offsets, each with the text beside it.
    fn committed(&self) -> BTreeMap<i32, (i64, String)> {
        let consumer: BaseConsumer = self.config().create().expect("a consumer");
        let mut list = TopicPartitionList::new();
        list.add_partition_range(&self.names.input, 0, self.partitions - 1);
        let found = consumer.committed_offsets(list, ASK).expect("committed offsets");
        let offset = |offset| match offset {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        };
        let known = found.elements().into_iter();
        known.filter_map(|one| Some((one.partition(), (offset(one.offset())?, one.metadata().to_owned())))).collect()
    }

    fn commit(&self, offsets: &BTreeMap<i32, (i64, String)>) {
        let consumer: BaseConsumer = self.config().create().expect("a consumer");
        let mut list = TopicPartitionList::new();
        for (&partition, (offset, text)) in offsets {
            let mut element = list.add_partition(&self.names.input, partition);
            element.set_offset(Offset::Offset(*offset)).expect("an offset");
            element.set_metadata(text);
        }
        wait("the group to be empty", ASK, || consumer.commit(&list, CommitMode::Sync).is_ok());
    }

    fn forget_group(&self) {
        let admin: AdminClient<DefaultClientContext> = self.config().create().expect("an admin client");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        wait("the group to be deleted", ASK, || {
            let deleted = runtime.block_on(admin.delete_groups(&[&self.names.group], &AdminOptions::new()));
            deleted.is_ok_and(|groups| groups.iter().all(Result::is_ok))
        });
    }

    /// `copydesk offsets …`: its exit code, and all that it said.
    fn offsets(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let ended = once(self.kafka, self.names, &[&["offsets"], arguments].concat());
        (ended.status.code(), out(&ended) + &err(&ended))
    }
}

fn expect_stall(worker: &Worker, words: &[&str]) {
    let body = || worker.get("/readyz").map_or(String::new(), |(status, body)| format!("{status} {body}"));
    wait(&format!("/readyz to say {words:?}, and not `{}`", body()), Duration::from_secs(40), || {
        let body = body();
        body.starts_with("503") && words.iter().all(|word| body.contains(word))
    });
    assert_eq!(worker.get("/livez").map(|(status, _)| status), Some(200), "one partition stalls, not the lane");
    let log = worker.log();
    assert!(log.contains("partition stalled, the others go on") && log.contains(words[1]), "{words:?}:\n{log}");
}

fn stalled(worker: &Worker) -> Option<String> {
    let (_, metrics) = worker.get("/metrics")?;
    metrics.lines().find_map(|line| line.strip_prefix("copydesk_partitions_stalled ").map(str::to_owned))
}

#[test]
fn a_recreated_topic_without_its_offsets_stalls_until_somebody_decides() {
    let (kafka, names) = (Kafka::shared(), Names::new("recreated"));
    kafka.topics(&names, [2, 2, 1], [&[], &[], &[]]);
    let hand = Hand { kafka, names: &names, partitions: 2 };
    hand.feed(0, 0, 30);
    hand.feed(1, 0, 20);
    // A first start needs nobody.
    let worker = Worker::start(kafka, &names, "one");
    hand.wait_for(50);
    worker.wait_ready();
    assert_eq!(stalled(&worker).as_deref(), Some("0"));
    // What stands beside the offset is what Kafka's own tool says of the topic.
    let described = kafka.tool(TOPICS, &["--describe", "--topic", &names.input]);
    let id = described.split("TopicId: ").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("an id");
    let committed = hand.committed();
    assert_eq!(committed.get(&0), Some(&(30, format!("copydesk/1 topic-id={id}"))));
    assert_eq!(committed.get(&1).map(|(offset, _)| *offset), Some(20));
    let (code, said) = hand.offsets(&[]);
    assert_eq!(code, Some(0), "{said}");
    worker.stop();

    hand.recreate();
    wait("Kafka to forget the offsets", ASK, || hand.committed().is_empty());
    hand.feed(0, 100, 10);
    hand.feed(1, 100, 5);
    let worker = Worker::start(kafka, &names, "one");
    expect_stall(&worker, &["partitions 0,1", "no offsets", "copydesk offsets reset"]);
    assert_eq!(stalled(&worker).as_deref(), Some("2"));
    hand.stays_at(50);
    let (code, said) = hand.offsets(&["show"]);
    assert!(code == Some(3) && said.matches("stalls:").count() == 2, "{code:?} {said}");
    let check = once(kafka, &names, &["check"]);
    assert!(check.status.code() == Some(3) && out(&check).contains("partition 1 stalls"), "{}", out(&check));
    let (code, said) = hand.offsets(&["reset", "--all", "--to", "earliest", "--yes"]);
    assert!(code == Some(3) && said.contains("stop its workers first"), "{code:?} {said}");
    worker.stop();

    let (code, said) = hand.offsets(&["reset", "--partition", "0", "--to", "earliest", "--yes"]);
    assert!(code == Some(64) && said.contains("partitions 1 have no offset either"), "{code:?} {said}");
    let (code, said) = hand.offsets(&["reset", "--all", "--to", "earliest"]);
    assert!(code == Some(0) && said.contains("--yes sets it"), "{code:?} {said}");
    assert!(hand.committed().is_empty(), "a dry run sets nothing");
    let (code, said) = hand.offsets(&["reset", "--all", "--to", "earliest", "--yes"]);
    assert!(code == Some(0) && said.contains("partition 1: no offset → 0"), "{code:?} {said}");
    let worker = Worker::start(kafka, &names, "one");
    hand.wait_for(65);
    worker.wait_ready();
    worker.stop();
    let (code, said) = hand.offsets(&["show"]);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn an_offset_of_an_earlier_topic_stalls_though_it_is_in_range() {
    let (kafka, names) = (Kafka::shared(), Names::new("larger"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let hand = Hand { kafka, names: &names, partitions: 1 };
    hand.feed(0, 0, 30);
    let worker = Worker::start(kafka, &names, "one");
    hand.wait_for(30);
    worker.stop();
    let before = hand.committed();
    hand.recreate();
    wait("Kafka to forget the offsets", ASK, || hand.committed().is_empty());
    // As where the coordinator has not heard of it yet, or a worker commits once more.
    hand.commit(&before);
    hand.feed(0, 100, 60);
    let worker = Worker::start(kafka, &names, "one");
    expect_stall(&worker, &["partitions 0", "offset 30", "another topic of this name"]);
    hand.stays_at(30);
    worker.stop();
    // The offset is right: a mirror's, for example.
    let (code, said) = hand.offsets(&["reset", "--all", "--to", "current", "--yes"]);
    assert!(code == Some(0) && said.contains("30 → 30"), "{code:?} {said}");
    let worker = Worker::start(kafka, &names, "one");
    hand.wait_for(60);
    worker.wait_ready();
    worker.stop();
}

#[test]
fn a_recreated_topic_under_a_worker_stalls_it() {
    let (kafka, names) = (Kafka::shared(), Names::new("under"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let hand = Hand { kafka, names: &names, partitions: 1 };
    hand.feed(0, 0, 30);
    let worker = Worker::start(kafka, &names, "one");
    hand.wait_for(30);
    hand.recreate();
    hand.feed(0, 100, 40);
    expect_stall(&worker, &["partitions 0", "stall"]);
    let published = hand.count();
    hand.stays_at(published);
    worker.stop();
    let (code, said) = hand.offsets(&["reset", "--all", "--to", "earliest", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    let worker = Worker::start(kafka, &names, "one");
    hand.wait_for(published + 40);
    worker.stop();
}

#[test]
fn an_offset_beyond_the_end_stalls_its_partition_alone_and_for_good() {
    let (kafka, names) = (Kafka::shared(), Names::new("beyond"));
    kafka.topics(&names, [2, 2, 1], [&[], &[], &[]]);
    let hand = Hand { kafka, names: &names, partitions: 2 };
    hand.feed(0, 0, 10);
    hand.feed(1, 0, 10);
    // Set by another tool, as after an unclean election: nothing stands beside them.
    hand.commit(&[(0, (25, String::new())), (1, (4, String::new()))].into());
    let worker = Worker::start(kafka, &names, "one");
    expect_stall(&worker, &["partitions 0", "offset 25", "beyond its end, 10"]);
    hand.wait_for(6);
    assert_eq!(hand.published().keys().collect::<Vec<_>>(), [&1], "the other partition goes on, where it was set to");
    assert_eq!(stalled(&worker).as_deref(), Some("1"));
    hand.feed(1, 10, 3);
    hand.wait_for(9);
    // It grows past the offset, and the worker is started again: fifteen articles would be skipped in silence.
    hand.feed(0, 10, 40);
    hand.stays_at(9);
    worker.stop();
    let worker = Worker::start(kafka, &names, "one");
    expect_stall(&worker, &["partitions 0", "offset 25", "has lain beyond its end"]);
    hand.stays_at(9);
    worker.stop();
    let (code, said) = hand.offsets(&["reset", "--partition", "0", "--to", "10", "--yes"]);
    assert!(code == Some(0) && said.contains("partition 0: 25 → 10"), "{code:?} {said}");
    let worker = Worker::start(kafka, &names, "one");
    hand.wait_for(49);
    worker.stop();
}

#[test]
fn offsets_that_have_expired_stall_or_are_read_from_the_beginning_as_configured() {
    let (kafka, names) = (Kafka::shared(), Names::new("expired"));
    kafka.topics(&names, [2, 2, 1], [&[], &[], &[]]);
    let hand = Hand { kafka, names: &names, partitions: 2 };
    hand.feed(0, 0, 10);
    let worker = Worker::start(kafka, &names, "one");
    hand.wait_for(10);
    worker.stop();
    hand.forget_group();
    let worker = Worker::start(kafka, &names, "one");
    expect_stall(&worker, &["partitions 0", "no offsets", "the output has records"]);
    hand.stays_at(10);
    worker.stop();
    let worker = Worker::start_with(kafka, &names, "one", &[("COPYDESK__STREAM__ON_OFFSET_RESET", "earliest")]);
    hand.wait_for(20);
    worker.wait_ready();
    assert!(worker.log().contains("reading from the beginning"), "{}", worker.log());
    worker.stop();
    // It was for one run.
    hand.feed(1, 0, 5);
    let worker = Worker::start(kafka, &names, "one");
    hand.wait_for(25);
    worker.stop();
}

#[test]
fn offsets_beyond_the_end_are_read_from_the_beginning_where_that_is_configured() {
    let (kafka, names) = (Kafka::shared(), Names::new("earliest"));
    kafka.topics(&names, [2, 2, 1], [&[], &[], &[]]);
    let hand = Hand { kafka, names: &names, partitions: 2 };
    hand.feed(0, 0, 10);
    hand.feed(1, 0, 20);
    let earlier = "copydesk/1 topic-id=AAAAAAAAAAH__________g".to_owned();
    hand.commit(&[(0, (25, String::new())), (1, (15, earlier))].into());
    let worker = Worker::start_with(kafka, &names, "one", &[("COPYDESK__STREAM__ON_OFFSET_RESET", "earliest")]);
    hand.wait_for(30);
    hand.feed(0, 10, 5);
    hand.wait_for(35);
    worker.wait_ready();
    worker.stop();
    assert_eq!(hand.committed().get(&0).map(|(offset, _)| *offset), Some(15));
}

#[test]
fn offsets_set_by_hand_are_taken_as_they_are() {
    let (kafka, names) = (Kafka::shared(), Names::new("by-hand"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let hand = Hand { kafka, names: &names, partitions: 1 };
    hand.feed(0, 0, 20);
    let worker = Worker::start(kafka, &names, "one");
    hand.wait_for(20);
    worker.stop();
    let reset = ["--group", &names.group, "--topic", &names.input, "--reset-offsets", "--to-offset", "12", "--execute"];
    kafka.tool(GROUPS, &reset);
    let worker = Worker::start(kafka, &names, "one");
    hand.wait_for(28);
    worker.wait_ready();
    worker.stop();
}
