//! The record as a contract: what the pipeline writes is what the JSON Schema allows and what [`Record`] reads.
//!
//! The pipeline writes records byte by byte, for speed. Here each record is validated against the schema, parsed into
//! `Record`, and written again by serde: an equal JSON value means that the two views of the contract agree.

use std::collections::BTreeSet;

use copydesk_core::dedup::Fingerprint;
use copydesk_core::memory::Memory;
use copydesk_core::pipeline::Cleaner;
use copydesk_core::record::{
    DateEntry, DatePlace, DateView, Dropped, Paragraph, ParagraphView, Processor, Reason, Record, RecordView, RepeatOf,
    Stats, record_schema,
};
use newsdates::{Calendar, Date, Precision, Reading, Role};
use serde_json::{Value, json};

use crate::support::{payload, record};

#[track_caller]
fn assert_contract(written: &Value) -> Record {
    let schema = serde_json::to_value(record_schema()).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(written).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?} in {written:#}");
    let parsed: Record = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(&serde_json::to_value(&parsed).unwrap(), written);
    parsed
}

#[test]
fn every_article_keeps_the_contract() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/core/articles");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        assert_contract(&record(&std::fs::read(entry.unwrap().path()).unwrap()));
        seen += 1;
    }
    assert!(seen >= 13, "only {seen} articles in {folder}");
}

/// One record for every optional field, present and absent.
#[test]
fn every_optional_field_keeps_the_contract() {
    let full = json!({
        "uri": "urn:x", "url": "https://news.example/a", "source": "The Valley Post", "language": "en",
        "versioncreated": "2024-01-01T00:00:00Z", "firstcreated": "2024-01-01T00:00:00Z",
        "embargoed": "2024-01-01T00:00:00Z", "headline": "The headline comes again in the body of this story",
        "text": "The headline comes again in the body of this story\nThe miller found the door open and the cat asleep.\nThe miller found the door open and the  cat asleep.",
        "unknown": {"nested": [1.50, "\u{2028}", null]},
    });
    let optional = ["url", "source", "language", "versioncreated", "firstcreated", "embargoed", "headline", "unknown"];
    let named = ["url", "source", "language", "versionCreated", "firstCreated", "embargoedUntil", "headline", "extra"];
    let whole = record(full.to_string().as_bytes());
    let parsed = assert_contract(&whole);
    assert_eq!(parsed.dropped[0].repeat_of, Some(RepeatOf::HEADLINE));
    assert_eq!(parsed.dropped[1].repeat_of, Some(RepeatOf::Line(1)));
    for (field, name) in optional.into_iter().zip(named) {
        assert!(!whole[name].is_null(), "`{name}` is missing where `{field}` is given");
        let mut article = full.clone();
        article.as_object_mut().unwrap().remove(field);
        let without = record(article.to_string().as_bytes());
        assert_contract(&without);
        if name != "headline" {
            assert_eq!(without.get(name), None, "`{name}` is there where `{field}` is not");
        }
    }
}

/// A memory that has seen everything: dropped paragraphs then have a text and no `repeatOf`.
struct Omniscient;

impl Memory for Omniscient {
    fn has_seen(&self, _source: &str, _fingerprint: u128) -> bool {
        true
    }
}

#[test]
fn what_earlier_articles_showed_keeps_the_contract() {
    let mut out = Vec::new();
    let value = b"The miller found the door open and the cat asleep.\nShort.";
    Cleaner::default().clean(payload(value, &[]), &Omniscient, &mut out).unwrap();
    let parsed = assert_contract(&serde_json::from_slice(&out).unwrap());
    assert_eq!((parsed.dropped[0].reason, parsed.dropped[0].repeat_of), (Reason::Seen, None));
}

