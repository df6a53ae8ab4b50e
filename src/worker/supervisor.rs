//! The supervisor: starts the lanes, and stops them in order.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tracing::{error, info, warn};

use crate::config::Settings;
use crate::telemetry::Health;
use crate::telemetry::activity::ActivityLog;

use super::clients;
use super::embedded::Broker;
use super::group_monitor::{self, MonitorConfig, Rejoin};
use super::session::{self, Ended, LaneConfig};
use super::stop::Stop;

/// How the worker ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkerEnd {
    /// In order: every lane finished its batch, committed, and left the group.
    Stopped,
    /// Another process uses this instance's name.
    Fenced,
    /// A lane did not end within the grace period; its open transaction will be aborted by its successor.
    Overdue,
}

/// Lanes at work.
pub struct Worker {
    lanes: Vec<JoinHandle<Ended>>,
    stop: Stop,
    health: Arc<Health>,
    activity: ActivityLog,
    grace: Duration,
}

impl Worker {
    /// Starts the lanes; nothing here waits for Kafka.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(settings: &Settings) -> std::io::Result<Worker> {
        Worker::launch(settings, false)
    }

    /// Starts the lanes on the embedded broker.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start_on(broker: &Broker, settings: &Settings) -> std::io::Result<Worker> {
        let mut settings = settings.clone();
        settings.stream.brokers = broker.brokers();
        Worker::launch(&settings, true)
    }

    fn launch(settings: &Settings, embedded: bool) -> std::io::Result<Worker> {
        let settings = Arc::new(settings.clone());
        // A lane ticks between steps, each of which is bounded by the group's own time-out.
        let health = Health::new(settings.stream.lanes, clients::max_poll_interval(&settings.stream));
        let stop = Stop::default();
        let rejoin = Rejoin::default();
        let mut lanes = Vec::with_capacity(settings.stream.lanes);
        for number in 0..settings.stream.lanes {
            let Some(lane_health) = health.lane(number) else { continue };
            let (settings, stop, rejoin) = (Arc::clone(&settings), stop.clone(), rejoin.clone());
            let config = LaneConfig { settings, embedded, number, stop, health: lane_health, rejoin };
            let thread = std::thread::Builder::new().name(format!("lane-{number}"));
            lanes.push(thread.spawn(move || session::run(&config))?);
        }
        // The embedded broker's group is this process alone.
        if !embedded {
            let (stream, health) = (settings.stream.clone(), Arc::clone(&health));
            group_monitor::start(MonitorConfig { stream, stop: stop.clone(), health, rejoin })?;
        }
        if cfg!(feature = "sabotage") {
            warn!("built with the feature `sabotage`, for the fault suite: not for production");
        }
        info!(
            version = env!("CARGO_PKG_VERSION"),
            brokers = settings.stream.brokers,
            input = settings.stream.input,
            output = settings.stream.output,
            dead_letters = settings.stream.dead_letters,
            group = settings.stream.group,
            instance = settings.stream.instance,
            lanes = settings.stream.lanes,
            delivery = settings.stream.delivery.as_str(),
            "started"
        );
        let activity = ActivityLog::new(Arc::clone(&health));
        Ok(Worker { lanes, stop, health, activity, grace: settings.stream.grace })
    }

    /// What the lanes say about themselves.
    pub fn health(&self) -> Arc<Health> {
        Arc::clone(&self.health)
    }

    /// The request to stop, to be asked for from anywhere.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Waits until a lane ends or the stop is asked for, then for the others, at most for the grace period.
    ///
    /// Blocks: not for an async thread.
    pub fn wait(mut self) -> WorkerEnd {
        while !self.stop.requested() && !self.lanes.iter().any(JoinHandle::is_finished) {
            self.activity.tick();
            self.stop.pause(Duration::from_millis(100));
        }
        self.stop.request();
        let outcome = self.wait_for_lanes();
        self.activity.finish();
        outcome
    }

    fn wait_for_lanes(&mut self) -> WorkerEnd {
        let end = Instant::now() + self.grace;
        while !self.lanes.iter().all(JoinHandle::is_finished) {
            self.activity.tick();
            if Instant::now() >= end {
                error!(grace_s = self.grace.as_secs(), "a lane did not end within the grace period");
                return WorkerEnd::Overdue;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let ended: Vec<_> = self.lanes.drain(..).map(JoinHandle::join).collect();
        if ended.iter().any(|ended| matches!(ended, Ok(Ended::Fenced))) {
            WorkerEnd::Fenced
        } else {
            WorkerEnd::Stopped
        }
    }
}
