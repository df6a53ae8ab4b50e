//! The lag: what a consumer can read and has not committed, whatever control records lie behind it and whatever its lane
//! is doing.

use std::time::{Duration, Instant};

use copydesk::worker::writer::Outgoing;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::kafka::{Kafka, Names, wait};
use crate::kafka_script::TOPICS;
use crate::process::Worker;

const TEXT: &str = "An article that is long enough to be one, surely.";

fn lag(worker: &Worker, names: &Names) -> Option<f64> {
    let series = format!("copydesk_lag_records{{topic=\"{}\",partition=\"0\"}} ", names.input);
    let (_, scraped) = worker.get("/metrics")?;
    scraped.lines().find_map(|line| line.strip_prefix(&series)?.parse().ok())
}

/// Scrapes for a while, once a second, and answers with every lag that is not `expected`.
fn others(worker: &Worker, names: &Names, expected: f64, seconds: u64) -> Vec<Option<f64>> {
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut others = Vec::new();
    while Instant::now() < end {
        let seen = lag(worker, names);
        if seen != Some(expected) {
            others.push(seen);
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    others
}

/// A feed that writes each article in a transaction of its own, and gives every second one up.
fn transactions(kafka: &Kafka, names: &Names, count: usize) {
    let timeout = Duration::from_secs(30);
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &kafka.brokers)
        .set("transactional.id", format!("{}-feed", names.group))
        .create()
        .expect("a producer");
    producer.init_transactions(timeout).expect("transactions");
    for number in 0..2 * count {
        producer.begin_transaction().expect("begun");
        let key = number.to_string();
        producer.send(BaseRecord::to(&names.input).key(&key).payload(TEXT)).expect("queued");
        producer.flush(timeout).expect("sent");
        if number % 2 == 0 {
            producer.commit_transaction(timeout).expect("committed");
        } else {
            producer.abort_transaction(timeout).expect("aborted");
        }
    }
}

#[test]
fn a_quiet_feed_that_is_written_by_transactions_has_no_lag() {
    let (kafka, names) = (Kafka::shared(), Names::new("control"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    transactions(kafka, &names, 3);
    let worker = Worker::start(kafka, &names, "one");
    kafka.wait_for(&names, 3, Duration::from_secs(60));
    wait("no lag", Duration::from_secs(40), || lag(&worker, &names) == Some(0.0));
    assert_eq!(others(&worker, &names, 0.0, 12), []);
    worker.stop();
    // Started again it is given no article, and knows it all the same.
    let worker = Worker::start(kafka, &names, "one");
    worker.wait_ready();
    wait("no lag", Duration::from_secs(40), || lag(&worker, &names) == Some(0.0));
    transactions(kafka, &names, 2);
    kafka.wait_for(&names, 5, Duration::from_secs(60));
    wait("no lag", Duration::from_secs(40), || lag(&worker, &names) == Some(0.0));
    worker.stop();
}

#[test]
fn a_lane_that_is_stuck_keeps_its_lag() {
    let (kafka, names) = (Kafka::shared(), Names::new("stuck"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let send = |count| {
        let article = || Outgoing { value: Some(TEXT.as_bytes()), ..Outgoing::default() };
        kafka.send(&names, &names.input, (0..count).map(|_| article()));
    };
    let worker = Worker::start(kafka, &names, "one");
    worker.wait_ready();
    send(3);
    kafka.wait_for(&names, 3, Duration::from_secs(60));
    wait("no lag", Duration::from_secs(40), || lag(&worker, &names) == Some(0.0));
    kafka.tool(TOPICS, &["--delete", "--topic", &names.output]);
    send(4);
    wait("the lag", Duration::from_secs(60), || lag(&worker, &names) == Some(4.0));
    wait("a lane that waits", Duration::from_secs(60), || {
        worker.get("/readyz").is_some_and(|(_, text)| text.contains("does not exist"))
    });
    // It starts a session each second, and gets no further.
    assert_eq!(others(&worker, &names, 4.0, 15), []);
    // What comes meanwhile counts.
    send(2);
    wait("the lag of all", Duration::from_secs(40), || lag(&worker, &names) == Some(6.0));
    assert!(crate::process::once(kafka, &names, &["topics", "--create"]).status.success());
    wait("no lag", Duration::from_secs(90), || lag(&worker, &names) == Some(0.0));
    worker.stop();
}
