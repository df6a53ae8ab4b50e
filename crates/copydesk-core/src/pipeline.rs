//! One article: payload in, record or refusal out.
//!
//! [`Cleaner::clean`] is a pure function of the payload, its headers and its Kafka timestamp: no clock, no network, no
//! Kafka types. The same input gives the same bytes on every machine, at every time. A `Cleaner` only keeps buffers
//! between calls, so that an article costs no allocation that the last one has already made; make one per thread.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use hashbrown::HashMap;

use crate::article::{
    Content, Extra, Header, Held, PublishedField, RawArticle, Reason, Reject, RepeatOf, WriteDate, WriteRecord,
};
use crate::dedup::{Fingerprint, First, Hashed, LEAST_KEY, Memory, Normaliser, Repeats};
use crate::text::{self, Line};
use newsdates::{Context, Date, DateLine, Dateline, Reading, Role, Value};

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
    date_lines: DateLines,
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
                date_lines: &mut self.date_lines,
                memory,
            },
        );
        found.settle();

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
    date_lines: &'d mut DateLines,
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
        let Desk { normaliser, repeats, date_lines, memory } = desk;
        repeats.clear();
        let mut sorted = Sorted { headline, kept: Vec::with_capacity(lines.len()), dropped: Vec::new() };
        if let Some(headline) = headline {
            repeats.note(normaliser.hash(headline).hash.short(), First::Headline);
        }
        // A short line is no repeat by itself, but it is one in a block that is repeated: where it follows a repeat now as
        // it did the first time. `beside`: the paragraph that the line before repeats, if that was dropped.
        let mut beside: Option<u32> = None;
        let mut is_opening = headline.is_none();
        for (index, line) in lines.iter().enumerate() {
            let text = trim(line.of(body));
            if text.is_empty() || found.lift(line.number, text, date_lines) {
                continue;
            }
            let Hashed { hash, length } = normaliser.hash(text);
            let may_drop = length >= LEAST_KEY;
            if std::mem::take(&mut is_opening)
                && looks_like_headline(text, &found.context)
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
fn looks_like_headline(text: &str, context: &Context<'_>) -> bool {
    let ends_like_prose = text.ends_with(['.', '。', '।', '۔', '։', '።', ';', ':', '：', ',', '،', '、']);
    let is_elided = text.ends_with("...");
    let is_short = text.len() <= LONGEST_HEADLINE || text.chars().nth(LONGEST_HEADLINE).is_none();
    (!ends_like_prose || is_elided) && is_short && newsdates::read_dateline(text, context).is_none()
}

fn has_text(body: &str, lines: &[Line]) -> bool {
    lines.iter().any(|line| !line.of(body).trim().is_empty())
}

/// The dates of one article, as they are found.
struct Dates<'a> {
    context: Context<'a>,
    /// Against what relative dates resolve: the time of fetching, else Kafka's, never a clock. Read when first needed.
    fetched: Option<&'a str>,
    timestamp: Option<i64>,
    fields: Vec<(PublishedField<'a>, Reading)>,
    lines: Vec<(u32, &'a str, Arc<DateLine>)>,
}

impl<'a> Dates<'a> {
    fn new(language: Option<&'a str>, fetched: Option<&'a str>, timestamp: Option<i64>) -> Self {
        // No tag is longer; and each line that is remembered is remembered with its language.
        const LONGEST_TAG: usize = 64;
        let language = language.filter(|language| language.len() <= LONGEST_TAG);
        let context = Context { language, ..Context::default() };
        Dates { context, fetched, timestamp, fields: Vec::new(), lines: Vec::new() }
    }

    /// The context, with the time.
    fn context(&mut self) -> &Context<'a> {
        if self.context.now.is_none() {
            self.context.now = self.fetched.take().and_then(instant).or(self.timestamp);
        }
        &self.context
    }

    /// Reads the date fields of the input. One that does not parse stays under `extra`.
    fn read_fields(&mut self, fields: Vec<PublishedField<'a>>, extra: &mut Extra<'_>) {
        for field in fields {
            let Some(reading) = newsdates::read_field(&field.text, self.context()) else { continue };
            if reading.value.is_some_and(is_placeholder) {
                continue;
            }
            extra.mark_read(&field);
            self.fields.push((field, reading));
        }
        self.context.near = self.fields.iter().find_map(|(_, reading)| reading.value).map(|value| value.date);
    }

    /// Lifts a line out of the body where it is a date line.
    fn lift(&mut self, number: u32, text: &'a str, date_lines: &mut DateLines) -> bool {
        if !newsdates::may_be_date_line(text) {
            return false;
        }
        let Some(mut line) = date_lines.read(text, self.context.language) else { return false };
        if is_open(&line) {
            line = newsdates::read_line(text, self.context()).map_or(line, Arc::new);
        }
        self.lines.push((number, text, line));
        true
    }

    /// Reads what was left open once more, now that the document's other dates are known.
    fn settle(&mut self) {
        if !self.lines.iter().any(|(_, _, line)| is_open(line)) {
            return;
        }
        let readings = || self.lines.iter().flat_map(|(_, _, line)| &line.dates);
        let order = readings().find_map(|date| date.order);
        let near: Option<Date> = readings().find_map(|date| date.value).map(|value| value.date);
        self.context.order = order;
        self.context.near = self.context.near.or(near);
        self.context();
        for (_, text, line) in self.lines.iter_mut().filter(|(_, _, line)| is_open(line)) {
            if let Some(settled) = newsdates::read_line(text, &self.context) {
                *line = Arc::new(settled);
            }
        }
    }

    /// The dateline that opens the story.
    fn read_dateline(&mut self, opening: &str) -> Option<Dateline> {
        // Few datelines name a day, and only those need the time. A digit near the start may be one.
        const NEAR: usize = 64;
        if opening.bytes().take(NEAR).any(|byte| byte.is_ascii_digit()) {
            self.context();
        }
        let dateline = newsdates::read_dateline(opening, &self.context)?;
        let is_read = dateline.date.is_none() || self.context.now.is_some();
        if is_read { Some(dateline) } else { newsdates::read_dateline(opening, self.context()) }
    }

    /// `datePublished`: a date field, else a date line labelled as published, else the first one that is not labelled
    /// as a later change, else the first.
    fn published(&self) -> Option<Value> {
        let field = self.fields.iter().find_map(|(_, reading)| reading.value);
        let of_role = |role: Option<Role>| {
            let dates = self.lines.iter().flat_map(|(_, _, line)| &line.dates);
            dates.filter(|date| role.is_none_or(|role| date.role == role)).find_map(|date| date.value)
        };
        let value = field.or_else(|| of_role(Some(Role::Published))).or_else(|| of_role(Some(Role::Other)));
        value.or_else(|| of_role(None))
    }

    fn entries(&self) -> Vec<WriteDate<'_>> {
        let of_fields = self.fields.iter();
        let of_lines =
            self.lines.iter().flat_map(|(number, text, line)| line.dates.iter().map(move |date| (number, text, date)));
        of_fields
            .map(|(field, reading)| WriteDate { reading, text: &field.text, place: Err(field.name) })
            .chain(of_lines.map(|(number, text, reading)| WriteDate { reading, text, place: Ok(*number) }))
            .collect()
    }
}

