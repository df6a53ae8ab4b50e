//! Hostile input: each ends with a record or a refusal, in time proportional to its size.
//!
//! Every kind of input is cleaned at a size and at eight times that size, and the CPU time of the cleaning thread is
//! compared: linear work takes about 8 times as long, quadratic work 64 times. The bound is 24, plus a quarter of a
//! second for what a busy machine adds, so that neither noise fails a test nor a quadratic algorithm passes one (at
//! these sizes it would take minutes).

use std::time::{Duration, Instant};

use copydesk_core::pipeline::{Cleaner, Limits};
use copydesk_core::record::Reject;
use serde_json::json;

use crate::support::{WIDE, clean_bytes};

/// CPU time of this thread where the system tells it (Linux), else the time that has passed.
fn cpu_time(start: Instant) -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = stat.split_whitespace().next().and_then(|first| first.parse().ok());
    nanoseconds.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

fn timed(value: &[u8], expected: &str) -> Duration {
    let start = Instant::now();
    let before = cpu_time(start);
    let outcome = clean_bytes(&mut Cleaner::new(WIDE), value, &[]);
    let took = cpu_time(start).saturating_sub(before);
    match outcome {
        Ok(_) => assert_eq!(expected, "record"),
        Err(refusal) => assert_eq!(expected, refusal.code(), "{refusal}"),
    }
    took
}

/// Cleans `make(size / 8)` and `make(size)`, expects a record (or this code), and compares the times.
fn linear(expected: &str, size: usize, make: impl Fn(usize) -> Vec<u8>) {
    let eighth = make(size / 8);
    let least = (0..3).map(|_| timed(&eighth, expected)).min().unwrap_or_default();
    let whole = make(size);
    let took = timed(&whole, expected);
    let ratio = took.as_secs_f64() / least.as_secs_f64().max(1e-9);
    println!("{} bytes: {took:?}, an eighth of it: {least:?}, {ratio:.1} times", whole.len());
    assert!(took <= least * 24 + Duration::from_millis(250), "{took:?} for what takes {least:?} an eighth of it");
}

fn in_json(name: &str, text: impl AsRef<str>) -> Vec<u8> {
    json!({ name: text.as_ref() }).to_string().into_bytes()
}

#[test]
fn a_million_paragraphs_of_one_character() {
    linear("record", 1_000_000, |count| "x\n".repeat(count).into_bytes());
    linear("record", 1_000_000, |count| "ب\r\n\r\n".repeat(count).into_bytes());
    let refusal = clean_bytes(&mut Cleaner::default(), "x\n".repeat(1_000_000).as_bytes(), &[]);
    assert_eq!(refusal, Err(Reject::TooManyLines { limit: Limits::default().lines }));
}

/// Lines with this are too long for a date line: what a line costs the dates is not measured here.
const LONG: &str =
    "however long one reads, and whoever reads it: there is always another line, and another, and another";

#[test]
fn different_long_lines() {
    let line = |n: usize| format!("Paragraph {n} of a story that {} comes to its end, {LONG}\n", "never ".repeat(20));
    linear("record", 200_000, |count| (0..count).map(line).collect::<String>().into_bytes());
    linear("record", 200_000, |count| in_json("text", (0..count).map(line).collect::<String>()));
}

/// The same line again and again, and two that take turns.
#[test]
fn equal_long_lines() {
    let line = &format!("A paragraph that {} comes to its end, {LONG}\n", "never ".repeat(20));
    linear("record", 200_000, |count| line.repeat(count).into_bytes());
    linear("record", 200_000, |count| format!("{line}{}", line.to_uppercase()).repeat(count / 2).into_bytes());
}

#[test]
fn one_line_of_16_mb() {
    linear("record", 16 << 20, |bytes| "x".repeat(bytes).into_bytes());
    linear("record", 16 << 20, |bytes| "ה ".repeat(bytes / 3).into_bytes());
    linear("record", 16 << 20, |bytes| "12:34 ".repeat(bytes / 6).into_bytes());
    linear("record", 16 << 20, |bytes| " ".repeat(bytes).into_bytes().into_iter().chain(*b"x").collect());
}

