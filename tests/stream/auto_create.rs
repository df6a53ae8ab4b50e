//! Brokers make a topic that somebody asks for, by default. No command of copydesk's may cause that: a mistyped name would
//! then be a topic, and the mistake would look right the second time.

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use crate::kafka::{Kafka, Names, wait};
use crate::kafka_script::TOPICS;
use crate::process::{Worker, copydesk, err, once, out};

#[test]
fn no_command_makes_a_topic_come_into_being() {
    let kafka = Kafka::start_with("auto-create", "auto.create.topics.enable=true");
    let names = Names::new("typo");
    let topics = || {
        let list = kafka.tool(TOPICS, &["--list"]);
        // Kafka's own topics are made by whoever uses groups and transactions.
        list.lines().filter(|topic| !topic.starts_with("__")).map(str::to_owned).collect::<Vec<_>>()
    };
    // The broker does make topics for who asks.
    let asks: rdkafka::producer::BaseProducer =
        rdkafka::ClientConfig::new().set("bootstrap.servers", &kafka.brokers).create().expect("a producer");
    let ask = || rdkafka::producer::Producer::client(&asks).fetch_metadata(Some("asked-for"), Duration::from_secs(10));
    ask().expect("metadata");
    wait("the broker to make a topic", Duration::from_secs(20), || topics() == ["asked-for"]);

    // The same, without a Java machine for each question.
    let quickly = || {
        let all = rdkafka::producer::Producer::client(&asks).fetch_metadata(None, Duration::from_secs(10));
        let all = all.expect("metadata");
        let names = all.topics().iter().map(|topic| topic.name().to_owned());
        names.filter(|topic| !topic.starts_with("__")).collect::<Vec<_>>()
    };

    let run = |command: &[&str]| {
        let mut process = copydesk(&kafka, &names, command);
        process.env("COPYDESK__KAFKA__TOPIC.METADATA.PROPAGATION.MAX.MS", "1000");
        process.env("COPYDESK__KAFKA__MESSAGE.TIMEOUT.MS", "3000");
        let process = process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut process = process.expect("it starts");
        // A command that reads no input may be gone by now.
        let _ = process.stdin.take().expect("its input").write_all(b"An article that nobody will ever read.\n");
        let ended = process.wait_with_output().expect("its end");
        (ended.status.code(), out(&ended) + &err(&ended))
    };
    for command in [
        &["check"][..],
        &["check"],
        &["topics"],
        &["offsets"],
        &["feed", "--lines", "-"],
        &["tail", "--from-start", "--until-end"],
        &["tail", "--dead-letters", "--from-start", "--until-end"],
        &["dead-letters", "list"],
        &["dead-letters", "show", "0", "0"],
        &["dead-letters", "replay", "--yes"],
        &["check"],
    ] {
        let (code, said) = run(command);
        assert!(matches!(code, Some(3 | 69)), "{command:?} ended with {code:?}: {said}");
        assert!(
            said.contains("does not exist") || said.contains("Unknown topic") || said.contains("no acknowledgement"),
            "{command:?}: {said}"
        );
        assert_eq!(quickly(), ["asked-for"], "after {command:?}");
    }
    assert_eq!(topics(), ["asked-for"], "by Kafka's own tool");
    let worker = Worker::start(&kafka, &names, "one");
    wait("the worker to miss its topics", Duration::from_secs(20), || {
        worker.get("/readyz").is_some_and(|(_, body)| body.contains("does not exist"))
    });
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(quickly(), ["asked-for"], "after run");

    // A topic that goes while the worker runs does not come back by itself either.
    let made = once(&kafka, &names, &["topics", "--create", "--partitions", "1"]);
    assert_eq!(made.status.code(), Some(0), "{}", err(&made));
    worker.wait_ready();
    kafka.script(&[
        "run",
        "org.apache.kafka.tools.TopicCommand",
        "--bootstrap-server",
        &kafka.brokers,
        "--delete",
        "--topic",
        &names.input,
    ]);
    wait("the worker to miss it", Duration::from_secs(40), || {
        worker.get("/readyz").is_some_and(|(_, body)| body.contains(&format!("`{}` does not exist", names.input)))
    });
    std::thread::sleep(Duration::from_secs(3));
    assert!(!topics().contains(&names.input), "after the topic was deleted");
    worker.stop();
}
