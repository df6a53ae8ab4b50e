//! A lane: one OS thread that owns one consumer and one producer, and repeats gather, process, publish.
//!
//! Two batches are on the way: while one is published, and mostly waits for its acknowledgements, the next one is cleaned.
//! That one was gathered before the transaction began, so the rule stands that no rebalance meets an open transaction.
//! What fails is aborted and read again from the committed offsets; what can't be mended so ends this life ([`super::life`]).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use metrics::Histogram;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, Producer, PurgeConfig};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::config::Delivery;
use crate::dedup::Forgetful;
use crate::pipeline::{Cleaner, Limits};
use crate::telemetry::traces::{BatchTrace, Route};
use crate::telemetry::{Committed, events, names};

use super::batch::{Outcome, Work};
use super::clients;
use super::context::Deliveries;
use super::failure::{Failure, in_words};
use super::gather::{Gatherer, MOST, Room};
use super::life::{Clients, Orders};
use super::login::{LoggedIn, still_logged_in};
use super::publish::{Oversize, Published, Publisher, Unpublished, fenced};
use super::rebalance::Membership;
use super::sabotage;
use super::settle::Settler;
use super::topics::{ASK, Survey, Unfit, survey};
use super::transaction::{Verdict, judge};

/// Records of a batch for one partition, in bytes: a request holds 1 MB, keys and headers included.
const REQUEST: usize = 900_000;
/// Aborts in a row after which a lane starts anew.
const PATIENCE: u32 = 5;

/// A lane in one of its lives.
pub(super) struct Lane<'a> {
    orders: &'a Orders,
    name: &'a str,
    consumer: &'a LoggedIn<BaseConsumer<Membership>>,
    producer: &'a LoggedIn<BaseProducer<Deliveries>>,
    /// In exactly-once mode.
    settler: Option<Settler>,
    survey: Survey,
    cleaner: Cleaner,
    gatherer: Gatherer<'a>,
    /// Bytes of records for each byte of articles, as of late.
    growth: f64,
    /// A buffer for records that no batch holds.
    spare: Vec<u8>,
    oversize: Oversize,
    /// Assignments when the topics were last surveyed.
    surveyed: u64,
    aborts: u32,
    /// One batch at a time, until one was committed: an article that takes longer than a transaction may last must not
    /// keep the batch before it from being committed for ever.
    alone: bool,
    end_to_end: Histogram,
}

