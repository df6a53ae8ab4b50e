//! May a partition be read from where the group's offset says?
//!
//! A committed offset is the memory of what is done, and it can be wrong: the topic was deleted and recreated, it has lost
//! records, the offsets have expired. librdkafka then begins at some other record without a word, and articles would be
//! skipped or published twice. So nothing of a partition is published before its offset was judged here ([`judge`], pure),
//! and records that do not follow the last one make it be judged again. Where somebody has to decide, the partition stalls
//! and the others go on ([`super::position_check`] asks Kafka and acts on the verdict; `copydesk offsets` sets what was decided).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rdkafka::topic_partition_list::TopicPartitionList;

use super::offset_metadata::OffsetMetadata;
use super::partition::{Coordinates, Partition, TopicName};
use super::topic_id::TopicId;

/// An offset that the group has committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Committed {
    pub(super) offset: i64,
    pub(super) metadata: OffsetMetadata,
}

/// Why the group has no offset of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoOffset {
    /// Nothing was ever published.
    FirstStart,
    /// The group has offsets of other partitions of this topic: this one was added, or had no record yet.
    PartitionAdded,
    /// The group has none, and the output has records: whatever was done is forgotten.
    Expired,
    /// The group's offsets of other partitions are of another topic of this name.
    TopicRecreated,
}

/// What [`judge`] decides by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    /// The topic as it is now.
    pub(super) topic: Option<&'a TopicId>,
    /// The group's offset.
    pub(super) committed: Result<&'a Committed, NoOffset>,
    /// The offset after the last record that was read, where reading had begun.
    pub(super) next: Option<i64>,
    /// The record that came; `None`: none has come.
    pub(super) first: Option<i64>,
    /// The partition's first offset, and the one after its last record. `None`: not asked, since the record that came is the
    /// one that was expected.
    pub(super) span: Option<(i64, i64)>,
}

/// What is to be done about a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Read on.
    Go,
    /// Read on; retention has deleted the records of these offsets, which nobody had read.
    Lost { from: i64, to: i64 },
    /// Nobody but an operator knows where to go on.
    Stall(Doubt),
}

/// Why the group's offset can't be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Doubt {
    /// It lies beyond the end of the partition, or did.
    BeyondEnd { offset: i64, end: Option<i64> },
    /// It was committed for another topic of this name.
    TopicRecreated { offset: Option<i64> },
    /// There is none, and there was.
    Expired,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doubt::BeyondEnd { offset, end: Some(end) } if end < offset => write!(
                f,
                "the group's offset {offset} lies beyond its end, {end}: the topic was recreated or has lost records"
            ),
            Doubt::BeyondEnd { offset, .. } => write!(
                f,
                "the group's offset {offset} has lain beyond its end: the topic was recreated or has lost records, and has \
                 grown since"
            ),
            Doubt::TopicRecreated { offset: Some(offset) } => write!(
                f,
                "the group's offset {offset} was committed for another topic of this name: the topic was deleted and recreated"
            ),
            Doubt::TopicRecreated { offset: None } => {
                write!(f, "the group's offsets are of another topic of this name: the topic was deleted and recreated")
            }
            Doubt::Expired => write!(
                f,
                "the group has no offsets, and the output has records: the offsets have expired, the topic was recreated, or \
                 the group has another name than before"
            ),
        }
    }
}

/// May the partition be read from here?
pub(super) fn judge(facts: Facts<'_>) -> Verdict {
    let committed = match facts.committed {
        Ok(committed) => committed,
        Err(reason) => {
            return match (reason, facts.next, facts.first) {
                (NoOffset::Expired, ..) => Verdict::Stall(Doubt::Expired),
                (NoOffset::TopicRecreated, ..) => Verdict::Stall(Doubt::TopicRecreated { offset: None }),
                // The reading went back by itself, and nothing was committed yet.
                (_, Some(next), Some(first)) if first < next => {
                    Verdict::Stall(Doubt::BeyondEnd { offset: next, end: facts.span.map(|(_, end)| end) })
                }
                _ => Verdict::Go,
            };
        }
    };
    let Committed { offset, metadata } = committed;
    if let (Some(written), Some(now)) = (&metadata.topic, facts.topic)
        && written != now
    {
        return Verdict::Stall(Doubt::TopicRecreated { offset: Some(*offset) });
    }
    let expected = facts.next.map_or(*offset, |next| next.max(*offset));
    let end = facts.span.map(|(_, end)| end);
    // librdkafka begins at the first record where it can't begin at the one that it should.
    let went_back = facts.first.is_some_and(|first| first < expected);
    if metadata.beyond_end || went_back || end.is_some_and(|end| end < expected) {
        return Verdict::Stall(Doubt::BeyondEnd { offset: expected, end });
    }
    match facts.span {
        Some((begin, _)) if begin > expected => Verdict::Lost { from: expected, to: begin },
        _ => Verdict::Go,
    }
}

/// Where an assigned partition stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Not judged since it was assigned, or since it was rewound.
    Unjudged,
    /// Good: the next record has this offset or a later one.
    Good { next: i64 },
    /// It stalls. `marked`: or need not be.
    Stalled { marked: bool },
}

/// The assigned partitions of a lane, and how each stands.
#[derive(Debug, Default)]
pub(super) struct Positions {
    state: Mutex<PositionsState>,
}

