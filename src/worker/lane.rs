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
use crate::telemetry::traces::{BatchTrace, Route};
use crate::telemetry::{CommittedBatch, Refused, events, names};
use copydesk_core::dedup::Forgetful;
use copydesk_core::pipeline::{Cleaner, Limits};

use super::batch::{Outcome, Work};
use super::clients;
use super::context::Deliveries;
use super::examine::Examiner;
use super::failure::{Failure, in_words};
use super::gather::{Gatherer, MOST, Room};
use super::life::{Clients, Orders};
use super::login::{LoggedIn, still_logged_in};
use super::native;
use super::publish::{Abort, Published, Publisher, Unpublished, fenced};
use super::rebalance::Membership;
use super::refusals::Refusals;
use super::replaced::replaced;
use super::sabotage;
use super::settle::Settler;
use super::timestamps;
use super::topics::{ASK, Survey, Unfit, survey};
use super::transaction::{Verdict, judge};

/// Records of a batch for one partition, in bytes: a request holds 1 MB, keys and headers included.
const REQUEST: usize = 900_000;
/// Aborts in a row after which a lane starts anew.
const PATIENCE: u32 = 5;
/// The same where records timed out, once a batch was committed: a producer whose sends lead nowhere any more stays so until
/// it is made anew, and each abort costs another `message.timeout.ms`. Where not even the first batch of a life gets through,
/// new clients would not help, and [`PATIENCE`] holds.
const PATIENCE_WITH_TIMEOUTS: u32 = 1;

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
    examiner: Examiner<'a>,
    /// Bytes of records for each byte of articles, as of late.
    growth: f64,
    /// A buffer for records that no batch holds.
    spare: Vec<u8>,
    /// Of all lives: what was learned of an article must outlast the clients that it was learned with.
    refusals: &'a mut Refusals,
    /// Assignments when the topics were last surveyed.
    surveyed: u64,
    aborts: u32,
    /// One batch at a time, until one was committed: an article that takes longer than a transaction may last must not
    /// keep the batch before it from being committed for ever.
    alone: bool,
    /// This life has committed a batch, so its producer was of use.
    proven: bool,
    end_to_end: Histogram,
    /// Bytes of articles since memory was last given back.
    unreleased: usize,
}

/// Memory is given back when a lane that has done so much falls idle, or at once behind a batch that was so much too large.
const RELEASE: usize = 32 << 20;

