//! One article: payload in, record or refusal out.
//!
//! [`Cleaner::clean`] is a pure function of the payload, its headers and its Kafka timestamp: no clock, no network, no
//! Kafka types. The same input gives the same bytes on every machine, at every time. A `Cleaner` only keeps buffers
//! between calls, so that an article costs no allocation that the last one has already made; make one per thread.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::article::{DateCache, Dates};
use crate::dedup::{Fingerprint, First, Hashed, LEAST_KEY, Memory, Normaliser, Repeats};
use crate::input::{Header, Held, RawArticle};
use crate::record::{Content, Reason, Reject, RepeatOf, WriteRecord};
use crate::text::{self, Line};

/// One raw record as it came.
#[derive(Debug, Clone, Copy)]
pub struct Payload<'a> {
    /// The value, `None` where Kafka's is null.
    pub value: Option<&'a [u8]>,
    /// The record's headers, in order. Only `ce_*` (CloudEvents, binary mode) are read.
    pub headers: &'a [Header<'a>],
    /// Kafka's timestamp in milliseconds since 1970-01-01 UTC: relative dates resolve against it where the article
    /// does not say when it was fetched.
    pub timestamp: Option<i64>,
}

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

/// What happened to one cleaned article; the record's bytes are in the output buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaned {
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
}

/// The pure function with its buffers.
#[derive(Debug, Default)]
pub struct Cleaner {
    limits: Limits,
    normaliser: Normaliser,
    repeats: Repeats,
    lines: Vec<Line>,
    unwrapped: String,
    date_cache: DateCache,
}

impl Cleaner {
    /// A cleaner that holds to `limits`.
    pub fn new(limits: Limits) -> Self {
        Cleaner { limits, ..Cleaner::default() }
    }

    /// The limits it holds to.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Cleans one article: appends the record, one JSON object without a line end, to `out`.
    ///
    /// A panic inside is caught and becomes [`Reject::Internal`]. On a refusal `out` is as it was.
    pub fn clean(
        &mut self,
        payload: Payload<'_>,
        memory: &mut impl Memory,
        out: &mut Vec<u8>,
    ) -> Result<Cleaned, Reject> {
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
        self.give_back();
        outcome
    }

    /// Gives back what an extraordinary article has grown, so that it costs memory only while it is cleaned.
    fn give_back(&mut self) {
        const LINES_KEPT: usize = 1 << 14;
        const BYTES_KEPT: usize = 1 << 20;
        self.normaliser.give_back();
        self.repeats.give_back();
        if self.lines.capacity() > LINES_KEPT {
            self.lines = Vec::new();
        }
        if self.unwrapped.capacity() > BYTES_KEPT {
            self.unwrapped = String::new();
        }
    }

