//! The sessions of a lane: what its thread does until it is asked to stop.
//!
//! A session surveys the topics, makes both clients, and works ([`Lane`]) until it is asked to stop or something fails that
//! only new clients can repair; then both are dropped, and after a pause the lane restarts with the next session. What was
//! not committed is read again, so a session can end anywhere.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::BaseProducer;
use tracing::{debug, warn};

use crate::config::Settings;
use crate::telemetry::{LaneHealth, events};

use super::clients;
use super::context::DeliveryReports;
use super::failure::{Failure, KafkaTrouble};
use super::group_monitor::Rejoin;
use super::ids;
use super::lag;
use super::lane::Lane;
use super::leave_group::leave_group;
use super::login::{LOGIN, LoggedIn, NoClient};
use super::partition::{Partition, TopicName};
use super::publish::Tag;
use super::rebalance::Membership;
use super::refusals::Refusals;
use super::stop::Stop;
use super::topics::{ASK, Unfit, survey};

/// The lag of partitions that a lane has left is measured no more often than so.
const MEASURE: Duration = Duration::from_secs(5);
/// A lane that is fenced a second time within so long has lost its name to another process. The first time it may have been
/// fenced by itself: when a coordinator dies, a join whose answer is lost gives a static member a new id, and a transaction that is
/// timed out a new epoch; to the lane both look like a duplicate instance. So it takes its name again. Of two processes under
/// one name the older is fenced first, and so it is the one that is fenced twice and ends.
const FENCED_AGAIN: Duration = Duration::from_secs(120);
/// How long both clients may take to close.
const CLOSE: Duration = Duration::from_secs(8);

/// What a lane works by, and whom it reports to.
pub(super) struct LaneConfig {
    pub(super) settings: Arc<Settings>,
    /// The broker is the embedded one.
    pub(super) embedded: bool,
    pub(super) number: usize,
    pub(super) stop: Stop,
    pub(super) health: Arc<LaneHealth>,
    pub(super) rejoin: Rejoin,
}

/// How a lane ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// It was asked to.
    Stopped,
    /// Another process has its name.
    Fenced,
}

/// The clients of a session.
pub(super) struct Clients {
    pub(super) consumer: LoggedIn<BaseConsumer<Membership>>,
    pub(super) producer: LoggedIn<BaseProducer<DeliveryReports<Tag>>>,
}

/// All sessions of a lane, one after the other.
pub(super) fn run(config: &LaneConfig) -> Ended {
    let name = config.number.to_string();
    let (first, largest) = config.settings.stream.backoff;
    let mut pause = first;
    let mut refusals = Refusals::default();
    let mut fenced: Option<Instant> = None;
    let mut measured = None;
    let ended = loop {
        let (started, readied) = (Instant::now(), config.health.readied());
        let session = catch_unwind(AssertUnwindSafe(|| run_session(config, &name, &mut refusals)));
        let failure = match session.unwrap_or_else(|panic| Err(Failure::Panic(panic_message(panic.as_ref())))) {
            Ok(()) => break Ended::Stopped,
            Err(failure) => failure,
        };
        if config.stop.requested() {
            break Ended::Stopped;
        }
        // A session that went well for a while is no part of a row of failures; waiting in vain for brokers is.
        if started.elapsed() > largest && config.health.readied() > readied {
            pause = first;
        }
        if let Failure::NoBroker(error) = &failure {
            events::brokers_down(&name, error);
        } else {
            measure_left_partitions(config, &mut measured);
        }
        match &failure {
            Failure::Fenced if fenced.replace(Instant::now()).is_some_and(|at| at.elapsed() < FENCED_AGAIN) => {
                events::fenced(&name, &ids::transactional_id(&config.settings.stream, config.number));
                break Ended::Fenced;
            }
            Failure::Topics(what) => events::lane_waits(&name, what, pause),
            panic @ Failure::Panic(_) => events::lane_panicked(&name, panic.reason(), &panic.to_string(), pause),
            other => events::lane_restart(&name, other.reason(), &other.to_string(), pause),
        }
        if !matches!(failure, Failure::Topics(_)) {
            config.health.restarted();
        }
        config.health.wait_for(failure.to_string());
        config.health.set_partitions(Vec::new());
        if pause_ticking(config, pause) {
            break Ended::Stopped;
        }
        pause = (pause * 2).min(largest);
    };
    events::brokers_up(&name);
    config.health.set_partitions(Vec::new());
    config.health.set_stopped();
    ended
}