impl<'a> Lane<'a> {
    pub(super) fn new(
        orders: &'a Orders,
        name: &'a str,
        clients: &'a Clients,
        survey: Survey,
        refusals: &'a mut Refusals,
    ) -> Result<Lane<'a>, Failure> {
        let limits = orders.settings.limits;
        let limits = Limits { output: limits.output.min(survey.output_bytes), ..limits };
        let exactly_once = orders.settings.stream.delivery == Delivery::ExactlyOnce;
        let settler = exactly_once.then(|| Settler::start(clients.producer.share(), name)).transpose();
        let settler = settler
            .map_err(|error| Failure::Fatal { doing: "starting the lane's second thread", error: error.to_string() })?;
        refusals.surveyed(&survey);
        orders.health.set_input_partitions(survey.input_partitions);
        Ok(Lane {
            orders,
            name,
            consumer: &clients.consumer,
            producer: &clients.producer,
            settler,
            survey,
            cleaner: Cleaner::new(limits),
            gatherer: Gatherer::default(),
            examiner: Examiner::new(orders, name, &clients.consumer),
            // Short paragraphs, each with its hash: what follows will tell.
            growth: 2.0,
            spare: Vec::new(),
            refusals,
            surveyed: 0,
            aborts: 0,
            alone: true,
            proven: false,
            end_to_end: metrics::histogram!(names::END_TO_END_SECONDS),
            unreleased: 0,
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
        self.examiner.begin()?;
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
        let mut gathered =
            self.gatherer.gather(self.consumer, self.name, room, ready).map_err(|failure| match failure {
                Failure::Replaced => replaced(self.orders, self.consumer, self.producer, self.settler.as_ref()),
                other => other,
            })?;
        let cut = self.examiner.admit(&mut gathered.batch, ready.is_none())?;
        self.gatherer.drop_held(|partition| cut.contains(&partition));
        if self.consumer.context().refused() {
            still_logged_in(self.consumer)?;
        }
        if self.orders.rejoin.is_asked(self.orders.number) {
            let error = "the group gives a partition to nobody: joining it anew".to_owned();
            return Err(Failure::Unavailable { doing: "sharing the partitions", error });
        }
        if !self.orders.health.is_ready() && self.consumer.context().joined() {
            self.orders.health.set_ready();
            events::lane_ready(self.name);
        }
        self.survey_again()?;
        if gathered.batch.is_empty() {
            if ready.is_none() && self.unreleased > RELEASE {
                self.unreleased = 0;
                native::release_memory();
            }
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
        let bytes = self.orders.settings.stream.batch_bytes;
        let articles = self.refusals.most_at_once().min(MOST);
        let (sent, sent_of_partition) = if output_partitions == input_partitions {
            (usize::MAX, REQUEST)
        } else {
            // Where the keys say where records go, all partitions fill up alike.
            (REQUEST * output_partitions.max(1), usize::MAX)
        };
        Room { bytes, sent, sent_of_partition, articles, growth: self.growth }
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
            self.refusals.surveyed(&survey);
            self.orders.health.set_input_partitions(survey.input_partitions);
        }
        Ok(())
    }

    /// librdkafka tells of a topic that is gone only as a timeout: ask, so that the lane says what it waits for. Where a topic
    /// takes less than it did, the producer is made anew: requests of the old size would be refused, record by record.
    fn survey_after_failure(&mut self) -> Result<(), Failure> {
        self.orders.health.tick();
        match survey(&self.orders.settings.stream, self.orders.embedded, ASK) {
            Err(Unfit::Topics(what)) => Err(Failure::Topics(what)),
            Ok(now) if now.smallest_limit() < self.survey.smallest_limit() => {
                let (limit, before) = (now.smallest_limit(), self.survey.smallest_limit());
                Err(Failure::Topics(format!("a topic takes {limit} bytes a record at most, and no longer {before}")))
            }
            Ok(now) => {
                self.refusals.surveyed(&now);
                Ok(())
            }
            Err(Unfit::Unavailable(_)) => Ok(()),
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
            refusals: self.refusals,
            batch: &work.batch,
            now: timestamps::now(),
            transaction_timeout: clients::transaction_timeout(stream),
            meanwhile: &mut meanwhile,
        };
        let published = publisher.publish(&mut work.outcomes, &work.out);
        let begun = publisher.begun;
        match published {
            Ok(published) => {
                self.aborts = 0;
                self.alone = false;
                events::brokers_up(self.name);
                self.proven = true;
                self.consumer.context().committed(work.batch.next_offsets().into_iter());
                work.trace.committed();
                let cleaning = next.as_ref().map_or(Duration::ZERO, |next| next.process - before);
                self.tell(&work, published, started.elapsed().saturating_sub(cleaning));
                self.unreleased += work.batch.weight;
                self.keep(work.out);
                if work.batch.weight > self.largest_buffer() {
                    drop((work.batch, work.outcomes));
                    // And again when the lane falls idle: librdkafka frees what it has unpacked later than this.
                    native::release_memory();
                    self.unreleased = self.unreleased.max(RELEASE + 1);
                }
                Ok(next.map(|next| self.finish(next)))
            }
            Err(Unpublished::Dead(failure)) => {
                work.trace.failed(failure.reason(), &failure);
                Err(failure)
            }
            Err(Unpublished::Abort(abort)) => {
                self.aborted(work, next, &abort, begun)?;
                Ok(None)
            }
        }
    }

    /// Gives a batch up that was not published, so that it is read again from the committed offsets, and `next` with it.
    fn aborted(
        &mut self,
        mut work: Work<'a>,
        next: Option<Work<'a>>,
        abort: &Abort,
        begun: Option<Instant>,
    ) -> Result<(), Failure> {
        let Abort { reason, error, topics } = abort;
        events::batch_aborted(self.name, reason.label(), error);
        self.orders.health.aborted();
        work.trace.failed(reason.label(), error);
        let timed_out = self.producer.client().context().any_timed_out();
        // What the batch failed of says more than that its transaction can't be ended any more.
        self.abort(begun).map_err(|failure| failure.after(error, *topics))?;
        if !sabotage::asked(sabotage::NO_REWIND) {
            // What was gathered after it comes again as well.
            let mut first = self.gatherer.let_go();
            first.extend(next.map(|next| next.batch.first_offsets()).unwrap_or_default());
            first.extend(work.batch.first_offsets());
            self.rewind(&first)?;
        }
        if *topics {
            return Err(Failure::Topics(error.clone()));
        }
        if reason.is_about_topics() {
            self.survey_after_failure()?;
        }
        self.alone = true;
        // The transaction after one of which a record was refused fails as well, until librdkafka has a new epoch.
        self.aborts = if reason.is_progress() { 0 } else { self.aborts + 1 };
        let patience = if timed_out && self.proven { PATIENCE_WITH_TIMEOUTS } else { PATIENCE };
        if self.aborts >= patience {
            return Err(Failure::Unavailable { doing: "publishing", error: error.clone() });
        }
        self.keep(work.out);
        Ok(())
    }

    /// Keeps a buffer for the next batch; but one article of an extraordinary size must not hold its memory for ever.
    fn keep(&mut self, out: Vec<u8>) {
        if out.capacity() <= self.largest_buffer() {
            self.spare = out;
        }
    }

    fn largest_buffer(&self) -> usize {
        4 * self.orders.settings.stream.batch_bytes.max(1 << 20)
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
        let timeout = clients::transaction_timeout(&self.orders.settings.stream);
        let asked = Instant::now();
        loop {
            self.orders.health.tick();
            let Err(error) = self.producer.abort_transaction(Duration::from_secs(5)) else { return Ok(()) };
            match judge(&error) {
                // By then the coordinator has aborted it by itself, and only new clients can tell.
                Verdict::Retry if asked.elapsed() > timeout => return Err(Failure::unavailable("abort", &error)),
                Verdict::Retry if !self.orders.stop.requested() => {
                    still_logged_in(self.producer)?;
                    self.orders.health.wait_for(format!("aborting a transaction: {}", in_words(&error)));
                }
                Verdict::Fenced => return Err(fenced(begun, timeout, "abort", &error, self.consumer)),
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
        self.consumer.context().rewound();
        for element in sought.elements_for_topic(topic) {
            element.error().map_err(|error| fatal(&error))?;
        }
        self.consumer.context().positions().rewound(first.keys());
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
                    let (partition, offset, code) = (message.partition(), message.offset(), reject.code());
                    events::refused(&Refused { topic, partition, offset, code, cut }, &reject.message());
                }
            }
            if let Some(timestamp) = message.timestamp().to_millis() {
                let waited = (now - timestamp as f64 / 1000.0).max(0.0);
                self.end_to_end.record(waited);
                self.orders.health.record_latency(waited);
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
        self.orders.health.committed(CommittedBatch { records, bytes, process: work.process, publish, commit });
    }
}
