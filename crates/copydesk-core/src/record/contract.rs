//! The contract of the record: what a consumer reads, owned, with serde and JSON Schema, and where each field is documented.
//!
//! The same contract borrowed, as the pipeline writes it, is [`super::RecordView`]. `tests/core/record.rs` holds the two
//! against each other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// The word that stands in the record.
    pub fn as_str(self) -> &'static str {
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
