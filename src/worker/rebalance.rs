//! A lane's membership of the group: which partitions are its own, and what to discard when they are revoked.
//!
//! Rebalances run inside the poll of *gather*, the only place that polls, so none ever meets an open transaction. A
//! revoked partition needs no commit: what was gathered of it is discarded, and its new owner reads it again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::TopicPartitionList;
use serde::Deserialize;
use tracing::debug;

use crate::telemetry::{LaneHealth, events};

use super::context::log;
use super::lag::{PartitionStatistics, Progress};
use super::partition::{Partition, TopicName};
use super::positions::Positions;

/// The consumer's side of a lane.
#[derive(Debug)]
pub(super) struct Membership {
    lane: String,
    topic: TopicName,
    health: Arc<LaneHealth>,
    state: Mutex<MembershipState>,
    positions: Positions,
    /// A broker has refused a login.
    login_refused: AtomicBool,
    /// The lane has emptied its queue since the last statistics.
    emptied: AtomicBool,
    /// The lane has gone back, and not polled since: statistics that come now are from before.
    rewound: AtomicBool,
    /// The lane leaves the group: statistics that come now are of the time before.
    left: AtomicBool,
}

#[derive(Debug, Default)]
struct MembershipState {
    assigned: BTreeSet<Partition>,
    joined: bool,
    /// Partitions revoked since they were last asked for.
    revoked: BTreeSet<Partition>,
    /// Counts assignments that brought something.
    assignments: u64,
    progress: Progress,
    /// Statistics in a row that found the group stable.
    steady: u32,
}

/// So many statistics in a row find the group stable before what this lane does not have any more counts as another's: a
/// first assignment may be empty, and a second one follow at once.
const STABLE: u32 = 3;

impl Membership {
    pub(super) fn new(lane: String, topic: TopicName, health: Arc<LaneHealth>) -> Membership {
        Membership {
            lane,
            topic,
            health,
            state: Mutex::default(),
            positions: Positions::default(),
            login_refused: AtomicBool::new(false),
            emptied: AtomicBool::new(false),
            rewound: AtomicBool::new(false),
            left: AtomicBool::new(false),
        }
    }

    /// How the assigned partitions stand.
    pub(super) fn positions(&self) -> &Positions {
        &self.positions
    }

    fn state(&self) -> MutexGuard<'_, MembershipState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Partitions revoked since the last call.
    pub(super) fn take_revoked(&self) -> BTreeSet<Partition> {
        std::mem::take(&mut self.state().revoked)
    }

    /// Has the group answered at least once?
    pub(super) fn joined(&self) -> bool {
        self.state().joined
    }

    /// Has the lane partitions?
    pub(super) fn has_partitions(&self) -> bool {
        !self.state().assigned.is_empty()
    }

    /// How often partitions came.
    pub(super) fn assignments(&self) -> u64 {
        self.state().assignments
    }

    /// Has a broker ever refused a login? (librdkafka does not report the same thing twice.)
    pub(super) fn login_refused(&self) -> bool {
        self.login_refused.load(Relaxed)
    }

    /// Remembers what was committed: the lag counts from there.
    pub(super) fn committed(&self, next: BTreeMap<Partition, i64>) {
        self.state().progress.committed(next);
    }

    /// Remembers what was gathered: for each partition the offset after the last article.
    pub(super) fn gathered(&self, next: BTreeMap<Partition, i64>) {
        self.state().progress.gathered(next);
    }

    /// This session of the lane is over, and its consumer is to be closed.
    pub(super) fn leave(&self) {
        self.left.store(true, Relaxed);
        self.health.set_assignment_stable(false);
        self.health.lags().lane_restarted(self.health.number());
    }

    /// The lane has polled; `emptied`: until nothing was left, so that all that was fetched before is gathered.
    pub(super) fn polled(&self, emptied: bool) {
        self.rewound.store(false, Relaxed);
        if emptied {
            self.emptied.store(true, Relaxed);
        }
    }

    /// The queue was thrown away, to be filled again from the committed offsets.
    pub(super) fn rewound(&self) {
        self.rewound.store(true, Relaxed);
        self.state().progress.rewound();
    }

    /// What statistics say of an assigned partition.
    fn measure(&self, progress: &mut Progress, partition: Partition, numbers: &PartitionStatistics, emptied: bool) {
        let (topic, number) = (partition.topic.as_str(), partition.number);
        if let Some(standing) = progress.standing(partition, numbers, emptied)
            && let Some(lag) = self.health.lags().set(topic, number, standing)
        {
            self.health.set_lag(number, lag);
        }
        if numbers.ls_offset >= 0 && numbers.hi_offset >= 0 {
            events::ends(topic, number, numbers.ls_offset, numbers.hi_offset);
        }
    }

