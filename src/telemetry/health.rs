//! The state of the lanes, as they report it; the admin server reads it, and neither waits for the other.
//!
//! A lane is **live** while its loop turns: it ticks at least once within the longest time that a batch may take
//! (`max.poll.interval.ms`). It is **ready** when its topics are verified, its producer is initialised, and it has joined
//! its group. A lane without partitions (more lanes than partitions) is ready too.
//!
//! It also counts, for the admin page: figures that only grow, and the lag of its partitions.

mod lane;

use std::sync::Arc;
use std::time::Duration;

pub use self::lane::{CommittedBatch, DECIDE, Figures, LaneHealth, LaneState};
use super::names;
use super::partition_lag::PartitionLags;
use super::recent_refusals::{RecentRefusal, RecentRefusals};
use super::unread_partitions::{UnreadPartition, UnreadPartitions};

/// All lanes of a process.
#[derive(Debug)]
pub struct Health {
    lanes: Vec<Arc<LaneHealth>>,
    stall: Duration,
    refusals: Arc<RecentRefusals>,
    lags: Arc<PartitionLags>,
    unread: UnreadPartitions,
}

impl Health {
    /// Health of `lanes` lanes; one that has not ticked for longer than `stall` is not live.
    pub fn new(lanes: usize, stall: Duration) -> Arc<Health> {
        let (refusals, lags) = (Arc::new(RecentRefusals::default()), Arc::new(PartitionLags::default()));
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
    pub fn refusals(&self) -> Vec<RecentRefusal> {
        self.refusals.latest()
    }

    /// Lag of all partitions that this process reports, where it is known.
    pub fn lag(&self) -> Option<i64> {
        self.lags.total()
    }

    /// Partitions of the input topic, 0 until a lane knows.
    pub fn input_partitions(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.input_partitions()).max().unwrap_or_default()
    }

    /// The state of a lane.
    pub fn state(&self, lane: &LaneHealth) -> LaneState {
        let since = lane.since_tick();
        match () {
            () if lane.is_stopped() => LaneState::Stopped,
            () if since > self.stall => LaneState::Stalled(since),
            () => lane.complaint().map_or(LaneState::Ready, LaneState::Waiting),
        }
    }

    /// `Err` names the lanes whose loop has stalled.
    pub fn live(&self) -> Result<(), String> {
        self.all(|lane| {
            let since = lane.since_tick();
            let stalled = !lane.is_stopped() && since > self.stall;
            stalled.then(|| LaneState::stalled_in_words(since))
        })
    }

    /// `Err` names the lanes that are not ready, and what each waits for, stalled partitions included. It also names the
    /// unread partitions of other processes.
    pub fn ready(&self) -> Result<(), String> {
        let lanes = self.all(LaneHealth::complaint);
        lanes.map_err(|complaints| format!("{complaints}\n{}", self.unread.lines()).trim_end().to_owned())
    }

    /// The unread partitions of other processes, as of now.
    pub fn set_unread(&self, unread: Vec<UnreadPartition>) {
        self.unread.set(unread);
    }

    /// Lines for `/readyz`: each lane with its partitions, then the unread partitions of other processes, which do not keep
    /// this one from being ready.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        for (number, lane) in self.lanes.iter().enumerate() {
            let list: Vec<_> = lane.partitions().keys().map(ToString::to_string).collect();
            let list = if list.is_empty() { "none".to_owned() } else { list.join(",") };
            text.push_str(&format!("lane {number}: ready, partitions {list}"));
            if lane.is_idle() {
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

    /// Sets the gauges of ready lanes and of stalled partitions.
    pub fn report(&self) {
        let stalled: usize = self.lanes.iter().map(|lane| lane.stalls().len()).sum();
        metrics::gauge!(names::PARTITIONS_STALLED).set(stalled as f64);
        let ready = self.lanes.iter().filter(|lane| lane.is_ready()).count();
        metrics::gauge!(names::LANES_READY).set(ready as f64);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_lane_is_ready_when_it_reports_it_and_else_says_what_it_waits_for() {
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
    fn a_stalled_partition_is_reported_until_it_is_revoked() {
        let health = Health::new(1, Duration::from_secs(60));
        let lane = health.lane(0).unwrap();
        lane.set_ready();
        lane.set_partitions(vec![0, 1]);
        lane.stall(1, "no offset");
        let complaint = format!("stalled, partitions 1: no offset. {DECIDE}");
        assert_eq!(health.ready(), Err(format!("lane 0: {complaint}")));
        assert_eq!(health.state(&lane), LaneState::Waiting(complaint));
        assert!(lane.is_ready(), "it reads the other one");
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
    fn unread_partitions_are_reported_by_ready_and_by_waiting_lanes() {
        let health = Health::new(1, Duration::from_secs(60));
        let lane = health.lane(0).unwrap();
        let owner = super::super::PartitionOwner::Member("`news-w1-0.4` at 10.0.0.3".to_owned());
        let since = Instant::now().checked_sub(Duration::from_secs(12)).unwrap();
        health.set_unread(vec![UnreadPartition { partition: 3, lag: 40, since, owner }]);
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
        assert!(matches!(health.state(&lane), LaneState::Stalled(_)));
        lane.set_stopped();
        assert_eq!(health.live(), Ok(()));
        assert_eq!(health.state(&lane), LaneState::Stopped);
    }
}