/// Is there a date in the line that it does not settle by itself?
fn is_open(line: &DateLine) -> bool {
    line.dates.iter().any(|date| date.value.is_none())
}

/// Lines as they read by themselves, without the article around them. Whether a line is a date line, and what it says
/// where it says it all, depends on nothing else, and a feed has the same few lines all day: they are read once. (So the
/// cache can't be seen in any record.)
#[derive(Debug, Default)]
struct DateLines {
    read: HashMap<Box<str>, Option<Arc<DateLine>>>,
    key: String,
}

impl DateLines {
    /// So many are kept; then all are forgotten.
    const MOST: usize = 4096;
    /// Of lines that are no date lines the short ones are kept, which say "Advertisement" or "Read also". In bytes.
    const LONGEST_OTHER: usize = 40;

    fn read(&mut self, text: &str, language: Option<&str>) -> Option<Arc<DateLine>> {
        self.key.clear();
        self.key.push_str(language.unwrap_or_default());
        self.key.push('\0');
        self.key.push_str(text);
        if let Some(line) = self.read.get(self.key.as_str()) {
            return line.clone();
        }
        let line = newsdates::read_line(text, &Context { language, ..Context::default() }).map(Arc::new);
        if line.is_some() || text.len() <= Self::LONGEST_OTHER {
            if self.read.len() >= Self::MOST {
                self.read.clear();
            }
            self.read.insert(self.key.as_str().into(), line.clone());
        }
        line
    }
}

/// Is it the zero of a clock, written where a date is missing: 1970-01-01T00:00Z in whatever zone, or that day's midnight
/// in its own? (Such a field says nothing, and stays under `extra` as any that does not parse.)
fn is_placeholder(value: Value) -> bool {
    const EPOCH: newsdates::Date = newsdates::Date { year: 1970, month: 1, day: 1 };
    const EVE: newsdates::Date = newsdates::Date { year: 1969, month: 12, day: 31 };
    const FARTHEST_ZONE: i32 = 14 * 60;
    let time = value.time.unwrap_or(newsdates::Time { hour: 0, minute: 0, second: None });
    let minute = i32::from(time.hour) * 60 + i32::from(time.minute);
    let since_epoch = match value.date {
        EPOCH => minute,
        EVE => minute - 24 * 60,
        // .NET's first moment, where a calendar is read that far.
        newsdates::Date { year: 1, month: 1, day: 1 } => return true,
        _ => return false,
    };
    if time.second.is_some_and(|second| second > 0) {
        return false;
    }
    match value.offset {
        Some(offset) => since_epoch == i32::from(offset) || since_epoch == 0,
        // In a zone that is not said, all of which are quarters of an hour.
        None => since_epoch.abs() <= FARTHEST_ZONE && since_epoch % 15 == 0,
    }
}

/// The instant that a time of fetching names, in milliseconds; one without a zone is taken for UTC.
fn instant(text: &str) -> Option<i64> {
    if let Ok(timestamp) = text.trim().parse::<jiff::Timestamp>() {
        return Some(timestamp.as_millisecond());
    }
    let value = newsdates::read_field(text, &Context::default())?.value?;
    let time = value.time.unwrap_or(newsdates::Time { hour: 0, minute: 0, second: None });
    let day = jiff::civil::Date::new(value.date.year, value.date.month as i8, value.date.day as i8).ok()?;
    let second = time.second.unwrap_or(0).min(59);
    let civil = day.at(time.hour as i8, time.minute as i8, second as i8, 0);
    let offset = jiff::tz::Offset::from_seconds(i32::from(value.offset.unwrap_or(0)) * 60).ok()?;
    Some(offset.to_timestamp(civil).ok()?.as_millisecond())
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
