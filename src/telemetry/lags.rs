//! The lag of each partition of the input, as this process knows it, and its gauge.
//!
//! A lane that starts anew gives its partitions back to the group and gets them, or others, a moment later. The lag does not
//! become 0 by that: what was known last is kept, and measured anew, until a lane of this process owns the partition again
//! or it is clear that another process does.
//!
//! A lag counts what a consumer can read. Each transaction that wrote to the input leaves a control record behind its
//! articles, so the committed offset stays below the end of the partition for ever, however well the worker keeps up. Who
//! has read to the end knows that nothing but such records is left there: [`Standing::lag`].

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::events;

/// Where a partition stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The next offset to be read, as committed; where nothing was committed yet, the first that there is.
    pub committed: i64,
    /// The last stable offset: no consumer of committed records gets further.
    pub end: i64,
    /// Where a consumer has read everything before an end: the offset after the last article of it.
    pub read: Option<Read>,
}

/// A partition was read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// The end: nothing before it is left to be read.
    pub to: i64,
    /// The offset after the last article before it; behind it there are only control records.
    pub articles_end: i64,
}

impl Standing {
    /// Articles that are not committed yet. Exact where the partition was read to its end, else the number of offsets, which
    /// counts control records too.
    pub fn lag(&self) -> i64 {
        let Standing { committed, end, read } = *self;
        let lag = match read {
            Some(read) if committed <= read.to => (read.articles_end - committed).max(0) + (end - read.to).max(0),
            _ => end - committed,
        };
        lag.max(0)
    }
}

/// Who answers for a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeper {
    /// The lane that owns it.
    Owner(usize),
    /// The lane that owned it last.
    Last(usize),
}

#[derive(Debug)]
struct Entry {
    keeper: Keeper,
    lag: Option<i64>,
    read: Option<Read>,
}

/// The lags of one input topic; all lanes of a process write to it.
#[derive(Debug, Default)]
pub struct Lags(Mutex<BTreeMap<i32, Entry>>);

impl Lags {
    fn entries(&self) -> MutexGuard<'_, BTreeMap<i32, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A lane got partitions. What was known of them stays until something better is.
    pub fn assigned(&self, lane: usize, partitions: &[i32]) {
        let mut entries = self.entries();
        for &partition in partitions {
            let entry = entries.entry(partition);
            let entry = entry.or_insert(Entry { keeper: Keeper::Owner(lane), lag: None, read: None });
            entry.keeper = Keeper::Owner(lane);
        }
    }

    /// Partitions of a lane went; it may get them back, or another lane of this process may.
    pub fn revoked(&self, lane: usize, partitions: &[i32]) {
        let mut entries = self.entries();
        for partition in partitions {
            if let Some(entry) = entries.get_mut(partition).filter(|entry| entry.keeper == Keeper::Owner(lane)) {
                entry.keeper = Keeper::Last(lane);
            }
        }
    }

    /// A lane ends this life and begins another: all its partitions go.
    pub fn left(&self, lane: usize) {
        let mut entries = self.entries();
        for entry in entries.values_mut().filter(|entry| entry.keeper == Keeper::Owner(lane)) {
            entry.keeper = Keeper::Last(lane);
        }
    }

    /// The partitions that a lane had and nobody here has now.
    pub fn kept(&self, lane: usize) -> Vec<i32> {
        let entries = self.entries();
        entries
            .iter()
            .filter(|(_, entry)| entry.keeper == Keeper::Last(lane))
            .map(|(&partition, _)| partition)
            .collect()
    }

    /// A lane is settled in its group: what it had, and nobody here has now, another process owns and reports.
    pub fn settled(&self, topic: &str, lane: usize) {
        for partition in self.kept(lane) {
            forget(&mut self.entries(), topic, partition);
        }
    }

    /// A partition stands so. Without knowledge of its own about what was read, that of earlier stands.
    pub fn set(&self, topic: &str, partition: i32, standing: Standing) -> Option<i64> {
        let mut entries = self.entries();
        let entry = entries.get_mut(&partition)?;
        entry.read = standing.read.or(entry.read.filter(|read| read.to <= standing.end));
        let lag = Standing { read: entry.read, ..standing }.lag();
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

    fn standing(committed: i64, end: i64, read: Option<(i64, i64)>) -> Standing {
        Standing { committed, end, read: read.map(|(articles_end, to)| Read { to, articles_end }) }
    }

    #[test]
    fn a_lag_counts_what_can_be_read() {
        assert_eq!(standing(10, 14, None).lag(), 4);
        assert_eq!(standing(10, 11, None).lag(), 1, "whether that is an article is not known yet");
        assert_eq!(standing(10, 11, Some((10, 11))).lag(), 0, "a control record");
        assert_eq!(standing(10, 900, Some((10, 900))).lag(), 0, "aborted transactions");
        assert_eq!(standing(6, 11, Some((10, 11))).lag(), 4, "four articles and a control record");
        assert_eq!(standing(10, 14, Some((10, 11))).lag(), 3, "others came since");
        assert_eq!(standing(13, 14, Some((10, 11))).lag(), 1, "what is known is of long ago");
        assert_eq!(standing(14, 10, None).lag(), 0, "beyond the end");
    }

    #[test]
    fn a_lag_is_kept_while_its_lane_starts_anew() {
        let lags = Lags::default();
        lags.assigned(0, &[0, 1]);
        assert_eq!(lags.total(), None);
        assert_eq!(lags.set("raw", 0, standing(6, 11, Some((10, 11)))), Some(4));
        assert_eq!(lags.set("raw", 7, standing(6, 11, None)), None, "of nobody here");
        lags.left(0);
        assert_eq!((lags.total(), lags.kept(0)), (Some(4), vec![0, 1]));
        assert_eq!(lags.set("raw", 0, standing(6, 11, None)), Some(4), "the control record is not forgotten");
        // Another lane of this process gets one of them, another process the other.
        lags.assigned(1, &[0]);
        lags.settled("raw", 0);
        assert_eq!((lags.total(), lags.kept(0)), (Some(4), vec![]));
        lags.revoked(1, &[0]);
        lags.revoked(0, &[0]);
        assert_eq!((lags.total(), lags.kept(1)), (Some(4), vec![0]));
        lags.assigned(1, &[0]);
        lags.settled("raw", 1);
        assert_eq!(lags.total(), Some(4), "it came back");
        lags.left(1);
        lags.settled("raw", 1);
        assert_eq!(lags.total(), None);
    }
}
