//! Refusals, told by code: the first at once, all that follow within ten seconds as one line with their number and one of
//! them as an example. A feed that turns bad refuses thousands a second, and one line says as much as all of them; each is
//! in the dead-letter topic.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A code is told no more often than so.
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
pub struct Summary {
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

/// What was refused and is not told yet.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<&'static str, Counted>>);

#[derive(Debug)]
struct Counted {
    told: Instant,
    untold: Option<Summary>,
}

impl Tally {
    fn codes(&self) -> MutexGuard<'_, BTreeMap<&'static str, Counted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one; `Some` is to be told now.
    pub fn count(&self, refused: &Refused<'_>, reason: &dyn Display, now: Instant) -> Option<Summary> {
        let mut codes = self.codes();
        let Some(counted) = codes.get_mut(refused.code) else {
            codes.insert(refused.code, Counted { told: now, untold: None });
            let mut first = summary(refused, reason);
            first.add(refused.cut);
            return Some(first);
        };
        counted.untold.get_or_insert_with(|| summary(refused, reason)).add(refused.cut);
        counted.due(now)
    }

    /// What is to be told now.
    pub fn due(&self, now: Instant) -> Vec<Summary> {
        let mut codes = self.codes();
        let due = codes.values_mut().filter_map(|counted| counted.due(now)).collect();
        // The next one with a code that has been quiet is told at once.
        codes.retain(|_, counted| now.duration_since(counted.told) < EVERY);
        due
    }

    /// All that was not told.
    pub fn drain(&self) -> Vec<Summary> {
        std::mem::take(&mut *self.codes()).into_values().filter_map(|counted| counted.untold).collect()
    }
}

impl Counted {
    fn due(&mut self, now: Instant) -> Option<Summary> {
        if now.duration_since(self.told) < EVERY {
            return None;
        }
        let due = self.untold.take()?;
        self.told = now;
        Some(due)
    }
}

impl Summary {
    fn add(&mut self, cut: bool) {
        self.count += 1;
        self.cut += u64::from(cut);
    }
}

fn summary(refused: &Refused<'_>, reason: &dyn Display) -> Summary {
    let Refused { topic, partition, offset, code, .. } = *refused;
    Summary { code, count: 0, cut: 0, example: (topic.to_owned(), partition, offset), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &'static str, offset: i64) -> Refused<'static> {
        Refused { topic: "raw", partition: 1, offset, code, cut: offset % 10 == 0 }
    }

    #[test]
    fn fifty_thousand_refusals_are_a_few_lines_that_count_them_all() {
        let (tally, start) = (Tally::default(), Instant::now());
        let mut told = Vec::new();
        for offset in 0..50_000_u64 {
            // A thousand a second, of two codes.
            let now = start + Duration::from_millis(offset);
            let code = if offset % 4 == 0 { "no_body" } else { "invalid_json" };
            told.extend(tally.count(&refused(code, offset as i64), &"why", now));
            told.extend(tally.due(now));
        }
        told.extend(tally.drain());
        let count = |code| told.iter().filter(|summary| summary.code == code).map(|summary| summary.count).sum::<u64>();
        assert_eq!((count("no_body"), count("invalid_json")), (12_500, 37_500));
        assert_eq!(told.iter().map(|summary| summary.cut).sum::<u64>(), 5000);
        assert_eq!(told.len(), 12, "{told:?}");
        assert_eq!(told[0].example, ("raw".to_owned(), 1, 0));
    }

    #[test]
    fn one_alone_is_told_at_once_and_so_is_the_next_after_a_while() {
        let (tally, start) = (Tally::default(), Instant::now());
        assert_eq!(tally.count(&refused("no_body", 7), &"why", start).map(|told| told.count), Some(1));
        assert_eq!(tally.count(&refused("no_body", 8), &"why", start), None);
        let later = start + EVERY;
        assert_eq!(tally.due(later).iter().map(|told| (told.count, told.example.2)).collect::<Vec<_>>(), [(1, 8)]);
        assert_eq!(tally.due(later + EVERY), []);
        assert_eq!(tally.count(&refused("no_body", 9), &"why", later + EVERY).map(|told| told.count), Some(1));
        assert_eq!(tally.drain(), []);
    }
}
