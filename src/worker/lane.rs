//! A lane: one OS thread that owns one consumer and one producer, and repeats gather, process, publish.
//!
//! A lane has many lives. A life surveys the topics, makes both clients, and works until it is asked to stop or something
//! fails that only new clients can mend; then both are dropped, and after a pause the next life begins. What was
//! not committed is read again, so a life can end anywhere.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use metrics::Histogram;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, Producer, PurgeConfig};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tracing::warn;

use crate::config::{Delivery, Settings};
use crate::dedup::Forgetful;
use crate::pipeline::{Cleaner, Limits};
use crate::telemetry::{Committed, LaneHealth, events, names};

use super::batch::{self, Batch, Outcome};
use super::clients;
use super::context::Deliveries;
use super::failure::{Failure, in_words};
use super::gather::gather;
use super::publish::{Oversize, Published, Publisher, Unpublished};
use super::rebalance::Membership;
use super::sabotage;
use super::stop::Stop;
use super::topics::{Survey, Unfit, survey};
use super::transaction::{Verdict, judge};

/// How long the brokers may take to answer before a lane says that it waits.
const ASK: Duration = Duration::from_secs(10);
/// How long a lane that misses a topic waits at most before it looks again.
const ASK_AGAIN: Duration = Duration::from_secs(2);
/// How long both clients may take to close.
const CLOSE: Duration = Duration::from_secs(8);
/// Input of a batch for each output partition: a record is up to twice its article, a request holds 1 MB.
const BYTES_PER_PARTITION: usize = 500_000;
/// Aborts in a row after which a lane starts anew.
const PATIENCE: u32 = 5;

/// What a lane is told.
pub(super) struct Orders {
    pub(super) settings: Arc<Settings>,
    /// The broker is the embedded one.
    pub(super) embedded: bool,
    pub(super) number: usize,
    pub(super) stop: Stop,
    pub(super) health: Arc<LaneHealth>,
}

/// How a lane ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// It was asked to.
    Stopped,
    /// Another process has its name.
    Fenced,
}

struct Clients {
    consumer: BaseConsumer<Membership>,
    producer: BaseProducer<Deliveries>,
}

/// The whole life of the thread.
pub(super) fn run(orders: &Orders) -> Ended {
    let name = orders.number.to_string();
    let (first, largest) = orders.settings.stream.backoff;
    let mut pause = first;
    let ended = loop {
        let started = Instant::now();
        let life = catch_unwind(AssertUnwindSafe(|| live(orders, &name)));
        let failure = match life.unwrap_or_else(|panic| Err(Failure::Panic(words(panic.as_ref())))) {
            Ok(()) => break Ended::Stopped,
            Err(failure) => failure,
        };
        if orders.stop.requested() {
            break Ended::Stopped;
        }
        if started.elapsed() > largest {
            pause = first;
        }
        match &failure {
            Failure::Fenced => {
                events::fenced(&name, &clients::transactional_id(&orders.settings.stream, orders.number));
                break Ended::Fenced;
            }
            Failure::Topics(what) => events::lane_waits(&name, what, pause),
            other => events::lane_restart(&name, other.reason(), &other.to_string(), pause),
        }
        // What is waited for may come at any time, and asking is cheap.
        if matches!(failure, Failure::Topics(_)) {
            pause = pause.min(ASK_AGAIN);
        } else {
            orders.health.restarted();
        }
        orders.health.wait_for(failure.to_string());
        orders.health.set_partitions(Vec::new());
        if rest(orders, pause) {
            break Ended::Stopped;
        }
        pause = (pause * 2).min(largest);
    };
    orders.health.set_partitions(Vec::new());
    orders.health.set_stopped();
    ended
}

