//! Events: each emits its log line and its metric together. Lines carry coordinates, never payloads.

use std::fmt::Display;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use metrics::Label;
use tracing::{debug, error, info, warn};

use super::log_summary::{self, ClientLine};
use super::names::{self, Kind, Metric};
use super::refusal_counts::Refused;
use super::unread_partitions::UnreadPartition;

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
    /// Time spent gathering, from the first article on.
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
            lane = number(self.lane),
            records = self.records_in,
            clean = self.records_out,
            bytes = self.bytes_in,
            gather_ms = millis(self.gather),
            process_ms = millis(self.process),
            publish_ms = millis(self.publish),
            commit_ms = millis(self.commit),
            "batch committed"
        );
    }
}

/// A payload was refused, and its dead letter is committed.
pub fn refused(refused: &Refused<'_>, reason: &dyn Display) {
    metrics::counter!(names::RECORDS_REFUSED, "code" => refused.code).increment(1);
    if refused.cut {
        metrics::counter!(names::DEAD_LETTERS_CUT).increment(1);
    }
    log_summary::refused(refused, reason);
}

/// Dates of one calendar were found.
pub fn dates_found(calendar: &'static str, count: u64) {
    metrics::counter!(names::DATES_FOUND, "calendar" => calendar).increment(count);
}

/// A batch was aborted and will be retried.
pub fn batch_aborted(lane: &str, reason: &'static str, error: &str) {
    metrics::counter!(names::TRANSACTIONS_ABORTED, "reason" => reason).increment(1);
    debug!(lane = number(lane), reason, error, "batch aborted");
    if log_summary::in_outage(|counts| counts.aborts += 1) {
        return;
    }
    let text = format!("lane {lane}: batch aborted: {error}");
    if let Some(unsaid) = admit(&format!("{lane} aborted {reason} {}", kind(error)), &text) {
        warn!(lane = number(lane), reason, error, unsaid, "batch aborted, it will be retried");
    }
}

/// Partitions were assigned.
pub fn assigned(lane: &str, partitions: &[i32], total: usize) {
    metrics::counter!(names::REBALANCES, "kind" => "assigned").increment(1);
    metrics::gauge!(names::PARTITIONS_ASSIGNED, "lane" => lane.to_owned()).set(total as f64);
    if let Some(unsaid) = admit(&format!("{lane} assigned {partitions:?} {total}"), "") {
        info!(lane = number(lane), ?partitions, total, unsaid, "partitions assigned");
    }
}

/// Partitions were revoked in a rebalance, or lost because the group had removed this member.
pub fn revoked(lane: &str, topic: &str, partitions: &[i32], total: usize, lost: bool) {
    metrics::counter!(names::REBALANCES, "kind" => if lost { "lost" } else { "revoked" }).increment(1);
    metrics::gauge!(names::PARTITIONS_ASSIGNED, "lane" => lane.to_owned()).set(total as f64);
    for &partition in partitions {
        // The last stable offset is aggregated by its maximum, which an old one does not change.
        gauge(names::UNSTABLE, topic, partition, 0);
    }
    if lost {
        debug!(lane = number(lane), ?partitions, total, "partitions lost");
        if log_summary::in_outage(|counts| counts.lost += partitions.len() as u64) {
            return;
        }
        let text = format!("lane {lane}: partitions lost: {partitions:?}");
        if let Some(unsaid) = admit(&format!("{lane} lost {partitions:?}"), &text) {
            warn!(lane = number(lane), ?partitions, total, unsaid, "partitions lost: the group removed this lane");
        }
    } else if let Some(unsaid) = admit(&format!("{lane} revoked {partitions:?} {total}"), "") {
        info!(lane = number(lane), ?partitions, total, unsaid, "partitions revoked");
    }
}

/// Gathered articles were discarded with their partition.
pub fn forgotten(lane: &str, records: usize) {
    metrics::counter!(names::RECORDS_FORGOTTEN).increment(records as u64);
    info!(lane = number(lane), records, "gathered articles discarded with their partition; its new owner reads them");
}

