//! Every metric there is: name, kind, labels and meaning, in one place.
//!
//! Prometheus conventions: prefix `copydesk_`, base units (seconds, bytes), counters end in `_total`. Label values come
//! from closed sets (codes, stages, outcomes) or are bounded by the cluster (topic, partition) or the configuration (lane).

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only ever grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// A distribution, in buckets.
    Histogram,
}

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it says, as shown by `/metrics` and in the docs.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($constant:ident = $kind:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        $(#[doc = $help] pub const $constant: &str = $name;)*
        /// Every metric, in the order of the documentation.
        pub const ALL: &[Metric] = &[$(Metric { name: $name, kind: Kind::$kind, labels: &[$($label),*], help: $help }),*];
    };
}

metrics! {
    RECORDS_IN = Counter "copydesk_records_in_total" ["lane"] "Articles read in committed batches.";
    RECORDS_OUT = Counter "copydesk_records_out_total" ["lane"] "Clean records committed.";
    RECORDS_REFUSED = Counter "copydesk_records_refused_total" ["code"] "Payloads sent to the dead-letter topic, by error code, committed.";
    DEAD_LETTERS_CUT = Counter "copydesk_dead_letters_cut_total" [] "Dead letters whose value was too large for the topic and was cut.";
    BYTES_IN = Counter "copydesk_bytes_in_total" ["lane"] "Bytes of payloads read in committed batches.";
    BYTES_OUT = Counter "copydesk_bytes_out_total" ["lane"] "Bytes of clean records committed.";
    PARAGRAPHS_KEPT = Counter "copydesk_paragraphs_kept_total" [] "Paragraphs published.";
    REPEATS_DROPPED = Counter "copydesk_repeats_dropped_total" [] "Paragraphs dropped as repeats.";
    DATES_FOUND = Counter "copydesk_dates_found_total" ["calendar"] "Dates found, by calendar (CLDR name).";
    BATCH_RECORDS = Histogram "copydesk_batch_records" [] "Articles in a committed batch.";
    BATCH_BYTES = Histogram "copydesk_batch_bytes" [] "Bytes of payloads in a committed batch.";
    PHASE_SECONDS = Histogram "copydesk_phase_seconds" ["phase"] "Time a batch spent in a phase: gather, process, publish.";
    COMMIT_SECONDS = Histogram "copydesk_commit_seconds" [] "Time from the last acknowledgement to the commit of a batch: offsets and commit.";
    END_TO_END_SECONDS = Histogram "copydesk_end_to_end_seconds" [] "Time from an article's Kafka timestamp to the commit of its record.";
    TRANSACTIONS_COMMITTED = Counter "copydesk_transactions_committed_total" ["lane"] "Batches committed (in at-least-once mode: offsets committed).";
    TRANSACTIONS_ABORTED = Counter "copydesk_transactions_aborted_total" ["reason"] "Batches given up and done again: delivery, too_large, offsets, commit, begin.";
    LAG = Gauge "copydesk_lag_records" ["topic", "partition"] "Offsets between the end of an assigned input partition (last stable offset) and what is committed.";
    PARTITIONS_ASSIGNED = Gauge "copydesk_partitions_assigned" ["lane"] "Input partitions assigned to a lane.";
    REBALANCES = Counter "copydesk_rebalances_total" ["kind"] "Changes of assignment: assigned, revoked, lost.";
    RECORDS_FORGOTTEN = Counter "copydesk_records_forgotten_total" [] "Gathered articles forgotten because their partition was revoked; its new owner reads them again.";
    LANE_RESTARTS = Counter "copydesk_lane_restarts_total" ["reason"] "Lanes started anew: fatal, unknown, topics, unavailable, panic.";
    LANES_READY = Gauge "copydesk_lanes_ready" [] "Lanes that joined their group with an initialised producer and verified topics.";
    BROKER_ERRORS = Counter "copydesk_broker_errors_total" ["client"] "Errors reported by librdkafka: consumer, producer.";
    BUILD_INFO = Gauge "copydesk_build_info" ["version", "key_version"] "Always 1; the version is in the labels.";
}

/// Bucket bounds of a histogram, in its own unit.
pub fn buckets(name: &str) -> &'static [f64] {
    const SHORT: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
    const LONG: &[f64] =
        &[0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0, 86_400.0];
    const COUNT: &[f64] =
        &[1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10_000.0, 20_000.0];
    const BYTES: &[f64] = &[
        1024.0,
        4096.0,
        16_384.0,
        65_536.0,
        262_144.0,
        524_288.0,
        1_048_576.0,
        2_097_152.0,
        4_194_304.0,
        16_777_216.0,
        67_108_864.0,
    ];
    match name {
        BATCH_RECORDS => COUNT,
        BATCH_BYTES => BYTES,
        END_TO_END_SECONDS => LONG,
        _ => SHORT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_conventions() {
        for metric in ALL {
            assert!(metric.name.starts_with("copydesk_"), "{}", metric.name);
            assert_eq!(metric.kind == Kind::Counter, metric.name.ends_with("_total"), "{}", metric.name);
            assert!(metric.help.ends_with('.'), "{}", metric.name);
            assert_eq!(ALL.iter().filter(|other| other.name == metric.name).count(), 1);
        }
    }
}