    fn assign(&self, list: &TopicPartitionList) {
        let partitions = partitions(list);
        let mut state = self.state();
        state.joined = true;
        if partitions.is_empty() {
            return;
        }
        state.assignments += 1;
        self.positions.assigned(&partitions);
        state.assigned.extend(&partitions);
        self.health.set_partitions(state.assigned.iter().map(|partition| partition.number).collect());
        self.health.lags().assigned(self.health.number(), &numbers(&partitions));
        events::assigned(&self.lane, &numbers(&partitions), state.assigned.len());
    }

    fn revoke(&self, list: &TopicPartitionList, lost: bool) {
        let partitions = partitions(list);
        if partitions.is_empty() {
            return;
        }
        self.positions.revoked(&partitions);
        let mut state = self.state();
        for partition in &partitions {
            state.assigned.remove(partition);
            state.progress.forget(*partition);
        }
        state.revoked.extend(&partitions);
        state.steady = 0;
        self.health.set_assignment_stable(false);
        self.health.set_partitions(state.assigned.iter().map(|partition| partition.number).collect());
        self.health.lags().revoked(self.health.number(), &numbers(&partitions));
        events::revoked(&self.lane, self.topic.as_str(), &numbers(&partitions), state.assigned.len(), lost);
    }
}

fn partitions(list: &TopicPartitionList) -> Vec<Partition> {
    list.elements().iter().map(Partition::of).collect()
}

/// As telemetry names partitions: it knows one input topic.
fn numbers(partitions: &[Partition]) -> Vec<i32> {
    partitions.iter().map(|partition| partition.number).collect()
}

impl ConsumerContext for Membership {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Revoke(list) => self.revoke(list, consumer.assignment_lost()),
            Rebalance::Assign(list) => self.assign(list),
            Rebalance::Error(error) => events::broker_error(&self.lane, "consumer", &error.to_string()),
        }
    }
}

impl ClientContext for Membership {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        if facility == "OFFSET" {
            self.positions.position_reset();
        }
        log(level, "consumer", facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::Authentication) {
            self.login_refused.store(true, Relaxed);
        }
        // The same error comes out of poll, where it is judged.
        debug!(target: "librdkafka", lane = self.lane, "{error}: {reason}");
    }

    fn stats_raw(&self, statistics: &[u8]) {
        if self.left.load(Relaxed) {
            return;
        }
        let Ok(statistics) = serde_json::from_slice::<Statistics>(statistics) else { return };
        let mut state = self.state();
        let steady = statistics.cgrp.is_some_and(|group| group.join_state == "steady");
        state.joined |= steady;
        state.steady = if steady { state.steady.saturating_add(1) } else { 0 };
        self.health.set_assignment_stable(state.steady >= STABLE);
        if state.steady >= STABLE {
            self.health.lags().forget_unowned(self.topic.as_str(), self.health.number());
        }
        if statistics.brokers.values().any(|broker| broker.state == "UP") {
            events::brokers_up(&self.lane);
        }
        let emptied = self.emptied.swap(false, Relaxed);
        for (name, topic) in &statistics.topics {
            let name = TopicName::new(name);
            for (number, numbers) in &topic.partitions {
                let Ok(number) = number.parse::<i32>() else { continue };
                let partition = Partition { topic: name, number };
                if state.assigned.contains(&partition) {
                    self.measure(&mut state.progress, partition, numbers, emptied);
                }
            }
        }
        if self.rewound.load(Relaxed) {
            state.progress.rewound();
        }
    }
}

/// The few of librdkafka's statistics that are read.
#[derive(Debug, Deserialize)]
struct Statistics {
    #[serde(default)]
    brokers: HashMap<String, BrokerStatistics>,
    #[serde(default)]
    topics: HashMap<String, TopicStatistics>,
    cgrp: Option<GroupStatistics>,
}

#[derive(Debug, Deserialize)]
struct BrokerStatistics {
    state: String,
}

#[derive(Debug, Deserialize)]
struct TopicStatistics {
    partitions: HashMap<String, PartitionStatistics>,
}

#[derive(Debug, Deserialize)]
struct GroupStatistics {
    join_state: String,
}
