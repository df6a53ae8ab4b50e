//! The state of one lane, as the lane reports it, and its counts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::config::redact;
use crate::telemetry::histogram::Histogram;
use crate::telemetry::partition_lag::PartitionLags;
use crate::telemetry::recent_refusals::{RecentRefusal, RecentRefusals};

/// The state and the counts of a lane.
#[derive(Debug)]
pub struct LaneHealth {
    number: usize,
    start: Instant,
    /// Milliseconds from `start` to the last tick.
    tick: AtomicU64,
    stopped: AtomicBool,
    ready: AtomicBool,
    /// Why the lane is not ready, in words.
    waiting: Mutex<String>,
    /// The partitions that are assigned, each with its lag where it is known.
    partitions: Mutex<BTreeMap<i32, Option<i64>>>,
    /// The assignment of its group has not changed for a while.
    assignment_stable: AtomicBool,
    /// It has been ready and without partitions for a while.
    idle: AtomicBool,
    /// Partitions of the input topic, 0 until that is known.
    input_partitions: AtomicU64,
    /// How often it became ready.
    became_ready: AtomicU64,
    /// Stalled partitions, each with why. The lane goes on with the others.
    stalls: Mutex<BTreeMap<i32, String>>,
    figures: Figures,
    refusals: Arc<RecentRefusals>,
    lags: Arc<PartitionLags>,
}

/// What a lane has done since the process started.
#[derive(Debug, Default)]
pub struct Figures {
    /// Articles read in committed batches.
    pub records: AtomicU64,
    /// Those of them that became dead letters.
    pub refused: AtomicU64,
    /// Bytes of payloads read in committed batches.
    pub bytes: AtomicU64,
    /// Batches committed.
    pub batches: AtomicU64,
    /// Batches aborted and retried.
    pub aborted: AtomicU64,
    /// Restarts of the lane.
    pub restarts: AtomicU64,
    /// Microseconds spent in the pure function.
    pub process: AtomicU64,
    /// Microseconds spent sending and committing.
    pub publish: AtomicU64,
    /// The part of it after the last acknowledgement.
    pub commit: AtomicU64,
    /// From Kafka's timestamp of an article to the commit of its record.
    pub end_to_end: Histogram,
}

/// A committed batch.
#[derive(Debug, Clone, Copy)]
pub struct CommittedBatch {
    /// Articles read.
    pub records: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// Time spent in the pure function.
    pub process: Duration,
    /// Time spent sending and committing.
    pub publish: Duration,
    /// The part of it after the last acknowledgement.
    pub commit: Duration,
}

/// What can be done about a stalled partition.
pub const DECIDE: &str =
    "Stop the workers of the group and decide with `copydesk offsets reset`; `copydesk offsets` shows the offsets";

/// The state of a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaneState {
    /// At work.
    Ready,
    /// It waits for this.
    Waiting(String),
    /// Its loop has not turned for this long.
    Stalled(Duration),
    /// It ended on purpose.
    Stopped,
}

impl LaneState {
    /// Why a lane whose loop has not turned for this long counts as stalled.
    pub fn stalled_in_words(since: Duration) -> String {
        format!("no turn of its loop for {} s", since.as_secs())
    }
}

impl LaneHealth {
    pub(super) fn new(number: usize, refusals: Arc<RecentRefusals>, lags: Arc<PartitionLags>) -> LaneHealth {
        LaneHealth {
            number,
            start: Instant::now(),
            tick: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            ready: AtomicBool::new(false),
            waiting: Mutex::new("starting".to_owned()),
            partitions: Mutex::default(),
            assignment_stable: AtomicBool::new(false),
            idle: AtomicBool::new(false),
            input_partitions: AtomicU64::new(0),
            became_ready: AtomicU64::new(0),
            stalls: Mutex::default(),
            figures: Figures::default(),
            refusals,
            lags,
        }
    }

