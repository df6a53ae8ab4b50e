//! Dead letters: the newest first, counted, filtered, found by the coordinates that are printed; and what is printed of them
//! and of records on a terminal and in logs.

use std::process::{Command, Stdio};
use std::time::Duration;

use copydesk::worker::dead_letter as headers;
use copydesk::worker::writer::Outgoing;
use serde_json::Value;

use crate::kafka::{Kafka, Names, wait};
use crate::process::{Worker, copydesk, err, once, out};

/// Letters 0, 1, 2, …: number N of `names.input`/0/1000+N, each third one `invalid_utf8`, the others `no_body`; one minute
/// apart, and in turn in the partitions of the dead-letter topic. The key is `key`, of each fiftieth `fifty`.
fn put(kafka: &Kafka, names: &Names, count: i64, partitions: i64) {
    let begun = jiff::Timestamp::now().as_millisecond() - count * 60_000;
    let offsets: Vec<String> = (0..count).map(|number| (1000 + number).to_string()).collect();
    type Header<'a> = (&'a str, Option<&'a [u8]>);
    let added: Vec<[Header<'_>; 6]> = (0..)
        .zip(&offsets)
        .map(|(number, offset): (i64, &String)| {
            let code: &[u8] = if number % 3 == 0 { b"invalid_utf8" } else { b"no_body" };
            [
                (headers::TOPIC, Some(names.input.as_bytes())),
                (headers::PARTITION, Some(&b"0"[..])),
                (headers::OFFSET, Some(offset.as_bytes())),
                (headers::STAGE, Some(&b"decode"[..])),
                (headers::MESSAGE, Some("for the \u{202e}test".as_bytes())),
                (headers::CODE, Some(code)),
            ]
        })
        .collect();
    let letters = (0..).zip(&added).map(|(number, headers): (i64, _)| Outgoing {
        key: Some(if number % 50 == 49 { &b"fifty"[..] } else { b"key" }),
        value: Some(b"payload \xc2\x9b2J"),
        headers,
        timestamp: Some(begun + number * 60_000),
        partition: Some(i32::try_from(number % partitions).expect("a partition")),
    });
    kafka.send(names, &names.dead, letters);
}

fn dead_letters(kafka: &Kafka, names: &Names, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = once(kafka, names, &[&["dead-letters"], arguments].concat());
    (output.status.code(), out(&output), err(&output))
}

/// Numbers of the letters that were listed, by their articles.
fn listed(kafka: &Kafka, names: &Names, arguments: &[&str]) -> Vec<i64> {
    let (code, out, err) = dead_letters(kafka, names, &[&["list"], arguments].concat());
    assert_eq!(code, Some(0), "{arguments:?}: {err}");
    let number = |line: &str| -> i64 {
        let origin = line.split('\t').nth(2).expect("an origin");
        origin.rsplit('/').next().expect("an offset").parse::<i64>().expect("a number") - 1000
    };
    out.lines().map(number).collect()
}

#[test]
fn the_newest_come_first_and_all_of_them() {
    let (kafka, names) = (Kafka::shared(), Names::new("newest"));
    kafka.topics(&names, [1, 1, 2], [&[], &[], &[]]);
    const LETTERS: i64 = 9000;
    put(kafka, &names, LETTERS, 2);
    assert_eq!(listed(kafka, &names, &["--limit", "3"]), [8999, 8998, 8997]);
    let all = listed(kafka, &names, &[]);
    assert_eq!(all, (0..LETTERS).rev().collect::<Vec<_>>());
    // What is rare is looked for window by window, and none is lost between two of them.
    let rare: Vec<i64> = (0..LETTERS).rev().filter(|number| number % 50 == 49).collect();
    assert_eq!(listed(kafka, &names, &["--where", "key = fifty", "--limit", "200"]), rare);
    assert_eq!(listed(kafka, &names, &["--where", "offset < 1003", "--limit", "10"]), [2, 1, 0]);
    assert_eq!(listed(kafka, &names, &["--partition", "1", "--limit", "2"]), [8999, 8997]);
    assert_eq!(listed(kafka, &names, &["--partition", "0", "--from", "10", "--to", "12"]), [24, 22, 20]);

    let (code, text, told) = dead_letters(kafka, &names, &["list", "--count"]);
    assert_eq!((code, text.as_str()), (Some(0), "no_body\t6000\ninvalid_utf8\t3000\n"));
    assert_eq!(told.trim(), "9000 dead letters: 6000 no_body, 3000 invalid_utf8");
    let (_, text, _) = dead_letters(kafka, &names, &["list", "--count", "--json", "--code", "no_body"]);
    assert_eq!(text, "{\"code\":\"no_body\",\"count\":6000}\n");
    let (_, _, told) = dead_letters(kafka, &names, &["list", "--limit", "3"]);
    assert_eq!(told.trim(), "3 dead letters: 2 no_body, 1 invalid_utf8");
}

#[test]
fn they_are_chosen_by_conditions_and_shown_as_json() {
    let (kafka, names) = (Kafka::shared(), Names::new("where"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    put(kafka, &names, 12, 1);
    let by = |condition: &str| listed(kafka, &names, &["--where", condition]);
    assert_eq!(by("code = invalid_utf8"), [9, 6, 3, 0]);
    assert_eq!(by("code != invalid_utf8 and offset >= 1008"), [11, 10, 8]);
    assert_eq!(by("dead.offset = 3 or (offset < 1002 and partition = 0)"), [3, 1, 0]);
    assert_eq!(
        by("message ~ 'FOR THE' and stage = decode and key = key and bytes = 12 and dead.partition = 0").len(),
        12
    );
    assert_eq!(by(&format!("topic = {}", names.input)).len(), 12);
    assert_eq!(by("topic = other"), [] as [i64; 0]);
    assert_eq!(by("time > 150s"), [11, 10]);
    assert_eq!(by("not time > 2h").len(), 0);

    let (code, text, _) = dead_letters(kafka, &names, &["list", "--json", "--limit", "1"]);
    assert_eq!(code, Some(0));
    assert!(!text.contains('\u{202e}'), "{text}");
    let shown: Value = serde_json::from_str(&text).expect("one JSON object");
    assert_eq!(
        (&shown["topic"], &shown["partition"], &shown["offset"]),
        (&names.dead.clone().into(), &0.into(), &11.into())
    );
    assert_eq!(shown["input"], serde_json::json!({ "topic": names.input, "partition": 0, "offset": 1011 }));
    assert_eq!((&shown["code"], &shown["stage"]), (&"no_body".into(), &"decode".into()));
    assert_eq!((&shown["message"], &shown["key"]), (&"for the \u{202e}test".into(), &"key".into()));
    assert_eq!((&shown["bytes"], &shown["replayed"]), (&12.into(), &false.into()));
    assert!(shown["time"].as_str().expect("a time").ends_with('Z') && shown["timestamp"].is_i64());
}

#[test]
fn printed_coordinates_are_taken_as_they_are_printed() {
    let (kafka, names) = (Kafka::shared(), Names::new("places"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    put(kafka, &names, 5, 1);
    let (_, text, _) = dead_letters(kafka, &names, &["list", "--limit", "1"]);
    let fields: Vec<&str> = text.trim_end().split('\t').collect();
    assert_eq!((fields[0], fields[2]), ("0/4", format!("{}/0/1004", names.input).as_str()));
    let dead = format!("{}/0/4", names.dead);
    for place in [&["0/4"][..], &["0", "4"], &[&dead], &[fields[2]]] {
        let (code, text, told) = dead_letters(kafka, &names, &[&["show"], place].concat());
        assert_eq!(code, Some(0), "{place:?}: {told}");
        assert!(text.starts_with(&format!("dead letter {dead}\n")), "{place:?}: {text}");
        assert!(!text.contains(['\u{9b}', '\u{202e}']), "{text}");
    }
    let gone = format!("{}/0/7", names.input);
    let (code, _, told) = dead_letters(kafka, &names, &["show", &gone]);
    assert_eq!(code, Some(69));
    assert!(told.contains(&format!("has no dead letter of {gone}")), "{told}");
    assert_eq!(listed(kafka, &names, &["0/1", &format!("{}/0/1003", names.input)]), [3, 1]);

    let origin = format!("{}/0/1002", names.input);
    let (code, text, told) = dead_letters(kafka, &names, &["replay", "0/1", &origin, "--yes"]);
    assert_eq!(code, Some(0), "{told}");
    let sent: Vec<&str> = text.lines().map(|line| line.split('\t').next().unwrap_or_default()).collect();
    assert_eq!(sent, ["0/1", "0/2"]);
    assert_eq!(kafka.count(&names, &names.input), 2);
    let (_, text, _) = dead_letters(kafka, &names, &["list"]);
    let states: Vec<&str> = text.lines().map(|line| line.split('\t').nth(5).unwrap_or_default()).collect();
    assert_eq!(states, ["-", "-", "replayed", "replayed", "-"]);
    assert_eq!(listed(kafka, &names, &["--pending"]), [4, 3, 0]);
    let (code, _, told) = dead_letters(kafka, &names, &["replay", "0/3", &gone]);
    assert_eq!(code, Some(69), "{told}");
    assert!(told.contains(&format!("{gone}: no selected dead letter has these coordinates")), "{told}");
}

/// A payload with a field whose name is quoted by the reason, and which no log wants whole.
fn hostile() -> String {
    let name = format!("\u{202e}\u{9b}2J{}", "x".repeat(800_000));
    format!("{{\"text\":\"body\",\"{name}\":{}{}}}", "[".repeat(400), "]".repeat(400))
}

#[test]
fn a_log_line_is_short_and_steers_nothing() {
    let (kafka, names) = (Kafka::shared(), Names::new("log"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let payload = hostile();
    kafka.send(&names, &names.input, [Outgoing { value: Some(payload.as_bytes()), ..Outgoing::default() }]);
    for format in ["json", "text"] {
        let group = format!("{}-{format}", names.group);
        let group = [("COPYDESK__LOG__FORMAT", format), ("COPYDESK__STREAM__GROUP", group.as_str())];
        let worker = Worker::start_with(kafka, &names, "one", &group);
        wait("the refusal", Duration::from_secs(60), || worker.log().contains("invalid_json"));
        let log = worker.log();
        assert!(!log.contains(['\u{202e}', '\u{9b}', '\u{1b}']), "{format}");
        let longest = log.lines().map(str::len).max().unwrap_or(0);
        assert!(longest < 4000, "a line of {longest} bytes");
        if format == "json" {
            let line = log.lines().find(|line| line.contains("invalid_json")).expect("the refusal");
            let line: Value = serde_json::from_str(line).expect("JSON");
            let reason = line["reason"].as_str().or(line["message"].as_str()).expect("a reason");
            assert!(reason.contains("\u{202e}\u{9b}2Jxxx"), "{reason}");
        }
        worker.stop();
    }
}

/// In a terminal escapes, into a pipe the bytes as they are.
#[test]
fn tail_steers_no_terminal_and_pipes_bytes() {
    let (kafka, names) = (Kafka::shared(), Names::new("tail"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let values: [&[u8]; 3] =
        ["{\"a\":\"\u{9b}2J\u{202e}\"}".as_bytes(), "text \u{1b}[2J\u{9b}".as_bytes(), b"\xff\x1b[2J"];
    kafka.send(&names, &names.output, values.map(|value| Outgoing { value: Some(value), ..Outgoing::default() }));
    put(kafka, &names, 1, 1);
    let tail = ["tail", "--from-start", "--until-end"];
    let piped = once(kafka, &names, &tail);
    assert_eq!(piped.stdout, [values.join(&b'\n'), b"\n".to_vec()].concat());
    for more in ["", "--envelope", "--dead-letters"] {
        let plain = copydesk(kafka, &names, &[]);
        let environment = plain.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
        let line = format!("'{}' {} {more}", env!("CARGO_BIN_EXE_copydesk"), tail.join(" "));
        let mut terminal = Command::new("script");
        terminal.args(["-qec", &line, "/dev/null"]).envs(environment).stdin(Stdio::null());
        let shown = terminal.current_dir(env!("CARGO_TARGET_TMPDIR")).output().expect("script runs");
        assert!(!out(&shown).contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{more}: {:?}", out(&shown));
        let expected = if more == "--dead-letters" { "for the \\u202etest" } else { "\\u009b2J\\u202e" };
        assert!(out(&shown).contains(expected), "{more}: {:?}", out(&shown));
    }
}
