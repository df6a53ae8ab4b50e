//! `copydesk demo`: the real worker on an embedded broker, with sample articles.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use owo_colors::OwoColorize;
use serde_json::Value;

use crate::cli::admin_runtime::AdminRuntime;
use crate::cli::interrupt::Interrupt;
use crate::cli::{color, escape, exit, note};
use crate::config::{Delivery, Settings};
use crate::worker::dead_letter;
use crate::worker::embedded::Broker;
use crate::worker::reader::{From, Next, Reader, Record};
use crate::worker::supervisor::{Worker, WorkerEnd};
use crate::worker::writer::{Outgoing, Writer};

/// Watch articles being cleaned: no Kafka, no Docker, no network.
///
/// Starts a small broker inside this process, sends it sample articles in thirteen languages, runs the real worker on it,
/// and prints the records. The embedded broker has no real transactions, so the worker runs at-least-once here;
/// exactly-once is tested against a real Apache Kafka. Ends by itself, or with --keep keeps sending articles, so that the
/// admin page has something to show.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Keep sending articles afterwards, with the worker's admin page open, until Ctrl-C.
    #[arg(long)]
    keep: bool,
    /// Address of the admin page.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:9600", requires = "keep")]
    admin: SocketAddr,
    /// Articles a second.
    #[arg(long, value_name = "N", default_value_t = 20, requires = "keep", value_parser = clap::value_parser!(u32).range(1..=1000))]
    rate: u32,
}

macro_rules! samples {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../samples/", $name)))),*]
    };
}

/// The project's own sample articles.
const SAMPLES: &[(&str, &[u8])] = samples![
    "01-english-wire.txt",
    "02-arabic.txt",
    "03-russian-ninjs.json",
    "04-chinese-schema-org.json",
    "05-hindi-trafilatura.json",
    "06-greek-html.json",
    "07-german-hard-wrapped.txt",
    "08-french-cloudevent.json",
    "09-japanese-newspaper4k.json",
    "10-hebrew.txt",
    "11-korean.txt",
    "12-spanish-news-please.json",
    "13-thai.txt",
    "90-bad-utf8.txt",
    "91-bad-json.json",
];

/// How long everything may take before the demo fails.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Runs the demo.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut output = DemoOutput { out: std::io::stdout().lock(), colour: color::stdout() };
    let mut settings = settings.clone();
    let broker = Broker::start(&[("news.raw", 2), ("news.clean", 2), ("news.dead", 1)])?;
    let stream = &mut settings.stream;
    stream.brokers = broker.brokers();
    stream.input = "news.raw".to_owned();
    stream.output = "news.clean".to_owned();
    stream.dead_letters = "news.dead".to_owned();
    stream.lanes = 2;
    stream.delivery = Delivery::AtLeastOnce;
    // Not the properties of the user's own cluster: this broker needs none. Its empty fetches always take the full wait;
    // and on a busy machine it sometimes forgets a member during a rebalance, which shows when the session ends.
    let plain = [("fetch.wait.max.ms", "10"), ("session.timeout.ms", "6000"), ("heartbeat.interval.ms", "500")];
    stream.properties = plain.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    stream.oauth = None;
    settings.admin = args.keep.then_some(args.admin);
    let admin = if args.keep { AdminRuntime::start(&settings)? } else { None };
    if args.keep && admin.is_none() {
        return Ok(ExitCode::from(exit::IO));
    }
    let address = admin.as_ref().and_then(AdminRuntime::address);
    let started = Instant::now();
    output.title("A broker inside this process, the real worker, sample articles in thirteen languages")?;
    output.note("(the embedded broker has no real transactions: the worker runs at-least-once here)")?;

    let worker = Worker::start_on(&broker, &settings)?;
    let _runtime = admin.map(|admin| admin.serve(&settings, worker.health()));
    let writer = Writer::new(&settings.stream, &settings.stream.input)?;
    for (number, (name, payload)) in SAMPLES.iter().enumerate() {
        let outgoing = Outgoing { key: Some(name.as_bytes()), value: Some(payload), ..Outgoing::default() };
        writer.send(number, outgoing)?;
    }
    writer.drain(TIMEOUT, || {})?;
    output.note(&format!(
        "{} articles sent to news.raw; two lanes join their group (about three seconds) …",
        writer.delivered()
    ))?;

    let mut counts = DemoCounts::default();
    let mut clean = Reader::open(&settings.stream, &settings.stream.output, From::Start, TIMEOUT)?;
    let mut dead = Reader::open(&settings.stream, &settings.stream.dead_letters, From::Start, TIMEOUT)?;
    while counts.records + counts.refused < SAMPLES.len() && started.elapsed() < TIMEOUT {
        if let Next::Record(record) = clean.next(Duration::from_millis(20))? {
            counts.records += 1;
            output.record(&record, &mut counts)?;
        }
        if let Next::Record(record) = dead.next(Duration::from_millis(20))? {
            counts.refused += 1;
            output.dead_letter(&record)?;
        }
    }
    let took = started.elapsed();
    if let Some(address) = address {
        output.summary(&counts, took)?;
        output.title(&format!(
            "{} articles a second from now on; the worker's page is at http://{address}/ (Ctrl-C stops)",
            args.rate
        ))?;
        keep_sending(&writer, args.rate)?;
    }
    worker.stop().request();
    let outcome = worker.wait();
    if address.is_none() {
        output.summary(&counts, took)?;
        output.next_steps()?;
    }
    let complete = counts.records + counts.refused == SAMPLES.len() && outcome == WorkerEnd::Stopped;
    if !complete {
        let (done, all) = (counts.records + counts.refused, SAMPLES.len());
        note(format_args!("copydesk: the demo did not finish: {done} of {all} articles"));
    }
    Ok(ExitCode::from(if complete { exit::OK } else { exit::INTERNAL }))
}

