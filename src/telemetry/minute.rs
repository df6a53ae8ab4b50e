//! One line a minute, while there is anything to tell: what the process has done since the last one. And one for lanes that
//! have nothing to do.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use tracing::info;

use super::health::Health;
use super::teller;

const EVERY: Duration = Duration::from_secs(60);
/// A lane whose group has settled without giving it a partition is idle after so long.
const IDLE: Duration = Duration::from_secs(5);

/// What has happened, and what of it was told.
#[derive(Debug)]
pub struct Minute {
    health: Arc<Health>,
    told: Instant,
    before: Totals,
    /// For each lane, since when it has been without partitions in a settled group, and whether that was told.
    idle: Vec<(Option<Instant>, bool)>,
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

impl Minute {
    /// Begins now.
    pub fn new(health: Arc<Health>) -> Minute {
        let idle = vec![(None, false); health.lanes().len()];
        Minute { before: Totals::read(&health), health, told: Instant::now(), idle }
    }

    /// Writes what is due, here and elsewhere in the process. Called several times a second.
    pub fn tick(&mut self) {
        teller::tick();
        let now = Instant::now();
        if now.duration_since(self.told) >= EVERY {
            self.tell(now);
        }
        self.look_for_idle(now);
    }

    /// Writes all that is left to be told: the process ends.
    pub fn finish(&mut self) {
        teller::flush();
        self.tell(Instant::now());
    }

    fn tell(&mut self, now: Instant) {
        let totals = Totals::read(&self.health);
        let Totals { articles, refused, bytes, aborts, restarts } = totals.since(self.before);
        let lag = self.health.lag();
        let seconds = now.duration_since(self.told).as_secs_f64().round() as u64;
        self.told = now;
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
        for (number, (lane, (since, told))) in self.health.lanes().iter().zip(&mut self.idle).enumerate() {
            if !lane.partitions().is_empty() {
                (*since, *told) = (None, false);
            } else if !lane.is_ready() || !lane.is_settled() {
                *since = None;
            } else if now.duration_since(*since.get_or_insert(now)) >= IDLE && !*told {
                *told = true;
                new.push(number.to_string());
            }
            lane.set_idle(*told && since.is_some());
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
    fn what_is_told_is_what_came_since() {
        let now = Totals { articles: 7, refused: 2, bytes: 900, aborts: 1, restarts: 0 };
        let before = Totals { articles: 5, refused: 2, ..Totals::default() };
        assert_eq!(now.since(before), Totals { articles: 2, refused: 0, bytes: 900, aborts: 1, restarts: 0 });
    }

    #[test]
    fn a_lane_is_idle_when_its_group_has_settled_without_a_partition_for_it() {
        let health = Health::new(3, Duration::from_secs(60));
        let mut minute = Minute::new(Arc::clone(&health));
        let start = Instant::now();
        for lane in 0..2 {
            health.lane(lane).unwrap().set_ready();
            health.lane(lane).unwrap().set_settled(true);
        }
        health.lane(0).unwrap().set_partitions(vec![0]);
        minute.look_for_idle(start);
        minute.look_for_idle(start + IDLE / 2);
        assert!(!health.describe().contains("idle"));
        minute.look_for_idle(start + IDLE);
        let text = health.describe();
        assert!(text.contains("lane 1: ready, partitions none; idle"), "{text}");
        assert_eq!(text.matches("idle").count(), 1, "{text}");
        health.lane(1).unwrap().set_partitions(vec![1]);
        minute.look_for_idle(start + IDLE);
        assert!(!health.describe().contains("idle"));
    }
}
