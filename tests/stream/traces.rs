//! Traces on a real broker, against a receiver that decodes what OTLP's protobuf says.

use std::collections::HashSet;
use std::io::Read;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use copydesk::worker::writer::Outgoing;
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::{Span, status};
use prost::Message;

use crate::articles::{generate, verify};
use crate::kafka::{Kafka, Names, wait};
use crate::process::Worker;

const SAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const UNSAMPLED: &str = "00-11111111111111111111111111111111-2222222222222222-00";
const REFUSED: &str = "00-33333333333333333333333333333333-4444444444444444-01";
/// A trace of zeros is none.
const INVALID: &str = "00-00000000000000000000000000000000-2222222222222222-01";

/// A collector: what it was sent.
#[derive(Clone, Default)]
struct Collector {
    requests: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
}

impl Collector {
    /// Starts on a port of its own, which it returns; it lives as long as the test.
    fn start() -> (Collector, u16) {
        let collector = Collector::default();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        listener.set_nonblocking(true).expect("for tokio");
        let requests = Arc::clone(&collector.requests);
        let take = move |body: Bytes| async move {
            let request = ExportTraceServiceRequest::decode(body).expect("OTLP");
            requests.lock().expect("no panic").push(request);
            ExportTraceServiceResponse::default().encode_to_vec()
        };
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                axum::serve(listener, Router::new().route("/v1/traces", post(take))).await
            })
        });
        (collector, port)
    }

    fn spans(&self) -> Vec<Span> {
        let requests = self.requests.lock().expect("no panic");
        let resources = requests.iter().flat_map(|request| &request.resource_spans);
        resources.flat_map(|resource| &resource.scope_spans).flat_map(|scope| scope.spans.clone()).collect()
    }

    /// Attributes of the process, the same in each request.
    fn resource(&self) -> Vec<KeyValue> {
        let requests = self.requests.lock().expect("no panic");
        let first = requests.iter().flat_map(|request| &request.resource_spans).next().expect("a request");
        first.resource.clone().expect("a resource").attributes
    }
}

