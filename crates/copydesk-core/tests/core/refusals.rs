//! Refusals: every code that bytes can provoke, and that the list of codes is whole.
//!
//! `internal` is a bug by definition: no payload that we know of provokes it, so a memory that panics does.

use std::collections::BTreeSet;

use copydesk_core::memory::{Memory, NoMemory};
use copydesk_core::pipeline::{Cleaner, Limits, Payload};
use copydesk_core::record::Reject;
use serde_json::json;

use crate::support::{clean_bytes, code, payload};

/// A memory with a bug in it.
struct Broken;

impl Memory for Broken {
    fn has_seen(&self, _source: &str, _fingerprint: u128) -> bool {
        panic!("the memory is broken");
    }
}

const LONG_ENOUGH: &[u8] = b"This paragraph is long enough to be asked about, and so it is.";

fn refused_by_a_bug(cleaner: &mut Cleaner) -> Reject {
    let mut out = b"before".to_vec();
    let refusal = cleaner.clean(payload(LONG_ENOUGH, &[]), &Broken, &mut out).unwrap_err();
    assert_eq!(out, b"before");
    refusal
}

#[test]
fn every_code_is_provoked() {
    let limits = Limits { payload: 400, lines: 4, output: 400 };
    let deep = format!(r#"{{"text": "x", "deep": {}{}}}"#, "[".repeat(121), "]".repeat(121));
    let cases: &[(&str, &[u8])] = &[
        ("invalid_utf8", b"caf\xe9"),
        ("invalid_utf8", b"{\"text\": \"caf\xe9\"}"),
        ("invalid_utf8", b"\xed\xa0\x80"),
        ("invalid_json", b"{"),
        ("invalid_json", b"  \r\n\t{\"text\": \"x\",}"),
        ("invalid_json", b"{\"text\": \"x\"} and more"),
        ("invalid_json", br#"[{"text": "x"}"#),
        ("invalid_json", br#"{"text": "[{\"type\": \"paragraph\", \"te"}"#),
        ("invalid_json", deep.as_bytes()),
        ("invalid_json", br#"{"specversion": "1.0", "type": "t", "data_base64": "!!"}"#),
        ("invalid_json", br#"{"specversion": "1.0", "type": "t", "data": "{"}"#),
        ("empty_payload", b""),
        ("empty_payload", b" \r\n\t"),
        ("empty_payload", "\u{FEFF}\u{3000}\u{2028}".as_bytes()),
        ("empty_payload", b"null"),
        ("unsupported_format", b"\x1f\x8b\x08\0\0"),
        ("unsupported_format", b"<?xml version=\"1.0\"?><newsMessage/>"),
        ("unsupported_format", br#"{"specversion": "1.0", "type": "t", "data_base64": "H4sIAAAAAAA="}"#),
        ("no_body", b"{}"),
        ("no_body", b"[]"),
        ("no_body", b"[1, 2]"),
        ("no_body", br#"["One", "Two"]"#),
        ("no_body", b"<p> </p>"),
        (
            "no_body",
            br#"{"text": "{\"a\": \"b\"}", "content": "<div></div>", "body": [1, {"type": "image", "text": "x"}]}"#,
        ),
        ("many_articles", br#"[{"text": "x"}, {"text": "y"}]"#),
        ("many_articles", br#"{"items": [{"content_text": "x"}, {"content_text": "y"}]}"#),
        ("no_body", br#"{"title": "x", "text": " ", "body": 5, "body_html": "<p> </p>", "bodies": []}"#),
        ("no_body", br#"{"specversion": "1.0", "type": "t", "data": [1]}"#),
        ("too_large", &[b'x'; 401]),
        ("too_many_lines", b"a\nb\nc\nd\ne"),
        ("output_too_large", &[b'x'; 399]),
    ];
    let mut provoked: BTreeSet<&str> = cases.iter().map(|(expected, _)| *expected).collect();
    for (expected, value) in cases {
        assert_eq!(code(limits, value), *expected, "{}", String::from_utf8_lossy(value));
    }
    provoked.insert(refused_by_a_bug(&mut Cleaner::default()).code());
    // A topic's answer: the function never gives it, the worker does (src/worker/refusals.rs).
    provoked.insert(Reject::RefusedByTopic { reason: String::new() }.code());
    assert_eq!(
        provoked,
        BTreeSet::from(Reject::CODES),
        "a code that this test does not provoke, or that is not listed"
    );
}

#[test]
fn a_null_value_is_an_empty_payload() {
    let null = Payload { value: None, headers: &[], timestamp: None };
    let refusal = Cleaner::default().clean(null, &NoMemory, &mut Vec::new());
    assert_eq!(refusal.unwrap_err(), Reject::EmptyPayload);
}

#[test]
fn a_panic_says_what_it_was_and_spoils_nothing() {
    let mut cleaner = Cleaner::default();
    let before = clean_bytes(&mut cleaner, LONG_ENOUGH, &[]).unwrap();
    assert_eq!(refused_by_a_bug(&mut cleaner), Reject::Internal { reason: "the memory is broken".to_owned() });
    assert_eq!(clean_bytes(&mut cleaner, LONG_ENOUGH, &[]).unwrap(), before);
}

#[test]
fn a_limit_is_the_largest_that_passes() {
    let four = b"a\nb\nc\nd";
    let size = clean_bytes(&mut Cleaner::default(), four, &[]).unwrap().len();
    let exact = Limits { payload: four.len(), lines: 4, output: size };
    assert!(clean_bytes(&mut Cleaner::new(exact), four, &[]).is_ok());
    assert_eq!(code(Limits { payload: four.len() - 1, ..exact }, four), "too_large");
    assert_eq!(code(Limits { lines: 3, ..exact }, four), "too_many_lines");
    assert_eq!(code(Limits { output: size - 1, ..exact }, four), "output_too_large");
}

/// Odd text is kept: nothing but the reasons above refuses an article.
#[test]
fn odd_text_is_kept() {
    for text in [
        "[1] A note",
        "\"a\" b",
        "nul",
        "\0",
        "\u{FFFF}",
        "}",
        "x{",
        "\u{301}\u{301}",
        "\u{200B}",
        "<p",
        "a <p> b",
        "-1",
    ] {
        let record = crate::support::record(text.as_bytes());
        assert_eq!(record["bodyText"], text, "{text:?}");
        let record = crate::support::record(json!({ "text": text }).to_string().as_bytes());
        assert_eq!(record["bodyText"], text, "{text:?} in JSON");
    }
}
