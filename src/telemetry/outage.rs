//! An outage of the brokers, told once by the whole process: a line when it begins, one a minute while it lasts, one when
//! it is over. Each lane has several clients, and each of them complains several times a second; what they say meanwhile is
//! counted.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// An outage that lasts is told so often.
const EVERY: Duration = Duration::from_secs(60);
/// Brokers that have answered every lane for so long are back.
const CALM: Duration = Duration::from_secs(3);

/// The state of the brokers, as the lanes see it.
#[derive(Debug, Default)]
pub struct Outage(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Lanes that reach no broker.
    down: BTreeSet<String>,
    begun: Option<Begun>,
}

#[derive(Debug)]
struct Begun {
    at: Instant,
    told: Instant,
    /// When the last lane reached a broker again.
    up: Option<Instant>,
    why: String,
    counts: Counts,
}

/// What happened in an outage and was not told by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Errors of librdkafka's.
    pub errors: u64,
    /// Lanes that started anew.
    pub restarts: u64,
    /// Batches that were given up.
    pub aborts: u64,
    /// Partitions that the group took from lanes that it did not hear of.
    pub lost: u64,
}

/// What is to be told now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// It has begun, because of this.
    Begins(String),
    /// It has lasted so long.
    Lasts {
        /// Since it began.
        since: Duration,
        /// The latest reason.
        why: String,
        /// What happened since it began.
        counts: Counts,
    },
    /// It lasted so long, and is over.
    Ends {
        /// How long it took.
        after: Duration,
        /// What happened since it began.
        counts: Counts,
    },
}

impl Outage {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A lane reaches no broker.
    pub fn down(&self, lane: &str, why: &str, now: Instant) -> Option<News> {
        let mut state = self.state();
        if !state.down.contains(lane) {
            state.down.insert(lane.to_owned());
        }
        if let Some(begun) = &mut state.begun {
            begun.up = None;
            why.clone_into(&mut begun.why);
            return None;
        }
        let (why, counts) = (why.to_owned(), Counts::default());
        state.begun = Some(Begun { at: now, told: now, up: None, why: why.clone(), counts });
        Some(News::Begins(why))
    }

    /// A lane reaches a broker, or is not there any more.
    pub fn up(&self, lane: &str, now: Instant) {
        let mut state = self.state();
        if state.down.remove(lane)
            && state.down.is_empty()
            && let Some(begun) = &mut state.begun
        {
            begun.up = Some(now);
        }
    }

    /// Counts what belongs to the outage. `false`: there is none.
    pub fn absorbs(&self, count: impl FnOnce(&mut Counts)) -> bool {
        let mut state = self.state();
        state.begun.as_mut().map(|begun| count(&mut begun.counts)).is_some()
    }

    /// What is to be told of one that lasts while the process ends.
    pub fn rest(&self, now: Instant) -> Option<News> {
        let state = self.state();
        let begun = state.begun.as_ref()?;
        Some(News::Lasts { since: now.duration_since(begun.at), why: begun.why.clone(), counts: begun.counts })
    }

    /// What is to be told now.
    pub fn due(&self, now: Instant) -> Option<News> {
        let mut state = self.state();
        let begun = state.begun.as_mut()?;
        let (counts, why) = (begun.counts, begun.why.clone());
        if let Some(up) = begun.up
            && now.duration_since(up) >= CALM
        {
            let after = up.duration_since(begun.at);
            state.begun = None;
            return Some(News::Ends { after, counts });
        }
        if now.duration_since(begun.told) < EVERY {
            return None;
        }
        begun.told = now;
        Some(News::Lasts { since: now.duration_since(begun.at), why, counts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_when_it_begins_each_minute_and_when_it_ends() {
        let (outage, start) = (Outage::default(), Instant::now());
        let mut told = Vec::new();
        for second in 0..150 {
            let now = start + Duration::from_secs(second);
            for lane in ["0", "1"] {
                if second < 125 {
                    told.extend(outage.down(lane, "1/1 brokers are down", now));
                    assert!(outage.absorbs(|counts| counts.errors += 1));
                } else {
                    outage.up(lane, now);
                }
            }
            told.extend(outage.due(now));
        }
        let counts = |errors| Counts { errors, ..Counts::default() };
        let why = || "1/1 brokers are down".to_owned();
        let lasts = |minutes: u64| News::Lasts {
            since: Duration::from_secs(60 * minutes),
            why: why(),
            counts: counts(120 * minutes + 2),
        };
        let ends = News::Ends { after: Duration::from_secs(125), counts: counts(250) };
        assert_eq!(told, [News::Begins(why()), lasts(1), lasts(2), ends]);
        assert!(!outage.absorbs(|_| {}));
    }

    #[test]
    fn it_lasts_while_one_lane_reaches_nobody_and_brokers_that_come_and_go_are_one_outage() {
        let (outage, start) = (Outage::default(), Instant::now());
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        assert!(outage.down("0", "", at(0)).is_some());
        assert!(outage.down("1", "", at(0)).is_none());
        outage.up("0", at(5));
        assert_eq!(outage.due(at(20)), None);
        outage.up("1", at(20));
        assert_eq!(outage.down("1", "", at(21)), None);
        assert_eq!(outage.due(at(30)), None);
        outage.up("1", at(30));
        assert!(matches!(outage.due(at(33)), Some(News::Ends { after, .. }) if after == Duration::from_secs(30)));
        assert_eq!(outage.rest(at(34)), None);
        assert!(outage.down("1", "", at(34)).is_some());
        assert!(matches!(outage.rest(at(39)), Some(News::Lasts { since, .. }) if since == Duration::from_secs(5)));
    }
}
