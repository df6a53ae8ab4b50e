//! What the lanes say about themselves; the admin server reads it, nobody waits for anybody.
//!
//! A lane is **live** while its loop turns: it ticks at least once within the longest time that a batch may take
//! (`max.poll.interval.ms`). It is **ready** when its topics are verified, its producer is initialised, and it joined its
//! group. A lane without partitions (more lanes than partitions) is ready too.
//!
//! Beside that it leaves figures, for the admin page: counts that only grow, and the lag of its partitions.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::lags::Lags;
use super::names;
use super::refusals::{Refusal, Refusals};
use super::spread::Spread;
use super::unread::{Unread, UnreadPartitions};
use crate::config::redact;

/// All lanes of a process.
#[derive(Debug)]
pub struct Health {
    lanes: Vec<Arc<LaneHealth>>,
    stall: Duration,
    refusals: Arc<Refusals>,
    lags: Arc<Lags>,
    unread: UnreadPartitions,
}

/// One lane.
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
    /// Its group has shared the partitions out.
    settled: AtomicBool,
    /// It has had none of them for a while.
    idle: AtomicBool,
    /// Partitions of the input topic, 0 until that is known.
    input_partitions: AtomicU64,
    /// How often the lane became ready.
    readied: AtomicU64,
    /// Partitions that stall until somebody decides, each with why. The lane goes on with the others.
    stalls: Mutex<BTreeMap<i32, String>>,
    figures: Figures,
    refusals: Arc<Refusals>,
    lags: Arc<Lags>,
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
    /// Batches given up and done again.
    pub aborted: AtomicU64,
    /// How often the lane started anew.
    pub restarts: AtomicU64,
    /// Microseconds spent in the pure function.
    pub process: AtomicU64,
    /// Microseconds spent sending and committing.
    pub publish: AtomicU64,
    /// The part of it after the last acknowledgement.
    pub commit: AtomicU64,
    /// From Kafka's timestamp of an article to the commit of its record.
    pub end_to_end: Spread,
}

/// A committed batch, as its lane tells it.
#[derive(Debug, Clone, Copy)]
pub struct Committed {
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

/// What can be done about a partition that stalls.
pub const DECIDE: &str =
    "Stop the workers of the group and decide with `copydesk offsets reset`; `copydesk offsets` says more";

/// How a lane is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// At work.
    Ready,
    /// It waits for this.
    Waiting(String),
    /// Its loop has not turned for so long.
    Stalled(Duration),
    /// It ended on purpose.
    Stopped,
}

impl Health {
    /// Health of `lanes` lanes, each of which must tick at least every `stall`.
    pub fn new(lanes: usize, stall: Duration) -> Arc<Health> {
        let (refusals, lags) = (Arc::new(Refusals::default()), Arc::new(Lags::default()));
        let lane = |number| Arc::new(LaneHealth::new(number, Arc::clone(&refusals), Arc::clone(&lags)));
        let lanes = (0..lanes).map(lane).collect();
        Arc::new(Health { lanes, stall, refusals, lags, unread: UnreadPartitions::default() })
    }

    /// The lane with this number.
    pub fn lane(&self, lane: usize) -> Option<Arc<LaneHealth>> {
        self.lanes.get(lane).cloned()
    }

    /// All of them, by number.
    pub fn lanes(&self) -> &[Arc<LaneHealth>] {
        &self.lanes
    }

    /// The latest dead letters, the latest first.
    pub fn refusals(&self) -> Vec<Refusal> {
        self.refusals.latest()
    }

    /// Lag of all partitions that this process answers for, where it is known.
    pub fn lag(&self) -> Option<i64> {
        self.lags.total()
    }

