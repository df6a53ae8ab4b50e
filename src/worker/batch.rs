//! A batch: what was gathered, and what became of each article.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rdkafka::message::{BorrowedMessage, Message};

use crate::telemetry::traces::BatchTrace;
use copydesk_core::memory::Memory;
use copydesk_core::pipeline::{Cleaned, Cleaner, Payload};
use copydesk_core::record::Reject;

use super::native;
use super::sabotage;

/// Articles gathered from the assigned partitions, in the order in which they came.
#[derive(Default)]
pub(super) struct Batch<'c> {
    pub(super) messages: Vec<BorrowedMessage<'c>>,
    /// Bytes of values.
    pub(super) bytes: usize,
    /// Bytes of all that was gathered: values, keys and headers.
    pub(super) weight: usize,
}

impl<'c> Batch<'c> {
    pub(super) fn push(&mut self, message: BorrowedMessage<'c>, weight: usize) {
        self.weight += weight;
        self.bytes += message.payload_len();
        self.messages.push(message);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Drops what came from partitions that are not ours any more; returns how many articles that were.
    pub(super) fn forget(&mut self, gone: impl Fn(i32) -> bool) -> usize {
        self.keep(|_, partition| !gone(partition))
    }

    /// Keeps some articles, by their place in the batch and their partition; returns how many were dropped.
    pub(super) fn keep(&mut self, stays: impl Fn(usize, i32) -> bool) -> usize {
        let before = self.messages.len();
        let mut places = 0..;
        self.messages.retain(|message| places.next().is_some_and(|place| stays(place, message.partition())));
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
    /// Its records, each with where it stands in the batch's output.
    Clean(Cleaned),
    /// A dead letter.
    Refused(Reject),
}

/// So many bytes of articles are cleaned at a stretch, before the lane looks around: some hundred microseconds of work.
const SLICE: usize = 128 << 10;

/// A batch on its way through the function, slice by slice: so it can go on while another batch is on its way out.
pub(super) struct Work<'c> {
    pub(super) batch: Batch<'c>,
    /// What became of the first articles.
    pub(super) outcomes: Vec<Outcome>,
    /// Their records, one after the other.
    pub(super) out: Vec<u8>,
    /// Time that gathering took.
    pub(super) gather: Duration,
    /// Time spent in the function.
    pub(super) process: Duration,
    pub(super) trace: BatchTrace,
}

impl<'c> Work<'c> {
    /// Nothing is cleaned yet; `out` is an empty buffer.
    pub(super) fn new(batch: Batch<'c>, gather: Duration, out: Vec<u8>, trace: BatchTrace) -> Work<'c> {
        let outcomes = Vec::with_capacity(batch.messages.len());
        Work { batch, outcomes, out, gather, process: Duration::ZERO, trace }
    }

    /// Cleans the next articles, about [`SLICE`] bytes; `false` where none is left.
    pub(super) fn clean_some(&mut self, cleaner: &mut Cleaner, memory: &impl Memory) -> bool {
        if self.outcomes.len() == self.batch.messages.len() {
            return false;
        }
        let started = Instant::now();
        let mut bytes = 0;
        while let Some(message) = self.batch.messages.get(self.outcomes.len())
            && bytes < SLICE
        {
            bytes += message.payload_len();
            let outcome = clean(message, cleaner, memory, &mut self.out);
            self.outcomes.push(outcome);
            sabotage::pause(sabotage::SLOW_TO_PROCESS, message.payload());
        }
        self.process += started.elapsed();
        true
    }

    /// As [`Batch::forget`], with what became of them.
    pub(super) fn forget(&mut self, gone: impl Fn(i32) -> bool) -> usize {
        let mut outcomes = std::mem::take(&mut self.outcomes).into_iter();
        for message in &self.batch.messages {
            let outcome = outcomes.next();
            self.outcomes.extend(outcome.filter(|_| !gone(message.partition())));
        }
        self.batch.forget(gone)
    }
}

fn clean(message: &BorrowedMessage<'_>, cleaner: &mut Cleaner, memory: &impl Memory, out: &mut Vec<u8>) -> Outcome {
    let start = out.len();
    // The function guards itself; what is read of the message before it is guarded here.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let raw = native::headers(message);
        // A name that is no text is none that the function knows.
        let text =
            raw.iter().filter_map(|&(name, value)| Some((std::str::from_utf8(name).ok()?, value.unwrap_or_default())));
        let headers: Vec<(&str, &[u8])> = text.collect();
        let timestamp = message.timestamp().to_millis();
        cleaner.clean(Payload { value: message.payload(), headers: &headers, timestamp }, memory, out)
    }));
    match outcome {
        Ok(Ok(cleaned)) => Outcome::Clean(cleaned),
        Ok(Err(reject)) => Outcome::Refused(reject),
        Err(_) => {
            out.truncate(start);
            Outcome::Refused(Reject::Internal { reason: "panic while reading the message".to_owned() })
        }
    }
}
