//! Lines that come again and again: each is told once, and then at most once a minute, with how often it came meanwhile.
//!
//! What is not written is counted, and the counts are written, if not with the next line of the same kind then by
//! [`Throttle::due`], which is asked all the time.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The same line is told no more often than so.
pub const EVERY: Duration = Duration::from_secs(60);
/// So long a line is held that may be part of something larger.
const HELD: Duration = Duration::from_secs(2);
/// No more kinds of lines are told apart than so; the rest count as one.
const KINDS: usize = 200;

/// Kinds of lines, and when each was told.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<HashMap<String, Line>>);

#[derive(Debug)]
struct Line {
    since: Instant,
    told: Option<Instant>,
    unsaid: u64,
    text: String,
}

/// A line that was not written so often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsaid {
    /// The latest of them.
    pub text: String,
    /// How many there were.
    pub count: u64,
    /// Was none of its kind ever told?
    pub first: bool,
}

impl Throttle {
    fn lines(&self) -> MutexGuard<'_, HashMap<String, Line>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// May a line of this kind be told now? `Some` is how many were not told since the last one; `None`: it is counted.
    pub fn ask(&self, kind: &str, text: &str, now: Instant) -> Option<u64> {
        let mut lines = self.lines();
        let line = entry(&mut lines, kind, now);
        if line.told.is_some_and(|told| now.duration_since(told) < EVERY) {
            line.unsaid += 1;
            text.clone_into(&mut line.text);
            return None;
        }
        line.told = Some(now);
        Some(std::mem::take(&mut line.unsaid))
    }

    /// Counts a line that is told later, unless it is part of something larger by then ([`Throttle::drain`]).
    pub fn hold(&self, kind: &str, text: &str, now: Instant) {
        let mut lines = self.lines();
        let line = entry(&mut lines, kind, now);
        line.unsaid += 1;
        text.clone_into(&mut line.text);
    }

    /// Lines that are to be told now; they count as told.
    pub fn due(&self, now: Instant) -> Vec<Unsaid> {
        let mut lines = self.lines();
        let mut due = Vec::new();
        lines.retain(|_, line| {
            let wait = match line.told {
                Some(told) => EVERY.saturating_sub(now.duration_since(told)),
                None => HELD.saturating_sub(now.duration_since(line.since)),
            };
            if !wait.is_zero() {
                return true;
            }
            if line.unsaid == 0 {
                // Not seen for a while: the next one is told at once.
                return false;
            }
            due.push(line.take());
            line.told = Some(now);
            true
        });
        due
    }

    /// All that was not told, whenever it came.
    pub fn drain(&self) -> Vec<Unsaid> {
        self.lines().drain().filter(|(_, line)| line.unsaid > 0).map(|(_, mut line)| line.take()).collect()
    }
}

impl Line {
    fn take(&mut self) -> Unsaid {
        let (text, count) = (std::mem::take(&mut self.text), std::mem::take(&mut self.unsaid));
        Unsaid { text, count, first: self.told.is_none() }
    }
}

fn entry<'l>(lines: &'l mut HashMap<String, Line>, kind: &str, now: Instant) -> &'l mut Line {
    let kind = if lines.len() >= KINDS && !lines.contains_key(kind) { "" } else { kind };
    lines.entry(kind.to_owned()).or_insert(Line { since: now, told: None, unsaid: 0, text: String::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_told_once_a_minute_and_every_one_is_counted() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let told: Vec<_> = (0..150).filter_map(|second| throttle.ask("kind", "text", at(second))).collect();
        assert_eq!(told, [0, 59, 59]);
        assert_eq!(throttle.due(at(151)), []);
        let unsaid = |count, first| vec![Unsaid { text: "text".to_owned(), count, first }];
        assert_eq!(throttle.due(at(181)), unsaid(29, false));
        assert_eq!(throttle.ask("other", "text", at(181)), Some(0));
        assert_eq!((throttle.due(at(400)), throttle.ask("kind", "text", at(400))), (vec![], Some(0)));
    }

    #[test]
    fn what_is_held_is_told_a_little_later_or_taken() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        throttle.hold("kind", "text", at(0));
        throttle.hold("kind", "text", at(1));
        assert_eq!(throttle.due(at(1)), []);
        let unsaid = |count, first| vec![Unsaid { text: "text".to_owned(), count, first }];
        assert_eq!(throttle.due(at(3)), unsaid(2, true));
        throttle.hold("kind", "text", at(4));
        assert_eq!(throttle.due(at(9)), []);
        assert_eq!(throttle.drain(), unsaid(1, false));
        assert_eq!(throttle.drain(), []);
    }

    #[test]
    fn kinds_beyond_the_bound_count_as_one() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let told = (0..10 * KINDS).filter(|kind| throttle.ask(&kind.to_string(), "text", start).is_some()).count();
        assert_eq!(told, KINDS + 1);
    }
}
