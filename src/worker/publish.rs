//! Publish: begin, send records and dead letters, send offsets, commit. All of a batch, or nothing.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::util::Timeout;

use crate::article::Reject;
use crate::config::Stream;
use crate::telemetry::LaneHealth;
use crate::telemetry::traces::{BatchTrace, with_traceparent};

use super::batch::{Batch, Outcome};
use super::context::Deliveries;
use super::dead_letter::{self, Original, framed};
use super::failure::{Failure, in_words};
use super::login::{LoggedIn, still_logged_in};
use super::rebalance::Membership;
use super::sabotage;
use super::settle::Settler;
use super::stop::Stop;
use super::topics::Survey;
use super::transaction::{Verdict, is_about_topic, is_fenced, is_stale_member, judge};

/// Why a batch was not published.
#[derive(Debug)]
pub(super) enum Unpublished {
    /// Nothing of it is visible once the transaction is aborted: abort, rewind, do it again.
    Abort {
        /// The step, as the metric's label.
        reason: &'static str,
        /// What was said.
        error: String,
        /// It can't succeed before a topic is back: survey before trying again.
        topics: bool,
    },
    /// The clients are not usable any more.
    Dead(Failure),
}

/// The pause before a call is repeated.
const AGAIN: Duration = Duration::from_millis(20);

/// How long each part took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Published {
    pub(super) commit: Duration,
    pub(super) bytes_out: u64,
}

/// Records that Kafka has called too large, by coordinates: done again, they are dead letters, or cut shorter.
#[derive(Debug, Default)]
pub(super) struct Oversize {
    records: HashSet<(i32, i64)>,
    dead_letters: HashSet<(i32, i64)>,
    /// So many articles are sent one by one: a request that was refused does not say which of its records was too large.
    careful: usize,
}

impl Oversize {
    /// Most articles to gather: while records are sent one by one, few at a time.
    pub(super) fn most_at_once(&self) -> usize {
        if self.careful > 0 { 100 } else { usize::MAX }
    }
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
    pub(super) oversize: &'a mut Oversize,
    pub(super) transaction_timeout: Duration,
    /// A little of other work, to be done while Kafka takes its time; `false`: there is none.
    pub(super) meanwhile: &'a mut dyn FnMut() -> bool,
}

type RecordHeaders<'m> = Vec<(&'m str, Option<&'m [u8]>)>;

