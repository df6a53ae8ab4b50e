//! What a worker writes to its log while much happens: few lines, and every count in them.

use std::time::{Duration, Instant};

use copydesk::worker::writer::Outgoing;
use serde_json::Value;

use crate::articles::generate;
use crate::kafka::{Kafka, Names, wait};
use crate::process::Worker;

const JSON: (&str, &str) = ("COPYDESK__LOG__FORMAT", "json");
const TRACING: (&str, &str) = ("COPYDESK__LOG__FILTER", "info,copydesk=debug");

/// The log, line by line.
fn lines(worker: &Worker) -> Vec<Value> {
    let log = worker.log();
    // The last line may be half written.
    let whole = log.rfind('\n').map_or("", |end| &log[..end]);
    whole.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn says(line: &Value, words: &str) -> bool {
    line["message"].as_str().is_some_and(|message| message.contains(words))
}

fn with(worker: &Worker, words: &str) -> Vec<Value> {
    lines(worker).into_iter().filter(|line| says(line, words)).collect()
}

fn number(line: &Value, key: &str) -> u64 {
    line[key].as_u64().unwrap_or_else(|| panic!("`{key}` is a number in {line}"))
}

fn at(line: &Value) -> f64 {
    let text = line["timestamp"].as_str().expect("a timestamp");
    text.parse::<jiff::Timestamp>().expect("RFC 3339").as_millisecond() as f64 / 1000.0
}

fn unreadable(value: &'static [u8], count: usize) -> impl Iterator<Item = Outgoing<'static>> {
    (0..count).map(move |_| Outgoing { value: Some(value), ..Outgoing::default() })
}

#[test]
fn thousands_of_refusals_are_a_few_lines_by_code_that_count_them_all() {
    let (kafka, names) = (Kafka::shared(), Names::new("refusals"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    kafka.send(&names, &names.input, unreadable(b"{\"uri\": ", 4000).chain(unreadable(b"", 1000)));
    let worker = Worker::start_with(kafka, &names, "one", &[JSON]);
    kafka.wait_for(&names, 5000, Duration::from_secs(60));
    let counted = |code: &str| -> u64 {
        with(&worker, "refused").iter().filter(|line| line["code"] == code).map(|line| number(line, "count")).sum()
    };
    wait("all of them in the log", Duration::from_secs(30), || {
        (counted("invalid_json"), counted("empty_payload")) == (4000, 1000)
    });
    let told = with(&worker, "refused");
    assert!(told.len() <= 8, "{} lines", told.len());
    for line in &told {
        assert_eq!(line["topic"], names.input, "an example has coordinates");
        assert!(number(line, "offset") < 5000 && number(line, "partition") == 0, "{line}");
    }
    worker.stop();
}

#[test]
fn what_was_counted_and_not_logged_is_logged_at_the_end() {
    let (kafka, names) = (Kafka::shared(), Names::new("rest"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let articles = generate(31, 60, 1);
    let mut worker = Worker::start_with(kafka, &names, "one", &[JSON]);
    worker.wait_ready();
    kafka.send(&names, &names.input, articles.iter().map(|article| article.outgoing()));
    kafka.send(&names, &names.input, unreadable(b"{\"uri\": ", 40));
    let all = articles.len() + 40;
    kafka.wait_for(&names, all, Duration::from_secs(60));
    worker.signal("TERM");
    assert_eq!(worker.end(Duration::from_secs(30)).code(), Some(0));
    let refused = with(&worker, "refused");
    assert!(refused.iter().map(|line| number(line, "count")).sum::<u64>() >= 40, "{refused:?}");
    let done = with(&worker, "work done");
    let sum = |key: &str| done.iter().map(|line| number(line, key)).sum::<u64>();
    assert_eq!(sum("articles"), all as u64, "{done:?}");
    assert_eq!(sum("records") + sum("dead_letters"), all as u64, "{done:?}");
    assert!(sum("dead_letters") >= 40 && done.iter().all(|line| line["mb"].is_number()), "{done:?}");
    assert_eq!((sum("aborts"), sum("restarts")), (0, 0));
}

#[test]
fn each_minute_in_which_something_happened_has_a_line() {
    let (kafka, names) = (Kafka::shared(), Names::new("minute"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let worker = Worker::start_with(kafka, &names, "one", &[JSON]);
    worker.wait_ready();
    let articles = generate(32, 50, 1);
    kafka.send(&names, &names.input, articles.iter().map(|article| article.outgoing()));
    wait("the line", Duration::from_secs(90), || !with(&worker, "work done").is_empty());
    let line = &with(&worker, "work done")[0];
    assert_eq!(number(line, "articles"), articles.len() as u64, "{line}");
    assert!((55..75).contains(&number(line, "seconds")), "{line}");
    // Nothing happens in the next one.
    std::thread::sleep(Duration::from_secs(70));
    assert_eq!(with(&worker, "work done").len(), 1, "{}", worker.log());
    worker.stop();
}

#[test]
fn the_start_says_what_runs_and_numbers_are_numbers() {
    let (kafka, names) = (Kafka::shared(), Names::new("numbers"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let worker = Worker::start_with(kafka, &names, "one", &[JSON, TRACING]);
    worker.wait_ready();
    let articles = generate(33, 20, 1);
    kafka.send(&names, &names.input, articles.iter().map(|article| article.outgoing()));
    kafka.send(&names, &names.input, unreadable(b"", 1));
    kafka.wait_for(&names, 21, Duration::from_secs(30));
    wait("a batch", Duration::from_secs(10), || !with(&worker, "batch committed").is_empty());
    let started = &with(&worker, "started")[0];
    for (key, value) in [
        ("version", env!("CARGO_PKG_VERSION")),
        ("brokers", &kafka.brokers),
        ("input", &names.input),
        ("output", &names.output),
        ("dead_letters", &names.dead),
        ("group", &names.group),
        ("instance", "one"),
        ("delivery", "exactly-once"),
    ] {
        assert_eq!(started[key], value, "{key}: {started}");
    }
    assert_eq!(started["lanes"], 2);
    let mut numbers = 0;
    for line in lines(&worker) {
        for (key, value) in line.as_object().expect("an object") {
            numbers += usize::from(value.is_number());
            let text = value.as_str().unwrap_or_default();
            assert!(text.parse::<f64>().is_err(), "`{key}` is a number written as text: {line}");
        }
    }
    assert!(numbers > 20, "{numbers}");
    worker.stop();
}

#[test]
fn lanes_without_partitions_are_logged_once_in_words() {
    let (kafka, names) = (Kafka::shared(), Names::new("idle"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let worker = Worker::start_with(kafka, &names, "one", &[JSON, ("COPYDESK__STREAM__LANES", "3")]);
    worker.wait_ready();
    wait("both", Duration::from_secs(60), || {
        let (status, text) = worker.get("/readyz").unwrap_or_default();
        assert!(status == 200 || status == 503, "{text}");
        text.matches("idle: the group has more lanes than the input topic has partitions (1)").count() == 2
    });
    std::thread::sleep(Duration::from_secs(15));
    let told = with(&worker, "more lanes than");
    let lanes: Vec<&str> = told.iter().flat_map(|line| line["idle_lanes"].as_str().unwrap().split(',')).collect();
    assert_eq!(lanes.len(), 2, "each once: {told:?}");
    worker.stop();
}

#[test]
fn a_pause_is_made_as_it_is_logged_and_grows_and_a_lane_that_waits_says_so_once() {
    let (kafka, names) = (Kafka::shared(), Names::new("pause"));
    let environment = [JSON, TRACING, ("COPYDESK__STREAM__BACKOFF", "1s"), ("COPYDESK__STREAM__MAX_BACKOFF", "8s")];
    let worker = Worker::start_with(kafka, &names, "one", &environment);
    let of_lane = |lane: u64| -> Vec<Value> {
        lines(&worker).into_iter().filter(|line| says(line, "does not exist") && line["lane"] == lane).collect()
    };
    // Each time it looks, by the debug line: 1, 2, 4 and 8 seconds after one another.
    let looked = |lane| of_lane(lane).into_iter().filter(|line| line["level"] == "DEBUG").collect::<Vec<_>>();
    wait("pauses", Duration::from_secs(90), || looked(0).len() >= 6 && looked(1).len() >= 6);
    for lane in [0, 1] {
        let looked = looked(lane);
        let told: Vec<u64> = looked.iter().map(|line| number(line, "pause_ms")).collect();
        assert_eq!(told[..6], [1000, 2000, 4000, 8000, 8000, 8000], "lane {lane}");
        for (pair, told) in looked.windows(2).zip(told) {
            let (made, told) = (at(&pair[1]) - at(&pair[0]), told as f64 / 1000.0);
            // Looking takes its time where the machine is busy.
            assert!(made >= told && made < told + 15.0, "lane {lane}: {told} s told, {made} s made");
        }
        let mut written: Vec<Value> = of_lane(lane);
        written.retain(|line| line["level"] == "WARN");
        assert_eq!(written.len(), 1, "lane {lane}: {written:?}");
    }
    worker.stop();
}

/// Lines that are not of the trace, from `from` on.
fn loud(worker: &Worker, from: usize) -> Vec<Value> {
    lines(worker).into_iter().skip(from).filter(|line| line["level"] != "DEBUG").collect()
}

#[test]
fn an_outage_is_a_line_when_it_begins_one_a_minute_and_one_when_it_ends() {
    let (kafka, names) = (Kafka::start("outage"), Names::new("outage"));
    kafka.topics(&names, [4, 4, 1], [&[], &[], &[]]);
    let environment = [JSON, ("COPYDESK__STREAM__LANES", "4"), ("COPYDESK__STREAM__MAX_BACKOFF", "10s")];
    let worker = Worker::start_with(&kafka, &names, "one", &environment);
    worker.wait_ready();
    wait("four partitions", Duration::from_secs(60), || {
        worker.get("/readyz").is_some_and(|(_, text)| text.matches("partitions none").count() == 0)
    });
    // The quiet before it: no false alarm while connections that are idle are closed.
    std::thread::sleep(Duration::from_secs(25));
    assert_eq!(with(&worker, "broker can be reached"), [] as [Value; 0]);
    let before = lines(&worker).len();
    let killed = Instant::now();
    kafka.script(&["kill", "1"]);
    std::thread::sleep(Duration::from_secs(70));
    let mut during = loud(&worker, before);
    // Counts of lines from before: topics that were made a moment ago are not known to every broker at once.
    during.retain(|line| !says(line, "waiting: topic"));
    assert!(during.len() <= 2, "{} lines: {during:#?}", during.len());
    assert!(says(&during[0], "no broker can be reached: "), "{during:?}");
    assert!(says(&during[1], "no broker can be reached still"), "{during:?}");
    assert!(number(&during[1], "errors") > 0 && number(&during[1], "since_s") >= 59, "{during:?}");
    kafka.script(&["resume", "1"]);
    let answered = killed.elapsed().as_secs_f64();
    wait("the end", Duration::from_secs(60), || !with(&worker, "brokers can be reached again").is_empty());
    let ended = with(&worker, "brokers can be reached again");
    let took = ended[0]["after_s"].as_f64().expect("a number");
    assert!(took > 60.0 && took < answered + 45.0, "{took} s told, {answered} s made");
    worker.wait_ready();
    worker.stop();
}

#[test]
fn brokers_that_were_never_there_are_one_outage_of_all_lanes() {
    let names = Names::new("never");
    let worker =
        Worker::start_with(&Kafka::named("127.0.0.1:9"), &names, "one", &[JSON, ("COPYDESK__STREAM__LANES", "4")]);
    wait("the outage", Duration::from_secs(60), || !with(&worker, "no broker can be reached").is_empty());
    std::thread::sleep(Duration::from_secs(20));
    let told: Vec<Value> = loud(&worker, 0).into_iter().filter(|line| line["level"] != "INFO").collect();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0]["why"].as_str().is_some_and(|why| why.contains("127.0.0.1:9")), "{told:?}");
}
