//! What stands around the lanes of a process: an async runtime of one thread, another for the pages of the admin server,
//! the metrics and their upkeep, the admin server. For `run` and for a demo that goes on.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::runtime::{Handle, Runtime};

use crate::admin::{self, Served};
use crate::cli::note;
use crate::config::Settings;
use crate::telemetry::{Health, events};

/// All of it, before the lanes are started.
pub struct Around {
    runtime: Runtime,
    pages: Runtime,
    metrics: PrometheusHandle,
    listener: Option<TcpListener>,
}

/// What serves, until it is dropped.
pub struct Runtimes {
    /// Signals, upkeep, probes and scrapes.
    pub around: Runtime,
    _pages: Runtime,
}

/// A runtime with one thread.
fn one_thread(name: &str) -> anyhow::Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).thread_name(name).enable_all();
    builder.build().context("starting an async runtime")
}

impl Around {
    /// Installs the metrics and listens on the admin address. `None`: that can't be had, and the user was told.
    pub fn start(settings: &Settings) -> anyhow::Result<Option<Around>> {
        let metrics = admin::install_recorder().context("installing the metrics recorder")?;
        events::started(env!("CARGO_PKG_VERSION"), "1", settings.stream.lanes);
        let (runtime, pages) = (one_thread("around")?, one_thread("pages")?);
        let listener = match settings.admin {
            Some(address) => match runtime.block_on(admin::bind(address)) {
                Ok(listener) => Some(listener),
                Err(error) => {
                    note(format_args!("copydesk: `admin`: can't listen on `{address}`: {error}"));
                    return Ok(None);
                }
            },
            None => None,
        };
        Ok(Some(Around { runtime, pages, metrics, listener }))
    }

    /// The async runtime.
    pub fn handle(&self) -> &Handle {
        self.runtime.handle()
    }

    /// Where the admin server listens.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.as_ref()?.local_addr().ok()
    }

    /// Serves, on what it returns, what the lanes say of themselves.
    pub fn serve(self, settings: &Settings, health: Arc<Health>) -> Runtimes {
        let upkeep = self.metrics.clone();
        let process = metrics_process::Collector::default();
        process.describe();
        self.runtime.spawn(async move {
            // Histograms keep every sample until they are tidied, scraped or not.
            let mut every = tokio::time::interval(Duration::from_secs(5));
            loop {
                every.tick().await;
                upkeep.run_upkeep();
                process.collect();
            }
        });
        if let Some(listener) = self.listener {
            let settings = settings.clone();
            let own_name = gethostname::gethostname().to_string_lossy().into_owned();
            let served = Served { health, metrics: self.metrics, own_name, pages: self.pages.handle().clone() };
            self.runtime.spawn(async move { admin::serve(listener, &settings, served).await });
        }
        Runtimes { around: self.runtime, _pages: self.pages }
    }
}