    /// Partitions of the input topic, 0 until a lane knows.
    pub fn input_partitions(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.input_partitions.load(Relaxed)).max().unwrap_or_default()
    }

    /// How a lane is.
    pub fn state(&self, lane: &LaneHealth) -> State {
        let since = lane.since_tick();
        match () {
            () if lane.stopped.load(Relaxed) => State::Stopped,
            () if since > self.stall => State::Stalled(since),
            () => lane.complaint().map_or(State::Ready, State::Waiting),
        }
    }

    /// `Err` names the lanes whose loop has stalled.
    pub fn live(&self) -> Result<(), String> {
        self.all(|lane| {
            let since = lane.since_tick();
            let stalled = !lane.stopped.load(Relaxed) && since > self.stall;
            stalled.then(|| format!("no turn of its loop for {} s", since.as_secs()))
        })
    }

    /// `Err` names the lanes that are not ready, and what each waits for: partitions that stall are among that. It names the
    /// partitions that nobody reads as well.
    pub fn ready(&self) -> Result<(), String> {
        let lanes = self.all(LaneHealth::complaint);
        lanes.map_err(|complaints| format!("{complaints}\n{}", self.unread.lines()).trim_end().to_owned())
    }

    /// The partitions of other processes that nobody reads, as of now.
    pub fn set_unread(&self, unread: Vec<Unread>) {
        self.unread.set(unread);
    }

    /// Lines for `/readyz`: each lane with its partitions, then the partitions that nobody reads. A process is ready in
    /// spite of these: they are not its own.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        for (number, lane) in self.lanes.iter().enumerate() {
            let list: Vec<_> = lane.partitions().keys().map(ToString::to_string).collect();
            let list = if list.is_empty() { "none".to_owned() } else { list.join(",") };
            text.push_str(&format!("lane {number}: ready, partitions {list}"));
            if lane.idle.load(Relaxed) {
                let partitions = self.input_partitions();
                text.push_str(&format!(
                    "; idle: the group has more lanes than the input topic has partitions ({partitions}); this one takes over \
                     when another ends"
                ));
            }
            text.push('\n');
        }
        text + &self.unread.lines()
    }

    fn all(&self, complaint: impl Fn(&LaneHealth) -> Option<String>) -> Result<(), String> {
        let complaints: Vec<_> = (self.lanes.iter().enumerate())
            .filter_map(|(number, lane)| Some(format!("lane {number}: {}", complaint(lane)?)))
            .collect();
        if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
    }

    /// Sets the gauges of ready lanes and of partitions that stall.
    pub fn report(&self) {
        let stalled: usize = self.lanes.iter().map(|lane| lane.stalls().len()).sum();
        metrics::gauge!(names::PARTITIONS_STALLED).set(stalled as f64);
        let ready = self.lanes.iter().filter(|lane| lane.ready.load(Relaxed)).count();
        metrics::gauge!(names::LANES_READY).set(ready as f64);
    }
}

