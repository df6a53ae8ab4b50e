//! Questions about partitions that more than one file asks: the group's offsets, where partitions begin and end, a topic's
//! id; and going back to the group's offsets.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList, TopicPartitionListElem};

use crate::config::Stream;

use super::context::CommandContext;
use super::failure::{Failure, KafkaTrouble};
use super::login::LoggedIn;
use super::offset_metadata::OffsetMetadata;
use super::partition::Partition;
use super::positions::{Committed, NoOffset};
use super::rebalance::Membership;
use super::topic_id::{Question, TopicId};
use super::topics::ASK;

/// Partitions with offsets, as librdkafka takes them.
pub(super) fn list(places: impl IntoIterator<Item = (Partition, Offset)>) -> Result<TopicPartitionList, KafkaError> {
    let mut list = TopicPartitionList::new();
    for (partition, offset) in places {
        list.add_partition_offset(partition.topic.as_str(), partition.number, offset)?;
    }
    Ok(list)
}

/// The same offset for each of some partitions.
pub(super) fn list_all(partitions: &[Partition], offset: Offset) -> Result<TopicPartitionList, KafkaError> {
    list(partitions.iter().map(|&partition| (partition, offset)))
}

/// A topic's id, waited for.
pub(super) fn topic_id<C: ConsumerContext + 'static>(
    consumer: &LoggedIn<BaseConsumer<C>>,
    topic: &str,
    timeout: Duration,
) -> Result<Option<TopicId>, KafkaTrouble> {
    let trouble = |what: String| KafkaTrouble { doing: format!("asking for the id of topic `{topic}`"), what };
    let question = Question::ask(consumer.client(), topic).ok_or_else(|| trouble("it can't have this name".into()))?;
    match question.answer(timeout) {
        Some(answer) => answer.map_err(|code| trouble(code.to_string())),
        None => Err(trouble("no answer in time".to_owned())),
    }
}

/// The group's offsets of these partitions, where it has any.
pub(super) fn committed<C: ConsumerContext + 'static>(
    consumer: &LoggedIn<BaseConsumer<C>>,
    partitions: &[Partition],
    timeout: Duration,
) -> Result<BTreeMap<Partition, Committed>, KafkaError> {
    let asked = list_all(partitions, Offset::Invalid)?;
    let mut found = BTreeMap::new();
    for element in consumer.committed_offsets(asked, timeout)?.elements() {
        element.error()?;
        if let Offset::Offset(offset) = element.offset() {
            found.insert(Partition::of(&element), Committed { offset, metadata: metadata(&element) });
        }
    }
    Ok(found)
}

/// The text beside an offset. rdkafka panics where it is not UTF-8; such a text is another tool's.
fn metadata(element: &TopicPartitionListElem<'_>) -> OffsetMetadata {
    catch_unwind(AssertUnwindSafe(|| OffsetMetadata::read(element.metadata()))).unwrap_or_default()
}

/// Why the group has no offset of a partition. `offsets`: those of other partitions that are known already.
///
/// The output is looked at before the offsets of other partitions: another lane publishes both in one transaction.
pub(super) fn why_no_offset<C: ConsumerContext + 'static>(
    consumer: &LoggedIn<BaseConsumer<C>>,
    stream: &Stream,
    offsets: &BTreeMap<Partition, Committed>,
    topic: Option<&TopicId>,
) -> Result<NoOffset, KafkaError> {
    let judged = |known: &Committed| match (&known.metadata.topic, topic) {
        (Some(written), Some(now)) if written != now => NoOffset::TopicRecreated,
        _ => NoOffset::PartitionAdded,
    };
    if let Some(known) = offsets.values().next() {
        return Ok(judged(known));
    }
    let mut is_empty = true;
    for partition in partitions(consumer, &stream.output)? {
        is_empty &= consumer.fetch_watermarks(&stream.output, partition.number, ASK)?.1 <= 0;
    }
    if is_empty {
        return Ok(NoOffset::FirstStart);
    }
    // One by one: those of a busy lane are not answered while its transaction is open, which is most of the time for one of many.
    for partition in partitions(consumer, &stream.input)? {
        if let Some(known) = committed(consumer, &[partition], ASK)?.values().next() {
            return Ok(judged(known));
        }
    }
    Ok(NoOffset::Expired)
}

