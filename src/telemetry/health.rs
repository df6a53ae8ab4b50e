//! What the lanes say about themselves; the admin server reads it, nobody waits for anybody.
//!
//! A lane is **live** while its loop turns: it ticks at least once within the longest time that a batch may take
//! (`max.poll.interval.ms`). It is **ready** when its topics are verified, its producer is initialised, and it joined its
//! group. A lane without partitions (more lanes than partitions) is ready too.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::names;

/// All lanes of a process.
#[derive(Debug)]
pub struct Health {
    lanes: Vec<Arc<LaneHealth>>,
    stall: Duration,
}

/// One lane.
#[derive(Debug)]
pub struct LaneHealth {
    start: Instant,
    /// Milliseconds from `start` to the last tick.
    tick: AtomicU64,
    stopped: AtomicBool,
    ready: AtomicBool,
    /// Why the lane is not ready, in words.
    waiting: Mutex<String>,
    partitions: Mutex<Vec<i32>>,
}

impl Health {
    /// Health of `lanes` lanes, each of which must tick at least every `stall`.
    pub fn new(lanes: usize, stall: Duration) -> Arc<Health> {
        let lanes = (0..lanes).map(|_| Arc::new(LaneHealth::new())).collect();
        Arc::new(Health { lanes, stall })
    }

    /// The lane with this number.
    pub fn lane(&self, lane: usize) -> Option<Arc<LaneHealth>> {
        self.lanes.get(lane).cloned()
    }

    /// `Err` names the lanes whose loop has stalled.
    pub fn live(&self) -> Result<(), String> {
        self.all(|lane| {
            let since = lane.since_tick();
            let stalled = !lane.stopped.load(Relaxed) && since > self.stall;
            stalled.then(|| format!("no turn of its loop for {} s", since.as_secs()))
        })
    }

    /// `Err` names the lanes that are not ready, and what each waits for.
    pub fn ready(&self) -> Result<(), String> {
        self.all(|lane| (!lane.ready.load(Relaxed)).then(|| lane.waiting()))
    }

    /// Lines for `/readyz`: each lane with its partitions.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        for (number, lane) in self.lanes.iter().enumerate() {
            let partitions = lane.partitions.lock().unwrap_or_else(PoisonError::into_inner);
            let list: Vec<_> = partitions.iter().map(ToString::to_string).collect();
            let list = if list.is_empty() { "none".to_owned() } else { list.join(",") };
            text.push_str(&format!("lane {number}: ready, partitions {list}\n"));
        }
        text
    }

    fn all(&self, complaint: impl Fn(&LaneHealth) -> Option<String>) -> Result<(), String> {
        let complaints: Vec<_> = (self.lanes.iter().enumerate())
            .filter_map(|(number, lane)| Some(format!("lane {number}: {}", complaint(lane)?)))
            .collect();
        if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
    }

    /// Sets the gauge of ready lanes.
    pub fn report(&self) {
        let ready = self.lanes.iter().filter(|lane| lane.ready.load(Relaxed)).count();
        metrics::gauge!(names::LANES_READY).set(ready as f64);
    }
}

impl LaneHealth {
    fn new() -> LaneHealth {
        LaneHealth {
            start: Instant::now(),
            tick: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            ready: AtomicBool::new(false),
            waiting: Mutex::new("starting".to_owned()),
            partitions: Mutex::new(Vec::new()),
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
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = what.into();
    }

    /// The lane is ready.
    pub fn set_ready(&self) {
        self.ready.store(true, Relaxed);
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
    pub fn set_partitions(&self, mut partitions: Vec<i32>) {
        partitions.sort_unstable();
        *self.partitions.lock().unwrap_or_else(PoisonError::into_inner) = partitions;
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
    fn a_lane_that_stalls_is_not_live_and_one_that_stopped_is() {
        let health = Health::new(1, Duration::ZERO);
        std::thread::sleep(Duration::from_millis(5));
        assert!(health.live().is_err());
        health.lane(0).unwrap().set_stopped();
        assert_eq!(health.live(), Ok(()));
    }
}
