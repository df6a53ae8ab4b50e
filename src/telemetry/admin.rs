//! The admin server: `/livez`, `/readyz`, `/metrics`. It only reads what the lanes left for it, so it never slows them,
//! and it listens on loopback unless told otherwise.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;

use super::health::Health;
use super::names::{self, Kind};

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
///
/// # Errors
/// Where accepting connections fails for good.
pub async fn serve(listener: TcpListener, health: Arc<Health>, metrics: PrometheusHandle) -> std::io::Result<()> {
    axum::serve(listener, router(health, metrics)).await
}

type Shared = (Arc<Health>, PrometheusHandle);

fn router(health: Arc<Health>, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(scrape))
        .with_state((health, metrics))
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
