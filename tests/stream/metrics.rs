//! What a scrape says: before anything happened, and while a transaction of somebody else's is open.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use copydesk::telemetry::names::{self, Kind};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::kafka::{Kafka, Names, wait};
use crate::process::Worker;

fn scrape(worker: &Worker) -> String {
    worker.get("/metrics").expect("metrics").1
}

/// Value of a series, as it is written.
fn value(scraped: &str, series: &str) -> Option<f64> {
    scraped.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

/// `rate()` sees only increases of what was there before.
#[test]
fn counters_start_at_zero_and_the_process_tells_of_itself() {
    let (kafka, names) = (Kafka::shared(), Names::new("zero"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let worker = Worker::start(kafka, &names, "one");
    wait("the admin port", Duration::from_secs(10), || worker.get("/metrics").is_some());
    let scraped = scrape(&worker);
    let mut count = 0;
    for metric in names::ALL.iter().filter(|metric| metric.kind != Kind::Gauge) {
        let name =
            if metric.kind == Kind::Histogram { format!("{}_count", metric.name) } else { metric.name.to_owned() };
        let all = match metric.labels {
            [] => vec![name],
            [label] => {
                let values = names::values(metric.name, label).unwrap_or(&["0", "1"]);
                values.iter().map(|value| format!("{name}{{{label}=\"{value}\"}}")).collect()
            }
            more => panic!("{}: {more:?}", metric.name),
        };
        for series in all {
            assert!(value(&scraped, &series).is_some(), "not there from the start: {series}\n{scraped}");
            count += 1;
        }
    }
    assert!(count > 40, "{count}");
    // Nothing was read yet.
    assert_eq!(value(&scraped, "copydesk_records_refused_total{code=\"internal\"}"), Some(0.0));
    assert_eq!(value(&scraped, "copydesk_lane_restarts_total{reason=\"panic\"}"), Some(0.0));
    assert_eq!(value(&scraped, "copydesk_lanes"), Some(2.0));
    assert_eq!(value(&scraped, "copydesk_last_commit_timestamp_seconds{lane=\"0\"}"), None);

    for (name, _) in names::PROCESS {
        assert!(value(&scraped, name).is_some(), "{name}\n{scraped}");
    }
    assert!(value(&scraped, "process_resident_memory_bytes").is_some_and(|bytes| bytes > 1e6));
    assert!(value(&scraped, "process_threads").is_some_and(|threads| threads >= 4.0));
    let unknown: Vec<&str> = (scraped.lines().filter(|line| line.starts_with("process_")))
        .filter(|line| !names::PROCESS.iter().any(|(name, _)| line.split(' ').next() == Some(name)))
        .collect();
    assert!(unknown.is_empty(), "not documented: {unknown:?}");
    worker.stop();
}

#[test]
fn an_open_transaction_shows_as_records_that_are_not_stable() {
    let (kafka, names) = (Kafka::shared(), Names::new("unstable"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &kafka.brokers)
        .set("transactional.id", format!("{}-feeder", names.group))
        .create()
        .expect("a producer");
    producer.init_transactions(Duration::from_secs(20)).expect("transactions");
    let send = || {
        for number in 0..3 {
            let key = number.to_string();
            let text = "An article that is long enough, in a transaction.";
            producer.send(BaseRecord::to(&names.input).key(&key).payload(text)).expect("queued");
        }
        producer.flush(Duration::from_secs(10)).expect("flushed");
    };
    let worker = Worker::start(kafka, &names, "one");
    worker.wait_ready();
    let series = |name: &str| format!("{name}{{topic=\"{}\",partition=\"0\"}}", names.input);
    let shows = |what: &str, stable: f64, unstable: f64| {
        wait(what, Duration::from_secs(30), || {
            let scraped = scrape(&worker);
            value(&scraped, &series("copydesk_last_stable_offset")) == Some(stable)
                && value(&scraped, &series("copydesk_unstable_records")) == Some(unstable)
        });
    };
    producer.begin_transaction().expect("begun");
    send();
    shows("three records that nobody may read yet", 0.0, 3.0);
    let before = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs_f64();
    producer.commit_transaction(Duration::from_secs(10)).expect("committed");
    // The fourth is the record that ends the transaction.
    shows("them, readable", 4.0, 0.0);
    let scraped = scrape(&worker);
    let last =
        ["0", "1"].map(|lane| value(&scraped, &format!("copydesk_last_commit_timestamp_seconds{{lane=\"{lane}\"}}")));
    let commits: Vec<f64> = last.into_iter().flatten().collect();
    assert_eq!(commits.len(), 1, "one lane has the partition: {last:?}");
    assert!((before..before + 60.0).contains(&commits[0]), "{commits:?}, after {before}");
    worker.stop();
}
