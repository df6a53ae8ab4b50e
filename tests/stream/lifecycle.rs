//! Starting, stopping, being fenced, waiting for topics, and what the admin port says meanwhile.

use std::time::Duration;

use crate::articles::{generate, verify};
use crate::kafka::{Kafka, Names, wait};
use crate::kafka_script::GROUPS;
use crate::process::{Worker, once, out};

#[test]
fn a_stop_in_order_ends_with_zero_and_leaves_the_group() {
    let (kafka, names) = (Kafka::shared(), Names::new("stop"));
    kafka.topics(&names, [4, 4, 1], [&[], &[], &[]]);
    for signal in ["TERM", "INT"] {
        let mut worker = Worker::start(kafka, &names, "one");
        worker.wait_ready();
        worker.signal(signal);
        assert_eq!(worker.end(Duration::from_secs(10)).code(), Some(0), "SIG{signal}:\n{}", worker.log());
    }
    // The session lasts 45 s: an empty group so soon was left, not timed out.
    let members = kafka.tool(GROUPS, &["--describe", "--members", "--group", &names.group]);
    assert!(!members.contains("one-"), "{members}");
}

#[test]
fn a_duplicate_instance_is_fenced_and_ends_with_its_own_code_while_the_newer_works_on() {
    let (kafka, names) = (Kafka::shared(), Names::new("duplicate-instance"));
    kafka.topics(&names, [4, 4, 1], [&[], &[], &[]]);
    let mut older = Worker::start(kafka, &names, "same");
    older.wait_ready();
    // On one machine the second is refused. Another list of brokers stands for another machine.
    let elsewhere = format!("{},127.0.0.1:9", kafka.brokers);
    let newer = Worker::start_with(kafka, &names, "same", &[("COPYDESK__STREAM__BROKERS", &elsewhere)]);
    newer.wait_ready();
    // Records for every partition, until the older one has tried to publish some.
    let mut articles = Vec::new();
    for seed in 100.. {
        let more = generate(seed, 20, 4);
        kafka.send(&names, &names.input, more.iter().map(|article| article.outgoing()));
        articles.extend(more);
        std::thread::sleep(Duration::from_millis(500));
        if older.log().contains("fenced") {
            break;
        }
        assert!(seed < 140, "the older one was never fenced:\n{}", older.log());
    }
    assert_eq!(older.end(Duration::from_secs(20)).code(), Some(76), "{}", older.log());
    kafka.wait_for(&names, articles.len(), Duration::from_secs(60));
    newer.stop();
    verify(&articles, &kafka.read(&names.output, "read_committed"), &kafka.read(&names.dead, "read_committed"));
}

#[test]
fn a_missing_topic_is_reported_by_check_and_waited_for_by_run() {
    let (kafka, names) = (Kafka::shared(), Names::new("missing"));
    let check = once(kafka, &names, &["check"]);
    assert_eq!(check.status.code(), Some(3));
    assert!(out(&check).contains(&format!("`{}` does not exist", names.input)), "{}", out(&check));

    let worker = Worker::start(kafka, &names, "one");
    wait("the admin port", Duration::from_secs(10), || worker.get("/readyz").is_some());
    wait("the reason", Duration::from_secs(15), || {
        worker.get("/readyz").is_some_and(|(_, body)| body.contains("does not exist"))
    });
    assert_eq!(worker.get("/readyz").map(|(status, _)| status), Some(503));
    assert_eq!(worker.get("/livez").map(|(status, _)| status), Some(200), "waiting is not stalling");
    assert!(worker.log().contains(&format!("topic `{}` does not exist", names.output)));

    let made = once(kafka, &names, &["topics", "--create", "--partitions", "3"]);
    assert_eq!(made.status.code(), Some(0), "{}", out(&made));
    let again = once(kafka, &names, &["topics", "--create"]);
    assert_eq!(again.status.code(), Some(0), "it may be run again");
    worker.wait_ready();
    let check = once(kafka, &names, &["check"]);
    assert_eq!(check.status.code(), Some(0), "{}", out(&check));
    let articles = generate(7, 50, 3);
    kafka.send(&names, &names.input, articles.iter().map(|article| article.outgoing()));
    kafka.wait_for(&names, articles.len(), Duration::from_secs(30));
    worker.stop();
    verify(&articles, &kafka.read(&names.output, "read_committed"), &kafka.read(&names.dead, "read_committed"));
}

#[test]
fn the_admin_port_says_who_is_alive_and_ready_and_counts() {
    let (kafka, names) = (Kafka::shared(), Names::new("admin"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    // Two lanes for one partition: one has nothing to do, and is ready all the same.
    let worker = Worker::start(kafka, &names, "one");
    worker.wait_ready();
    let articles = generate(8, 100, 1);
    kafka.send(&names, &names.input, articles.iter().map(|article| article.outgoing()));
    kafka.wait_for(&names, articles.len(), Duration::from_secs(30));
    let address = format!("127.0.0.1:{}", worker.admin());
    for command in [&["health", "--admin", &address][..], &["health", "--ready", "--admin", &address]] {
        assert_eq!(once(kafka, &names, command).status.code(), Some(0));
    }
    wait("the lag", Duration::from_secs(20), || {
        worker.get("/metrics").is_some_and(|(_, body)| {
            body.contains(&format!("copydesk_lag_records{{topic=\"{}\",partition=\"0\"}} 0", names.input))
        })
    });
    let (_, metrics) = worker.get("/metrics").expect("metrics");
    let total = |name: &str| -> f64 {
        let lines = metrics.lines().filter(|line| line.starts_with(name));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    };
    assert_eq!(total("copydesk_records_in_total"), articles.len() as f64);
    assert_eq!(total("copydesk_records_out_total") + total("copydesk_records_refused_total"), articles.len() as f64);
    assert!(total("copydesk_transactions_committed_total") >= 1.0);
    assert!(total("copydesk_end_to_end_seconds_count") >= articles.len() as f64);
    assert_eq!(total("copydesk_build_info"), 1.0);
    worker.stop();
    assert_eq!(
        once(kafka, &names, &["health", "--admin", &address]).status.code(),
        Some(69),
        "nobody listens any more"
    );
}

#[test]
fn an_admin_port_that_is_taken_ends_the_worker_with_a_message() {
    let (kafka, names) = (Kafka::shared(), Names::new("taken"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let run = once(kafka, &names, &["run", "--admin", &address]);
    assert_eq!(run.status.code(), Some(74));
    assert!(crate::process::err(&run).contains(&address));
}