/// A partition stalls until its offset is set.
pub fn partition_stalls(lane: &str, topic: &str, partition: i32, why: &str, advice: &str) {
    error!(lane, topic, partition, "partition stalled, the others go on: {why}. {advice}");
}

/// A partition is read from its beginning, because its offset can't be trusted and the configuration says so.
pub fn offset_reset(lane: &str, topic: &str, partition: i32, why: &str) {
    warn!(lane, topic, partition, "reading from the beginning (`stream.on-offset-reset`): {why}");
}

/// Retention deleted records that were not read.
pub fn records_lost(topic: &str, partition: i32, from: i64, to: i64) {
    metrics::counter!(names::RECORDS_LOST).increment(u64::try_from(to - from).unwrap_or(0));
    error!(
        topic,
        partition,
        from,
        to,
        "lost: retention deleted {} offsets of the input before they were read; continuing at the first one left",
        to - from
    );
}

/// The lag of a partition as of now.
pub fn lag(topic: &str, partition: i32, records: i64) {
    gauge(names::LAG, topic, partition, records);
}

/// Articles wait in a partition of another process, and nothing is committed.
pub fn unread(topic: &str, unread: &UnreadPartition) {
    let (partition, lag, silence_s) = (unread.partition, unread.lag, unread.since.elapsed().as_secs());
    warn!(topic, partition, lag, silence_s, "{}", unread.in_words());
}

/// An unread partition is read again, or has nothing left to read.
pub fn read_again(topic: &str, partition: i32) {
    info!(topic, partition, "partition {partition} is read again");
}

/// The last stable offset and the end of a partition as of now.
pub fn ends(topic: &str, partition: i32, stable: i64, end: i64) {
    gauge(names::STABLE, topic, partition, stable);
    gauge(names::UNSTABLE, topic, partition, (end - stable).max(0));
}

fn gauge(name: &'static str, topic: &str, partition: i32, value: i64) {
    metrics::gauge!(name, "topic" => topic.to_owned(), "partition" => partition.to_string()).set(value as f64);
}

/// A lane's session failed, and the lane restarts after a pause. In an outage of the brokers it is only counted.
pub fn lane_restart(lane: &str, reason: &'static str, error: &str, pause: Duration) {
    count_restart(lane, reason, error, pause);
    if !log_summary::in_outage(|counts| counts.restarts += 1) {
        log_restart(lane, reason, error, pause);
    }
}

/// A lane panicked, which no outage explains, and restarts after a pause.
pub fn lane_panicked(lane: &str, reason: &'static str, error: &str, pause: Duration) {
    count_restart(lane, reason, error, pause);
    log_restart(lane, reason, error, pause);
}

fn count_restart(lane: &str, reason: &'static str, error: &str, pause: Duration) {
    metrics::counter!(names::LANE_RESTARTS, "reason" => reason).increment(1);
    debug!(lane = number(lane), reason, error, pause_ms = millis(pause), "restarting lane");
}

fn log_restart(lane: &str, reason: &'static str, error: &str, pause: Duration) {
    let text = format!("lane {lane}: restarting: {error}");
    if let Some(unsaid) = admit(&format!("{lane} restart {reason} {}", kind(error)), &text) {
        let pause_ms = millis(pause);
        warn!(lane = number(lane), reason, error, pause_ms, unsaid, "restarting lane in {pause_ms} ms");
    }
}

/// A lane waits for something outside: a topic, a permission.
pub fn lane_waits(lane: &str, what: &str, pause: Duration) {
    debug!(lane = number(lane), pause_ms = millis(pause), "waiting: {what}");
    if let Some(unsaid) = admit(&format!("{lane} waits {}", kind(what)), &format!("lane {lane}: waiting: {what}")) {
        warn!(lane = number(lane), pause_ms = millis(pause), unsaid, "waiting: {what}");
    }
}

/// A lane is ready.
pub fn lane_ready(lane: &str) {
    if let Some(unsaid) = admit(&format!("{lane} ready"), "") {
        info!(lane = number(lane), unsaid, "ready");
    }
}

/// A lane reaches no broker.
pub fn brokers_down(lane: &str, why: &str) {
    log_summary::down(lane, why);
}

