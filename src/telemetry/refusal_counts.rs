//! Refusals counted by code: the first is logged at once, all that follow within ten seconds as one line with their number
//! and one of them as an example. A feed that turns bad refuses thousands a second, and one line says as much as all of
//! them; each is in the dead-letter topic.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A code is logged no more often than this.
const EVERY: Duration = Duration::from_secs(10);

/// Where a refused payload is in the input, and why it was refused.
#[derive(Debug, Clone, Copy)]
pub struct Refused<'a> {
    /// The input topic.
    pub topic: &'a str,
    /// Its partition.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
    /// The stable code.
    pub code: &'static str,
    /// Was the value too large for the dead-letter topic?
    pub cut: bool,
}

/// Refusals with one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalSummary {
    /// The stable code.
    pub code: &'static str,
    /// How many.
    pub count: u64,
    /// How many of them were cut.
    pub cut: u64,
    /// The first of them: its topic, partition, offset.
    pub example: (String, i32, i64),
    /// Why that one was refused.
    pub reason: String,
}

/// Refusals that are not logged yet, by code.
#[derive(Debug, Default)]
pub struct RefusalCounts(Mutex<BTreeMap<&'static str, CodeCount>>);

#[derive(Debug)]
struct CodeCount {
    logged: Instant,
    pending: Option<RefusalSummary>,
}

impl RefusalCounts {
    fn codes(&self) -> MutexGuard<'_, BTreeMap<&'static str, CodeCount>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one; `Some` is to be logged now.
    pub fn count(&self, refused: &Refused<'_>, reason: &dyn Display, now: Instant) -> Option<RefusalSummary> {
        let mut codes = self.codes();
        let Some(counted) = codes.get_mut(refused.code) else {
            codes.insert(refused.code, CodeCount { logged: now, pending: None });
            let mut first = summary(refused, reason);
            first.add(refused.cut);
            return Some(first);
        };
        counted.pending.get_or_insert_with(|| summary(refused, reason)).add(refused.cut);
        counted.due(now)
    }

    /// What is to be logged now.
    pub fn due(&self, now: Instant) -> Vec<RefusalSummary> {
        let mut codes = self.codes();
        let due = codes.values_mut().filter_map(|counted| counted.due(now)).collect();
        // The next one with a code that has been quiet is logged at once.
        codes.retain(|_, counted| now.duration_since(counted.logged) < EVERY);
        due
    }

    /// All that was not logged.
    pub fn drain(&self) -> Vec<RefusalSummary> {
        std::mem::take(&mut *self.codes()).into_values().filter_map(|counted| counted.pending).collect()
    }
}

impl CodeCount {
    fn due(&mut self, now: Instant) -> Option<RefusalSummary> {
        if now.duration_since(self.logged) < EVERY {
            return None;
        }
        let due = self.pending.take()?;
        self.logged = now;
        Some(due)
    }
}

impl RefusalSummary {
    fn add(&mut self, cut: bool) {
        self.count += 1;
        self.cut += u64::from(cut);
    }
}

fn summary(refused: &Refused<'_>, reason: &dyn Display) -> RefusalSummary {
    let Refused { topic, partition, offset, code, .. } = *refused;
    RefusalSummary {
        code,
        count: 0,
        cut: 0,
        example: (topic.to_owned(), partition, offset),
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &'static str, offset: i64) -> Refused<'static> {
        Refused { topic: "raw", partition: 1, offset, code, cut: offset % 10 == 0 }
    }

    #[test]
    fn fifty_thousand_refusals_are_a_few_lines_that_count_them_all() {
        let (counts, start) = (RefusalCounts::default(), Instant::now());
        let mut lines = Vec::new();
        for offset in 0..50_000_u64 {
            // A thousand a second, of two codes.
            let now = start + Duration::from_millis(offset);
            let code = if offset % 4 == 0 { "no_body" } else { "invalid_json" };
            lines.extend(counts.count(&refused(code, offset as i64), &"why", now));
            lines.extend(counts.due(now));
        }
        lines.extend(counts.drain());
        let count = |code| lines.iter().filter(|line| line.code == code).map(|line| line.count).sum::<u64>();
        assert_eq!((count("no_body"), count("invalid_json")), (12_500, 37_500));
        assert_eq!(lines.iter().map(|line| line.cut).sum::<u64>(), 5000);
        assert_eq!(lines.len(), 12, "{lines:?}");
        assert_eq!(lines[0].example, ("raw".to_owned(), 1, 0));
    }

    #[test]
    fn a_single_refusal_is_logged_at_once_and_so_is_the_next_after_a_while() {
        let (counts, start) = (RefusalCounts::default(), Instant::now());
        assert_eq!(counts.count(&refused("no_body", 7), &"why", start).map(|line| line.count), Some(1));
        assert_eq!(counts.count(&refused("no_body", 8), &"why", start), None);
        let later = start + EVERY;
        assert_eq!(counts.due(later).iter().map(|line| (line.count, line.example.2)).collect::<Vec<_>>(), [(1, 8)]);
        assert_eq!(counts.due(later + EVERY), []);
        assert_eq!(counts.count(&refused("no_body", 9), &"why", later + EVERY).map(|line| line.count), Some(1));
        assert_eq!(counts.drain(), []);
    }
}
