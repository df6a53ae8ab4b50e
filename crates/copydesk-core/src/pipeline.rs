//! The pure function: the payload of one message in, its records or a refusal out.
//!
//! [`Cleaner::clean`] is a function of the payload, its headers, its Kafka timestamp and the memory that is given: no
//! clock, no network, no Kafka types. The same input gives the same bytes on every machine, at every time. A `Cleaner`
//! only keeps buffers between calls, so that an article costs no allocation that the last one has already made; make one
//! per thread.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::article::{Dates, Reader, Story};
use crate::dedup::Fingerprint;
use crate::input::{self, RawArticle, Unwrapped};
use crate::memory::{Memory, Remember};
use crate::record::{RecordView, Reject};
use crate::text::BodyLines;

pub use crate::input::Payload;

/// What an article may cost. A payload beyond a limit is refused with its code, never cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest payload, in bytes.
    pub payload: usize,
    /// Most lines in a body.
    pub lines: usize,
    /// Largest encoded record, in bytes.
    pub output: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { payload: 32 << 20, lines: 200_000, output: 64 << 20 }
    }
}

/// What became of one payload: the articles that it held, in order. Today each payload holds exactly one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaned {
    /// One for each article; never empty.
    pub parts: Vec<Part>,
}

/// One article of a payload, cleaned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Where its record stands in the output buffer.
    pub record: Range<usize>,
    /// The record's `uri`: the key of an output record whose input had none.
    pub uri: String,
    /// Lines of the body, blank ones included.
    pub lines: usize,
    /// Paragraphs kept.
    pub kept: usize,
    /// Paragraphs dropped as repeats.
    pub dropped: usize,
    /// For each date found, its calendar by CLDR name.
    pub calendars: Vec<&'static str>,
    /// What is to be added to the memory once the record is committed.
    pub remember: Remember,
}

/// The pure function with its buffers.
#[derive(Debug, Default)]
pub struct Cleaner {
    limits: Limits,
    body: BodyLines,
    reader: Reader,
}

impl Cleaner {
    /// A cleaner with these limits.
    pub fn new(limits: Limits) -> Self {
        Cleaner { limits, ..Cleaner::default() }
    }

    /// Its limits.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Cleans one payload: appends the record of each of its articles, a JSON object without a line end, to `out`.
    ///
    /// All parts or none: on a refusal `out` is as it was. A panic inside is caught and becomes [`Reject::Internal`].
    pub fn clean(&mut self, payload: Payload<'_>, memory: &impl Memory, out: &mut Vec<u8>) -> Result<Cleaned, Reject> {
        let before = out.len();
        let outcome = catch_unwind(AssertUnwindSafe(|| self.clean_unguarded(payload, memory, out)));
        let outcome = outcome.unwrap_or_else(|panic| {
            // The buffers may be in any state: take new ones.
            *self = Cleaner::new(self.limits);
            let message = panic.downcast_ref::<&str>().map(|message| (*message).to_owned());
            let message = message.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(Reject::Internal { reason: message.unwrap_or_else(|| "panic without a message".to_owned()) })
        });
        if outcome.is_err() {
            out.truncate(before);
        }
        self.body.shrink();
        self.reader.shrink();
        outcome
    }

    fn clean_unguarded(
        &mut self,
        payload: Payload<'_>,
        memory: &impl Memory,
        out: &mut Vec<u8>,
    ) -> Result<Cleaned, Reject> {
        let value = payload.value.filter(|value| !value.is_empty()).ok_or(Reject::EmptyPayload)?;
        // For the fault suite: a panic in here is a dead letter, and nothing else is affected.
        assert!(!(cfg!(feature = "sabotage") && value.starts_with(b"SABOTAGE-PANIC")), "sabotage");
        if value.len() > self.limits.payload {
            return Err(Reject::TooLarge { bytes: value.len(), limit: self.limits.payload });
        }
        let unwrapped = Unwrapped::default();
        let articles = input::decode(value, payload.headers, &unwrapped)?;
        let mut parts = Vec::with_capacity(articles.len());
        for raw in articles {
            parts.push(self.clean_article(raw, payload, memory, out)?);
        }
        Ok(Cleaned { parts })
    }

