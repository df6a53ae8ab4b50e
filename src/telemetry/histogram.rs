//! Durations counted as they occur, for the quantiles on the admin page.
//!
//! Fixed memory: from a microsecond to twelve days, one significant digit, so that a quantile is at most a tenth too high.
//! The histograms behind `/metrics` have few buckets and no interval; this one is read as the difference of two snapshots.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Longer durations count as this many microseconds.
const LONGEST: u64 = 1 << 40;
/// Significant digits.
const DIGITS: u8 = 1;

/// `None` where the library refuses the bounds, which it does not: they are constants.
type Inner = Option<hdrhistogram::Histogram<u64>>;

/// Counts by duration; its writer and its readers hold the lock for the time of one count or one addition.
#[derive(Debug)]
pub struct Histogram(Mutex<Inner>);

/// What one or several histograms held at some moment, or the difference of two such.
#[derive(Debug, Clone, PartialEq)]
pub struct HistogramSnapshot(Inner);

fn empty() -> Inner {
    hdrhistogram::Histogram::new_with_bounds(1, LONGEST, DIGITS).ok()
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram(Mutex::new(empty()))
    }
}

impl Histogram {
    fn counts(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one duration.
    pub fn record(&self, took: Duration) {
        if let Some(counts) = &mut *self.counts() {
            counts.saturating_record(u64::try_from(took.as_micros()).unwrap_or(LONGEST));
        }
    }

    /// Adds its present counts to a snapshot.
    pub fn add_to(&self, snapshot: &mut HistogramSnapshot) {
        if let (Some(sum), Some(counts)) = (&mut snapshot.0, &*self.counts()) {
            // Fails only between different bounds.
            let _ = sum.add(counts);
        }
    }
}

impl Default for HistogramSnapshot {
    fn default() -> Self {
        HistogramSnapshot(empty())
    }
}

impl HistogramSnapshot {
    /// What was counted since `before`, an earlier snapshot of the same histograms.
    pub fn since(&self, before: &HistogramSnapshot) -> HistogramSnapshot {
        let mut difference = self.clone();
        if let (Some(counts), Some(before)) = (&mut difference.0, &before.0) {
            // Fails only where more is taken away than there is, and counts only grow.
            let _ = counts.subtract(before);
        }
        difference
    }

    /// The duration that the fraction `of` (0 to 1) of all did not exceed; `None` where nothing was counted.
    pub fn quantile(&self, of: f64) -> Option<Duration> {
        let counts = self.0.as_ref().filter(|counts| !counts.is_empty())?;
        Some(Duration::from_micros(counts.value_at_quantile(of)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_at_most_a_tenth_too_high() {
        for micros in (0..40).flat_map(|power| [1 << power, (1 << power) + (1 << power) / 3, (2 << power) - 1]) {
            let (histogram, mut snapshot) = (Histogram::default(), HistogramSnapshot::default());
            histogram.record(Duration::from_micros(micros));
            histogram.add_to(&mut snapshot);
            let quantile = snapshot.quantile(0.5).unwrap().as_micros() as u64;
            assert!(quantile >= micros && quantile <= micros + micros / 10, "{micros} became {quantile}");
        }
    }

    #[test]
    fn the_longest_duration_is_counted() {
        let (histogram, mut snapshot) = (Histogram::default(), HistogramSnapshot::default());
        histogram.record(Duration::MAX);
        histogram.add_to(&mut snapshot);
        assert!(snapshot.quantile(1.0).unwrap() >= Duration::from_micros(LONGEST));
    }

    #[test]
    fn quantiles_are_of_the_difference() {
        let histogram = Histogram::default();
        let read = || {
            let mut snapshot = HistogramSnapshot::default();
            histogram.add_to(&mut snapshot);
            snapshot
        };
        assert_eq!(read().quantile(0.5), None);
        histogram.record(Duration::from_secs(100));
        let before = read();
        for millis in 1..=100 {
            histogram.record(Duration::from_millis(millis));
        }
        let since = read().since(&before);
        let millis = |of| since.quantile(of).unwrap().as_secs_f64() * 1000.0;
        assert!((50.0..55.0).contains(&millis(0.5)), "{}", millis(0.5));
        assert!((99.0..109.0).contains(&millis(0.99)), "{}", millis(0.99));
        assert_eq!(before.since(&before).quantile(0.5), None);
    }
}
