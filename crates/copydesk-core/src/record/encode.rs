//! Encoding: a record as one line of JSON.
//!
//! [`RecordView`] is the record's contract ([`super::Record`]) with its texts borrowed from the article. It is written
//! straight into bytes, since turning text into JSON is a third of the cost of an article. What stands in a record is
//! decided before: nothing here judges, but for what can't be written at all ([`EncodeError`]).

use std::borrow::Cow;
use std::io::Write;

use newsdates::{Reading, Role, Value};
use thiserror::Error;

use super::{Reason, Reject, RepeatOf};
use crate::dedup::{Fingerprint, KEY_VERSION};
use crate::text::json;

/// A record, borrowed.
#[derive(Debug, Clone, Copy, Default)]
pub struct RecordView<'a> {
    /// See [`super::Record::uri`].
    pub uri: &'a str,
    /// See [`super::Record::url`].
    pub url: Option<&'a str>,
    /// See [`super::Record::source`].
    pub source: Option<&'a str>,
    /// See [`super::Record::language`].
    pub language: Option<&'a str>,
    /// See [`super::Record::version_created`].
    pub version_created: Option<&'a str>,
    /// See [`super::Record::first_created`].
    pub first_created: Option<&'a str>,
    /// See [`super::Record::embargoed_until`].
    pub embargoed_until: Option<&'a str>,
    /// See [`super::Record::headline`].
    pub headline: Option<&'a str>,
    /// See [`super::Record::dateline`].
    pub dateline: Option<&'a str>,
    /// See [`super::Record::date_published`].
    pub date_published: Option<Value>,
    /// See [`super::Record::dates`].
    pub dates: &'a [DateView<'a>],
    /// Kept paragraphs, in order.
    pub kept: &'a [ParagraphView<'a>],
    /// Dropped paragraphs, in order.
    pub dropped: &'a [DroppedView<'a>],
    /// See [`super::Stats::lines_in`]; those out are counted here.
    pub lines_in: usize,
    /// See [`super::Stats::bytes_in`].
    pub bytes_in: usize,
    /// See [`super::Record::extra`].
    pub extra: &'a [ExtraMember<'a>],
}

/// A kept paragraph.
#[derive(Debug, Clone, Copy)]
pub struct ParagraphView<'a> {
    /// Number of its (first) line.
    pub line: u32,
    /// The text, trimmed.
    pub text: &'a str,
    /// SHA-256 of its key.
    pub hash: Fingerprint,
}

/// A dropped paragraph.
#[derive(Debug, Clone, Copy)]
pub struct DroppedView<'a> {
    /// Number of its (first) line.
    pub line: u32,
    /// SHA-256 of its key.
    pub hash: Fingerprint,
    /// See [`super::Dropped::repeat_of`].
    pub repeat_of: Option<RepeatOf>,
    /// Why it was dropped.
    pub reason: Reason,
    /// Its text, where that stands nowhere else in the record.
    pub text: Option<&'a str>,
}

/// A date.
#[derive(Debug)]
pub struct DateView<'a> {
    /// What was read.
    pub reading: &'a Reading,
    /// See [`super::DateEntry::text`].
    pub text: &'a str,
    /// What it says about the article.
    pub role: Role,
    /// Where it stood.
    pub place: DatePlace,
}

/// Where a date stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatePlace {
    /// In the line of this number: see [`super::DateEntry::line`].
    Line(u32),
    /// In the input's field of this name: see [`super::DateEntry::field`].
    Field(&'static str),
}

/// A member of `extra`.
#[derive(Debug, Clone, Copy)]
pub struct ExtraMember<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it holds.
    pub value: ExtraValue<'a>,
}