impl Publisher<'_> {
    /// Publishes the batch. Outcomes change where a record turns out to be too large for its topic.
    pub(super) fn publish(
        &mut self,
        batch: &Batch<'_>,
        outcomes: &mut [Outcome],
        out: &[u8],
    ) -> Result<Published, Unpublished> {
        self.producer.client().context().clear();
        if self.settler.is_some() {
            self.producer.begin_transaction().map_err(|error| self.failed("begin", &error))?;
            self.begun = Some(Instant::now());
        }
        if sabotage::asked(sabotage::OFFSETS_OUTSIDE) {
            self.commit_offsets(&self.offsets(batch.next_offsets())?)?;
        }
        let mut bytes_out = 0;
        for (number, (message, outcome)) in batch.messages.iter().zip(outcomes).enumerate() {
            bytes_out += self.send(number, message, outcome, out)?;
            if self.oversize.careful > 0 {
                self.drain(batch)?;
            }
        }
        self.drain(batch)?;
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
        self.oversize.careful = self.oversize.careful.saturating_sub(batch.messages.len());
        if self.oversize.careful == 0 {
            self.oversize.records.clear();
            self.oversize.dead_letters.clear();
        }
        Ok(Published { commit: acknowledged.elapsed(), bytes_out })
    }

    fn send(
        &mut self,
        number: usize,
        message: &BorrowedMessage<'_>,
        outcome: &mut Outcome,
        out: &[u8],
    ) -> Result<u64, Unpublished> {
        let headers = headers_of(message);
        let place = (message.partition(), message.offset());
        let ours = self.trace.article(&headers, place, matches!(outcome, Outcome::Clean(..)));
        if let Outcome::Clean(range, cleaned) = outcome {
            let headers = with_traceparent(&headers, ours.as_deref());
            let value = out.get(range.clone()).unwrap_or_default();
            let key = message.key().unwrap_or(cleaned.uri.as_bytes());
            let sizes = headers.iter().map(|(name, value)| (*name, value.map_or(0, <[u8]>::len)));
            let bytes = framed(Some(key), Some(value), sizes);
            let limit = self.survey.output_bytes;
            let known = self.oversize.records.contains(&(message.partition(), message.offset()));
            let fits = bytes <= limit && !known;
            if fits && self.enqueue(number, message, Some(key), Some(value), &headers, &[])? {
                return Ok(value.len() as u64);
            }
            *outcome = Outcome::Refused(Reject::OutputTooLarge { bytes, limit });
        }
        let Outcome::Refused(reject) = outcome else { return Ok(0) };
        let original = Original {
            topic: &self.stream.input,
            partition: message.partition(),
            offset: message.offset(),
            key: message.key(),
            value: message.payload(),
            headers: &headers,
        };
        // Cut shorter each time that Kafka calls it too large, so that it ends.
        let known = self.oversize.dead_letters.contains(&(message.partition(), message.offset()));
        let mut limit = if known { 4096 } else { self.survey.dead_bytes };
        loop {
            let letter = dead_letter::write(original, reject, limit);
            let carried = if letter.keeps_headers { headers.as_slice() } else { &[] };
            if self.enqueue(number, message, letter.key, letter.value, carried, &letter.added)? {
                return Ok(0);
            }
            if limit < 1024 {
                return Err(self.abort("too_large", "the dead-letter topic takes no record of 1 KB".to_owned(), true));
            }
            limit /= 2;
        }
    }

    /// Hands a record to the producer; a record with `added` headers is a dead letter. `false`: it is too large.
    fn enqueue(
        &self,
        number: usize,
        message: &BorrowedMessage<'_>,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        carried: &[(&str, Option<&[u8]>)],
        added: &[(&'static str, String)],
    ) -> Result<bool, Unpublished> {
        let dead = !added.is_empty();
        let mut record = BaseRecord {
            topic: if dead { &self.stream.dead_letters } else { &self.stream.output },
            partition: if dead {
                self.dead_partition(message.partition())
            } else {
                self.output_partition(message.partition())
            },
            payload: value,
            key,
            timestamp: message.timestamp().to_millis(),
            headers: owned(carried, added),
            delivery_opaque: number * 2 + usize::from(dead),
        };
        let started = Instant::now();
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(true),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    // Not for ever: records that can't be delivered are given up after message.timeout.ms.
                    if started.elapsed() > self.transaction_timeout {
                        return Err(self.abort("delivery", "the producer's queue stays full".to_owned(), false));
                    }
                    record = back;
                    self.producer.poll(Duration::ZERO);
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge), _)) => return Ok(false),
                Err((error, _)) => return Err(self.failed("delivery", &error)),
            }
        }
    }

    /// A record keeps its partition number where both topics have the same number of partitions, so that the order of a
    /// partition is the order of a partition; else it goes where its key says.
    fn output_partition(&self, input: i32) -> Option<i32> {
        (self.survey.output_partitions == self.survey.input_partitions).then_some(input)
    }

    fn dead_partition(&self, input: i32) -> Option<i32> {
        let partitions = i32::try_from(self.survey.dead_partitions).unwrap_or(i32::MAX).max(1);
        Some(input % partitions)
    }

    /// Waits until everything sent was acknowledged. Never by a timed poll: that lasts the whole time and spins.
    fn drain(&mut self, batch: &Batch<'_>) -> Result<(), Unpublished> {
        let started = Instant::now();
        loop {
            self.producer.poll(Duration::ZERO);
            if self.producer.client().context().any_failed() {
                return Err(self.undelivered(batch));
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

    fn undelivered(&mut self, batch: &Batch<'_>) -> Unpublished {
        let failed = self.producer.client().context().failed();
        let Some(&(_, code)) = failed.first() else {
            return self.abort("delivery", "unknown".to_owned(), false);
        };
        let too_large: Vec<_> =
            failed.iter().filter(|(_, code)| *code == RDKafkaErrorCode::MessageSizeTooLarge).collect();
        if !too_large.is_empty() {
            // Sent one by one, it is this record; else every record of the refused request is named.
            if self.oversize.careful > 0 {
                for (number, _) in too_large {
                    let Some(message) = batch.messages.get(number / 2) else { continue };
                    let set =
                        if number % 2 == 1 { &mut self.oversize.dead_letters } else { &mut self.oversize.records };
                    set.insert((message.partition(), message.offset()));
                }
            }
            self.oversize.careful = self.oversize.careful.max(batch.messages.len());
            return self.abort("too_large", format!("delivery: {code}"), false);
        }
        if is_fenced(code) {
            return self.failed("delivery", &KafkaError::MessageProduction(code));
        }
        let why = self.producer.client().context().transaction();
        let denied = why.as_ref().is_some_and(|why| why.contains("TOPIC_AUTHORIZATION_FAILED"));
        let topics = denied || failed.iter().any(|(_, code)| is_about_topic(*code));
        let (undelivered, all) = (failed.len(), batch.messages.len());
        let places = format!("`{}` or `{}`", self.stream.output, self.stream.dead_letters);
        let why = why.unwrap_or_else(|| code.to_string());
        self.abort("delivery", format!("{undelivered} of {all} records not delivered to {places}: {why}"), topics)
    }

    fn offsets(&self, next: BTreeMap<i32, i64>) -> Result<TopicPartitionList, Unpublished> {
        let mut list = TopicPartitionList::with_capacity(next.len());
        for (partition, offset) in next {
            list.add_partition_offset(&self.stream.input, partition, Offset::Offset(offset))
                .map_err(|error| self.failed("offsets", &error))?;
        }
        self.consumer.context().positions().sign(&list);
        Ok(list)
    }

    fn commit(&self, settler: &Settler, offsets: &TopicPartitionList) -> Result<(), Unpublished> {
        self.insist(|| self.send_offsets(settler, offsets))?;
        self.insist(|| self.answered("commit", self.producer.commit_transaction(Timeout::Never)))
    }

    /// `false`: the same again.
    fn send_offsets(&self, settler: &Settler, offsets: &TopicPartitionList) -> Result<bool, Unpublished> {
        const STEP: &str = "offsets";
        let dead = |error: &str| Unpublished::Dead(Failure::Fatal { doing: STEP, error: error.to_owned() });
        // Afresh each time: the generation changes with every rebalance.
        let metadata = self.consumer.group_metadata().ok_or_else(|| dead("the consumer has no group"))?;
        // A member that was thrown out has generation -1, which Kafka takes for a consumer without a group and lets pass.
        // Whoever is in that state knows that its partitions are lost: asked afterwards, so no moment is missed.
        if self.consumer.assignment_lost() {
            return Err(self.abort(STEP, "the group has taken the partitions away meanwhile".to_owned(), false));
        }
        let answer = settler.send(offsets, metadata, self.transaction_timeout, self.health, self.stop);
        self.answered(STEP, answer.ok_or_else(|| dead("librdkafka does not answer any more"))?)
    }

    /// `false`: the same again, since the error is retriable.
    fn answered(&self, step: &'static str, answer: Result<(), KafkaError>) -> Result<bool, Unpublished> {
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

    fn abort(&self, reason: &'static str, error: String, topics: bool) -> Unpublished {
        Unpublished::Abort { reason, error, topics }
    }

    fn failed(&self, step: &'static str, error: &KafkaError) -> Unpublished {
        let fatal = self.producer.client().fatal_error();
        let is_fenced = judge(error) == Verdict::Fenced
            || matches!(error, KafkaError::MessageProduction(code) if is_fenced(*code))
            || fatal.as_ref().is_some_and(|(code, _)| is_fenced(*code));
        if is_fenced {
            return Unpublished::Dead(fenced(self.begun, self.transaction_timeout, step, error));
        }
        if let Some((_, text)) = fatal {
            return Unpublished::Dead(Failure::Fatal { doing: step, error: text });
        }
        match (judge(error), error) {
            (Verdict::Abort, _) | (_, KafkaError::MessageProduction(_)) => self.abort(step, in_words(error), false),
            _ => Unpublished::Dead(Failure::fatal(step, error)),
        }
    }
}

/// A coordinator that timed the transaction out fences as well. Only where there was no time for that, since it `begun`,
/// it was a namesake.
pub(super) fn fenced(begun: Option<Instant>, timeout: Duration, step: &'static str, error: &KafkaError) -> Failure {
    let timed_out = begun.is_some_and(|begun| begun.elapsed() * 10 >= timeout * 9);
    if timed_out { Failure::fatal(step, error) } else { Failure::Fenced }
}

fn headers_of<'m>(message: &'m BorrowedMessage<'_>) -> RecordHeaders<'m> {
    match message.headers() {
        Some(headers) => headers.iter().map(|header| (header.key, header.value)).collect(),
        None => Vec::new(),
    }
}

fn owned(carried: &[(&str, Option<&[u8]>)], added: &[(&'static str, String)]) -> Option<OwnedHeaders> {
    if carried.is_empty() && added.is_empty() {
        return None;
    }
    let mut headers = OwnedHeaders::new_with_capacity(carried.len() + added.len());
    for (key, value) in carried {
        headers = headers.insert(Header { key, value: *value });
    }
    for (key, value) in added {
        headers = headers.insert(Header { key, value: Some(value) });
    }
    Some(headers)
}
