//! Each article exactly once, in partition order, whatever becomes of the workers.

use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::articles::{generate, in_order, verify};
use crate::kafka::{Kafka, Names, wait};
use crate::process::Worker;

#[test]
fn two_thousand_articles_once_each_and_in_order() {
    let (kafka, names) = (Kafka::shared(), Names::new("each-once"));
    kafka.topics(&names, [4, 4, 1], [&[], &[], &[]]);
    let articles = generate(1, 2000, 4);
    kafka.send(&names, &names.input, articles.iter().map(|article| article.outgoing()));
    let worker = Worker::start(kafka, &names, "one");
    kafka.wait_for(&names, articles.len(), Duration::from_secs(60));
    worker.stop();
    verify(&articles, &kafka.read(&names.output, "read_committed"), &kafka.read(&names.dead, "read_committed"));
}

#[test]
fn three_workers_one_stopped_one_killed_on_the_way() {
    let (kafka, names) = (Kafka::shared(), Names::new("three"));
    kafka.topics(&names, [4, 4, 2], [&[], &[], &[]]);
    let articles = generate(2, 6000, 4);
    // A short session, so that the killed one's partitions move within the test; small batches, so that much is under way.
    let quick = [
        ("COPYDESK__KAFKA__SESSION.TIMEOUT.MS", "6000"),
        ("COPYDESK__KAFKA__TRANSACTION.TIMEOUT.MS", "5000"),
        ("COPYDESK__KAFKA__SOCKET.TIMEOUT.MS", "4000"),
        ("COPYDESK__KAFKA__MESSAGE.TIMEOUT.MS", "4000"),
        ("COPYDESK__STREAM__BATCH_BYTES", "20kB"),
        ("COPYDESK__STREAM__LANES", "1"),
    ];
    let stays = Worker::start_with(kafka, &names, "stays", &quick);
    let stopped = Worker::start_with(kafka, &names, "stopped", &quick);
    let mut killed = Worker::start_with(kafka, &names, "killed", &quick);
    for worker in [&stays, &stopped, &killed] {
        worker.wait_ready();
    }
    std::thread::scope(|scope| {
        let feeding = scope.spawn(|| {
            for part in articles.chunks(300) {
                kafka.send(&names, &names.input, part.iter().map(|article| article.outgoing()));
            }
        });
        std::thread::sleep(Duration::from_millis(400));
        killed.signal("KILL");
        assert_eq!(killed.end(Duration::from_secs(5)).code(), None);
        std::thread::sleep(Duration::from_millis(300));
        stopped.stop();
        feeding.join().expect("fed");
    });
    kafka.wait_for(&names, articles.len(), Duration::from_secs(90));
    stays.stop();
    verify(&articles, &kafka.read(&names.output, "read_committed"), &kafka.read(&names.dead, "read_committed"));
}

