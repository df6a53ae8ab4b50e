//! The async part of a process, beside its lanes: a runtime of one thread for signals and the admin server, another for the
//! pages of the admin server, and the upkeep of the metrics. For `run` and `demo --keep`.

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

/// Metrics, runtimes and the bound admin port, before the lanes are started.
pub struct AdminRuntime {
    runtime: Runtime,
    pages: Runtime,
    metrics: PrometheusHandle,
    listener: Option<TcpListener>,
}

/// The running part; everything ends when it is dropped.
pub struct RunningAdmin {
    /// For signals, upkeep, probes and scrapes.
    pub runtime: Runtime,
    _pages: Runtime,
}

/// A runtime with one thread.
fn one_thread(name: &str) -> anyhow::Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).thread_name(name).enable_all();
    builder.build().context("starting an async runtime")
}

impl AdminRuntime {
    /// Installs the metrics and listens on the admin address. `None`: the address can't be used, and standard error says so.
    pub fn start(settings: &Settings) -> anyhow::Result<Option<AdminRuntime>> {
        let metrics = admin::install_recorder().context("installing the metrics recorder")?;
        events::started(env!("CARGO_PKG_VERSION"), "1", settings.stream.lanes);
        let (runtime, pages) = (one_thread("admin")?, one_thread("pages")?);
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
        Ok(Some(AdminRuntime { runtime, pages, metrics, listener }))
    }

    /// The async runtime.
    pub fn handle(&self) -> &Handle {
        self.runtime.handle()
    }

    /// Where the admin server listens.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.as_ref()?.local_addr().ok()
    }

    /// Starts the admin server and the upkeep of the metrics.
    pub fn serve(self, settings: &Settings, health: Arc<Health>) -> RunningAdmin {
        let upkeep = self.metrics.clone();
        let process = metrics_process::Collector::default();
        process.describe();
        self.runtime.spawn(async move {
            // Histograms keep every sample until they are tidied up, scraped or not.
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
        RunningAdmin { runtime: self.runtime, _pages: self.pages }
    }
}
