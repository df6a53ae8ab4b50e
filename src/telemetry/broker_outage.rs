//! An outage of the brokers, logged once for the whole process: a line when it begins, one a minute while it lasts, one when
//! it is over. Each lane has several clients, and each of them complains several times a second; these lines are counted.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// An outage that lasts is logged this often.
const EVERY: Duration = Duration::from_secs(60);
/// Brokers that have answered every lane for this long are back.
const STEADY: Duration = Duration::from_secs(3);

/// Can brokers be reached, as the lanes see it?
#[derive(Debug, Default)]
pub struct BrokerOutage(Mutex<Reachability>);

#[derive(Debug, Default)]
struct Reachability {
    /// Lanes that reach no broker.
    down: BTreeSet<String>,
    ongoing: Option<Ongoing>,
}

#[derive(Debug)]
struct Ongoing {
    begun: Instant,
    logged: Instant,
    /// When the last lane reached a broker again.
    up: Option<Instant>,
    why: String,
    counts: OutageCounts,
}

/// What happened in an outage and has no line of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutageCounts {
    /// Errors that librdkafka reported.
    pub errors: u64,
    /// Restarts of lanes.
    pub restarts: u64,
    /// Aborted batches.
    pub aborts: u64,
    /// Partitions that the group took from lanes whose session ended.
    pub lost: u64,
}

/// What is to be logged now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutageEvent {
    /// It has begun, for this reason.
    Begins(String),
    /// It goes on.
    Lasts {
        /// How long it has lasted.
        since: Duration,
        /// The latest reason.
        why: String,
        /// What happened since it began.
        counts: OutageCounts,
    },
    /// It is over.
    Ends {
        /// How long it took.
        after: Duration,
        /// What happened since it began.
        counts: OutageCounts,
    },
}

impl BrokerOutage {
    fn state(&self) -> MutexGuard<'_, Reachability> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A lane reaches no broker.
    pub fn down(&self, lane: &str, why: &str, now: Instant) -> Option<OutageEvent> {
        let mut state = self.state();
        if !state.down.contains(lane) {
            state.down.insert(lane.to_owned());
        }
        if let Some(ongoing) = &mut state.ongoing {
            ongoing.up = None;
            why.clone_into(&mut ongoing.why);
            return None;
        }
        let (why, counts) = (why.to_owned(), OutageCounts::default());
        state.ongoing = Some(Ongoing { begun: now, logged: now, up: None, why: why.clone(), counts });
        Some(OutageEvent::Begins(why))
    }

    /// A lane reaches a broker, or has ended.
    pub fn up(&self, lane: &str, now: Instant) {
        let mut state = self.state();
        if state.down.remove(lane)
            && state.down.is_empty()
            && let Some(ongoing) = &mut state.ongoing
        {
            ongoing.up = Some(now);
        }
    }

    /// Counts what happens in an outage; `false`: there is none.
    pub fn count(&self, count: impl FnOnce(&mut OutageCounts)) -> bool {
        let mut state = self.state();
        state.ongoing.as_mut().map(|ongoing| count(&mut ongoing.counts)).is_some()
    }

    /// What is to be logged of an outage during which the process ends.
    pub fn unreported(&self, now: Instant) -> Option<OutageEvent> {
        let state = self.state();
        let ongoing = state.ongoing.as_ref()?;
        Some(OutageEvent::Lasts {
            since: now.duration_since(ongoing.begun),
            why: ongoing.why.clone(),
            counts: ongoing.counts,
        })
    }

    /// What is to be logged now.
    pub fn due(&self, now: Instant) -> Option<OutageEvent> {
        let mut state = self.state();
        let ongoing = state.ongoing.as_mut()?;
        let (counts, why) = (ongoing.counts, ongoing.why.clone());
        if let Some(up) = ongoing.up
            && now.duration_since(up) >= STEADY
        {
            let after = up.duration_since(ongoing.begun);
            state.ongoing = None;
            return Some(OutageEvent::Ends { after, counts });
        }
        if now.duration_since(ongoing.logged) < EVERY {
            return None;
        }
        ongoing.logged = now;
        Some(OutageEvent::Lasts { since: now.duration_since(ongoing.begun), why, counts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_logged_when_it_begins_each_minute_and_when_it_ends() {
        let (outage, start) = (BrokerOutage::default(), Instant::now());
        let mut events = Vec::new();
        for second in 0..150 {
            let now = start + Duration::from_secs(second);
            for lane in ["0", "1"] {
                if second < 125 {
                    events.extend(outage.down(lane, "1/1 brokers are down", now));
                    assert!(outage.count(|counts| counts.errors += 1));
                } else {
                    outage.up(lane, now);
                }
            }
            events.extend(outage.due(now));
        }
        let counts = |errors| OutageCounts { errors, ..OutageCounts::default() };
        let why = || "1/1 brokers are down".to_owned();
        let lasts = |minutes: u64| OutageEvent::Lasts {
            since: Duration::from_secs(60 * minutes),
            why: why(),
            counts: counts(120 * minutes + 2),
        };
        let ends = OutageEvent::Ends { after: Duration::from_secs(125), counts: counts(250) };
        assert_eq!(events, [OutageEvent::Begins(why()), lasts(1), lasts(2), ends]);
        assert!(!outage.count(|_| {}));
    }

    #[test]
    fn it_lasts_while_one_lane_reaches_no_broker_and_brokers_that_come_and_go_are_one_outage() {
        let (outage, start) = (BrokerOutage::default(), Instant::now());
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        assert!(outage.down("0", "", at(0)).is_some());
        assert!(outage.down("1", "", at(0)).is_none());
        outage.up("0", at(5));
        assert_eq!(outage.due(at(20)), None);
        outage.up("1", at(20));
        assert_eq!(outage.down("1", "", at(21)), None);
        assert_eq!(outage.due(at(30)), None);
        outage.up("1", at(30));
        assert!(
            matches!(outage.due(at(33)), Some(OutageEvent::Ends { after, .. }) if after == Duration::from_secs(30))
        );
        assert_eq!(outage.unreported(at(34)), None);
        assert!(outage.down("1", "", at(34)).is_some());
        assert!(
            matches!(outage.unreported(at(39)), Some(OutageEvent::Lasts { since, .. }) if since == Duration::from_secs(5))
        );
    }
}
