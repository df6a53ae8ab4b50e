//! How long things took, counted as they happen: one writer, any number of readers, nobody waits.
//!
//! Eight buckets to each doubling, from a microsecond to twelve days, so that a quantile is at most an eighth too high.
//! The histograms behind `/metrics` have few buckets and no memory of the last second; this one is read as differences.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Buckets to each doubling, as a power of two.
const BITS: u32 = 3;
/// Microseconds beyond 2^40 count as so many.
const LARGEST: u64 = (1 << 40) - 1;
/// How many buckets that makes.
const BUCKETS: usize = bucket(LARGEST) + 1;

/// Counts by duration.
#[derive(Debug)]
pub struct Spread(Vec<AtomicU64>);

/// What a spread held at some moment, or the difference of two such.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts(Vec<u64>);

impl Default for Spread {
    fn default() -> Self {
        Spread((0..BUCKETS).map(|_| AtomicU64::new(0)).collect())
    }
}

impl Spread {
    /// Counts one duration.
    pub fn count(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(LARGEST).min(LARGEST);
        if let Some(count) = self.0.get(bucket(micros)) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// Adds what it holds now.
    pub fn add_to(&self, counts: &mut Counts) {
        for (sum, count) in counts.0.iter_mut().zip(&self.0) {
            *sum += count.load(Relaxed);
        }
    }
}

impl Default for Counts {
    fn default() -> Self {
        Counts(vec![0; BUCKETS])
    }
}

impl Counts {
    /// What came since `before`.
    pub fn since(&self, before: &Counts) -> Counts {
        Counts(self.0.iter().zip(&before.0).map(|(now, then)| now.saturating_sub(*then)).collect())
    }

    /// The duration that the fraction `of` (0 to 1) of all did not exceed; `None` where nothing was counted.
    pub fn quantile(&self, of: f64) -> Option<Duration> {
        let total: u64 = self.0.iter().sum();
        let wanted = ((total as f64 * of).ceil() as u64).max(1);
        let mut seen = 0;
        let at = self.0.iter().position(|count| {
            seen += count;
            seen >= wanted
        })?;
        Some(Duration::from_micros(upper(at)))
    }
}

const fn bucket(micros: u64) -> usize {
    let small = 1 << BITS;
    if micros < small {
        return micros as usize;
    }
    let doubling = u64::BITS - 1 - micros.leading_zeros();
    let within = (micros >> (doubling - BITS)) & (small - 1);
    (((doubling - BITS + 1) as u64 * small) + within) as usize
}

/// The first value beyond a bucket.
fn upper(bucket: usize) -> u64 {
    let (bucket, small) = (bucket as u64 + 1, 1 << BITS);
    if bucket < 2 * small {
        return bucket;
    }
    (small + bucket % small) << (bucket / small - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_at_most_an_eighth_too_high() {
        for micros in (0..40).flat_map(|power| [1 << power, (1 << power) + (1 << power) / 3, (2 << power) - 1]) {
            let (spread, mut counts) = (Spread::default(), Counts::default());
            spread.count(Duration::from_micros(micros));
            spread.add_to(&mut counts);
            let told = counts.quantile(0.5).unwrap().as_micros() as u64;
            assert!(told > micros && told <= micros + micros / 8 + 1, "{micros} is told as {told}");
        }
        Spread::default().count(Duration::MAX);
    }

    #[test]
    fn quantiles_are_of_what_came_since() {
        let spread = Spread::default();
        let read = || {
            let mut counts = Counts::default();
            spread.add_to(&mut counts);
            counts
        };
        assert_eq!(read().quantile(0.5), None);
        spread.count(Duration::from_secs(100));
        let before = read();
        for millis in 1..=100 {
            spread.count(Duration::from_millis(millis));
        }
        let since = read().since(&before);
        let millis = |of| since.quantile(of).unwrap().as_secs_f64() * 1000.0;
        assert!((50.0..57.0).contains(&millis(0.5)), "{}", millis(0.5));
        assert!((99.0..112.0).contains(&millis(0.99)), "{}", millis(0.99));
    }
}
