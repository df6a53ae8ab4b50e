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
use source::{Origin, Plan, Read};

/// Sends articles to the input topic: files, folders, standard input.
///
/// Each file is one article; with --lines each line is one (NDJSON, or one plain text a line). A folder stands for every
/// file in it, and in its folders. Articles are acknowledged by all replicas, in the order in which they were given
/// for each key; the last line says how many were sent. An article larger than `limits.payload`, which the worker would
/// refuse, is left out and told, and so is an empty one; memory does not grow with the input.
///
/// Exit code: 0 all were sent, or there was nothing to send; 3 some were left out, being too large; 69 some were not
/// acknowledged, or the topic is not there; 74 a file can't be read; 75 interrupted before the end.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  copydesk feed samples/
  copydesk feed --lines articles.ndjson --rate 100
  zcat dump.gz | copydesk feed --lines
  copydesk feed --repeat --rate 5 samples/    (again and again, until Ctrl-C)")]
pub struct Args {
    /// Files and folders; `-` or none: standard input.
    #[arg(value_name = "FILE", default_value = "-", hide_default_value = true)]
    files: Vec<PathBuf>,
    /// Each line is an article of its own; blank lines are left out.
    #[arg(long)]
    lines: bool,
    /// At most so many articles a second.
    #[arg(long, value_name = "N", value_parser = rate)]
    rate: Option<f64>,
    /// Send everything again and again: N times, or (without =N) until Ctrl-C. The files are read anew each time.
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, value_parser = clap::value_parser!(u64).range(1..))]
    repeat: Option<Option<u64>>,
    /// The record's key: `uri` (of a JSON article: uri, guid, id or url; else the file's name), `file`, or `none`.
    #[arg(long, value_enum, default_value_t = Key::Uri, value_name = "WHICH")]
    key: Key,
}

/// What becomes the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Key {
    /// The article's own name.
    Uri,
    /// The file's name (with --lines and the line's number).
    File,
    /// None: the worker keys the record by its `uri`.
    None,
}

/// Articles a second: no fewer than one a day.
fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse::<f64>().ok().filter(|rate| (1.0 / 86_400.0..=1e9).contains(rate));
    rate.ok_or_else(|| "a number greater than 0 is wanted, such as `100` or `0.5`".to_owned())
}

impl Args {
    /// How often everything is sent; None: until Ctrl-C.
    fn rounds(&self) -> Option<u64> {
        self.repeat.map_or(Some(1), |times| times)
    }
}

/// How long the brokers may take to say whether the topic is there.
const ASK: Duration = Duration::from_secs(10);
/// How long nothing at all may be acknowledged before the rest is given up.
const SILENCE: Duration = Duration::from_secs(60);
/// The same after Ctrl-C.
const HURRY: Duration = Duration::from_millis(500);

/// Sends everything, then waits for the acknowledgements.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    if args.repeat.is_some() && args.files.iter().any(|file| file.as_os_str() == "-") {
        note(format_args!("copydesk: standard input can be read once: `--repeat` wants files"));
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
    match asked(&settings.stream, &interrupt)? {
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
        tally: Tally::default(),
    };
    let fed = feeder.feed(&source::start(plan).context("starting to read")?);
    if let Fed::Failed(error) = &fed {
        feeder.tell(&format!("{error:#}"));
    }
    let drained = feeder.drain();
    feeder.bar.finish_and_clear();
    Ok(ExitCode::from(feeder.report(&fed, drained, &settings.stream.input)))
}

/// Is the topic there? `None`: interrupted meanwhile. Asked on a thread of its own, since the call can't be.
fn asked(stream: &Stream, interrupt: &Interrupt) -> anyhow::Result<Option<Result<(), KafkaTrouble>>> {
    let (sender, answer) = channel();
    let started = Instant::now();
    let ask = {
        let stream = stream.clone();
        move || drop(sender.send(probe::topic(&stream, &stream.input, ASK)))
    };
    std::thread::Builder::new().name("ask".to_owned()).spawn(ask).context("starting to ask")?;
    let mut told = false;
    while !interrupt.pressed() {
        match answer.recv_timeout(Duration::from_millis(50)) {
            Ok(answer) => return Ok(Some(answer)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => anyhow::bail!("asking for the topic ended without an answer"),
        }
        if !told && started.elapsed() > Duration::from_secs(2) {
            told = true;
            note(format_args!("copydesk: no answer yet from the brokers at `{}` (Ctrl-C ends)", stream.brokers));
        }
    }
    Ok(None)
}

/// How reading and sending ended.
enum Fed {
    Whole,
    Interrupted,
    Failed(anyhow::Error),
}

#[derive(Debug, Default)]
struct Tally {
    /// Articles that were read.
    read: u64,
    /// Of them, those that were not delivered, as far as is known.
    failed: u64,
    /// Of them, those that are larger than the limit.
    too_large: u64,
}

struct Feeder<'a> {
    args: &'a Args,
    writer: &'a Writer<Origin>,
    /// Largest article in bytes.
    limit: usize,
    bar: ProgressBar,
    interrupt: Interrupt,
    started: Instant,
    tally: Tally,
}