#[test]
fn an_open_transaction_is_never_seen_by_a_read_committed_reader() {
    let (kafka, names) = (Kafka::shared(), Names::new("open"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let articles = generate(3, 3000, 1);
    let small = [("COPYDESK__STREAM__BATCH_BYTES", "50kB"), ("COPYDESK__STREAM__LANES", "1")];
    let worker = Worker::start_with(kafka, &names, "one", &small);
    worker.wait_ready();
    std::thread::scope(|scope| {
        let feeding = scope.spawn(|| {
            for part in articles.chunks(100) {
                kafka.send(&names, &names.input, part.iter().map(|article| article.outgoing()));
            }
        });
        // Stopped at some moment, the worker is mostly between two transactions; try until it is inside one.
        let started = Instant::now();
        let (committed, all) = loop {
            assert!(started.elapsed() < Duration::from_secs(25), "the worker was never met inside a transaction");
            std::thread::sleep(Duration::from_millis(7));
            worker.signal("STOP");
            let (stable, all) =
                (kafka.end(&names.output, "read_committed"), kafka.end(&names.output, "read_uncommitted"));
            if all > stable {
                break (kafka.read(&names.output, "read_committed"), kafka.read(&names.output, "read_uncommitted"));
            }
            worker.signal("CONT");
        };
        assert!(committed.len() < all.len(), "{} committed, {} in all", committed.len(), all.len());
        in_order(&articles, &committed, true);
        worker.signal("CONT");
        feeding.join().expect("fed");
    });
    kafka.wait_for(&names, articles.len(), Duration::from_secs(90));
    worker.stop();
    verify(&articles, &kafka.read(&names.output, "read_committed"), &kafka.read(&names.dead, "read_committed"));
}

#[test]
fn articles_of_an_aborted_transaction_are_not_published() {
    let (kafka, names) = (Kafka::shared(), Names::new("aborted-input"));
    kafka.topics(&names, [4, 4, 1], [&[], &[], &[]]);
    let articles = generate(4, 40, 4);
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &kafka.brokers)
        .set("transactional.id", format!("{}-feeder", names.group))
        .create()
        .expect("a producer");
    producer.init_transactions(Duration::from_secs(20)).expect("transactions");
    let abort_one = |key: &str| {
        producer
            .send(BaseRecord::to(&names.input).key(key).payload("of an aborted transaction, not to be published"))
            .expect("queued");
        producer.flush(Duration::from_secs(10)).expect("flushed");
    };
    producer.begin_transaction().expect("begun");
    abort_one("aborted-1");
    producer.abort_transaction(Duration::from_secs(10)).expect("aborted");
    kafka.send(&names, &names.input, articles.iter().map(|article| article.outgoing()));
    producer.begin_transaction().expect("begun");
    abort_one("aborted-2");
    producer.abort_transaction(Duration::from_secs(10)).expect("aborted");
    let worker = Worker::start(kafka, &names, "one");
    kafka.wait_for(&names, articles.len(), Duration::from_secs(60));
    worker.stop();
    verify(&articles, &kafka.read(&names.output, "read_committed"), &kafka.read(&names.dead, "read_committed"));
}

#[test]
fn where_partition_counts_differ_records_go_by_key_and_keep_the_order_of_each() {
    let (kafka, names) = (Kafka::shared(), Names::new("by-key"));
    kafka.topics(&names, [2, 3, 1], [&[], &[], &[]]);
    let articles = generate(5, 300, 2);
    kafka.send(&names, &names.input, articles.iter().map(|article| article.outgoing()));
    let worker = Worker::start(kafka, &names, "one");
    kafka.wait_for(&names, articles.len(), Duration::from_secs(60));
    worker.stop();
    let (clean, dead) = (kafka.read(&names.output, "read_committed"), kafka.read(&names.dead, "read_committed"));
    assert_eq!(clean.len() + dead.len(), articles.len());
    assert!(
        (0..3).all(|partition| clean.iter().any(|record| record.partition == partition)),
        "spread over all partitions"
    );
    in_order(&articles, &clean, false);
}

#[test]
fn at_least_once_loses_nothing_and_keeps_the_order() {
    let (kafka, names) = (Kafka::shared(), Names::new("at-least-once"));
    kafka.topics(&names, [4, 4, 1], [&[], &[], &[]]);
    let articles = generate(6, 1000, 4);
    kafka.send(&names, &names.input, articles.iter().map(|article| article.outgoing()));
    let worker = Worker::start_with(kafka, &names, "one", &[("COPYDESK__STREAM__DELIVERY", "at-least-once")]);
    kafka.wait_for(&names, articles.len(), Duration::from_secs(60));
    worker.stop();
    // Stopped in order it has committed its offsets, so a second worker has nothing to do again.
    let again = Worker::start_with(kafka, &names, "two", &[("COPYDESK__STREAM__DELIVERY", "at-least-once")]);
    again.wait_ready();
    wait("two seconds", Duration::from_secs(10), {
        let started = Instant::now();
        move || started.elapsed() > Duration::from_secs(2)
    });
    again.stop();
    verify(&articles, &kafka.read(&names.output, "read_committed"), &kafka.read(&names.dead, "read_committed"));
}
