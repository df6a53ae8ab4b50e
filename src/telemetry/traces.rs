//! Traces: spans of batches and articles, exported to a collector by OTLP. Off unless configured.
//!
//! A batch is a trace of its own: a span `batch <input>` with one span for each phase below it, and a **link** to the trace of
//! each article that brought a `traceparent` header: an article is one of thousands, so no article's trace is the batch's parent.
//! The article's own trace continues with a span `create <output>`, whose identity is the `traceparent` of the record. Names and
//! attributes follow OpenTelemetry's conventions for messaging.
//!
//! Where traces are off, a [`BatchTrace`] is empty and its calls return at once. Where they are on, a lane only puts spans
//! into a bounded queue; another thread sends them ([`super::otlp`]), and what the queue can't hold is dropped: no collector
//! ever slows a lane.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{Span, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, Span as SdkSpan};

use crate::config::redact;
use copydesk_core::text::hex;

/// The header of W3C's Trace Context, in a Kafka record as in an HTTP request.
pub const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// Most links of a span: a batch may have thousands of articles, and collectors bound the size of a span.
pub(super) const MOST_LINKS: u32 = 128;

/// Names of headers with their values, as a record has them: any bytes.
pub type Headers<'a> = [(&'a [u8], Option<&'a [u8]>)];

static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// Turns traces on.
pub(super) fn install(tracer: SdkTracer) {
    // A second call changes nothing, as with the recorder of metrics.
    let _ = TRACER.set(tracer);
}

/// Where a batch comes from and goes to.
#[derive(Debug, Clone, Copy)]
pub struct Route<'a> {
    /// The input topic.
    pub input: &'a str,
    /// The output topic.
    pub output: &'a str,
    /// The consumer group.
    pub group: &'a str,
    /// Number of the lane.
    pub lane: &'a str,
}

/// The spans of one batch; empty where traces are off.
#[derive(Debug, Default)]
pub struct BatchTrace(Option<Box<OpenTrace>>);

#[derive(Debug)]
struct OpenTrace {
    tracer: SdkTracer,
    input: String,
    output: String,
    root: SdkSpan,
    /// The context of spans below the root.
    below: Context,
    phase: Option<SdkSpan>,
    articles: Vec<SdkSpan>,
}

impl BatchTrace {
    /// The batch was gathered just now, and its first article was read `took` ago. What follows is *process*.
    pub fn gathered(route: Route<'_>, took: Duration, articles: usize) -> BatchTrace {
        BatchTrace(TRACER.get().map(|tracer| Box::new(OpenTrace::new(tracer.clone(), route, took, articles))))
    }

    /// All articles were cleaned. What follows is *publish*.
    pub fn processed(&mut self) {
        if let Some(open) = &mut self.0 {
            let name = open.output.clone();
            open.next("publish", "send", &name, SpanKind::Client);
        }
    }

    /// An article with these headers, from `place` (partition and offset), is about to be sent, as a record or as a dead letter.
    /// Gives the `traceparent` of its record, where that differs from the article's.
    pub fn article(&mut self, headers: &Headers<'_>, place: (i32, i64), is_record: bool) -> Option<String> {
        self.0.as_mut()?.article(headers, place, is_record)
    }

    /// Everything was acknowledged. What follows is *commit*.
    pub fn acknowledged(&mut self) {
        if let Some(open) = &mut self.0 {
            let name = open.input.clone();
            open.next("commit", "settle", &name, SpanKind::Client);
        }
    }

    /// The batch was committed.
    pub fn committed(&mut self) {
        if let Some(open) = self.0.take() {
            open.end(None);
        }
    }

    /// The batch was aborted.
    pub fn failed(&mut self, reason: &'static str, error: &dyn fmt::Display) {
        if let Some(open) = self.0.take() {
            open.end(Some((reason, &redact::text(&error.to_string()))));
        }
    }
}

impl Drop for BatchTrace {
    /// A batch that was gathered and not published: one before it was aborted, or its partitions were revoked.
    fn drop(&mut self) {
        self.failed("abandoned", &"not published: its articles are read again");
    }
}

