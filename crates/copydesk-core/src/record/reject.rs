//! Why a payload was refused: the stable codes of the dead-letter topic.
//!
//! A refusal is a property of the payload, so trying again never helps: the payload goes to the dead-letter topic with
//! its code. The codes are a public contract (`docs/errors.md`); a new one is an addition, a changed one a breaking change.

use std::borrow::Cow;

use thiserror::Error;

use crate::text::{REASON_BYTES, shortened};

/// Why a payload could not become a record. Each variant's [`Reject::code`] is stable.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Reject {
    /// The payload is neither JSON nor UTF-8 text.
    #[error("not UTF-8: the first bad byte is at offset {at}")]
    InvalidUtf8 {
        /// Offset of the first byte that is not UTF-8, in bytes from the start of the payload.
        at: usize,
    },
    /// A format that copydesk knows by name and does not read.
    #[error("not text or JSON: {format}")]
    UnsupportedFormat {
        /// What the payload was taken for, in words.
        format: Cow<'static, str>,
    },
    /// The payload starts like JSON and is none.
    #[error("starts like JSON and is none: {reason}")]
    InvalidJson {
        /// What the parser said, with line and column.
        reason: String,
    },
    /// The payload is null, empty, or white space only.
    #[error("the payload is empty")]
    EmptyPayload,
    /// A JSON article without a body in any of the known fields.
    #[error("no body: none of the known body fields holds text")]
    NoBody,
    /// An array, a graph or a feed that holds more than one article.
    #[error("holds several articles: copydesk reads one from a payload")]
    ManyArticles,
    /// The payload is larger than the limit.
    #[error("the payload has {bytes} bytes, the limit is {limit}")]
    TooLarge {
        /// Size of the payload in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The body has more lines than the limit.
    #[error("the body has more than {limit} lines")]
    TooManyLines {
        /// The limit in lines.
        limit: usize,
    },
    /// The record would be larger than the output topic takes.
    #[error("the record has {bytes} bytes, the output takes {limit}")]
    OutputTooLarge {
        /// Size of the encoded record in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The output topic refused the record for good: its own rules, not a fault of the brokers.
    #[error("the output topic refuses the record: {reason}")]
    RefusedByTopic {
        /// What the broker said.
        reason: String,
    },
    /// A bug in copydesk: the function panicked on this payload.
    #[error("internal error (a bug in copydesk): {reason}")]
    Internal {
        /// The panic's message.
        reason: String,
    },
}

impl Reject {
    /// Every code there is, in the order of the documentation.
    pub const CODES: [&'static str; 11] = [
        "invalid_utf8",
        "unsupported_format",
        "invalid_json",
        "empty_payload",
        "no_body",
        "many_articles",
        "too_large",
        "too_many_lines",
        "output_too_large",
        "refused_by_topic",
        "internal",
    ];

    /// The stable code, as it stands in the header `copydesk.error.code` and in metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Reject::InvalidUtf8 { .. } => "invalid_utf8",
            Reject::UnsupportedFormat { .. } => "unsupported_format",
            Reject::InvalidJson { .. } => "invalid_json",
            Reject::EmptyPayload => "empty_payload",
            Reject::NoBody => "no_body",
            Reject::ManyArticles => "many_articles",
            Reject::TooLarge { .. } => "too_large",
            Reject::TooManyLines { .. } => "too_many_lines",
            Reject::OutputTooLarge { .. } => "output_too_large",
            Reject::RefusedByTopic { .. } => "refused_by_topic",
            Reject::Internal { .. } => "internal",
        }
    }

    /// The reason in words, as it is shown everywhere: in the dead letter's header, in the log, by `clean`. At most
    /// [`REASON_BYTES`] and an ellipsis, since it may quote the payload.
    pub fn message(&self) -> String {
        shortened(self.to_string(), REASON_BYTES)
    }

    /// Where in the pipeline the payload was refused: `decode`, `clean`, `encode` or `publish`.
    pub fn stage(&self) -> &'static str {
        match self {
            Reject::InvalidUtf8 { .. } | Reject::InvalidJson { .. } | Reject::EmptyPayload => "decode",
            Reject::TooLarge { .. } | Reject::NoBody | Reject::ManyArticles => "decode",
            Reject::UnsupportedFormat { .. } => "decode",
            Reject::TooManyLines { .. } | Reject::Internal { .. } => "clean",
            Reject::OutputTooLarge { .. } => "encode",
            Reject::RefusedByTopic { .. } => "publish",
        }
    }
}