    fn clean_unguarded(
        &mut self,
        payload: Payload<'_>,
        memory: &mut impl Memory,
        out: &mut Vec<u8>,
    ) -> Result<Cleaned, Reject> {
        let value = payload.value.filter(|value| !value.is_empty()).ok_or(Reject::EmptyPayload)?;
        // For the fault suite: a panic in here is a dead letter, and nothing else is affected.
        assert!(!(cfg!(feature = "sabotage") && value.starts_with(b"SABOTAGE-PANIC")), "sabotage");
        if value.len() > self.limits.payload {
            return Err(Reject::TooLarge { bytes: value.len(), limit: self.limits.payload });
        }
        let held = Held::default();
        let mut article = RawArticle::decode(value, payload.headers, &held)?;
        if !text::split(&article.body, self.limits.lines, &mut self.lines) {
            return Err(Reject::TooManyLines { limit: self.limits.lines });
        }
        let lines_in = self.lines.len();
        let is_wrapped = text::unwrap(&article.body, &mut self.lines, &mut self.unwrapped);
        let body: &str = if is_wrapped { &self.unwrapped } else { &article.body };

        let published = std::mem::take(&mut article.published);
        let mut found = Dates::new(article.language.as_deref(), article.fetched.as_deref(), payload.timestamp);
        found.read_fields(published, &mut article.extra);
        let sorted = Sorted::sort(
            body,
            &self.lines,
            article.headline.as_deref(),
            article.source.as_deref().unwrap_or_default(),
            &mut found,
            Desk {
                normaliser: &mut self.normaliser,
                repeats: &mut self.repeats,
                date_cache: &mut self.date_cache,
                memory,
            },
        );

        let opening = sorted.kept.first().map(|first| first.text).unwrap_or_default();
        let dateline = found.read_dateline(opening);
        let uri = match &article.uri {
            Some(uri) => Cow::Borrowed(&**uri),
            None => Cow::Owned(format!("urn:sha256:{}", Fingerprint::of(value))),
        };
        let dates = found.entries();
        // Where nothing else dates the story, the day that its journalist named does.
        let date_published = found.published().or_else(|| {
            let reading = dateline.as_ref()?.date.as_ref()?;
            reading.value
        });
        let before = out.len();
        WriteRecord {
            uri: &uri,
            copied: [
                ("url", article.url.as_deref()),
                ("source", article.source.as_deref()),
                ("language", article.language.as_deref()),
                ("versionCreated", article.version_created.as_deref()),
                ("firstCreated", article.first_created.as_deref()),
                ("embargoedUntil", article.embargoed_until.as_deref()),
            ],
            headline: sorted.headline,
            dateline: dateline.as_ref().and_then(|dateline| opening.get(dateline.span.clone())),
            date_published,
            dates: &dates,
            kept: &sorted.kept,
            dropped: &sorted.dropped,
            lines_in,
            bytes_in: article.body.len(),
            extra: &article.extra,
        }
        .write(self.limits.output, out)?;
        if out.len() - before > self.limits.output {
            return Err(Reject::OutputTooLarge { bytes: out.len() - before, limit: self.limits.output });
        }
        Ok(Cleaned {
            lines: lines_in,
            kept: sorted.kept.len(),
            dropped: sorted.dropped.len(),
            calendars: dates.iter().map(|date| date.reading.calendar.as_str()).collect(),
            uri: uri.into_owned(),
        })
    }
}

/// What sorting works with.
struct Desk<'d, M> {
    normaliser: &'d mut Normaliser,
    repeats: &'d mut Repeats,
    date_cache: &'d mut DateCache,
    memory: &'d mut M,
}

/// The lines of a body, each in its place.
struct Sorted<'a> {
    headline: Option<&'a str>,
    kept: Vec<Content<'a>>,
    dropped: Vec<(Content<'a>, Option<RepeatOf>, Reason, bool)>,
}

impl<'a> Sorted<'a> {
    fn sort(
        body: &'a str,
        lines: &[Line],
        headline: Option<&'a str>,
        source: &str,
        found: &mut Dates<'a>,
        desk: Desk<'_, impl Memory>,
    ) -> Self {
        let Desk { normaliser, repeats, date_cache, memory } = desk;
        repeats.clear();
        let mut sorted = Sorted { headline, kept: Vec::with_capacity(lines.len()), dropped: Vec::new() };
        if let Some(headline) = headline {
            repeats.note(normaliser.hash(headline).hash.short(), First::Headline);
        }
        // A short line is no repeat by itself, but it is one in a block that is repeated: where it follows a repeat now as
        // it did the first time. `beside`: the paragraph that the line before repeats, if that was dropped.
        let mut beside: Option<u32> = None;
        let mut is_opening = headline.is_none();
        found.find_stamps(lines.iter().map(|line| (line.number, trim(line.of(body)))), date_cache);
        for (index, line) in lines.iter().enumerate() {
            let text = trim(line.of(body));
            if text.is_empty() || found.is_stamp(line.number) {
                continue;
            }
            let Hashed { hash, length } = normaliser.hash(text);
            let may_drop = length >= LEAST_KEY;
            if std::mem::take(&mut is_opening)
                && looks_like_headline(text, found)
                && has_text(body, &lines[index + 1..])
            {
                repeats.note(hash.short(), First::Headline);
                sorted.headline = Some(text);
                continue;
            }
            let paragraph = Content { line: line.number, text, hash };
            let place = First::Paragraph(sorted.kept.len() as u32);
            let first = repeats.note(hash.short(), place);
            match first {
                None if may_drop && memory.seen(source, hash.short()) => {
                    sorted.dropped.push((paragraph, None, Reason::Seen, false));
                    beside = None;
                }
                Some(First::Headline) if may_drop => {
                    let same = sorted.headline == Some(text);
                    sorted.dropped.push((paragraph, Some(RepeatOf::HEADLINE), Reason::Repeat, same));
                    beside = None;
                }
                Some(First::Paragraph(index)) if may_drop || beside.is_some_and(|before| before + 1 == index) => {
                    sorted.drop_repeat(paragraph, index);
                    beside = Some(index);
                }
                _ => {
                    sorted.kept.push(paragraph);
                    beside = None;
                }
            }
        }
        sorted
    }

