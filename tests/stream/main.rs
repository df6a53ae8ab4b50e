//! The stream against a real Apache Kafka: the worker as processes, read by Kafka's own console consumer.
//!
//! One broker serves the whole run. It is started by `scripts/kafka` (Java 17, Maven), or named by
//! `COPYDESK_TEST_BROKERS`; where neither can be had the tests fail and say what is missing: they never skip. What a mock
//! can't prove is not tested on a mock.

// A test that can't go on says why and fails.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

#[path = "../support/admin.rs"]
mod admin;
mod articles;
mod auto_create;
mod checking;
mod commands;
mod consumers;
mod exactly_once;
mod feeding;
mod kafka;
#[path = "../support/kafka_script.rs"]
mod kafka_script;
mod lag;
mod letters;
mod lifecycle;
mod logging;
mod members;
mod metrics;
mod offsets;
mod outages;
mod payloads;
mod process;
mod refused;
mod replay;
mod traces;
