//! What one record holds never stops its partition: header names that are no text, timestamps and null keys that a topic
//! refuses.

#![allow(unsafe_code)]

use std::ffi::c_void;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use copydesk::worker::reader::{From, Next, Reader, Record};
use copydesk::worker::writer::Outgoing;
use rdkafka::bindings::{rd_kafka_header_add, rd_kafka_headers_destroy, rd_kafka_headers_new};
use rdkafka::config::ClientConfig;
use rdkafka::message::{BorrowedHeaders, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::kafka::{Kafka, Names, Seen};
use crate::process::{Worker, err, once};

const DAY: i64 = 86_400_000;
const POISON: &[u8] = b"{\"uri\": ";

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_millis())
        .expect("in range")
}

fn article(uri: &str) -> Vec<u8> {
    format!(
        r#"{{"uri":"urn:test:{uri}","headline":"H","body_text":"A paragraph that is long enough to be one, surely."}}"#
    )
    .into_bytes()
}

/// Headers with names of any bytes, which no client library writes: made by librdkafka's own call.
fn raw_headers(headers: RawHeaders<'_>) -> OwnedHeaders {
    // SAFETY: as in the worker's own `native.rs`.
    unsafe {
        let list = rd_kafka_headers_new(headers.len());
        for (name, value) in headers {
            let value_bytes = value.as_ptr().cast::<c_void>();
            rd_kafka_header_add(list, name.as_ptr().cast(), name.len() as isize, value_bytes, value.len() as isize);
        }
        let copy = (*list.cast::<BorrowedHeaders>()).detach();
        rd_kafka_headers_destroy(list);
        copy
    }
}

type RawHeaders<'a> = &'a [(&'a [u8], &'a [u8])];