impl LaneHealth {
    fn new(number: usize, refusals: Arc<Refusals>, lags: Arc<Lags>) -> LaneHealth {
        LaneHealth {
            number,
            start: Instant::now(),
            tick: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            ready: AtomicBool::new(false),
            waiting: Mutex::new("starting".to_owned()),
            partitions: Mutex::default(),
            settled: AtomicBool::new(false),
            idle: AtomicBool::new(false),
            input_partitions: AtomicU64::new(0),
            readied: AtomicU64::new(0),
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

    fn since_tick(&self) -> Duration {
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
        self.readied.fetch_add(1, Relaxed);
    }

    /// How often it became ready.
    pub fn readied(&self) -> u64 {
        self.readied.load(Relaxed)
    }

    /// Its number.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The lags of the process.
    pub fn lags(&self) -> &Lags {
        &self.lags
    }

    /// Has the lane's group shared its partitions out?
    pub fn set_settled(&self, settled: bool) {
        self.settled.store(settled, Relaxed);
    }

    /// It has, and has changed nothing for a while.
    pub fn is_settled(&self) -> bool {
        self.settled.load(Relaxed)
    }

    /// The lane is ready, and has had nothing to do for a while.
    pub fn set_idle(&self, idle: bool) {
        self.idle.store(idle, Relaxed);
    }

    /// The input topic has so many partitions.
    pub fn set_input_partitions(&self, partitions: usize) {
        self.input_partitions.store(partitions as u64, Relaxed);
    }

    /// Is it?
    pub fn is_ready(&self) -> bool {
        self.ready.load(Relaxed)
    }

    /// The lane ended on purpose: it is not ready, and its silence is no stall.
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

    /// An assigned partition stalls until somebody decides.
    pub fn stall(&self, partition: i32, why: impl Into<String>) {
        self.stalls.lock().unwrap_or_else(PoisonError::into_inner).insert(partition, why.into());
    }

    /// The assigned partitions that stall, each with why.
    pub fn stalls(&self) -> BTreeMap<i32, String> {
        self.stalls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What keeps the lane, or one of its partitions, from its work.
    fn complaint(&self) -> Option<String> {
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
    pub fn committed(&self, batch: Committed) {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.figures.records.fetch_add(batch.records, Relaxed);
        self.figures.bytes.fetch_add(batch.bytes, Relaxed);
        self.figures.batches.fetch_add(1, Relaxed);
        self.figures.process.fetch_add(micros(batch.process), Relaxed);
        self.figures.publish.fetch_add(micros(batch.publish), Relaxed);
        self.figures.commit.fetch_add(micros(batch.commit), Relaxed);
    }

    /// An article was committed so long after its Kafka timestamp, in seconds.
    pub fn waited(&self, seconds: f64) {
        self.figures.end_to_end.count(Duration::try_from_secs_f64(seconds).unwrap_or_default());
    }

    /// An article became a dead letter, and that is committed.
    pub fn refused(&self, partition: i32, offset: i64, code: &'static str) {
        self.figures.refused.fetch_add(1, Relaxed);
        self.refusals.push(Refusal { at: SystemTime::now(), partition, offset, code });
    }

    /// A batch was given up and will be done again.
    pub fn aborted(&self) {
        self.figures.aborted.fetch_add(1, Relaxed);
    }

    /// The lane starts anew.
    pub fn restarted(&self) {
        self.figures.restarts.fetch_add(1, Relaxed);
    }

    fn waiting(&self) -> String {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_ready_when_it_says_so_and_says_what_it_waits_for() {
        let health = Health::new(2, Duration::from_secs(60));
        let (first, second) = (health.lane(0).unwrap(), health.lane(1).unwrap());
        first.set_ready();
        second.wait_for("topic `news.raw` does not exist");
        assert_eq!(health.ready(), Err("lane 1: topic `news.raw` does not exist".to_owned()));
        second.set_ready();
        first.set_partitions(vec![3, 1]);
        assert_eq!(health.ready(), Ok(()));
        assert!(health.describe().contains("lane 0: ready, partitions 1,3"));
        assert!(health.describe().contains("lane 1: ready, partitions none"));
    }

    #[test]
    fn a_partition_that_stalls_is_told_until_it_goes() {
        let health = Health::new(1, Duration::from_secs(60));
        let lane = health.lane(0).unwrap();
        lane.set_ready();
        lane.set_partitions(vec![0, 1]);
        lane.stall(1, "no offset");
        let told = format!("stalled, partitions 1: no offset. {DECIDE}");
        assert_eq!(health.ready(), Err(format!("lane 0: {told}")));
        assert_eq!(health.state(&lane), State::Waiting(told));
        assert!(lane.is_ready(), "it works on the other one");
        lane.stall(0, "no offset");
        assert_eq!(
            health.ready(),
            Err(format!("lane 0: stalled, partitions 0,1: no offset. {DECIDE}")),
            "once for all"
        );
        lane.set_partitions(vec![2]);
        assert_eq!(health.ready(), Ok(()));
    }

    #[test]
    fn the_lag_is_that_of_assigned_partitions_and_stays_when_others_come() {
        let health = Health::new(1, Duration::from_secs(60));
        let lane = health.lane(0).unwrap();
        lane.set_partitions(vec![2, 0]);
        lane.set_lag(2, 7);
        lane.set_lag(5, 9);
        lane.set_partitions(vec![0, 1, 2]);
        assert_eq!(lane.partitions().into_iter().collect::<Vec<_>>(), [(0, None), (1, None), (2, Some(7))]);
        lane.set_partitions(vec![0]);
        lane.set_partitions(vec![0, 2]);
        assert_eq!(lane.partitions().into_iter().collect::<Vec<_>>(), [(0, None), (2, None)]);
    }

    #[test]
    fn partitions_that_nobody_reads_are_told_by_the_ready_and_by_those_that_wait() {
        let health = Health::new(1, Duration::from_secs(60));
        let lane = health.lane(0).unwrap();
        let owner = super::super::Owner::Member("`news-w1-0.4` at 10.0.0.3".to_owned());
        let since = Instant::now().checked_sub(Duration::from_secs(12)).unwrap();
        health.set_unread(vec![Unread { partition: 3, lag: 40, since, owner }]);
        lane.wait_for("joining the group");
        let waiting = health.ready().unwrap_err();
        assert!(
            waiting.starts_with("lane 0: joining the group\npartition 3 has been read by nobody for 12 s"),
            "{waiting}"
        );
        lane.set_ready();
        assert_eq!(health.ready(), Ok(()));
        assert!(health.describe().contains("\npartition 3 has been read by nobody for 12 s, with 40 offsets"));
        assert!(health.describe().contains("`news-w1-0.4` at 10.0.0.3"));
        health.set_unread(Vec::new());
        assert_eq!(health.describe(), "lane 0: ready, partitions none\n");
    }

    #[test]
    fn a_lane_that_stalls_is_not_live_and_one_that_stopped_is() {
        let health = Health::new(1, Duration::ZERO);
        std::thread::sleep(Duration::from_millis(5));
        assert!(health.live().is_err());
        let lane = health.lane(0).unwrap();
        assert!(matches!(health.state(&lane), State::Stalled(_)));
        lane.set_stopped();
        assert_eq!(health.live(), Ok(()));
        assert_eq!(health.state(&lane), State::Stopped);
    }
}
