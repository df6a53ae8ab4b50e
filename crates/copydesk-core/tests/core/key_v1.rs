//! Key v1 as published: the vectors in `docs/key-v1.json`, and an implementation in another language that reads nothing
//! but `docs/key-v1.md`.
//!
//! The second needs `python3` (3.8 or newer, standard library only) on the PATH, and fails where there is none: a
//! definition that nobody else can compute is what it is there to catch.

use std::io::Write;
use std::process::{Command, Stdio};

use copydesk_core::dedup::{Fingerprint, Normaliser};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    text: String,
    key: String,
    hash: String,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../../../docs/key-v1.json")).unwrap()
}

fn key(text: &str) -> String {
    String::from_utf8(Normaliser::default().key(text).to_vec()).unwrap()
}

fn python(argument: Option<&str>, input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/key_v1.py"))
        .args(argument)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap_or_else(|error| panic!("this test needs python3 (3.8 or newer) on the PATH: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "tests/key_v1.py ended with {}:\n{printed}", output.status);
    output.stdout
}

#[test]
fn the_published_vectors_hold() {
    let vectors = vectors();
    assert!(vectors.len() >= 30, "only {} vectors", vectors.len());
    for Vector { text, key: published, hash } in vectors {
        assert_eq!(key(&text), published, "the key of {text:?}");
        assert_eq!(Fingerprint::of(published.as_bytes()).to_string(), hash, "the hash of {text:?}");
    }
}

#[test]
fn the_document_shows_the_same_vectors() {
    let document = include_str!("../../../../docs/key-v1.md");
    for Vector { text, key, hash } in vectors() {
        let line = document.lines().find(|line| line.contains(&hash));
        assert!(
            line.is_some(),
            "docs/key-v1.md has no line for {text:?} (key {key:?}): python3 crates/copydesk-core/tests/key_v1.py --table"
        );
    }
}

#[test]
fn an_independent_implementation_passes_the_vectors() {
    let printed = String::from_utf8(python(None, b"")).unwrap();
    assert!(printed.starts_with(&format!("{} vectors, 0 wrong", vectors().len())), "{printed}");
}

/// Every code point that the other side's Unicode knows, alone and between letters and marks.
#[test]
fn an_independent_implementation_agrees_on_every_code_point() {
    let texts: Vec<String> = ('\0'..='\u{10FFFF}')
        .filter(|c| !matches!(u32::from(*c), 0x3500..0x4D00 | 0x4F00..0x9F00 | 0xAC80..0xD700 | 0x20000..0x2F800 | 0x30000..0xE0000 | 0xE1000..))
        .flat_map(|c| [format!("{c}"), format!("A{c}\u{301} \u{627}{c}\u{654}")])
        .collect();
    let answer = python(Some("--answer"), serde_json::to_string(&texts).unwrap().as_bytes());
    let keys: Vec<Option<String>> = serde_json::from_slice(&answer).unwrap();
    assert_eq!(keys.len(), texts.len());
    let mut normaliser = Normaliser::default();
    let mut compared = 0;
    for (text, theirs) in texts.iter().zip(keys) {
        let Some(theirs) = theirs else { continue };
        assert_eq!(String::from_utf8_lossy(normaliser.key(text)), theirs, "{}", text.escape_unicode());
        compared += 1;
    }
    assert!(compared > 60_000, "only {compared} texts were compared");
}
