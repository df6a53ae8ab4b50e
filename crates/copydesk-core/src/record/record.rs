//! The record: the clean article that is published.
//!
//! Two views of one contract. [`Record`] is what a consumer reads: owned, with serde and JSON Schema, and where each
//! field is documented. [`WriteRecord`] is what the pipeline writes: borrowed, straight into bytes, since turning text
//! into JSON is a third of the cost of an article. `tests/core/record.rs` holds the two against each other.

use std::io::Write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Reject;
use super::escape::Escapes;
use crate::dedup::{Fingerprint, KEY_VERSION};
use crate::input::Extra;
use newsdates::{Reading, Role, Value};

/// One clean article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Record {
    /// The article's identifier from the input, else `urn:sha256:` and the hash of the payload.
    pub uri: String,
    /// Where the article was published, as the input says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Who published it: a name, or the host of a URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// BCP 47 tag, as the input says; never guessed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// When this version was created, as the input says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_created: Option<String>,
    /// When the first version was created, as the input says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_created: Option<String>,
    /// Not to be published before, as the input says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embargoed_until: Option<String>,
    /// The headline: a field of the input, else the first line where it looks like one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headline: Option<String>,
    /// The journalist's dateline that opens the story (`BAGHDAD (Reuters)`); it is also left in the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dateline: Option<String>,
    /// ISO date; RFC 3339 date-time where the time and its zone are known; `2024-01-17T14:05` where only the zone is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_published: Option<String>,
    /// Every date that was found.
    pub dates: Vec<DateEntry>,
    /// The kept paragraphs, as written (trimmed), joined by `\n`.
    pub body_text: String,
    /// One for each line of `bodyText`, in order.
    pub paragraphs: Vec<Paragraph>,
    /// The paragraphs that were dropped as repeats.
    pub dropped: Vec<Dropped>,
    /// Lines and bytes in and out.
    pub stats: Stats,
    /// What made this record.
    pub processor: Processor,
    /// Input fields that are not said elsewhere in the record, untouched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra: Option<serde_json::Map<String, serde_json::Value>>,
}

/// A date: of a line that was lifted out of the body, or of a field of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DateEntry {
    /// The value in the form of `datePublished`; null where nothing settles it, see `candidates`.
    pub value: Option<String>,
    /// How exact it is.
    #[schemars(extend("enum" = ["day", "minute", "second"]))]
    pub precision: String,
    /// The line (or field) as written, trimmed.
    pub text: String,
    /// Number of the line in the body as split, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Name of the input field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// CLDR's name of the calendar in which it was written.
    pub calendar: String,
    /// What it says about the article.
    #[schemars(extend("enum" = ["published", "updated", "other"]))]
    pub role: String,
    /// The values between which nothing decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
}

/// A value that an undecided date may have, in the form of `datePublished`.
pub type Candidate = String;

/// A kept paragraph; its text is the line of `bodyText` at the same index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Paragraph {
    /// Number of its (first) line in the body as split, from 0, blank lines included.
    pub line: u32,
    /// SHA-256 of its key, 64 hex digits.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub hash: String,
}

/// A dropped paragraph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Dropped {
    /// Number of its (first) line in the body as split, from 0.
    pub line: u32,
    /// SHA-256 of its key, 64 hex digits.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub hash: String,
    /// Where it stood first: a line, or the headline. Absent where that was another article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat_of: Option<RepeatOf>,
    /// Why it was dropped.
    pub reason: Reason,
    /// Its text, where it is not written exactly as the first was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Where a dropped paragraph stood first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum RepeatOf {
    /// In this line.
    Line(u32),
    /// In the headline.
    Headline(Headline),
}

impl RepeatOf {
    /// `"headline"`
    pub const HEADLINE: RepeatOf = RepeatOf::Headline(Headline::Headline);
}

/// The word `headline`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Headline {
    /// `"headline"`
    Headline,
}

/// Why a paragraph was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// It stood earlier in this article.
    Repeat,
    /// It stood in an earlier article of the same source.
    Seen,
}

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Reason::Repeat => "repeat",
            Reason::Seen => "seen",
        }
    }
}

/// Lines and bytes of the body, in and out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stats {
    /// Lines of the body as split, blank lines included.
    pub lines_in: u64,
    /// Lines of `bodyText`.
    pub lines_out: u64,
    /// Bytes of the body as it came, in UTF-8.
    pub bytes_in: u64,
    /// Bytes of `bodyText`, in UTF-8.
    pub bytes_out: u64,
}

/// What made a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Processor {
    /// `copydesk`
    pub name: String,
    /// Version of the program.
    pub version: String,
    /// Version of the key's definition: hashes of different versions can't be compared.
    pub key_version: u32,
}

/// The JSON Schema (2020-12) of [`Record`].
pub fn record_schema() -> schemars::Schema {
    schemars::schema_for!(Record)
}

