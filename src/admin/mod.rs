//! The admin server: `/livez`, `/readyz`, `/metrics`, `/log`, and the page at `/`. It reads what the lanes report, so it
//! never slows them. [`connection_limit`] bounds the connections, [`access`] says who may ask for what, [`memory_budget`]
//! and [`timeouts`] bound what is held for a client, in bytes and in time, and [`request`] is one request from its head to
//! its answer.

mod access;
mod connection_limit;
mod history;
mod memory_budget;
mod page;
mod redaction;
mod request;
mod timeouts;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use self::access::AccessControl;
use self::page::AdminPage;
use self::request::RequestHandler;
use crate::config::Settings;
use crate::telemetry::health::Health;
use crate::telemetry::logs;
use crate::telemetry::names::{self, Kind};

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
    let listener = TcpListener::bind(address).await?;
    timeouts::bound_send_buffers(&listener);
    Ok(listener)
}

/// What the server serves.
#[derive(Debug)]
pub struct Served {
    /// The state of the lanes.
    pub health: Arc<Health>,
    /// The metrics.
    pub metrics: PrometheusHandle,
    /// The host name.
    pub own_name: String,
    /// The runtime on which pages are made and articles tried: another thread than the server's, so that they slow no probe.
    pub pages: Handle,
}

/// Serves until the process ends.
pub async fn serve(listener: TcpListener, settings: &Settings, served: Served) {
    let page = Arc::new(AdminPage::new(settings, Arc::clone(&served.health)));
    let sampled = Arc::clone(&page);
    tokio::spawn(async move {
        let mut every = tokio::time::interval(history::EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Skip);
        // The first tick is immediate, when nothing has happened yet.
        every.tick().await;
        loop {
            every.tick().await;
            sampled.sample();
        }
    });
    let access = AccessControl::new(&settings.access, &served.own_name);
    let largest_body = page.largest_body();
    let handler = RequestHandler::new(access.clone(), router(served, page, access), largest_body);
    connection_limit::serve(listener, handler).await;
}

type ProbeState = (Arc<Health>, PrometheusHandle);

fn router(served: Served, page: Arc<AdminPage>, access: AccessControl) -> Router {
    let Served { health, metrics, pages, .. } = served;
    let pages_router = Router::new()
        .route("/", get(page::whole).post(page::form))
        .route("/now", get(page::now))
        .route("/status.json", get(page::status))
        .route("/clean", post(page::clean))
        .with_state(page)
        .layer(from_fn(redaction::redact_answer))
        .layer(from_fn_with_state(pages, on_runtime));
    let sign_in_router =
        Router::new().route("/sign-in", post(sign_in)).route("/sign-out", post(sign_out)).with_state(Arc::new(access));
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(scrape))
        .route("/log", get(log).put(set_log))
        .with_state((health, metrics))
        .merge(sign_in_router)
        .layer(from_fn(redaction::redact_answer))
        .merge(pages_router)
        // `request` has bounded the body.
        .layer(DefaultBodyLimit::disable())
}

/// Answers a request on another runtime; the work ends when the client goes away.
async fn on_runtime(State(runtime): State<Handle>, request: Request, next: Next) -> Response {
    let mut task = JoinSet::new();
    task.spawn_on(next.run(request), &runtime);
    match task.join_next().await {
        Some(Ok(answer)) => answer,
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "no answer: this is a bug in copydesk\n").into_response(),
    }
}

async fn sign_in(State(access): State<Arc<AccessControl>>, headers: HeaderMap, form: Bytes) -> Response {
    let shown = page::field(&form, "token").unwrap_or_default();
    match access.sign_in(&shown, &headers) {
        Some(cookie) => home(cookie),
        None if access.has_token() => AccessControl::form(true),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn sign_out(State(access): State<Arc<AccessControl>>, headers: HeaderMap) -> Response {
    access.sign_out(&headers).map_or_else(|| StatusCode::NOT_FOUND.into_response(), home)
}

fn home(cookie: HeaderValue) -> Response {
    let mut answer =
        (StatusCode::SEE_OTHER, [(header::LOCATION, "/"), (header::CACHE_CONTROL, "no-store")]).into_response();
    answer.headers_mut().insert(header::SET_COOKIE, cookie);
    answer
}

async fn log() -> impl IntoResponse {
    logs::filter()
        .map(|filter| filter + "\n")
        .ok_or((StatusCode::NOT_FOUND, "logging was not started by this program\n"))
}

async fn set_log(filter: Bytes) -> impl IntoResponse {
    let invalid = |error: String| (StatusCode::BAD_REQUEST, error + "\n");
    let filter = std::str::from_utf8(&filter).map_err(|error| invalid(error.to_string()))?;
    logs::set_filter(filter).map_err(|error| invalid(error.to_string()))?;
    let note = if filter.to_ascii_lowercase().contains("off") { "errors of copydesk are still logged\n" } else { "" };
    Ok::<_, (StatusCode, String)>(logs::filter().unwrap_or_default() + "\n" + note)
}

async fn livez(State((health, _)): State<ProbeState>) -> impl IntoResponse {
    probe_answer(health.live().map(|()| "live\n".to_owned()))
}

async fn readyz(State((health, _)): State<ProbeState>) -> impl IntoResponse {
    probe_answer(health.ready().map(|()| health.describe()))
}

async fn scrape(State((health, metrics)): State<ProbeState>) -> impl IntoResponse {
    health.report();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.render())
}

fn probe_answer(state: Result<String, String>) -> impl IntoResponse {
    match state {
        Ok(text) => (StatusCode::OK, text),
        Err(text) => (StatusCode::SERVICE_UNAVAILABLE, format!("{text}\n")),
    }
}
