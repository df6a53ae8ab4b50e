//! A lane's place in the group: which partitions are its own, and what to forget when they go.
//!
//! Rebalances run inside the poll of *gather*, the only place that polls, so none ever meets an open transaction. A
//! revoked partition needs no commit: what was gathered of it is forgotten, and its new owner reads it again.

use std::collections::{BTreeSet, HashMap};
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
use super::positions::Positions;

/// The consumer's side of a lane.
#[derive(Debug)]
pub(super) struct Membership {
    lane: String,
    topic: String,
    health: Arc<LaneHealth>,
    state: Mutex<State>,
    positions: Positions,
    /// A broker has refused a login.
    refused: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    assigned: BTreeSet<i32>,
    joined: bool,
    /// Partitions revoked since they were last asked for.
    revoked: BTreeSet<i32>,
    /// Counts assignments that brought something.
    assignments: u64,
    /// The next offset to be read, as committed by this lane.
    next: HashMap<i32, i64>,
}

impl Membership {
    pub(super) fn new(lane: String, topic: String, health: Arc<LaneHealth>) -> Membership {
        Membership {
            lane,
            topic,
            health,
            state: Mutex::default(),
            positions: Positions::default(),
            refused: AtomicBool::new(false),
        }
    }

    /// How the assigned partitions stand.
    pub(super) fn positions(&self) -> &Positions {
        &self.positions
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Partitions revoked since the last call.
    pub(super) fn take_revoked(&self) -> BTreeSet<i32> {
        std::mem::take(&mut self.state().revoked)
    }

    /// Has the group answered at least once?
    pub(super) fn joined(&self) -> bool {
        self.state().joined
    }

    /// How often partitions came.
    pub(super) fn assignments(&self) -> u64 {
        self.state().assignments
    }

    /// Has a broker ever refused a login? (librdkafka does not tell the same thing twice.)
    pub(super) fn refused(&self) -> bool {
        self.refused.load(Relaxed)
    }

    /// Remembers what was committed: the lag counts from there.
    pub(super) fn committed(&self, next: impl Iterator<Item = (i32, i64)>) {
        self.state().next.extend(next);
    }

    fn came(&self, list: &TopicPartitionList) {
        let came = partitions(list);
        let mut state = self.state();
        state.joined = true;
        if came.is_empty() {
            return;
        }
        state.assignments += 1;
        self.positions.came(&came);
        state.assigned.extend(&came);
        self.health.set_partitions(state.assigned.iter().copied().collect());
        events::assigned(&self.lane, &came, state.assigned.len());
    }

    fn went(&self, list: &TopicPartitionList, lost: bool) {
        let went = partitions(list);
        if went.is_empty() {
            return;
        }
        self.positions.went(&went);
        let mut state = self.state();
        for partition in &went {
            state.assigned.remove(partition);
            state.next.remove(partition);
        }
        state.revoked.extend(&went);
        self.health.set_partitions(state.assigned.iter().copied().collect());
        events::revoked(&self.lane, &self.topic, &went, state.assigned.len(), lost);
    }
}

fn partitions(list: &TopicPartitionList) -> Vec<i32> {
    list.elements().iter().map(|element| element.partition()).collect()
}

impl ConsumerContext for Membership {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Revoke(list) => self.went(list, consumer.assignment_lost()),
            Rebalance::Assign(list) => self.came(list),
            Rebalance::Error(error) => events::broker_error(&self.lane, "consumer", &error.to_string()),
        }
    }
}

impl ClientContext for Membership {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        if facility == "OFFSET" {
            self.positions.shake();
        }
        log(level, "consumer", facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::Authentication) {
            self.refused.store(true, Relaxed);
        }
        // The same error comes out of poll, where it is judged.
        debug!(target: "librdkafka", lane = self.lane, "{error}: {reason}");
    }

    fn stats_raw(&self, statistics: &[u8]) {
        let Ok(statistics) = serde_json::from_slice::<Statistics>(statistics) else { return };
        let mut state = self.state();
        state.joined |= statistics.cgrp.is_some_and(|group| group.join_state == "steady");
        let Some(topic) = statistics.topics.get(&self.topic) else { return };
        for (partition, numbers) in &topic.partitions {
            let Ok(partition) = partition.parse::<i32>() else { continue };
            if !state.assigned.contains(&partition) {
                continue;
            }
            let end = if numbers.ls_offset >= 0 { numbers.ls_offset } else { numbers.hi_offset };
            let next = state.next.get(&partition).copied().unwrap_or(numbers.committed_offset.max(numbers.lo_offset));
            if end >= 0 && next >= 0 {
                let lag = (end - next).max(0);
                events::lag(&self.topic, partition, lag);
                self.health.set_lag(partition, lag);
            }
            if numbers.ls_offset >= 0 && numbers.hi_offset >= 0 {
                events::ends(&self.topic, partition, numbers.ls_offset, numbers.hi_offset);
            }
        }
    }
}

/// The few of librdkafka's statistics that are read.
#[derive(Debug, Deserialize)]
struct Statistics {
    #[serde(default)]
    topics: HashMap<String, TopicStatistics>,
    cgrp: Option<GroupStatistics>,
}

#[derive(Debug, Deserialize)]
struct TopicStatistics {
    partitions: HashMap<String, PartitionStatistics>,
}

#[derive(Debug, Deserialize)]
struct PartitionStatistics {
    lo_offset: i64,
    hi_offset: i64,
    ls_offset: i64,
    committed_offset: i64,
}

#[derive(Debug, Deserialize)]
struct GroupStatistics {
    join_state: String,
}
