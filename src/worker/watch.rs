//! Watches the partitions that no lane of this process owns.
//!
//! The owner of a partition tells its lag. The partitions of a member that died have no owner until its session ends or it
//! comes back, and of those nobody would hear. So every process looks at the group's committed offsets and at the ends of
//! the input's partitions, tells the lag of those that are not its own, and says which of them nobody reads.
//!
//! Whether a member is dead nobody knows before its session ends. What can be seen is that articles wait and nothing is
//! committed. An offset is no article yet: a partition that transactions write ends in a control record. So where nothing
//! moves, the partition is read for a moment.
//!
//! A partition that the group gives to nobody is mended. It comes of a topic that grew while the group's leader was away: a
//! static member that comes back is given what it had, nobody looks at the topic, and no rebalance follows (KIP-814). So
//! one lane leaves the group and joins it again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tracing::debug;

use crate::config::Stream;
use crate::telemetry::{Health, PartitionOwner, UnreadPartition, events};

use super::clients;
use super::context::Quiet;
use super::group::{Group, describe};
use super::ids;
use super::login::LoggedIn;
use super::stop::Stop;

/// The pause between two looks.
const EVERY: Duration = Duration::from_secs(3);
/// Nothing was committed for so long: said then. Longer than a lane takes for a batch, unless its articles are extraordinary.
const SILENCE: Duration = Duration::from_secs(8);
/// Said again while it lasts.
const REMIND: Duration = Duration::from_secs(60);
/// How long a question may take.
const ASK: Duration = Duration::from_secs(5);

/// The lane that is asked to join the group anew.
#[derive(Debug, Clone)]
pub(super) struct Rejoin(Arc<AtomicUsize>);

impl Default for Rejoin {
    fn default() -> Rejoin {
        Rejoin(Arc::new(AtomicUsize::new(usize::MAX)))
    }
}

impl Rejoin {
    fn ask(&self, lane: usize) {
        self.0.store(lane, Relaxed);
    }

    /// Is it this lane? Answers so once.
    pub(super) fn is_asked(&self, lane: usize) -> bool {
        self.0.compare_exchange(lane, usize::MAX, Relaxed, Relaxed).is_ok()
    }
}

/// What the watch is told.
pub(super) struct Orders {
    pub(super) stream: Stream,
    pub(super) stop: Stop,
    pub(super) health: Arc<Health>,
    pub(super) rejoin: Rejoin,
}

/// Starts the watch, on a thread of its own.
///
/// # Errors
/// Where the system gives no thread.
pub(super) fn start(orders: Orders) -> std::io::Result<()> {
    std::thread::Builder::new().name("watch".to_owned()).spawn(move || run(&orders))?;
    Ok(())
}

fn run(orders: &Orders) {
    let mut watch: Option<Watch> = None;
    loop {
        if watch.is_none() {
            let client = LoggedIn::new(&clients::watcher(&orders.stream), Quiet::default(), &orders.stream);
            watch = client.ok().map(|consumer| Watch { orders, consumer, seen: BTreeMap::new(), ownerless: 0 });
        }
        // Brokers that don't answer are told of by the lanes.
        if let Some(watch) = &mut watch
            && let Err(error) = watch.look()
        {
            debug!("watching the group: {error}");
        }
        if orders.stop.pause(EVERY) {
            return;
        }
    }
}

struct Watch<'a> {
    orders: &'a Orders,
    consumer: LoggedIn<BaseConsumer<Quiet>>,
    seen: BTreeMap<i32, Seen>,
    /// Looks in a row at which a partition had no owner.
    ownerless: u32,
}

/// A partition as it was seen last.
struct Seen {
    next: i64,
    end: i64,
    /// Since when `next` is the same and articles wait.
    since: Instant,
    /// Is there an article between the two? Asked once for each pair.
    waits: Option<bool>,
    told: Option<Instant>,
}

