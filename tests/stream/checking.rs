//! check: what it promises to tell.

use crate::kafka::{Kafka, Names};
use crate::process::{err, once, out};

#[test]
fn check_warns_of_one_replica_and_of_an_input_that_outlives_its_offsets() {
    // Of its own, since another's may have three brokers.
    let (kafka, names) = (Kafka::start("check"), Names::new("check"));
    kafka.topics(&names, [1, 1, 1], [&[("retention.ms", "-1")], &[], &[]]);
    let check = once(&kafka, &names, &["check"]);
    assert_eq!(check.status.code(), Some(0), "{}{}", out(&check), err(&check));
    let told = out(&check);
    assert!(told.contains("warn there is one broker, so every topic has one replica (replication factor 1)"), "{told}");
    assert!(told.contains("days, the input is kept for ever"), "{told}");
}