/// What a member of `extra` holds. Valid JSON, as it was written: nobody interprets it.
#[derive(Debug, Clone, Copy)]
pub enum ExtraValue<'a> {
    /// One value.
    Raw(&'a str),
    /// An object of these names and values.
    Object(&'a [(Cow<'a, str>, Cow<'a, str>)]),
}

/// What can't be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EncodeError {
    /// The record would be larger than the limit.
    #[error("the record has {bytes} bytes, the limit is {limit}")]
    TooLarge {
        /// Size of the record, or a lower bound of it, in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A value nests deeper than many parsers read.
    #[error("`{name}` nests deeper than {} levels", json::DEEPEST)]
    TooDeep {
        /// Name of the value.
        name: String,
    },
}

impl From<EncodeError> for Reject {
    fn from(error: EncodeError) -> Reject {
        match error {
            EncodeError::TooLarge { bytes, limit } => Reject::OutputTooLarge { bytes, limit },
            EncodeError::TooDeep { .. } => Reject::InvalidJson { reason: error.to_string() },
        }
    }
}

impl RecordView<'_> {
    /// Appends the record as one line of JSON, at most `limit` bytes. Refused before anything is written where its texts
    /// alone have more: a control character becomes six. On an error `out` holds a part of it.
    pub fn write(&self, limit: usize, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.check_texts(limit)?;
        let text_bytes: usize = self.kept.iter().map(|paragraph| paragraph.text.len()).sum();
        out.reserve(text_bytes + text_bytes / 16 + 100 * (self.kept.len() + self.dropped.len()) + 1024);
        let start = out.len();

        out.extend_from_slice(b"{\"uri\":");
        json::write_text(self.uri, out);
        for (name, text) in self.copied() {
            write_optional(name, text, out);
        }
        if let Some(value) = self.date_published {
            out.extend_from_slice(b",\"datePublished\":");
            write_value(&value, out);
        }
        out.extend_from_slice(b",\"dates\":[");
        write_list(self.dates, out, DateView::write);
        out.extend_from_slice(b"],\"bodyText\":\"");
        for (index, paragraph) in self.kept.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(b"\\n");
            }
            json::write_escaped(paragraph.text, out);
        }
        out.extend_from_slice(b"\",\"paragraphs\":[");
        write_list(self.kept, out, ParagraphView::write);
        out.extend_from_slice(b"],\"dropped\":[");
        write_list(self.dropped, out, DroppedView::write);
        out.extend_from_slice(b"],\"stats\":{\"linesIn\":");
        write_number(self.lines_in as u64, out);
        write_member("linesOut", self.kept.len() as u64, out);
        write_member("bytesIn", self.bytes_in as u64, out);
        write_member("bytesOut", (text_bytes + self.kept.len().saturating_sub(1)) as u64, out);
        out.extend_from_slice(b"},\"processor\":{\"name\":\"copydesk\"");
        write_word("version", env!("CARGO_PKG_VERSION"), out);
        write_member("keyVersion", u64::from(KEY_VERSION), out);
        out.push(b'}');
        self.write_extra(out)?;
        out.push(b'}');

        let bytes = out.len() - start;
        if bytes > limit { Err(EncodeError::TooLarge { bytes, limit }) } else { Ok(()) }
    }

    /// The optional texts between `uri` and `datePublished`, by their names.
    fn copied(&self) -> [(&'static str, Option<&str>); 8] {
        [
            ("url", self.url),
            ("source", self.source),
            ("language", self.language),
            ("versionCreated", self.version_created),
            ("firstCreated", self.first_created),
            ("embargoedUntil", self.embargoed_until),
            ("headline", self.headline),
            ("dateline", self.dateline),
        ]
    }

    /// The texts that may be long.
    fn texts(&self) -> impl Iterator<Item = &str> {
        let dropped = self.dropped.iter().filter_map(|dropped| dropped.text);
        // The dateline is a part of the first paragraph.
        let copied = self.copied().into_iter().filter(|(name, _)| *name != "dateline").filter_map(|(_, text)| text);
        let kept = self.kept.iter().map(|paragraph| paragraph.text);
        kept.chain(dropped).chain(copied).chain(std::iter::once(self.uri))
    }

    fn check_texts(&self, limit: usize) -> Result<(), EncodeError> {
        const LONGEST_ESCAPE: usize = 6;
        if self.texts().map(str::len).sum::<usize>().saturating_mul(LONGEST_ESCAPE) <= limit {
            return Ok(());
        }
        let bytes = self.texts().map(json::escaped_length).sum();
        if bytes > limit { Err(EncodeError::TooLarge { bytes, limit }) } else { Ok(()) }
    }

    fn write_extra(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut before = b'{';
        for member in self.extra {
            if before == b'{' {
                out.extend_from_slice(b",\"extra\":");
            }
            out.push(before);
            before = b',';
            member.write(out)?;
        }
        if before == b',' {
            out.push(b'}');
        }
        Ok(())
    }
}

impl ParagraphView<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        write_line_and_hash(self.line, &self.hash, out);
        out.push(b'}');
    }
}

impl DroppedView<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        write_line_and_hash(self.line, &self.hash, out);
        match self.repeat_of {
            None => {}
            Some(RepeatOf::Headline(_)) => write_word("repeatOf", "headline", out),
            Some(RepeatOf::Line(line)) => write_member("repeatOf", u64::from(line), out),
        }
        write_word("reason", self.reason.as_str(), out);
        write_optional("text", self.text, out);
        out.push(b'}');
    }
}

impl DateView<'_> {
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

impl ExtraMember<'_> {
    /// `"name":value`
    fn write(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        json::write_text(self.name, out);
        out.push(b':');
        match self.value {
            ExtraValue::Raw(value) => write_raw(self.name, value, out),
            ExtraValue::Object(members) => {
                out.push(b'{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    json::write_text(name, out);
                    out.push(b':');
                    write_raw(name, value, out)?;
                }
                out.push(b'}');
                Ok(())
            }
        }
    }
}

fn write_raw(name: &str, value: &str, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    json::copy_raw(value, out).map_err(|json::TooDeep| EncodeError::TooDeep { name: name.to_owned() })
}

/// A date as a JSON string: nothing in it is to be escaped.
fn write_value(value: &Value, out: &mut Vec<u8>) {
    // Writing to a vector can't fail.
    let _ = write!(out, "\"{value}\"");
}

fn write_line_and_hash(line: u32, hash: &Fingerprint, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"line\":");
    write_number(u64::from(line), out);
    out.extend_from_slice(b",\"hash\":\"");
    out.extend_from_slice(&hash.hex());
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
    json::write_text(text, out);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for number in [0, 9, 10, 4_294_967_295, u64::MAX] {
            let mut out = Vec::new();
            write_number(number, &mut out);
            assert_eq!(out, number.to_string().as_bytes());
        }
    }
}
