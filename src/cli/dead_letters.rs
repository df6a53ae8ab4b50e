//! `copydesk dead-letters`: list, show, replay.

mod choice;
mod replay;
mod show;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;

use crate::cli::{exit, safe};
use crate::config::Settings;
use crate::worker::dead_letter;
use crate::worker::reader::{From, Next, Reader, Record};
use choice::{Choice, PATIENCE, Seen, Then};

/// Reads the dead letters, shows one, sends chosen ones back to the input topic.
///
/// A dead letter is a payload that could not be cleaned, as it came, with the reason in its headers.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  copydesk dead-letters list --code invalid_utf8 --since 2h
  copydesk dead-letters show 0 17
  copydesk dead-letters replay --code internal          (says what it would send)
  copydesk dead-letters replay --code internal --yes    (sends it)")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// One line for each dead letter, fields separated by tabs.
    ///
    /// Where it is (partition/offset), its time, where it came from (topic/partition/offset), its code, its size, `replayed`
    /// or `-`, and the reason.
    List(Choice),
    Show(show::Args),
    Replay(replay::Args),
}

/// Does what the sub-command says.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let done = match &args.command {
        Command::List(choice) => list(choice, settings),
        Command::Show(args) => show::run(args, settings),
        Command::Replay(args) => replay::run(args, settings),
    };
    done.or_else(|error| {
        if error.chain().any(|cause| cause.is::<std::io::Error>()) {
            return Err(error);
        }
        eprintln!("copydesk: {error:#}");
        Ok(ExitCode::from(exit::UNAVAILABLE))
    })
}

fn list(choice: &Choice, settings: &Settings) -> anyhow::Result<ExitCode> {
    let snapshot = choice.snapshot(settings)?;
    if let Err(trouble) = snapshot.settle(PATIENCE / 5) {
        eprintln!("copydesk: {trouble}: what lies behind it is not listed");
    }
    let mut out = std::io::stdout().lock();
    let mut count = 0;
    choice.read(&snapshot, |seen| {
        if let Seen::Chosen(record, replayed) = seen {
            count += 1;
            writeln!(out, "{}", described(&record, replayed)).context("writing to standard output")?;
        }
        Ok(Then::Continue)
    })?;
    eprintln!("{count} dead letters");
    Ok(ExitCode::from(exit::OK))
}

/// One record by its coordinates, where it is still there.
fn one(settings: &Settings, topic: &str, partition: i32, offset: i64) -> anyhow::Result<Option<Record>> {
    let mut reader = Reader::open(&settings.stream, topic, From::At(partition, offset), PATIENCE)?;
    loop {
        match reader.next_within(PATIENCE)? {
            Next::Record(record) => return Ok(Some(record).filter(|record| record.offset == offset)),
            Next::Nothing => {}
            Next::AtEnd => return Ok(None),
        }
    }
}

fn origin(record: &Record) -> String {
    let header = |name| record.header(name).unwrap_or_else(|| "?".to_owned());
    format!("{}/{}/{}", header(dead_letter::TOPIC), header(dead_letter::PARTITION), header(dead_letter::OFFSET))
}

/// The line of `list`. A message may quote the payload: nothing of it may steer the terminal, or look like another field.
fn described(record: &Record, replayed: bool) -> String {
    let header = |name| record.header(name).unwrap_or_else(|| "?".to_owned());
    let bytes = record.value.as_ref().map_or("null".to_owned(), |value| format!("{} bytes", value.len()));
    let fields = [
        format!("{}/{}", record.partition, record.offset),
        time(record),
        origin(record),
        header(dead_letter::CODE),
        bytes + &cut(record),
        if replayed { "replayed" } else { "-" }.to_owned(),
        header(dead_letter::MESSAGE),
    ];
    fields.map(|field| safe::text(&field, false).replace('\t', " ")).join("\t")
}

/// What to add to the size of a letter that was cut.
fn cut(record: &Record) -> String {
    record
        .header(dead_letter::CUT_BYTES)
        .map_or(String::new(), |whole| format!(" of {}, cut", safe::text(&whole, false)))
}

fn time(record: &Record) -> String {
    let time = record.timestamp.and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok());
    time.map_or_else(|| "?".to_owned(), |time| time.to_string())
}
