//! `copydesk feed`: articles from files into the input topic.

mod find;
mod source;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::interrupt::Interrupt;
use crate::cli::{color, exit, note, say};
use crate::config::{Settings, Stream};
use crate::worker::writer::{Offered, Outgoing, Undelivered, Writer};
use crate::worker::{KafkaTrouble, probe};
use find::find;
use source::{ArticleOrigin, Plan, Read};

/// Sends articles to the input topic: files, folders, standard input.
///
/// Each file is one article; with --lines each line is one (NDJSON, or one plain text a line). A folder stands for all files
/// in it and in its subfolders. Articles are acknowledged by all replicas, and ordering is preserved for each key; the last
/// line says how many were sent. An article larger than `limits.payload`, which the worker would refuse, and an empty one
/// are skipped and reported; memory does not grow with the input.
///
/// Exit code: 0 all were sent, or there was nothing to send; 3 some were skipped, being too large; 69 some were not
/// acknowledged, or the topic does not exist; 74 a file can't be read; 75 interrupted before the end.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  copydesk feed samples/
  copydesk feed --lines articles.ndjson --rate 100
  zcat dump.gz | copydesk feed --lines
  copydesk feed --repeat --rate 5 samples/    (in a loop, until Ctrl-C)")]
pub struct Args {
    /// Files and folders; `-` or none: standard input.
    #[arg(value_name = "FILE", default_value = "-", hide_default_value = true)]
    files: Vec<PathBuf>,
    /// Each line is an article; blank lines are skipped.
    #[arg(long)]
    lines: bool,
    /// At most this many articles a second.
    #[arg(long, value_name = "N", value_parser = rate)]
    rate: Option<f64>,
    /// Send everything N times, or (without =N) until Ctrl-C. The files are read again each time.
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, value_parser = clap::value_parser!(u64).range(1..))]
    repeat: Option<Option<u64>>,
    /// The record's key: `uri` (of a JSON article: uri, guid, id or url; else the file's name), `file`, or `none`.
    #[arg(long, value_enum, default_value_t = Key::Uri, value_name = "WHICH")]
    key: Key,
}

/// What the key of a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Key {
    /// The article's own identifier.
    Uri,
    /// The file's name (with --lines and the line's number).
    File,
    /// None: the worker keys the record by its `uri`.
    None,
}

/// Articles a second: no fewer than one a day.
fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse::<f64>().ok().filter(|rate| (1.0 / 86_400.0..=1e9).contains(rate));
    rate.ok_or_else(|| "expected a number greater than 0, such as `100` or `0.5`".to_owned())
}

impl Args {
    /// How often everything is sent; `None`: until Ctrl-C.
    fn rounds(&self) -> Option<u64> {
        self.repeat.map_or(Some(1), |times| times)
    }
}

/// How long the brokers may take to say whether the topic exists.
const TOPIC_TIMEOUT: Duration = Duration::from_secs(10);
/// Without any acknowledgement for this long, the rest is given up.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(60);
/// The same after Ctrl-C.
const INTERRUPTED_TIMEOUT: Duration = Duration::from_millis(500);

/// Sends everything, then waits for the acknowledgements.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    if args.repeat.is_some() && args.files.iter().any(|file| file.as_os_str() == "-") {
        note(format_args!("copydesk: standard input can be read only once: name files with `--repeat`"));
        return Ok(ExitCode::from(exit::USAGE));
    }
    let files = match find(&args.files) {
        Ok(files) => files,
        Err(error) => {
            note(format_args!("copydesk: {error:#}"));
            return Ok(ExitCode::from(exit::IO));
        }
    };
    let interrupt = Interrupt::listen()?;
    match topic_exists(&settings.stream, &interrupt)? {
        Some(Ok(())) => {}
        Some(Err(trouble)) => {
            note(format_args!("copydesk: {trouble}"));
            return Ok(ExitCode::from(exit::UNAVAILABLE));
        }
        None => {
            note(format_args!("copydesk: interrupted: nothing was sent"));
            return Ok(ExitCode::from(exit::CUT_SHORT));
        }
    }
    let bar = bar(&files, args);
    let plan = Plan { files, lines: args.lines, rounds: args.rounds(), limit: settings.limits.payload };
    let mut feeder = Feeder {
        args,
        writer: &Writer::new(&settings.stream, &settings.stream.input)?,
        limit: plan.limit,
        bar,
        interrupt,
        started: Instant::now(),
        counts: FeedCounts::default(),
    };
    let fed = feeder.feed(&source::start(plan).context("starting to read")?);
    if let FeedEnd::Failed(error) = &fed {
        feeder.note(&format!("{error:#}"));
    }
    let drained = feeder.drain();
    feeder.bar.finish_and_clear();
    Ok(ExitCode::from(feeder.report(&fed, drained, &settings.stream.input)))
}

