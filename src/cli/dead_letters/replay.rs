//! `dead-letters replay`: sends dead letters back to the input topic, each once, unless --again is given.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::one;
use super::row::Row;
use super::selection::{ScannedRecord, Selection, Then};
use crate::cli::interrupt::Interrupt;
use crate::cli::{color, exit, note};
use crate::config::Settings;
use crate::worker::dead_letter;
use crate::worker::reader::Record;
use crate::worker::replay::{Parcel, Replayer, Unsent};

/// Sends selected dead letters back to the input topic; a dry run unless --yes.
///
/// Each letter is marked as replayed in the dead-letter topic, in the same transaction: it is not sent a second time, from
/// whatever machine, and an interrupted replay can be repeated. If two replays run in one group at the same time, the later
/// one fences the earlier.
///
/// Each letter is printed once it is sent. Exit code: 0 all were sent; 3 some were skipped, having been replayed before; 69
/// some could not be sent; 75 interrupted: what was sent is marked.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  copydesk dead-letters replay --code internal                  (a dry run)
  copydesk dead-letters replay --code internal --pending --yes  (those not replayed yet)
  copydesk dead-letters replay 0/17 news.raw/3/42 --again --yes (these two, once more)

Conditions (--where): `copydesk dead-letters list --help` has them.")]
pub struct Args {
    #[command(flatten)]
    selection: Selection,
    /// Send them.
    #[arg(long)]
    yes: bool,
    /// Send those as well that were replayed before.
    #[arg(long, conflicts_with = "pending")]
    again: bool,
}

/// Most dead letters in one transaction. (Its bytes are bounded as the worker's are.)
const BATCH: usize = 500;

/// How long the brokers may take to abort the transaction of an earlier replay, and to begin.
const BEGIN: Duration = Duration::from_secs(60);

/// Runs the command.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let stream = &settings.stream;
    let mut selection = args.selection.clone();
    selection.topic.get_or_insert_with(|| stream.input.clone());
    // Before the marks are read: it fences other replays, which could add to them.
    let replayer = args.yes.then(|| Replayer::open(stream, BEGIN)).transpose()?;
    let snapshot = selection.snapshot(settings)?;
    snapshot
        .wait_until_stable(BEGIN)
        .context("can't find out what was replayed before (docs/operate.md, hung transactions)")?;
    // Until here nothing was sent, and Ctrl-C may end the process.
    let interrupt = Interrupt::listen()?;
    let mut sending = Sending {
        replayer: replayer.as_ref(),
        bar: bar(snapshot.offsets()),
        batch: Vec::new(),
        bytes: 0,
        counts: ReplayCounts::default(),
    };
    let mut not_found = selection.places.clone();
    let read = selection.read(&snapshot, |seen| {
        sending.bar.inc(1);
        if interrupt.pressed() {
            return Ok(Then::Stop);
        }
        let ScannedRecord::Selected(letter, replayed) = seen else { return Ok(Then::Continue) };
        not_found.retain(|place| !place.is_of(&letter));
        if replayed && !args.again {
            sending.skip(&letter);
        } else if let Some(whole) = whole(&letter, settings)? {
            sending.take(Parcel { letter, whole }, stream.batch_bytes)?;
        } else {
            sending.fail(&letter, &format!("it was cut, and {} no longer exists", Row::of(&letter).origin()));
        }
        Ok(Then::Continue)
    });
    let read = read.and_then(|()| if interrupt.pressed() { Ok(()) } else { sending.flush() });
    sending.bar.finish_and_clear();
    let ReplayCounts { sent, refused, failed } = sending.counts;
    for place in not_found.iter().filter(|_| read.is_ok() && !interrupt.pressed()) {
        note(format_args!("copydesk: {place}: no selected dead letter has these coordinates"));
    }
    let would = if args.yes { "were" } else { "would be" };
    let again = if refused > 0 {
        format!("; {refused} skipped, having been replayed before (--again sends them as well)")
    } else {
        String::new()
    };
    let hint = if args.yes { "" } else { "; --yes sends them" };
    note(format_args!("{sent} dead letters {would} sent to `{}`{again}{hint}", stream.input));
    read?;
    Ok(ExitCode::from(match () {
        () if interrupt.pressed() => {
            note(format_args!("copydesk: interrupted: what was sent is marked as replayed"));
            exit::CUT_SHORT
        }
        () if failed > 0 || !not_found.is_empty() => exit::UNAVAILABLE,
        () if refused > 0 => exit::REFUSED,
        () => exit::OK,
    }))
}

