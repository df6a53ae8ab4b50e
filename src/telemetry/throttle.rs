//! Lines that repeat: each kind is written once, and then at most once a minute, with the number of lines suppressed
//! meanwhile.
//!
//! What is not written is counted, and the counts are written: with the next line of the same kind, or by
//! [`Throttle::due`], which is called several times a second.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A kind of line is written no more often than this.
pub const EVERY: Duration = Duration::from_secs(60);
/// A line that may be part of an outage is held back this long.
const HELD: Duration = Duration::from_secs(2);
/// Most kinds of lines that are told apart; the rest count as one.
const KINDS: usize = 200;

/// Kinds of lines, and when each was written.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<HashMap<String, KindState>>);

#[derive(Debug)]
struct KindState {
    since: Instant,
    written: Option<Instant>,
    suppressed: u64,
    text: String,
}

/// Lines of one kind that were not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppressed {
    /// The latest of them.
    pub text: String,
    /// How many there were.
    pub count: u64,
    /// Was no line of this kind ever written?
    pub first: bool,
}

impl Throttle {
    fn lines(&self) -> MutexGuard<'_, HashMap<String, KindState>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// May a line of this kind be written now? `Some` is the number of lines suppressed since the last one; `None`: it is
    /// counted.
    pub fn admit(&self, kind: &str, text: &str, now: Instant) -> Option<u64> {
        let mut lines = self.lines();
        let line = entry(&mut lines, kind, now);
        if line.written.is_some_and(|written| now.duration_since(written) < EVERY) {
            line.suppressed += 1;
            text.clone_into(&mut line.text);
            return None;
        }
        line.written = Some(now);
        Some(std::mem::take(&mut line.suppressed))
    }

    /// Counts a line that is written later, unless it turns out to be part of an outage ([`Throttle::drain`]).
    pub fn hold(&self, kind: &str, text: &str, now: Instant) {
        let mut lines = self.lines();
        let line = entry(&mut lines, kind, now);
        line.suppressed += 1;
        text.clone_into(&mut line.text);
    }

    /// Lines that are to be written now; they count as written.
    pub fn due(&self, now: Instant) -> Vec<Suppressed> {
        let mut lines = self.lines();
        let mut due = Vec::new();
        lines.retain(|_, line| {
            let wait = match line.written {
                Some(written) => EVERY.saturating_sub(now.duration_since(written)),
                None => HELD.saturating_sub(now.duration_since(line.since)),
            };
            if !wait.is_zero() {
                return true;
            }
            if line.suppressed == 0 {
                // Not seen for a while: the next one is written at once.
                return false;
            }
            due.push(line.take());
            line.written = Some(now);
            true
        });
        due
    }

    /// All that was not written, whenever it came.
    pub fn drain(&self) -> Vec<Suppressed> {
        self.lines().drain().filter(|(_, line)| line.suppressed > 0).map(|(_, mut line)| line.take()).collect()
    }
}

impl KindState {
    fn take(&mut self) -> Suppressed {
        let (text, count) = (std::mem::take(&mut self.text), std::mem::take(&mut self.suppressed));
        Suppressed { text, count, first: self.written.is_none() }
    }
}

fn entry<'l>(lines: &'l mut HashMap<String, KindState>, kind: &str, now: Instant) -> &'l mut KindState {
    let kind = if lines.len() >= KINDS && !lines.contains_key(kind) { "" } else { kind };
    lines.entry(kind.to_owned()).or_insert(KindState { since: now, written: None, suppressed: 0, text: String::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_written_once_a_minute_and_every_one_is_counted() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let written: Vec<_> = (0..150).filter_map(|second| throttle.admit("kind", "text", at(second))).collect();
        assert_eq!(written, [0, 59, 59]);
        assert_eq!(throttle.due(at(151)), []);
        let suppressed = |count, first| vec![Suppressed { text: "text".to_owned(), count, first }];
        assert_eq!(throttle.due(at(181)), suppressed(29, false));
        assert_eq!(throttle.admit("other", "text", at(181)), Some(0));
        assert_eq!((throttle.due(at(400)), throttle.admit("kind", "text", at(400))), (vec![], Some(0)));
    }

    #[test]
    fn what_is_held_back_is_written_a_little_later_or_drained() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        throttle.hold("kind", "text", at(0));
        throttle.hold("kind", "text", at(1));
        assert_eq!(throttle.due(at(1)), []);
        let suppressed = |count, first| vec![Suppressed { text: "text".to_owned(), count, first }];
        assert_eq!(throttle.due(at(3)), suppressed(2, true));
        throttle.hold("kind", "text", at(4));
        assert_eq!(throttle.due(at(9)), []);
        assert_eq!(throttle.drain(), suppressed(1, false));
        assert_eq!(throttle.drain(), []);
    }

    #[test]
    fn kinds_beyond_the_bound_count_as_one() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let written = (0..10 * KINDS).filter(|kind| throttle.admit(&kind.to_string(), "text", start).is_some()).count();
        assert_eq!(written, KINDS + 1);
    }
}
