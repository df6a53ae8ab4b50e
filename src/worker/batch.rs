//! A batch: what was gathered, and what became of each article.

use std::collections::BTreeMap;
use std::ops::Range;

use rdkafka::message::{BorrowedMessage, Headers, Message};

use crate::article::Reject;
use crate::dedup::Memory;
use crate::pipeline::{Cleaned, Cleaner, Payload};

/// Articles gathered from the assigned partitions, in the order in which they came.
#[derive(Default)]
pub(super) struct Batch<'c> {
    pub(super) messages: Vec<BorrowedMessage<'c>>,
    /// Bytes of values.
    pub(super) bytes: usize,
}

impl<'c> Batch<'c> {
    pub(super) fn push(&mut self, message: BorrowedMessage<'c>) {
        self.bytes += message.payload_len();
        self.messages.push(message);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Drops what came from partitions that are not ours any more; returns how many articles that were.
    pub(super) fn forget(&mut self, gone: impl Fn(i32) -> bool) -> usize {
        let before = self.messages.len();
        self.messages.retain(|message| !gone(message.partition()));
        self.bytes = self.messages.iter().map(BorrowedMessage::payload_len).sum();
        before - self.messages.len()
    }

    /// For each partition the offset after the last article.
    pub(super) fn next_offsets(&self) -> BTreeMap<i32, i64> {
        self.messages.iter().map(|message| (message.partition(), message.offset() + 1)).collect()
    }

    /// For each partition the offset of the first article.
    pub(super) fn first_offsets(&self) -> BTreeMap<i32, i64> {
        self.messages.iter().rev().map(|message| (message.partition(), message.offset())).collect()
    }
}

/// What became of one article.
#[derive(Debug)]
pub(super) enum Outcome {
    /// A record: where it stands in the batch's output, and what the function told of it.
    Clean(Range<usize>, Cleaned),
    /// A dead letter.
    Refused(Reject),
}

/// Runs the pure function over the batch, appending records to `out`.
pub(super) fn process(
    batch: &Batch<'_>,
    cleaner: &mut Cleaner,
    memory: &mut impl Memory,
    out: &mut Vec<u8>,
) -> Vec<Outcome> {
    let clean = |message: &BorrowedMessage<'_>| {
        let headers: Vec<(&str, &[u8])> = match message.headers() {
            Some(headers) => headers.iter().map(|header| (header.key, header.value.unwrap_or_default())).collect(),
            None => Vec::new(),
        };
        let payload =
            Payload { value: message.payload(), headers: &headers, timestamp: message.timestamp().to_millis() };
        let start = out.len();
        match cleaner.clean(payload, memory, out) {
            Ok(cleaned) => Outcome::Clean(start..out.len(), cleaned),
            Err(reject) => {
                out.truncate(start);
                Outcome::Refused(reject)
            }
        }
    };
    batch.messages.iter().map(clean).collect()
}
