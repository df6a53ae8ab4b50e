//! Leaving the group, so that a lane's partitions go to others at once.
//!
//! Lanes are static members: Kafka keeps the partitions of one that is gone for the whole session, for it to come back
//! under its name. That is right for a process that was killed and wrong for one that was stopped. librdkafka sends no
//! LeaveGroup for a static member while it closes (KIP-345; `rd_kafka_cgrp_leave_maybe` looks at the flag of the closing),
//! but it does for one that unsubscribes and is still polled. So that is done first.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use tracing::debug;

use super::rebalance::Membership;

/// How long all of it may take.
const LEAVE: Duration = Duration::from_secs(4);
/// How long one poll waits.
const POLL: Duration = Duration::from_millis(20);
/// Answers of librdkafka's main thread after which its queue holds nothing of the leaving any more. Each answer comes from
/// the end of that queue; stopping the partitions' fetchers takes two rounds through it, and the LeaveGroup follows in the
/// second. The close then waits for the broker's answer.
const ROUNDS: u32 = 5;

/// Leaves the group, if the lane is in it. `waits`: a join that is under way is waited for, since a member that is not
/// known yet can't leave, and would keep the partitions that it is given.
pub(super) fn leave_group(consumer: &BaseConsumer<Membership>, waits: bool) {
    let end = Instant::now() + LEAVE;
    let membership = consumer.context();
    if consumer.subscription().map_or(true, |topics| topics.count() == 0) {
        return;
    }
    while waits && !membership.joined() && Instant::now() < end {
        drop(consumer.poll(POLL));
    }
    consumer.unsubscribe();
    let mut rounds = 0;
    while rounds < ROUNDS {
        // The revocation is an event that only a poll brings.
        drop(consumer.poll(POLL));
        // Waits for an answer of the main thread; what it says is of no interest.
        drop(consumer.group_metadata());
        rounds = if membership.has_partitions() { 0 } else { rounds + 1 };
        if Instant::now() >= end {
            debug!("the group was not left in time: its coordinator takes the partitions when the session ends");
            return;
        }
    }
}
