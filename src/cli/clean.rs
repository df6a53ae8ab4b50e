//! `copydesk clean`: the same function without Kafka.
//!
//! Promises: records in input order whatever the number of threads; memory that does not grow with the input; a refused
//! payload stops nothing, is reported on standard error (or in a file), and shows in the exit code.

mod chunks;
mod files;
mod pool;

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::{color, escape, exit, note};
use crate::config::Settings;
use chunks::{Chunks, Source};
use pool::CleanedChunk;

/// Clean articles without Kafka: records on standard output, one a line, in input order
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  copydesk clean article.txt                       one article, one record
  copydesk clean --lines feed.jsonl > clean.jsonl  one article a line
  zcat dump.gz | copydesk clean --lines --threads 4 --dead-letters refused.jsonl > clean.jsonl

Refused payloads are reported on standard error, one JSON object a line: code, reason, file, line. Records go to a file
or a pipe byte for byte; on a terminal, control characters and bidi controls are escaped.
Exit code: 0 all clean, 3 something was refused, 64 wrong command line, 74 I/O error.")]
pub struct Args {
    /// Files to read, each one payload; `-` or none: standard input
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Each line is one payload (NDJSON, or plain text of one line)
    #[arg(long)]
    pub lines: bool,
    /// Number of threads [default: all cores with --lines, else 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Kafka's timestamp of each payload, against which "3 hours ago" is resolved: RFC 3339, or milliseconds since 1970
    #[arg(long, value_name = "T", value_parser = timestamp, allow_hyphen_values = true)]
    pub timestamp: Option<i64>,
    /// Write refusals to this file instead of standard error
    #[arg(long, value_name = "FILE")]
    pub dead_letters: Option<PathBuf>,
}

/// A moment in milliseconds since 1970-01-01 UTC.
pub(crate) fn timestamp(text: &str) -> Result<i64, String> {
    if let Ok(milliseconds) = text.parse::<i64>() {
        return Ok(milliseconds);
    }
    text.parse::<jiff::Timestamp>()
        .map(|timestamp| timestamp.as_millisecond())
        .map_err(|_| "expected RFC 3339 (2024-01-17T14:05:00Z) or milliseconds since 1970".to_owned())
}

/// Runs the command.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let sources = Source::all(&args.files);
    if let Some(conflict) = files::conflict(&args.files, args.dead_letters.as_deref()) {
        note(format_args!("copydesk: {conflict}"));
        return Ok(ExitCode::from(exit::USAGE));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = args.threads.map_or(if args.lines { cores } else { 1 }, usize::from);
    let mut output = Output {
        records: BufWriter::with_capacity(1 << 16, io::stdout().lock()),
        on_terminal: io::stdout().is_terminal(),
        refusals: match &args.dead_letters {
            Some(path) => Box::new(BufWriter::new(create(path)?)),
            // There may be no reader; the exit code reports refusals too.
            None => Box::new(IgnoreErrors(io::stderr())),
        },
        before: 0,
        refused: 0,
        progress: progress(&sources),
    };
    let chunks = Chunks::new(sources, args.lines, settings.limits.payload);
    pool::clean(chunks, threads, settings.limits, args.timestamp, |done| output.write(done))?;
    output.finish()
}

fn create(path: &PathBuf) -> anyhow::Result<File> {
    File::create(path).with_context(|| format!("cannot write `{}`", path.display()))
}

/// A writer whose errors are ignored.
struct IgnoreErrors<W>(W);

impl<W: Write> Write for IgnoreErrors<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}

struct Output {
    records: BufWriter<io::StdoutLock<'static>>,
    /// A terminal gets escapes in place of control characters.
    on_terminal: bool,
    refusals: Box<dyn Write>,
    /// Payloads of this file before the next chunk.
    before: u64,
    refused: u64,
    progress: ProgressBar,
}

impl Output {
    fn write(&mut self, done: &CleanedChunk) -> anyhow::Result<()> {
        let written = if self.on_terminal {
            self.records.write_all(escape::json(&String::from_utf8_lossy(&done.records)).as_bytes())
        } else {
            self.records.write_all(&done.records)
        };
        written.context("cannot write to standard output")?;
        if done.chunk.opens_file {
            self.before = 0;
        }
        if !done.refused.is_empty() {
            self.refused += done.refused.len() as u64;
            self.progress
                .suspend(|| write_refusals(done, self.before, &mut self.refusals))
                .context("cannot write the refusals")?;
        }
        self.before += done.payloads;
        self.progress.inc(done.chunk.bytes().len() as u64);
        Ok(())
    }

    fn finish(mut self) -> anyhow::Result<ExitCode> {
        self.records.flush().context("cannot write to standard output")?;
        self.refusals.flush().context("cannot write the refusals")?;
        self.progress.finish_and_clear();
        Ok(ExitCode::from(if self.refused > 0 { exit::REFUSED } else { exit::OK }))
    }
}

/// Reports refusals, one JSON object a line. Lines count from 1; `before`: lines of the file before this chunk.
fn write_refusals(done: &CleanedChunk, before: u64, out: &mut dyn Write) -> io::Result<()> {
    for (index, reject) in &done.refused {
        let mut refusal =
            serde_json::json!({ "code": reject.code(), "reason": reject.message(), "file": &*done.chunk.file });
        if done.chunk.lines {
            refusal["line"] = (before + index + 1).into();
        }
        writeln!(out, "{}", escape::json(&refusal.to_string()))?;
    }
    Ok(())
}

/// A progress bar, where the records go to a file or a pipe and the input is known to be long.
fn progress(sources: &[Source]) -> ProgressBar {
    const LONG: u64 = 16 << 20;
    let size: u64 = sources.iter().filter_map(Source::size).sum();
    if size < LONG || io::stdout().is_terminal() || !color::redraws() {
        return ProgressBar::hidden();
    }
    let bar = if color::stderr() { "{bar:40.cyan/dim}" } else { "{bar:40}" };
    let style =
        ProgressStyle::with_template(&format!("{bar} {{bytes}}/{{total_bytes}} {{bytes_per_sec}} {{eta}} left"));
    match style {
        Ok(style) => ProgressBar::new(size).with_style(style),
        Err(_) => ProgressBar::hidden(),
    }
}

#[cfg(test)]
mod tests {
    use super::timestamp;

    #[test]
    fn timestamps() {
        assert_eq!(timestamp("1705500300000"), Ok(1_705_500_300_000));
        assert_eq!(timestamp("2024-01-17T14:05:00Z"), Ok(1_705_500_300_000));
        assert_eq!(timestamp("2024-01-17T17:05:00+03:00"), Ok(1_705_500_300_000));
        assert!(timestamp("yesterday").is_err());
    }
}
