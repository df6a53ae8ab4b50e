//! Partitions of other processes in which articles wait and nothing is committed.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Such a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Its number in the input.
    pub partition: i32,
    /// Offsets from what is committed to the end.
    pub lag: i64,
    /// Since when nothing was committed, as far as this process has seen.
    pub since: Instant,
    /// Whose it is in the group.
    pub owner: Owner,
}

/// Whose a partition is in the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A member's: its client id and host.
    Member(String),
    /// Nobody's.
    Nobody,
    /// The coordinator does not say.
    Unknown,
}

impl Unread {
    /// In words, for a log line and for `/readyz`.
    pub fn in_words(&self) -> String {
        let (partition, lag, silence) = (self.partition, self.lag, self.since.elapsed().as_secs());
        let owner = match &self.owner {
            Owner::Member(owner) => format!(
                "; its owner in the group is {owner}: if that is dead, the group waits for it until its session ends"
            ),
            Owner::Nobody => "; it has no owner in the group".to_owned(),
            Owner::Unknown => String::new(),
        };
        format!("partition {partition} has been read by nobody for {silence} s, with {lag} offsets to read{owner}")
    }
}

/// All of them as of now.
#[derive(Debug, Default)]
pub(super) struct UnreadPartitions(Mutex<Vec<Unread>>);

impl UnreadPartitions {
    pub(super) fn set(&self, unread: Vec<Unread>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = unread;
    }

    /// A line for each.
    pub(super) fn lines(&self) -> String {
        let unread = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        unread.iter().map(|unread| unread.in_words() + "\n").collect()
    }
}
