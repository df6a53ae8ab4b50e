//! A batch: the articles that were gathered, and what became of each.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rdkafka::message::{BorrowedMessage, Message};

use crate::telemetry::traces::BatchTrace;
use copydesk_core::memory::Memory;
use copydesk_core::pipeline::{Cleaned, Cleaner, Payload};
use copydesk_core::record::Reject;

use super::dead_letter::HEADER_FRAME;
use super::native::{MessageWithHeaders, RawHeader};
use super::partition::{Coordinates, Partition};
use super::sabotage;

/// A message of the input with what is asked of it more than once.
pub(super) struct Article<'c> {
    message: MessageWithHeaders<'c>,
    pub(super) coordinates: Coordinates,
    pub(super) size: Size,
}

/// Bytes of an article.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) value: usize,
    /// Key and headers, which are sent as they came.
    pub(super) carried: usize,
}

impl Size {
    pub(super) fn total(self) -> usize {
        self.value + self.carried
    }
}

impl<'c> Article<'c> {
    pub(super) fn new(message: BorrowedMessage<'c>) -> Article<'c> {
        let coordinates = Coordinates::of(&message);
        let message = MessageWithHeaders::new(message);
        let headers = message.headers().iter();
        let headers: usize =
            headers.map(|(name, value)| name.len() + value.map_or(0, <[u8]>::len) + HEADER_FRAME).sum();
        let size = Size { value: message.message().payload_len(), carried: message.message().key_len() + headers };
        Article { message, coordinates, size }
    }

    pub(super) fn message(&self) -> &BorrowedMessage<'c> {
        self.message.message()
    }

    pub(super) fn headers(&self) -> &[RawHeader<'_>] {
        self.message.headers()
    }

    pub(super) fn partition(&self) -> Partition {
        self.coordinates.partition
    }

    /// Kafka's timestamp, in milliseconds since 1970.
    pub(super) fn timestamp(&self) -> Option<i64> {
        self.message().timestamp().to_millis()
    }
}

/// Articles gathered from the assigned partitions, in the order in which they came.
#[derive(Default)]
pub(super) struct Batch<'c> {
    pub(super) articles: Vec<Article<'c>>,
    /// Bytes of values.
    pub(super) bytes: usize,
    /// Bytes of all that was gathered: values, keys and headers.
    pub(super) gathered_bytes: usize,
}

impl<'c> Batch<'c> {
    pub(super) fn push(&mut self, article: Article<'c>) {
        self.gathered_bytes += article.size.total();
        self.bytes += article.size.value;
        self.articles.push(article);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.articles.is_empty()
    }

    /// Drops the articles of some partitions; returns how many articles that were.
    pub(super) fn discard(&mut self, is_gone: impl Fn(Partition) -> bool) -> usize {
        self.retain(|_, partition| !is_gone(partition))
    }

    /// Keeps some articles, by their index in the batch and their partition; returns how many were dropped.
    pub(super) fn retain(&mut self, stays: impl Fn(usize, Partition) -> bool) -> usize {
        let before = self.articles.len();
        let mut indices = 0..;
        self.articles.retain(|article| indices.next().is_some_and(|index| stays(index, article.partition())));
        self.bytes = self.articles.iter().map(|article| article.size.value).sum();
        before - self.articles.len()
    }

    /// For each partition the offset after the last article.
    pub(super) fn next_offsets(&self) -> BTreeMap<Partition, i64> {
        next_offsets(&self.articles)
    }

    /// For each partition the offset of the first article.
    pub(super) fn first_offsets(&self) -> BTreeMap<Partition, i64> {
        first_offsets(&self.articles)
    }
}

/// For each partition the offset after the last article.
pub(super) fn next_offsets<'b, 'c: 'b>(
    articles: impl IntoIterator<Item = &'b Article<'c>>,
) -> BTreeMap<Partition, i64> {
    let places = articles.into_iter().map(|article| article.coordinates);
    places.map(|place| (place.partition, place.next_offset())).collect()
}

/// For each partition the offset of the first article.
pub(super) fn first_offsets<'b, 'c: 'b>(
    articles: impl IntoIterator<Item = &'b Article<'c>, IntoIter: DoubleEndedIterator>,
) -> BTreeMap<Partition, i64> {
    let places = articles.into_iter().rev().map(|article| article.coordinates);
    places.map(|place| (place.partition, place.offset)).collect()
}

/// What became of one article.
#[derive(Debug)]
pub(super) enum ArticleOutcome {
    /// A record for each of its parts, which stand in the batch's output.
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
    pub(super) outcomes: Vec<ArticleOutcome>,
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
        let outcomes = Vec::with_capacity(batch.articles.len());
        Work { batch, outcomes, out, gather, process: Duration::ZERO, trace }
    }

    /// Cleans the next articles, about [`SLICE`] bytes; `false` where none is left.
    pub(super) fn clean_some(&mut self, cleaner: &mut Cleaner, memory: &impl Memory) -> bool {
        if self.outcomes.len() == self.batch.articles.len() {
            return false;
        }
        let started = Instant::now();
        let mut bytes = 0;
        while let Some(article) = self.batch.articles.get(self.outcomes.len())
            && bytes < SLICE
        {
            bytes += article.size.value;
            let outcome = clean(article, cleaner, memory, &mut self.out);
            self.outcomes.push(outcome);
            sabotage::pause(sabotage::SLOW_TO_PROCESS, article.message().payload());
        }
        self.process += started.elapsed();
        true
    }

    /// As [`Batch::discard`], with what became of them.
    pub(super) fn discard(&mut self, is_gone: impl Fn(Partition) -> bool) -> usize {
        let mut outcomes = std::mem::take(&mut self.outcomes).into_iter();
        for article in &self.batch.articles {
            let outcome = outcomes.next();
            self.outcomes.extend(outcome.filter(|_| !is_gone(article.partition())));
        }
        self.batch.discard(is_gone)
    }
}

fn clean(article: &Article<'_>, cleaner: &mut Cleaner, memory: &impl Memory, out: &mut Vec<u8>) -> ArticleOutcome {
    let start = out.len();
    // The function guards itself; what is read of the message before it is guarded here.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let headers = article.headers().iter();
        // A name that is no text is none that the function knows.
        let text =
            headers.filter_map(|&(name, value)| Some((std::str::from_utf8(name).ok()?, value.unwrap_or_default())));
        let headers: Vec<(&str, &[u8])> = text.collect();
        let payload = Payload { value: article.message().payload(), headers: &headers, timestamp: article.timestamp() };
        cleaner.clean(payload, memory, out)
    }));
    match outcome {
        Ok(Ok(cleaned)) => ArticleOutcome::Clean(cleaned),
        Ok(Err(reject)) => ArticleOutcome::Refused(reject),
        Err(_) => {
            out.truncate(start);
            ArticleOutcome::Refused(Reject::Internal { reason: "panic while reading the message".to_owned() })
        }
    }
}
