//! The state of the worker at one moment: `/status.json` is this, and the page is made from it.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::admin::history::{EVERY, History, Sample};
use crate::config::{Delivery, Settings};
use crate::telemetry::health::{Health, LaneHealth, LaneState};
use crate::telemetry::logs;
use copydesk_core::dedup::KEY_VERSION;

/// The constant part: the process and its stream.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    pub(super) version: &'static str,
    pub(super) key_version: u32,
    pub(super) instance: String,
    pub(super) group: String,
    pub(super) input: String,
    pub(super) output: String,
    pub(super) dead_letters: String,
    pub(super) delivery: &'static str,
    #[serde(skip)]
    started: Instant,
}

impl About {
    /// This program, running with these settings from now on.
    pub fn new(settings: &Settings) -> About {
        let stream = &settings.stream;
        About {
            version: env!("CARGO_PKG_VERSION"),
            key_version: KEY_VERSION,
            instance: stream.instance.clone(),
            group: stream.group.clone(),
            input: stream.input.clone(),
            output: stream.output.clone(),
            dead_letters: stream.dead_letters.clone(),
            delivery: match stream.delivery {
                Delivery::ExactlyOnce => "exactly once",
                Delivery::AtLeastOnce => "at least once",
            },
            started: Instant::now(),
        }
    }
}

/// The state at one moment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    #[serde(flatten)]
    pub(super) about: About,
    pub(super) uptime_seconds: u64,
    /// `ready`, `not ready` or `not live`, as `/readyz` and `/livez` say.
    pub(super) state: &'static str,
    /// The filter of log lines.
    pub(super) log: Option<String>,
    pub(super) lanes: Vec<LaneStatus>,
    /// The latest dead letters, the latest first.
    pub(super) latest_dead_letters: Vec<DeadLetterStatus>,
    /// Seconds between samples.
    pub(super) every: u64,
    pub(super) samples: Vec<Sample>,
}

/// One lane.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LaneStatus {
    pub(super) number: usize,
    /// `ready`, `waiting`, `stalled` or `stopped`.
    pub(super) state: &'static str,
    /// What it waits for, or how long it has been stalled.
    pub(super) why: Option<String>,
    pub(super) partitions: Vec<PartitionStatus>,
    /// Since the process started, as all that follows: articles committed.
    pub(super) records: u64,
    /// Dead letters among them.
    pub(super) refused: u64,
    /// Bytes of payloads.
    pub(super) bytes: u64,
    /// Batches committed.
    pub(super) batches: u64,
    /// Batches aborted and retried.
    pub(super) aborted: u64,
    /// Restarts.
    pub(super) restarts: u64,
}

/// An assigned partition of the input.
#[derive(Debug, Serialize)]
pub(super) struct PartitionStatus {
    pub(super) partition: i32,
    /// In records; `null` until it is known.
    pub(super) lag: Option<i64>,
}

/// A dead letter, by its coordinates in the input.
#[derive(Debug, Serialize)]
pub(super) struct DeadLetterStatus {
    /// When it was committed, RFC 3339.
    #[serde(serialize_with = "as_text")]
    pub(super) at: Timestamp,
    pub(super) partition: i32,
    pub(super) offset: i64,
    pub(super) code: &'static str,
}

impl Status {
    /// As of now.
    pub(super) fn now(about: &About, health: &Health, history: &History) -> Status {
        let state = match () {
            () if health.live().is_err() => "not live",
            () if health.ready().is_err() => "not ready",
            () => "ready",
        };
        let dead_letter = |refusal: crate::telemetry::recent_refusals::RecentRefusal| DeadLetterStatus {
            // Whole seconds; the log is finer.
            at: Timestamp::try_from(refusal.at)
                .and_then(|at| at.round(jiff::Unit::Second))
                .unwrap_or(Timestamp::UNIX_EPOCH),
            partition: refusal.partition,
            offset: refusal.offset,
            code: refusal.code,
        };
        Status {
            about: about.clone(),
            uptime_seconds: about.started.elapsed().as_secs(),
            state,
            log: logs::filter(),
            lanes: health
                .lanes()
                .iter()
                .enumerate()
                .map(|(number, lane)| LaneStatus::now(number, lane, health))
                .collect(),
            latest_dead_letters: health.refusals().into_iter().map(dead_letter).collect(),
            every: EVERY.as_secs(),
            samples: history.samples(),
        }
    }

    /// The last samples, at most so many.
    pub(super) fn last(&self, count: usize) -> &[Sample] {
        self.samples.get(self.samples.len().saturating_sub(count)..).unwrap_or_default()
    }
}

impl LaneStatus {
    fn now(number: usize, lane: &Arc<LaneHealth>, health: &Health) -> LaneStatus {
        let (state, why) = match health.state(lane) {
            LaneState::Ready => ("ready", None),
            LaneState::Waiting(what) => ("waiting", Some(what)),
            LaneState::Stalled(since) => ("stalled", Some(LaneState::stalled_in_words(since))),
            LaneState::Stopped => ("stopped", None),
        };
        let partitions = lane.partitions().into_iter().map(|(partition, lag)| PartitionStatus { partition, lag });
        let figures = lane.figures();
        LaneStatus {
            number,
            state,
            why,
            partitions: partitions.collect(),
            records: figures.records.load(Relaxed),
            refused: figures.refused.load(Relaxed),
            bytes: figures.bytes.load(Relaxed),
            batches: figures.batches.load(Relaxed),
            aborted: figures.aborted.load(Relaxed),
            restarts: figures.restarts.load(Relaxed),
        }
    }
}

fn as_text<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}