impl OpenTrace {
    fn new(tracer: SdkTracer, route: Route<'_>, took: Duration, articles: usize) -> OpenTrace {
        let now = SystemTime::now();
        let begun = now.checked_sub(took).unwrap_or(now);
        let mut attributes = messaging("batch", "process", route.input);
        attributes.extend([
            KeyValue::new("messaging.consumer.group.name", route.group.to_owned()),
            KeyValue::new("messaging.batch.message_count", i64::try_from(articles).unwrap_or(i64::MAX)),
            KeyValue::new("copydesk.lane", route.lane.to_owned()),
        ]);
        let root = span(
            &tracer,
            SpanBuilder::from_name(format!("batch {}", route.input)).with_kind(SpanKind::Consumer),
            attributes,
            begun,
            &Context::new(),
        );
        let below = Context::new().with_remote_span_context(root.span_context().clone());
        let (input, output) = (route.input.to_owned(), route.output.to_owned());
        let mut open = OpenTrace { tracer, input, output, root, below, phase: None, articles: Vec::new() };
        open.begin("receive", "receive", route.input, SpanKind::Client, begun);
        open.next("process", "process", route.input, SpanKind::Internal);
        open
    }

    fn begin(&mut self, operation: &'static str, kind: &'static str, topic: &str, role: SpanKind, at: SystemTime) {
        let attributes = messaging(operation, kind, topic);
        self.phase = Some(span(
            &self.tracer,
            SpanBuilder::from_name(format!("{operation} {topic}")).with_kind(role),
            attributes,
            at,
            &self.below,
        ));
    }

    fn next(&mut self, operation: &'static str, kind: &'static str, topic: &str, role: SpanKind) {
        let now = SystemTime::now();
        if let Some(mut before) = self.phase.take() {
            before.end_with_timestamp(now);
        }
        self.begin(operation, kind, topic, role, now);
    }

    fn article(&mut self, headers: &Headers<'_>, place: (i32, i64), is_record: bool) -> Option<String> {
        let carrier = Carrier(headers);
        carrier.get(TRACEPARENT)?;
        let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier);
        let theirs = parent.span().span_context().clone();
        if !theirs.is_valid() {
            return None;
        }
        // A link to a trace that is not recorded would lead nowhere.
        if theirs.is_sampled() && self.root.is_recording() {
            self.root.add_link(theirs, Vec::new());
        }
        if !is_record {
            return None;
        }
        let mut attributes = messaging("create", "create", &self.output);
        attributes.extend([
            KeyValue::new("copydesk.input.partition", i64::from(place.0)),
            KeyValue::new("copydesk.input.offset", place.1),
        ]);
        let builder = SpanBuilder::from_name(format!("create {}", self.output)).with_kind(SpanKind::Producer);
        let mut created = span(&self.tracer, builder, attributes, SystemTime::now(), &parent);
        let ours = traceparent(created.span_context());
        if created.is_recording() {
            if self.root.is_recording() {
                created.add_link(self.root.span_context().clone(), Vec::new());
            }
            self.articles.push(created);
        }
        Some(ours)
    }

    fn end(mut self, trouble: Option<(&'static str, &str)>) {
        let now = SystemTime::now();
        let mut spans: Vec<SdkSpan> = std::mem::take(&mut self.articles);
        spans.extend(self.phase.take());
        spans.push(self.root);
        for mut span in spans {
            if let Some((reason, error)) = trouble {
                span.set_attribute(KeyValue::new("error.type", reason));
                span.set_status(Status::error(error.to_owned()));
            }
            span.end_with_timestamp(now);
        }
    }
}

/// A span that starts at `at`, below `parent`.
fn span(
    tracer: &SdkTracer,
    builder: SpanBuilder,
    attributes: Vec<KeyValue>,
    at: SystemTime,
    parent: &Context,
) -> SdkSpan {
    tracer.build_with_context(builder.with_start_time(at).with_attributes(attributes), parent)
}

fn messaging(operation: &'static str, kind: &'static str, topic: &str) -> Vec<KeyValue> {
    vec![
        KeyValue::new("messaging.system", "kafka"),
        KeyValue::new("messaging.operation.name", operation),
        KeyValue::new("messaging.operation.type", kind),
        KeyValue::new("messaging.destination.name", Value::from(topic.to_owned())),
    ]
}

/// Version 0 of the header, which readers of later versions accept.
fn traceparent(span: &SpanContext) -> String {
    let flags = hex::encode(&[span.trace_flags().to_u8()]);
    format!("00-{}-{}-{flags}", span.trace_id(), span.span_id())
}

