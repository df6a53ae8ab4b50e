//! Partitions of other processes in which articles wait and nothing is committed.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// A partition in which articles wait and nothing is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadPartition {
    /// Its number in the input.
    pub partition: i32,
    /// Offsets from what is committed to the end.
    pub lag: i64,
    /// Since when nothing was committed, as far as this process has seen.
    pub since: Instant,
    /// Its owner in the group.
    pub owner: PartitionOwner,
}

/// The owner of a partition in the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartitionOwner {
    /// A member, by its client id and host.
    Member(String),
    /// None.
    Nobody,
    /// Unknown: the coordinator does not say.
    Unknown,
}

impl UnreadPartition {
    /// In words, for a log line and for `/readyz`.
    pub fn in_words(&self) -> String {
        let (partition, lag, silence) = (self.partition, self.lag, self.since.elapsed().as_secs());
        let owner = match &self.owner {
            PartitionOwner::Member(owner) => {
                format!("; its owner in the group is {owner}: if it is dead, the group waits until its session ends")
            }
            PartitionOwner::Nobody => "; it has no owner in the group".to_owned(),
            PartitionOwner::Unknown => String::new(),
        };
        format!("partition {partition} has been read by nobody for {silence} s, with {lag} offsets to read{owner}")
    }
}

/// All of them as of now.
#[derive(Debug, Default)]
pub(super) struct UnreadPartitions(Mutex<Vec<UnreadPartition>>);

impl UnreadPartitions {
    pub(super) fn set(&self, unread: Vec<UnreadPartition>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = unread;
    }

    /// A line for each.
    pub(super) fn lines(&self) -> String {
        let unread = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        unread.iter().map(|unread| unread.in_words() + "\n").collect()
    }
}
