//! Dates: any text as a line, as a field and as the opening of a story. What is found lies inside the text.
#![no_main]

use newsdates::{Context, read_dateline, read_field, read_line};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for language in [None, Some("ar"), Some("fa"), Some("th"), Some("en-US")] {
        let context = Context { language, now: Some(1_705_500_000_000), ..Context::default() };
        if let Some(line) = read_line(text, &context) {
            assert!(!line.dates.is_empty(), "a date line without a date");
        }
        let _ = read_field(text, &context);
        if let Some(dateline) = read_dateline(text, &context) {
            assert!(text.get(dateline.span.clone()).is_some(), "the dateline is not a part of the text");
        }
    }
});
