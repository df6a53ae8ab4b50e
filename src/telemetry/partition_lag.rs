//! The lag of each partition of the input, as this process knows it, and its gauge.
//!
//! A lane that restarts gives its partitions back to the group and is assigned them, or others, a moment later. The lag does
//! not become 0 by that: the last known value stays, and is measured from outside, until a lane of this process owns the
//! partition again or another process does.
//!
//! A lag counts what a consumer can read. Each transaction that wrote to the input leaves a control record behind its
//! articles, so the committed offset stays below the end of the partition for ever, however well the worker keeps up. A
//! consumer that has read to the end knows that only such records are left: [`PartitionPosition::lag`].

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::events;

/// Committed offset and end of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionPosition {
    /// The committed offset, which is the next to be read; where nothing was committed yet, the first of the partition.
    pub committed: i64,
    /// The last stable offset: consumers of committed records read up to it.
    pub end: i64,
    /// Known where a consumer has read up to an end.
    pub read: Option<ReadToEnd>,
}

/// How far a partition was read, to an end that it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadToEnd {
    /// That end: everything before it was read.
    pub to: i64,
    /// The offset after the last article before it; behind it there are only control records.
    pub articles_end: i64,
}

impl PartitionPosition {
    /// Articles that are not committed yet. Exact where the partition was read to its end, else a number of offsets, control
    /// records included.
    pub fn lag(&self) -> i64 {
        let PartitionPosition { committed, end, read } = *self;
        let lag = match read {
            Some(read) if committed <= read.to => (read.articles_end - committed).max(0) + (end - read.to).max(0),
            _ => end - committed,
        };
        lag.max(0)
    }
}

/// The lane that reports a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reporter {
    /// The lane that owns it.
    Owner(usize),
    /// The lane that owned it last: it restarts.
    LastOwner(usize),
}

#[derive(Debug)]
struct Entry {
    reporter: Reporter,
    lag: Option<i64>,
    read: Option<ReadToEnd>,
}

/// The lag of each partition of one input topic; all lanes of a process write to it.
#[derive(Debug, Default)]
pub struct PartitionLags(Mutex<BTreeMap<i32, Entry>>);

impl PartitionLags {
    fn entries(&self) -> MutexGuard<'_, BTreeMap<i32, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A lane was assigned partitions. Their last known lag stays until it is measured.
    pub fn assigned(&self, lane: usize, partitions: &[i32]) {
        let mut entries = self.entries();
        for &partition in partitions {
            let entry = entries.entry(partition);
            let entry = entry.or_insert(Entry { reporter: Reporter::Owner(lane), lag: None, read: None });
            entry.reporter = Reporter::Owner(lane);
        }
    }

    /// Partitions of a lane were revoked; it, or another lane of this process, may be assigned them again.
    pub fn revoked(&self, lane: usize, partitions: &[i32]) {
        let mut entries = self.entries();
        for partition in partitions {
            if let Some(entry) = entries.get_mut(partition).filter(|entry| entry.reporter == Reporter::Owner(lane)) {
                entry.reporter = Reporter::LastOwner(lane);
            }
        }
    }

    /// A lane restarts: all its partitions are revoked.
    pub fn lane_restarted(&self, lane: usize) {
        let mut entries = self.entries();
        for entry in entries.values_mut().filter(|entry| entry.reporter == Reporter::Owner(lane)) {
            entry.reporter = Reporter::LastOwner(lane);
        }
    }

    /// The partitions that a lane owned last and no lane of this process owns now.
    pub fn unowned(&self, lane: usize) -> Vec<i32> {
        let entries = self.entries();
        entries
            .iter()
            .filter(|(_, entry)| entry.reporter == Reporter::LastOwner(lane))
            .map(|(&partition, _)| partition)
            .collect()
    }

    /// The assignment is stable: another process owns and reports what this lane owned and no lane of this process does.
    pub fn forget_unowned(&self, topic: &str, lane: usize) {
        for partition in self.unowned(lane) {
            forget(&mut self.entries(), topic, partition);
        }
    }

    /// Sets the position of a partition, and gives its lag. A position that does not say what was read keeps what is known.
    pub fn set(&self, topic: &str, partition: i32, position: PartitionPosition) -> Option<i64> {
        let mut entries = self.entries();
        let entry = entries.get_mut(&partition)?;
        entry.read = position.read.or(entry.read.filter(|read| read.to <= position.end));
        let lag = PartitionPosition { read: entry.read, ..position }.lag();
        entry.lag = Some(lag);
        events::lag(topic, partition, lag);
        Some(lag)
    }

    /// The sum of all that are known; `None` where none is.
    pub fn total(&self) -> Option<i64> {
        self.entries().values().filter_map(|entry| entry.lag).reduce(|sum, lag| sum + lag)
    }
}

fn forget(entries: &mut BTreeMap<i32, Entry>, topic: &str, partition: i32) {
    // A gauge left behind would be counted twice; one that was never set is not there.
    if entries.remove(&partition).is_some_and(|entry| entry.lag.is_some()) {
        events::lag(topic, partition, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(committed: i64, end: i64, read: Option<(i64, i64)>) -> PartitionPosition {
        PartitionPosition { committed, end, read: read.map(|(articles_end, to)| ReadToEnd { to, articles_end }) }
    }

    #[test]
    fn a_lag_counts_what_can_be_read() {
        assert_eq!(position(10, 14, None).lag(), 4);
        assert_eq!(position(10, 11, None).lag(), 1, "whether that is an article is not known yet");
        assert_eq!(position(10, 11, Some((10, 11))).lag(), 0, "a control record");
        assert_eq!(position(10, 900, Some((10, 900))).lag(), 0, "aborted transactions");
        assert_eq!(position(6, 11, Some((10, 11))).lag(), 4, "four articles and a control record");
        assert_eq!(position(10, 14, Some((10, 11))).lag(), 3, "others came since");
        assert_eq!(position(13, 14, Some((10, 11))).lag(), 1, "what was read is out of date");
        assert_eq!(position(14, 10, None).lag(), 0, "beyond the end");
    }

    #[test]
    fn a_lag_is_kept_while_its_lane_restarts() {
        let lags = PartitionLags::default();
        lags.assigned(0, &[0, 1]);
        assert_eq!(lags.total(), None);
        assert_eq!(lags.set("raw", 0, position(6, 11, Some((10, 11)))), Some(4));
        assert_eq!(lags.set("raw", 7, position(6, 11, None)), None, "no lane of this process owns it");
        lags.lane_restarted(0);
        assert_eq!((lags.total(), lags.unowned(0)), (Some(4), vec![0, 1]));
        assert_eq!(lags.set("raw", 0, position(6, 11, None)), Some(4), "the control record is not forgotten");
        // Another lane of this process gets one of them, another process the other.
        lags.assigned(1, &[0]);
        lags.forget_unowned("raw", 0);
        assert_eq!((lags.total(), lags.unowned(0)), (Some(4), vec![]));
        lags.revoked(1, &[0]);
        lags.revoked(0, &[0]);
        assert_eq!((lags.total(), lags.unowned(1)), (Some(4), vec![0]));
        lags.assigned(1, &[0]);
        lags.forget_unowned("raw", 1);
        assert_eq!(lags.total(), Some(4), "it came back");
        lags.lane_restarted(1);
        lags.forget_unowned("raw", 1);
        assert_eq!(lags.total(), None);
    }
}
