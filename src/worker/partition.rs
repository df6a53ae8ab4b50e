//! A partition of an input topic, and a place in it.
//!
//! A number alone names a partition only within one topic. What a lane keeps by partition (positions, offsets, refusals, lag)
//! is therefore keyed by topic and number, though a lane reads one topic today. Names of topics are interned, so that both
//! types are plain values: as many names are kept as the process has ever read topics.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::TopicPartitionListElem;

/// The name of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TopicName(&'static str);

impl TopicName {
    /// The name, kept for as long as the process runs.
    pub(super) fn new(name: &str) -> TopicName {
        static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = names.get(name) {
            return TopicName(known);
        }
        let kept: &'static str = Box::leak(name.into());
        names.insert(kept);
        TopicName(kept)
    }

    pub(super) fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A partition of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Partition {
    pub(super) topic: TopicName,
    pub(super) number: i32,
}

impl Partition {
    pub(super) fn new(topic: &str, number: i32) -> Partition {
        Partition { topic: TopicName::new(topic), number }
    }

    /// The partition that an element of a list is about.
    pub(super) fn of(element: &TopicPartitionListElem<'_>) -> Partition {
        Partition::new(element.topic(), element.partition())
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.topic, self.number)
    }
}

/// The coordinates of a message: its partition and its offset there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Coordinates {
    pub(super) partition: Partition,
    pub(super) offset: i64,
}

impl Coordinates {
    pub(super) fn of(message: &BorrowedMessage<'_>) -> Coordinates {
        Coordinates { partition: Partition::new(message.topic(), message.partition()), offset: message.offset() }
    }

    /// The offset of the message that follows.
    pub(super) fn next_offset(self) -> i64 {
        self.offset + 1
    }
}

impl fmt::Display for Coordinates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.partition, self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_of_two_topics_with_one_number_are_two() {
        let (raw, more) = (Partition::new("raw", 3), Partition::new("more", 3));
        assert_ne!(raw, more);
        assert_eq!(raw, Partition::new(&String::from("raw"), 3));
        assert!(std::ptr::eq(raw.topic.as_str(), Partition::new(&String::from("raw"), 0).topic.as_str()), "kept once");
        assert_eq!(Coordinates { partition: raw, offset: 7 }.to_string(), "raw/3/7");
    }
}
