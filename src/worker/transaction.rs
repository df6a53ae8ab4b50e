//! The transaction of a lane: its first call, its begin, its commit, its abort; and what an error of these calls asks for,
//! which librdkafka itself says.
//!
//! A call whose error is retriable is repeated, but not for ever: until the transaction has timed out, or for a few seconds
//! once the process is asked to stop. The outcome is not known then, and the next session finds it out: its first call ends
//! what was left open, and it reads from the committed offsets.

use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{Producer, PurgeConfig};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::util::Timeout;

use super::abort::AbortReason;
use super::failure::{Failure, in_words};
use super::login::still_logged_in;
use super::publish::{Publisher, Unpublished};
use super::stop::{Deadline, Stop};

/// What to do about a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The same call again, with the same arguments.
    Retry,
    /// Abort the transaction, rewind to the committed offsets, go on.
    Abort,
    /// Drop both clients, restart the lane.
    Restart,
    /// The producer was fenced: by a duplicate instance, or by the coordinator after the transaction had timed out.
    Fenced,
}

/// Judges an error of `init_transactions`, `begin`, `send_offsets`, `commit` or `abort`.
pub(super) fn judge(error: &KafkaError) -> Verdict {
    match error {
        // The flush inside the commit: records are still in flight, so the transaction is not complete.
        KafkaError::Flush(_) => Verdict::Abort,
        KafkaError::Transaction(inner) if is_fenced(inner.code()) => Verdict::Fenced,
        KafkaError::Transaction(inner) if inner.is_fatal() => Verdict::Restart,
        KafkaError::Transaction(inner) if inner.txn_requires_abort() => Verdict::Abort,
        KafkaError::Transaction(inner) if inner.is_retriable() => Verdict::Retry,
        // The member was thrown out of its group: the offsets are refused, the producer is sound.
        KafkaError::Transaction(inner) if is_stale_member(inner.code()) => Verdict::Abort,
        _ => Verdict::Restart,
    }
}

/// Does this code say that a newer producer has the transactional id?
pub(super) fn is_fenced(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode::{Fenced, InvalidProducerEpoch, ProducerFenced};
    matches!(code, Fenced | ProducerFenced | InvalidProducerEpoch)
}

/// Does this code say that the consumer is not a member of its group any more?
pub(super) fn is_stale_member(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode::{FencedInstanceId, IllegalGeneration, RebalanceInProgress, UnknownMemberId};
    matches!(code, IllegalGeneration | UnknownMemberId | FencedInstanceId | RebalanceInProgress)
}

/// Does this code say that a topic is missing or denied, so that trying again at once can't help?
pub(super) fn is_about_topic(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode::{
        TopicAuthorizationFailed, UnknownPartition, UnknownTopic, UnknownTopicId, UnknownTopicOrPartition,
    };
    matches!(
        code,
        UnknownTopicOrPartition | UnknownTopic | UnknownPartition | UnknownTopicId | TopicAuthorizationFailed
    )
}

/// The pause before a call is repeated.
const PAUSE: Duration = Duration::from_millis(20);

/// What one attempt at a call came to.
#[derive(Debug)]
enum Attempt {
    /// It succeeded.
    Done,
    /// Its error is retriable.
    Retriable(KafkaError),
}

/// Repeats a call while its error is retriable, with what is to be done between two attempts; answers the last attempt. It is
/// retriable still where the deadline is over, which draws near when the stop is asked for.
fn retry_while_retriable<E>(
    mut deadline: Deadline,
    stop: &Stop,
    mut call: impl FnMut() -> Result<Attempt, E>,
    mut between: impl FnMut() -> Result<(), E>,
) -> Result<Attempt, E> {
    loop {
        match call()? {
            Attempt::Retriable(_) if !deadline.is_over(stop) => between()?,
            last => return Ok(last),
        }
        std::thread::sleep(PAUSE);
    }
}