fn send_raw(kafka: &Kafka, topic: &str, records: &[(&[u8], &[u8], RawHeaders<'_>)]) {
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", &kafka.brokers).create().expect("a producer");
    for (key, value, headers) in records {
        let record = BaseRecord::to(topic).partition(0).key(*key).payload(*value).headers(raw_headers(headers));
        producer.send(record).map_err(|(error, _)| error).expect("queued");
    }
    producer.flush(Duration::from_secs(30)).expect("acknowledged");
}

fn all(kafka: &Kafka, names: &Names, topic: &str) -> Vec<Record> {
    let mut reader = Reader::open(&kafka.stream(names), topic, From::Start, Duration::from_secs(20)).expect("a reader");
    let mut records = Vec::new();
    loop {
        match reader.next(Duration::from_secs(10)).expect("reading") {
            Next::Record(record) => records.push(record),
            Next::Nothing => {}
            Next::AtEnd => return records,
        }
    }
}

#[test]
fn header_names_that_are_not_utf8_travel_byte_for_byte() {
    let (kafka, names) = (Kafka::shared(), Names::new("raw-header"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let (first, odd, last) = (article("first"), article("odd"), article("last"));
    let strange: RawHeaders<'_> = &[(b"plain", b"1"), (b"\xff\xfe name", b"\x80"), (b"zero\0inside", b"2")];
    send_raw(
        kafka,
        &names.input,
        &[(b"first", &first, &[]), (b"odd", &odd, strange), (b"bad", POISON, strange), (b"last", &last, &[])],
    );
    let worker = Worker::start(kafka, &names, "one");
    kafka.wait_for(&names, 4, Duration::from_secs(60));
    worker.stop();
    let carried = |record: &Record, name: &[u8]| {
        record
            .headers
            .iter()
            .filter(|(found, _)| found.as_bytes() == name)
            .map(|(_, value)| value.clone())
            .collect::<Vec<_>>()
    };
    let (clean, dead) = (all(kafka, &names, &names.output), all(kafka, &names, &names.dead));
    assert_eq!((clean.len(), dead.len()), (3, 1));
    for record in [&clean[1], &dead[0]] {
        assert_eq!(carried(record, b"\xff\xfe name"), [Some(b"\x80".to_vec())]);
        assert_eq!(carried(record, b"plain"), [Some(b"1".to_vec())]);
    }
    // Kafka's own consumer reads a name to its end, where librdkafka ends it at its first zero byte.
    let seen = kafka.read(&names.output, "read_committed");
    assert_eq!(seen[1].header("zero\0inside"), Some(&b"2"[..]), "{:?}", seen[1].headers);
    assert_eq!(seen[1].headers.len(), 3);

    let replayed = once(kafka, &names, &["dead-letters", "replay", "--yes"]);
    assert!(replayed.status.success(), "{}", err(&replayed));
    let input = all(kafka, &names, &names.input);
    assert_eq!(carried(&input[4], b"\xff\xfe name"), [Some(b"\x80".to_vec())], "{:?}", input[4].headers);
}

#[test]
fn a_timestamp_that_a_topic_refuses_is_carried_in_a_header() {
    let (kafka, names) = (Kafka::shared(), Names::new("timestamps"));
    let wide: &[_] = &[("message.timestamp.after.max.ms", "9223372036854775807")];
    let week: &[_] = &[("message.timestamp.before.max.ms", "604800000")];
    kafka.topics(&names, [1, 1, 1], [wide, week, week]);
    let start = now();
    let (ahead, old) = (start + 2 * DAY, 1_420_070_400_000);
    let articles = ["today", "ahead", "old", "today again"].map(|uri| (article(uri), uri));
    let times = [start, ahead, old, start];
    let record = |value, timestamp| Outgoing { value: Some(value), timestamp: Some(timestamp), ..Outgoing::default() };
    let mut records: Vec<_> = articles.iter().zip(times).map(|((value, _), time)| record(&value[..], time)).collect();
    records.extend([record(POISON, ahead), record(POISON, old), record(POISON, start)]);
    kafka.send(&names, &names.input, records);
    let worker = Worker::start(kafka, &names, "one");
    kafka.wait_for(&names, 7, Duration::from_secs(60));
    let log = worker.log();
    worker.stop();
    assert!(!log.contains("aborted"), "bounds that can be read are kept to before they are met:\n{log}");
    check_times(&kafka.read(&names.output, "read_committed"), &times, start);
    check_times(&kafka.read(&names.dead, "read_committed"), &[ahead, old, start], start);

    // Replayed, a dead letter has its own timestamp again: relative dates are read by it.
    let replayed = once(kafka, &names, &["dead-letters", "replay", "--yes"]);
    assert!(replayed.status.success(), "{}", err(&replayed));
    let input = kafka.read(&names.input, "read_committed");
    assert_eq!(input[7..].iter().map(|seen| seen.timestamp).collect::<Vec<_>>(), [ahead, old, start]);
    assert!(input[7..].iter().all(|seen| seen.header("copydesk.timestamp.input").is_none()));
}

fn check_times(seen: &[Seen], times: &[i64], start: i64) {
    assert_eq!(seen.len(), times.len());
    for (seen, time) in seen.iter().zip(times) {
        if *time == start {
            assert_eq!((seen.timestamp, seen.header("copydesk.timestamp.input")), (start, None));
        } else {
            assert_eq!(seen.text("copydesk.timestamp.input"), time.to_string());
            assert!((start..=now()).contains(&seen.timestamp), "the time of publishing: {}", seen.timestamp);
        }
    }
}

#[test]
fn a_topic_that_comes_to_refuse_a_timestamp_is_found_out_and_the_neighbours_go_on() {
    let (kafka, names) = (Kafka::shared(), Names::new("timestamps-late"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let worker = Worker::start(kafka, &names, "one");
    worker.wait_ready();
    kafka.alter(&names.output, "message.timestamp.after.max.ms=60000");
    let start = now();
    let articles: Vec<_> = (0..40).map(|number| article(&number.to_string())).collect();
    let ahead = |number: usize| number % 10 == 3;
    let time = |number| if ahead(number) { start + 1_800_000 } else { start };
    let records = articles.iter().enumerate().map(|(number, value)| Outgoing {
        key: Some(b"k"),
        value: Some(value),
        timestamp: Some(time(number)),
        ..Outgoing::default()
    });
    kafka.send(&names, &names.input, records);
    kafka.wait_for(&names, 40, Duration::from_secs(60));
    let (_, metrics) = worker.get("/metrics").expect("metrics");
    assert!(!metrics.contains("copydesk_transactions_aborted_total{reason=\"refused\"} 0"), "{metrics}");
    assert!(metrics.contains("copydesk_lane_restarts_total{reason=\"fatal\"} 0"), "{metrics}");
    worker.stop();
    let clean = kafka.read(&names.output, "read_committed");
    let uris: Vec<_> = (0..40).map(|number| format!("\"urn:test:{number}\"")).collect();
    assert_eq!(clean.len(), 40);
    for (number, (seen, uri)) in clean.iter().zip(&uris).enumerate() {
        assert!(String::from_utf8_lossy(&seen.value).contains(uri), "in order");
        let header = seen.header("copydesk.timestamp.input").map(<[u8]>::to_vec);
        assert_eq!(header, ahead(number).then(|| time(number).to_string().into_bytes()), "{number}");
    }
}

#[test]
fn a_dead_letter_without_key_gets_one_where_its_topic_is_compacted() {
    let (kafka, names) = (Kafka::shared(), Names::new("compacted"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[("cleanup.policy", "compact")]]);
    let good = article("good");
    let record = |key, value| Outgoing { key, value: Some(value), ..Outgoing::default() };
    kafka.send(
        &names,
        &names.input,
        [record(None, POISON), record(Some(&b"keyed"[..]), POISON), record(None, &good), record(None, POISON)],
    );
    let worker = Worker::start(kafka, &names, "one");
    kafka.wait_for(&names, 4, Duration::from_secs(60));
    worker.stop();
    assert_eq!(kafka.read(&names.output, "read_committed").len(), 1);
    let dead = kafka.read(&names.dead, "read_committed");
    let keys: Vec<_> = dead.iter().map(|seen| String::from_utf8_lossy(&seen.key).into_owned()).collect();
    assert_eq!(keys, [format!("{}/0/0", names.input), "keyed".to_owned(), format!("{}/0/3", names.input)]);
    let added: Vec<_> = dead.iter().map(|seen| seen.header("copydesk.key.added").is_some()).collect();
    assert_eq!(added, [true, false, true]);
    let replayed = once(kafka, &names, &["dead-letters", "replay", "--yes"]);
    assert!(replayed.status.success(), "{}", err(&replayed));
    let input = kafka.read(&names.input, "read_committed");
    let keys: Vec<_> = input[4..].iter().map(|seen| String::from_utf8_lossy(&seen.key).into_owned()).collect();
    assert_eq!(keys, ["<NULL>", "keyed", "<NULL>"]);
}

#[test]
fn records_have_the_time_of_publishing_where_that_is_asked_for() {
    let (kafka, names) = (Kafka::shared(), Names::new("stamp-now"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let (start, value) = (now(), article("one"));
    let record = Outgoing { value: Some(&value[..]), timestamp: Some(start - DAY), ..Outgoing::default() };
    kafka.send(&names, &names.input, [record]);
    let worker = Worker::start_with(kafka, &names, "one", &[("COPYDESK__OUTPUT__TIMESTAMP", "now")]);
    kafka.wait_for(&names, 1, Duration::from_secs(60));
    worker.stop();
    let clean = kafka.read(&names.output, "read_committed");
    assert_eq!(clean[0].text("copydesk.timestamp.input"), (start - DAY).to_string());
    assert!(clean[0].timestamp >= start);
}
