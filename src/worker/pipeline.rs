//! The batches on their way through a lane: what is gathered, cleaned and published next, and what is lost with a partition.
//!
//! One batch is `ready` to be published; the one behind it was gathered before the transaction of the first begins, and is
//! cleaned while that one waits for its acknowledgements. Articles that a batch has no room for are buffered for the next.
//! All three lose their articles of a partition that is revoked, and all are discarded where a batch was aborted, since the
//! articles are then read again from the committed offsets.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use crate::telemetry::LaneHealth;
use crate::telemetry::traces::BatchTrace;
use copydesk_core::memory::NoMemory;
use copydesk_core::pipeline::Cleaner;

use super::batch::{Article, Batch, Work, first_offsets};
use super::partition::Partition;

/// Up to two batches, and the articles behind them.
pub(super) struct Pipeline<'c> {
    cleaner: Cleaner,
    /// Articles that the last batch had no room for, in the order in which they came.
    pub(super) buffered: VecDeque<Article<'c>>,
    pub(super) buffered_bytes: usize,
    /// What was gathered last, until it is admitted.
    pub(super) gathered: Batch<'c>,
    /// Cleaned while `ready` is published.
    next: Option<Work<'c>>,
    /// Cleaned, and to be published next.
    ready: Option<Work<'c>>,
    /// Bytes of records for each byte of articles: the mean of about the last ten batches.
    output_ratio: f64,
    /// A buffer for records that no batch holds.
    spare: Vec<u8>,
    /// Capacity of the largest buffer that is kept.
    largest_buffer: usize,
}

impl<'c> Pipeline<'c> {
    pub(super) fn new(cleaner: Cleaner, largest_buffer: usize) -> Pipeline<'c> {
        Pipeline {
            cleaner,
            buffered: VecDeque::new(),
            buffered_bytes: 0,
            gathered: Batch::default(),
            next: None,
            ready: None,
            // Short paragraphs, each with its hash: an estimate until there are batches to measure.
            output_ratio: 2.0,
            spare: Vec::new(),
            largest_buffer,
        }
    }

    /// Is a batch to be published?
    pub(super) fn has_ready(&self) -> bool {
        self.ready.is_some()
    }

    /// The batch to be published, which is its publisher's from now on.
    pub(super) fn take_ready(&mut self) -> Option<Work<'c>> {
        self.ready.take()
    }

    /// Bytes of records for each byte of articles, as of late.
    pub(super) fn output_ratio(&self) -> f64 {
        self.output_ratio
    }

    /// Drops the articles of partitions that are not this lane's any more: of the batch that is ready, of the one that is
    /// being gathered, and of those behind. Returns how many articles that were.
    pub(super) fn revoke(&mut self, partitions: &BTreeSet<Partition>) -> usize {
        let is_gone = |partition| partitions.contains(&partition);
        let buffered = self.buffered.len();
        self.discard_buffered_of(partitions);
        let of_ready = self.ready.as_mut().map_or(0, |work| work.discard(is_gone));
        self.ready.take_if(|work| work.batch.is_empty());
        self.gathered.discard(is_gone) + of_ready + buffered - self.buffered.len()
    }

    /// Drops the buffered articles of some partitions.
    pub(super) fn discard_buffered_of(&mut self, partitions: &BTreeSet<Partition>) {
        self.buffered.retain(|article| !partitions.contains(&article.partition()));
        self.buffered_bytes = self.buffered.iter().map(|article| article.size.total()).sum();
    }

    /// Discards everything behind a batch that was aborted; answers for each partition the first offset that has to be read
    /// again, the aborted batch's included.
    pub(super) fn discard_buffered(&mut self, aborted: &Batch<'c>) -> BTreeMap<Partition, i64> {
        self.buffered_bytes = 0;
        let mut first = first_offsets(&self.buffered);
        self.buffered.clear();
        first.extend(self.next.take().map(|next| next.batch.first_offsets()).unwrap_or_default());
        first.extend(aborted.first_offsets());
        first
    }

    /// What was gathered becomes the next batch; its spans are begun with how many articles it has. `false`: there are none.
    pub(super) fn start_next(&mut self, gather: Duration, trace: impl FnOnce(usize) -> BatchTrace) -> bool {
        let batch = std::mem::take(&mut self.gathered);
        if batch.is_empty() {
            return false;
        }
        let mut out = std::mem::take(&mut self.spare);
        out.clear();
        let trace = trace(batch.articles.len());
        self.next = Some(Work::new(batch, gather, out, trace));
        true
    }

    /// Cleans a little of the next batch, in the time that the one before it waits; `false` where nothing is left to do.
    pub(super) fn clean_some(&mut self) -> bool {
        let Pipeline { next, cleaner, .. } = self;
        next.as_mut().is_some_and(|next| next.clean_some(cleaner, &NoMemory))
    }

    /// Time that was spent on cleaning the next batch.
    pub(super) fn cleaning_time(&self) -> Duration {
        self.next.as_ref().map_or(Duration::ZERO, |next| next.process)
    }

    /// Cleans what is left of the next batch, which is then ready.
    pub(super) fn finish_next(&mut self, health: &LaneHealth) {
        while self.clean_some() {
            health.tick();
        }
        let Some(work) = self.next.take() else { return };
        if work.batch.bytes > 0 {
            let ratio = work.out.len() as f64 / work.batch.bytes as f64;
            self.output_ratio += (ratio.clamp(0.1, 10.0) - self.output_ratio) / 10.0;
        }
        self.ready = Some(work);
    }

    /// Keeps a buffer for the next batch; but one article of an extraordinary size must not hold its memory for ever.
    pub(super) fn recycle(&mut self, out: Vec<u8>) {
        if out.capacity() <= self.largest_buffer {
            self.spare = out;
        }
    }

    /// Was this batch so large that its memory is given back at once?
    pub(super) fn is_oversized(&self, batch: &Batch<'c>) -> bool {
        batch.gathered_bytes > self.largest_buffer
    }
}