/// A lane reaches a broker.
pub fn brokers_up(lane: &str) {
    log_summary::up(lane);
}

/// A duplicate instance has taken over.
pub fn fenced(lane: &str, transactional_id: &str) {
    error!(
        lane = number(lane),
        transactional_id,
        "fenced: another copydesk with the same group and instance name has taken over; this one exits. Give each process its \
         own instance name (`stream.instance`, --instance)"
    );
}

/// librdkafka reported an error of a client.
pub fn broker_error(lane: &str, client: &'static str, error: &str) {
    metrics::counter!(names::BROKER_ERRORS, "client" => client).increment(1);
    debug!(lane = number(lane), client, "{error}");
    if log_summary::in_outage(|counts| counts.errors += 1) {
        return;
    }
    let text = format!("lane {lane}: {client}: {error}");
    if let Some(unsaid) = admit(&format!("{lane} {client} {}", kind(error)), &text) {
        warn!(lane = number(lane), client, unsaid, "{error}");
    }
}

/// librdkafka reported that a lane's client reaches no broker.
pub fn client_down(lane: &str, client: &'static str, error: &str) {
    metrics::counter!(names::BROKER_ERRORS, "client" => client).increment(1);
    debug!(lane = number(lane), client, "{error}");
    log_summary::down(lane, error);
    log_summary::in_outage(|counts| counts.errors += 1);
}

/// librdkafka reported an error of one connection, which it reopens by itself.
pub fn client_trouble(client: &'static str, error: &str) {
    metrics::counter!(names::BROKER_ERRORS, "client" => client).increment(1);
    debug!(client, "{error}");
    log_summary::connection(&format!("{client} {}", kind(error)), &format!("{client}: {error}"), ClientLine::Warning);
}

/// librdkafka logged a line about a connection; `loud`: as a warning or an error.
pub fn client_log(client: &str, facility: &str, message: &str, loud: bool) {
    debug!(target: "librdkafka", client, facility, "{message}");
    // `[thrd:NAME]: ` repeats what the rest says.
    let text = message.strip_prefix('[').and_then(|rest| rest.split_once("]: ")).map_or(message, |(_, text)| text);
    log_summary::connection(
        &format!("{facility} {}", kind(text)),
        &format!("{facility}: {text}"),
        if loud { ClientLine::Warning } else { ClientLine::Notice },
    );
}

/// May a line of this kind be written now? With the number of lines suppressed since the last one, where there were any.
fn admit(kind: &str, text: &str) -> Option<Option<u64>> {
    log_summary::admit(kind, text).map(|unsaid| (unsaid > 0).then_some(unsaid))
}

/// Lines of one kind differ in numbers only; those of different brokers, named in front, are of different kinds.
fn kind(text: &str) -> String {
    let (broker, text) = text.split_once(": ").unwrap_or(("", text));
    let mut kind = String::from(broker);
    for letter in text.chars().take(300) {
        match letter {
            '0'..='9' if kind.ends_with('#') => {}
            '0'..='9' => kind.push('#'),
            letter => kind.push(letter),
        }
    }
    kind
}

/// The number of a lane, as a number in the log line.
fn number(lane: &str) -> u64 {
    lane.parse().unwrap_or_default()
}

/// Milliseconds as a number: those of the standard library have 128 bits, which a log line would show as text.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Spans were sent to the collector, or could not be; `changed`: the outcome is another than the last time.
pub fn spans_exported(count: u64, error: Option<&str>, changed: bool) {
    metrics::counter!(names::SPANS, "outcome" => if error.is_some() { "failed" } else { "sent" }).increment(count);
    match error {
        Some(error) if changed => {
            warn!(error, "traces: the collector takes no spans; spans that can't be sent are dropped")
        }
        None if changed => info!("traces: the collector takes spans again"),
        _ => {}
    }
}

/// The last spans were not sent in time.
pub fn spans_unsent(error: &str) {
    warn!(error, "traces: the last spans were not sent");
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

/// Every combination of labels that a metric may have; none where they depend on the cluster.
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
