//! May a partition be read from where the group's offset says?
//!
//! A committed offset is the memory of what is done, and it can be wrong: the topic was deleted and made again, it has lost
//! records, the offsets have expired. librdkafka then begins at some other record without a word, and articles would be
//! skipped or published twice. So nothing of a partition is published before its offset was judged here ([`judge`], pure),
//! and records that do not follow the last one make it be judged again. Where somebody has to decide, the partition stalls
//! and the others go on ([`super::examine`] asks Kafka and acts on the verdict; [`super::offsets`] is the deciding).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rdkafka::topic_partition_list::TopicPartitionList;

use super::note::Note;
use super::topic_id::TopicId;

/// An offset that the group has committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Committed {
    pub(super) offset: i64,
    pub(super) note: Note,
}

/// What is known of a partition whose group has no offset for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Without {
    /// Nothing was ever published: the first start.
    First,
    /// The group has offsets of other partitions of this topic: this one was added, or had no record yet.
    Added,
    /// The group has none, and the output has records: whatever was done is forgotten.
    Forgotten,
    /// The group's offsets of other partitions are of another topic of this name.
    MadeAnew,
}

/// What [`judge`] is told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    /// The topic as it is now.
    pub(super) topic: Option<&'a TopicId>,
    /// The group's offset.
    pub(super) committed: Result<&'a Committed, Without>,
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
    Beyond { offset: i64, end: Option<i64> },
    /// It was committed for another topic of this name.
    MadeAnew { offset: Option<i64> },
    /// There is none, and there was.
    Forgotten,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doubt::Beyond { offset, end: Some(end) } if end < offset => write!(
                f,
                "the group's offset {offset} lies beyond its end, {end}: the topic was made anew or has lost records"
            ),
            Doubt::Beyond { offset, .. } => write!(
                f,
                "the group's offset {offset} has lain beyond its end: the topic was made anew or has lost records, and has \
                 grown since"
            ),
            Doubt::MadeAnew { offset: Some(offset) } => write!(
                f,
                "the group's offset {offset} was committed for another topic of this name: the topic was deleted and made anew"
            ),
            Doubt::MadeAnew { offset: None } => {
                write!(f, "the group's offsets are of another topic of this name: the topic was deleted and made anew")
            }
            Doubt::Forgotten => write!(
                f,
                "the group has no offsets, and the output has records: the offsets have expired, the topic was made anew, or \
                 the group has another name than before"
            ),
        }
    }
}

/// May the partition be read from here?
pub(super) fn judge(facts: Facts<'_>) -> Verdict {
    let committed = match facts.committed {
        Ok(committed) => committed,
        Err(without) => {
            return match (without, facts.next, facts.first) {
                (Without::Forgotten, ..) => Verdict::Stall(Doubt::Forgotten),
                (Without::MadeAnew, ..) => Verdict::Stall(Doubt::MadeAnew { offset: None }),
                // The reading went back by itself, and nothing was committed yet.
                (_, Some(next), Some(first)) if first < next => {
                    Verdict::Stall(Doubt::Beyond { offset: next, end: facts.span.map(|(_, end)| end) })
                }
                _ => Verdict::Go,
            };
        }
    };
    let Committed { offset, note } = committed;
    if let (Some(noted), Some(now)) = (&note.topic, facts.topic)
        && noted != now
    {
        return Verdict::Stall(Doubt::MadeAnew { offset: Some(*offset) });
    }
    let expected = facts.next.map_or(*offset, |next| next.max(*offset));
    let end = facts.span.map(|(_, end)| end);
    // librdkafka begins at the first record where it can't begin at the one that it should.
    let went_back = facts.first.is_some_and(|first| first < expected);
    if note.beyond || went_back || end.is_some_and(|end| end < expected) {
        return Verdict::Stall(Doubt::Beyond { offset: expected, end });
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
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    topic: Option<TopicId>,
    standing: BTreeMap<i32, Standing>,
    /// librdkafka keeps a partition paused when it goes and comes again.
    paused: BTreeSet<i32>,
    /// Partitions of which some may have left its position, as librdkafka has said.
    shaken: BTreeSet<i32>,
}

/// A record at which its partition has to be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Suspect {
    pub(super) partition: i32,
    /// Where in the batch.
    pub(super) at: usize,
    pub(super) first: i64,
    pub(super) next: Option<i64>,
}