    /// The lane's loop turned.
    pub fn tick(&self) {
        self.tick.store(u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX), Relaxed);
    }

    pub(super) fn since_tick(&self) -> Duration {
        self.start.elapsed().saturating_sub(Duration::from_millis(self.tick.load(Relaxed)))
    }

    /// The lane waits for something and is not ready.
    pub fn wait_for(&self, what: impl Into<String>) {
        self.ready.store(false, Relaxed);
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = redact::text(&what.into()).into_owned();
    }

    /// The lane is ready.
    pub fn set_ready(&self) {
        self.ready.store(true, Relaxed);
        self.became_ready.fetch_add(1, Relaxed);
    }

    /// How often it became ready.
    pub fn readied(&self) -> u64 {
        self.became_ready.load(Relaxed)
    }

    /// Its number.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The lags of the process.
    pub fn lags(&self) -> &PartitionLags {
        &self.lags
    }

    /// Sets whether the group has shared the partitions out, and has changed nothing for a while.
    pub fn set_assignment_stable(&self, stable: bool) {
        self.assignment_stable.store(stable, Relaxed);
    }

    /// Has the group shared the partitions out, and changed nothing for a while?
    pub fn is_assignment_stable(&self) -> bool {
        self.assignment_stable.load(Relaxed)
    }

    /// Sets whether the lane has been ready and without partitions for a while.
    pub fn set_idle(&self, idle: bool) {
        self.idle.store(idle, Relaxed);
    }

    /// Sets the number of partitions of the input topic.
    pub fn set_input_partitions(&self, partitions: usize) {
        self.input_partitions.store(partitions as u64, Relaxed);
    }

    /// Is the lane ready?
    pub fn is_ready(&self) -> bool {
        self.ready.load(Relaxed)
    }

    /// The lane ended on purpose: it is not ready, and no longer has to tick.
    pub fn set_stopped(&self) {
        self.wait_for("stopped");
        self.stopped.store(true, Relaxed);
    }

    /// The partitions that are assigned now.
    pub fn set_partitions(&self, partitions: Vec<i32>) {
        let mut known = self.partitions.lock().unwrap_or_else(PoisonError::into_inner);
        let lag = |partition| known.get(&partition).copied().flatten();
        *known = partitions.into_iter().map(|partition| (partition, lag(partition))).collect();
        self.stalls.lock().unwrap_or_else(PoisonError::into_inner).retain(|partition, _| known.contains_key(partition));
    }

    /// An assigned partition stalls until its offset is set.
    pub fn stall(&self, partition: i32, why: impl Into<String>) {
        self.stalls.lock().unwrap_or_else(PoisonError::into_inner).insert(partition, why.into());
    }

    /// The stalled partitions, each with why.
    pub fn stalls(&self) -> BTreeMap<i32, String> {
        self.stalls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why the lane, or one of its partitions, does no work.
    pub(super) fn complaint(&self) -> Option<String> {
        if !self.is_ready() {
            return Some(self.waiting());
        }
        let mut partitions: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (partition, why) in self.stalls() {
            partitions.entry(why).or_default().push(partition.to_string());
        }
        let stalls: Vec<String> = partitions
            .into_iter()
            .map(|(why, list)| format!("stalled, partitions {}: {why}", list.join(",")))
            .collect();
        (!stalls.is_empty()).then(|| format!("{}. {DECIDE}", stalls.join("; ")))
    }

    /// The lag of an assigned partition, in records.
    pub fn set_lag(&self, partition: i32, records: i64) {
        if let Some(lag) = self.partitions.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&partition) {
            *lag = Some(records);
        }
    }

    /// The assigned partitions, each with its lag where it is known.
    pub fn partitions(&self) -> BTreeMap<i32, Option<i64>> {
        self.partitions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it has done.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// A batch was committed.
    pub fn committed(&self, batch: CommittedBatch) {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.figures.records.fetch_add(batch.records, Relaxed);
        self.figures.bytes.fetch_add(batch.bytes, Relaxed);
        self.figures.batches.fetch_add(1, Relaxed);
        self.figures.process.fetch_add(micros(batch.process), Relaxed);
        self.figures.publish.fetch_add(micros(batch.publish), Relaxed);
        self.figures.commit.fetch_add(micros(batch.commit), Relaxed);
    }

    /// An article was committed this many seconds after its Kafka timestamp.
    pub fn record_latency(&self, seconds: f64) {
        self.figures.end_to_end.record(Duration::try_from_secs_f64(seconds).unwrap_or_default());
    }

    /// An article became a dead letter, and that is committed.
    pub fn refused(&self, partition: i32, offset: i64, code: &'static str) {
        self.figures.refused.fetch_add(1, Relaxed);
        self.refusals.push(RecentRefusal { at: SystemTime::now(), partition, offset, code });
    }

    /// A batch was aborted and will be retried.
    pub fn aborted(&self) {
        self.figures.aborted.fetch_add(1, Relaxed);
    }

    /// The lane restarts.
    pub fn restarted(&self) {
        self.figures.restarts.fetch_add(1, Relaxed);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Relaxed)
    }

    pub(super) fn is_idle(&self) -> bool {
        self.idle.load(Relaxed)
    }

    /// 0 until it is known.
    pub(super) fn input_partitions(&self) -> u64 {
        self.input_partitions.load(Relaxed)
    }

    fn waiting(&self) -> String {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
