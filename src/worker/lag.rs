//! What a lane knows of the lag of its partitions: what it committed, what it has gathered, and where they end.
//!
//! The last comes from librdkafka's statistics, which run ahead of the lane: an end that they report counts as read once the
//! lane has emptied its queue after the report. While a lane restarts it has no client that could know; then [`measure`]
//! asks the brokers.

use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;

use crate::config::Stream;
use crate::telemetry::partition_lag::{PartitionPosition, ReadToEnd};

use super::clients;
use super::context::CommandContext;
use super::failure::KafkaTrouble;
use super::group_offsets::{GroupPosition, group_positions};
use super::login::LoggedIn;
use super::partition::Partition;

/// How long brokers may take to answer one question of a measurement.
const ASK: Duration = Duration::from_secs(2);

/// A partition in librdkafka's statistics.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct PartitionStatistics {
    pub(super) lo_offset: i64,
    pub(super) hi_offset: i64,
    pub(super) ls_offset: i64,
    committed_offset: i64,
    eof_offset: i64,
}

/// What a lane knows of its partitions.
#[derive(Debug, Default)]
pub(super) struct Progress {
    partitions: HashMap<Partition, Known>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Known {
    /// The next offset to be read, as committed by this lane.
    committed: Option<i64>,
    /// The offset after the last article that the lane has gathered.
    gathered: Option<i64>,
    /// The end that the fetcher had reached by the last statistics: all before it is in the queue, or was.
    fetched: Option<i64>,
}

impl Progress {
    /// A batch was committed.
    pub(super) fn committed(&mut self, next: impl IntoIterator<Item = (Partition, i64)>) {
        for (partition, offset) in next {
            self.partitions.entry(partition).or_default().committed = Some(offset);
        }
    }

    /// Articles were gathered.
    pub(super) fn gathered(&mut self, next: impl IntoIterator<Item = (Partition, i64)>) {
        for (partition, offset) in next {
            let gathered = &mut self.partitions.entry(partition).or_default().gathered;
            *gathered = (*gathered).max(Some(offset));
        }
    }

    /// The queue was thrown away, and is filled again from the committed offsets.
    pub(super) fn rewound(&mut self) {
        for known in self.partitions.values_mut() {
            known.fetched = None;
        }
    }

    /// A partition was revoked.
    pub(super) fn forget(&mut self, partition: Partition) {
        self.partitions.remove(&partition);
    }

    /// Where an assigned partition stands, by its statistics; `emptied`: the lane has emptied its queue since the last ones.
    pub(super) fn standing(
        &mut self,
        partition: Partition,
        numbers: &PartitionStatistics,
        emptied: bool,
    ) -> Option<PartitionPosition> {
        let end = if numbers.ls_offset >= 0 { numbers.ls_offset } else { numbers.hi_offset };
        let known = self.partitions.entry(partition).or_default();
        let committed = known.committed.unwrap_or(numbers.committed_offset.max(numbers.lo_offset));
        let fetched = known.fetched.filter(|_| emptied);
        known.fetched = (numbers.eof_offset >= 0).then_some(numbers.eof_offset).or(known.fetched.filter(|_| !emptied));
        if end < 0 || committed < 0 {
            return None;
        }
        // Nothing was gathered: the lane began to read at the committed offset.
        let articles_end = known.gathered.unwrap_or(committed);
        let read = fetched.filter(|&to| articles_end <= to).map(|to| ReadToEnd { to, articles_end });
        Some(PartitionPosition { committed, end, read })
    }
}

/// Asks the brokers where partitions of the input stand, by a client that joins nothing: for those that no lane owns just
/// now. Those that no broker speaks for are left out.
///
/// # Errors
/// Where no broker answers for the group.
pub(super) fn measure(
    stream: &Stream,
    partitions: &[Partition],
) -> Result<Vec<(Partition, PartitionPosition)>, KafkaTrouble> {
    let client = LoggedIn::new(&clients::reader(stream), CommandContext::default(), stream)?;
    let positions = group_positions(&client, partitions, ASK)
        .map_err(|error| KafkaTrouble::new("asking for committed offsets", &error))?;
    let standing = |(partition, position): (Partition, GroupPosition)| {
        (partition, PartitionPosition { committed: position.next_readable(), end: position.end, read: None })
    };
    Ok(positions.into_iter().map(standing).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition() -> Partition {
        Partition::new("raw", 0)
    }

    fn numbers(committed_offset: i64, eof_offset: i64, end: i64) -> PartitionStatistics {
        PartitionStatistics { lo_offset: 0, hi_offset: end, ls_offset: end, committed_offset, eof_offset }
    }

    fn lag(progress: &mut Progress, numbers: PartitionStatistics, emptied: bool) -> Option<i64> {
        Some(progress.standing(partition(), &numbers, emptied)?.lag())
    }

    #[test]
    fn an_end_is_read_when_the_queue_was_emptied_after_it_was_reported() {
        let mut progress = Progress::default();
        assert_eq!(lag(&mut progress, numbers(-1001, -1001, -1001), true), None, "nothing is known");
        assert_eq!(lag(&mut progress, numbers(-1001, -1001, 11), true), Some(11));
        progress.gathered([(partition(), 10)]);
        progress.committed([(partition(), 10)]);
        assert_eq!(lag(&mut progress, numbers(-1001, 11, 11), true), Some(1), "the queue may hold what lies before it");
        assert_eq!(lag(&mut progress, numbers(-1001, 11, 11), false), Some(1), "it still may");
        assert_eq!(lag(&mut progress, numbers(-1001, 11, 11), true), Some(0));
        assert_eq!(lag(&mut progress, numbers(-1001, 11, 14), true), Some(3));
    }

    #[test]
    fn what_was_gathered_and_not_committed_is_lag() {
        let mut progress = Progress::default();
        assert_eq!(lag(&mut progress, numbers(6, 11, 11), true), Some(5));
        progress.gathered([(partition(), 10)]);
        assert_eq!(lag(&mut progress, numbers(6, 11, 11), true), Some(4), "the fifth is a control record");
        progress.rewound();
        assert_eq!(lag(&mut progress, numbers(6, -1001, 11), true), Some(5));
        progress.forget(partition());
        assert_eq!(lag(&mut progress, numbers(11, 11, 11), true), Some(0));
    }

    #[test]
    fn a_lane_that_has_gathered_nothing_began_at_its_committed_offset() {
        let mut progress = Progress::default();
        assert_eq!(lag(&mut progress, numbers(10, 12, 12), true), Some(2));
        assert_eq!(lag(&mut progress, numbers(10, 12, 12), true), Some(0));
    }
}
