//! The pure function on any bytes: no panic, a record that reads back, the same bytes again, and nothing to drop in
//! what was cleaned.
#![no_main]

use libfuzzer_sys::fuzz_target;

mod shared;

fuzz_target!(|payload: &[u8]| {
    let Some(record) = shared::clean(payload) else { return };
    if record.body_text.is_empty() {
        return;
    }
    let article = serde_json::json!({"text": record.body_text, "title": record.headline}).to_string();
    // A text that was escaped in HTML may be markup, and one in a string JSON: read as a body it may hold nothing.
    let Some(again) = shared::clean(article.as_bytes()) else { return };
    assert!(again.dropped.is_empty(), "a cleaned body had something to drop");
});