    fn clean_article(
        &mut self,
        mut raw: RawArticle<'_>,
        payload: Payload<'_>,
        memory: &impl Memory,
        out: &mut Vec<u8>,
    ) -> Result<Part, Reject> {
        let Some(body) = self.body.split(&raw.body, self.limits.lines) else {
            return Err(Reject::TooManyLines { limit: self.limits.lines });
        };
        let lines_in = body.lines_in;
        let mut dates = Dates::new(raw.language.as_deref(), raw.fetched.as_deref(), payload.timestamp);
        dates.read_fields(std::mem::take(&mut raw.published), &mut raw.extra);
        let source = raw.source.as_deref().unwrap_or_default();
        let article = self.reader.read(Story { headline: raw.headline.as_deref(), source, body, dates }, memory);
        let uri = raw.uri.as_deref().map_or_else(|| uri_of(payload), str::to_owned);
        let dates = article.dates.entries();
        let start = out.len();
        RecordView {
            uri: &uri,
            url: raw.url.as_deref(),
            source: raw.source.as_deref(),
            language: raw.language.as_deref(),
            version_created: raw.version_created.as_deref(),
            first_created: raw.first_created.as_deref(),
            embargoed_until: raw.embargoed_until.as_deref(),
            headline: article.headline,
            dateline: article.dateline(),
            date_published: article.date_published(),
            dates: &dates,
            kept: &article.kept,
            dropped: &article.dropped,
            lines_in,
            bytes_in: raw.body.len(),
            extra: &raw.extra.members(),
        }
        .write(self.limits.output, out)?;
        Ok(Part {
            record: start..out.len(),
            uri,
            lines: lines_in,
            kept: article.kept.len(),
            dropped: article.dropped.len(),
            calendars: dates.iter().map(|date| date.reading.calendar.as_str()).collect(),
            remember: article.remember,
        })
    }
}

