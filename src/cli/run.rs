//! `copydesk run`: the worker.

use std::process::ExitCode;

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::around::Around;
use crate::cli::print::note;
use crate::cli::{exit, hangup};
use crate::config::Settings;
use crate::telemetry::{otlp, teller};
use crate::worker::instance_lock::{self, InstanceLock};
use crate::worker::supervisor::{Outcome, Worker};

/// Runs the worker: reads the input topic, publishes clean records and dead letters.
///
/// Each input offset becomes exactly one committed record or dead letter, whatever fails: records, dead letters and
/// offsets of a batch are one Kafka transaction. Start as many processes as you like under one group, each with an
/// instance name of its own; they share the partitions.
///
/// A missing topic, a permission denied or a broker that is not there are waited for: the log says what is missing, and
/// /readyz on the admin port fails meanwhile. SIGTERM, SIGINT or SIGHUP: the batch is finished and committed, the group left,
/// exit code 0; a second signal ends at once (75). Exit code 76: another process has the same instance name; on the same
/// machine the one that comes second does not start, elsewhere the newer one goes on and the older one ends.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs until stopped.
pub fn run(_args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let stream = &settings.stream;
    // Kept until the process is gone.
    let _lock = match instance_lock::acquire(stream) {
        InstanceLock::Held(hold) => Some(hold),
        InstanceLock::Taken => {
            note(format_args!(
                "copydesk: another copydesk runs on this machine as `{}` in group `{}`: two of one name would fence each \
                 other. Stop that one first, or give each an instance name of its own (`stream.instance`, --instance)",
                stream.instance, stream.group
            ));
            return Ok(ExitCode::from(exit::FENCED));
        }
        InstanceLock::Unknown(error) => {
            tracing::debug!("whether another process has this name can't be told: {error}");
            None
        }
    };
    let Some(around) = Around::start(settings)? else { return Ok(ExitCode::from(exit::IO)) };
    let traces = settings.traces.as_ref();
    let traces = traces.map(|traces| otlp::start(traces, &settings.stream.instance, around.handle())).transpose();
    let traces = traces.context("`traces`: starting the export")?;
    let worker = Worker::start(settings).context("starting the lanes")?;
    let runtimes = around.serve(settings, worker.health());
    let runtime = &runtimes.around;
    let stop = worker.stop();
    let _guard = runtime.enter();
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    let hangup = hangup::heeded().then(|| signal(SignalKind::hangup())).transpose();
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
                    "{name} again: ending at once; open transactions are aborted and their articles read again"
                );
                teller::flush();
                std::process::exit(i32::from(exit::CUT_SHORT));
            }
            tracing::info!("{name}: finishing the batch, leaving the group");
            stop.request();
        }
    });
    let code = match worker.wait() {
        Outcome::Stopped => exit::OK,
        Outcome::Fenced => exit::FENCED,
        Outcome::Overdue => exit::CUT_SHORT,
    };
    if let Some(traces) = traces {
        traces.flush();
    }
    tracing::info!(code, "stopped");
    // Without waiting for threads that librdkafka may have left behind.
    std::process::exit(i32::from(code));
}

/// The next SIGHUP; never, where it is not listened for.
async fn hangups(hangup: &mut Option<Signal>) {
    match hangup {
        Some(hangup) => drop(hangup.recv().await),
        None => std::future::pending().await,
    }
}
