//! `copydesk feed`: articles from files into the input topic.

use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::exit;
use crate::cli::interrupt::Interrupt;
use crate::cli::say;
use crate::config::Settings;
use crate::worker::writer::{Outgoing, Writer};

/// Sends articles to the input topic: files, folders, standard input.
///
/// Each file is one article; with --lines each line is one (NDJSON, or one plain text a line). A folder stands for every
/// file in it, and in its folders. Articles are acknowledged by all replicas, in the order in which they were given
/// for each key; the last line says how many were sent.
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
    #[arg(long, value_name = "N")]
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

impl Args {
    /// How often everything is sent; None: until Ctrl-C.
    fn rounds(&self) -> Option<u64> {
        self.repeat.map_or(Some(1), |times| times)
    }
}

/// Sends everything, then waits for the acknowledgements.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    if args.repeat.is_some() && args.files.iter().any(|file| file.as_os_str() == "-") {
        eprintln!("copydesk: standard input can be read once: `--repeat` wants files");
        return Ok(ExitCode::from(exit::USAGE));
    }
    let files = match find(&args.files) {
        Ok(files) => files,
        Err(error) => {
            eprintln!("copydesk: {error:#}");
            return Ok(ExitCode::from(exit::IO));
        }
    };
    let writer = Writer::new(&settings.stream, &settings.stream.input)?;
    let mut feeder = Feeder {
        args,
        writer: &writer,
        names: Vec::new(),
        before: 0,
        bar: bar(&files, args),
        interrupt: Interrupt::listen()?,
        started: Instant::now(),
        failed: 0,
    };
    let fed = feeder.rounds(&files);
    if let Err(error) = &fed {
        eprintln!("copydesk: {error:#}");
    }
    let bar = feeder.bar.clone();
    let drained = writer.drain(Duration::from_secs(60), || bar.tick());
    feeder.report_failures();
    bar.finish_and_clear();
    if let Err(trouble) = &drained {
        eprintln!("copydesk: {trouble}");
    }
    let seconds = feeder.started.elapsed().as_secs_f64();
    say(format_args!(
        "{} of {} articles sent to `{}` in {seconds:.1} s",
        writer.delivered(),
        feeder.number(),
        settings.stream.input
    ));
    Ok(ExitCode::from(match (fed, drained) {
        (Err(_), _) => exit::IO,
        (_, Err(_)) => exit::UNAVAILABLE,
        _ if feeder.failed > 0 => exit::UNAVAILABLE,
        _ => exit::OK,
    }))
}

struct Feeder<'a> {
    args: &'a Args,
    writer: &'a Writer,
    /// Where each article of this round came from, by the number it was sent with.
    names: Vec<String>,
    /// Articles of the rounds before.
    before: usize,
    bar: ProgressBar,
    interrupt: Interrupt,
    started: Instant,
    failed: usize,
}

impl Feeder<'_> {
    fn rounds(&mut self, files: &[PathBuf]) -> anyhow::Result<()> {
        let rounds = self.args.rounds();
        let mut round = 1;
        loop {
            files.iter().try_for_each(|file| self.file(file))?;
            if rounds == Some(round) || self.interrupt.pressed() {
                return Ok(());
            }
            if self.names.is_empty() {
                anyhow::bail!("there is no article in these files to repeat");
            }
            self.end_round();
            round += 1;
        }
    }

    /// Waits for the acknowledgements, so that what is remembered does not grow for ever.
    fn end_round(&mut self) {
        while self.writer.in_flight() > 0 && !self.interrupt.pressed() {
            self.report_failures();
            self.bar.tick();
            std::thread::sleep(Duration::from_millis(1));
        }
        if self.writer.in_flight() == 0 {
            self.report_failures();
            self.before += self.names.len();
            self.names.clear();
        }
    }

    /// The next article's number.
    fn number(&self) -> usize {
        self.before + self.names.len()
    }

    /// Waits until the next article is due.
    fn pace(&self, rate: f64) {
        let due = self.started + Duration::from_secs_f64(self.number() as f64 / rate);
        while !self.interrupt.pressed() {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(Duration::from_millis(100)));
        }
    }

    fn file(&mut self, path: &Path) -> anyhow::Result<()> {
        let name = path.display().to_string();
        let reading = || format!("reading `{name}`");
        let mut input: Box<dyn BufRead> = if path.as_os_str() == "-" {
            Box::new(std::io::stdin().lock())
        } else {
            Box::new(BufReader::new(File::open(path).with_context(reading)?))
        };
        if !self.args.lines {
            let mut payload = Vec::new();
            input.read_to_end(&mut payload).with_context(reading)?;
            return self.article(&payload, name);
        }
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            if input.read_until(b'\n', &mut line).with_context(reading)? == 0 || self.interrupt.pressed() {
                break;
            }
            if self.args.lines {
                self.bar.inc(line.len() as u64);
            }
            let payload = line.trim_ascii();
            if !payload.is_empty() {
                self.article(payload, format!("{name}:{number}"))?;
            }
        }
        Ok(())
    }

    fn article(&mut self, payload: &[u8], name: String) -> anyhow::Result<()> {
        if self.interrupt.pressed() {
            return Ok(());
        }
        if let Some(rate) = self.args.rate.filter(|rate| *rate > 0.0) {
            self.pace(rate);
            if self.interrupt.pressed() {
                return Ok(());
            }
        }
        let key = match self.args.key {
            Key::Uri => Some(uri(payload).unwrap_or_else(|| name.clone())),
            Key::File => Some(name.clone()),
            Key::None => None,
        };
        let outgoing = Outgoing { key: key.as_deref().map(str::as_bytes), value: Some(payload), ..Outgoing::default() };
        let number = self.number();
        if let Err(trouble) = self.writer.send(number, outgoing) {
            self.failed += 1;
            self.bar.suspend(|| eprintln!("copydesk: `{name}`: {trouble}"));
        }
        self.names.push(name);
        if !self.args.lines {
            self.bar.inc(1);
        }
        self.report_failures();
        Ok(())
    }

    fn report_failures(&mut self) {
        for undelivered in self.writer.undelivered() {
            self.failed += 1;
            let place = undelivered.number.checked_sub(self.before);
            let name = place.and_then(|place| self.names.get(place)).map_or("?", String::as_str);
            self.bar.suspend(|| eprintln!("copydesk: `{name}` was not delivered: {}", undelivered.reason));
        }
    }
}

/// Files in the order given, folders replaced by what is in them, by name.
fn find(given: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in given {
        if !path.is_dir() {
            if path.as_os_str() != "-" && !path.exists() {
                anyhow::bail!("`{}`: there is no such file or folder", path.display());
            }
            files.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).with_context(|| format!("reading the folder `{}`", path.display()))?;
        let mut inside = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
        inside.retain(|path| path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.')));
        inside.sort();
        files.extend(find(&inside)?);
    }
    Ok(files)
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
    if !std::io::stderr().is_terminal() {
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