#[derive(Debug, Default)]
struct PositionsState {
    /// The topics' ids, where the brokers give ids.
    topic_ids: BTreeMap<TopicName, TopicId>,
    standing: BTreeMap<Partition, Standing>,
    /// librdkafka keeps a partition paused when it is revoked and assigned again.
    paused: BTreeSet<Partition>,
    /// Partitions that may have left their positions, as librdkafka has said of some.
    maybe_reset: BTreeSet<Partition>,
}

/// A record at which its partition has to be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Suspect {
    pub(super) partition: Partition,
    /// Its index in the batch.
    pub(super) at: usize,
    pub(super) first: i64,
    pub(super) next: Option<i64>,
}

impl Positions {
    fn state(&self) -> MutexGuard<'_, PositionsState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The id of a topic that the offsets are of from now on.
    pub(super) fn set_topic_id(&self, topic: TopicName, id: Option<TopicId>) {
        let mut state = self.state();
        match id {
            Some(id) => state.topic_ids.insert(topic, id),
            None => state.topic_ids.remove(&topic),
        };
    }

    pub(super) fn topic_id(&self, topic: TopicName) -> Option<TopicId> {
        self.state().topic_ids.get(&topic).cloned()
    }

    /// Writes beside each offset which topic it is of.
    pub(super) fn sign(&self, offsets: &TopicPartitionList) {
        for element in &mut offsets.elements() {
            let topic = self.topic_id(TopicName::new(element.topic()));
            let text = OffsetMetadata { topic, beyond_end: false }.text();
            if !text.is_empty() {
                element.set_metadata(&text);
            }
        }
    }

    /// Partitions were assigned.
    pub(super) fn assigned(&self, partitions: &[Partition]) {
        self.state().standing.extend(partitions.iter().map(|&partition| (partition, Standing::Unjudged)));
    }

    /// Partitions are not assigned any more.
    pub(super) fn revoked(&self, partitions: &[Partition]) {
        let mut state = self.state();
        for partition in partitions {
            state.standing.remove(partition);
        }
    }

    /// Partitions are read again from their committed offsets.
    pub(super) fn rewound<'p>(&self, partitions: impl IntoIterator<Item = &'p Partition>) {
        let mut state = self.state();
        for partition in partitions {
            if let Some(standing @ Standing::Good { .. }) = state.standing.get_mut(partition) {
                *standing = Standing::Unjudged;
            }
        }
    }

    /// librdkafka has left the position of a partition. Its log line is all that it says of that, so it may be any.
    pub(super) fn position_reset(&self) {
        let mut state = self.state();
        state.maybe_reset = state.standing.keys().copied().collect();
    }

    /// Goes through records in the order in which they came; answers those at which a partition has to be judged.
    pub(super) fn follow(&self, records: impl Iterator<Item = Coordinates>) -> Vec<Suspect> {
        let PositionsState { standing, maybe_reset, .. } = &mut *self.state();
        let mut suspects = Vec::new();
        for (at, Coordinates { partition, offset: first }) in records.enumerate() {
            let Some(standing) = standing.get_mut(&partition) else { continue };
            let next = match *standing {
                Standing::Stalled { .. } => continue,
                Standing::Good { next } => Some(next),
                Standing::Unjudged => None,
            };
            let was_reset = maybe_reset.remove(&partition) && next != Some(first);
            if was_reset || next.is_none_or(|next| first < next) {
                suspects.push(Suspect { partition, at, first, next });
            }
            // As if all were well; the verdict says otherwise where it is not.
            *standing = Standing::Good { next: first + 1 };
        }
        suspects
    }

    /// Partitions that wait to be judged.
    pub(super) fn unjudged(&self) -> Vec<Partition> {
        let state = self.state();
        let unjudged = state.standing.iter().filter(|(_, standing)| **standing == Standing::Unjudged);
        unjudged.map(|(&partition, _)| partition).collect()
    }

    /// A partition is good, and its next record has this offset or a later one. `true`: it is paused, and need not be.
    pub(super) fn set_good(&self, partition: Partition, next: i64) -> bool {
        let mut state = self.state();
        if let Some(standing) = state.standing.get_mut(&partition) {
            *standing = Standing::Good { next };
        }
        state.paused.remove(&partition)
    }

    /// A partition stalls, and is to be paused.
    pub(super) fn stall(&self, partition: Partition, doubt: &Doubt) {
        let marked = !matches!(doubt, Doubt::BeyondEnd { .. });
        let mut state = self.state();
        state.standing.insert(partition, Standing::Stalled { marked });
        state.paused.insert(partition);
    }

    pub(super) fn is_stalled(&self, partition: Partition) -> bool {
        matches!(self.state().standing.get(&partition), Some(Standing::Stalled { .. }))
    }

    /// Partitions that stall for an offset beyond the end, which is not noted beside the offset yet.
    pub(super) fn unmarked(&self) -> Vec<Partition> {
        let state = self.state();
        let unmarked = state.standing.iter().filter(|(_, standing)| **standing == Standing::Stalled { marked: false });
        unmarked.map(|(&partition, _)| partition).collect()
    }

    /// It is noted now.
    pub(super) fn marked(&self, partition: Partition) {
        if let Some(standing @ Standing::Stalled { .. }) = self.state().standing.get_mut(&partition) {
            *standing = Standing::Stalled { marked: true };
        }
    }
}

#[cfg(test)]
mod tests;
