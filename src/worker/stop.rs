//! The request to stop: set once, seen by every lane between two steps, and it ends their pauses.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Shared by the supervisor and all lanes.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<(Mutex<bool>, Condvar)>);

impl Stop {
    /// Asks for the stop.
    pub fn request(&self) {
        let (requested, changed) = &*self.0;
        *requested.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
    }

    /// Was it asked for?
    pub fn requested(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Pauses for `time`, or until the stop is asked for. Was it?
    pub fn pause(&self, time: Duration) -> bool {
        let (requested, changed) = &*self.0;
        let guard = requested.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = changed.wait_timeout_while(guard, time, |requested| !*requested);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// So long a lane goes on trying once the stop is asked for: its clients have to close within the grace period, too.
const AFTER_STOP: Duration = Duration::from_secs(5);

/// The end of a wait for Kafka: a bound, which draws near when the process is asked to stop.
#[derive(Debug)]
pub(super) struct Deadline {
    end: Instant,
    is_shortened: bool,
}

impl Deadline {
    /// So long from now, or [`AFTER_STOP`] from the first look at which the stop was asked for.
    pub(super) fn after(wait: Duration) -> Deadline {
        Deadline { end: Instant::now() + wait, is_shortened: false }
    }

    /// Is it over?
    pub(super) fn is_over(&mut self, stop: &Stop) -> bool {
        let now = Instant::now();
        if !self.is_shortened && stop.requested() {
            self.is_shortened = true;
            self.end = self.end.min(now + AFTER_STOP);
        }
        now >= self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_draws_near_when_the_stop_is_asked_for_and_never_away() {
        let stop = Stop::default();
        let (mut long, mut short) = (Deadline::after(Duration::from_secs(600)), Deadline::after(Duration::ZERO));
        let end = long.end;
        assert!(!long.is_over(&stop) && long.end == end, "nobody has asked for the stop");
        stop.request();
        assert!(!long.is_over(&stop), "it goes on for some seconds");
        let shortened = long.end;
        assert!(shortened <= Instant::now() + AFTER_STOP);
        assert!(!long.is_over(&stop) && long.end == shortened, "the seconds count from the first look");
        assert!(short.is_over(&stop), "the stop makes no deadline later");
    }
}
