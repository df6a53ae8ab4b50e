//! `copydesk run`: the worker.

use std::process::ExitCode;

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::admin_runtime::AdminRuntime;
use crate::cli::print::note;
use crate::cli::{exit, hangup};
use crate::config::Settings;
use crate::telemetry::{log_summary, otlp};
use crate::worker::instance_lock::{self, InstanceLock};
use crate::worker::supervisor::{Worker, WorkerEnd};

/// Runs the worker: reads the input topic, publishes clean records and dead letters.
///
/// Each input offset becomes exactly one committed record or dead letter, whatever fails: records, dead letters and
/// offsets of a batch are one Kafka transaction. Start as many processes as you like in one group, each with its own
/// instance name; they share the partitions.
///
/// The worker waits for missing topics, missing permissions and unreachable brokers: the log says what is missing, and
/// /readyz on the admin port fails meanwhile. On SIGTERM, SIGINT or SIGHUP it finishes and commits its batch, leaves the
/// group and exits with code 0; a second signal ends it at once (75). Exit code 76: another process has the same instance
/// name; on the same machine the second one does not start, on another machine the newer one takes over.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs until stopped.
pub fn run(_args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let stream = &settings.stream;
    // Held until the process ends.
    let _lock = match instance_lock::acquire(stream) {
        InstanceLock::Held(hold) => Some(hold),
        InstanceLock::Taken => {
            note(format_args!(
                "copydesk: another copydesk runs on this machine as `{}` in group `{}`, and two with one name would fence each \
                 other. Stop it first, or give each its own instance name (`stream.instance`, --instance)",
                stream.instance, stream.group
            ));
            return Ok(ExitCode::from(exit::FENCED));
        }
        InstanceLock::Unknown(error) => {
            tracing::debug!("can't find out whether another process has this instance name: {error}");
            None
        }
    };
    let Some(admin) = AdminRuntime::start(settings)? else { return Ok(ExitCode::from(exit::IO)) };
    let traces = settings.traces.as_ref();
    let traces = traces.map(|traces| otlp::start(traces, &settings.stream.instance, admin.handle())).transpose();
    let traces = traces.context("`traces`: starting the export")?;
    let worker = Worker::start(settings).context("starting the lanes")?;
    let running = admin.serve(settings, worker.health());
    let runtime = &running.runtime;
    let stop = worker.stop();
    let _guard = runtime.enter();
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    let hangup = hangup::is_listened_for().then(|| signal(SignalKind::hangup())).transpose();
    let mut hangup = hangup.context("listening for SIGHUP")?;
    runtime.spawn(async move {
        for count in 1.. {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
                _ = hangups(&mut hangup) => "SIGHUP",
            };
            if count > 1 {
                tracing::warn!(
                    "second {name}: exiting at once; open transactions are aborted and their articles read again"
                );
                log_summary::flush();
                std::process::exit(i32::from(exit::CUT_SHORT));
            }
            tracing::info!("{name}: finishing the batch and leaving the group");
            stop.request();
        }
    });
    let code = match worker.wait() {
        WorkerEnd::Stopped => exit::OK,
        WorkerEnd::Fenced => exit::FENCED,
        WorkerEnd::Overdue => exit::CUT_SHORT,
    };
    if let Some(traces) = traces {
        traces.flush();
    }
    tracing::info!(code, "stopped");
    // Without waiting for threads of librdkafka's that may be left.
    std::process::exit(i32::from(code));
}

/// The next SIGHUP; never, where SIGHUP is ignored.
async fn hangups(hangup: &mut Option<Signal>) {
    match hangup {
        Some(hangup) => drop(hangup.recv().await),
        None => std::future::pending().await,
    }
}
