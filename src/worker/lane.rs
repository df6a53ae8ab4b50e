//! A lane: one OS thread that owns one consumer and one producer, and repeats gather, process, publish.
//!
//! Two batches are on the way ([`super::pipeline`]): while one is published, and mostly waits for its acknowledgements, the
//! next one is cleaned. That one was gathered before the transaction began, so the rule stands that no rebalance meets an
//! open transaction. What fails is aborted and read again from the committed offsets; what new clients alone can repair ends
//! the session ([`super::session`]).

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::Producer;

use crate::telemetry::events;
use crate::telemetry::traces::{BatchTrace, Route};
use copydesk_core::pipeline::{Cleaner, Limits};

use super::abort::{Abort, Remedy};
use super::batch::Work;
use super::batch_metrics::BatchMetrics;
use super::duplicate_member::judge_replacement;
use super::failure::Failure;
use super::gather::{BatchLimits, MOST_ARTICLES};
use super::group_offsets::rewind;
use super::login::{LoggedIn, still_logged_in};
use super::native;
use super::pipeline::Pipeline;
use super::position_check::PositionChecker;
use super::publish::{Publisher, Unpublished};
use super::rebalance::Membership;
use super::refusals::Refusals;
use super::sabotage;
use super::session::{Clients, LaneConfig};
use super::topics::{ASK, Survey, Unfit, survey};

/// Records of a batch for one partition, in bytes: a request holds 1 MB, keys and headers included.
const REQUEST: usize = 900_000;
/// Aborts in a row after which a lane restarts.
const MOST_ABORTS: u32 = 5;
/// The same where records timed out, once a batch was committed: a producer whose sends lead nowhere any more stays so until
/// it is replaced, and each abort costs another `message.timeout.ms`. Where not even the first batch of a session gets
/// through, new clients would not help, and [`MOST_ABORTS`] holds.
const MOST_ABORTS_WITH_TIMEOUTS: u32 = 1;
/// Memory is given back when a lane that has done so much falls idle, or at once behind a batch that was so much too large.
const RELEASE: usize = 32 << 20;

/// A lane in one of its sessions.
pub(super) struct Lane<'a> {
    config: &'a LaneConfig,
    name: &'a str,
    consumer: &'a LoggedIn<BaseConsumer<Membership>>,
    publisher: Publisher<'a>,
    pipeline: Pipeline<'a>,
    checker: PositionChecker<'a>,
    metrics: BatchMetrics<'a>,
    /// Assignments when the topics were last surveyed.
    surveyed: u64,
    /// In a row, those that count.
    aborts: u32,
    /// One batch at a time, until one was committed: an article that takes longer than a transaction may last must not
    /// keep the batch before it from being committed for ever.
    pipelining_paused: bool,
    /// This session has committed a batch, so its producer was of use.
    has_committed: bool,
    /// Bytes of articles since memory was last given back.
    unreleased: usize,
}