impl Feeder<'_> {
    fn feed(&mut self, input: &Receiver<Read>) -> Fed {
        while !self.interrupt.pressed() {
            match input.recv_timeout(Duration::from_millis(50)) {
                Ok(Read::Article { payload, origin }) => {
                    self.tally.read += 1;
                    self.article(&payload, origin);
                    self.bar.inc(if self.args.lines { payload.len() as u64 + 1 } else { 1 });
                }
                Ok(Read::TooLarge { bytes, origin }) => {
                    self.tally.read += 1;
                    self.tally.too_large += 1;
                    let limit = self.limit;
                    self.tell(&format!(
                        "`{origin}` is left out: it has {bytes} bytes, the limit is {limit} (`limits.payload`)"
                    ));
                }
                Ok(Read::Empty(origin)) => self.tell(&format!("`{origin}` is left out: it is empty")),
                Ok(Read::Failed(error)) => return Fed::Failed(error),
                Err(RecvTimeoutError::Timeout) => self.bar.tick(),
                Err(RecvTimeoutError::Disconnected) => return Fed::Whole,
            }
            self.look_for_failures();
        }
        Fed::Interrupted
    }

    /// Waits until the next article is due.
    fn pace(&self, rate: f64) {
        let due = self
            .started
            .checked_add(Duration::try_from_secs_f64((self.tally.read - 1) as f64 / rate).unwrap_or(Duration::MAX));
        let Some(due) = due else { return };
        while !self.interrupt.pressed() {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(Duration::from_millis(100)));
        }
    }

    fn article(&mut self, payload: &[u8], origin: Origin) {
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
        // It was not sent, and nobody asked for it to be.
        self.tally.read -= 1;
    }

    fn look_for_failures(&mut self) {
        for Undelivered { label, reason } in self.writer.undelivered() {
            self.fail(&format!("`{label}` was not delivered: {reason}"));
        }
    }

    /// Counts a failure, and tells of the first ones: an outage may have a hundred thousand.
    fn fail(&mut self, what: &str) {
        const TOLD: u64 = 20;
        self.tally.failed += 1;
        match self.tally.failed {
            ..=TOLD => self.tell(what),
            count if count == TOLD + 1 => self.tell("more were not delivered: they are counted at the end"),
            _ => {}
        }
    }

    fn tell(&self, what: &str) {
        self.bar.suspend(|| note(format_args!("copydesk: {what}")));
    }

    /// Waits until every record was acknowledged or given up: for as long as some are, and not long after Ctrl-C.
    fn drain(&mut self) -> Result<(), KafkaTrouble> {
        let mut last = (self.writer.delivered(), Instant::now());
        while self.writer.in_flight() > 0 {
            self.look_for_failures();
            self.bar.tick();
            let delivered = self.writer.delivered();
            if delivered != last.0 {
                last = (delivered, Instant::now());
            }
            if last.1.elapsed() > if self.interrupt.pressed() { HURRY } else { SILENCE } {
                return Err(self.writer.unacknowledged());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        self.look_for_failures();
        Ok(())
    }

    /// Says what became of the articles, and chooses the exit code.
    fn report(&self, fed: &Fed, drained: Result<(), KafkaTrouble>, topic: &str) -> u8 {
        let Tally { read, failed, too_large } = self.tally;
        let open = self.writer.in_flight();
        if let Err(trouble) = &drained {
            self.tell(&trouble.to_string());
            self.tell(&format!("{open} were not acknowledged: each of them may have arrived or not"));
        }
        if failed > 0 {
            self.tell(&format!("{failed} were not delivered"));
        }
        if too_large > 0 {
            self.tell(&format!("{too_large} were left out, being larger than the limit"));
        }
        if read == 0 && matches!(fed, Fed::Whole) {
            self.tell("there was no article in the input: nothing was sent");
        }
        let seconds = self.started.elapsed().as_secs_f64();
        say(format_args!("{} of {read} articles sent to `{topic}` in {seconds:.1} s", self.writer.delivered()));
        // To repeat until Ctrl-C ends in order by Ctrl-C.
        let cut_short = matches!(fed, Fed::Interrupted) && (self.args.rounds().is_some() || drained.is_err());
        match () {
            () if matches!(fed, Fed::Failed(_)) => exit::IO,
            () if cut_short => exit::CUT_SHORT,
            () if drained.is_err() || failed > 0 => exit::UNAVAILABLE,
            () if too_large > 0 => exit::REFUSED,
            () => exit::OK,
        }
    }
}

/// The article's own name, where it is JSON and has one.
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
    fn the_key_is_the_articles_own_name() {
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
