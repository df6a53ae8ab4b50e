//! Membership: coming back under one's name, leaving, two processes of one name, and zombies that are refused.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::articles::{Article, generate, verify};
use crate::kafka::{Kafka, Names, wait};
use crate::kafka_script::{GROUPS, TOPICS};
use crate::process::{Worker, copydesk, once, out};

const ASK: Duration = Duration::from_secs(20);

/// What the group has committed, by partition.
fn committed(kafka: &Kafka, names: &Names, partitions: i32) -> BTreeMap<i32, i64> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &kafka.brokers)
        .set("group.id", &names.group)
        .set("isolation.level", "read_committed")
        .create()
        .expect("a consumer");
    let mut list = TopicPartitionList::new();
    list.add_partition_range(&names.input, 0, partitions - 1);
    let committed = consumer.committed_offsets(list, ASK).expect("committed offsets");
    let offset = |offset| if let Offset::Offset(offset) = offset { offset } else { 0 };
    committed.elements().iter().map(|element| (element.partition(), offset(element.offset()))).collect()
}

/// Sends articles until something of every partition is committed that was not before; how long that took.
fn until_all_move(kafka: &Kafka, names: &Names, articles: &mut Vec<Article>, within: Duration) -> Duration {
    let (before, started) = (committed(kafka, names, 4), Instant::now());
    loop {
        let more = generate(1000 + articles.len() as u64, 7, 4);
        kafka.send(names, &names.input, more.iter().map(|article| article.outgoing()));
        articles.extend(more);
        let now = committed(kafka, names, 4);
        let still: Vec<_> = before.iter().filter(|(partition, next)| now.get(partition) <= Some(next)).collect();
        if still.is_empty() {
            return started.elapsed();
        }
        assert!(started.elapsed() < within, "nothing moved in {} s of {still:?}", within.as_secs());
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn killed_and_restarted_under_its_name_it_goes_on_within_twelve_seconds() {
    let (kafka, names) = (Kafka::shared(), Names::new("restarted"));
    kafka.topics(&names, [4, 4, 1], [&[], &[], &[]]);
    let mut articles = generate(20, 200, 4);
    kafka.send(&names, &names.input, articles.iter().map(|article| article.outgoing()));
    let other = Worker::start(kafka, &names, "other");
    let mut killed = Worker::start(kafka, &names, "killed");
    for worker in [&other, &killed] {
        worker.wait_ready();
    }
    until_all_move(kafka, &names, &mut articles, Duration::from_secs(60));
    killed.signal("KILL");
    killed.end(Duration::from_secs(5));
    let back = Worker::start(kafka, &names, "killed");
    // The session is the default of 45 s.
    let took = until_all_move(kafka, &names, &mut articles, Duration::from_secs(12));
    println!("every partition moved again {:.1} s after the start", took.as_secs_f64());
    kafka.wait_for(&names, articles.len(), Duration::from_secs(30));
    back.stop();
    other.stop();
    verify(&articles, &kafka.read(&names.output, "read_committed"), &kafka.read(&names.dead, "read_committed"));
}

#[test]
fn a_worker_that_stops_leaves_its_partitions_to_others_at_once() {
    // Far less than the session time-out of 45 s, after which a silent member loses its partitions.
    const WITHIN: Duration = Duration::from_secs(25);
    let (kafka, names) = (Kafka::shared(), Names::new("leaves"));
    kafka.topics(&names, [4, 4, 1], [&[], &[], &[]]);
    let mut articles = generate(21, 40, 4);
    kafka.send(&names, &names.input, articles.iter().map(|article| article.outgoing()));
    let stays = Worker::start(kafka, &names, "stays");
    // Several times, since what is shown depends on the order of two threads of librdkafka's.
    for round in 0..3 {
        let leaves = Worker::start(kafka, &names, "leaves");
        leaves.wait_ready();
        until_all_move(kafka, &names, &mut articles, Duration::from_secs(60));
        leaves.stop();
        let took = until_all_move(kafka, &names, &mut articles, WITHIN);
        println!("round {round}: every partition moved {:.1} s after the end", took.as_secs_f64());
    }
    // Stopped while it is joining, when Kafka has not answered yet: what it would have been given must not stay with it.
    let mut hurried = Worker::start(kafka, &names, "hurried");
    wait("the admin port", ASK, || hurried.get("/readyz").is_some_and(|(_, body)| body.contains("joining")));
    hurried.signal("TERM");
    assert_eq!(hurried.end(Duration::from_secs(20)).code(), Some(0), "{}", hurried.log());
    until_all_move(kafka, &names, &mut articles, WITHIN);
    kafka.wait_for(&names, articles.len(), Duration::from_secs(30));
    stays.stop();
    verify(&articles, &kafka.read(&names.output, "read_committed"), &kafka.read(&names.dead, "read_committed"));
}

#[test]
fn partitions_of_a_dead_member_are_reported_by_the_others() {
    let (kafka, names) = (Kafka::shared(), Names::new("reported"));
    kafka.topics(&names, [4, 4, 1], [&[], &[], &[]]);
    let mut articles = generate(22, 40, 4);
    kafka.send(&names, &names.input, articles.iter().map(|article| article.outgoing()));
    let alive = Worker::start(kafka, &names, "alive");
    let mut dead = Worker::start(kafka, &names, "dead");
    for worker in [&alive, &dead] {
        worker.wait_ready();
    }
    until_all_move(kafka, &names, &mut articles, Duration::from_secs(60));
    dead.signal("KILL");
    dead.end(Duration::from_secs(5));
    let more = generate(23, 39, 4);
    kafka.send(&names, &names.input, more.iter().map(|article| article.outgoing()));
    articles.extend(more);
    // The session lasts 45 s.
    wait("word of the silent partitions", Duration::from_secs(25), || {
        alive.get("/readyz").is_some_and(|(_, body)| body.matches("has been read by nobody for").count() == 2)
    });
    let (status, ready) = alive.get("/readyz").expect("an answer");
    assert_eq!(status, 200, "the living one is ready: {ready}");
    assert!(ready.contains(&format!("`{}-dead-", names.group)), "the owner is named: {ready}");
    assert_eq!(alive.log().matches("has been read by nobody for").count(), 2, "once each:\n{}", alive.log());
    let lag = |partition: i32| -> Option<f64> {
        let (_, metrics) = alive.get("/metrics")?;
        let series = format!("copydesk_lag_records{{topic=\"{}\",partition=\"{partition}\"}} ", names.input);
        metrics.lines().find_map(|line| line.strip_prefix(series.as_str())?.parse().ok())
    };
    wait("a lag for every partition", Duration::from_secs(10), || (0..4).all(|partition| lag(partition).is_some()));
    let waiting = (0..4).filter_map(lag).filter(|lag| *lag >= 10.0).count();
    assert_eq!(waiting, 2, "ten articles wait in each of two partitions: {:?}", (0..4).map(lag).collect::<Vec<_>>());
    // It never comes back: the session ends, and the partitions move.
    kafka.wait_for(&names, articles.len(), Duration::from_secs(90));
    wait("word that they are read again", Duration::from_secs(10), || alive.log().contains("is read again"));
    assert!(alive.get("/readyz").is_some_and(|(_, body)| !body.contains("read by nobody")));
    alive.stop();
    verify(&articles, &kafka.read(&names.output, "read_committed"), &kafka.read(&names.dead, "read_committed"));
}

/// Partitions that came while the group's leader was dead are nobody's, if all come back to what they had.
#[test]
fn partitions_added_while_a_worker_was_dead_are_read() {
    let (kafka, names) = (Kafka::shared(), Names::new("grown"));
    kafka.topics(&names, [4, 4, 1], [&[], &[], &[]]);
    let mut articles = generate(24, 40, 4);
    kafka.send(&names, &names.input, articles.iter().map(|article| article.outgoing()));
    let mut killed = Worker::start(kafka, &names, "killed");
    killed.wait_ready();
    until_all_move(kafka, &names, &mut articles, Duration::from_secs(60));
    killed.signal("KILL");
    killed.end(Duration::from_secs(5));
    kafka.tool(TOPICS, &["--alter", "--topic", &names.input, "--partitions", "6"]);
    let back = Worker::start(kafka, &names, "killed");
    back.wait_ready();
    let more: Vec<Article> = generate(25, 59, 6);
    kafka.send(&names, &names.input, more.iter().map(|article| article.outgoing()));
    kafka.wait_for(&names, articles.len() + more.len(), Duration::from_secs(40));
    back.stop();
}

#[test]
fn a_second_process_of_one_name_on_one_machine_is_refused_and_check_only_warns() {
    let (kafka, names) = (Kafka::shared(), Names::new("twice"));
    kafka.topics(&names, [4, 4, 1], [&[], &[], &[]]);
    let check = |instance: &str| once(kafka, &names, &["check", "--instance", instance]);
    assert!(!out(&check("same")).contains("is running on this machine"), "{}", out(&check("same")));
    let mut first = Worker::start(kafka, &names, "same");
    first.wait_ready();
    let mut second = Worker::start(kafka, &names, "same");
    assert_eq!(second.end(Duration::from_secs(20)).code(), Some(76), "{}", second.log());
    assert!(second.log().contains("another copydesk runs on this machine as `same`"), "{}", second.log());
    let warned = check("same");
    assert_eq!(warned.status.code(), Some(0), "{}", out(&warned));
    assert!(out(&warned).contains("warn instance `same` of group"), "{}", out(&warned));
    assert!(!out(&check("other")).contains("is running on this machine"));
    // Another name, another group, the playground of the same name: none of their business.
    let other = Worker::start(kafka, &names, "other");
    other.wait_ready();
    other.stop();
    assert!(first.get("/readyz").is_some_and(|(status, _)| status == 200), "the first one was not disturbed");
    // Killed, it is gone for the kernel; the next one starts at once, even before it was waited for.
    first.signal("KILL");
    let mut next = copydesk(kafka, &names, &["run", "--instance", "same", "--admin", "off"]);
    let mut next = next.stdin(Stdio::null()).stderr(Stdio::null()).spawn().expect("copydesk starts");
    first.end(Duration::from_secs(5));
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(next.try_wait().expect("a child"), None, "it runs");
    next.kill().and_then(|()| next.wait()).expect("killed");
}

/// Group `x-a` with instance `b` and group `x` with instance `a-b`: joined by `-` they are one string.
#[test]
fn two_groups_whose_names_run_into_their_instances_do_not_fence_each_other() {
    let kafka = Kafka::shared();
    let (short, mut long) = (Names::new("ambiguous"), Names::new("ambiguous"));
    long.group = format!("{}-a", short.group);
    for names in [&short, &long] {
        kafka.topics(names, [2, 2, 1], [&[], &[], &[]]);
    }
    let one = Worker::start(kafka, &short, "a-b");
    one.wait_ready();
    let other = Worker::start(kafka, &long, "b");
    other.wait_ready();
    for (seed, names) in [(30, &short), (31, &long), (32, &short), (33, &long)] {
        let articles = generate(seed, 20, 2);
        kafka.send(names, &names.input, articles.iter().map(|article| article.outgoing()));
        kafka.wait_for(names, articles.len() * if seed < 32 { 1 } else { 2 }, Duration::from_secs(20));
    }
    for worker in [one, other] {
        assert!(!worker.log().contains("fenced"), "{}", worker.log());
        worker.stop();
    }
}

/// A worker of an earlier version: a dynamic member, with a transactional id of the form `<group>-<instance>-<lane>`.
struct Zombie {
    consumer: BaseConsumer,
    producer: BaseProducer,
    next: TopicPartitionList,
}

impl Zombie {
    /// Reads a few articles and publishes something of them in a transaction that it does not end.
    fn inside_a_transaction(kafka: &Kafka, names: &Names, transactional_id: &str, member: &[(&str, &str)]) -> Zombie {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &kafka.brokers).set("group.id", &names.group);
        config.set("enable.auto.commit", "false").set("auto.offset.reset", "earliest");
        config.set("partition.assignment.strategy", "cooperative-sticky");
        config.set("session.timeout.ms", "6000").set("max.poll.interval.ms", "6000");
        for (key, value) in member {
            config.set(*key, *value);
        }
        let consumer: BaseConsumer = config.create().expect("a consumer");
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", &kafka.brokers)
            .set("transactional.id", transactional_id)
            .set("transaction.timeout.ms", "120000")
            .create()
            .expect("a producer");
        producer.init_transactions(ASK).expect("initialised");
        consumer.subscribe(&[&names.input]).expect("subscribed");
        let (mut read, end) = (BTreeMap::new(), Instant::now() + ASK);
        while read.len() < 4 {
            assert!(Instant::now() < end, "the zombie was given {read:?}");
            if let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) {
                use rdkafka::Message;
                read.insert(message.partition(), message.offset() + 1);
            }
        }
        let mut next = TopicPartitionList::new();
        for (partition, offset) in read {
            next.add_partition_offset(&names.input, partition, Offset::Offset(offset)).expect("an offset");
        }
        producer.begin_transaction().expect("begun");
        producer
            .send(BaseRecord::to(&names.output).key("aborted").payload("of a zombie, not to be published"))
            .expect("queued");
        producer.flush(ASK).expect("flushed");
        Zombie { consumer, producer, next }
    }

    /// What Kafka says to its offsets; what it published is then given up.
    fn refused(&self, metadata: &rdkafka::consumer::ConsumerGroupMetadata) -> RDKafkaErrorCode {
        let sent = self.producer.send_offsets_to_transaction(&self.next, metadata, ASK);
        let Err(KafkaError::Transaction(error)) = sent else { panic!("the zombie's offsets were taken: {sent:?}") };
        self.producer.abort_transaction(ASK).expect("aborted");
        error.code()
    }
}

