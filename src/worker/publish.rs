//! Publish: begin, send records and dead letters, send offsets, commit. All of a batch, or nothing.
//!
//! The transaction itself (its start, its retries, its end) is in [`super::transaction`], what is sent for an article in
//! [`super::outgoing`].

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::config::{Delivery, Stream};

use super::abort::{Abort, AbortReason};
use super::batch::{Batch, Work};
use super::clients;
use super::context::DeliveryReports;
use super::failure::{Failure, in_words};
use super::group_offsets::list;
use super::login::LoggedIn;
use super::offset_sender::OffsetSender;
use super::outgoing::Sending;
use super::partition::Partition;
use super::pipeline::Pipeline;
use super::rebalance::Membership;
use super::refusals::{Failed, FailedDelivery, Failures, RefusalOutcome, Refusals};
use super::sabotage;
use super::session::{Clients, LaneConfig};
use super::timestamps;
use super::topics::Survey;
use super::transaction::{Verdict, is_about_topic, is_fenced, is_stale_member, judge};

/// What a delivery report is about: a record of a message (by its index in the batch) and of one of its parts, or the
/// message's dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    /// A record of the output topic.
    Record { message: usize, part: usize },
    /// A record of the dead-letter topic.
    DeadLetter { message: usize },
}

/// Where a record is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Target {
    /// The dead-letter topic.
    DeadLetters,
    /// The output topic.
    Output,
}

impl Tag {
    /// The message's index in its batch.
    pub(super) fn message(self) -> usize {
        match self {
            Tag::Record { message, .. } | Tag::DeadLetter { message } => message,
        }
    }

    pub(super) fn target(self) -> Target {
        match self {
            Tag::Record { .. } => Target::Output,
            Tag::DeadLetter { .. } => Target::DeadLetters,
        }
    }
}

/// Why a batch was not published.
#[derive(Debug)]
pub(super) enum Unpublished {
    /// Nothing of it is visible once the transaction is aborted: abort, rewind, read it again.
    Aborted(Abort),
    /// The clients are not usable any more: the session ends.
    Failed(Failure),
}

impl Unpublished {
    /// An abort with the remedy that its reason suggests.
    pub(super) fn aborted(reason: AbortReason, error: impl Into<String>) -> Unpublished {
        Unpublished::Aborted(Abort::new(reason, error))
    }
}

/// So long after a failed delivery others that belong to it are waited for.
const SAME_TIME: Duration = Duration::from_millis(100);

/// How long the last step took, and how much was sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Published {
    pub(super) commit: Duration,
    pub(super) bytes_out: u64,
}

/// A lane's producing side.
pub(super) struct Publisher<'a> {
    pub(super) config: &'a LaneConfig,
    pub(super) consumer: &'a LoggedIn<BaseConsumer<Membership>>,
    pub(super) producer: &'a LoggedIn<BaseProducer<DeliveryReports<Tag>>>,
    /// In exactly-once mode.
    pub(super) offset_sender: Option<OffsetSender<'a>>,
    pub(super) survey: Survey,
    /// Of all sessions: what was learned of an article must outlast the clients that it was learned with.
    pub(super) refusals: &'a mut Refusals,
    /// When the transaction that is open now began.
    pub(super) begun: Option<Instant>,
    pub(super) transaction_timeout: Duration,
}

