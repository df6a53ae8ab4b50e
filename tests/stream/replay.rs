//! Dead letters: listed, shown, and replayed once, whoever dies or meddles.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

use copydesk::worker::dead_letter as headers;
use copydesk::worker::reader::{From, Next, Reader, Record, Snapshot};
use copydesk::worker::replay::marked;
use copydesk::worker::writer::Outgoing;
use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::Value;

use crate::kafka::{Kafka, Names};
use crate::process::{copydesk, err, once, out};

const WAIT: Duration = Duration::from_secs(30);

/// A dead letter as the worker writes it.
struct Letter<'a> {
    value: &'a [u8],
    code: &'a str,
    topic: &'a str,
    timestamp: i64,
    partition: i32,
}

fn put(kafka: &Kafka, names: &Names, letters: &[Letter<'_>]) {
    for (number, letter) in letters.iter().enumerate() {
        let offset = number.to_string();
        let added: [(&str, Option<&[u8]>); 7] = [
            ("own", Some(b"kept")),
            (headers::TOPIC, Some(letter.topic.as_bytes())),
            (headers::PARTITION, Some(b"0")),
            (headers::OFFSET, Some(offset.as_bytes())),
            (headers::STAGE, Some(b"decode")),
            (headers::MESSAGE, Some(b"for \x1b[31mthe test")),
            (headers::CODE, Some(letter.code.as_bytes())),
        ];
        let outgoing = Outgoing {
            key: Some(b"key"),
            value: Some(letter.value),
            headers: &added,
            timestamp: Some(letter.timestamp),
            partition: Some(letter.partition),
        };
        kafka.send(names, &names.dead, [outgoing]);
    }
}

/// What is much older is deleted as soon as the broker looks.
fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// So many letters of this stream, in one request.
fn put_many(kafka: &Kafka, names: &Names, count: usize) {
    let offsets: Vec<String> = (0..count).map(|number| number.to_string()).collect();
    type Header<'a> = (&'a str, Option<&'a [u8]>);
    let added: Vec<[Header<'_>; 4]> = offsets
        .iter()
        .map(|offset| {
            [
                (headers::TOPIC, Some(names.input.as_bytes())),
                (headers::PARTITION, Some(&b"0"[..])),
                (headers::OFFSET, Some(offset.as_bytes())),
                (headers::CODE, Some(b"no_body")),
            ]
        })
        .collect();
    let value = [b'x'; 200];
    let letters = added.iter().enumerate().map(|(number, headers)| Outgoing {
        value: Some(&value),
        headers,
        partition: Some(if number % 3 == 0 { 0 } else { 1 }),
        ..Outgoing::default()
    });
    kafka.send(names, &names.dead, letters);
}

/// All committed records of a topic.
fn all(kafka: &Kafka, names: &Names, topic: &str) -> Vec<Record> {
    let mut reader = Reader::open(&kafka.stream(names), topic, From::Start, WAIT).expect("a reader");
    let mut records = Vec::new();
    loop {
        match reader.next_within(WAIT).expect("reading") {
            Next::Record(record) => records.push(record),
            Next::Nothing => {}
            Next::AtEnd => return records,
        }
    }
}

/// How often each dead letter was replayed, by the records in the input topic, and by the marks.
fn replays(kafka: &Kafka, names: &Names) -> [BTreeMap<String, usize>; 2] {
    let mut counts = [BTreeMap::new(), BTreeMap::new()];
    for record in all(kafka, names, &names.input) {
        *counts[0].entry(record.header(headers::REPLAYED).expect("it was replayed")).or_default() += 1;
    }
    for record in all(kafka, names, &names.dead) {
        if let Some((partition, offset)) = marked(&record) {
            *counts[1].entry(format!("{}/{partition}/{offset}", names.dead)).or_default() += 1;
        }
    }
    counts
}

fn lines(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split('\t').collect()).collect()
}

#[test]
fn a_dead_letter_is_replayed_once_unless_asked_again() {
    let (kafka, names) = (Kafka::shared(), Names::new("once"));
    kafka.topics(&names, [2, 1, 2], [&[], &[], &[]]);
    let letter = |value, code, topic, timestamp| Letter { value, code, topic, timestamp, partition: 1 };
    let begun = now();
    let hours = |count: i64| begun - count * 3_600_000;
    put(
        kafka,
        &names,
        &[
            letter(b"\xff\x1b[2J", "invalid_utf8", &names.input, hours(30)),
            letter(b"one\x1b]0;title\x07", "no_body", &names.input, hours(3)),
            letter(b"two", "no_body", &names.input, hours(1)),
            letter(b"foreign", "no_body", "another-topic", hours(2)),
        ],
    );
    let run = |command: &[&str]| once(kafka, &names, &[&["dead-letters"], command].concat());
    let listed = |choice: &[&str]| {
        let output = run(&[&["list"], choice].concat());
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        out(&output)
    };
    let places = |choice: &[&str]| {
        let text = listed(choice);
        lines(&text).iter().map(|fields| fields[0].trim_start_matches("1/").to_owned()).collect::<Vec<_>>().join(" ")
    };

    // What is chosen.
    assert_eq!(places(&[]), "3 2 1 0");
    assert_eq!(places(&["--code", "no_body"]), "3 2 1");
    assert_eq!(places(&["--topic", "another-topic"]), "3");
    assert_eq!(places(&["--since", "150m"]), "3 2");
    assert_eq!(places(&["--since", "24h", "--until", "150m"]), "1");
    assert_eq!(places(&["--partition", "1", "--from", "1", "--to", "2"]), "2 1");
    assert_eq!(places(&["--partition", "0"]), "");
    assert_eq!(places(&["--limit", "2"]), "3 2");

    // What is printed.
    let text = listed(&["--partition", "1", "--to", "0"]);
    assert!(!text.contains('\x1b'), "{text:?}");
    let fields = &lines(&text)[0];
    let time = jiff::Timestamp::from_millisecond(hours(30)).expect("a time").to_string();
    let origin = format!("{}/0/0", names.input);
    assert_eq!(fields[..], ["1/0", &time, &origin, "invalid_utf8", "5 bytes", "-", "for \\u{1b}[31mthe test"]);
    let shown = out(&run(&["show", "1", "0"]));
    assert!(shown.ends_with("00000000  ff 1b 5b 32 4a                                   ..[2J\n"), "{shown}");
    assert!(shown.contains("header      own: kept\n") && !shown.contains('\x1b'), "{shown:?}");
    assert!(out(&run(&["show", "1", "1"])).ends_with("\n\none\\u{1b}]0;title\\u{7}\n"));
    assert_eq!(run(&["show", "1", "0", "--payload"]).stdout, b"\xff\x1b[2J");
    let json: Value = serde_json::from_str(&out(&run(&["show", "1", "0", "--json"]))).expect("JSON");
    assert_eq!(json["value"]["base64"], "/xtbMko=");

    // A dry run first, and then the letters of this stream.
    let dry = run(&["replay", "--code", "no_body"]);
    assert_eq!(dry.status.code(), Some(0), "{}", err(&dry));
    assert!(err(&dry).contains("2 dead letters would be sent"), "{}", err(&dry));
    assert_eq!(kafka.count(&names, &names.input), 0, "a dry run sends nothing");
    let sent = run(&["replay", "--code", "no_body", "--yes"]);
    assert_eq!(sent.status.code(), Some(0), "{}", err(&sent));
    assert_eq!(out(&sent).lines().count(), 2, "{}", out(&sent));
    let input = all(kafka, &names, &names.input);
    assert_eq!(input.len(), 2);
    assert_eq!(
        (input[1].partition, input[1].value.as_deref(), input[1].timestamp),
        (0, Some(&b"two"[..]), Some(hours(1)))
    );
    let from = format!("{}/1/2", names.dead).into_bytes();
    let expected = [("own".into(), Some(b"kept".to_vec())), (headers::REPLAYED.into(), Some(from))];
    assert_eq!(input[1].headers, expected, "its own headers and where it comes from, not why it was refused");

    // The second time is refused, whatever is chosen, and what was not replayed yet is sent all the same.
    let refused = run(&["replay", "--code", "no_body", "--yes"]);
    assert_eq!(refused.status.code(), Some(3), "{}", err(&refused));
    assert!(err(&refused).contains("1/1 is skipped: it was replayed before"), "{}", err(&refused));
    assert!(err(&refused).contains("0 dead letters were sent"), "{}", err(&refused));
    let dry = run(&["replay"]);
    assert_eq!(dry.status.code(), Some(3), "{}", err(&dry));
    assert!(err(&dry).contains("1 dead letters would be sent"), "{}", err(&dry));
    assert_eq!(places(&["--pending"]), "3 0");
    let rest = run(&["replay", "--pending", "--yes"]);
    assert_eq!(rest.status.code(), Some(0), "{}", err(&rest));
    assert_eq!(kafka.count(&names, &names.input), 3);
    let text = listed(&[]);
    let states: Vec<&str> = lines(&text).iter().map(|fields| fields[5]).collect();
    assert_eq!(states, ["-", "replayed", "replayed", "replayed"]);

    // Asked again, it is sent again.
    let again = run(&["replay", "--partition", "1", "--from", "2", "--to", "2", "--again", "--yes"]);
    assert_eq!(again.status.code(), Some(0), "{}", err(&again));
    let counts = replays(kafka, &names);
    assert_eq!(counts[0].values().copied().collect::<Vec<_>>(), [1, 1, 2]);
    assert_eq!(counts[0], counts[1], "a mark for each");

    // A mark is no letter.
    let mark = all(kafka, &names, &names.dead).into_iter().find(|record| marked(record).is_some()).expect("a mark");
    assert_eq!((&mark.key, &mark.value, mark.headers.len()), (&None, &None, 1));
    let shown = run(&["show", &mark.partition.to_string(), &mark.offset.to_string()]);
    assert_eq!(shown.status.code(), Some(69));
    assert!(err(&shown).contains("is not a dead letter but the replay mark of 1/1"), "{}", err(&shown));
    let tail = once(kafka, &names, &["tail", "--dead-letters", "--from-start", "--until-end"]);
    assert_eq!(out(&tail).lines().count(), 4, "{}", out(&tail));
}

/// An article may have any header, and so may its dead letter.
#[test]
fn a_forged_mark_is_a_dead_letter() {
    let (kafka, names) = (Kafka::shared(), Names::new("forged"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let added: [(&str, Option<&[u8]>); 3] = [
        (headers::MARK, Some(b"0")),
        (headers::TOPIC, Some(names.input.as_bytes())),
        (headers::CODE, Some(b"no_body")),
    ];
    let letter = || Outgoing { value: Some(b"x"), headers: &added, ..Outgoing::default() };
    kafka.send(&names, &names.dead, [letter(), letter()]);
    let list = once(kafka, &names, &["dead-letters", "list"]);
    let text = out(&list);
    assert_eq!(lines(&text).iter().map(|fields| fields[5]).collect::<Vec<_>>(), ["-", "-"]);
}

#[test]
fn a_replay_that_is_killed_leaves_no_half_marks() {
    let (kafka, names) = (Kafka::shared(), Names::new("killed"));
    kafka.topics(&names, [2, 1, 2], [&[], &[], &[]]);
    const LETTERS: usize = 600;
    put_many(kafka, &names, LETTERS);
    let replay = || {
        let mut command = copydesk(kafka, &names, &["dead-letters", "replay", "--pending", "--yes"]);
        // Five letters a transaction.
        command.env("COPYDESK__STREAM__BATCH_BYTES", "1 kB");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let mut killed_between = 0;
    for _ in 0..4 {
        let mut child = replay().spawn().expect("copydesk starts");
        // Killed while it sends: a line says that a batch is through.
        let mut told = std::io::BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        for _ in 0..40 {
            line.clear();
            std::io::BufRead::read_line(&mut told, &mut line).expect("a line");
        }
        child.kill().expect("killed");
        let status = child.wait().expect("its end");
        killed_between += usize::from(status.code().is_none() && !line.is_empty());
    }
    assert!(killed_between >= 3, "the replays ended before they were killed");
    let [_, marks] = replays(kafka, &names);
    assert!((100..LETTERS).contains(&marks.len()), "{} were replayed before the last", marks.len());
    let last = replay().output().expect("copydesk runs");
    assert_eq!(last.status.code(), Some(0), "{}", err(&last));
    let [records, marks] = replays(kafka, &names);
    assert_eq!(records.len(), LETTERS);
    assert!(records.values().all(|count| *count == 1), "each once");
    assert_eq!(records, marks);
}

#[test]
fn of_two_replays_at_once_each_letter_is_sent_by_one() {
    let (kafka, names) = (Kafka::shared(), Names::new("two"));
    kafka.topics(&names, [2, 1, 2], [&[], &[], &[]]);
    put_many(kafka, &names, 600);
    let start = || {
        let mut command = copydesk(kafka, &names, &["dead-letters", "replay", "--pending", "--yes"]);
        command.env("COPYDESK__STREAM__BATCH_BYTES", "1 kB").stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("copydesk starts")
    };
    let mut first = start();
    let mut told = std::io::BufReader::new(first.stdout.take().expect("its output"));
    std::io::BufRead::read_line(&mut told, &mut String::new()).expect("a line");
    let second = start();
    std::io::copy(&mut told, &mut std::io::sink()).expect("its output");
    let (first, second) = (first.wait_with_output().expect("its end"), second.wait_with_output().expect("its end"));
    assert_eq!(first.status.code(), Some(69), "{}", err(&first));
    assert!(err(&first).contains("another replay of this group was started"), "{}", err(&first));
    assert_eq!(second.status.code(), Some(0), "{}", err(&second));
    let [records, marks] = replays(kafka, &names);
    assert_eq!(records.len(), 600);
    assert!(records.values().all(|count| *count == 1), "each once");
    assert_eq!(records, marks);
}

/// Marks may stand behind another's open transaction, where a reader of committed records does not see them yet.
#[test]
fn a_snapshot_waits_for_open_transactions() {
    let (kafka, names) = (Kafka::shared(), Names::new("open"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &kafka.brokers)
        .set("transactional.id", format!("{}-other", names.group))
        .create()
        .expect("a producer");
    producer.init_transactions(WAIT).expect("transactions");
    producer.begin_transaction().expect("begun");
    producer.send(BaseRecord::<(), [u8]>::to(&names.dead).payload(b"open")).map_err(|(error, _)| error).expect("sent");
    producer.flush(WAIT).expect("flushed");
    kafka.send(&names, &names.dead, [Outgoing { value: Some(b"behind"), ..Outgoing::default() }]);
    let stream = kafka.stream(&names);
    let snapshot = Snapshot::take(&stream, &names.dead, None, WAIT).expect("a snapshot");
    assert_eq!(snapshot.offsets(), 2);
    let trouble = snapshot.wait_until_stable(Duration::from_millis(500)).expect_err("it is open");
    assert!(trouble.to_string().contains("open transaction"), "{trouble}");
    let values = || {
        let (mut reader, mut values, until) =
            (snapshot.read(None).expect("a reader"), Vec::new(), Instant::now() + WAIT);
        while Instant::now() < until {
            match reader.next_within(WAIT).expect("reading") {
                Next::Record(record) => values.push(record.value.expect("a value")),
                Next::Nothing => {}
                Next::AtEnd => return values,
            }
        }
        panic!("no end");
    };
    assert_eq!(values(), [] as [Vec<u8>; 0]);
    producer.commit_transaction(WAIT).expect("committed");
    kafka.send(&names, &names.dead, [Outgoing { value: Some(b"later"), ..Outgoing::default() }]);
    snapshot.wait_until_stable(WAIT).expect("settled");
    assert_eq!(values(), [b"open".to_vec(), b"behind".to_vec()], "what came later is not read");
}

#[test]
fn one_that_is_too_large_stops_no_other() {
    let (kafka, names) = (Kafka::shared(), Names::new("large"));
    kafka.topics(&names, [1, 1, 1], [&[("max.message.bytes", "20000")], &[], &[]]);
    let large = vec![b'x'; 30_000];
    let letter = |value| Letter { value, code: "no_body", topic: &names.input, timestamp: now(), partition: 0 };
    put(kafka, &names, &[letter(b"one"), letter(&large), letter(b"two")]);
    let sent = once(kafka, &names, &["dead-letters", "replay", "--yes"]);
    assert_eq!(sent.status.code(), Some(69), "{}", err(&sent));
    assert!(err(&sent).contains("0/1 is skipped: it is too large for the input topic"), "{}", err(&sent));
    let [records, marks] = replays(kafka, &names);
    assert_eq!(records.len(), 2);
    assert_eq!(records, marks);
}

#[test]
fn without_transactions_it_is_marked_as_well() {
    let (kafka, names) = (Kafka::shared(), Names::new("plain"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    put_one(kafka, &names);
    let mut replay = copydesk(kafka, &names, &["dead-letters", "replay", "--yes"]);
    let replay = replay.env("COPYDESK__STREAM__DELIVERY", "at-least-once");
    assert_eq!(replay.output().expect("copydesk runs").status.code(), Some(0));
    let second = replay.output().expect("copydesk runs");
    assert_eq!(second.status.code(), Some(3), "{}", err(&second));
    let [records, marks] = replays(kafka, &names);
    assert_eq!((records.len(), &records), (1, &marks));
}

fn put_one(kafka: &Kafka, names: &Names) {
    put(kafka, names, &[Letter { value: b"x", code: "no_body", topic: &names.input, timestamp: now(), partition: 0 }]);
}
