//! Export of the spans to the collector: OTLP over HTTP, protobuf, on a thread of its own.
//!
//! The queue is bounded, and so is every attempt to send. Spans that can't be sent are dropped and counted; the log has one
//! line when that begins, and one when it is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_otlp::{ExporterBuildError, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, SpanData, SpanExporter,
};
use tokio::runtime::Handle;

use crate::config::Traces;

use super::{events, traces};

/// How long the collector may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a span waits for others before it is sent.
const DELAY: Duration = Duration::from_secs(1);
/// How long a stop waits for the last spans.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(3);
/// Most spans that wait.
const QUEUE: usize = 2048;
/// Most spans in one request.
const REQUEST: usize = 256;

/// Traces that are on.
#[derive(Debug)]
pub struct Export(SdkTracerProvider);

/// Turns traces on, as configured; requests are made on `runtime`. Call once.
///
/// # Errors
/// Where the collector's address can't be used.
pub fn start(settings: &Traces, instance: &str, runtime: &Handle) -> Result<Export, ExporterBuildError> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_http_client(HyperClient::with_default_connector(ANSWER_TIMEOUT, None))
        .with_endpoint(settings.endpoint.clone())
        .with_timeout(ANSWER_TIMEOUT)
        .build()?;
    let exporter =
        ReportingExporter { inner: Arc::new(exporter), runtime: runtime.clone(), failing: AtomicBool::new(false) };
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE)
        .with_max_export_batch_size(REQUEST)
        .with_scheduled_delay(DELAY)
        .build();
    // The builder adds the attributes in OTEL_RESOURCE_ATTRIBUTES, as OpenTelemetry specifies.
    let resource = Resource::builder()
        .with_service_name(settings.service_name.clone())
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", instance.to_owned()),
        ])
        .build();
    let provider = SdkTracerProvider::builder()
        .with_span_processor(BatchSpanProcessor::builder(exporter).with_batch_config(config).build())
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.sample_ratio))))
        .with_max_links_per_span(traces::MOST_LINKS)
        .with_resource(resource)
        .build();
    traces::install(provider.tracer("copydesk"));
    Ok(Export(provider))
}

impl Export {
    /// Sends what is left, for a few seconds at most. Blocks: not for an async thread.
    pub fn flush(self) {
        if let Err(error) = self.0.shutdown_with_timeout(FLUSH_TIMEOUT) {
            events::spans_unsent(&error.to_string());
        }
    }
}

/// Exports on the runtime, since the processor's own thread has none, and reports failures.
#[derive(Debug)]
struct ReportingExporter {
    inner: Arc<opentelemetry_otlp::SpanExporter>,
    runtime: Handle,
    failing: AtomicBool,
}

impl SpanExporter for ReportingExporter {
    async fn export(&self, spans: Vec<SpanData>) -> OTelSdkResult {
        let (count, inner) = (spans.len() as u64, Arc::clone(&self.inner));
        let sending = self.runtime.spawn(async move { inner.export(spans).await });
        let sent = sending.await.unwrap_or_else(|error| Err(OTelSdkError::InternalFailure(error.to_string())));
        let changed = self.failing.swap(sent.is_err(), Relaxed) != sent.is_err();
        events::spans_exported(count, sent.as_ref().err().map(ToString::to_string).as_deref(), changed);
        sent
    }

    fn set_resource(&mut self, resource: &Resource) {
        // Called once, before the first export: there is no other reference yet.
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.set_resource(resource);
        }
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }
}
