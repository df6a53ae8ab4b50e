//! The latest dead letters of this process: coordinates and code, never a payload. A ring of fixed size, for the admin
//! page; all of them are in the dead-letter topic.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// How many are kept.
pub const KEPT: usize = 50;

/// One dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentRefusal {
    /// When its batch was committed.
    pub at: SystemTime,
    /// The input topic's partition.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
    /// Why, as a stable code.
    pub code: &'static str,
}

/// The ring; all lanes write to it, each for an instant.
#[derive(Debug, Default)]
pub struct RecentRefusals(Mutex<VecDeque<RecentRefusal>>);

impl RecentRefusals {
    /// Adds one; the oldest goes where the ring is full.
    pub fn push(&self, refusal: RecentRefusal) {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ring.len() >= KEPT {
            ring.pop_back();
        }
        ring.push_front(refusal);
    }

    /// The latest first.
    pub fn latest(&self) -> Vec<RecentRefusal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_keeps_the_latest() {
        let ring = RecentRefusals::default();
        for offset in 0..KEPT as i64 + 3 {
            ring.push(RecentRefusal { at: SystemTime::UNIX_EPOCH, partition: 0, offset, code: "no_body" });
        }
        let offsets: Vec<i64> = ring.latest().iter().map(|refusal| refusal.offset).collect();
        assert_eq!(offsets.len(), KEPT);
        assert_eq!(offsets.first(), Some(&(KEPT as i64 + 2)));
        assert_eq!(offsets.last(), Some(&3));
    }
}
