//! The broker dies and comes back.

use std::time::Duration;

use crate::articles::{generate, verify};
use crate::kafka::{Kafka, Names, wait};
use crate::process::{Worker, err, once};

#[test]
fn a_broker_killed_and_resumed_on_the_way_loses_and_doubles_nothing() {
    // Also where the others use a broker of the user's: this one is to be killed.
    let (kafka, names) = (Kafka::start("killed"), Names::new("killed"));
    kafka.topics(&names, [4, 4, 1], [&[], &[], &[]]);
    let articles = generate(9, 3000, 4);
    let (before, after) = articles.split_at(1500);
    let worker = Worker::start_with(&kafka, &names, "one", &[("COPYDESK__STREAM__BATCH_BYTES", "20kB")]);
    worker.wait_ready();
    kafka.send(&names, &names.input, before.iter().map(|article| article.outgoing()));
    kafka.script(&["kill", "1"]);
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(worker.get("/livez").map(|(status, _)| status), Some(200), "a broker that is away stalls no lane");
    kafka.script(&["resume", "1"]);
    kafka.send(&names, &names.input, after.iter().map(|article| article.outgoing()));
    kafka.wait_for(&names, articles.len(), Duration::from_secs(90));
    worker.stop();
    verify(&articles, &kafka.read(&names.output, "read_committed"), &kafka.read(&names.dead, "read_committed"));
}

#[test]
fn a_broker_that_is_not_there_is_reported_in_words_and_waited_for() {
    let names = Names::new("nobody");
    let nobody = Kafka::named("127.0.0.1:9");
    let check = once(&nobody, &names, &["check"]);
    assert_eq!(check.status.code(), Some(69));
    let tail = once(&nobody, &names, &["tail", "--count", "1"]);
    assert_eq!(tail.status.code(), Some(69));
    assert!(err(&tail).contains("127.0.0.1:9"), "{}", err(&tail));
    let mut worker = Worker::start(&nobody, &names, "one");
    wait("the reason", Duration::from_secs(40), || {
        worker.get("/readyz").is_some_and(|(_, body)| body.contains("can be reached"))
    });
    assert_eq!(worker.get("/livez").map(|(status, _)| status), Some(200));
    worker.signal("TERM");
    assert_eq!(worker.end(Duration::from_secs(25)).code(), Some(0), "{}", worker.log());
}