impl<'a> Lane<'a> {
    pub(super) fn new(
        orders: &'a Orders,
        name: &'a str,
        clients: &'a Clients,
        survey: Survey,
    ) -> Result<Lane<'a>, Failure> {
        let limits = orders.settings.limits;
        let limits = Limits { output: limits.output.min(survey.output_bytes), ..limits };
        let exactly_once = orders.settings.stream.delivery == Delivery::ExactlyOnce;
        let settler = exactly_once.then(|| Settler::start(clients.producer.share(), name)).transpose();
        let settler = settler
            .map_err(|error| Failure::Fatal { doing: "starting the lane's second thread", error: error.to_string() })?;
        Ok(Lane {
            orders,
            name,
            consumer: &clients.consumer,
            producer: &clients.producer,
            settler,
            survey,
            cleaner: Cleaner::new(limits),
            gatherer: Gatherer::default(),
            // Short paragraphs, each with its hash: what follows will tell.
            growth: 2.0,
            spare: Vec::new(),
            oversize: Oversize::default(),
            surveyed: 0,
            aborts: 0,
            alone: true,
            end_to_end: metrics::histogram!(names::END_TO_END_SECONDS),
        })
    }

    fn exactly_once(&self) -> bool {
        self.settler.is_some()
    }

    /// Works until it is asked to stop. What it has gathered by then is published before it ends.
    pub(super) fn work(mut self) -> Result<(), Failure> {
        if self.exactly_once() && !self.initialise()? {
            return Ok(());
        }
        let stream = &self.orders.settings.stream;
        self.orders.health.wait_for("joining the group");
        self.consumer.subscribe(&[&stream.input]).map_err(|error| Failure::fatal("subscribing", &error))?;
        // Cleaned, and to be published next.
        let mut ready: Option<Work<'a>> = None;
        loop {
            let stopping = self.orders.stop.requested();
            if stopping && ready.is_none() {
                return Ok(());
            }
            self.orders.health.tick();
            self.producer.poll(Duration::ZERO);
            let next = if stopping || ready.is_some() && self.alone { None } else { self.gather(&mut ready)? };
            ready = match ready {
                Some(work) => self.turn(work, next)?,
                None => next.map(|work| self.finish(work)),
            };
        }
    }

    /// The next batch, if articles are there. No transaction is open now, so a rebalance is welcome: what came from
    /// partitions that go is forgotten, in the batch that is `ready` as well.
    fn gather(&mut self, ready: &mut Option<Work<'a>>) -> Result<Option<Work<'a>>, Failure> {
        let room = self.room();
        let gathered = self.gatherer.gather(self.consumer, self.name, room, ready)?;
        if self.consumer.context().refused() {
            still_logged_in(self.consumer)?;
        }
        if !self.orders.health.is_ready() && self.consumer.context().joined() {
            self.orders.health.set_ready();
            events::lane_ready(self.name);
        }
        self.survey_again()?;
        if gathered.batch.is_empty() {
            return Ok(None);
        }
        let trace = BatchTrace::gathered(self.route(), gathered.took, gathered.batch.messages.len());
        let mut out = std::mem::take(&mut self.spare);
        out.clear();
        Ok(Some(Work::new(gathered.batch, gathered.took, out, trace)))
    }

    /// Cleans what is left of a batch.
    fn finish(&mut self, mut work: Work<'a>) -> Work<'a> {
        while work.clean_some(&mut self.cleaner, &mut Forgetful) {
            self.orders.health.tick();
        }
        if work.batch.bytes > 0 {
            // The mean of about the last ten batches.
            let growth = work.out.len() as f64 / work.batch.bytes as f64;
            self.growth += (growth.clamp(0.1, 10.0) - self.growth) / 10.0;
        }
        work
    }

    fn route(&self) -> Route<'a> {
        let stream = &self.orders.settings.stream;
        Route { input: &stream.input, output: &stream.output, group: &stream.group, lane: self.name }
    }

    /// A batch is cut so that each output partition gets one request: while a second one waits, librdkafka's broker thread
    /// spins (docs/performance.md).
    fn room(&self) -> Room {
        let Survey { input_partitions, output_partitions, .. } = self.survey;
        let of_partition = (REQUEST as f64 / self.growth) as usize;
        let bytes = self.orders.settings.stream.batch_bytes;
        let articles = self.oversize.most_at_once().min(MOST);
        if output_partitions == input_partitions {
            Room { bytes, of_partition, articles }
        } else {
            // Where the keys say where records go, all partitions fill up alike.
            Room { bytes: bytes.min(of_partition * output_partitions.max(1)), of_partition: usize::MAX, articles }
        }
    }

    /// Fences whoever had this lane's transactional id, and settles what it left open. `false`: asked to stop.
    fn initialise(&self) -> Result<bool, Failure> {
        let started = Instant::now();
        self.orders.health.wait_for("initialising the producer");
        while !self.orders.stop.requested() {
            self.orders.health.tick();
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

    /// New partitions may mean that a topic has grown.
    fn survey_again(&mut self) -> Result<(), Failure> {
        let assignments = self.consumer.context().assignments();
        if assignments == self.surveyed {
            return Ok(());
        }
        let first = self.surveyed == 0;
        self.surveyed = assignments;
        if first {
            return Ok(());
        }
        // A survey that fails now changes nothing: delivery will tell.
        if let Ok(survey) = survey(&self.orders.settings.stream, self.orders.embedded, ASK) {
            self.survey = survey;
        }
        Ok(())
    }

    /// librdkafka tells of a topic that is gone only as a timeout: ask, so that the lane says what it waits for. Where a topic
    /// takes less than it did, the producer is made anew: requests of the old size would be refused, record by record.
    fn survey_after_failure(&self) -> Result<(), Failure> {
        self.orders.health.tick();
        match survey(&self.orders.settings.stream, self.orders.embedded, ASK) {
            Err(Unfit::Topics(what)) => Err(Failure::Topics(what)),
            Ok(now) if now.smallest_limit() < self.survey.smallest_limit() => {
                let (limit, before) = (now.smallest_limit(), self.survey.smallest_limit());
                Err(Failure::Topics(format!("a topic takes {limit} bytes a record at most, and no longer {before}")))
            }
            Ok(_) | Err(Unfit::Unavailable(_)) => Ok(()),
        }
    }

    /// Publishes a batch. While Kafka takes its time with it, the `next` one is cleaned; answers that one.
    fn turn(&mut self, mut work: Work<'a>, mut next: Option<Work<'a>>) -> Result<Option<Work<'a>>, Failure> {
        let started = Instant::now();
        work.trace.processed();
        let before = next.as_ref().map_or(Duration::ZERO, |next| next.process);
        let stream = &self.orders.settings.stream;
        let cleaner = &mut self.cleaner;
        let mut meanwhile = || next.as_mut().is_some_and(|next| next.clean_some(cleaner, &mut Forgetful));
        let mut publisher = Publisher {
            stream,
            survey: &self.survey,
            producer: self.producer,
            consumer: self.consumer,
            health: &self.orders.health,
            stop: &self.orders.stop,
            settler: self.settler.as_ref(),
            begun: None,
            trace: &mut work.trace,
            oversize: &mut self.oversize,
            transaction_timeout: clients::transaction_timeout(stream),
            meanwhile: &mut meanwhile,
        };
        let published = publisher.publish(&work.batch, &mut work.outcomes, &work.out);
        let begun = publisher.begun;
        match published {
            Ok(published) => {
                self.aborts = 0;
                self.alone = false;
                self.consumer.context().committed(work.batch.next_offsets().into_iter());
                work.trace.committed();
                let cleaning = next.as_ref().map_or(Duration::ZERO, |next| next.process - before);
                self.tell(&work, published, started.elapsed().saturating_sub(cleaning));
                self.keep(work.out);
                Ok(next.map(|next| self.finish(next)))
            }
            Err(Unpublished::Dead(failure)) => {
                work.trace.failed(failure.reason(), &failure);
                Err(failure)
            }
            Err(Unpublished::Abort { reason, error, topics }) => {
                events::batch_aborted(self.name, reason, &error);
                self.orders.health.aborted();
                work.trace.failed(reason, &error);
                // What the batch failed of says more than that its transaction can't be ended any more.
                self.abort(begun).map_err(|failure| failure.after(&error, topics))?;
                if !sabotage::asked(sabotage::NO_REWIND) {
                    // What was gathered after it comes again as well.
                    let mut first = self.gatherer.let_go();
                    first.extend(next.map(|next| next.batch.first_offsets()).unwrap_or_default());
                    first.extend(work.batch.first_offsets());
                    self.rewind(&first)?;
                }
                if topics {
                    return Err(Failure::Topics(error));
                }
                if matches!(reason, "delivery" | "too_large") {
                    self.survey_after_failure()?;
                }
                self.alone = true;
                self.aborts += 1;
                if self.aborts >= PATIENCE && reason != "too_large" {
                    return Err(Failure::Unavailable { doing: "publishing", error });
                }
                self.keep(work.out);
                Ok(None)
            }
        }
    }

    /// Keeps a buffer for the next batch; but one article of an extraordinary size must not hold its memory for ever.
    fn keep(&mut self, out: Vec<u8>) {
        if out.capacity() <= 4 * self.orders.settings.stream.batch_bytes.max(1 << 20) {
            self.spare = out;
        }
    }

    /// Gives up the transaction that began at `begun`.
    fn abort(&self, begun: Option<Instant>) -> Result<(), Failure> {
        // abort does not poll, so it would wait in vain for what is still queued.
        self.producer.purge(PurgeConfig::default().queue().inflight());
        while self.producer.in_flight_count() > 0 {
            self.orders.health.tick();
            self.producer.poll(Duration::ZERO);
            std::thread::sleep(Duration::from_millis(1));
        }
        if !self.exactly_once() {
            return Ok(());
        }
        loop {
            self.orders.health.tick();
            let Err(error) = self.producer.abort_transaction(Duration::from_secs(5)) else { return Ok(()) };
            match judge(&error) {
                Verdict::Retry if !self.orders.stop.requested() => {
                    still_logged_in(self.producer)?;
                    self.orders.health.wait_for(format!("aborting a transaction: {}", in_words(&error)));
                }
                Verdict::Fenced => {
                    let stream = &self.orders.settings.stream;
                    return Err(fenced(begun, clients::transaction_timeout(stream), "abort", &error));
                }
                _ => return Err(Failure::fatal("abort", &error)),
            }
        }
    }

    /// Back to where the batch began, so that it is read again.
    fn rewind(&self, first: &BTreeMap<i32, i64>) -> Result<(), Failure> {
        let fatal = |error: &KafkaError| Failure::fatal("rewinding to the committed offsets", error);
        let topic = &self.orders.settings.stream.input;
        let assigned = self.consumer.assignment().map_err(|error| fatal(&error))?;
        let mut asked = TopicPartitionList::new();
        for element in
            assigned.elements_for_topic(topic).iter().filter(|element| first.contains_key(&element.partition()))
        {
            asked.add_partition(topic, element.partition());
        }
        if asked.count() == 0 {
            return Ok(());
        }
        let committed = self.consumer.committed_offsets(asked, ASK).map_err(|error| fatal(&error))?;
        let mut targets = TopicPartitionList::new();
        for element in committed.elements_for_topic(topic) {
            element.error().map_err(|error| fatal(&error))?;
            // Nothing committed yet: the batch's own beginning.
            let offset = match element.offset() {
                Offset::Offset(offset) => Offset::Offset(offset),
                _ => first.get(&element.partition()).map_or(Offset::Beginning, |&offset| Offset::Offset(offset)),
            };
            targets.add_partition_offset(topic, element.partition(), offset).map_err(|error| fatal(&error))?;
        }
        let sought = self.consumer.seek_partitions(targets, ASK).map_err(|error| fatal(&error))?;
        for element in sought.elements_for_topic(topic) {
            element.error().map_err(|error| fatal(&error))?;
        }
        Ok(())
    }

    fn tell(&self, work: &Work<'_>, published: Published, publish: Duration) {
        let Work { batch, outcomes, .. } = work;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let (mut kept, mut dropped, mut clean) = (0, 0, 0);
        let mut calendars: BTreeMap<&'static str, u64> = BTreeMap::new();
        for (message, outcome) in batch.messages.iter().zip(outcomes) {
            match outcome {
                Outcome::Clean(_, cleaned) => {
                    clean += 1;
                    kept += cleaned.kept as u64;
                    dropped += cleaned.dropped as u64;
                    for calendar in &cleaned.calendars {
                        *calendars.entry(calendar).or_default() += 1;
                    }
                }
                Outcome::Refused(reject) => {
                    let topic = &self.orders.settings.stream.input;
                    let cut = message.payload_len() > self.survey.dead_bytes;
                    self.orders.health.refused(message.partition(), message.offset(), reject.code());
                    events::refused(
                        topic,
                        message.partition(),
                        message.offset(),
                        reject.code(),
                        &reject.message(),
                        cut,
                    );
                }
            }
            if let Some(timestamp) = message.timestamp().to_millis() {
                let waited = (now - timestamp as f64 / 1000.0).max(0.0);
                self.end_to_end.record(waited);
                self.orders.health.waited(waited);
            }
        }
        for (calendar, count) in calendars {
            events::dates_found(calendar, count);
        }
        let event = events::BatchCommitted {
            lane: self.name,
            records_in: batch.messages.len() as u64,
            records_out: clean,
            bytes_in: batch.bytes as u64,
            bytes_out: published.bytes_out,
            kept,
            dropped,
            gather: work.gather,
            process: work.process,
            publish,
            commit: published.commit,
        };
        event.emit();
        let (records, bytes, commit) = (event.records_in, event.bytes_in, published.commit);
        self.orders.health.committed(Committed { records, bytes, process: work.process, publish, commit });
    }
}
