//! Key v1: no panic, no outer or double space, valid UTF-8, and nothing that white space or an earlier call would change.
#![no_main]

use copydesk::dedup::Normaliser;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut normaliser = Normaliser::default();
    let key = String::from_utf8(normaliser.key(text).to_vec()).expect("the key is not UTF-8");
    assert_eq!(key.trim_matches(' '), key);
    assert!(!key.contains("  "));
    // A normaliser that was used before computes the same.
    assert_eq!(normaliser.key(text), key.as_bytes());
    // White space around and between words is no part of the key.
    let spaced = format!("\u{3000}{}\r\n", text.replace(' ', " \u{a0}"));
    assert_eq!(normaliser.key(&spaced), key.as_bytes());
});