fn text(attributes: &[KeyValue], key: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|attribute| attribute.value.clone()?.value) {
        Some(any_value::Value::StringValue(text)) => text,
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        other => panic!("attribute {key}: {other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The trace and the span that a header names.
fn parts(traceparent: &str) -> (&str, &str) {
    let parts: Vec<&str> = traceparent.split('-').collect();
    assert_eq!(parts.len(), 4, "{traceparent}");
    (parts[1], parts[2])
}

/// One article for each header, and one that is refused; all in one partition.
fn send(kafka: &Kafka, names: &Names) {
    let article = |key, value, headers| Outgoing {
        key: Some(key),
        value: Some(value),
        headers,
        partition: Some(0),
        ..Outgoing::default()
    };
    let body: &[u8] = b"{\"body_text\": \"A paragraph that is long enough to be one in every respect.\"}";
    let traced = |header: &'static str| (copydesk::telemetry::traces::TRACEPARENT, Some(header.as_bytes()));
    let feed = ("feed", Some(&b"test"[..]));
    let state = ("tracestate", Some(&b"vendor=opaque"[..]));
    kafka.send(
        names,
        &names.input,
        [
            article(b"sampled", body, &[feed, traced(SAMPLED), state]),
            article(b"unsampled", body, &[traced(UNSAMPLED), feed]),
            article(b"none", body, &[feed]),
            article(b"invalid", body, &[traced(INVALID)]),
            article(b"twice", body, &[traced(SAMPLED), traced(UNSAMPLED)]),
            article(b"refused", b"\xff\xfe", &[traced(REFUSED)]),
        ],
    );
}

#[test]
fn a_batch_is_a_trace_with_links_and_an_articles_own_trace_goes_on() {
    let (kafka, names) = (Kafka::shared(), Names::new("traces"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    send(kafka, &names);
    let (collector, port) = Collector::start();
    let endpoint = format!("http://127.0.0.1:{port}");
    let on = [("COPYDESK__TRACES__ENDPOINT", endpoint.as_str()), ("COPYDESK__TRACES__SERVICE_NAME", "desk")];
    let worker = Worker::start_with(kafka, &names, "one", &on);
    kafka.wait_for(&names, 6, Duration::from_secs(60));
    // The last spans are sent by the stop.
    worker.stop();

    let spans = collector.spans();
    let batches: Vec<&Span> = spans.iter().filter(|span| span.name == format!("batch {}", names.input)).collect();
    assert!(!batches.is_empty(), "{spans:?}");
    let mut counted = 0;
    for batch in &batches {
        assert_eq!(batch.kind(), SpanKind::Consumer);
        assert!(batch.parent_span_id.is_empty(), "links, not parents");
        assert_eq!(text(&batch.attributes, "messaging.system"), "kafka");
        assert_eq!(text(&batch.attributes, "messaging.destination.name"), names.input);
        assert_eq!(text(&batch.attributes, "messaging.consumer.group.name"), names.group);
        counted += text(&batch.attributes, "messaging.batch.message_count").parse::<usize>().unwrap();
        let below: Vec<&Span> = spans.iter().filter(|span| span.parent_span_id == batch.span_id).collect();
        let phases: Vec<&str> = below.iter().map(|span| span.name.as_str()).collect();
        let named = [("receive", &names.input), ("process", &names.input), ("publish", &names.output)];
        let mut expected: Vec<String> = named.iter().map(|(phase, topic)| format!("{phase} {topic}")).collect();
        expected.push(format!("commit {}", names.input));
        assert_eq!(phases, expected);
        assert!(below.iter().all(|span| span.trace_id == batch.trace_id));
        assert_eq!(below[0].start_time_unix_nano, batch.start_time_unix_nano);
        assert_eq!(below[3].end_time_unix_nano, batch.end_time_unix_nano);
        assert!(below.windows(2).all(|two| two[0].end_time_unix_nano == two[1].start_time_unix_nano), "no gap");
    }
    assert_eq!(counted, 6);
    assert!(spans.iter().all(|span| span.status.as_ref().is_none_or(|it| it.code() != status::StatusCode::Error)));

    // Links: of what is recorded elsewhere, refused or not.
    let linked: HashSet<(String, String)> =
        batches.iter().flat_map(|batch| &batch.links).map(|link| (hex(&link.trace_id), hex(&link.span_id))).collect();
    let recorded = [SAMPLED, REFUSED].map(parts).map(|(trace, span)| (trace.to_owned(), span.to_owned()));
    assert_eq!(linked, HashSet::from(recorded));

    // The article's own trace: its record names our span, whose parent is the span that the article named.
    let clean = kafka.read(&names.output, "read_committed");
    let record = |key: &str| clean.iter().find(|seen| seen.key == key.as_bytes()).unwrap();
    let created: Vec<&Span> = spans.iter().filter(|span| span.name.starts_with("create ")).collect();
    let [span] = created.as_slice() else { panic!("one of the articles is traced, and it is: {created:?}") };
    let ours = record("sampled").text("traceparent");
    assert_eq!(ours, format!("00-{}-{}-01", hex(&span.trace_id), hex(&span.span_id)));
    assert_eq!((hex(&span.trace_id).as_str(), hex(&span.parent_span_id).as_str()), parts(SAMPLED));
    assert_eq!((span.name.as_str(), span.kind()), (format!("create {}", names.output).as_str(), SpanKind::Producer));
    assert_eq!(text(&span.attributes, "copydesk.input.offset"), "0");
    assert!(batches.iter().any(|batch| batch.span_id == span.links[0].span_id), "and leads to the batch");
    let (trace, span) = parts(record("unsampled").text("traceparent"));
    assert_eq!(trace, parts(UNSAMPLED).0, "not recorded, and passed on");
    assert_ne!(span, parts(UNSAMPLED).1);
    assert!(record("unsampled").text("traceparent").ends_with("-00"));

    // All else travels as it came.
    assert_eq!(record("sampled").text("tracestate"), "vendor=opaque");
    let order = |key| record(key).headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
    assert_eq!(order("sampled"), ["feed", "traceparent", "tracestate"]);
    assert_eq!(order("none"), ["feed"]);
    assert_eq!(record("invalid").text("traceparent"), INVALID);
    assert_eq!(
        record("twice").headers.iter().map(|(_, value)| value.as_slice()).collect::<Vec<_>>(),
        [SAMPLED.as_bytes(), UNSAMPLED.as_bytes()]
    );
    let dead = kafka.read(&names.dead, "read_committed");
    assert_eq!(dead[0].text("traceparent"), REFUSED, "a dead letter is what came");

    let resource = collector.resource();
    assert_eq!(text(&resource, "service.name"), "desk");
    assert_eq!(text(&resource, "service.instance.id"), "one");
    assert_eq!(text(&resource, "service.version"), env!("CARGO_PKG_VERSION"));
}

#[test]
fn without_traces_the_header_travels_unchanged() {
    let (kafka, names) = (Kafka::shared(), Names::new("untraced"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    send(kafka, &names);
    let worker = Worker::start(kafka, &names, "one");
    kafka.wait_for(&names, 6, Duration::from_secs(60));
    worker.stop();
    let clean = kafka.read(&names.output, "read_committed");
    for (key, header) in [("sampled", SAMPLED), ("unsampled", UNSAMPLED), ("invalid", INVALID)] {
        let record = clean.iter().find(|seen| seen.key == key.as_bytes()).unwrap();
        assert_eq!(record.text("traceparent"), header);
    }
}

/// One that takes connections and never answers is the worst: no error ends the wait.
#[test]
fn a_collector_that_never_answers_stops_neither_the_articles_nor_the_end() {
    let (kafka, names) = (Kafka::shared(), Names::new("deaf"));
    kafka.topics(&names, [2, 2, 1], [&[], &[], &[]]);
    let deaf = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", deaf.local_addr().expect("an address"));
    let worker = Worker::start_with(kafka, &names, "one", &[("COPYDESK__TRACES__ENDPOINT", &endpoint)]);
    worker.wait_ready();
    let articles = generate(31, 3000, 2);
    // Several batches, so that several requests are made and waited for.
    for part in articles.chunks(300) {
        kafka.send(&names, &names.input, part.iter().map(|article| article.outgoing()));
    }
    kafka.wait_for(&names, articles.len(), Duration::from_secs(60));
    deaf.set_nonblocking(true).unwrap();
    let (mut asked, mut head) = (deaf.accept().expect("it was asked").0, [0; 16]);
    asked.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"POST /v1/traces ");
    wait("spans to be given up", Duration::from_secs(20), || {
        let (_, metrics) = worker.get("/metrics").expect("metrics");
        let failed = metrics.lines().find_map(|line| line.strip_prefix("copydesk_spans_total{outcome=\"failed\"} "));
        failed.is_some_and(|count| count != "0")
    });
    // The articles of the last second leave spans behind for the stop.
    let more = generate(32, 300, 2);
    kafka.send(&names, &names.input, more.iter().map(|article| article.outgoing()));
    kafka.wait_for(&names, articles.len() + more.len(), Duration::from_secs(30));
    assert_eq!(worker.log().matches("the collector takes no spans").count(), 1, "said once: {}", worker.log());
    let stopping = Instant::now();
    worker.stop();
    assert!(stopping.elapsed() < Duration::from_secs(12), "the stop took {:?}", stopping.elapsed());
    let all: Vec<_> = articles.into_iter().chain(more).collect();
    verify(&all, &kafka.read(&names.output, "read_committed"), &kafka.read(&names.dead, "read_committed"));
}