impl<'a> Lane<'a> {
    pub(super) fn new(
        config: &'a LaneConfig,
        name: &'a str,
        clients: &'a Clients,
        survey: Survey,
        refusals: &'a mut Refusals,
    ) -> Result<Lane<'a>, Failure> {
        let limits = config.settings.limits;
        let limits = Limits { output: limits.output.min(survey.output_bytes), ..limits };
        let largest_buffer = 4 * config.settings.stream.batch_bytes.max(1 << 20);
        config.health.set_input_partitions(survey.input_partitions);
        Ok(Lane {
            config,
            name,
            consumer: &clients.consumer,
            publisher: Publisher::new(config, clients, survey, refusals)?,
            pipeline: Pipeline::new(Cleaner::new(limits), largest_buffer),
            checker: PositionChecker::new(config, name, &clients.consumer),
            metrics: BatchMetrics::new(config, name),
            surveyed: 0,
            aborts: 0,
            pipelining_paused: true,
            has_committed: false,
            unreleased: 0,
        })
    }

    /// Works until it is asked to stop. What it has gathered by then is published before it ends.
    pub(super) fn work(mut self) -> Result<(), Failure> {
        if self.publisher.exactly_once() && !self.publisher.initialise()? {
            return Ok(());
        }
        self.checker.begin()?;
        let stream = &self.config.settings.stream;
        self.config.health.wait_for("joining the group");
        self.consumer.subscribe(&[&stream.input]).map_err(|error| Failure::fatal("subscribing", &error))?;
        loop {
            let stopping = self.config.stop.requested();
            if stopping && !self.pipeline.has_ready() {
                return Ok(());
            }
            self.config.health.tick();
            self.publisher.producer.poll(Duration::ZERO);
            if !(stopping || self.pipeline.has_ready() && self.pipelining_paused) {
                self.gather()?;
            }
            if let Some(work) = self.pipeline.take_ready() {
                self.publish(work)?;
            }
            self.pipeline.finish_next(&self.config.health);
        }
    }

    /// Gathers the next batch, if articles are there.
    fn gather(&mut self) -> Result<(), Failure> {
        let limits = self.batch_limits();
        let took = self.pipeline.gather(self.consumer, self.name, limits).map_err(|failure| match failure {
            Failure::Replaced => judge_replacement(&self.publisher),
            other => other,
        })?;
        let idle = !self.pipeline.has_ready();
        let cut = self.checker.admit(&mut self.pipeline.gathered, idle)?;
        self.pipeline.discard_buffered_of(&cut);
        if self.consumer.context().login_refused() {
            still_logged_in(self.consumer)?;
        }
        if self.config.rejoin.is_asked(self.config.number) {
            let error = "the group gives a partition to nobody: joining it again".to_owned();
            return Err(Failure::Unavailable { doing: "sharing the partitions", error });
        }
        if !self.config.health.is_ready() && self.consumer.context().joined() {
            self.config.health.set_ready();
            events::lane_ready(self.name);
        }
        self.survey_after_assignment();
        let route = self.route();
        let started = self.pipeline.start_next(took, |articles| BatchTrace::gathered(route, took, articles));
        if !started && idle && self.unreleased > RELEASE {
            self.unreleased = 0;
            native::release_memory();
        }
        Ok(())
    }

    fn route(&self) -> Route<'a> {
        let stream = &self.config.settings.stream;
        Route { input: &stream.input, output: &stream.output, group: &stream.group, lane: self.name }
    }

    /// A batch is cut so that each output partition gets one request: while a second one waits, librdkafka's broker thread
    /// spins (docs/performance.md).
    fn batch_limits(&self) -> BatchLimits {
        let Survey { input_partitions, output_partitions, .. } = self.publisher.survey;
        let bytes = self.config.settings.stream.batch_bytes;
        let articles = self.publisher.refusals.most_at_once().min(MOST_ARTICLES);
        let (sent, sent_of_partition) = if output_partitions == input_partitions {
            (usize::MAX, REQUEST)
        } else {
            // Where the keys say where records go, all partitions fill up alike.
            (REQUEST * output_partitions.max(1), usize::MAX)
        };
        BatchLimits { bytes, sent, sent_of_partition, articles, output_ratio: self.pipeline.output_ratio() }
    }

    fn survey(&self) -> Result<Survey, Unfit> {
        survey(&self.config.settings.stream, self.config.embedded, ASK)
    }

    /// New partitions may mean that a topic has grown.
    fn survey_after_assignment(&mut self) {
        let assignments = self.consumer.context().assignments();
        let is_first = self.surveyed == 0;
        if std::mem::replace(&mut self.surveyed, assignments) == assignments || is_first {
            return;
        }
        // A survey that fails now changes nothing: delivery will show it.
        if let Ok(survey) = self.survey() {
            self.publisher.survey = survey;
            self.publisher.refusals.surveyed(&survey);
            self.config.health.set_input_partitions(survey.input_partitions);
        }
    }

    /// librdkafka reports a topic that is gone only as a timeout: ask, so that the lane says what it waits for. Where a topic
    /// takes less than it did, the producer is replaced: requests of the old size would be refused, record by record.
    fn survey_after_abort(&mut self) -> Result<(), Failure> {
        self.config.health.tick();
        let before = self.publisher.survey.smallest_limit();
        match self.survey() {
            Err(Unfit::Topics(what)) => Err(Failure::Topics(what)),
            Ok(now) if now.smallest_limit() < before => {
                let limit = now.smallest_limit();
                Err(Failure::Topics(format!("a topic takes {limit} bytes a record at most, and no longer {before}")))
            }
            Ok(now) => {
                self.publisher.refusals.surveyed(&now);
                Ok(())
            }
            Err(Unfit::NoLogin(_) | Unfit::NoBroker(_)) => Ok(()),
        }
    }

    /// Publishes a batch. While Kafka takes its time with it, the next one is cleaned.
    fn publish(&mut self, mut work: Work<'a>) -> Result<(), Failure> {
        let started = Instant::now();
        work.trace.processed();
        let cleaned_before = self.pipeline.cleaning_time();
        match self.publisher.publish(&mut work, &mut self.pipeline) {
            Ok(published) => {
                let cleaning = self.pipeline.cleaning_time() - cleaned_before;
                self.aborts = 0;
                self.pipelining_paused = false;
                self.has_committed = true;
                events::brokers_up(self.name);
                self.consumer.context().committed(work.batch.next_offsets());
                work.trace.committed();
                let publish = started.elapsed().saturating_sub(cleaning);
                self.metrics.record(&work, published, publish, self.publisher.survey.dead_bytes);
                self.release(work);
                Ok(())
            }
            Err(Unpublished::Failed(failure)) => {
                work.trace.failed(failure.reason(), &failure);
                Err(failure)
            }
            Err(Unpublished::Aborted(abort)) => self.aborted(work, &abort),
        }
    }

    /// Frees a batch that was committed. An extraordinary one gives its memory back at once.
    fn release(&mut self, work: Work<'a>) {
        let Work { batch, outcomes, out, .. } = work;
        self.unreleased += batch.gathered_bytes;
        self.pipeline.recycle(out);
        if self.pipeline.is_oversized(&batch) {
            drop((batch, outcomes));
            // And again when the lane falls idle: librdkafka frees what it has unpacked later than this.
            native::release_memory();
            self.unreleased = self.unreleased.max(RELEASE + 1);
        }
    }

    /// Aborts a batch that was not published, so that it is read again from the committed offsets, and the next one with it.
    fn aborted(&mut self, mut work: Work<'a>, abort: &Abort) -> Result<(), Failure> {
        let Abort { reason, remedy, error } = abort;
        events::batch_aborted(self.name, reason.label(), error);
        self.config.health.aborted();
        work.trace.failed(reason.label(), error);
        let timed_out = self.publisher.producer.client().context().any_timed_out();
        self.publisher.abort().map_err(|failure| failure.after(abort))?;
        let first = self.pipeline.discard_buffered(&work.batch);
        if !sabotage::asked(sabotage::NO_REWIND) {
            rewind(self.consumer, &first)?;
        }
        match remedy {
            Remedy::WaitForTopics => return Err(Failure::Topics(error.clone())),
            Remedy::SurveyTopics => self.survey_after_abort()?,
            Remedy::Retry => {}
        }
        self.pipelining_paused = true;
        // The transaction after one of which a record was refused fails as well, until librdkafka has a new epoch.
        self.aborts = if reason.counts() { self.aborts + 1 } else { 0 };
        let most = if timed_out && self.has_committed { MOST_ABORTS_WITH_TIMEOUTS } else { MOST_ABORTS };
        if self.aborts >= most {
            return Err(Failure::Unavailable { doing: "publishing", error: error.clone() });
        }
        self.pipeline.recycle(work.out);
        Ok(())
    }
}