#[test]
fn json_nested_100_000_deep() {
    let nested = |open: &str, close: &str, depth: usize| {
        format!(r#"{{"text": "x", "deep": {}1{}}}"#, open.repeat(depth), close.repeat(depth)).into_bytes()
    };
    linear("invalid_json", 100_000, |depth| nested("[", "]", depth));
    linear("invalid_json", 100_000, |depth| nested("{\"a\":", "}", depth));
    // Where the nested value is the body, it is no text; where it never closes, it is no JSON.
    linear("no_body", 100_000, |depth| {
        format!(r#"{{"body": {}{}}}"#, "[".repeat(depth), "]".repeat(depth)).into_bytes()
    });
    linear("no_body", 100_000, |depth| {
        format!(r#"{{"bodies": {}{}}}"#, "[".repeat(depth), "]".repeat(depth)).into_bytes()
    });
    linear("invalid_json", 100_000, |depth| "{\"a\":".repeat(depth).into_bytes());
}

#[test]
fn json_with_many_fields() {
    linear("record", 200_000, |count| {
        let fields: String = (0..count).map(|n| format!("\"f{n}\": {n}, ")).collect();
        format!("{{{fields}\"text\": \"x\"}}").into_bytes()
    });
    linear("record", 200_000, |count| {
        let bodies = r#"{"value": "x"},"#.repeat(count);
        format!(r#"{{"bodies": [{bodies}{{"value": "x"}}]}}"#).into_bytes()
    });
}

#[test]
fn megabytes_of_combining_marks() {
    linear("record", 4 << 20, |bytes| format!("a{}", "\u{301}".repeat(bytes / 2)).into_bytes());
    // Marks that have to be put in order, and marks that a table must ask about.
    linear("record", 4 << 20, |bytes| format!("a{}", "\u{301}\u{316}".repeat(bytes / 4)).into_bytes());
    linear("record", 4 << 20, |bytes| "\u{1100}\u{1161}\u{11A8}".repeat(bytes / 9).into_bytes());
    linear("record", 4 << 20, |bytes| "\u{627}\u{654}\u{651}\u{64B}".repeat(bytes / 8).into_bytes());
    linear("record", 4 << 20, |bytes| "\u{FDFA}".repeat(bytes / 3).into_bytes());
    linear("record", 4 << 20, |bytes| format!("x{}", "\u{200D}\u{FE0F}".repeat(bytes / 6)).into_bytes());
}

#[test]
fn html_that_nobody_wrote_by_hand() {
    linear("record", 200_000, |count| {
        let attributes: String = (0..count).map(|n| format!(" a{n}=1")).collect();
        in_json("body_html", format!("<p{attributes}>x"))
    });
    linear("record", 200_000, |count| in_json("body_html", format!("{}x", "<div>".repeat(count))));
    linear("record", 200_000, |count| in_json("body_html", format!("{}x", "<b><i></b>".repeat(count))));
    linear("record", 200_000, |count| in_json("body_html", format!("x{}", "<".repeat(count))));
    linear("record", 200_000, |count| in_json("body_html", format!("x{}", "&#x1F600".repeat(count))));
    linear("record", 200_000, |count| in_json("body_html", format!("x{}", "&notanentity".repeat(count))));
    linear("record", 200_000, |count| in_json("body_html", format!("x{}", "<!--".repeat(count))));
    linear("record", 200_000, |count| in_json("body_html", format!("x{}", "<script>".repeat(count))));
    linear("record", 200_000, |count| in_json("body_html", format!("x{}y", "<p> </p>\n".repeat(count))));
}

#[test]
fn a_million_escapes() {
    for escape in [r"\\", r#"\""#, r"\n", r"\u0041", r"\ud83d\ude00", r"\u2028", r"\/"] {
        let text = |count: usize| format!(r#"{{"text": "x{}"}}"#, escape.repeat(count)).into_bytes();
        linear("record", 1_000_000, text);
        let extra = |count: usize| format!(r#"{{"text": "x", "note": "{}"}}"#, escape.repeat(count)).into_bytes();
        linear("record", 1_000_000, extra);
    }
}

/// Short hard-wrapped blocks, lines just under and over what unwrapping looks at, and nothing but line ends.
#[test]
fn many_blocks_and_blank_lines() {
    let wire = "The river that had covered the lower town for nine days fell by half a\nmetre on Tuesday, and the \
        first families were allowed to go back to\ntheir houses under the eyes of the fire brigade.\n\n";
    linear("record", 50_000, |count| wire.repeat(count).into_bytes());
    linear("record", 2_000_000, |count| format!("x{}y", "\n".repeat(count)).into_bytes());
    linear("record", 2_000_000, |count| format!("x{}y", "\u{2029}\r".repeat(count / 2)).into_bytes());
}
