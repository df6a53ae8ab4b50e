//! Publish: begin, send records and dead letters, send offsets, commit. All of a batch, or nothing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::util::Timeout;

use crate::config::Stream;
use crate::telemetry::LaneHealth;
use crate::telemetry::traces::BatchTrace;

use super::batch::{Batch, Outcome};
use super::context::Deliveries;
use super::failure::{AbortReason, Failure, in_words};
use super::login::{LoggedIn, still_logged_in};
use super::rebalance::Membership;
use super::refusals::{Article, FailedDelivery, Failures, Lesson, Refusals};
use super::sabotage;
use super::settle::Settler;
use super::stop::Stop;
use super::topics::Survey;
use super::transaction::{Verdict, is_about_topic, is_fenced, is_stale_member, judge};

/// Why a batch was not published.
#[derive(Debug)]
pub(super) enum Unpublished {
    /// Nothing of it is visible once the transaction is aborted: abort, rewind, do it again.
    Abort(Abort),
    /// The clients are not usable any more.
    Dead(Failure),
}

/// Why a transaction is to be aborted.
#[derive(Debug)]
pub(super) struct Abort {
    /// The step.
    pub(super) reason: AbortReason,
    /// What was said.
    pub(super) error: String,
    /// It can't succeed before a topic is back: survey before trying again.
    pub(super) topics: bool,
}

impl Abort {
    /// An abort after which the batch is tried again at once.
    pub(super) fn at_once(reason: AbortReason, error: impl Into<String>) -> Unpublished {
        Unpublished::Abort(Abort { reason, error: error.into(), topics: false })
    }

    /// An abort after which a topic has to change first.
    pub(super) fn for_topics(reason: AbortReason, error: impl Into<String>) -> Unpublished {
        Unpublished::Abort(Abort { reason, error: error.into(), topics: true })
    }
}

/// So long after a failed delivery others that belong to it are waited for.
const SAME_TIME: Duration = Duration::from_millis(100);
/// The pause before a call is repeated.
const AGAIN: Duration = Duration::from_millis(20);

/// How long each part took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Published {
    pub(super) commit: Duration,
    pub(super) bytes_out: u64,
}

/// A lane's producing side.
pub(super) struct Publisher<'a> {
    pub(super) stream: &'a Stream,
    pub(super) survey: &'a Survey,
    pub(super) producer: &'a LoggedIn<BaseProducer<Deliveries>>,
    pub(super) consumer: &'a BaseConsumer<Membership>,
    pub(super) health: &'a LaneHealth,
    pub(super) stop: &'a Stop,
    /// In exactly-once mode: who asks for the offsets.
    pub(super) settler: Option<&'a Settler>,
    /// When the transaction that is open now began.
    pub(super) begun: Option<Instant>,
    pub(super) trace: &'a mut BatchTrace,
    pub(super) refusals: &'a mut Refusals,
    /// What is published, and when: in milliseconds since 1970.
    pub(super) batch: &'a Batch<'a>,
    pub(super) now: i64,
    pub(super) transaction_timeout: Duration,
    /// A little of other work, to be done while Kafka takes its time; `false`: there is none.
    pub(super) meanwhile: &'a mut dyn FnMut() -> bool,
}

