//! Back to the input topic, each dead letter once, unless it is asked for again.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::choice::{Choice, Seen, Then};
use super::one;
use super::row::Row;
use crate::cli::interrupt::Interrupt;
use crate::cli::{color, exit, note};
use crate::config::Settings;
use crate::worker::dead_letter;
use crate::worker::reader::Record;
use crate::worker::replay::{Parcel, Replayer, Unsent};

/// Sends chosen dead letters back to the input topic; a dry run unless --yes.
///
/// What is sent is marked in the dead-letter topic, in the same transaction: what was replayed once is refused the next
/// time, whoever asks on whatever machine, and a replay that is cut short can be started anew. Of two replays in one group
/// at the same time the later ends the earlier.
///
/// Each letter is printed once it is sent. Exit code: 0 all were sent; 3 some were refused, having been replayed before; 69
/// some could not be sent; 75 interrupted, and whole up to there.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  copydesk dead-letters replay --code internal                  (says what it would send)
  copydesk dead-letters replay --code internal --pending --yes  (sends what was not replayed yet)
  copydesk dead-letters replay 0/17 news.raw/3/42 --again --yes (these two, once more)

Conditions (--where): `copydesk dead-letters list --help` has them.")]
pub struct Args {
    #[command(flatten)]
    choice: Choice,
    /// Send them.
    #[arg(long)]
    yes: bool,
    /// Send also what was replayed before.
    #[arg(long, conflicts_with = "pending")]
    again: bool,
}

/// Most dead letters in one transaction. (By bytes it is cut as the worker's are.)
const BATCH: usize = 500;

/// How long the brokers may take to end what an earlier replay left, and to begin.
const BEGIN: Duration = Duration::from_secs(60);

/// Runs the command.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let stream = &settings.stream;
    let mut choice = args.choice.clone();
    choice.topic.get_or_insert_with(|| stream.input.clone());
    // Before the marks are read: from here on no other replay can add to them.
    let replayer = args.yes.then(|| Replayer::open(stream, BEGIN)).transpose()?;
    let snapshot = choice.snapshot(settings)?;
    snapshot
        .wait_until_stable(BEGIN)
        .context("what was replayed before can't be known (docs/operate.md, hung transactions)")?;
    // From here on; until now nothing was sent, and Ctrl-C may end it where it stands.
    let interrupt = Interrupt::listen()?;
    let mut sending = Sending {
        replayer: replayer.as_ref(),
        bar: bar(snapshot.offsets()),
        batch: Vec::new(),
        bytes: 0,
        tally: Tally::default(),
    };
    let mut unfound = choice.places.clone();
    let read = choice.read(&snapshot, |seen| {
        sending.bar.inc(1);
        if interrupt.pressed() {
            return Ok(Then::Stop);
        }
        let Seen::Chosen(letter, replayed) = seen else { return Ok(Then::Continue) };
        unfound.retain(|place| !place.is_of(&letter));
        if replayed && !args.again {
            sending.refuse(&letter);
        } else if let Some(whole) = whole(&letter, settings)? {
            sending.take(Parcel { letter, whole }, stream.batch_bytes)?;
        } else {
            sending.lose(&letter, &format!("it was cut, and {} is not there any more", Row::of(&letter).origin()));
        }
        Ok(Then::Continue)
    });
    let read = read.and_then(|()| if interrupt.pressed() { Ok(()) } else { sending.flush() });
    sending.bar.finish_and_clear();
    let Tally { sent, refused, lost } = sending.tally;
    for place in unfound.iter().filter(|_| read.is_ok() && !interrupt.pressed()) {
        note(format_args!("copydesk: {place}: no dead letter that was chosen is there"));
    }
    let would = if args.yes { "were" } else { "would be" };
    let again = if refused > 0 {
        format!("; {refused} refused, having been replayed before (--again sends them as well)")
    } else {
        String::new()
    };
    let hint = if args.yes { "" } else { "; --yes sends them" };
    note(format_args!("{sent} dead letters {would} sent to `{}`{again}{hint}", stream.input));
    read?;
    Ok(ExitCode::from(match () {
        () if interrupt.pressed() => {
            note(format_args!("copydesk: interrupted: what was sent is marked, the rest is as it was"));
            exit::CUT_SHORT
        }
        () if lost > 0 || !unfound.is_empty() => exit::UNAVAILABLE,
        () if refused > 0 => exit::REFUSED,
        () => exit::OK,
    }))
}

#[derive(Default)]
struct Tally {
    /// In a dry run: would be.
    sent: usize,
    refused: usize,
    lost: usize,
}

struct Sending<'a> {
    /// None in a dry run.
    replayer: Option<&'a Replayer>,
    bar: ProgressBar,
    batch: Vec<Parcel>,
    bytes: usize,
    tally: Tally,
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
        let Some(replayer) = self.replayer else { return self.tell(&batch) };
        if batch.is_empty() {
            return Ok(());
        }
        match replayer.send(&batch) {
            Ok(()) => return self.tell(&batch),
            Err(Unsent::TooLarge) => {}
            Err(unsent) => return Err(unsent.into()),
        }
        // One of them; a request that was refused does not say which.
        for parcel in batch.chunks(1) {
            match replayer.send(parcel) {
                Ok(()) => self.tell(parcel)?,
                Err(Unsent::TooLarge) => self.lose(&parcel[0].letter, "the input topic takes no record of its size"),
                Err(unsent) => return Err(unsent.into()),
            }
        }
        Ok(())
    }

    fn tell(&mut self, sent: &[Parcel]) -> anyhow::Result<()> {
        self.tally.sent += sent.len();
        self.bar.set_message(self.tally.sent.to_string());
        let mut out = std::io::stdout().lock();
        let lines: String = sent.iter().map(|parcel| Row::of(&parcel.letter).line(false) + "\n").collect();
        self.bar.suspend(|| out.write_all(lines.as_bytes())).context("writing to standard output")
    }

    fn refuse(&mut self, letter: &Record) {
        self.tally.refused += 1;
        self.complain(letter, "it was replayed before");
    }

    fn lose(&mut self, letter: &Record, why: &str) {
        self.tally.lost += 1;
        self.complain(letter, why);
    }

    fn complain(&self, letter: &Record, why: &str) {
        let (partition, offset) = (letter.partition, letter.offset);
        self.bar.suspend(|| note(format_args!("copydesk: {partition}/{offset} is left out: {why}")));
    }
}

/// The payload as it first came: a dead letter that was cut is looked up in the input topic.
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
