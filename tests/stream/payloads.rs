//! What travels, what is refused, and what is too large.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use copydesk::worker::writer::Outgoing;
use sha2::{Digest, Sha256};

use crate::kafka::{Kafka, Names};
use crate::process::Worker;

const POISON: &[u8] = b"\xff\xfe not UTF-8 \x00 at all\nwith a second line";

#[test]
fn a_poison_payload_is_in_the_dead_letter_topic_byte_for_byte() {
    let (kafka, names) = (Kafka::shared(), Names::new("poison"));
    kafka.topics(&names, [4, 4, 1], [&[], &[], &[]]);
    let headers: [(&str, Option<&[u8]>); 2] = [("trace", Some(b"\x80\x81 binary")), ("origin", Some(b"wire"))];
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_millis();
    let timestamp = i64::try_from(now).expect("in range") - 60_000;
    let record = |key, value| Outgoing {
        key: Some(key),
        value,
        headers: &headers,
        timestamp: Some(timestamp),
        partition: Some(2),
    };
    let records = [
        record(&b"bad"[..], Some(POISON)),
        record(b"null", None),
        record(b"empty", Some(b"")),
        record(b"broken", Some(b"{\"uri\": ")),
        record(b"wrong", Some(b"{\"body_text\": 7}")),
        record(b"good", Some(b"A headline\nA paragraph that is long enough to be one, surely.")),
    ];
    kafka.send(&names, &names.input, records);
    let worker = Worker::start(kafka, &names, "one");
    kafka.wait_for(&names, 6, Duration::from_secs(60));
    let (_, metrics) = worker.get("/metrics").expect("metrics");
    assert!(metrics.contains("copydesk_records_refused_total{code=\"invalid_utf8\"} 1"), "{metrics}");
    let log = worker.log();
    worker.stop();
    assert!(
        log.contains("offset=0") && !log.contains("second line"),
        "coordinates are logged, payloads are not:\n{log}"
    );
    let (clean, dead) = (kafka.read(&names.output, "read_committed"), kafka.read(&names.dead, "read_committed"));
    assert_eq!((clean.len(), dead.len()), (1, 5));
    let expected: [(&[u8], &[u8], &str); 5] = [
        (b"bad", POISON, "invalid_utf8"),
        (b"null", b"<NULL>", "empty_payload"),
        (b"empty", b"", "empty_payload"),
        (b"broken", b"{\"uri\": ", "invalid_json"),
        (b"wrong", b"{\"body_text\": 7}", "no_body"),
    ];
    for ((offset, (key, value, code)), seen) in expected.into_iter().enumerate().zip(&dead) {
        assert_eq!((seen.key.as_slice(), seen.value.as_slice()), (key, value), "{code}");
        assert_eq!(seen.timestamp, timestamp);
        assert_eq!(seen.header("trace"), Some(&b"\x80\x81 binary"[..]));
        assert_eq!(seen.header("origin"), Some(&b"wire"[..]));
        assert_eq!(seen.text("copydesk.error.code"), code);
        assert_eq!(seen.text("__connect.errors.topic"), names.input);
        assert_eq!(seen.text("__connect.errors.partition"), "2");
        assert_eq!(seen.text("__connect.errors.offset"), offset.to_string());
        assert_eq!(seen.text("__connect.errors.stage"), "decode");
        assert!(!seen.text("__connect.errors.exception.message").is_empty());
    }
}

#[test]
fn a_record_without_key_is_keyed_by_its_uri() {
    let (kafka, names) = (Kafka::shared(), Names::new("keyless"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let value = br#"{"uri":"urn:test:keyless","body_text":"A paragraph that is long enough to be one, surely."}"#;
    kafka.send(&names, &names.input, [Outgoing { value: Some(value), ..Outgoing::default() }]);
    let worker = Worker::start(kafka, &names, "one");
    kafka.wait_for(&names, 1, Duration::from_secs(60));
    worker.stop();
    let clean = kafka.read(&names.output, "read_committed");
    assert_eq!(String::from_utf8_lossy(&clean[0].key), "urn:test:keyless");
    assert_eq!(clean[0].headers, []);
}

#[test]
fn a_record_too_large_for_the_output_topic_is_a_dead_letter_and_one_too_large_for_that_is_cut() {
    let (kafka, names) = (Kafka::shared(), Names::new("too-large"));
    kafka.topics(&names, [1, 1, 1], [&[], &[("max.message.bytes", "20000")], &[("max.message.bytes", "60000")]]);
    let article = |bytes: usize| format!("A headline\n{}", "x".repeat(bytes)).into_bytes();
    let (small, medium, large) = (article(1000), article(30_000), article(200_000));
    let record = |key, value| Outgoing { key: Some(key), value: Some(value), ..Outgoing::default() };
    kafka.send(
        &names,
        &names.input,
        [record(&b"large"[..], &large), record(b"small", &small), record(b"medium", &medium)],
    );
    let worker = Worker::start(kafka, &names, "one");
    kafka.wait_for(&names, 3, Duration::from_secs(60));
    worker.stop();
    let (clean, dead) = (kafka.read(&names.output, "read_committed"), kafka.read(&names.dead, "read_committed"));
    assert_eq!(clean.iter().map(|seen| seen.key.as_slice()).collect::<Vec<_>>(), [b"small"]);
    assert_eq!(dead.iter().map(|seen| seen.key.as_slice()).collect::<Vec<_>>(), [&b"large"[..], b"medium"]);
    assert!(dead.iter().all(|seen| seen.text("copydesk.error.code") == "output_too_large"));
    assert_eq!(dead[1].value, medium);
    assert!(dead[0].value.len() > 50_000 && large.starts_with(&dead[0].value), "cut, and as long as it may be");
    let hash: String = Sha256::digest(&large).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(dead[0].text("copydesk.value.sha256"), hash);
    assert_eq!(dead[0].text("copydesk.value.bytes"), large.len().to_string());
}

#[test]
fn a_topic_that_takes_less_than_it_did_is_found_out_and_nothing_is_lost() {
    let (kafka, names) = (Kafka::shared(), Names::new("shrunk"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let worker = Worker::start(kafka, &names, "one");
    worker.wait_ready();
    kafka.alter(&names.output, "max.message.bytes=20000");
    let article = |number: usize, bytes: usize| format!("Headline {number}\n{}", "x".repeat(bytes)).into_bytes();
    let payloads: Vec<_> =
        (0..30).map(|number| article(number, if number % 10 == 3 { 40_000 } else { 1500 })).collect();
    kafka.send(
        &names,
        &names.input,
        payloads.iter().map(|value| Outgoing { key: Some(b"k"), value: Some(value), ..Outgoing::default() }),
    );
    kafka.wait_for(&names, 30, Duration::from_secs(60));
    worker.stop();
    let (clean, dead) = (kafka.read(&names.output, "read_committed"), kafka.read(&names.dead, "read_committed"));
    assert_eq!((clean.len(), dead.len()), (27, 3));
    assert!(dead.iter().all(|seen| seen.text("copydesk.error.code") == "output_too_large"));
}