impl Watch<'_> {
    fn look(&mut self) -> Result<(), KafkaError> {
        let topic = &self.orders.stream.input;
        let metadata = self.consumer.fetch_metadata(Some(topic), ASK)?;
        let found = metadata.topics().iter().find(|found| found.name() == topic);
        let all: Vec<i32> =
            found.map(|found| found.partitions().iter().map(|partition| partition.id()).collect()).unwrap_or_default();
        let others: Vec<i32> = all.iter().copied().filter(|&partition| !self.is_ours(partition)).collect();
        for (partition, _) in
            self.seen.extract_if(.., |partition, seen| !others.contains(partition) && seen.told.is_some())
        {
            events::read_again(topic, partition);
        }
        self.seen.retain(|partition, _| others.contains(partition));
        let committed = self.committed(&others)?;
        let ends = self.offsets(&others, Offset::End)?;
        let mut waiting = Vec::new();
        for partition in others {
            let (Some(&next), Some(&end)) = (committed.get(&partition), ends.get(&partition)) else { continue };
            let lag = self.lag(partition, next, end);
            // It may have become ours meanwhile; then its lane tells.
            if !self.is_ours(partition) {
                events::lag(topic, partition, lag);
            }
            // At the first look nothing can be said of what moves.
            let since = self.seen.get(&partition).map(|seen| seen.since).filter(|since| since.elapsed() >= EVERY / 2);
            if let Some(since) = since.filter(|_| lag > 0) {
                waiting.push(UnreadPartition { partition, lag, since, owner: PartitionOwner::Unknown });
            }
        }
        let group =
            if waiting.is_empty() { None } else { describe(&self.consumer, &self.orders.stream.group, topic, ASK) };
        for unread in &mut waiting {
            unread.owner = group.as_ref().map_or(PartitionOwner::Unknown, |group| group.owner(unread.partition));
        }
        self.mend(group.as_ref(), &waiting);
        waiting.retain(|unread| unread.since.elapsed() >= SILENCE);
        self.tell(waiting);
        Ok(())
    }

    /// A partition without an owner in a group at rest gets none before the next rebalance. One lane sees to that: the first
    /// member's. Twice in a row, so that a group that was just resting is left alone.
    fn mend(&mut self, group: Option<&Group>, waiting: &[UnreadPartition]) {
        let ownerless = waiting.iter().any(|unread| unread.owner == PartitionOwner::Nobody);
        let Some(group) = group.filter(|group| ownerless && group.rests) else {
            self.ownerless = 0;
            return;
        };
        self.ownerless += 1;
        if self.ownerless < 2 {
            return;
        }
        self.ownerless = 0;
        let stream = &self.orders.stream;
        let first = (0..stream.lanes).find(|&lane| group.is_first(&ids::transactional_id(stream, lane)));
        if let Some(lane) = first {
            self.orders.rejoin.ask(lane);
        }
    }

    fn is_ours(&self, partition: i32) -> bool {
        self.orders.health.lanes().iter().any(|lane| lane.partitions().contains_key(&partition))
    }

    /// The next offset to be read of each partition, as the group has committed it; else the first that there is.
    fn committed(&self, partitions: &[i32]) -> Result<BTreeMap<i32, i64>, KafkaError> {
        let topic = &self.orders.stream.input;
        let mut list = TopicPartitionList::new();
        for &partition in partitions {
            list.add_partition(topic, partition);
        }
        if partitions.is_empty() {
            return Ok(BTreeMap::new());
        }
        let answer = self.consumer.committed_offsets(list, ASK)?;
        let mut next = offsets(&answer);
        let without: Vec<i32> = partitions.iter().copied().filter(|partition| !next.contains_key(partition)).collect();
        next.extend(self.offsets(&without, Offset::Beginning)?);
        Ok(next)
    }

    /// The first offset of each partition, or the end of what may be read (the last stable offset).
    fn offsets(&self, partitions: &[i32], which: Offset) -> Result<BTreeMap<i32, i64>, KafkaError> {
        if partitions.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut list = TopicPartitionList::new();
        for &partition in partitions {
            list.add_partition_offset(&self.orders.stream.input, partition, which)?;
        }
        Ok(offsets(&self.consumer.offsets_for_times(list, ASK)?))
    }

    /// Records between the two offsets; 0 where they are control records only. Remembers since when nothing moves.
    fn lag(&mut self, partition: i32, next: i64, end: i64) -> i64 {
        let lag = (end - next).max(0);
        let now = Instant::now();
        let seen = self.seen.entry(partition).or_insert(Seen { next, end, since: now, waits: None, told: None });
        if seen.next != next || lag == 0 {
            *seen = Seen { next, end, since: now, waits: None, told: seen.told };
            return lag;
        }
        if seen.end != end && seen.waits != Some(true) {
            seen.waits = None;
        }
        seen.end = end;
        if seen.waits.is_none() {
            let waits = peek(&self.consumer, &self.orders.stream.input, partition, next);
            if let Some(seen) = self.seen.get_mut(&partition) {
                seen.waits = waits;
                if waits == Some(false) {
                    seen.since = now;
                }
            }
        }
        match self.seen.get(&partition).and_then(|seen| seen.waits) {
            Some(false) => 0,
            _ => lag,
        }
    }

    /// Says which partitions nobody reads, and which are read again.
    fn tell(&mut self, silent: Vec<UnreadPartition>) {
        let topic = &self.orders.stream.input;
        for (partition, seen) in &mut self.seen {
            match (silent.iter().find(|unread| unread.partition == *partition), seen.told) {
                (Some(unread), told) if told.is_none_or(|told| told.elapsed() >= REMIND) => {
                    events::unread(topic, unread);
                    seen.told = Some(Instant::now());
                }
                (None, Some(_)) => {
                    events::read_again(topic, *partition);
                    seen.told = None;
                }
                _ => {}
            }
        }
        self.orders.health.set_unread(silent);
    }
}

/// Is there an article to be read at `next`? `None`: the broker has not said.
fn peek(consumer: &BaseConsumer<Quiet>, topic: &str, partition: i32, next: i64) -> Option<bool> {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, partition, Offset::Offset(next)).ok()?;
    consumer.assign(&list).ok()?;
    let end = Instant::now() + Duration::from_secs(2);
    let mut found = None;
    while found.is_none() && Instant::now() < end {
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(_)) => found = Some(true),
            Some(Err(KafkaError::PartitionEOF(_))) => found = Some(false),
            Some(Err(_)) | None => {}
        }
    }
    let _ = consumer.unassign();
    // What the queue still holds of it must not answer for another partition.
    while consumer.poll(Duration::ZERO).is_some() {}
    found
}

fn offsets(list: &TopicPartitionList) -> BTreeMap<i32, i64> {
    let known = list.elements().into_iter().filter(|element| element.error().is_ok());
    known
        .filter_map(|element| match element.offset() {
            Offset::Offset(offset) => Some((element.partition(), offset)),
            _ => None,
        })
        .collect()
}