#[derive(Default)]
struct ReplayCounts {
    /// In a dry run: would be.
    sent: usize,
    refused: usize,
    failed: usize,
}

struct Sending<'a> {
    /// None in a dry run.
    replayer: Option<&'a Replayer>,
    bar: ProgressBar,
    batch: Vec<Parcel>,
    bytes: usize,
    counts: ReplayCounts,
}

impl Sending<'_> {
    fn take(&mut self, parcel: Parcel, most: usize) -> anyhow::Result<()> {
        self.bytes += parcel.bytes();
        self.batch.push(parcel);
        if self.batch.len() >= BATCH || self.bytes >= most { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        self.bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        let Some(replayer) = self.replayer else { return self.print(&batch) };
        if batch.is_empty() {
            return Ok(());
        }
        match replayer.send(&batch) {
            Ok(()) => return self.print(&batch),
            Err(Unsent::TooLarge) => {}
            Err(unsent) => return Err(unsent.into()),
        }
        // The error does not say which of them is too large.
        for parcel in batch.chunks(1) {
            match replayer.send(parcel) {
                Ok(()) => self.print(parcel)?,
                Err(Unsent::TooLarge) => self.fail(&parcel[0].letter, "it is too large for the input topic"),
                Err(unsent) => return Err(unsent.into()),
            }
        }
        Ok(())
    }

    fn print(&mut self, sent: &[Parcel]) -> anyhow::Result<()> {
        self.counts.sent += sent.len();
        self.bar.set_message(self.counts.sent.to_string());
        let mut out = std::io::stdout().lock();
        let lines: String = sent.iter().map(|parcel| Row::of(&parcel.letter).line(false) + "\n").collect();
        self.bar.suspend(|| out.write_all(lines.as_bytes())).context("writing to standard output")
    }

    fn skip(&mut self, letter: &Record) {
        self.counts.refused += 1;
        self.report(letter, "it was replayed before");
    }

    fn fail(&mut self, letter: &Record, why: &str) {
        self.counts.failed += 1;
        self.report(letter, why);
    }

    fn report(&self, letter: &Record, why: &str) {
        let (partition, offset) = (letter.partition, letter.offset);
        self.bar.suspend(|| note(format_args!("copydesk: {partition}/{offset} is skipped: {why}")));
    }
}

/// The original payload: that of a dead letter that was cut is read from the input topic.
fn whole(letter: &Record, settings: &Settings) -> anyhow::Result<Option<Record>> {
    let cut = [dead_letter::CUT_BYTES, dead_letter::CUT_HEADERS].iter().any(|name| letter.header(name).is_some());
    if !cut {
        return Ok(Some(letter.clone()));
    }
    let number = |name: &str| letter.header(name).and_then(|value| value.parse::<i64>().ok());
    let topic = letter.header(dead_letter::TOPIC);
    let (Some(topic), Some(partition), Some(offset)) =
        (topic, number(dead_letter::PARTITION), number(dead_letter::OFFSET))
    else {
        return Ok(None);
    };
    one(settings, &topic, i32::try_from(partition)?, offset)
}

fn bar(offsets: u64) -> ProgressBar {
    let bar = ProgressBar::new(offsets).with_message("0");
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} read, {msg} sent, {eta} left") {
        bar.set_style(style);
    }
    if !color::redraws() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar
}