/// Does the topic exist? `None`: interrupted meanwhile. Asked on a thread of its own, since the call can't be interrupted.
fn topic_exists(stream: &Stream, interrupt: &Interrupt) -> anyhow::Result<Option<Result<(), KafkaTrouble>>> {
    let (sender, answer) = channel();
    let started = Instant::now();
    let ask = {
        let stream = stream.clone();
        move || drop(sender.send(probe::topic(&stream, &stream.input, TOPIC_TIMEOUT)))
    };
    std::thread::Builder::new().name("ask".to_owned()).spawn(ask).context("starting to ask")?;
    let mut noted = false;
    while !interrupt.pressed() {
        match answer.recv_timeout(Duration::from_millis(50)) {
            Ok(answer) => return Ok(Some(answer)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => anyhow::bail!("no answer about the topic"),
        }
        if !noted && started.elapsed() > Duration::from_secs(2) {
            noted = true;
            note(format_args!("copydesk: no answer yet from the brokers at `{}` (Ctrl-C stops)", stream.brokers));
        }
    }
    Ok(None)
}

/// How reading and sending ended.
enum FeedEnd {
    Whole,
    Interrupted,
    Failed(anyhow::Error),
}

#[derive(Debug, Default)]
struct FeedCounts {
    /// Articles that were read.
    read: u64,
    /// Of them, those known not to be delivered.
    failed: u64,
    /// Of them, those that are larger than the limit.
    too_large: u64,
}

struct Feeder<'a> {
    args: &'a Args,
    writer: &'a Writer<ArticleOrigin>,
    /// Largest article in bytes.
    limit: usize,
    bar: ProgressBar,
    interrupt: Interrupt,
    started: Instant,
    counts: FeedCounts,
}

