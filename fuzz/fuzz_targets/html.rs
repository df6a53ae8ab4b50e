//! HTML bodies: any text as `body_html`.
#![no_main]

use libfuzzer_sys::fuzz_target;

mod shared;

fuzz_target!(|html: &str| {
    shared::clean(serde_json::json!({ "body_html": html }).to_string().as_bytes());
});