    /// Drops a repeat of the kept paragraph at `index`.
    fn drop_repeat(&mut self, paragraph: Content<'a>, index: u32) {
        let first = self.kept.get(index as usize);
        let same = first.is_some_and(|first| first.text == paragraph.text);
        let repeat_of = first.map(|first| RepeatOf::Line(first.line));
        self.dropped.push((paragraph, repeat_of, Reason::Repeat, same));
    }
}

/// `str::trim`, for lines that nearly all need none.
fn trim(text: &str) -> &str {
    let is_blank = |c: Option<char>| c.is_some_and(char::is_whitespace);
    if is_blank(text.chars().next()) || is_blank(text.chars().next_back()) { text.trim() } else { text }
}

/// A first line longer than this, in characters, is no headline.
const LONGEST_HEADLINE: usize = 160;

/// Does the first line of the text look like a headline: short, and no sentence that ends in a full stop?
fn looks_like_headline(text: &str, dates: &Dates<'_>) -> bool {
    let ends_like_prose = text.ends_with(['.', '。', '।', '۔', '։', '።', ';', ':', '：', ',', '،', '、']);
    let is_elided = text.ends_with("...");
    let is_short = text.len() <= LONGEST_HEADLINE || text.chars().nth(LONGEST_HEADLINE).is_none();
    (!ends_like_prose || is_elided) && is_short && !dates.opens_with_dateline(text)
}

fn has_text(body: &str, lines: &[Line]) -> bool {
    lines.iter().any(|line| !line.of(body).trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dedup::Forgetful;

    /// A memory that has seen everything.
    struct Omniscient;

    impl Memory for Omniscient {
        fn seen(&mut self, source: &str, _fingerprint: u128) -> bool {
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
        Cleaner::default().clean(payload(article), &mut Omniscient, &mut out).unwrap();
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
            Cleaner::default().clean(payload(&article), &mut Forgetful, &mut out).unwrap();
            let record: serde_json::Value = serde_json::from_slice(&out).unwrap();
            let expected = kept.split(' ').map(text).collect::<Vec<_>>().join("\n");
            assert_eq!(record["bodyText"], expected, "{lines}");
            let count = lines.split(' ').count() - kept.split(' ').count();
            assert_eq!(record["dropped"].as_array().unwrap().len(), count, "{lines}");
            let numbers = record["dropped"].as_array().unwrap().iter().map(|line| line["line"].as_u64().unwrap());
            assert!(numbers.is_sorted(), "{lines}");
        }
    }

    #[test]
    fn a_refusal_leaves_the_output_as_it_was() {
        let mut cleaner = Cleaner::new(Limits { output: 300, ..Limits::default() });
        let mut out = b"before".to_vec();
        for bad in ["{", "  ", "{\"text\": 5}", &"a long text ".repeat(100)] {
            assert!(cleaner.clean(payload(bad), &mut Forgetful, &mut out).is_err(), "{bad:?}");
            assert_eq!(out, b"before");
        }
    }

    #[test]
    fn limits() {
        let limits = Limits { payload: 20, lines: 3, output: 1 << 20 };
        let mut cleaner = Cleaner::new(limits);
        let mut clean = |text: &str| cleaner.clean(payload(text), &mut Forgetful, &mut Vec::new()).map(|_| ());
        assert_eq!(clean("a\nb\nc"), Ok(()));
        assert_eq!(clean("a\nb\nc\nd"), Err(Reject::TooManyLines { limit: 3 }));
        assert_eq!(clean(&"x".repeat(21)), Err(Reject::TooLarge { bytes: 21, limit: 20 }));
    }
}
