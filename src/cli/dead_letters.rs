//! `copydesk dead-letters`: list, show, replay.

mod filter;
mod list;
mod place;
mod replay;
mod row;
mod selection;
mod show;

use std::process::ExitCode;

use crate::cli::{exit, note};
use crate::config::Settings;
use crate::worker::reader::{From, Next, Reader, Record};
use selection::BROKER_TIMEOUT;

/// Help on `--where`, for the commands that have it.
const WHERE_HELP: &str = "Conditions (--where):
  FIELD OPERATOR VALUE, combined by `and`, `or`, `not` and brackets; a value with spaces in quotes
  text      code, stage, message, key, topic               = != ~ (contains, ignoring case) !~
  numbers   partition, offset (of the article), bytes,     = != < <= > >=
            dead.partition, dead.offset
  time      RFC 3339, a date, or how long ago (2h)         = != < <= > >=

Examples:
  copydesk dead-letters list --limit 20
  copydesk dead-letters list --count --since 24h
  copydesk dead-letters list --where 'code = invalid_json and message ~ \"line 1\"'
  copydesk dead-letters list --where 'topic = news.raw and (partition = 3 or offset > 1000)' --json";

/// Lists dead letters, shows one, or sends selected ones back to the input topic.
///
/// A dead letter is a payload that could not be cleaned, unchanged, with the reason in its headers.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  copydesk dead-letters list --code invalid_utf8 --since 2h
  copydesk dead-letters list --where 'code = no_body and message ~ body' --limit 20
  copydesk dead-letters show 0/17
  copydesk dead-letters replay --code internal          (a dry run)
  copydesk dead-letters replay --code internal --yes    (sends them)")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(list::Args),
    Show(show::Args),
    Replay(replay::Args),
}

/// Runs the sub-command.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let done = match &args.command {
        Command::List(args) => list::run(args, settings),
        Command::Show(args) => show::run(args, settings),
        Command::Replay(args) => replay::run(args, settings),
    };
    done.or_else(|error| {
        if error.chain().any(|cause| cause.is::<std::io::Error>()) {
            return Err(error);
        }
        note(format_args!("copydesk: {error:#}"));
        Ok(ExitCode::from(exit::UNAVAILABLE))
    })
}

/// One record by its coordinates, if the topic still has it.
fn one(settings: &Settings, topic: &str, partition: i32, offset: i64) -> anyhow::Result<Option<Record>> {
    let mut reader = Reader::open(&settings.stream, topic, From::At(partition, offset), BROKER_TIMEOUT)?;
    loop {
        match reader.next_within(BROKER_TIMEOUT)? {
            Next::Record(record) => return Ok(Some(record).filter(|record| record.offset == offset)),
            Next::Nothing => {}
            Next::AtEnd => return Ok(None),
        }
    }
}