impl Publisher<'_> {
    /// Fences whoever had this lane's transactional id, and ends what it left open. `false`: asked to stop.
    pub(super) fn initialise(&self) -> Result<bool, Failure> {
        let started = Instant::now();
        self.config.health.wait_for("initialising the producer");
        while !self.config.stop.requested() {
            self.config.health.tick();
            self.producer.poll(Duration::ZERO);
            let Err(error) = self.producer.init_transactions(Duration::from_secs(2)) else { return Ok(true) };
            match judge(&error) {
                Verdict::Retry if started.elapsed() < Duration::from_secs(60) => still_logged_in(self.producer)?,
                Verdict::Fenced => return Err(Failure::Fenced),
                _ => return Err(Failure::unavailable("initialising the transactional producer", &error)),
            }
        }
        Ok(false)
    }

    pub(super) fn begin(&mut self) -> Result<(), Unpublished> {
        self.producer.begin_transaction().map_err(|error| self.failed(AbortReason::Begin, &error))?;
        self.begun = Some(Instant::now());
        Ok(())
    }

    /// Sends the offsets into the transaction, and commits it.
    pub(super) fn commit(&self, offsets: &TopicPartitionList) -> Result<(), Unpublished> {
        self.repeat(AbortReason::Offsets, || self.send_offsets(offsets))?;
        self.repeat(AbortReason::Commit, || {
            self.attempt(AbortReason::Commit, self.producer.commit_transaction(Timeout::Never))
        })
    }

    fn send_offsets(&self, offsets: &TopicPartitionList) -> Result<Attempt, Unpublished> {
        const STEP: AbortReason = AbortReason::Offsets;
        let fatal = |error: &str| {
            Unpublished::Failed(Failure::Fatal { doing: AbortReason::Offsets.label(), error: error.to_owned() })
        };
        let Some(sender) = &self.offset_sender else { return Ok(Attempt::Done) };
        // Afresh each time: the generation changes with every rebalance.
        let metadata = self.consumer.group_metadata().ok_or_else(|| fatal("the consumer has no group"))?;
        // A member that was thrown out has generation -1, which Kafka takes for a consumer without a group and lets pass.
        // Whoever is in that state knows that its partitions are lost: asked afterwards, so no moment is missed.
        if self.consumer.assignment_lost() {
            return Err(Unpublished::aborted(STEP, "the group has taken the partitions away meanwhile"));
        }
        let answer = sender.send(offsets, metadata, self.transaction_timeout);
        self.attempt(STEP, answer.ok_or_else(|| fatal("librdkafka does not answer any more"))?)
    }

    fn attempt(&self, step: AbortReason, answer: Result<(), KafkaError>) -> Result<Attempt, Unpublished> {
        match answer {
            Ok(()) => Ok(Attempt::Done),
            Err(error) if judge(&error) == Verdict::Retry => Ok(Attempt::Retriable(error)),
            Err(error) => Err(self.failed(step, &error)),
        }
    }

    /// Repeats a step of the transaction while its error is retriable, for as long as the transaction may last.
    fn repeat(&self, step: AbortReason, call: impl FnMut() -> Result<Attempt, Unpublished>) -> Result<(), Unpublished> {
        let between = || {
            self.config.health.tick();
            still_logged_in(self.producer).map_err(Unpublished::Failed)
        };
        self.config.health.tick();
        let deadline = Deadline::after(self.transaction_timeout);
        match retry_while_retriable(deadline, &self.config.stop, call, between)? {
            Attempt::Done => Ok(()),
            Attempt::Retriable(error) => Err(Unpublished::Failed(Failure::unavailable(step.label(), &error))),
        }
    }

    /// Aborts the transaction that is open.
    pub(super) fn abort(&mut self) -> Result<(), Failure> {
        // abort does not poll, so it would wait in vain for what is still queued.
        self.producer.purge(PurgeConfig::default().queue().inflight());
        while self.producer.in_flight_count() > 0 {
            self.config.health.tick();
            self.producer.poll(Duration::ZERO);
            std::thread::sleep(Duration::from_millis(1));
        }
        if !self.exactly_once() {
            return Ok(());
        }
        let asked = Instant::now();
        loop {
            self.config.health.tick();
            let Err(error) = self.producer.abort_transaction(Duration::from_secs(5)) else {
                self.begun = None;
                return Ok(());
            };
            match judge(&error) {
                // By then the coordinator has aborted it by itself, and only new clients find that out.
                Verdict::Retry if asked.elapsed() > self.transaction_timeout => {
                    return Err(Failure::unavailable("abort", &error));
                }
                Verdict::Retry if !self.config.stop.requested() => {
                    still_logged_in(self.producer)?;
                    self.config.health.wait_for(format!("aborting a transaction: {}", in_words(&error)));
                }
                Verdict::Fenced => return Err(self.fenced("abort", &error)),
                _ => return Err(Failure::fatal("abort", &error)),
            }
        }
    }

    /// A coordinator that timed the transaction out fences as well. It was a duplicate instance where there was no time for
    /// that, or where the group has taken another process for this lane too.
    pub(super) fn fenced(&self, step: &'static str, error: &KafkaError) -> Failure {
        let timed_out = self.begun.is_some_and(|begun| begun.elapsed() * 10 >= self.transaction_timeout * 9);
        if timed_out && !self.is_replaced() { Failure::fatal(step, error) } else { Failure::Fenced }
    }

    /// Has another process joined the group under this lane's name? The next heartbeats say so, without a poll.
    fn is_replaced(&self) -> bool {
        let end = Instant::now() + Duration::from_secs(1);
        loop {
            let fatal = self.consumer.client().fatal_error();
            if fatal.is_some_and(|(code, _)| code == RDKafkaErrorCode::FencedInstanceId) {
                return true;
            }
            if Instant::now() >= end {
                return false;
            }
            std::thread::sleep(PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_flush_aborts_and_the_unknown_restarts() {
        assert_eq!(judge(&KafkaError::Flush(RDKafkaErrorCode::OperationTimedOut)), Verdict::Abort);
        assert_eq!(judge(&KafkaError::Canceled), Verdict::Restart);
    }

    /// How often a call is made that succeeds the so manyth time, and does it succeed?
    fn attempts(deadline: Duration, stop: &Stop, succeeds_at: usize) -> (usize, bool) {
        let mut calls = 0;
        let call = || -> Result<Attempt, ()> {
            calls += 1;
            Ok(if calls == succeeds_at { Attempt::Done } else { Attempt::Retriable(KafkaError::Canceled) })
        };
        let last = retry_while_retriable(Deadline::after(deadline), stop, call, || Ok(())).unwrap();
        (calls, matches!(last, Attempt::Done))
    }

    #[test]
    fn a_retriable_call_is_repeated_until_it_succeeds_or_its_time_is_over() {
        let stop = Stop::default();
        assert_eq!(attempts(Duration::from_secs(60), &stop, 3), (3, true));
        assert_eq!(attempts(Duration::ZERO, &stop, 3), (1, false));
        let (calls, succeeded) = attempts(Duration::from_millis(100), &stop, usize::MAX);
        assert!(calls > 1 && !succeeded, "{calls}");
    }

    #[test]
    fn a_call_that_fails_for_good_is_not_repeated() {
        let stop = Stop::default();
        let mut calls = 0;
        let call = || {
            calls += 1;
            Err("fenced")
        };
        let deadline = Deadline::after(Duration::from_secs(60));
        assert_eq!(retry_while_retriable(deadline, &stop, call, || Ok(())).unwrap_err(), "fenced");
        assert_eq!(calls, 1);
    }
}