#[test]
fn a_zombie_with_an_id_of_the_old_form_is_refused_by_its_generation() {
    let (kafka, names) = (Kafka::shared(), Names::new("old-form"));
    kafka.topics(&names, [4, 4, 1], [&[], &[], &[]]);
    let articles = generate(26, 200, 4);
    kafka.send(&names, &names.input, articles.iter().map(|article| article.outgoing()));
    let zombie = Zombie::inside_a_transaction(kafka, &names, &format!("{}-one-0", names.group), &[]);
    let metadata = zombie.consumer.group_metadata().expect("a group");
    // It polls no more, so the group gives it up. The worker has another transactional id, which fences no old one.
    let worker = Worker::start(kafka, &names, "one");
    wait("the worker to have read everything", Duration::from_secs(60), || {
        committed(kafka, &names, 4).values().sum::<i64>() >= articles.len() as i64
    });
    let code = zombie.refused(&metadata);
    println!("the zombie was told {code:?}");
    assert!(
        matches!(code, RDKafkaErrorCode::IllegalGeneration | RDKafkaErrorCode::UnknownMemberId),
        "by its generation, not otherwise: {code:?}"
    );
    kafka.wait_for(&names, articles.len(), Duration::from_secs(30));
    worker.stop();
    verify(&articles, &kafka.read(&names.output, "read_committed"), &kafka.read(&names.dead, "read_committed"));
}

