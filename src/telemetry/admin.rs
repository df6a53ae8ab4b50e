//! The admin server: `/livez`, `/readyz`, `/metrics`, `/log`, and the page at `/`. It only reads what the lanes left for
//! it, so it never slows them; it has no authentication; and the [`doorkeeper`] sees to it that no guest takes another's
//! turn.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::time::MissedTickBehavior;

use super::health::Health;
use super::names::{self, Kind};
use super::page::{self, Page};
use super::{curtain, doorkeeper, history, logs};
use crate::config::Settings;

/// Installs the recorder behind `/metrics` and describes every metric. Call once, before the first metric.
///
/// # Errors
/// Where another recorder is installed already.
pub fn install_recorder() -> Result<PrometheusHandle, BuildError> {
    let mut builder = PrometheusBuilder::new();
    for metric in names::ALL.iter().filter(|metric| metric.kind == Kind::Histogram) {
        let matcher = metrics_exporter_prometheus::Matcher::Full(metric.name.to_owned());
        builder = builder.set_buckets_for_metric(matcher, names::buckets(metric.name))?;
    }
    let handle = builder.install_recorder()?;
    for metric in names::ALL {
        match metric.kind {
            Kind::Counter => metrics::describe_counter!(metric.name, metric.help),
            Kind::Gauge => metrics::describe_gauge!(metric.name, metric.help),
            Kind::Histogram => metrics::describe_histogram!(metric.name, metric.help),
        }
    }
    Ok(handle)
}

/// Listens on `address`.
///
/// # Errors
/// Where the address is taken or not this machine's.
pub async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Serves until the process ends.
pub async fn serve(listener: TcpListener, settings: &Settings, health: Arc<Health>, metrics: PrometheusHandle) {
    let page = Arc::new(Page::new(settings, Arc::clone(&health)));
    let sampled = Arc::clone(&page);
    tokio::spawn(async move {
        let mut every = tokio::time::interval(history::EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Skip);
        // The first tick comes at once, when nothing has happened yet.
        every.tick().await;
        loop {
            every.tick().await;
            sampled.sample();
        }
    });
    let largest_body = page.largest_body();
    doorkeeper::serve(listener, router(health, metrics, page), largest_body).await;
}

type Shared = (Arc<Health>, PrometheusHandle);

fn router(health: Arc<Health>, metrics: PrometheusHandle, page: Arc<Page>) -> Router {
    let pages = Router::new()
        .route("/", get(page::whole).post(page::form))
        .route("/now", get(page::now))
        .route("/status.json", get(page::status))
        .route("/clean", post(page::clean))
        .with_state(page);
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(scrape))
        .route("/log", get(log).put(set_log))
        .with_state((health, metrics))
        .merge(pages)
        .layer(axum::middleware::from_fn(curtain::draw))
        // The doorkeeper has measured it already.
        .layer(DefaultBodyLimit::disable())
}

async fn log() -> impl IntoResponse {
    logs::filter().map(|filter| filter + "\n").ok_or((StatusCode::NOT_FOUND, "logging is not this program's\n"))
}

async fn set_log(wanted: Bytes) -> impl IntoResponse {
    let refused = |error: String| (StatusCode::BAD_REQUEST, error + "\n");
    let wanted = std::str::from_utf8(&wanted).map_err(|error| refused(error.to_string()))?;
    logs::set_filter(wanted).map_err(|error| refused(error.to_string()))?;
    Ok::<_, (StatusCode, String)>(logs::filter().unwrap_or_default() + "\n")
}

async fn livez(State((health, _)): State<Shared>) -> impl IntoResponse {
    verdict(health.live().map(|()| "live\n".to_owned()))
}

async fn readyz(State((health, _)): State<Shared>) -> impl IntoResponse {
    verdict(health.ready().map(|()| health.describe()))
}

async fn scrape(State((health, metrics)): State<Shared>) -> impl IntoResponse {
    health.report();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.render())
}

fn verdict(judged: Result<String, String>) -> impl IntoResponse {
    match judged {
        Ok(text) => (StatusCode::OK, text),
        Err(text) => (StatusCode::SERVICE_UNAVAILABLE, format!("{text}\n")),
    }
}
