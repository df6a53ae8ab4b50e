//! Events: each emits its log line and its metric together. Lines carry coordinates, never payloads.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use metrics::Label;
use tracing::{debug, error, info, warn};

use super::names::{self, Kind, Metric};

/// A batch was committed.
#[derive(Debug)]
pub struct BatchCommitted<'a> {
    /// Number of the lane.
    pub lane: &'a str,
    /// Articles read.
    pub records_in: u64,
    /// Clean records written.
    pub records_out: u64,
    /// Bytes of payloads read.
    pub bytes_in: u64,
    /// Bytes of records written.
    pub bytes_out: u64,
    /// Paragraphs kept.
    pub kept: u64,
    /// Paragraphs dropped.
    pub dropped: u64,
    /// Time spent gathering, waiting for the first article not included.
    pub gather: Duration,
    /// Time spent in the pure function.
    pub process: Duration,
    /// Time spent sending and committing.
    pub publish: Duration,
    /// The part of it after the last acknowledgement.
    pub commit: Duration,
}

impl BatchCommitted<'_> {
    /// Emits it.
    pub fn emit(&self) {
        let lane = self.lane.to_owned();
        metrics::counter!(names::TRANSACTIONS_COMMITTED, "lane" => lane.clone()).increment(1);
        metrics::counter!(names::RECORDS_IN, "lane" => lane.clone()).increment(self.records_in);
        metrics::counter!(names::RECORDS_OUT, "lane" => lane.clone()).increment(self.records_out);
        metrics::counter!(names::BYTES_IN, "lane" => lane.clone()).increment(self.bytes_in);
        metrics::counter!(names::BYTES_OUT, "lane" => lane).increment(self.bytes_out);
        metrics::counter!(names::PARAGRAPHS_KEPT).increment(self.kept);
        metrics::counter!(names::REPEATS_DROPPED).increment(self.dropped);
        metrics::gauge!(names::LAST_COMMIT, "lane" => self.lane.to_owned()).set(now());
        metrics::histogram!(names::BATCH_RECORDS).record(self.records_in as f64);
        metrics::histogram!(names::BATCH_BYTES).record(self.bytes_in as f64);
        metrics::histogram!(names::PHASE_SECONDS, "phase" => "gather").record(self.gather.as_secs_f64());
        metrics::histogram!(names::PHASE_SECONDS, "phase" => "process").record(self.process.as_secs_f64());
        metrics::histogram!(names::PHASE_SECONDS, "phase" => "publish").record(self.publish.as_secs_f64());
        metrics::histogram!(names::COMMIT_SECONDS).record(self.commit.as_secs_f64());
        debug!(
            lane = self.lane,
            records = self.records_in,
            clean = self.records_out,
            bytes = self.bytes_in,
            gather_ms = self.gather.as_millis(),
            process_ms = self.process.as_millis(),
            publish_ms = self.publish.as_millis(),
            commit_ms = self.commit.as_millis(),
            "batch committed"
        );
    }
}

/// A payload was refused, and its dead letter is committed.
pub fn refused(topic: &str, partition: i32, offset: i64, code: &'static str, reason: &str, cut: bool) {
    metrics::counter!(names::RECORDS_REFUSED, "code" => code).increment(1);
    if cut {
        metrics::counter!(names::DEAD_LETTERS_CUT).increment(1);
    }
    warn!(topic, partition, offset, code, reason, cut, "payload refused: it is in the dead-letter topic");
}

/// Dates of one calendar were found.
pub fn dates_found(calendar: &'static str, count: u64) {
    metrics::counter!(names::DATES_FOUND, "calendar" => calendar).increment(count);
}

/// A batch was given up and will be done again.
pub fn batch_aborted(lane: &str, reason: &'static str, error: &str) {
    metrics::counter!(names::TRANSACTIONS_ABORTED, "reason" => reason).increment(1);
    warn!(lane, reason, error, "batch aborted: it will be done again");
}

/// Partitions came.
pub fn assigned(lane: &str, partitions: &[i32], total: usize) {
    metrics::counter!(names::REBALANCES, "kind" => "assigned").increment(1);
    metrics::gauge!(names::PARTITIONS_ASSIGNED, "lane" => lane.to_owned()).set(total as f64);
    info!(lane, ?partitions, total, "partitions assigned");
}

/// Partitions went: revoked in order, or lost because the group had given this member up.
pub fn revoked(lane: &str, topic: &str, partitions: &[i32], total: usize, lost: bool) {
    metrics::counter!(names::REBALANCES, "kind" => if lost { "lost" } else { "revoked" }).increment(1);
    metrics::gauge!(names::PARTITIONS_ASSIGNED, "lane" => lane.to_owned()).set(total as f64);
    for &partition in partitions {
        // Its new owner reports it; a gauge left behind would be counted twice.
        lag(topic, partition, 0);
        // The last stable offset is looked at by its maximum, which an old one does not change.
        gauge(names::UNSTABLE, topic, partition, 0);
    }
    if lost {
        warn!(lane, ?partitions, total, "partitions lost: the group gave this lane up");
    } else {
        info!(lane, ?partitions, total, "partitions revoked");
    }
}