/// A record on its way out; the texts are borrowed from the article.
#[derive(Debug)]
pub struct WriteRecord<'a, 'e> {
    /// See [`Record::uri`].
    pub uri: &'a str,
    /// The fields that are copied, by their names in the record.
    pub copied: [(&'static str, Option<&'a str>); 6],
    /// See [`Record::headline`].
    pub headline: Option<&'a str>,
    /// See [`Record::dateline`].
    pub dateline: Option<&'a str>,
    /// See [`Record::date_published`].
    pub date_published: Option<Value>,
    /// See [`Record::dates`].
    pub dates: &'a [WriteDate<'a>],
    /// Kept paragraphs, in order.
    pub kept: &'a [Content<'a>],
    /// Dropped paragraphs, in order.
    pub dropped: &'a [(Content<'a>, Option<RepeatOf>, Reason, bool)],
    /// Lines and bytes in; those out are counted here.
    pub lines_in: usize,
    /// Bytes of the body as it came.
    pub bytes_in: usize,
    /// See [`Record::extra`].
    pub extra: &'a Extra<'e>,
}

/// A paragraph: line, text, fingerprint.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// Number of its (first) line.
    pub line: u32,
    /// The text, trimmed.
    pub text: &'a str,
    /// SHA-256 of its key.
    pub hash: Fingerprint,
}

/// A date on its way out.
#[derive(Debug)]
pub struct WriteDate<'a> {
    /// What was read.
    pub reading: &'a Reading,
    /// See [`DateEntry::text`].
    pub text: &'a str,
    /// What it says about the article.
    pub role: Role,
    /// Where it stood.
    pub place: DatePlace,
}

/// Where a date stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatePlace {
    /// In the line of this number: see [`DateEntry::line`].
    Line(u32),
    /// In the input's field of this name: see [`DateEntry::field`].
    Field(&'static str),
}

impl WriteRecord<'_, '_> {
    /// Appends the record as one line of JSON. Refused before anything is written where its texts alone have more bytes
    /// than `limit`: a control character becomes six.
    pub fn write(&self, limit: usize, out: &mut Vec<u8>) -> Result<(), Reject> {
        let text_bytes: usize = self.kept.iter().map(|paragraph| paragraph.text.len()).sum();
        const LONGEST_ESCAPE: usize = 6;
        if self.texts().map(str::len).sum::<usize>().saturating_mul(LONGEST_ESCAPE) > limit {
            let bytes = self.texts().map(escaped_length).sum();
            if bytes > limit {
                return Err(Reject::OutputTooLarge { bytes, limit });
            }
        }
        out.reserve(text_bytes + text_bytes / 16 + 100 * (self.kept.len() + self.dropped.len()) + 1024);

        out.extend_from_slice(b"{\"uri\":");
        write_text(self.uri, out);
        for (name, text) in self.copied {
            write_optional(name, text, out);
        }
        write_optional("headline", self.headline, out);
        write_optional("dateline", self.dateline, out);
        if let Some(value) = self.date_published {
            out.extend_from_slice(b",\"datePublished\":");
            write_value(&value, out);
        }
        out.extend_from_slice(b",\"dates\":[");
        write_list(self.dates, out, WriteDate::write);

        out.extend_from_slice(b"],\"bodyText\":\"");
        for (index, paragraph) in self.kept.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(b"\\n");
            }
            write_escaped(paragraph.text, out);
        }
        out.extend_from_slice(b"\",\"paragraphs\":[");
        write_list(self.kept, out, |paragraph, out| {
            write_content(paragraph, out);
            out.push(b'}');
        });
        out.extend_from_slice(b"],\"dropped\":[");
        write_list(self.dropped, out, |(paragraph, repeat_of, reason, same), out| {
            write_content(paragraph, out);
            match repeat_of {
                None => {}
                Some(RepeatOf::Headline(_)) => out.extend_from_slice(b",\"repeatOf\":\"headline\""),
                Some(RepeatOf::Line(line)) => write_member("repeatOf", u64::from(*line), out),
            }
            write_word("reason", reason.as_str(), out);
            write_optional("text", (!same).then_some(paragraph.text), out);
            out.push(b'}');
        });

        out.extend_from_slice(b"],\"stats\":{\"linesIn\":");
        write_number(self.lines_in as u64, out);
        write_member("linesOut", self.kept.len() as u64, out);
        write_member("bytesIn", self.bytes_in as u64, out);
        write_member("bytesOut", (text_bytes + self.kept.len().saturating_sub(1)) as u64, out);
        out.extend_from_slice(b"},\"processor\":{\"name\":\"copydesk\"");
        write_word("version", env!("CARGO_PKG_VERSION"), out);
        write_member("keyVersion", u64::from(KEY_VERSION), out);
        out.push(b'}');

        let before = out.len();
        out.extend_from_slice(b",\"extra\":");
        if !self.extra.write(out)? {
            out.truncate(before);
        }
        out.push(b'}');
        Ok(())
    }
}