/// Dates and datelines through the writer itself, whatever the engine reads.
#[test]
fn every_form_of_a_date_keeps_the_contract() {
    let day = |month, day| newsdates::Value { date: Date { year: 2024, month, day }, time: None, offset: None };
    let reading = |value, candidates| Reading {
        value,
        candidates,
        precision: Precision::Day,
        calendar: Calendar::Gregory,
        role: Role::Updated,
        order: None,
        span: 0..1,
    };
    let (known, open) = (reading(Some(day(4, 3)), Vec::new()), reading(None, vec![day(4, 3), day(3, 4)]));
    let date = |reading, place| DateView { reading, role: Role::Updated, text: "\"3/4\"\u{85}", place };
    let dates = [date(&known, DatePlace::Line(1)), date(&open, DatePlace::Field("datePublished"))];
    let kept = [ParagraphView { line: 0, text: "BAGHDAD (Reuters) - \\ \"\u{1}\t", hash: Fingerprint::of(b"x") }];
    let mut out = Vec::new();
    let written = RecordView {
        uri: "urn:x",
        dateline: Some("BAGHDAD (Reuters)"),
        date_published: Some(day(4, 3)),
        dates: &dates,
        kept: &kept,
        lines_in: 2,
        bytes_in: 30,
        ..RecordView::default()
    };
    written.write(usize::MAX, &mut out).unwrap();
    let hash = Fingerprint::of(b"x").to_string();
    let entry = |value: Option<&str>, line, field: Option<&str>, candidates: &[&str]| DateEntry {
        value: value.map(str::to_owned),
        precision: "day".to_owned(),
        text: "\"3/4\"\u{85}".to_owned(),
        line,
        field: field.map(str::to_owned),
        calendar: "gregory".to_owned(),
        role: "updated".to_owned(),
        candidates: candidates.iter().map(|candidate| (*candidate).to_owned()).collect(),
    };
    let expected = Record {
        uri: "urn:x".to_owned(),
        url: None,
        source: None,
        language: None,
        version_created: None,
        first_created: None,
        embargoed_until: None,
        headline: None,
        dateline: Some("BAGHDAD (Reuters)".to_owned()),
        date_published: Some("2024-04-03".to_owned()),
        dates: vec![
            entry(Some("2024-04-03"), Some(1), None, &[]),
            entry(None, None, Some("datePublished"), &["2024-04-03", "2024-03-04"]),
        ],
        body_text: kept[0].text.to_owned(),
        paragraphs: vec![Paragraph { line: 0, hash }],
        dropped: Vec::<Dropped>::new(),
        stats: Stats { lines_in: 2, lines_out: 1, bytes_in: 30, bytes_out: kept[0].text.len() as u64 },
        processor: Processor {
            name: "copydesk".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            key_version: 1,
        },
        extra: None,
    };
    assert_eq!(assert_contract(&serde_json::from_slice(&out).unwrap()), expected);
}

/// The schema is closed: a field that nobody described does not pass.
#[test]
fn the_schema_refuses_what_is_not_in_it() {
    let schema = serde_json::to_value(record_schema()).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let good = record(b"The miller\nThe miller found the door open.");
    assert!(validator.is_valid(&good));
    for (pointer, bad) in [("/uri", json!(5)), ("/paragraphs/0/hash", json!("abc")), ("/stats", json!({}))] {
        let mut record = good.clone();
        *record.pointer_mut(pointer).unwrap() = bad;
        assert!(!validator.is_valid(&record), "{pointer}");
    }
    let mut record = good;
    record["surprise"] = json!(1);
    assert!(!validator.is_valid(&record));
}

/// Records are lines of NDJSON: no reader, however liberal about line ends, sees more than one line.
#[test]
fn a_record_is_one_line() {
    let text = "a\u{85}b\u{2028}c\u{2029}d\u{b}e\u{c}f\rg\nh";
    let article = json!({"text": text, "title": text, "url": text, "note": text, "uri": text});
    let bytes = crate::support::clean_bytes(&mut Cleaner::default(), article.to_string().as_bytes(), &[]).unwrap();
    let written = String::from_utf8(bytes).unwrap();
    let breaks: BTreeSet<char> =
        written.chars().filter(|c| "\n\r\u{b}\u{c}\u{85}\u{2028}\u{2029}".contains(*c)).collect();
    assert_eq!(breaks, BTreeSet::new());
    assert_contract(&serde_json::from_str(&written).unwrap());
}
