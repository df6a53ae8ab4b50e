//! What a lane knows of the lag of its partitions: what it committed, what it was given to read, and where they end.
//!
//! The last comes from librdkafka's statistics, which run ahead of the lane: an end that they tell counts as read once the
//! lane has emptied its queue after it was told. While a lane starts anew it has no client that could know; then
//! [`measure`] asks the brokers.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde::Deserialize;

use crate::config::Stream;
use crate::telemetry::partition_lag::{PartitionPosition, ReadToEnd};

use super::clients;
use super::context::Quiet;
use super::failure::KafkaTrouble;
use super::login::LoggedIn;

/// How long brokers may take to answer all questions of one measurement.
const ASK: Duration = Duration::from_secs(3);

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
    partitions: HashMap<i32, Known>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Known {
    /// The next offset to be read, as committed by this lane.
    committed: Option<i64>,
    /// The offset after the last article that the lane was given.
    given: Option<i64>,
    /// The end that the fetcher had reached by the last statistics: all before it is in the queue, or was.
    fetched: Option<i64>,
}

impl Progress {
    /// A batch was committed.
    pub(super) fn committed(&mut self, next: impl Iterator<Item = (i32, i64)>) {
        for (partition, offset) in next {
            self.partitions.entry(partition).or_default().committed = Some(offset);
        }
    }

    /// Articles were gathered.
    pub(super) fn given(&mut self, next: impl Iterator<Item = (i32, i64)>) {
        for (partition, offset) in next {
            let given = &mut self.partitions.entry(partition).or_default().given;
            *given = (*given).max(Some(offset));
        }
    }

    /// The queue was thrown away, and is filled again from the committed offsets.
    pub(super) fn rewound(&mut self) {
        for known in self.partitions.values_mut() {
            known.fetched = None;
        }
    }

    /// A partition went.
    pub(super) fn forget(&mut self, partition: i32) {
        self.partitions.remove(&partition);
    }

    /// Where an assigned partition stands, by its statistics; `emptied`: the lane has emptied its queue since the last ones.
    pub(super) fn standing(
        &mut self,
        partition: i32,
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
        // Nothing was given: the lane began to read at the committed offset.
        let articles_end = known.given.unwrap_or(committed);
        let read = fetched.filter(|&to| articles_end <= to).map(|to| ReadToEnd { to, articles_end });
        Some(PartitionPosition { committed, end, read })
    }
}

/// Asks the brokers where partitions of the input stand, by a client that joins nothing: for those that no lane owns just
/// now. Those that could not be asked for in time are left out.
///
/// # Errors
/// Where no broker answers for the group.
pub(super) fn measure(stream: &Stream, partitions: &[i32]) -> Result<Vec<(i32, PartitionPosition)>, KafkaTrouble> {
    let trouble = |error: &KafkaError| KafkaTrouble::new("asking for committed offsets", error);
    let by = Instant::now() + ASK;
    let client: LoggedIn<BaseConsumer<Quiet>> = LoggedIn::new(&clients::reader(stream), Quiet::default(), stream)?;
    let mut asked = TopicPartitionList::new();
    for &partition in partitions {
        asked.add_partition(&stream.input, partition);
    }
    let committed = client.committed_offsets(asked, ASK).map_err(|error| trouble(&error))?;
    let mut standings = Vec::with_capacity(partitions.len());
    for element in committed.elements_for_topic(&stream.input) {
        let left = by.saturating_duration_since(Instant::now());
        if left.is_zero() || element.error().is_err() {
            continue;
        }
        // The client reads committed records, so the upper one is the last stable offset.
        let Ok((first, end)) = client.fetch_watermarks(&stream.input, element.partition(), left) else { continue };
        let committed = match element.offset() {
            Offset::Offset(offset) => offset.max(first),
            _ => first,
        };
        standings.push((element.partition(), PartitionPosition { committed, end, read: None }));
    }
    Ok(standings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(committed_offset: i64, eof_offset: i64, end: i64) -> PartitionStatistics {
        PartitionStatistics { lo_offset: 0, hi_offset: end, ls_offset: end, committed_offset, eof_offset }
    }

    fn lag(progress: &mut Progress, numbers: PartitionStatistics, emptied: bool) -> Option<i64> {
        Some(progress.standing(0, &numbers, emptied)?.lag())
    }

    #[test]
    fn an_end_is_read_when_the_queue_was_emptied_after_it_was_told() {
        let mut progress = Progress::default();
        assert_eq!(lag(&mut progress, numbers(-1001, -1001, -1001), true), None, "nothing is known");
        assert_eq!(lag(&mut progress, numbers(-1001, -1001, 11), true), Some(11));
        progress.given([(0, 10)].into_iter());
        progress.committed([(0, 10)].into_iter());
        assert_eq!(lag(&mut progress, numbers(-1001, 11, 11), true), Some(1), "the queue may hold what lies before it");
        assert_eq!(lag(&mut progress, numbers(-1001, 11, 11), false), Some(1), "it still may");
        assert_eq!(lag(&mut progress, numbers(-1001, 11, 11), true), Some(0));
        assert_eq!(lag(&mut progress, numbers(-1001, 11, 14), true), Some(3));
    }

    #[test]
    fn what_was_given_and_not_committed_is_lag() {
        let mut progress = Progress::default();
        assert_eq!(lag(&mut progress, numbers(6, 11, 11), true), Some(5));
        progress.given([(0, 10)].into_iter());
        assert_eq!(lag(&mut progress, numbers(6, 11, 11), true), Some(4), "the fifth is a control record");
        progress.rewound();
        assert_eq!(lag(&mut progress, numbers(6, -1001, 11), true), Some(5));
        progress.forget(0);
        assert_eq!(lag(&mut progress, numbers(11, 11, 11), true), Some(0));
    }

    #[test]
    fn a_lane_that_is_given_nothing_began_at_its_committed_offset() {
        let mut progress = Progress::default();
        assert_eq!(lag(&mut progress, numbers(10, 12, 12), true), Some(2));
        assert_eq!(lag(&mut progress, numbers(10, 12, 12), true), Some(0));
    }
}