/// Sends the samples in a loop until Ctrl-C.
fn keep_sending(writer: &Writer, rate: u32) -> anyhow::Result<()> {
    let interrupt = Interrupt::listen()?;
    let (started, pause) = (Instant::now(), Duration::from_secs(1) / rate);
    for (number, (_, payload)) in (0..).zip(SAMPLES.iter().cycle()) {
        while started.elapsed() < pause * number {
            if interrupt.pressed() {
                return Ok(());
            }
            std::thread::sleep(pause.min(Duration::from_millis(50)));
        }
        // Without a key, so that they go to both partitions, and to both lanes.
        writer.send(number as usize, Outgoing { value: Some(payload), ..Outgoing::default() })?;
    }
    Ok(())
}

#[derive(Debug, Default)]
struct DemoCounts {
    records: usize,
    refused: usize,
    kept: usize,
    dropped: usize,
    dates: usize,
}

struct DemoOutput<W> {
    out: W,
    colour: bool,
}

impl<W: Write> DemoOutput<W> {
    fn title(&mut self, text: &str) -> anyhow::Result<()> {
        if self.colour { writeln!(self.out, "{}", text.bold()) } else { writeln!(self.out, "{text}") }
            .context("writing")
    }

    fn note(&mut self, text: &str) -> anyhow::Result<()> {
        if self.colour { writeln!(self.out, "{}", text.dimmed()) } else { writeln!(self.out, "{text}") }
            .context("writing")
    }

    fn record(&mut self, record: &Record, counts: &mut DemoCounts) -> anyhow::Result<()> {
        let value: Value =
            serde_json::from_slice(record.value.as_deref().unwrap_or_default()).context("reading a record")?;
        let text = |name: &str| escape::lines(value.get(name).and_then(Value::as_str).unwrap_or_default());
        let list = |name: &str| value.get(name).and_then(Value::as_array).map_or(0, Vec::len);
        let (kept, dropped, dates) = (list("paragraphs"), list("dropped"), list("dates"));
        counts.kept += kept;
        counts.dropped += dropped;
        counts.dates += dates;
        let name = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default());
        writeln!(self.out)?;
        self.note(&format!("{name}  →  {}/{}/{}", record.topic, record.partition, record.offset))?;
        self.title(&text("headline"))?;
        for (number, line) in text("bodyText").lines().enumerate() {
            if number == 2 {
                self.note(&format!("  … {} more", kept.saturating_sub(2)))?;
                break;
            }
            let short: String = line.chars().take(100).collect();
            writeln!(self.out, "  {short}{}", if short.len() < line.len() { "…" } else { "" })?;
        }
        let published = Some(text("datePublished")).filter(|date| !date.is_empty());
        let published = published.unwrap_or_else(|| "no date".to_owned());
        let verdict =
            format!("  {published} · {kept} paragraphs kept · {dropped} repeats dropped · {dates} dates found");
        if self.colour {
            writeln!(self.out, "{}", verdict.green())?
        } else {
            writeln!(self.out, "{verdict}")?
        }
        Ok(())
    }

    fn dead_letter(&mut self, record: &Record) -> anyhow::Result<()> {
        let header = |name| escape::line(&record.header(name).unwrap_or_default());
        let name = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default());
        let verdict = format!("  dead letter, {}: {}", header(dead_letter::CODE), header(dead_letter::MESSAGE));
        writeln!(self.out)?;
        self.note(&format!("{name}  →  {}/{}/{}", record.topic, record.partition, record.offset))?;
        if self.colour {
            writeln!(self.out, "{}", verdict.red())?
        } else {
            writeln!(self.out, "{verdict}")?
        }
        Ok(())
    }

    fn summary(&mut self, counts: &DemoCounts, took: Duration) -> anyhow::Result<()> {
        writeln!(self.out)?;
        self.title(&format!(
            "{} articles: {} clean records, {} dead letters · {} paragraphs kept, {} repeats dropped, {} dates found · {:.1} s",
            counts.records + counts.refused,
            counts.records,
            counts.refused,
            counts.kept,
            counts.dropped,
            counts.dates,
            took.as_secs_f64()
        ))
    }

    fn next_steps(&mut self) -> anyhow::Result<()> {
        self.note(
            "Next, with your own Kafka: copydesk topics --create, copydesk run, copydesk feed samples/, copydesk tail",
        )
    }
}
