//! What is told of things that come by the thousand: refusals, complaints of librdkafka's, lanes that wait. One for the
//! process, as it has one standard error. The lanes leave what happened, for an instant each; [`tick`] writes what is due.

use std::fmt::Display;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use tracing::{debug, info, warn};

use super::outage::{Counts, News, Outage};
use super::tally::{Refused, Summary, Tally};
use super::throttle::{Throttle, Unsaid};

static TELLER: LazyLock<Teller> = LazyLock::new(Teller::default);

#[derive(Default)]
struct Teller {
    refusals: Tally,
    outage: Outage,
    /// Lines of the lanes.
    lanes: Throttle,
    /// Lines of librdkafka's, that it calls warnings or errors.
    clients: Throttle,
    /// And others, of connections that were closed.
    connections: Throttle,
}

/// Writes what is due. Called several times a second while lanes are at work.
pub fn tick() {
    let (teller, now) = (&*TELLER, Instant::now());
    teller.refusals.due(now).iter().for_each(tell_refused);
    teller.lanes.due(now).iter().for_each(tell_unsaid);
    if !teller.outage.absorbs(|_| {}) {
        teller.clients.due(now).iter().for_each(|line| tell_client(line, true));
        teller.connections.due(now).iter().for_each(|line| tell_client(line, false));
    }
    teller.outage.due(now).iter().for_each(tell_outage);
}

/// Writes what was counted and is not written yet: the process ends.
pub fn flush() {
    TELLER.outage.rest(Instant::now()).iter().for_each(tell_outage);
    TELLER.refusals.drain().iter().for_each(tell_refused);
    TELLER.lanes.drain().iter().for_each(tell_unsaid);
    TELLER.clients.drain().iter().for_each(|line| tell_client(line, true));
    TELLER.connections.drain().iter().for_each(|line| tell_client(line, false));
}

/// A payload was refused.
pub(super) fn refused(refused: &Refused<'_>, reason: &dyn Display) {
    let Refused { topic, partition, offset, code, cut } = *refused;
    debug!(topic, partition, offset, code, cut, %reason, "payload refused");
    TELLER.refusals.count(refused, reason, Instant::now()).iter().for_each(tell_refused);
}

/// May a lane's line of this kind be written now? `Some` is how many were not, since the last one.
pub(super) fn ask(kind: &str, text: &str) -> Option<u64> {
    TELLER.lanes.ask(kind, text, Instant::now())
}

/// A lane reaches no broker.
pub(super) fn down(lane: &str, why: &str) {
    let now = Instant::now();
    if !TELLER.outage.absorbs(|_| {}) {
        // What the clients have said in the last moment belongs to it, and says more than "all brokers are down".
        let mut said = TELLER.clients.drain();
        said.extend(TELLER.connections.drain());
        let why = said.iter().find(|line| line.first).map_or(why, |line| &line.text);
        TELLER.outage.down(lane, why, now).iter().for_each(tell_outage);
        let errors: u64 = said.iter().map(|line| line.count).sum();
        TELLER.outage.absorbs(|counts| counts.errors += errors);
    } else {
        TELLER.outage.down(lane, why, now).iter().for_each(tell_outage);
    }
}

/// A lane reaches a broker.
pub(super) fn up(lane: &str) {
    TELLER.outage.up(lane, Instant::now());
}

/// Counts what happens in an outage; `false`: there is none.
pub(super) fn in_outage(count: impl FnOnce(&mut Counts)) -> bool {
    TELLER.outage.absorbs(count)
}

/// A complaint of librdkafka's about a connection: it may be the first sign of an outage, so it is held for a moment.
pub(super) fn connection(kind: &str, text: &str, loud: bool) {
    if !in_outage(|counts| counts.errors += 1) {
        let throttle = if loud { &TELLER.clients } else { &TELLER.connections };
        throttle.hold(kind, text, Instant::now());
    }
}

fn tell_refused(summary: &Summary) {
    let Summary { code, count, cut, example: (topic, partition, offset), reason } = summary;
    if *count == 1 {
        warn!(code, count, topic, partition, offset, reason, cut, "payload refused: it is in the dead-letter topic");
    } else {
        warn!(
            code,
            count,
            topic,
            partition,
            offset,
            reason,
            cut,
            "payloads refused: they are in the dead-letter topic; one of them is named here"
        );
    }
}

/// A line of a lane's was told before; one without a text is told with the next.
fn tell_unsaid(unsaid: &Unsaid) {
    let Unsaid { text, count, .. } = unsaid;
    if !text.is_empty() {
        warn!(unsaid = count, "again, and not written each time: {text}");
    }
}

fn tell_client(unsaid: &Unsaid, loud: bool) {
    let Unsaid { text, count, first } = unsaid;
    let again = if *first { "" } else { "again: " };
    if loud {
        warn!(target: "librdkafka", count, "{again}{text}");
    } else {
        info!(target: "librdkafka", count, "{again}{text}");
    }
}

fn tell_outage(news: &News) {
    let seconds = |time: &Duration| (time.as_secs_f64() * 10.0).round() / 10.0;
    match news {
        News::Begins(why) => warn!(why, "no broker can be reached: lanes wait, and nothing is lost"),
        News::Lasts { since, why, counts: Counts { errors, restarts, aborts, lost } } => {
            warn!(since_s = since.as_secs(), why, errors, restarts, aborts, lost, "no broker can be reached still");
        }
        News::Ends { after, counts: Counts { errors, restarts, aborts, lost } } => {
            info!(after_s = seconds(after), errors, restarts, aborts, lost, "brokers can be reached again");
        }
    }
}
