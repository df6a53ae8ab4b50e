//! What stands in the cluster: the group's offsets, read and set, and where partitions end.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::AdminOptions;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::{ASK, Cluster, Names, block_on};

impl Cluster {
    /// What the group committed, by partition.
    pub fn committed(&self, names: &Names, partitions: i32) -> BTreeMap<i32, i64> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.direct)
            .set("group.id", &names.group)
            .set("isolation.level", "read_committed")
            .create()
            .expect("a consumer");
        let mut list = TopicPartitionList::new();
        list.add_partition_range(&names.input, 0, partitions - 1);
        let committed = consumer.committed_offsets(list, ASK).expect("committed offsets");
        let offset = |offset| match offset {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        };
        committed
            .elements()
            .iter()
            .filter_map(|element| Some((element.partition(), offset(element.offset())?)))
            .collect()
    }

    /// What the group committed, by partition, with the text beside it.
    pub fn offsets(&self, names: &Names, partitions: i32) -> BTreeMap<i32, (i64, String)> {
        let mut list = TopicPartitionList::new();
        list.add_partition_range(&names.input, 0, partitions - 1);
        let committed = self.group(names).committed_offsets(list, ASK).expect("committed offsets");
        let known = committed.elements().into_iter().filter_map(|element| match element.offset() {
            Offset::Offset(offset) => Some((element.partition(), (offset, element.metadata().to_owned()))),
            _ => None,
        });
        known.collect()
    }

    /// Commits for a group without members.
    pub fn commit(&self, names: &Names, offsets: &BTreeMap<i32, (i64, String)>) {
        let mut list = TopicPartitionList::new();
        for (&partition, (offset, text)) in offsets {
            let mut element = list.add_partition(&names.input, partition);
            element.set_offset(Offset::Offset(*offset)).expect("an offset");
            element.set_metadata(text);
        }
        let group = self.group(names);
        // The coordinator hears of a new topic, and of members that left, a moment later than others.
        let committed = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(100));
            group.commit(&list, CommitMode::Sync).is_ok()
        });
        assert!(committed, "the group takes no offsets");
        std::thread::sleep(Duration::from_millis(500));
        assert_eq!(self.offsets(names, i32::try_from(offsets.len()).expect("few")), *offsets, "the offsets went again");
    }

    fn group(&self, names: &Names) -> BaseConsumer {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.direct).set("group.id", &names.group);
        config.set("isolation.level", "read_committed").create().expect("a consumer")
    }

    /// Deletes a group without members.
    pub fn forget_group(&self, names: &Names) {
        let deleted = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(100));
            let deleted = block_on(self.admin.delete_groups(&[&names.group], &AdminOptions::new()));
            deleted.is_ok_and(|groups| groups.iter().all(Result::is_ok))
        });
        assert!(deleted, "the group is not deleted");
    }

    /// Does a transaction stand open in the topic: is its last stable offset behind its end?
    pub fn is_open(&self, topic: &str, partitions: i32) -> bool {
        self.ends(topic, partitions).iter().any(|(stable, end)| stable < end)
    }

    /// Last stable offset and end of each partition.
    pub fn ends(&self, topic: &str, partitions: i32) -> Vec<(i64, i64)> {
        let ends = |isolation: &str| -> Option<Vec<i64>> {
            let consumer: BaseConsumer = ClientConfig::new()
                .set("bootstrap.servers", &self.direct)
                .set("group.id", "faults-ends")
                .set("isolation.level", isolation)
                .create()
                .ok()?;
            (0..partitions).map(|partition| Some(consumer.fetch_watermarks(topic, partition, ASK).ok()?.1)).collect()
        };
        let (stable, all) = (ends("read_committed"), ends("read_uncommitted"));
        stable.unwrap_or_default().into_iter().zip(all.unwrap_or_default()).collect()
    }
}
