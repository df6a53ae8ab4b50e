//! `copydesk demo`: the real worker on an embedded broker, with sample articles.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use owo_colors::OwoColorize;
use serde_json::Value;

use crate::cli::around::Around;
use crate::cli::interrupt::Interrupt;
use crate::cli::{color, exit, note, safe};
use crate::config::{Delivery, Settings};
use crate::worker::dead_letter;
use crate::worker::embedded::Broker;
use crate::worker::reader::{From, Next, Reader, Record};
use crate::worker::supervisor::{Outcome, Worker};
use crate::worker::writer::{Outgoing, Writer};

/// Watch articles being cleaned: no Kafka, no Docker, no network.
///
/// Starts a small broker inside this process, feeds it sample articles in thirteen languages, runs the real worker on it,
/// and prints the records. The embedded broker proves nothing about transactions, so the worker runs at least once here;
/// exactly once is tested against a real Apache Kafka. Ends by itself, or with --keep goes on, so that the admin page has
/// something to show.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Afterwards go on feeding, with the worker's admin page open in the meantime, until Ctrl-C.
    #[arg(long)]
    keep: bool,
    /// Where the admin page listens.
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

/// How long everything may take before the demo gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Feeds, cleans, prints.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut page = Page { out: std::io::stdout().lock(), colour: color::stdout() };
    let mut settings = settings.clone();
    let broker = Broker::start(&[("news.raw", 2), ("news.clean", 2), ("news.dead", 1)])?;
    let stream = &mut settings.stream;
    stream.brokers = broker.brokers();
    stream.input = "news.raw".to_owned();
    stream.output = "news.clean".to_owned();
    stream.dead_letters = "news.dead".to_owned();
    stream.lanes = 2;
    stream.delivery = Delivery::AtLeastOnce;
    // Whatever the user's own cluster needs, this broker is plain. Its empty fetches last as long as they may; and on a
    // busy machine it sometimes forgets a member in the middle of a rebalance, which is noticed when a session ends.
    let plain = [("fetch.wait.max.ms", "10"), ("session.timeout.ms", "6000"), ("heartbeat.interval.ms", "500")];
    stream.properties = plain.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    stream.oauth = None;
    settings.admin = args.keep.then_some(args.admin);
    let around = if args.keep { Around::start(&settings)? } else { None };
    if args.keep && around.is_none() {
        return Ok(ExitCode::from(exit::IO));
    }
    let address = around.as_ref().and_then(Around::address);
    let started = Instant::now();
    page.title("A broker inside this process, the real worker, sample articles in thirteen languages")?;
    page.note("(the embedded broker proves nothing about transactions: the worker runs at least once here)")?;

    let worker = Worker::start_on(&broker, &settings)?;
    let _runtime = around.map(|around| around.serve(&settings, worker.health()));
    let writer = Writer::new(&settings.stream, &settings.stream.input)?;
    for (number, (name, payload)) in SAMPLES.iter().enumerate() {
        let outgoing = Outgoing { key: Some(name.as_bytes()), value: Some(payload), ..Outgoing::default() };
        writer.send(number, outgoing)?;
    }
    writer.drain(PATIENCE, || {})?;
    page.note(&format!(
        "{} articles fed to news.raw; two lanes join their group (about three seconds) …",
        writer.delivered()
    ))?;

    let mut tally = Tally::default();
    let mut clean = Reader::open(&settings.stream, &settings.stream.output, From::Start, PATIENCE)?;
    let mut dead = Reader::open(&settings.stream, &settings.stream.dead_letters, From::Start, PATIENCE)?;
    while tally.records + tally.refused < SAMPLES.len() && started.elapsed() < PATIENCE {
        if let Next::Record(record) = clean.next(Duration::from_millis(20))? {
            tally.records += 1;
            page.record(&record, &mut tally)?;
        }
        if let Next::Record(record) = dead.next(Duration::from_millis(20))? {
            tally.refused += 1;
            page.dead_letter(&record)?;
        }
    }
    let took = started.elapsed();
    if let Some(address) = address {
        page.summary(&tally, took)?;
        page.title(&format!(
            "{} articles a second from here on; the worker's page is at http://{address}/ (Ctrl-C ends)",
            args.rate
        ))?;
        go_on(&writer, args.rate)?;
    }
    worker.stop().request();
    let outcome = worker.wait();
    if address.is_none() {
        page.summary(&tally, took)?;
        page.next()?;
    }
    let complete = tally.records + tally.refused == SAMPLES.len() && outcome == Outcome::Stopped;
    if !complete {
        let (done, all) = (tally.records + tally.refused, SAMPLES.len());
        note(format_args!("copydesk: the demo did not come to its end: {done} of {all} articles"));
    }
    Ok(ExitCode::from(if complete { exit::OK } else { exit::INTERNAL }))
}

/// Feeds the samples again and again, each in its turn.
fn go_on(writer: &Writer, rate: u32) -> anyhow::Result<()> {
    let interrupt = Interrupt::listen()?;
    let (started, pause) = (Instant::now(), Duration::from_secs(1) / rate);
    for (number, (_, payload)) in (0..).zip(SAMPLES.iter().cycle()) {
        while started.elapsed() < pause * number {
            if interrupt.pressed() {
                return Ok(());
            }
            std::thread::sleep(pause.min(Duration::from_millis(50)));
        }
        // Without a key, so that they go to both partitions and so to both lanes.
        writer.send(number as usize, Outgoing { value: Some(payload), ..Outgoing::default() })?;
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Tally {
    records: usize,
    refused: usize,
    kept: usize,
    dropped: usize,
    dates: usize,
}

struct Page<W> {
    out: W,
    colour: bool,
}

impl<W: Write> Page<W> {
    fn title(&mut self, text: &str) -> anyhow::Result<()> {
        if self.colour { writeln!(self.out, "{}", text.bold()) } else { writeln!(self.out, "{text}") }
            .context("writing")
    }

    fn note(&mut self, text: &str) -> anyhow::Result<()> {
        if self.colour { writeln!(self.out, "{}", text.dimmed()) } else { writeln!(self.out, "{text}") }
            .context("writing")
    }

    fn record(&mut self, record: &Record, tally: &mut Tally) -> anyhow::Result<()> {
        let value: Value =
            serde_json::from_slice(record.value.as_deref().unwrap_or_default()).context("reading a record")?;
        let text = |name: &str| safe::text(value.get(name).and_then(Value::as_str).unwrap_or_default(), true);
        let list = |name: &str| value.get(name).and_then(Value::as_array).map_or(0, Vec::len);
        let (kept, dropped, dates) = (list("paragraphs"), list("dropped"), list("dates"));
        tally.kept += kept;
        tally.dropped += dropped;
        tally.dates += dates;
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
        let header = |name| safe::text(&record.header(name).unwrap_or_default(), false);
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

    fn summary(&mut self, tally: &Tally, took: Duration) -> anyhow::Result<()> {
        writeln!(self.out)?;
        self.title(&format!(
            "{} articles: {} clean records, {} dead letters · {} paragraphs kept, {} repeats dropped, {} dates found · {:.1} s",
            tally.records + tally.refused,
            tally.records,
            tally.refused,
            tally.kept,
            tally.dropped,
            tally.dates,
            took.as_secs_f64()
        ))
    }

    fn next(&mut self) -> anyhow::Result<()> {
        self.note("Next, with a Kafka of your own: copydesk topics --create, copydesk run, copydesk feed samples/, copydesk tail")
    }
}