impl Feeder<'_> {
    fn feed(&mut self, input: &Receiver<Read>) -> FeedEnd {
        while !self.interrupt.pressed() {
            match input.recv_timeout(Duration::from_millis(50)) {
                Ok(Read::Article { payload, origin }) => {
                    self.counts.read += 1;
                    self.article(&payload, origin);
                    self.bar.inc(if self.args.lines { payload.len() as u64 + 1 } else { 1 });
                }
                Ok(Read::TooLarge { bytes, origin }) => {
                    self.counts.read += 1;
                    self.counts.too_large += 1;
                    let limit = self.limit;
                    self.note(&format!(
                        "`{origin}` is skipped: it has {bytes} bytes, the limit is {limit} (`limits.payload`)"
                    ));
                }
                Ok(Read::Empty(origin)) => self.note(&format!("`{origin}` is skipped: it is empty")),
                Ok(Read::Failed(error)) => return FeedEnd::Failed(error),
                Err(RecvTimeoutError::Timeout) => self.bar.tick(),
                Err(RecvTimeoutError::Disconnected) => return FeedEnd::Whole,
            }
            self.look_for_failures();
        }
        FeedEnd::Interrupted
    }

    /// Waits until the next article is due.
    fn pace(&self, rate: f64) {
        let due = self
            .started
            .checked_add(Duration::try_from_secs_f64((self.counts.read - 1) as f64 / rate).unwrap_or(Duration::MAX));
        let Some(due) = due else { return };
        while !self.interrupt.pressed() {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(Duration::from_millis(100)));
        }
    }

    fn article(&mut self, payload: &[u8], origin: ArticleOrigin) {
        if let Some(rate) = self.args.rate {
            self.pace(rate);
        }
        let key = match self.args.key {
            Key::Uri => Some(uri(payload).unwrap_or_else(|| origin.key())),
            Key::File => Some(origin.key()),
            Key::None => None,
        };
        let outgoing = Outgoing { key: key.as_deref().map(str::as_bytes), value: Some(payload), ..Outgoing::default() };
        let mut label = origin.clone();
        while !self.interrupt.pressed() {
            match self.writer.offer(label, outgoing) {
                Ok(Offered::Queued) => return,
                Ok(Offered::Full(back)) => label = back,
                Err(trouble) => return self.fail(&format!("`{origin}`: {trouble}")),
            }
            self.look_for_failures();
            self.bar.tick();
            std::thread::sleep(Duration::from_millis(1));
        }
        // Interrupted before it was sent.
        self.counts.read -= 1;
    }

    fn look_for_failures(&mut self) {
        for Undelivered { label, reason } in self.writer.undelivered() {
            self.fail(&format!("`{label}` was not delivered: {reason}"));
        }
    }

    /// FeedCounts a failure, and reports the first ones: an outage may cause a hundred thousand.
    fn fail(&mut self, what: &str) {
        const REPORTED: u64 = 20;
        self.counts.failed += 1;
        match self.counts.failed {
            ..=REPORTED => self.note(what),
            count if count == REPORTED + 1 => self.note("further failures are only counted: see the end"),
            _ => {}
        }
    }

    fn note(&self, what: &str) {
        self.bar.suspend(|| note(format_args!("copydesk: {what}")));
    }

    /// Waits until every record is acknowledged or failed: as long as there is progress, and only briefly after Ctrl-C.
    fn drain(&mut self) -> Result<(), KafkaTrouble> {
        let mut last = (self.writer.delivered(), Instant::now());
        while self.writer.in_flight() > 0 {
            self.look_for_failures();
            self.bar.tick();
            let delivered = self.writer.delivered();
            if delivered != last.0 {
                last = (delivered, Instant::now());
            }
            if last.1.elapsed() > if self.interrupt.pressed() { INTERRUPTED_TIMEOUT } else { DELIVERY_TIMEOUT } {
                return Err(self.writer.unacknowledged());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        self.look_for_failures();
        Ok(())
    }

    /// Says what became of the articles, and chooses the exit code.
    fn report(&self, fed: &FeedEnd, drained: Result<(), KafkaTrouble>, topic: &str) -> u8 {
        let FeedCounts { read, failed, too_large } = self.counts;
        let open = self.writer.in_flight();
        if let Err(trouble) = &drained {
            self.note(&trouble.to_string());
            self.note(&format!("{open} were not acknowledged: each may or may not have arrived"));
        }
        if failed > 0 {
            self.note(&format!("{failed} were not delivered"));
        }
        if too_large > 0 {
            self.note(&format!("{too_large} were skipped, being larger than the limit"));
        }
        if read == 0 && matches!(fed, FeedEnd::Whole) {
            self.note("no article in the input: nothing was sent");
        }
        let seconds = self.started.elapsed().as_secs_f64();
        say(format_args!("{} of {read} articles sent to `{topic}` in {seconds:.1} s", self.writer.delivered()));
        // Ctrl-C is the regular end of an endless repetition.
        let cut_short = matches!(fed, FeedEnd::Interrupted) && (self.args.rounds().is_some() || drained.is_err());
        match () {
            () if matches!(fed, FeedEnd::Failed(_)) => exit::IO,
            () if cut_short => exit::CUT_SHORT,
            () if drained.is_err() || failed > 0 => exit::UNAVAILABLE,
            () if too_large > 0 => exit::REFUSED,
            () => exit::OK,
        }
    }
}

/// The article's own identifier, where it is JSON and has one.
fn uri(payload: &[u8]) -> Option<String> {
    let start = payload.iter().find(|byte| !byte.is_ascii_whitespace())?;
    if *start != b'{' {
        return None;
    }
    let article: serde_json::Value = serde_json::from_slice(payload).ok()?;
    let inside = article.get("data").filter(|_| article.get("specversion").is_some()).unwrap_or(&article);
    ["uri", "guid", "id", "url"].iter().find_map(|name| inside.get(name)?.as_str()).map(str::to_owned)
}

fn bar(files: &[PathBuf], args: &Args) -> ProgressBar {
    let bytes: Option<u64> = files.iter().map(|file| file.metadata().ok().map(|metadata| metadata.len())).sum();
    let rounds = args.rounds();
    let (bar, shape) = match (args.lines, bytes.zip(rounds)) {
        (true, Some((bytes, rounds))) => {
            (ProgressBar::new(bytes * rounds), "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta} left")
        }
        (true, None) => (ProgressBar::no_length(), "{spinner} {bytes} {bytes_per_sec}"),
        (false, _) => match rounds {
            Some(rounds) => (ProgressBar::new(files.len() as u64 * rounds), "{bar:30} {pos}/{len} articles, {per_sec}"),
            None => (ProgressBar::no_length(), "{spinner} {pos} articles, {per_sec}"),
        },
    };
    if let Ok(style) = ProgressStyle::with_template(shape) {
        bar.set_style(style);
    }
    if !color::redraws() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_the_articles_own_identifier() {
        assert_eq!(uri(br#" {"uri": "urn:1", "url": "x"}"#).as_deref(), Some("urn:1"));
        assert_eq!(
            uri(br#"{"specversion": "1.0", "id": "event", "data": {"guid": "urn:2"}}"#).as_deref(),
            Some("urn:2")
        );
        assert_eq!(uri(b"plain text"), None);
        assert_eq!(uri(br#"{"headline": "no name"}"#), None);
        assert_eq!(uri(b"{ broken"), None);
    }
}
