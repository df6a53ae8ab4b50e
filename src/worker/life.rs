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

use rdkafka::consumer::BaseConsumer;
use rdkafka::producer::BaseProducer;
use tracing::warn;

use crate::config::Settings;
use crate::telemetry::{LaneHealth, events};

use super::clients;
use super::context::Deliveries;
use super::failure::{Failure, KafkaTrouble};
use super::ids;
use super::lane::Lane;
use super::leave::leave;
use super::login::LoggedIn;
use super::rebalance::Membership;
use super::stop::Stop;
use super::topics::{ASK, Unfit, survey};
use super::watch::Rejoin;

/// How long a lane that misses a topic waits at most before it looks again.
const ASK_AGAIN: Duration = Duration::from_secs(2);
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
    let ended = loop {
        let started = Instant::now();
        let life = catch_unwind(AssertUnwindSafe(|| live(orders, &name)));
        let failure = match life.unwrap_or_else(|panic| Err(Failure::Panic(words(panic.as_ref())))) {
            Ok(()) => break Ended::Stopped,
            Err(failure) => failure,
        };
        if orders.stop.requested() {
            break Ended::Stopped;
        }
        if started.elapsed() > largest {
            pause = first;
        }
        match &failure {
            Failure::Fenced => {
                events::fenced(&name, &ids::transactional_id(&orders.settings.stream, orders.number));
                break Ended::Fenced;
            }
            Failure::Topics(what) => events::lane_waits(&name, what, pause),
            other => events::lane_restart(&name, other.reason(), &other.to_string(), pause),
        }
        // What is waited for may come at any time, and asking is cheap.
        if matches!(failure, Failure::Topics(_)) {
            pause = pause.min(ASK_AGAIN);
        } else {
            orders.health.restarted();
        }
        orders.health.wait_for(failure.to_string());
        orders.health.set_partitions(Vec::new());
        if rest(orders, pause) {
            break Ended::Stopped;
        }
        pause = (pause * 2).min(largest);
    };
    orders.health.set_partitions(Vec::new());
    orders.health.set_stopped();
    ended
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
fn live(orders: &Orders, name: &str) -> Result<(), Failure> {
    let stream = &orders.settings.stream;
    let survey = survey(stream, orders.embedded, ASK).map_err(|unfit| match unfit {
        Unfit::Topics(what) => Failure::Topics(what),
        Unfit::Unavailable(trouble) => {
            Failure::Unavailable { doing: "looking for the topics", error: trouble.to_string() }
        }
    })?;
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
    let worked = catch_unwind(AssertUnwindSafe(|| Lane::new(orders, name, &clients, survey)?.work()));
    let worked = worked.unwrap_or_else(|panic| Err(Failure::Panic(words(panic.as_ref()))));
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
    warn!(lane = name, "closing the clients takes too long: left behind");
}
