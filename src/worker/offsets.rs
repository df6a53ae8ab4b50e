//! The group's offsets, looked at and set: `copydesk offsets`, and what `check` says of them.
//!
//! Offsets are set as Kafka's own tools do it: by a client that is no member of the group, which the coordinator allows
//! only while the group has no members.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::Offset;
use thiserror::Error;

use crate::config::Stream;

use super::clients;
use super::context::CommandContext;
use super::failure::{KafkaTrouble, in_words};
use super::group_offsets::{committed, list, topic_id, why_no_offset};
use super::login::LoggedIn;
use super::offset_metadata::OffsetMetadata;
use super::partition::Partition;
use super::positions::{Facts, Verdict, judge};
use super::reader::Snapshot;
use super::topic_id::TopicId;
use super::transaction::is_stale_member;

/// A partition of the input, and where the group stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its number.
    pub partition: i32,
    /// Its first offset.
    pub begin: i64,
    /// The offset after its last record, open transactions included.
    pub end: i64,
    /// The group's offset: the next record to be read.
    pub committed: Option<i64>,
    /// Why a worker can't go on there by itself, in words.
    pub doubt: Option<String>,
    /// Offsets that retention deleted before they were read.
    pub lost: u64,
}

/// The input topic and the group's offsets in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// The topic's id, where the brokers give it one.
    pub topic: Option<TopicId>,
    /// Every partition, by number.
    pub places: Vec<Place>,
}

/// Why offsets were not set.
#[derive(Debug, Error)]
pub enum Unset {
    /// The group has members.
    #[error(
        "group `{0}` has members: stop its workers first. Kafka takes offsets from others only while a group is empty, and counts \
         a worker that was killed until its session has ended (45 s by default)"
    )]
    Members(String),
    /// Anything else.
    #[error(transparent)]
    Trouble(#[from] KafkaTrouble),
}

/// Looks at every partition, and judges each as a worker would that starts now.
///
/// # Errors
/// Where no broker answers within `timeout`, or the input topic is missing or denied.
pub fn look(stream: &Stream, timeout: Duration) -> Result<Ledger, KafkaTrouble> {
    let snapshot = Snapshot::take(stream, &stream.input, None, timeout)?;
    let consumer = client(stream)?;
    let topic = topic_id(&consumer, &stream.input, timeout)?;
    let trouble =
        |error: &KafkaError| KafkaTrouble::new(format!("asking for the offsets of `{}`", stream.group), error);
    let partitions: Vec<Partition> =
        snapshot.spans().keys().map(|&number| Partition::new(&stream.input, number)).collect();
    let offsets = committed(&consumer, &partitions, timeout).map_err(|error| trouble(&error))?;
    // Asked once more, after the offsets: beside workers both grow, and an end of before may lie below an offset of now.
    let snapshot = Snapshot::take(stream, &stream.input, None, timeout)?;
    let no_offset = if offsets.len() < partitions.len() {
        Some(why_no_offset(&consumer, stream, &offsets, topic.as_ref()).map_err(|error| trouble(&error))?)
    } else {
        None
    };
    let mut places = Vec::new();
    for (&partition, &(begin, end)) in snapshot.spans() {
        let known = offsets.get(&Partition::new(&stream.input, partition));
        let committed = match (known, no_offset) {
            (Some(known), _) => Ok(known),
            (None, Some(reason)) => Err(reason),
            (None, None) => continue,
        };
        let facts = Facts { topic: topic.as_ref(), committed, next: None, first: None, span: Some((begin, end)) };
        let (doubt, lost) = match judge(facts) {
            Verdict::Go => (None, 0),
            Verdict::Lost { from, to } => (None, u64::try_from(to - from).unwrap_or(0)),
            Verdict::Stall(doubt) => (Some(doubt.to_string()), 0),
        };
        places.push(Place { partition, begin, end, committed: known.map(|known| known.offset), doubt, lost });
    }
    Ok(Ledger { topic, places })
}

/// Commits offsets for the group, by partition, as offsets of the topic as it is now.
///
/// # Errors
/// Where the group has members, no broker answers, or this user may not do this. Then none is set.
pub fn set(stream: &Stream, ledger: &Ledger, offsets: &BTreeMap<i32, i64>) -> Result<(), Unset> {
    let doing = || format!("setting the offsets of group `{}`", stream.group);
    let consumer = client(stream)?;
    let places =
        offsets.iter().map(|(&number, &offset)| (Partition::new(&stream.input, number), Offset::Offset(offset)));
    let list = list(places).map_err(|error| KafkaTrouble::new(doing(), &error))?;
    let metadata = OffsetMetadata { topic: ledger.topic.clone(), beyond_end: false };
    list.elements().iter_mut().for_each(|element| element.set_metadata(metadata.text()));
    match consumer.commit(&list, CommitMode::Sync) {
        Ok(()) => Ok(()),
        Err(KafkaError::ConsumerCommit(code)) if is_stale_member(code) => Err(Unset::Members(stream.group.clone())),
        Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::NoOffset)) => Ok(()),
        Err(error) => Err(KafkaTrouble { doing: doing(), what: in_words(&error) }.into()),
    }
}

/// A client that joins no group. It is given no offset that belongs to an open transaction.
fn client(stream: &Stream) -> Result<LoggedIn<BaseConsumer<CommandContext>>, KafkaTrouble> {
    Ok(LoggedIn::new(&clients::reader(stream), CommandContext::default(), stream)?)
}