/// Pauses, ticking: a lane that waits has not stalled.
fn rest(orders: &Orders, pause: Duration) -> bool {
    let end = Instant::now() + pause;
    loop {
        orders.health.tick();
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || orders.stop.pause(left.min(Duration::from_secs(1))) {
            return orders.stop.requested();
        }
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

/// One life: `Ok` where it was asked to stop.
fn live(orders: &Orders, name: &str) -> Result<(), Failure> {
    let stream = &orders.settings.stream;
    let survey = survey(stream, orders.embedded, ASK).map_err(|unfit| match unfit {
        Unfit::Topics(what) => Failure::Topics(what),
        Unfit::Unavailable(trouble) => {
            Failure::Unavailable { doing: "looking for the topics", error: trouble.to_string() }
        }
    })?;
    orders.health.tick();
    let membership = Membership::new(name.to_owned(), stream.input.clone(), Arc::clone(&orders.health));
    let deliveries = Deliveries::new(name.to_owned());
    let starting = |error: KafkaError| Failure::fatal("starting the clients", &error);
    let consumer = BaseConsumer::from_config_and_context(&clients::consumer(stream, orders.number), membership)
        .map_err(starting)?;
    let producer =
        BaseProducer::from_config_and_context(&clients::producer(stream, orders.number, &survey), deliveries)
            .map_err(starting)?;
    let clients = Clients { consumer, producer };
    // Caught here and not only in `run`, because a panic must not skip the bounded close.
    let worked = catch_unwind(AssertUnwindSafe(|| Lane::new(orders, name, &clients, survey).work()));
    let worked = worked.unwrap_or_else(|panic| Err(Failure::Panic(words(panic.as_ref()))));
    close(clients, name, orders);
    worked
}

/// Leaves the group and closes both clients, on a thread of its own: librdkafka may take for ever while the coordinator
/// is down. A close that hangs is left behind; the process ends without it.
fn close(clients: Clients, name: &str, orders: &Orders) {
    let (done, closed) = mpsc::channel();
    let closer = std::thread::Builder::new().name(format!("close-{name}")).spawn(move || {
        clients.consumer.unsubscribe();
        drop(clients.consumer);
        drop(clients.producer);
        let _ = done.send(());
    });
    let end = Instant::now() + CLOSE;
    while closer.is_ok() && Instant::now() < end {
        orders.health.tick();
        match closed.recv_timeout(Duration::from_millis(500)) {
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => return,
        }
    }
    warn!(lane = name, "closing the clients takes too long: left behind");
}

struct Lane<'a> {
    orders: &'a Orders,
    name: &'a str,
    consumer: &'a BaseConsumer<Membership>,
    producer: &'a BaseProducer<Deliveries>,
    survey: Survey,
    cleaner: Cleaner,
    /// Records of the batch, one after the other.
    out: Vec<u8>,
    /// Assignments when the topics were last surveyed.
    surveyed: u64,
    aborts: u32,
    end_to_end: Histogram,
}

impl<'a> Lane<'a> {
    fn new(orders: &'a Orders, name: &'a str, clients: &'a Clients, survey: Survey) -> Lane<'a> {
        let limits = orders.settings.limits;
        let limits = Limits { output: limits.output.min(survey.output_bytes), ..limits };
        Lane {
            orders,
            name,
            consumer: &clients.consumer,
            producer: &clients.producer,
            survey,
            cleaner: Cleaner::new(limits),
            out: Vec::new(),
            surveyed: 0,
            aborts: 0,
            end_to_end: metrics::histogram!(names::END_TO_END_SECONDS),
        }
    }

    fn exactly_once(&self) -> bool {
        self.orders.settings.stream.delivery == Delivery::ExactlyOnce
    }

    fn work(mut self) -> Result<(), Failure> {
        if self.exactly_once() && !self.initialise()? {
            return Ok(());
        }
        let stream = &self.orders.settings.stream;
        self.orders.health.wait_for("joining the group");
        self.consumer.subscribe(&[&stream.input]).map_err(|error| Failure::fatal("subscribing", &error))?;
        let mut oversize = Oversize::default();
        while !self.orders.stop.requested() {
            self.orders.health.tick();
            self.producer.poll(Duration::ZERO);
            let most = oversize.most_at_once();
            let gathered = gather(self.consumer, self.name, self.batch_bytes(), most)?;
            if !self.orders.health.is_ready() && self.consumer.context().joined() {
                self.orders.health.set_ready();
                events::lane_ready(self.name);
            }
            self.survey_again()?;
            if !gathered.batch.is_empty() {
                oversize = self.turn(&gathered.batch, gathered.took, oversize)?;
            }
        }
        Ok(())
    }

    /// A batch is cut so that each output partition gets one request: with a second one in a transaction, librdkafka's
    /// broker thread spins.
    fn batch_bytes(&self) -> usize {
        let same = self.survey.output_partitions == self.survey.input_partitions;
        let written = if same { self.consumer.context().partitions() } else { self.survey.output_partitions };
        self.orders.settings.stream.batch_bytes.min(BYTES_PER_PARTITION * written.max(1))
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
                Verdict::Retry if started.elapsed() < Duration::from_secs(60) => {}
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

    /// One batch through the function and out.
    fn turn(&mut self, batch: &Batch<'_>, gather: Duration, oversize: Oversize) -> Result<Oversize, Failure> {
        let started = Instant::now();
        let mut out = std::mem::take(&mut self.out);
        out.clear();
        let mut outcomes = batch::process(batch, &mut self.cleaner, &mut Forgetful, &mut out);
        sabotage::pause(sabotage::SLOW_TO_PROCESS, batch.messages.iter().map(Message::payload));
        let process = started.elapsed();
        let stream = &self.orders.settings.stream;
        let mut publisher = Publisher {
            stream,
            survey: &self.survey,
            producer: self.producer,
            consumer: self.consumer,
            health: &self.orders.health,
            begun: None,
            oversize,
            transaction_timeout: clients::transaction_timeout(stream),
        };
        let published = publisher.publish(batch, &mut outcomes, &out);
        match published {
            Ok(published) => {
                self.aborts = 0;
                self.consumer.context().committed(batch.next_offsets().into_iter());
                let publish = started.elapsed().saturating_sub(process);
                self.tell(batch, &outcomes, published, gather, process, publish);
            }
            Err(Unpublished::Dead(failure)) => return Err(failure),
            Err(Unpublished::Abort { reason, error, topics }) => {
                events::batch_aborted(self.name, reason, &error);
                self.orders.health.aborted();
                // What the batch failed of says more than that its transaction can't be ended any more.
                self.abort(&publisher).map_err(|failure| failure.after(&error, topics))?;
                if !sabotage::asked(sabotage::NO_REWIND) {
                    self.rewind(&batch.first_offsets())?;
                }
                if topics {
                    return Err(Failure::Topics(error));
                }
                if matches!(reason, "delivery" | "too_large") {
                    self.survey_after_failure()?;
                }
                self.aborts += 1;
                if self.aborts >= PATIENCE && reason != "too_large" {
                    return Err(Failure::Unavailable { doing: "publishing", error });
                }
            }
        }
        // One article of an extraordinary size must not hold its memory for ever.
        if out.capacity() > 4 * stream.batch_bytes.max(1 << 20) {
            out = Vec::new();
        }
        let oversize = std::mem::take(&mut publisher.oversize);
        self.out = out;
        Ok(oversize)
    }

    fn abort(&self, publisher: &Publisher<'_>) -> Result<(), Failure> {
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
                    self.orders.health.wait_for(format!("aborting a transaction: {}", in_words(&error)));
                }
                Verdict::Fenced => return Err(publisher.fenced("abort", &error)),
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

    fn tell(
        &self,
        batch: &Batch<'_>,
        outcomes: &[Outcome],
        published: Published,
        gather: Duration,
        process: Duration,
        publish: Duration,
    ) {
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
                        &reject.to_string(),
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
            gather,
            process,
            publish,
            commit: published.commit,
        };
        event.emit();
        let (records, bytes, commit) = (event.records_in, event.bytes_in, published.commit);
        self.orders.health.committed(Committed { records, bytes, process, publish, commit });
    }
}
