//! The lives of a lane: what its thread does until it is asked to stop.
//!
//! A life surveys the topics, makes both clients, and works ([`Lane`]) until it is asked to stop or something fails that
//! only new clients can mend; then both are dropped, and after a pause the next life begins. What was not committed is
//! read again, so a life can end anywhere.

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
use super::context::Deliveries;
use super::failure::{Failure, KafkaTrouble};
use super::ids;
use super::lag;
use super::lane::Lane;
use super::leave::leave;
use super::login::{LOGIN, LoggedIn};
use super::rebalance::Membership;
use super::refusals::Refusals;
use super::stop::Stop;
use super::topics::{ASK, Unfit, survey};
use super::watch::Rejoin;

/// The lag of partitions that a lane has left is measured no more often than so.
const MEASURE: Duration = Duration::from_secs(5);
/// A lane that is fenced a second time within so long has lost its name to another process. The first time it may have been
/// itself: when a coordinator dies, a join whose answer is lost gives a static member a new id, and a transaction that is
/// timed out a new epoch; to the lane both look like a duplicate instance. So it takes its name again. Of two processes under
/// one name the older is fenced first, and so it is the one that is fenced twice and ends.
const FENCED_AGAIN: Duration = Duration::from_secs(120);
/// What a lane does that reaches no broker.
const LOOKING: &str = "looking for the topics";
/// How long both clients may take to close.
const CLOSE: Duration = Duration::from_secs(8);

/// What a lane is told.
pub(super) struct Orders {
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

/// What a life is lived with.
pub(super) struct Clients {
    pub(super) consumer: LoggedIn<BaseConsumer<Membership>>,
    pub(super) producer: LoggedIn<BaseProducer<Deliveries>>,
}

/// The whole life of the thread.
pub(super) fn run(orders: &Orders) -> Ended {
    let name = orders.number.to_string();
    let (first, largest) = orders.settings.stream.backoff;
    let mut pause = first;
    let mut refusals = Refusals::default();
    let mut fenced: Option<Instant> = None;
    let mut measured = None;
    let ended = loop {
        let (started, readied) = (Instant::now(), orders.health.readied());
        let life = catch_unwind(AssertUnwindSafe(|| live(orders, &name, &mut refusals)));
        let failure = match life.unwrap_or_else(|panic| Err(Failure::Panic(words(panic.as_ref())))) {
            Ok(()) => break Ended::Stopped,
            Err(failure) => failure,
        };
        if orders.stop.requested() {
            break Ended::Stopped;
        }
        // A life that went well for a while is no part of a row of failures; waiting in vain for brokers is.
        if started.elapsed() > largest && orders.health.readied() > readied {
            pause = first;
        }
        if let Failure::Unavailable { doing: LOOKING, error } = &failure {
            events::brokers_down(&name, error);
        } else {
            measure_what_is_left(orders, &mut measured);
        }
        match &failure {
            Failure::Fenced if fenced.replace(Instant::now()).is_some_and(|at| at.elapsed() < FENCED_AGAIN) => {
                events::fenced(&name, &ids::transactional_id(&orders.settings.stream, orders.number));
                break Ended::Fenced;
            }
            Failure::Topics(what) => events::lane_waits(&name, what, pause),
            other => events::lane_restart(&name, other.reason(), &other.to_string(), pause),
        }
        if !matches!(failure, Failure::Topics(_)) {
            orders.health.restarted();
        }
        orders.health.wait_for(failure.to_string());
        orders.health.set_partitions(Vec::new());
        if rest(orders, pause) {
            break Ended::Stopped;
        }
        pause = (pause * 2).min(largest);
    };
    events::brokers_up(&name);
    orders.health.set_partitions(Vec::new());
    orders.health.set_stopped();
    ended
}

/// Partitions that this lane owned and nobody here owns now: their lag is not known by any consumer of the process.
fn measure_what_is_left(orders: &Orders, measured: &mut Option<Instant>) {
    let (lags, stream) = (orders.health.lags(), &orders.settings.stream);
    let left = lags.unowned(orders.number);
    if left.is_empty() || orders.embedded || measured.is_some_and(|at: Instant| at.elapsed() < MEASURE) {
        return;
    }
    orders.health.tick();
    match lag::measure(stream, &left) {
        Ok(standings) => {
            for (partition, standing) in standings {
                lags.set(&stream.input, partition, standing);
            }
        }
        Err(trouble) => debug!(lane = orders.number, "the lag stays as it was: {trouble}"),
    }
    *measured = Some(Instant::now());
}

/// Pauses, ticking: a lane that waits has not stalled.
fn rest(orders: &Orders, pause: Duration) -> bool {
    let end = Instant::now() + pause;
    loop {
        orders.health.tick();
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || orders.stop.pause(left.min(Duration::from_secs(1))) {
            return orders.stop.requested();
        }
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

/// One life: `Ok` where it was asked to stop.
fn live(orders: &Orders, name: &str, refusals: &mut Refusals) -> Result<(), Failure> {
    let stream = &orders.settings.stream;
    let survey = survey(stream, orders.embedded, ASK).map_err(|unfit| match unfit {
        Unfit::Topics(what) => Failure::Topics(what),
        Unfit::Unavailable(trouble) if trouble.doing == LOGIN => {
            Failure::Unavailable { doing: LOGIN, error: trouble.what }
        }
        Unfit::Unavailable(trouble) => Failure::Unavailable { doing: LOOKING, error: trouble.to_string() },
    })?;
    events::brokers_up(name);
    orders.health.tick();
    let membership = Membership::new(name.to_owned(), stream.input.clone(), Arc::clone(&orders.health));
    let deliveries = Deliveries::new(name.to_owned());
    let starting = |trouble: KafkaTrouble| Failure::Fatal { doing: "starting the clients", error: trouble.to_string() };
    let mut consumer = clients::consumer(stream, orders.number);
    if orders.embedded {
        // The mock cluster takes every member that joins for a new one.
        consumer.remove("group.instance.id");
    }
    let consumer = LoggedIn::new(&consumer, membership, stream).map_err(starting)?;
    let producer = clients::producer(stream, orders.number, &survey);
    let producer = LoggedIn::new(&producer, deliveries, stream).map_err(starting)?;
    let clients = Clients { consumer, producer };
    // Caught here and not only in `run`, because a panic must not skip the bounded close.
    let worked = catch_unwind(AssertUnwindSafe(|| Lane::new(orders, name, &clients, survey, refusals)?.work()));
    let worked = worked.unwrap_or_else(|panic| Err(Failure::Panic(words(panic.as_ref()))));
    clients.consumer.context().leave();
    close(clients, name, orders);
    worked
}

/// Leaves the group and closes both clients, on a thread of its own: librdkafka may take for ever while the coordinator
/// is down. A close that hangs is left behind; the process ends without it.
fn close(clients: Clients, name: &str, orders: &Orders) {
    let (done, closed) = mpsc::channel();
    // The next life takes the place of a member that is still joining; after a stop nobody does.
    let waits = orders.stop.requested();
    let closer = std::thread::Builder::new().name(format!("close-{name}")).spawn(move || {
        leave(&clients.consumer, waits);
        drop(clients.consumer);
        drop(clients.producer);
        let _ = done.send(());
    });
    let end = Instant::now() + CLOSE;
    while closer.is_ok() && Instant::now() < end {
        orders.health.tick();
        match closed.recv_timeout(Duration::from_millis(500)) {
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => return,
        }
    }
    warn!(lane = orders.number, "closing the clients takes too long: left behind");
}
