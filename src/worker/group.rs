//! Who is in the group, as its coordinator describes it.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};

use crate::telemetry::PartitionOwner;

use super::partition::{Partition, TopicName};

/// The members of a group, each with its partitions.
pub(super) struct Group {
    members: Vec<Member>,
    /// No rebalance is under way.
    pub(super) is_stable: bool,
}

struct Member {
    client: String,
    host: String,
    partitions: Vec<Partition>,
}

impl Group {
    /// Whose the partition is.
    pub(super) fn owner(&self, partition: Partition) -> PartitionOwner {
        let owner = self.members.iter().find(|member| member.partitions.contains(&partition));
        owner.map_or(PartitionOwner::Nobody, |member| {
            PartitionOwner::Member(format!("`{}` at {}", member.client, member.host))
        })
    }

    /// Is a client the first one of the members, by client id?
    pub(super) fn is_first(&self, client: &str) -> bool {
        self.members.iter().map(|member| member.client.as_str()).min() == Some(client)
    }
}

/// Asks the coordinator. `None`: it does not answer, or may not.
pub(super) fn describe<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    group: &str,
    timeout: Duration,
) -> Option<Group> {
    let list = consumer.fetch_group_list(Some(group), timeout).ok()?;
    let found = list.groups().iter().find(|found| found.name() == group)?;
    let members = found.members().iter().map(|member| Member {
        client: member.client_id().to_owned(),
        host: member.client_host().trim_start_matches('/').to_owned(),
        partitions: member.assignment().and_then(assigned).unwrap_or_default(),
    });
    Some(Group { members: members.collect(), is_stable: found.state() == "Stable" })
}

/// The partitions of an assignment: version, then topics with their partitions (Kafka's
/// `ConsumerProtocolAssignment`, all numbers big-endian).
fn assigned(bytes: &[u8]) -> Option<Vec<Partition>> {
    let mut rest = Bytes(bytes);
    rest.take(2)?;
    let mut found = Vec::new();
    for _ in 0..rest.number()? {
        let length: [u8; 2] = rest.take(2)?.try_into().ok()?;
        let name = rest.take(usize::from(u16::from_be_bytes(length)))?;
        let topic = TopicName::new(std::str::from_utf8(name).ok()?);
        for _ in 0..rest.number()? {
            found.push(Partition { topic, number: rest.number()? });
        }
    }
    Some(found)
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<i32> {
        self.take(4)?.try_into().ok().map(i32::from_be_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_is_read_and_a_short_one_is_not() {
        let bytes = b"\0\x01\0\0\0\x02\0\x01a\0\0\0\x01\0\0\0\x07\0\x02bb\0\0\0\x02\0\0\0\0\0\0\0\x03\xff\xff\xff\xff";
        let all = [Partition::new("a", 7), Partition::new("bb", 0), Partition::new("bb", 3)];
        assert_eq!(assigned(bytes).as_deref(), Some(&all[..]));
        assert_eq!(assigned(&bytes[..20]), None);
        assert_eq!(assigned(b""), None);
    }
}
