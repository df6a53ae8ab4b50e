//! The sample consumers of docs/consumers, run as they are: each prints what was committed, and nothing of a batch that
//! was given up.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::kafka::{Kafka, Names};

#[test]
fn sample_consumers_read_committed_records_only() {
    let (kafka, names) = (Kafka::shared(), Names::new("consumers"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &kafka.brokers)
        .set("transactional.id", format!("{}-sample", names.group))
        .create()
        .unwrap();
    let timeout = Duration::from_secs(30);
    producer.init_transactions(timeout).unwrap();
    // What was given up stands before, between and behind what was committed.
    for (headline, commit) in
        [("given up", false), ("first", true), ("given up", false), ("second", true), ("given up", false)]
    {
        producer.begin_transaction().unwrap();
        let value = format!(r#"{{"uri": "urn:x", "datePublished": "2024-03-14", "headline": "{headline}"}}"#);
        producer.send(BaseRecord::<(), _>::to(&names.output).payload(&value)).unwrap();
        // An aborted record that was never sent would prove nothing.
        producer.flush(timeout).unwrap();
        if commit {
            producer.commit_transaction(timeout).unwrap()
        } else {
            producer.abort_transaction(timeout).unwrap()
        }
    }
    for language in ["python", "java", "node"] {
        let printed = consume(language, &kafka.brokers, &names, 2);
        assert_eq!(printed, ["2024-03-14 first", "2024-03-14 second"], "{language}");
    }
}

/// The first lines that a sample prints, and what comes within two seconds more.
fn consume(language: &str, brokers: &str, names: &Names, lines: usize) -> Vec<String> {
    let mut process = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/consume"))
        .args([language, brokers, &names.output, &format!("{}-{language}", names.group)])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (sender, receiver) = mpsc::channel();
    let output = BufReader::new(process.stdout.take().unwrap());
    std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    // The first time, clients are downloaded.
    let end = Instant::now() + Duration::from_secs(180);
    let mut printed = Vec::new();
    while printed.len() < lines {
        match receiver.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) => printed.push(line),
            Err(_) => break,
        }
    }
    while let Ok(line) = receiver.recv_timeout(Duration::from_secs(2)) {
        printed.push(line);
    }
    let _ = process.kill();
    let _ = process.wait();
    printed
}