/// Without a rebalance the generation stays the same, so it does not tell the old process from the new one: the member id
/// does, which goes along with the offsets. Here nothing else can: the transactional ids are different.
#[test]
fn a_process_whose_static_membership_was_taken_over_commits_nothing() {
    let (kafka, names) = (Kafka::shared(), Names::new("taken-over"));
    kafka.topics(&names, [4, 4, 1], [&[], &[], &[]]);
    let articles = generate(27, 200, 4);
    kafka.send(&names, &names.input, articles.iter().map(|article| article.outgoing()));
    let sleeps = [("group.instance.id", "one-0"), ("max.poll.interval.ms", "120000"), ("session.timeout.ms", "45000")];
    let zombie = Zombie::inside_a_transaction(kafka, &names, &format!("{}-somebody-else", names.group), &sleeps);
    let metadata = zombie.consumer.group_metadata().expect("a group");
    let generation =
        |kafka: &Kafka| kafka.tool(GROUPS, &["--describe", "--members", "--verbose", "--group", &names.group]);
    let before = generation(kafka);
    let worker = Worker::start_with(kafka, &names, "one", &[("COPYDESK__STREAM__LANES", "1")]);
    wait("the worker to have read everything", Duration::from_secs(20), || {
        committed(kafka, &names, 4).values().sum::<i64>() >= articles.len() as i64
    });
    assert!(before.contains("one-0") && generation(kafka).contains("one-0"), "{before}\n{}", generation(kafka));
    assert_eq!(zombie.refused(&metadata), RDKafkaErrorCode::FencedInstanceId);
    kafka.wait_for(&names, articles.len(), Duration::from_secs(30));
    worker.stop();
    verify(&articles, &kafka.read(&names.output, "read_committed"), &kafka.read(&names.dead, "read_committed"));
}
