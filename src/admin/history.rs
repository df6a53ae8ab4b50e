//! The last five minutes, second by second: the growth of the lanes' counts. For the admin page, which people open when
//! something has already happened; Prometheus keeps the rest.

use std::collections::VecDeque;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::telemetry::health::{Health, LaneHealth};
use crate::telemetry::histogram::HistogramSnapshot;

/// How often a sample is taken.
pub const EVERY: Duration = Duration::from_secs(1);
/// How many are kept: five minutes.
pub const KEPT: usize = 300;

/// What happened in one interval, as rates; times in seconds. `null` where there were no articles, or nothing is known.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    /// Counts samples since the process started.
    pub number: u64,
    /// Articles committed, a second.
    pub records: f64,
    /// Dead letters among them, a second.
    pub refused: f64,
    /// Bytes of payloads, a second.
    pub bytes: f64,
    /// Median time from an article's Kafka timestamp to its commit.
    #[serde(rename = "half")]
    pub median: Option<f64>,
    /// The 99th percentile of the same.
    #[serde(rename = "most")]
    pub p99: Option<f64>,
    /// Mean commit of a batch.
    pub commit: Option<f64>,
    /// Lag of all assigned partitions whose lag is known.
    pub lag: Option<i64>,
    /// For each lane its articles a second, its share of the time spent in the function, and in publishing.
    pub lanes: Vec<LaneSample>,
}

/// One lane in one interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct LaneSample {
    /// Articles committed, a second.
    pub records: f64,
    /// Share of the interval spent in the pure function. Counted when a batch is committed, so one interval may hold
    /// more than itself.
    pub process: f64,
    /// Share of the interval spent sending and committing.
    pub publish: f64,
}

/// The samples, and what the counts were at the last one.
#[derive(Debug)]
pub struct History(Mutex<HistoryState>);

#[derive(Debug)]
struct HistoryState {
    at: Instant,
    before: Totals,
    samples: VecDeque<Sample>,
    taken: u64,
}

#[derive(Debug, Default)]
struct Totals {
    refused: u64,
    bytes: u64,
    batches: u64,
    commit: u64,
    /// Articles, microseconds in process and in publish.
    lanes: Vec<[u64; 3]>,
    end_to_end: HistogramSnapshot,
}

impl Totals {
    fn read(lanes: &[std::sync::Arc<LaneHealth>]) -> Totals {
        let mut totals = Totals::default();
        for figures in lanes.iter().map(|lane| lane.figures()) {
            totals.refused += figures.refused.load(Relaxed);
            totals.bytes += figures.bytes.load(Relaxed);
            totals.batches += figures.batches.load(Relaxed);
            totals.commit += figures.commit.load(Relaxed);
            let lane = [&figures.records, &figures.process, &figures.publish];
            totals.lanes.push(lane.map(|count| count.load(Relaxed)));
            figures.end_to_end.add_to(&mut totals.end_to_end);
        }
        totals
    }
}

impl History {
    /// Starts from the present counts.
    pub fn new(health: &Health) -> History {
        let before = Totals::read(health.lanes());
        History(Mutex::new(HistoryState {
            at: Instant::now(),
            before,
            samples: VecDeque::with_capacity(KEPT),
            taken: 0,
        }))
    }

    /// Takes a sample.
    pub fn sample(&self, health: &Health) {
        let now = Totals::read(health.lanes());
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = state.at.elapsed().as_secs_f64().max(1e-3);
        let before = &state.before;
        let grown = |now: u64, then: u64| now.saturating_sub(then) as f64;
        let lanes = now.lanes.iter().zip(&before.lanes).map(|(now, then)| {
            let [records, process, publish] = [0, 1, 2].map(|of| grown(now[of], then[of]) / seconds);
            LaneSample { records, process: process / 1e6, publish: publish / 1e6 }
        });
        let lanes: Vec<LaneSample> = lanes.collect();
        let batches = grown(now.batches, before.batches);
        let latency = now.end_to_end.since(&before.end_to_end);
        let lags = health.lanes().iter().flat_map(|lane| lane.partitions().into_values().flatten());
        let sample = Sample {
            number: state.taken,
            records: lanes.iter().map(|lane| lane.records).sum(),
            refused: grown(now.refused, before.refused) / seconds,
            bytes: grown(now.bytes, before.bytes) / seconds,
            median: latency.quantile(0.5).map(|time| time.as_secs_f64()),
            p99: latency.quantile(0.99).map(|time| time.as_secs_f64()),
            commit: (batches > 0.0).then(|| grown(now.commit, before.commit) / 1e6 / batches),
            lag: lags.reduce(|sum, lag| sum + lag),
            lanes,
        };
        if state.samples.len() >= KEPT {
            state.samples.pop_front();
        }
        state.samples.push_back(sample);
        state.taken += 1;
        state.before = now;
        state.at = Instant::now();
    }

    /// The samples, the oldest first.
    pub fn samples(&self) -> Vec<Sample> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).samples.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::health::CommittedBatch;

    #[test]
    fn a_sample_covers_the_time_since_the_last() {
        let health = Health::new(2, Duration::from_secs(60));
        let lane = health.lane(1).unwrap();
        lane.set_partitions(vec![0, 1]);
        let history = History::new(&health);
        for batch in 1..=2 {
            lane.committed(CommittedBatch {
                records: 10 * batch,
                bytes: 100,
                process: Duration::from_millis(1),
                publish: Duration::from_millis(3),
                commit: Duration::from_millis(2),
            });
            lane.record_latency(0.25);
            lane.refused(0, 7, "no_body");
            lane.set_lag(0, 5);
            history.sample(&health);
        }
        history.sample(&health);
        let samples = history.samples();
        assert_eq!(samples.len(), 3);
        // The intervals are short and of different length, so that only ratios can be compared.
        let second = &samples[1];
        assert!((second.bytes / second.records - 5.0).abs() < 1e-9, "{second:?}");
        assert!((second.lanes[1].publish / second.lanes[1].process - 3.0).abs() < 1e-9, "{second:?}");
        assert!(second.median.is_some_and(|median| (0.25..0.28).contains(&median)), "{second:?}");
        assert_eq!((second.commit, second.lag, second.lanes[0]), (Some(0.002), Some(5), LaneSample::default()));
        assert_eq!((samples[2].records, samples[2].median, samples[2].commit), (0.0, None, None));
        for _ in 0..KEPT {
            history.sample(&health);
        }
        let numbers: Vec<u64> = history.samples().iter().map(|sample| sample.number).collect();
        assert_eq!(numbers, (3..KEPT as u64 + 3).collect::<Vec<_>>());
    }
}