/// Gathered articles were forgotten with their partition.
pub fn forgotten(lane: &str, records: usize) {
    metrics::counter!(names::RECORDS_FORGOTTEN).increment(records as u64);
    info!(lane, records, "gathered articles forgotten with their partition; its new owner reads them again");
}

/// A partition stands still until somebody decides where it is to be read from.
pub fn partition_stalls(lane: &str, topic: &str, partition: i32, why: &str, advice: &str) {
    error!(lane, topic, partition, "partition stalls, the others go on: {why}. {advice}");
}

/// A partition is read from its beginning, because its offset can't be trusted and the configuration says so.
pub fn offset_reset(lane: &str, topic: &str, partition: i32, why: &str) {
    warn!(lane, topic, partition, "reading from the beginning (`stream.on-offset-reset`): {why}");
}

/// Retention deleted records that nobody had read.
pub fn records_lost(topic: &str, partition: i32, from: i64, to: i64) {
    metrics::counter!(names::RECORDS_LOST).increment(u64::try_from(to - from).unwrap_or(0));
    error!(
        topic,
        partition,
        from,
        to,
        "lost: retention has deleted {} offsets of the input before they were read; going on at the first that is left",
        to - from
    );
}

/// The lag of a partition as of now.
pub fn lag(topic: &str, partition: i32, records: i64) {
    gauge(names::LAG, topic, partition, records);
}

/// The last stable offset and the end of a partition as of now.
pub fn ends(topic: &str, partition: i32, stable: i64, end: i64) {
    gauge(names::STABLE, topic, partition, stable);
    gauge(names::UNSTABLE, topic, partition, (end - stable).max(0));
}

fn gauge(name: &'static str, topic: &str, partition: i32, value: i64) {
    metrics::gauge!(name, "topic" => topic.to_owned(), "partition" => partition.to_string()).set(value as f64);
}

/// A lane failed and starts anew after a pause.
pub fn lane_restart(lane: &str, reason: &'static str, error: &str, pause: Duration) {
    metrics::counter!(names::LANE_RESTARTS, "reason" => reason).increment(1);
    warn!(lane, reason, error, pause_ms = pause.as_millis(), "lane starts anew");
}

/// A lane waits for something outside: a topic, a permission, the broker.
pub fn lane_waits(lane: &str, what: &str, pause: Duration) {
    warn!(lane, pause_ms = pause.as_millis(), "waiting: {what}");
}

/// A lane is ready.
pub fn lane_ready(lane: &str) {
    info!(lane, "ready");
}

/// Another process uses this instance's name.
pub fn fenced(lane: &str, transactional_id: &str) {
    error!(
        lane,
        transactional_id,
        "fenced: another copydesk runs with the same group and instance name and has taken over; this one ends. Give each \
         process an instance name of its own (`stream.instance`, --instance)"
    );
}

/// librdkafka reported an error on its own.
pub fn broker_error(lane: &str, client: &'static str, error: &str) {
    metrics::counter!(names::BROKER_ERRORS, "client" => client).increment(1);
    warn!(lane, client, "{error}");
}

/// Spans were handed to the collector, or could not be; `changed`: it was otherwise the last time.
pub fn spans_exported(count: u64, error: Option<&str>, changed: bool) {
    metrics::counter!(names::SPANS, "outcome" => if error.is_some() { "failed" } else { "sent" }).increment(count);
    match error {
        Some(error) if changed => {
            warn!(error, "traces: the collector takes no spans; those that can't be sent are dropped")
        }
        None if changed => info!("traces: the collector takes spans again"),
        _ => {}
    }
}

/// The last spans were not sent in time.
pub fn spans_unsent(error: &str) {
    warn!(error, "traces: ending without the last spans");
}

/// The process started. Each counter whose labels are known beforehand starts at 0, so that the first event is an increase.
pub fn started(version: &'static str, key_version: &'static str, lanes: usize) {
    metrics::gauge!(names::BUILD_INFO, "version" => version, "key_version" => key_version).set(1.0);
    metrics::gauge!(names::LANES).set(lanes as f64);
    for metric in names::ALL {
        for labels in known_labels(metric, lanes) {
            match metric.kind {
                Kind::Counter => metrics::counter!(metric.name, labels).increment(0),
                Kind::Histogram => drop(metrics::histogram!(metric.name, labels)),
                Kind::Gauge => {}
            }
        }
    }
}

/// Every combination of labels that a metric may have; none where the cluster decides.
fn known_labels(metric: &Metric, lanes: usize) -> Vec<Vec<Label>> {
    let mut all = vec![Vec::new()];
    for &label in metric.labels {
        let values: Vec<Label> = match names::values(metric.name, label) {
            Some(values) => values.iter().map(|&value| Label::new(label, value)).collect(),
            None if label == "lane" => (0..lanes).map(|lane| Label::new(label, lane.to_string())).collect(),
            None => Vec::new(),
        };
        let with = |labels: &Vec<Label>| -> Vec<Vec<Label>> {
            values.iter().map(|value| labels.iter().cloned().chain([value.clone()]).collect()).collect()
        };
        all = all.iter().flat_map(with).collect();
    }
    all
}

/// Unix time in seconds.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
