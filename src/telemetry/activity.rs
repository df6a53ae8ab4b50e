//! One log line a minute with what the process has done since the last one, where there is anything to report; and one line
//! for lanes that have nothing to do.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use tracing::info;

use super::health::Health;
use super::log_summary;

const EVERY: Duration = Duration::from_secs(60);
/// A lane that a stable assignment leaves without partitions counts as idle after this long.
const IDLE: Duration = Duration::from_secs(5);

/// The periodic lines of the process, and what they have covered.
#[derive(Debug)]
pub struct ActivityLog {
    health: Arc<Health>,
    written: Instant,
    before: Totals,
    /// One for each lane.
    lanes: Vec<Idleness>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Idleness {
    /// Since when the assignment has been stable without a partition for the lane.
    since: Option<Instant>,
    logged: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Totals {
    articles: u64,
    refused: u64,
    bytes: u64,
    aborts: u64,
    restarts: u64,
}

impl Totals {
    fn read(health: &Health) -> Totals {
        let mut totals = Totals::default();
        for figures in health.lanes().iter().map(|lane| lane.figures()) {
            totals.articles += figures.records.load(Relaxed);
            totals.refused += figures.refused.load(Relaxed);
            totals.bytes += figures.bytes.load(Relaxed);
            totals.aborts += figures.aborted.load(Relaxed);
            totals.restarts += figures.restarts.load(Relaxed);
        }
        totals
    }

    fn since(self, before: Totals) -> Totals {
        Totals {
            articles: self.articles.saturating_sub(before.articles),
            refused: self.refused.saturating_sub(before.refused),
            bytes: self.bytes.saturating_sub(before.bytes),
            aborts: self.aborts.saturating_sub(before.aborts),
            restarts: self.restarts.saturating_sub(before.restarts),
        }
    }
}

impl ActivityLog {
    /// Begins now.
    pub fn new(health: Arc<Health>) -> ActivityLog {
        let lanes = vec![Idleness::default(); health.lanes().len()];
        ActivityLog { before: Totals::read(&health), health, written: Instant::now(), lanes }
    }

    /// Writes what is due, here and in [`log_summary`]. Called several times a second.
    pub fn tick(&mut self) {
        log_summary::tick();
        let now = Instant::now();
        if now.duration_since(self.written) >= EVERY {
            self.write(now);
        }
        self.look_for_idle(now);
    }

    /// Writes all that is left: the process ends.
    pub fn finish(&mut self) {
        log_summary::flush();
        self.write(Instant::now());
    }

    fn write(&mut self, now: Instant) {
        let totals = Totals::read(&self.health);
        let Totals { articles, refused, bytes, aborts, restarts } = totals.since(self.before);
        let lag = self.health.lag();
        let seconds = now.duration_since(self.written).as_secs_f64().round() as u64;
        self.written = now;
        self.before = totals;
        if articles + aborts + restarts == 0 && lag.unwrap_or_default() == 0 {
            return;
        }
        let mb = (bytes as f64 / 1e5).round() / 10.0;
        let records = articles.saturating_sub(refused);
        info!(seconds, articles, records, dead_letters = refused, mb, lag, aborts, restarts, "work done");
    }

    fn look_for_idle(&mut self, now: Instant) {
        let mut new = Vec::new();
        for (number, (lane, idle)) in self.health.lanes().iter().zip(&mut self.lanes).enumerate() {
            if !lane.partitions().is_empty() {
                *idle = Idleness::default();
            } else if !lane.is_ready() || !lane.is_assignment_stable() {
                idle.since = None;
            } else if now.duration_since(*idle.since.get_or_insert(now)) >= IDLE && !idle.logged {
                idle.logged = true;
                new.push(number.to_string());
            }
            lane.set_idle(idle.logged && idle.since.is_some());
        }
        if !new.is_empty() {
            let partitions = self.health.input_partitions();
            info!(
                idle_lanes = new.join(","),
                partitions,
                "idle: the group has more lanes than the input topic has partitions; these take over when another ends"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_those_since_the_last_line() {
        let now = Totals { articles: 7, refused: 2, bytes: 900, aborts: 1, restarts: 0 };
        let before = Totals { articles: 5, refused: 2, ..Totals::default() };
        assert_eq!(now.since(before), Totals { articles: 2, refused: 0, bytes: 900, aborts: 1, restarts: 0 });
    }

    #[test]
    fn a_lane_is_idle_when_a_stable_assignment_has_no_partition_for_it() {
        let health = Health::new(3, Duration::from_secs(60));
        let mut activity = ActivityLog::new(Arc::clone(&health));
        let start = Instant::now();
        for lane in 0..2 {
            health.lane(lane).unwrap().set_ready();
            health.lane(lane).unwrap().set_assignment_stable(true);
        }
        health.lane(0).unwrap().set_partitions(vec![0]);
        activity.look_for_idle(start);
        activity.look_for_idle(start + IDLE / 2);
        assert!(!health.describe().contains("idle"));
        activity.look_for_idle(start + IDLE);
        let text = health.describe();
        assert!(text.contains("lane 1: ready, partitions none; idle"), "{text}");
        assert_eq!(text.matches("idle").count(), 1, "{text}");
        health.lane(1).unwrap().set_partitions(vec![1]);
        activity.look_for_idle(start + IDLE);
        assert!(!health.describe().contains("idle"));
    }
}