impl<'a> Publisher<'a> {
    /// # Errors
    /// Where the system gives no thread.
    pub(super) fn new(
        config: &'a LaneConfig,
        clients: &'a Clients,
        survey: Survey,
        refusals: &'a mut Refusals,
    ) -> Result<Publisher<'a>, Failure> {
        let Clients { consumer, producer } = clients;
        let stream = &config.settings.stream;
        let exactly_once = stream.delivery == Delivery::ExactlyOnce;
        let offset_sender = exactly_once.then(|| OffsetSender::start(producer.share(), config)).transpose();
        let offset_sender = offset_sender
            .map_err(|error| Failure::Fatal { doing: "starting the lane's second thread", error: error.to_string() })?;
        refusals.surveyed(&survey);
        let transaction_timeout = clients::transaction_timeout(stream);
        Ok(Publisher { config, consumer, producer, offset_sender, survey, refusals, begun: None, transaction_timeout })
    }

    pub(super) fn stream(&self) -> &'a Stream {
        &self.config.settings.stream
    }

    pub(super) fn exactly_once(&self) -> bool {
        self.offset_sender.is_some()
    }

    /// Publishes a batch; while Kafka takes its time with it, the next one of the pipeline is cleaned. Outcomes change where
    /// a record turns out to be too large for its topic.
    pub(super) fn publish(
        &mut self,
        work: &mut Work<'a>,
        pipeline: &mut Pipeline<'a>,
    ) -> Result<Published, Unpublished> {
        let Work { batch, outcomes, out, trace, .. } = work;
        let batch: &Batch<'_> = batch;
        self.producer.client().context().clear();
        if self.exactly_once() {
            self.begin()?;
        }
        if sabotage::asked(sabotage::OFFSETS_OUTSIDE) {
            self.commit_offsets(&self.offsets(&batch.next_offsets())?)?;
        }
        let mut bytes_out = 0;
        let sending = Sending { batch, out, now: timestamps::now() };
        for (message, outcome) in outcomes.iter_mut().enumerate() {
            bytes_out += self.send(&sending, message, outcome, trace)?;
            if self.refusals.one_by_one() {
                self.drain(&sending, pipeline)?;
            }
        }
        self.drain(&sending, pipeline)?;
        for article in &batch.articles {
            sabotage::pause(sabotage::SLOW_TO_PUBLISH, article.message().payload());
        }
        let acknowledged = Instant::now();
        trace.acknowledged();
        let next = batch.next_offsets();
        let offsets = self.offsets(&next)?;
        if self.exactly_once() {
            self.commit(&offsets)?;
        } else {
            self.commit_offsets(&offsets)?;
        }
        self.begun = None;
        self.refusals.committed(batch.articles.len(), &next);
        Ok(Published { commit: acknowledged.elapsed(), bytes_out })
    }

    /// Waits until everything sent was acknowledged. Never by a timed poll: that lasts the whole time and spins.
    fn drain(&mut self, sending: &Sending<'_, '_>, pipeline: &mut Pipeline<'a>) -> Result<(), Unpublished> {
        let started = Instant::now();
        loop {
            self.producer.poll(Duration::ZERO);
            if self.producer.client().context().any_failed() {
                self.wait_for_failures();
                return Err(self.undelivered(sending));
            }
            if self.producer.in_flight_count() == 0 {
                return Ok(());
            }
            self.config.health.tick();
            if !pipeline.clean_some() {
                // The longer it takes, the longer it may yet take: waking up costs more than it gains.
                let pause = started.elapsed() / 8;
                std::thread::sleep(pause.clamp(Duration::from_millis(1), Duration::from_millis(5)));
            }
        }
    }

    /// Was something not delivered? Waits for what is reported at the same time: a request names all that it was refused for,
    /// and there may be one for each partition.
    pub(super) fn wait_for_failures(&self) -> bool {
        let reports = self.producer.client().context();
        let end = Instant::now() + SAME_TIME;
        while !reports.any_failed() && Instant::now() < end {
            self.producer.poll(Duration::ZERO);
            std::thread::sleep(Duration::from_millis(1));
        }
        let end = Instant::now() + SAME_TIME;
        while self.producer.in_flight_count() > 0 && Instant::now() < end {
            self.producer.poll(Duration::ZERO);
            std::thread::sleep(Duration::from_millis(1));
        }
        reports.any_failed()
    }

    pub(super) fn undelivered(&mut self, sending: &Sending<'_, '_>) -> Unpublished {
        let failed = self.producer.client().context().failed();
        if let Some(fenced) = failed.iter().find(|failed| is_fenced(failed.code)) {
            return self.failed(AbortReason::Delivery, &KafkaError::MessageProduction(fenced.code));
        }
        let articles = &sending.batch.articles;
        let article = |message: usize| {
            let article = articles.get(message)?;
            let has_key = article.message().key().is_some();
            Some(Failed { coordinates: article.coordinates, timestamp: article.timestamp(), has_key })
        };
        let failures = Failures { deliveries: &failed, articles: articles.len(), article: &article, now: sending.now };
        match self.refusals.learn(&failures) {
            RefusalOutcome::NoRefusal => Unpublished::Aborted(self.not_acknowledged(&failed, articles.len())),
            RefusalOutcome::Retry => Unpublished::Aborted(refused(&failed)),
            RefusalOutcome::Blocked(error) => {
                Unpublished::Aborted(Abort::waiting_for_topics(AbortReason::Refused, error))
            }
        }
    }

    fn not_acknowledged(&self, failed: &[FailedDelivery<Tag>], articles: usize) -> Abort {
        let Some(first) = failed.first() else {
            return Abort::new(AbortReason::Delivery, "unknown");
        };
        let why = self.producer.client().context().transaction();
        let denied = why.as_ref().is_some_and(|why| why.contains("TOPIC_AUTHORIZATION_FAILED"));
        let is_about_topics = denied || failed.iter().any(|failed| is_about_topic(failed.code));
        let places = format!("`{}` or `{}`", self.stream().output, self.stream().dead_letters);
        let why = why.unwrap_or_else(|| first.code.to_string());
        let error = format!("{} of {articles} records not delivered to {places}: {why}", failed.len());
        if is_about_topics {
            Abort::waiting_for_topics(AbortReason::Delivery, error)
        } else {
            Abort::new(AbortReason::Delivery, error)
        }
    }

    fn offsets(&self, next: &BTreeMap<Partition, i64>) -> Result<TopicPartitionList, Unpublished> {
        let list = list(next.iter().map(|(&partition, &offset)| (partition, Offset::Offset(offset))))
            .map_err(|error| self.failed(AbortReason::Offsets, &error))?;
        self.consumer.context().positions().sign(&list);
        Ok(list)
    }

    /// At least once: the records are there, so a commit that fails only means that they may come again.
    fn commit_offsets(&self, offsets: &TopicPartitionList) -> Result<(), Unpublished> {
        match self.consumer.commit(offsets, CommitMode::Sync) {
            Ok(()) => Ok(()),
            Err(KafkaError::ConsumerCommit(code)) if is_stale_member(code) => Ok(()),
            Err(error) => Err(Unpublished::Failed(Failure::unavailable("committing offsets", &error))),
        }
    }

    /// What an error of a step means for the batch.
    pub(super) fn failed(&self, step: AbortReason, error: &KafkaError) -> Unpublished {
        let fatal = self.producer.client().fatal_error();
        let is_fenced = judge(error) == Verdict::Fenced
            || matches!(error, KafkaError::MessageProduction(code) if is_fenced(*code))
            || fatal.as_ref().is_some_and(|(code, _)| is_fenced(*code));
        if is_fenced {
            return Unpublished::Failed(self.fenced(step.label(), error));
        }
        if let Some((_, text)) = fatal {
            return Unpublished::Failed(Failure::Fatal { doing: step.label(), error: text });
        }
        match (judge(error), error) {
            (Verdict::Abort, _) | (_, KafkaError::MessageProduction(_)) => Unpublished::aborted(step, in_words(error)),
            _ => Unpublished::Failed(Failure::fatal(step.label(), error)),
        }
    }
}

/// A broker refused records for good.
fn refused(failed: &[FailedDelivery<Tag>]) -> Abort {
    let too_large = failed.iter().find(|failed| failed.code == RDKafkaErrorCode::MessageSizeTooLarge);
    if let Some(failed) = too_large {
        return Abort::new(AbortReason::TooLarge, format!("delivery: {}", failed.code));
    }
    let named = failed.iter().find(|failed| failed.code != RDKafkaErrorCode::InvalidDifferentRecord);
    let words = named.map(|failed| failed.code.to_string());
    Abort::new(AbortReason::Refused, words.unwrap_or_default())
}
