//! Dates: any text as a line, as a field and as the opening of a story. What is found lies inside the text, a parse that
//! is kept says what a line says at once, and an explanation names a rule for each line that is none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use newsdates::{Context, Verdict, explain, parse, read_dateline, read_field, read_line};

fuzz_target!(|text: &str| {
    let parsed = parse(text);
    for language in [None, Some("ar"), Some("fa"), Some("th"), Some("en-US"), Some("hu")] {
        let context = Context { language, now: Some(1_705_500_000_000), ..Context::default() };
        let stamp = read_line(text, &context);
        if let Some(stamp) = &stamp {
            assert!(!stamp.dates.is_empty(), "a date stamp without a date");
        }
        let again = parsed.as_ref().and_then(|parsed| parsed.read(&context));
        assert_eq!(again.as_deref(), stamp.as_ref(), "the parse says something else");
        let rules = explain(text, &context).rules;
        let is_rejected = rules.iter().any(|id| id.rule().verdict == Verdict::Rejects);
        assert_eq!(is_rejected, stamp.is_none(), "{rules:?}");
        let _ = read_field(text, &context);
        if let Some(dateline) = read_dateline(text, &context) {
            assert!(text.get(dateline.span.clone()).is_some(), "the dateline is not a part of the text");
        }
    }
});