impl WriteRecord<'_, '_> {
    /// The texts that may be long.
    fn texts(&self) -> impl Iterator<Item = &str> {
        let dropped = self.dropped.iter().filter(|(_, _, _, same)| !same).map(|(paragraph, ..)| paragraph.text);
        let fields = self.copied.iter().filter_map(|(_, text)| *text);
        let kept = self.kept.iter().map(|paragraph| paragraph.text);
        kept.chain(dropped).chain(fields).chain(self.headline).chain(std::iter::once(self.uri))
    }
}

/// Bytes of a text inside a JSON string, but for line separators.
fn escaped_length(text: &str) -> usize {
    let length = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\t' | b'\r' => 2,
        0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(length).sum()
}

impl WriteDate<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let Reading { value, candidates, precision, calendar, .. } = self.reading;
        out.extend_from_slice(b"{\"value\":");
        match value {
            Some(value) => write_value(value, out),
            None => out.extend_from_slice(b"null"),
        }
        write_word("precision", precision.as_str(), out);
        write_optional("text", Some(self.text), out);
        match self.place {
            DatePlace::Line(line) => write_member("line", u64::from(line), out),
            DatePlace::Field(field) => write_word("field", field, out),
        }
        write_word("calendar", calendar.as_str(), out);
        write_word("role", self.role.as_str(), out);
        if !candidates.is_empty() {
            out.extend_from_slice(b",\"candidates\":[");
            write_list(candidates, out, write_value);
            out.push(b']');
        }
        out.push(b'}');
    }
}

/// A date as a JSON string: nothing in it is to be escaped.
fn write_value(value: &Value, out: &mut Vec<u8>) {
    // Writing to a vector can't fail.
    let _ = write!(out, "\"{value}\"");
}

fn write_content(paragraph: &Content<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"line\":");
    write_number(u64::from(paragraph.line), out);
    out.extend_from_slice(b",\"hash\":\"");
    out.extend_from_slice(&paragraph.hash.hex());
    out.push(b'"');
}

fn write_list<T>(items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(item, out);
    }
}

/// `,"name":"text"`, or nothing.
fn write_optional(name: &'static str, text: Option<&str>, out: &mut Vec<u8>) {
    let Some(text) = text else { return };
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    write_text(text, out);
}

/// `,"name":"word"`, where the word is one of ours: nothing in it is to be escaped.
fn write_word(name: &'static str, word: &'static str, out: &mut Vec<u8>) {
    for piece in [",\"", name, "\":\"", word, "\""] {
        out.extend_from_slice(piece.as_bytes());
    }
}

/// `,"name":number`
fn write_member(name: &'static str, number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    write_number(number, out);
}

fn write_number(number: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut left = number;
    loop {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// A JSON string. Line separators are escaped too: legal in JSON, but many readers of NDJSON end a line there.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text;
    while let Some(at) = find_separator(rest) {
        let (before, separator) = rest.split_at(at);
        write_escaped(before, out);
        let mut chars = separator.chars();
        let escape: &[u8] = match chars.next() {
            Some('\u{85}') => b"\\u0085",
            Some('\u{2028}') => b"\\u2028",
            _ => b"\\u2029",
        };
        out.extend_from_slice(escape);
        rest = chars.as_str();
    }
    write_escaped(rest, out);
    out.push(b'"');
}

fn find_separator(text: &str) -> Option<usize> {
    // Their first bytes: most texts have neither.
    memchr::memchr2(0xC2, 0xE2, text.as_bytes())?;
    text.find(['\u{85}', '\u{2028}', '\u{2029}'])
}

/// The inside of a JSON string: all but quotes, backslashes and control characters is copied in runs.
fn write_escaped(text: &str, out: &mut Vec<u8>) {
    let escapes = Escapes::default();
    let mut rest = text.as_bytes();
    loop {
        let (plain, tail) = rest.split_at(escapes.first(rest));
        out.extend_from_slice(plain);
        let Some((byte, after)) = tail.split_first() else { return };
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\r' => out.extend_from_slice(b"\\r"),
            control => {
                let hex = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[hex[usize::from(control >> 4)], hex[usize::from(control & 15)]]);
            }
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_read_back() {
        let long = "x".repeat(70);
        for text in ["", "a\"b\\c\nd\te\u{1}f\u{1f}\u{7f}", "\u{85}\u{2028}é\u{2029}", &format!("{long}\"{long}\n")] {
            let mut out = Vec::new();
            write_text(text, &mut out);
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
            assert_eq!(String::from_utf8(out).unwrap().lines().count(), 1);
        }
    }

    #[test]
    fn numbers() {
        for number in [0, 9, 10, 4_294_967_295, u64::MAX] {
            let mut out = Vec::new();
            write_number(number, &mut out);
            assert_eq!(out, number.to_string().as_bytes());
        }
    }
}