impl Positions {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The topic that the offsets are of from now on.
    pub(super) fn set_topic(&self, topic: Option<TopicId>) {
        self.state().topic = topic;
    }

    pub(super) fn topic(&self) -> Option<TopicId> {
        self.state().topic.clone()
    }

    /// Writes beside each offset which topic it is of.
    pub(super) fn sign(&self, offsets: &TopicPartitionList) {
        let text = Note { topic: self.topic(), beyond: false }.text();
        if !text.is_empty() {
            offsets.elements().iter_mut().for_each(|element| element.set_metadata(&text));
        }
    }

    /// Partitions were assigned.
    pub(super) fn came(&self, partitions: &[i32]) {
        self.state().standing.extend(partitions.iter().map(|&partition| (partition, Standing::Unjudged)));
    }

    /// Partitions are not assigned any more.
    pub(super) fn went(&self, partitions: &[i32]) {
        let mut state = self.state();
        for partition in partitions {
            state.standing.remove(partition);
        }
    }

    /// Partitions are read again from their committed offsets.
    pub(super) fn rewound<'p>(&self, partitions: impl IntoIterator<Item = &'p i32>) {
        let mut state = self.state();
        for partition in partitions {
            if let Some(standing @ Standing::Good { .. }) = state.standing.get_mut(partition) {
                *standing = Standing::Unjudged;
            }
        }
    }

    /// librdkafka has left the position of a partition. Its log line is all that it says of that.
    pub(super) fn shake(&self) {
        let mut state = self.state();
        state.shaken = state.standing.keys().copied().collect();
    }

    /// Goes through records (partition and offset) in the order in which they came; answers those at which a partition has
    /// to be judged.
    pub(super) fn follow(&self, records: impl Iterator<Item = (i32, i64)>) -> Vec<Suspect> {
        let State { standing, shaken, .. } = &mut *self.state();
        let mut suspects = Vec::new();
        for (at, (partition, first)) in records.enumerate() {
            let Some(standing) = standing.get_mut(&partition) else { continue };
            let next = match *standing {
                Standing::Stalled { .. } => continue,
                Standing::Good { next } => Some(next),
                Standing::Unjudged => None,
            };
            let left = shaken.remove(&partition) && next != Some(first);
            if left || next.is_none_or(|next| first < next) {
                suspects.push(Suspect { partition, at, first, next });
            }
            // As if all were well; the verdict says otherwise where it is not.
            *standing = Standing::Good { next: first + 1 };
        }
        suspects
    }

    /// Partitions that wait to be judged.
    pub(super) fn unjudged(&self) -> Vec<i32> {
        let state = self.state();
        let unjudged = state.standing.iter().filter(|(_, standing)| **standing == Standing::Unjudged);
        unjudged.map(|(&partition, _)| partition).collect()
    }

    /// A partition is good, and its next record has this offset or a later one. `true`: it is paused, and need not be.
    pub(super) fn good(&self, partition: i32, next: i64) -> bool {
        let mut state = self.state();
        if let Some(standing) = state.standing.get_mut(&partition) {
            *standing = Standing::Good { next };
        }
        state.paused.remove(&partition)
    }

    /// A partition stalls, and is to be paused.
    pub(super) fn stall(&self, partition: i32, doubt: &Doubt) {
        let marked = !matches!(doubt, Doubt::Beyond { .. });
        let mut state = self.state();
        state.standing.insert(partition, Standing::Stalled { marked });
        state.paused.insert(partition);
    }

    pub(super) fn is_stalled(&self, partition: i32) -> bool {
        matches!(self.state().standing.get(&partition), Some(Standing::Stalled { .. }))
    }

    /// Partitions that stall for an offset beyond the end, which is not noted beside the offset yet.
    pub(super) fn unmarked(&self) -> Vec<i32> {
        let state = self.state();
        let unmarked = state.standing.iter().filter(|(_, standing)| **standing == Standing::Stalled { marked: false });
        unmarked.map(|(&partition, _)| partition).collect()
    }

    /// It is noted now.
    pub(super) fn marked(&self, partition: i32) {
        if let Some(standing @ Standing::Stalled { .. }) = self.state().standing.get_mut(&partition) {
            *standing = Standing::Stalled { marked: true };
        }
    }
}

#[cfg(test)]
mod tests;
