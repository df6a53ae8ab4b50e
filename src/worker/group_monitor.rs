//! Monitors the partitions of the group that no lane of this process owns.
//!
//! The owner of a partition reports its lag. The partitions of a member that died have no owner until its session ends or it
//! comes back, and of those nobody would hear. So every process looks at the group's committed offsets and at the ends of
//! the input's partitions, reports the lag of those that are not its own, and says which of them nobody reads.
//!
//! Whether a member is dead nobody knows before its session ends. What can be seen is that articles wait and nothing is
//! committed. An offset is no article yet: a partition that transactions write ends in a control record. So where nothing
//! moves, the partition is read for a moment.
//!
//! A partition that the group gives to nobody is repaired. It comes of a topic that grew while the group's leader was away: a
//! static member that comes back is given what it had, nobody looks at the topic, and no rebalance follows (KIP-814). So
//! one lane leaves the group and joins it again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::Offset;
use tracing::debug;

use crate::config::Stream;
use crate::telemetry::{Health, PartitionOwner, UnreadPartition, events};

use super::clients;
use super::context::CommandContext;
use super::group::{Group, describe};
use super::group_offsets::{GroupPosition, group_positions, list, partitions};
use super::ids;
use super::login::LoggedIn;
use super::partition::Partition;
use super::stop::Stop;

/// The pause between two looks.
const EVERY: Duration = Duration::from_secs(3);
/// Nothing was committed for so long: said then. Longer than a lane takes for a batch, unless its articles are extraordinary.
const SILENCE: Duration = Duration::from_secs(8);
/// Said again while it lasts.
const REMIND: Duration = Duration::from_secs(60);
/// How long a question may take.
const ASK: Duration = Duration::from_secs(5);

/// The lane that is asked to leave the group and join it again.
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

/// What the monitor works by, and whom it reports to.
pub(super) struct MonitorConfig {
    pub(super) stream: Stream,
    pub(super) stop: Stop,
    pub(super) health: Arc<Health>,
    pub(super) rejoin: Rejoin,
}

/// Starts the monitor, on a thread of its own.
///
/// # Errors
/// Where the system gives no thread.
pub(super) fn start(config: MonitorConfig) -> std::io::Result<()> {
    std::thread::Builder::new().name("group-monitor".to_owned()).spawn(move || run(&config))?;
    Ok(())
}

fn run(config: &MonitorConfig) {
    let mut monitor: Option<GroupMonitor<'_>> = None;
    loop {
        if monitor.is_none() {
            let client = LoggedIn::new(&clients::watcher(&config.stream), CommandContext::default(), &config.stream);
            monitor =
                client.ok().map(|consumer| GroupMonitor { config, consumer, seen: BTreeMap::new(), ownerless: 0 });
        }
        // Brokers that don't answer are reported by the lanes.
        if let Some(monitor) = &mut monitor
            && let Err(error) = monitor.look()
        {
            debug!("monitoring the group: {error}");
        }
        if config.stop.pause(EVERY) {
            return;
        }
    }
}

struct GroupMonitor<'a> {
    config: &'a MonitorConfig,
    consumer: LoggedIn<BaseConsumer<CommandContext>>,
    seen: BTreeMap<Partition, Seen>,
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
    /// When it was last reported as unread.
    reported: Option<Instant>,
}

impl GroupMonitor<'_> {
    fn look(&mut self) -> Result<(), KafkaError> {
        let mut others = partitions(&self.consumer, &self.config.stream.input)?;
        others.retain(|&partition| !self.is_ours(partition));
        let gone = self.seen.extract_if(.., |partition, _| !others.contains(partition));
        for (partition, _) in gone.filter(|(_, seen)| seen.reported.is_some()) {
            events::read_again(partition.topic.as_str(), partition.number);
        }
        let positions = group_positions(&self.consumer, &others, ASK)?;
        let mut waiting = BTreeMap::new();
        for (partition, position) in positions {
            let lag = self.lag(partition, position);
            // It may have become ours meanwhile; then its lane reports.
            if !self.is_ours(partition) {
                events::lag(partition.topic.as_str(), partition.number, lag);
            }
            // At the first look nothing can be said of what moves.
            let since = self.seen.get(&partition).map(|seen| seen.since).filter(|since| since.elapsed() >= EVERY / 2);
            if let Some(since) = since.filter(|_| lag > 0) {
                let unread =
                    UnreadPartition { partition: partition.number, lag, since, owner: PartitionOwner::Unknown };
                waiting.insert(partition, unread);
            }
        }
        let group = if waiting.is_empty() { None } else { describe(&self.consumer, &self.config.stream.group, ASK) };
        for (&partition, unread) in &mut waiting {
            unread.owner = group.as_ref().map_or(PartitionOwner::Unknown, |group| group.owner(partition));
        }
        let has_ownerless = waiting.values().any(|unread| unread.owner == PartitionOwner::Nobody);
        self.ask_to_rejoin(group.filter(|_| has_ownerless));
        waiting.retain(|_, unread| unread.since.elapsed() >= SILENCE);
        self.report(waiting);
        Ok(())
    }

    /// A partition without an owner gets none in a stable group before the next rebalance. One lane sees to that: the first
    /// member's. Twice in a row, so that nothing is asked of a group that is stable between two rebalances only.
    fn ask_to_rejoin(&mut self, ownerless: Option<Group>) {
        let Some(group) = ownerless.filter(|group| group.is_stable) else {
            self.ownerless = 0;
            return;
        };
        self.ownerless += 1;
        if self.ownerless < 2 {
            return;
        }
        self.ownerless = 0;
        let stream = &self.config.stream;
        let first = (0..stream.lanes).find(|&lane| group.is_first(&ids::transactional_id(stream, lane)));
        if let Some(lane) = first {
            self.config.rejoin.ask(lane);
        }
    }

    fn is_ours(&self, partition: Partition) -> bool {
        self.config.health.lanes().iter().any(|lane| lane.partitions().contains_key(&partition.number))
    }

    /// Records between committed offset and end; 0 where they are control records only. Remembers since when nothing moves.
    fn lag(&mut self, partition: Partition, position: GroupPosition) -> i64 {
        let (next, end) = (position.next(), position.end);
        let lag = (end - next).max(0);
        let now = Instant::now();
        let seen = self.seen.entry(partition).or_insert(Seen { next, end, since: now, waits: None, reported: None });
        if seen.next != next || lag == 0 {
            *seen = Seen { next, end, since: now, waits: None, reported: seen.reported };
            return lag;
        }
        if seen.end != end && seen.waits != Some(true) {
            seen.waits = None;
        }
        seen.end = end;
        if seen.waits.is_none() {
            let waits = peek(&self.consumer, partition, next);
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
    fn report(&mut self, unread: BTreeMap<Partition, UnreadPartition>) {
        for (partition, seen) in &mut self.seen {
            match (unread.get(partition), seen.reported) {
                (Some(unread), reported) if reported.is_none_or(|reported| reported.elapsed() >= REMIND) => {
                    events::unread(partition.topic.as_str(), unread);
                    seen.reported = Some(Instant::now());
                }
                (None, Some(_)) => {
                    events::read_again(partition.topic.as_str(), partition.number);
                    seen.reported = None;
                }
                _ => {}
            }
        }
        self.config.health.set_unread(unread.into_values().collect());
    }
}

/// Is there an article to be read at `next`? `None`: the broker has not said.
fn peek(consumer: &BaseConsumer<CommandContext>, partition: Partition, next: i64) -> Option<bool> {
    consumer.assign(&list([(partition, Offset::Offset(next))]).ok()?).ok()?;
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
