//! feed, tail and dead-letters on a real broker.

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::kafka::{Kafka, Names, wait};
use crate::process::{Running, Worker, copydesk, err, once, out};

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");

#[test]
fn feed_run_tail_and_dead_letters_go_together() {
    let (kafka, names) = (Kafka::shared(), Names::new("commands"));
    kafka.topics(&names, [2, 2, 1], [&[], &[], &[]]);
    let fed = once(kafka, &names, &["feed", SAMPLES]);
    assert_eq!(fed.status.code(), Some(0), "{}", err(&fed));
    assert!(out(&fed).starts_with("15 of 15 articles sent"), "{}", out(&fed));

    // From standard input, one a line, at a rate.
    let mut process = copydesk(kafka, &names, &["feed", "--lines", "--rate", "50"]);
    let mut process = process.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("feed starts");
    let lines = b"{\"uri\":\"urn:line:1\",\"body_text\":\"The first line is an article of its own.\"}\n\nplain text is one as well\n";
    process.stdin.take().expect("its input").write_all(lines).expect("written");
    let fed = process.wait_with_output().expect("its end");
    assert!(out(&fed).starts_with("2 of 2 articles sent"), "{}", out(&fed));

    // Nobody reads what it says: that is no failure.
    for command in ["topics", "check"] {
        let mut process = copydesk(kafka, &names, &[command]);
        let mut process = process.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(process.stdout.take());
        let ended = process.wait_with_output().expect("its end");
        assert_eq!(ended.status.code(), Some(0), "{command}: {}", err(&ended));
    }

    let worker = Worker::start(kafka, &names, "one");
    kafka.wait_for(&names, 17, Duration::from_secs(60));

    let tail = once(kafka, &names, &["tail", "--from-start", "--until-end", "--envelope"]);
    let records: Vec<Value> =
        out(&tail).lines().map(|line| serde_json::from_str(line).expect("a JSON object")).collect();
    assert_eq!(records.len(), 15);
    assert!(
        records.iter().all(|record| record["value"]["uri"].is_string() && record["topic"] == names.output.as_str())
    );
    assert!(records.iter().any(|record| record["key"] == "urn:line:1"));
    let some = once(kafka, &names, &["tail", "--from-start", "--count", "3"]);
    assert_eq!(out(&some).lines().count(), 3);
    assert!(out(&some).lines().all(|line| serde_json::from_str::<Value>(line).expect("a record")["uri"].is_string()));

    let list = once(kafka, &names, &["dead-letters", "list"]);
    assert_eq!(out(&list).lines().count(), 2, "{}", out(&list));
    let list = once(kafka, &names, &["dead-letters", "list", "--code", "invalid_utf8"]);
    assert_eq!(out(&list).lines().count(), 1, "{}", out(&list));
    let place = out(&list).split('\t').next().expect("partition/offset").to_owned();
    let (partition, offset) = place.split_once('/').expect("partition/offset");
    let show = once(kafka, &names, &["dead-letters", "show", "--json", partition, offset]);
    let shown: Value = serde_json::from_str(&out(&show)).expect("a JSON object");
    assert!(shown["value"]["base64"].is_string(), "{shown}");

    let dry = once(kafka, &names, &["dead-letters", "replay", "--code", "invalid_utf8"]);
    assert!(err(&dry).contains("would be sent"), "{}", err(&dry));
    assert_eq!(kafka.count(&names, &names.input), 17, "a dry run sends nothing");
    let sent = once(kafka, &names, &["dead-letters", "replay", "--code", "invalid_utf8", "--yes"]);
    assert_eq!(sent.status.code(), Some(0), "{}", err(&sent));
    kafka.wait_for(&names, 18, Duration::from_secs(30));
    worker.stop();
    let dead = kafka.read(&names.dead, "read_committed");
    let replayed = dead.iter().find(|seen| seen.header("copydesk.replayed.from").is_some()).expect("refused again");
    assert_eq!(replayed.text("copydesk.error.code"), "invalid_utf8");
    assert_eq!(
        replayed.headers.iter().filter(|(name, _)| name == "copydesk.error.code").count(),
        1,
        "old reasons are not carried"
    );
    assert_eq!(replayed.value, std::fs::read(format!("{SAMPLES}/90-bad-utf8.txt")).expect("the sample"));
}

#[test]
fn feed_repeats() {
    let (kafka, names) = (Kafka::shared(), Names::new("repeat"));
    kafka.topics(&names, [2, 1, 1], [&[], &[], &[]]);
    let samples = std::fs::read_dir(SAMPLES).expect("samples").count();
    let fed = once(kafka, &names, &["feed", "--repeat=3", SAMPLES]);
    assert_eq!(fed.status.code(), Some(0), "{}", err(&fed));
    assert!(out(&fed).starts_with(&format!("{0} of {0} articles sent", 3 * samples)), "{}", out(&fed));
    assert_eq!(kafka.count(&names, &names.input), 3 * samples);

    // For ever, until it is told to stop; a pause of seconds between two articles doesn't delay that.
    let mut endless = copydesk(kafka, &names, &["feed", "--repeat", "--rate", "500", SAMPLES]);
    let endless = Running::spawn(endless.stdout(Stdio::piped()));
    wait("three rounds more", Duration::from_secs(60), || kafka.count(&names, &names.input) > 6 * samples);
    let fed = terminated(endless);
    assert_eq!(fed.status.code(), Some(0));
    let total = kafka.count(&names, &names.input) - 3 * samples;
    assert!(out(&fed).starts_with(&format!("{total} of {total} articles sent")), "{total}: {}", out(&fed));
    let before = kafka.count(&names, &names.input);
    let mut slow = copydesk(kafka, &names, &["feed", "--repeat", "--rate", "0.01", SAMPLES]);
    let slow = Running::spawn(slow.stdout(Stdio::piped()));
    wait("the first article", Duration::from_secs(60), || kafka.count(&names, &names.input) > before);
    let stopping = Instant::now();
    assert!(out(&terminated(slow)).starts_with("1 of 1 articles sent"));
    assert!(stopping.elapsed() < Duration::from_secs(20));

    let twice = once(kafka, &names, &["feed", "--repeat", "-"]);
    assert_eq!(twice.status.code(), Some(64), "{}", err(&twice));
    let empty = tempfile::tempdir().expect("a folder");
    let nothing = once(kafka, &names, &["feed", "--repeat", empty.path().to_str().expect("a path")]);
    assert_eq!(nothing.status.code(), Some(74), "for ever nothing: {}", err(&nothing));
}

fn terminated(child: Running) -> Output {
    let status = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert!(status.success());
    child.output()
}

#[test]
fn feed_names_the_file_that_it_can_not_read() {
    let (kafka, names) = (Kafka::shared(), Names::new("no-file"));
    let fed = once(kafka, &names, &["feed", "/nowhere/at-all.txt"]);
    assert_eq!(fed.status.code(), Some(74));
    assert!(err(&fed).contains("/nowhere/at-all.txt"), "{}", err(&fed));
}