impl Publisher<'_> {
    /// Publishes the batch. Outcomes change where a record turns out to be too large for its topic.
    pub(super) fn publish(&mut self, outcomes: &mut [Outcome], out: &[u8]) -> Result<Published, Unpublished> {
        let batch = self.batch;
        self.producer.client().context().clear();
        if self.settler.is_some() {
            self.producer.begin_transaction().map_err(|error| self.failed(AbortReason::Begin, &error))?;
            self.begun = Some(Instant::now());
        }
        if sabotage::asked(sabotage::OFFSETS_OUTSIDE) {
            self.commit_offsets(&self.offsets(batch.next_offsets())?)?;
        }
        let mut bytes_out = 0;
        for (number, (message, outcome)) in batch.messages.iter().zip(outcomes).enumerate() {
            bytes_out += self.send(number, message, outcome, out)?;
            if self.refusals.one_by_one() {
                self.drain()?;
            }
        }
        self.drain()?;
        for message in &batch.messages {
            sabotage::pause(sabotage::SLOW_TO_PUBLISH, message.payload());
        }
        let acknowledged = Instant::now();
        self.trace.acknowledged();
        let offsets = self.offsets(batch.next_offsets())?;
        match self.settler {
            Some(settler) => self.commit(settler, &offsets)?,
            None => self.commit_offsets(&offsets)?,
        }
        self.begun = None;
        self.refusals.committed(batch.messages.len(), &batch.next_offsets());
        Ok(Published { commit: acknowledged.elapsed(), bytes_out })
    }

    /// Waits until everything sent was acknowledged. Never by a timed poll: that lasts the whole time and spins.
    fn drain(&mut self) -> Result<(), Unpublished> {
        let started = Instant::now();
        loop {
            self.producer.poll(Duration::ZERO);
            if self.producer.client().context().any_failed() {
                self.failed_deliveries();
                return Err(self.undelivered());
            }
            if self.producer.in_flight_count() == 0 {
                return Ok(());
            }
            self.health.tick();
            if !(self.meanwhile)() {
                // The longer it takes, the longer it may yet take: waking up costs more than it gains.
                let pause = started.elapsed() / 8;
                std::thread::sleep(pause.clamp(Duration::from_millis(1), Duration::from_millis(5)));
            }
        }
    }

    /// Was something not delivered? Waits for what is told at the same time: a request names all that it was refused for, and
    /// there may be one for each partition.
    pub(super) fn failed_deliveries(&self) -> bool {
        let deliveries = self.producer.client().context();
        let end = Instant::now() + SAME_TIME;
        while !deliveries.any_failed() && Instant::now() < end {
            self.producer.poll(Duration::ZERO);
            std::thread::sleep(Duration::from_millis(1));
        }
        let end = Instant::now() + SAME_TIME;
        while self.producer.in_flight_count() > 0 && Instant::now() < end {
            self.producer.poll(Duration::ZERO);
            std::thread::sleep(Duration::from_millis(1));
        }
        deliveries.any_failed()
    }

    pub(super) fn undelivered(&mut self) -> Unpublished {
        let failed = self.producer.client().context().failed();
        if let Some(fenced) = failed.iter().find(|failed| is_fenced(failed.code)) {
            return self.failed(AbortReason::Delivery, &KafkaError::MessageProduction(fenced.code));
        }
        let messages = &self.batch.messages;
        let article = |number: usize| {
            let message = messages.get(number)?;
            let place = (message.partition(), message.offset());
            Some(Article { place, timestamp: message.timestamp().to_millis(), has_key: message.key().is_some() })
        };
        let failures = Failures { deliveries: &failed, articles: messages.len(), article: &article, now: self.now };
        match self.refusals.learn(&failures) {
            Lesson::None => self.not_acknowledged(&failed),
            Lesson::Again => self.refused(&failed),
            Lesson::Hopeless(error) => Abort::for_topics(AbortReason::Refused, error),
        }
    }

    /// A broker refused records for good.
    fn refused(&self, failed: &[FailedDelivery]) -> Unpublished {
        let too_large = failed.iter().find(|failed| failed.code == RDKafkaErrorCode::MessageSizeTooLarge);
        if let Some(failed) = too_large {
            return Abort::at_once(AbortReason::TooLarge, format!("delivery: {}", failed.code));
        }
        let named = failed.iter().find(|failed| failed.code != RDKafkaErrorCode::InvalidDifferentRecord);
        let words = named.map(|failed| failed.code.to_string());
        Abort::at_once(AbortReason::Refused, words.unwrap_or_default())
    }

    fn not_acknowledged(&self, failed: &[FailedDelivery]) -> Unpublished {
        let Some(first) = failed.first() else {
            return Abort::at_once(AbortReason::Delivery, "unknown");
        };
        let why = self.producer.client().context().transaction();
        let denied = why.as_ref().is_some_and(|why| why.contains("TOPIC_AUTHORIZATION_FAILED"));
        let topics = denied || failed.iter().any(|failed| is_about_topic(failed.code));
        let (undelivered, all) = (failed.len(), self.batch.messages.len());
        let places = format!("`{}` or `{}`", self.stream.output, self.stream.dead_letters);
        let why = why.unwrap_or_else(|| first.code.to_string());
        let error = format!("{undelivered} of {all} records not delivered to {places}: {why}");
        Unpublished::Abort(Abort { reason: AbortReason::Delivery, error, topics })
    }

    fn offsets(&self, next: BTreeMap<i32, i64>) -> Result<TopicPartitionList, Unpublished> {
        let mut list = TopicPartitionList::with_capacity(next.len());
        for (partition, offset) in next {
            list.add_partition_offset(&self.stream.input, partition, Offset::Offset(offset))
                .map_err(|error| self.failed(AbortReason::Offsets, &error))?;
        }
        self.consumer.context().positions().sign(&list);
        Ok(list)
    }

    fn commit(&self, settler: &Settler, offsets: &TopicPartitionList) -> Result<(), Unpublished> {
        self.insist(|| self.send_offsets(settler, offsets))?;
        self.insist(|| self.answered(AbortReason::Commit, self.producer.commit_transaction(Timeout::Never)))
    }

    /// `false`: the same again.
    fn send_offsets(&self, settler: &Settler, offsets: &TopicPartitionList) -> Result<bool, Unpublished> {
        const STEP: AbortReason = AbortReason::Offsets;
        let dead = |error: &str| Unpublished::Dead(Failure::Fatal { doing: STEP.label(), error: error.to_owned() });
        // Afresh each time: the generation changes with every rebalance.
        let metadata = self.consumer.group_metadata().ok_or_else(|| dead("the consumer has no group"))?;
        // A member that was thrown out has generation -1, which Kafka takes for a consumer without a group and lets pass.
        // Whoever is in that state knows that its partitions are lost: asked afterwards, so no moment is missed.
        if self.consumer.assignment_lost() {
            return Err(Abort::at_once(STEP, "the group has taken the partitions away meanwhile"));
        }
        let answer = settler.send(offsets, metadata, self.transaction_timeout, self.health, self.stop);
        self.answered(STEP, answer.ok_or_else(|| dead("librdkafka does not answer any more"))?)
    }

    /// `false`: the same again, since the error is retriable.
    fn answered(&self, step: AbortReason, answer: Result<(), KafkaError>) -> Result<bool, Unpublished> {
        match answer {
            Ok(()) => Ok(true),
            Err(error) if judge(&error) == Verdict::Retry => Ok(false),
            Err(error) => Err(self.failed(step, &error)),
        }
    }

    /// Repeats a call while it asks for that.
    fn insist(&self, call: impl Fn() -> Result<bool, Unpublished>) -> Result<(), Unpublished> {
        loop {
            self.health.tick();
            if call()? {
                return Ok(());
            }
            still_logged_in(self.producer).map_err(Unpublished::Dead)?;
            std::thread::sleep(AGAIN);
        }
    }

    /// At least once: the records are there, so a commit that fails only means that they may come again.
    fn commit_offsets(&self, offsets: &TopicPartitionList) -> Result<(), Unpublished> {
        match self.consumer.commit(offsets, CommitMode::Sync) {
            Ok(()) => Ok(()),
            Err(KafkaError::ConsumerCommit(code)) if is_stale_member(code) => Ok(()),
            Err(error) => Err(Unpublished::Dead(Failure::unavailable("committing offsets", &error))),
        }
    }

    pub(super) fn failed(&self, step: AbortReason, error: &KafkaError) -> Unpublished {
        let fatal = self.producer.client().fatal_error();
        let is_fenced = judge(error) == Verdict::Fenced
            || matches!(error, KafkaError::MessageProduction(code) if is_fenced(*code))
            || fatal.as_ref().is_some_and(|(code, _)| is_fenced(*code));
        if is_fenced {
            let timeout = self.transaction_timeout;
            return Unpublished::Dead(fenced(self.begun, timeout, step.label(), error, self.consumer));
        }
        if let Some((_, text)) = fatal {
            return Unpublished::Dead(Failure::Fatal { doing: step.label(), error: text });
        }
        match (judge(error), error) {
            (Verdict::Abort, _) | (_, KafkaError::MessageProduction(_)) => Abort::at_once(step, in_words(error)),
            _ => Unpublished::Dead(Failure::fatal(step.label(), error)),
        }
    }
}

/// A coordinator that timed the transaction out fences as well. It was a namesake where there was no time for that, since it
/// `begun`, or where the group has taken another process for this lane too.
pub(super) fn fenced(
    begun: Option<Instant>,
    timeout: Duration,
    step: &'static str,
    error: &KafkaError,
    consumer: &BaseConsumer<Membership>,
) -> Failure {
    let timed_out = begun.is_some_and(|begun| begun.elapsed() * 10 >= timeout * 9);
    if timed_out && !is_replaced(consumer) { Failure::fatal(step, error) } else { Failure::Fenced }
}

/// Has another process joined the group under this lane's name? The next heartbeats tell, without a poll.
fn is_replaced(consumer: &BaseConsumer<Membership>) -> bool {
    let end = Instant::now() + Duration::from_secs(1);
    loop {
        if consumer.client().fatal_error().is_some_and(|(code, _)| code == RDKafkaErrorCode::FencedInstanceId) {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(AGAIN);
    }
}
