//! Ctrl-C (and SIGTERM and SIGHUP) for commands that run until interrupted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use anyhow::Context;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use super::hangup;

/// Set once the user has pressed Ctrl-C, or the process was signalled to terminate.
pub struct Interrupt {
    flag: Arc<AtomicBool>,
    _runtime: Runtime,
}

impl Interrupt {
    /// Installs the signal handlers.
    ///
    /// # Errors
    /// Where the system allows no signal handler.
    pub fn listen() -> anyhow::Result<Interrupt> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.context("starting the async runtime")?;
        let flag = Arc::new(AtomicBool::new(false));
        let hangup = hangup::is_listened_for().then(SignalKind::hangup);
        for kind in [SignalKind::interrupt(), SignalKind::terminate()].into_iter().chain(hangup) {
            let _guard = runtime.enter();
            let mut signals = signal(kind).context("listening for signals")?;
            let flag = Arc::clone(&flag);
            runtime.spawn(async move {
                signals.recv().await;
                flag.store(true, Relaxed);
            });
        }
        Ok(Interrupt { flag, _runtime: runtime })
    }

    /// Was there a signal?
    pub fn pressed(&self) -> bool {
        self.flag.load(Relaxed)
    }
}
