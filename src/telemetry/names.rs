//! Every metric, in one place: name, kind, labels and meaning.
//!
//! Prometheus conventions: prefix `copydesk_`, base units (seconds, bytes), counters end in `_total`. Label values come
//! from closed sets (codes, stages, outcomes) or are bounded by the cluster (topic, partition) or the configuration (lane).

use copydesk_core::record::Reject;

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
    /// Its meaning, as `/metrics` and the docs show it.
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
    TRANSACTIONS_ABORTED = Counter "copydesk_transactions_aborted_total" ["reason"] "Batches aborted and retried, by reason: delivery, too_large, refused, offsets, commit, begin.";
    LAG = Gauge "copydesk_lag_records" ["topic", "partition"] "Offsets between the end of an input partition (last stable offset) and the committed offset; 0 where a consumer has read to the end and only control records of transactions are left. Kept while a lane restarts. Each worker reports every partition, those of other workers every few seconds: aggregate with `max by (topic, partition)`.";
    PARTITIONS_ASSIGNED = Gauge "copydesk_partitions_assigned" ["lane"] "Input partitions assigned to a lane.";
    PARTITIONS_STALLED = Gauge "copydesk_partitions_stalled" [] "Assigned input partitions that are stalled until their offset is set (`copydesk offsets`).";
    RECORDS_LOST = Counter "copydesk_records_lost_total" [] "Offsets of the input that retention deleted before they were read.";
    REBALANCES = Counter "copydesk_rebalances_total" ["kind"] "Changes of the assignment, by kind: assigned, revoked, lost.";
    RECORDS_FORGOTTEN = Counter "copydesk_records_forgotten_total" [] "Gathered articles discarded because their partition was revoked; its new owner reads them.";
    LANE_RESTARTS = Counter "copydesk_lane_restarts_total" ["reason"] "Restarts of lanes, by reason: fenced, fatal, unavailable, panic.";
    LANES_READY = Gauge "copydesk_lanes_ready" [] "Lanes that have joined their group, with an initialised producer and verified topics.";
    BROKER_ERRORS = Counter "copydesk_broker_errors_total" ["client"] "Errors reported by librdkafka, by client: consumer, producer.";
    UNSTABLE = Gauge "copydesk_unstable_records" ["topic", "partition"] "Offsets between the last stable offset of an assigned input partition and its end: records of open transactions, and those behind them, which consumers of committed records can't read yet.";
    STABLE = Gauge "copydesk_last_stable_offset" ["topic", "partition"] "Last stable offset of an assigned input partition: every transaction before it is committed or aborted, and consumers of committed records read up to it.";
    LANES = Gauge "copydesk_lanes" [] "Lanes that this process is configured to run.";
    LAST_COMMIT = Gauge "copydesk_last_commit_timestamp_seconds" ["lane"] "When a lane last committed a batch, in Unix time; absent before its first.";
    SPANS = Counter "copydesk_spans_total" ["outcome"] "Spans exported to the collector, by outcome: sent, failed.";
    BUILD_INFO = Gauge "copydesk_build_info" ["version", "key_version"] "Always 1; the versions are in the labels.";
}

/// The values that a label may have, where they are a closed set; the others are bounded by the cluster (topic, partition) or
/// by the configuration (lane).
pub fn values(metric: &str, label: &str) -> Option<&'static [&'static str]> {
    match (metric, label) {
        (RECORDS_REFUSED, "code") => Some(&Reject::CODES),
        (DATES_FOUND, "calendar") => Some(&CALENDARS),
        (PHASE_SECONDS, "phase") => Some(&["gather", "process", "publish"]),
        (TRANSACTIONS_ABORTED, "reason") => Some(&["delivery", "too_large", "refused", "offsets", "commit", "begin"]),
        (REBALANCES, "kind") => Some(&["assigned", "revoked", "lost"]),
        (LANE_RESTARTS, "reason") => Some(&["fenced", "fatal", "unavailable", "panic"]),
        (BROKER_ERRORS, "client") => Some(&["consumer", "producer"]),
        (SPANS, "outcome") => Some(&["sent", "failed"]),
        _ => None,
    }
}

/// Calendars, as [`newsdates::Calendar`] calls them.
const CALENDARS: [&str; 10] = [
    "gregory",
    "islamic-umalqura",
    "persian",
    "buddhist",
    "japanese",
    "roc",
    "hebrew",
    "ethiopic",
    "bangla",
    "bikram-sambat",
];

/// Metrics of the process, under the names that Prometheus' own client libraries use.
pub const PROCESS: [(&str, &str); 8] = [
    ("process_cpu_seconds_total", "CPU time, user and system."),
    ("process_resident_memory_bytes", "Resident memory."),
    ("process_virtual_memory_bytes", "Virtual memory."),
    ("process_virtual_memory_max_bytes", "Limit of virtual memory."),
    ("process_open_fds", "Open files and connections."),
    ("process_max_fds", "Limit of open files and connections."),
    ("process_threads", "Threads."),
    ("process_start_time_seconds", "When the process started, in Unix time."),
];

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
    use newsdates::Calendar;

    /// A label whose values are not bounded by the cluster or the configuration has a closed set; the help names it.
    #[test]
    fn every_label_is_bounded() {
        for metric in ALL {
            for label in metric.labels {
                let Some(values) = values(metric.name, label) else {
                    assert!(
                        ["lane", "topic", "partition", "version", "key_version"].contains(label),
                        "{}: `{label}` is not bounded",
                        metric.name
                    );
                    continue;
                };
                if !matches!(*label, "code" | "calendar") {
                    assert!(metric.help.contains(&values.join(", ")), "{}: its help names other values", metric.name);
                }
            }
        }
    }

    #[test]
    fn every_calendar_is_there() {
        let last = Calendar::BikramSambat;
        let all = [
            Calendar::Gregory,
            Calendar::IslamicUmalqura,
            Calendar::Persian,
            Calendar::Buddhist,
            Calendar::Japanese,
            Calendar::Roc,
            Calendar::Hebrew,
            Calendar::Ethiopic,
            Calendar::Bangla,
            last,
        ];
        assert_eq!(all.map(Calendar::as_str), CALENDARS);
        assert_eq!(last as usize + 1, CALENDARS.len(), "a calendar was added after the last one");
    }

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
