//! Key v1: no panic, no outer or double space, valid UTF-8, and nothing that white space or an earlier call would change.
#![no_main]

use copydesk_core::dedup::{Fingerprint, Normaliser};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut normaliser = Normaliser::default();
    let key = String::from_utf8(normaliser.key(text).to_vec()).expect("the key is not UTF-8");
    assert_eq!(key.trim_matches(' '), key);
    assert!(!key.contains("  "));
    // Long paragraphs are hashed in pieces.
    let long = format!("{text}{}{text}", text.repeat(1 + (1 << 17) / text.len().max(1)));
    let whole = Fingerprint::of(normaliser.key(&long));
    assert_eq!(normaliser.hash(&long).hash, whole);
    // A normaliser that was used before computes the same.
    assert_eq!(normaliser.key(text), key.as_bytes());
    // White space around and between words is no part of the key.
    let spaced = format!("\u{3000}{}\r\n", text.replace(' ', " \u{a0}"));
    assert_eq!(normaliser.key(&spaced), key.as_bytes());
});