/// A topic's partitions; none where it is not there.
pub(super) fn partitions<C: ConsumerContext + 'static>(
    consumer: &LoggedIn<BaseConsumer<C>>,
    topic: &str,
) -> Result<Vec<Partition>, KafkaError> {
    let metadata = consumer.fetch_metadata(Some(topic), ASK)?;
    let found = metadata.topics().iter().find(|found| found.name() == topic);
    let numbers = found.map(|found| found.partitions().iter().map(|partition| partition.id()));
    Ok(numbers.into_iter().flatten().map(|number| Partition::new(topic, number)).collect())
}

/// Where the group stands in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GroupPosition {
    /// The group's offset, where it has one.
    pub(super) committed: Option<i64>,
    /// The first offset that there is.
    pub(super) first: i64,
    /// The end of what may be read: the last stable offset.
    pub(super) end: i64,
}

impl GroupPosition {
    /// The next offset to be read, as the group has committed it; else the first that there is.
    pub(super) fn next(&self) -> i64 {
        self.committed.unwrap_or(self.first)
    }

    /// The same, retention considered: what it has deleted is not to be read any more.
    pub(super) fn next_readable(&self) -> i64 {
        self.next().max(self.first)
    }
}

/// Where the group stands in partitions, asked by a client that is no member. Those that no broker speaks for just now are
/// left out.
pub(super) fn group_positions(
    client: &LoggedIn<BaseConsumer<CommandContext>>,
    partitions: &[Partition],
    timeout: Duration,
) -> Result<BTreeMap<Partition, GroupPosition>, KafkaError> {
    if partitions.is_empty() {
        return Ok(BTreeMap::new());
    }
    let answers = |list: &TopicPartitionList| -> BTreeMap<Partition, Option<i64>> {
        let elements = list.elements().into_iter().filter(|element| element.error().is_ok());
        elements
            .map(|element| (Partition::of(&element), element.offset().to_raw().filter(|&offset| offset >= 0)))
            .collect()
    };
    let committed = answers(&client.committed_offsets(list_all(partitions, Offset::Invalid)?, timeout)?);
    let first = answers(&client.offsets_for_times(list_all(partitions, Offset::Beginning)?, timeout)?);
    let ends = answers(&client.offsets_for_times(list_all(partitions, Offset::End)?, timeout)?);
    let position = |partition: &Partition| {
        let (committed, first, end) = (*committed.get(partition)?, *first.get(partition)?, *ends.get(partition)?);
        Some((*partition, GroupPosition { committed, first: first?, end: end? }))
    };
    Ok(partitions.iter().filter_map(position).collect())
}

/// Back to the committed offsets of those of these partitions that are still assigned, so that they are read again. `first`:
/// by partition where the batch began, for those that have no committed offset yet.
pub(super) fn rewind(
    consumer: &LoggedIn<BaseConsumer<Membership>>,
    first: &BTreeMap<Partition, i64>,
) -> Result<(), Failure> {
    let fatal = |error: &KafkaError| Failure::fatal("rewinding to the committed offsets", error);
    let assigned = consumer.assignment().map_err(|error| fatal(&error))?;
    let assigned: Vec<Partition> = assigned.elements().iter().map(Partition::of).collect();
    let assigned: Vec<Partition> = assigned.into_iter().filter(|partition| first.contains_key(partition)).collect();
    if assigned.is_empty() {
        return Ok(());
    }
    let asked = list_all(&assigned, Offset::Invalid).map_err(|error| fatal(&error))?;
    let committed = consumer.committed_offsets(asked, ASK).map_err(|error| fatal(&error))?;
    let mut targets = Vec::with_capacity(assigned.len());
    for element in committed.elements() {
        element.error().map_err(|error| fatal(&error))?;
        let partition = Partition::of(&element);
        let offset = match element.offset() {
            Offset::Offset(offset) => Offset::Offset(offset),
            _ => first.get(&partition).map_or(Offset::Beginning, |&offset| Offset::Offset(offset)),
        };
        targets.push((partition, offset));
    }
    let targets = list(targets).map_err(|error| fatal(&error))?;
    let sought = consumer.seek_partitions(targets, ASK).map_err(|error| fatal(&error))?;
    consumer.context().rewound();
    for element in sought.elements() {
        element.error().map_err(|error| fatal(&error))?;
    }
    consumer.context().positions().rewound(first.keys());
    Ok(())
}
