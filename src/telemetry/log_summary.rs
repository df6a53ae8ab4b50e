//! Log lines for what occurs by the thousand: refusals, librdkafka's complaints, lanes that wait. The process has one
//! summary, as it has one standard error. The lanes report what happened, each for an instant; [`tick`] writes what is due.

use std::fmt::Display;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use tracing::{debug, info, warn};

use super::broker_outage::{BrokerOutage, OutageCounts, OutageEvent};
use super::refusal_counts::{RefusalCounts, RefusalSummary, Refused};
use super::throttle::{Suppressed, Throttle};

static SUMMARY: LazyLock<LogSummary> = LazyLock::new(LogSummary::default);

#[derive(Default)]
struct LogSummary {
    refusals: RefusalCounts,
    outage: BrokerOutage,
    /// Lines of the lanes.
    lanes: Throttle,
    /// Lines that librdkafka calls warnings or errors.
    clients: Throttle,
    /// Its other lines, about closed connections.
    connections: Throttle,
}

/// How librdkafka rates one of its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientLine {
    /// A warning or an error.
    Warning,
    /// Anything less.
    Notice,
}

/// Writes what is due. Called several times a second while lanes are at work.
pub fn tick() {
    let (summary, now) = (&*SUMMARY, Instant::now());
    summary.refusals.due(now).iter().for_each(write_refusals);
    summary.lanes.due(now).iter().for_each(write_suppressed);
    if !summary.outage.count(|_| {}) {
        summary.clients.due(now).iter().for_each(|line| write_client(line, ClientLine::Warning));
        summary.connections.due(now).iter().for_each(|line| write_client(line, ClientLine::Notice));
    }
    summary.outage.due(now).iter().for_each(write_outage);
}

/// Writes all that is counted and not yet written: the process ends.
pub fn flush() {
    SUMMARY.outage.unreported(Instant::now()).iter().for_each(write_outage);
    SUMMARY.refusals.drain().iter().for_each(write_refusals);
    SUMMARY.lanes.drain().iter().for_each(write_suppressed);
    SUMMARY.clients.drain().iter().for_each(|line| write_client(line, ClientLine::Warning));
    SUMMARY.connections.drain().iter().for_each(|line| write_client(line, ClientLine::Notice));
}

/// A payload was refused.
pub(super) fn refused(refused: &Refused<'_>, reason: &dyn Display) {
    let Refused { topic, partition, offset, code, cut } = *refused;
    debug!(topic, partition, offset, code, cut, %reason, "payload refused");
    SUMMARY.refusals.count(refused, reason, Instant::now()).iter().for_each(write_refusals);
}

/// May a lane's line of this kind be written now? `Some` is the number of lines suppressed since the last one.
pub(super) fn admit(kind: &str, text: &str) -> Option<u64> {
    SUMMARY.lanes.admit(kind, text, Instant::now())
}

/// A lane reaches no broker.
pub(super) fn down(lane: &str, why: &str) {
    let now = Instant::now();
    if SUMMARY.outage.count(|_| {}) {
        SUMMARY.outage.down(lane, why, now).iter().for_each(write_outage);
        return;
    }
    // What the clients reported in the last moment belongs to the outage, and says more than "all brokers are down".
    let mut earlier = SUMMARY.clients.drain();
    earlier.extend(SUMMARY.connections.drain());
    let why = earlier.iter().find(|line| line.first).map_or(why, |line| &line.text);
    SUMMARY.outage.down(lane, why, now).iter().for_each(write_outage);
    let errors: u64 = earlier.iter().map(|line| line.count).sum();
    SUMMARY.outage.count(|counts| counts.errors += errors);
}

/// A lane reaches a broker.
pub(super) fn up(lane: &str) {
    SUMMARY.outage.up(lane, Instant::now());
}

/// Counts what happens in an outage; `false`: there is none.
pub(super) fn in_outage(count: impl FnOnce(&mut OutageCounts)) -> bool {
    SUMMARY.outage.count(count)
}

/// librdkafka complains about a connection: it may be the first sign of an outage, so the line is held back for a moment.
pub(super) fn connection(kind: &str, text: &str, line: ClientLine) {
    if !in_outage(|counts| counts.errors += 1) {
        let throttle = match line {
            ClientLine::Warning => &SUMMARY.clients,
            ClientLine::Notice => &SUMMARY.connections,
        };
        throttle.hold(kind, text, Instant::now());
    }
}

fn write_refusals(summary: &RefusalSummary) {
    let RefusalSummary { code, count, cut, example: (topic, partition, offset), reason } = summary;
    if *count == 1 {
        warn!(code, count, topic, partition, offset, reason, cut, "payload refused and sent to the dead-letter topic");
    } else {
        warn!(
            code,
            count,
            topic,
            partition,
            offset,
            reason,
            cut,
            "payloads refused and sent to the dead-letter topic; the coordinates are those of one"
        );
    }
}

/// A lane's line was written before; one without a text is counted with the next.
fn write_suppressed(suppressed: &Suppressed) {
    let Suppressed { text, count, .. } = suppressed;
    if !text.is_empty() {
        warn!(unsaid = count, "repeated, not logged each time: {text}");
    }
}

fn write_client(suppressed: &Suppressed, line: ClientLine) {
    let Suppressed { text, count, first } = suppressed;
    let again = if *first { "" } else { "again: " };
    match line {
        ClientLine::Warning => warn!(target: "librdkafka", count, "{again}{text}"),
        ClientLine::Notice => info!(target: "librdkafka", count, "{again}{text}"),
    }
}

fn write_outage(event: &OutageEvent) {
    let seconds = |time: &Duration| (time.as_secs_f64() * 10.0).round() / 10.0;
    match event {
        OutageEvent::Begins(why) => warn!(why, "no broker can be reached: the lanes wait, nothing is lost"),
        OutageEvent::Lasts { since, why, counts: OutageCounts { errors, restarts, aborts, lost } } => {
            warn!(since_s = since.as_secs(), why, errors, restarts, aborts, lost, "no broker can be reached still");
        }
        OutageEvent::Ends { after, counts: OutageCounts { errors, restarts, aborts, lost } } => {
            info!(after_s = seconds(after), errors, restarts, aborts, lost, "brokers can be reached again");
        }
    }
}