/// The identifier of an article whose input has none.
fn uri_of(payload: Payload<'_>) -> String {
    format!("urn:sha256:{}", Fingerprint::of(payload.value.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::NoMemory;

    /// A memory that has seen everything.
    struct Omniscient;

    impl Memory for Omniscient {
        fn has_seen(&self, source: &str, _fingerprint: u128) -> bool {
            assert_eq!(source, "The Valley Post");
            true
        }
    }

    fn payload(value: &str) -> Payload<'_> {
        Payload { value: Some(value.as_bytes()), headers: &[], timestamp: None }
    }

    #[test]
    fn what_earlier_articles_showed_is_dropped_and_says_so() {
        let article = r#"{"source": "The Valley Post", "title": "Dam", "text": "This paragraph stood in an article of last week already.\nShort."}"#;
        let mut out = Vec::new();
        Cleaner::default().clean(payload(article), &Omniscient, &mut out).unwrap();
        let record: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(record["bodyText"], "Short.");
        assert_eq!(record["dropped"][0]["reason"], "seen");
        assert_eq!(record["dropped"][0]["text"], "This paragraph stood in an article of last week already.");
    }

    #[test]
    fn a_short_line_is_dropped_with_the_block_that_it_stands_in_and_never_by_itself() {
        const LONG: [(&str, &str); 3] = [
            ("A", "The miller counted every sack of flour twice."),
            ("B", "Nobody in the valley had seen such a harvest."),
            ("C", "By evening the bridge could be crossed again."),
        ];
        let text = |line: &str| LONG.iter().find(|(name, _)| *name == line).map_or(line, |(_, text)| *text).to_owned();
        for (lines, kept) in [
            ("Hm. A Hm. B Hm.", "Hm. A Hm. B Hm."),
            ("A Hm. B A Hm.", "A Hm. B"),
            // What stands before a block may belong to what is above it.
            ("A Hm. B Hm. B", "A Hm. B Hm."),
            ("A Hm. Oh. B A Hm. Oh. C", "A Hm. Oh. B C"),
            // Not beside the same line as the first time.
            ("A Hm. B C A B Hm.", "A Hm. B C Hm."),
            ("A Hm. B Oh. Hm. C B Hm.", "A Hm. B Oh. Hm. C Hm."),
            ("A Hm. Hm. B A Hm. Hm.", "A Hm. Hm. B Hm."),
            // Something new between the block and the line.
            ("A Hm. B A C Hm.", "A Hm. B C Hm."),
        ] {
            let body = lines.split(' ').map(text).collect::<Vec<_>>().join("\n");
            let article = serde_json::json!({ "title": "Harvest", "text": body }).to_string();
            let mut out = Vec::new();
            Cleaner::default().clean(payload(&article), &NoMemory, &mut out).unwrap();
            let record: serde_json::Value = serde_json::from_slice(&out).unwrap();
            let expected = kept.split(' ').map(text).collect::<Vec<_>>().join("\n");
            assert_eq!(record["bodyText"], expected, "{lines}");
            let count = lines.split(' ').count() - kept.split(' ').count();
            assert_eq!(record["dropped"].as_array().unwrap().len(), count, "{lines}");
            let numbers = record["dropped"].as_array().unwrap().iter().map(|line| line["line"].as_u64().unwrap());
            assert!(numbers.is_sorted(), "{lines}");
        }
    }

    /// A memory that knows one paragraph, and asks for more.
    struct Knows(u128);

    impl Memory for Knows {
        fn has_seen(&self, source: &str, fingerprint: u128) -> bool {
            source == "The Valley Post" && fingerprint == self.0
        }
    }

    #[test]
    fn each_long_paragraph_is_to_be_remembered_once() {
        let old = "This paragraph stood in an article of last week already.";
        let new = "Nobody in the valley had seen such a harvest before.";
        let [old_key, new_key] = [old, new].map(|text| crate::dedup::Normaliser::default().hash(text).hash.short());
        let article = serde_json::json!({
            "source": "The Valley Post", "title": "The headline is longer than forty bytes are",
            "text": format!("{new}\n{old}\nShort.\n{new}\nThe headline is longer than forty bytes are"),
        });
        let mut out = b"before".to_vec();
        let mut cleaner = Cleaner::default();
        let cleaned = cleaner.clean(payload(&article.to_string()), &Knows(old_key), &mut out).unwrap();
        let [part] = &cleaned.parts[..] else { panic!("{cleaned:?}") };
        let remember = Remember { source: "The Valley Post".to_owned(), paragraphs: vec![new_key, old_key] };
        assert_eq!(part.remember, remember);
        assert_eq!((part.lines, part.kept, part.dropped), (5, 2, 3));
        let record: serde_json::Value = serde_json::from_slice(&out[part.record.clone()]).unwrap();
        assert_eq!(record["uri"], part.uri);
        assert!(out.starts_with(b"before{"));

        let cleaned = cleaner.clean(payload(&article.to_string()), &NoMemory, &mut out).unwrap();
        assert_eq!(cleaned.parts[0].remember, Remember::default());
    }

    #[test]
    fn a_refusal_leaves_the_output_as_it_was() {
        let mut cleaner = Cleaner::new(Limits { output: 300, ..Limits::default() });
        let mut out = b"before".to_vec();
        for bad in ["{", "  ", "{\"text\": 5}", &"a long text ".repeat(100)] {
            assert!(cleaner.clean(payload(bad), &NoMemory, &mut out).is_err(), "{bad:?}");
            assert_eq!(out, b"before");
        }
    }

    #[test]
    fn limits() {
        let limits = Limits { payload: 20, lines: 3, output: 1 << 20 };
        let mut cleaner = Cleaner::new(limits);
        let mut clean = |text: &str| cleaner.clean(payload(text), &NoMemory, &mut Vec::new()).map(|_| ());
        assert_eq!(clean("a\nb\nc"), Ok(()));
        assert_eq!(clean("a\nb\nc\nd"), Err(Reject::TooManyLines { limit: 3 }));
        assert_eq!(clean(&"x".repeat(21)), Err(Reject::TooLarge { bytes: 21, limit: 20 }));
    }
}