/// Partitions that this lane owned and nobody here owns now: their lag is not known by any consumer of the process.
fn measure_left_partitions(config: &LaneConfig, measured: &mut Option<Instant>) {
    let (lags, stream) = (config.health.lags(), &config.settings.stream);
    let left: Vec<Partition> =
        lags.unowned(config.number).into_iter().map(|number| Partition::new(&stream.input, number)).collect();
    if left.is_empty() || config.embedded || measured.is_some_and(|at: Instant| at.elapsed() < MEASURE) {
        return;
    }
    config.health.tick();
    match lag::measure(stream, &left) {
        Ok(standings) => {
            for (partition, standing) in standings {
                lags.set(partition.topic.as_str(), partition.number, standing);
            }
        }
        Err(trouble) => debug!(lane = config.number, "the lag stays as it was: {trouble}"),
    }
    *measured = Some(Instant::now());
}

/// Pauses, ticking: a lane that waits has not stalled.
fn pause_ticking(config: &LaneConfig, pause: Duration) -> bool {
    let end = Instant::now() + pause;
    loop {
        config.health.tick();
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || config.stop.pause(left.min(Duration::from_secs(1))) {
            return config.stop.requested();
        }
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

/// One session: `Ok` where it was asked to stop.
fn run_session(config: &LaneConfig, name: &str, refusals: &mut Refusals) -> Result<(), Failure> {
    let stream = &config.settings.stream;
    let survey = survey(stream, config.embedded, ASK).map_err(|unfit| match unfit {
        Unfit::Topics(what) => Failure::Topics(what),
        Unfit::NoLogin(error) => Failure::Unavailable { doing: LOGIN, error },
        Unfit::NoBroker(trouble) => Failure::NoBroker(trouble.to_string()),
    })?;
    events::brokers_up(name);
    config.health.tick();
    let membership = Membership::new(name.to_owned(), TopicName::new(&stream.input), Arc::clone(&config.health));
    let deliveries = DeliveryReports::new(name.to_owned());
    let starting = |error: NoClient| {
        let trouble = KafkaTrouble::from(error);
        Failure::Fatal { doing: "starting the clients", error: trouble.to_string() }
    };
    let mut consumer = clients::consumer(stream, config.number);
    if config.embedded {
        // The mock cluster takes every member that joins for a new one.
        consumer.remove("group.instance.id");
    }
    let consumer = LoggedIn::new(&consumer, membership, stream).map_err(starting)?;
    let producer = clients::producer(stream, config.number, &survey);
    let producer = LoggedIn::new(&producer, deliveries, stream).map_err(starting)?;
    let clients = Clients { consumer, producer };
    // Caught here and not only in `run`, because a panic must not skip the bounded close.
    let worked = catch_unwind(AssertUnwindSafe(|| Lane::new(config, name, &clients, survey, refusals)?.work()));
    let worked = worked.unwrap_or_else(|panic| Err(Failure::Panic(panic_message(panic.as_ref()))));
    clients.consumer.context().leave();
    close(clients, name, config);
    worked
}

/// Leaves the group and closes both clients, on a thread of its own: librdkafka may take for ever while the coordinator
/// is down. A close that hangs is left behind; the process ends without it.
fn close(clients: Clients, name: &str, config: &LaneConfig) {
    let (done, closed) = mpsc::channel();
    // The next session takes the place of a member that is still joining; after a stop nobody does.
    let waits = config.stop.requested();
    let closer = std::thread::Builder::new().name(format!("close-{name}")).spawn(move || {
        leave_group(&clients.consumer, waits);
        drop(clients.consumer);
        drop(clients.producer);
        let _ = done.send(());
    });
    let end = Instant::now() + CLOSE;
    while closer.is_ok() && Instant::now() < end {
        config.health.tick();
        match closed.recv_timeout(Duration::from_millis(500)) {
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => return,
        }
    }
    warn!(lane = config.number, "closing the clients takes too long: left behind");
}