/// The headers with another `traceparent`, where there is one.
pub fn with_traceparent<'a>(headers: &'a Headers<'a>, ours: Option<&'a str>) -> Cow<'a, Headers<'a>> {
    let Some(ours) = ours else { return Cow::Borrowed(headers) };
    let replaced = |&(name, value): &(&'a [u8], Option<&'a [u8]>)| {
        (name, if name == TRACEPARENT.as_bytes() { Some(ours.as_bytes()) } else { value })
    };
    Cow::Owned(headers.iter().map(replaced).collect())
}

struct Carrier<'a>(&'a Headers<'a>);

impl Extractor for Carrier<'_> {
    /// Text of a header. Two `traceparent` headers contradict each other and count as none.
    fn get(&self, key: &str) -> Option<&str> {
        let mut named = self.0.iter().filter(|(name, _)| *name == key.as_bytes());
        let (_, value) = named.next()?;
        if key == TRACEPARENT && named.next().is_some() {
            return None;
        }
        std::str::from_utf8((*value)?).ok()
    }

    fn keys(&self) -> Vec<&str> {
        [TRACEPARENT, TRACESTATE].into_iter().filter(|key| self.get(key).is_some()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use opentelemetry::trace::TracerProvider;
    use opentelemetry_sdk::error::OTelSdkResult;
    use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};

    use super::*;

    #[derive(Debug, Clone, Default)]
    struct CollectedSpans(Arc<Mutex<Vec<SpanData>>>);

    impl SpanExporter for CollectedSpans {
        async fn export(&self, spans: Vec<SpanData>) -> OTelSdkResult {
            self.0.lock().unwrap().extend(spans);
            Ok(())
        }
    }

    /// What is exported of one batch.
    fn exported(turn: impl FnOnce(BatchTrace)) -> Vec<SpanData> {
        let kept = CollectedSpans::default();
        let provider =
            SdkTracerProvider::builder().with_simple_exporter(kept.clone()).with_max_links_per_span(MOST_LINKS).build();
        let route = Route { input: "in", output: "out", group: "group", lane: "0" };
        let open = OpenTrace::new(provider.tracer("test"), route, Duration::from_secs(1), 200);
        turn(BatchTrace(Some(Box::new(open))));
        let spans = kept.0.lock().unwrap();
        spans.clone()
    }

    fn errors(spans: &[SpanData]) -> Vec<&str> {
        spans.iter().filter(|span| matches!(span.status, Status::Error { .. })).map(|span| span.name.as_ref()).collect()
    }

    const THEIRS: &Headers<'_> =
        &[(TRACEPARENT.as_bytes(), Some(b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))];

    #[test]
    fn a_batch_that_failed_says_in_which_phase() {
        let spans = exported(|mut trace| {
            trace.processed();
            assert!(trace.article(THEIRS, (0, 1), true).is_some());
            trace.acknowledged();
            trace.failed("commit", &"no coordinator");
        });
        // The record was aborted with the batch.
        assert_eq!(errors(&spans), ["create out", "commit in", "batch in"]);
        let reasons = spans.iter().flat_map(|span| &span.attributes).filter(|pair| pair.key.as_str() == "error.type");
        assert!(reasons.map(|pair| pair.value.as_str()).eq(["commit"; 3]));
    }

    #[test]
    fn a_batch_that_is_dropped_is_no_success() {
        assert_eq!(errors(&exported(drop)), ["process in", "batch in"]);
        let committed = exported(|mut trace| {
            trace.processed();
            trace.acknowledged();
            trace.committed();
        });
        assert_eq!((errors(&committed), committed.len()), (vec![], 5));
    }

    #[test]
    fn links_are_bounded_and_the_rest_is_counted() {
        let spans = exported(|mut trace| {
            trace.processed();
            for offset in 0..200 {
                trace.article(THEIRS, (0, offset), false);
            }
            trace.committed();
        });
        let batch = spans.iter().find(|span| span.name == "batch in").unwrap();
        assert_eq!((batch.links.links.len(), batch.links.dropped_count), (128, 72));
    }

    #[test]
    fn without_traces_nothing_changes() {
        let mut off = BatchTrace::default();
        off.processed();
        assert_eq!(off.article(THEIRS, (0, 0), true), None);
        assert!(matches!(with_traceparent(THEIRS, None), Cow::Borrowed(_)));
    }
}
