//! `copydesk dead-letters`: list, show, replay.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;

use crate::cli::exit;
use crate::cli::line::Line;
use crate::config::Settings;
use crate::worker::dead_letter;
use crate::worker::reader::{From, Next, Reader, Record};
use crate::worker::writer::{Outgoing, Writer};

/// Reads the dead letters, shows one, sends chosen ones back to the input topic.
///
/// A dead letter is a payload that could not be cleaned, as it came, with the reason in its headers.
///
/// Examples:
///   copydesk dead-letters list --code invalid_utf8
///   copydesk dead-letters show 0 17
///   copydesk dead-letters replay --code internal          (says what it would send)
///   copydesk dead-letters replay --code internal --yes    (sends it)
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// One line for each dead letter: where it is, where it came from, its code and reason.
    List(Choice),
    /// One dead letter whole, as a JSON object.
    Show {
        /// Its partition in the dead-letter topic.
        partition: i32,
        /// Its offset there.
        offset: i64,
    },
    /// Sends chosen dead letters back to the input topic; a dry run unless --yes.
    Replay {
        #[command(flatten)]
        choice: Choice,
        /// Send them.
        #[arg(long)]
        yes: bool,
    },
}

/// Which dead letters.
#[derive(Debug, clap::Args)]
struct Choice {
    /// Only those with this error code.
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// Only those of this partition of the dead-letter topic.
    #[arg(long, value_name = "P")]
    partition: Option<i32>,
    /// Only from this offset on (with --partition).
    #[arg(long, value_name = "OFFSET", requires = "partition")]
    from: Option<i64>,
    /// Only up to this offset, itself included (with --partition).
    #[arg(long, value_name = "OFFSET", requires = "partition")]
    to: Option<i64>,
    /// At most so many.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

impl Choice {
    fn takes(&self, record: &Record) -> bool {
        self.code.as_ref().is_none_or(|code| record.header(dead_letter::CODE).as_ref() == Some(code))
            && self.partition.is_none_or(|partition| record.partition == partition)
            && self.from.is_none_or(|from| record.offset >= from)
            && self.to.is_none_or(|to| record.offset <= to)
    }
}

const PATIENCE: Duration = Duration::from_secs(10);

/// Header of a replayed payload: the dead letter it was, `topic/partition/offset`.
pub const REPLAYED: &str = "copydesk.replayed.from";

/// Does what the sub-command says.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let done = match &args.command {
        Command::List(choice) => list(choice, settings),
        Command::Show { partition, offset } => show(*partition, *offset, settings),
        Command::Replay { choice, yes } => replay(choice, *yes, settings),
    };
    done.or_else(|error| {
        eprintln!("copydesk: {error:#}");
        Ok(ExitCode::from(exit::UNAVAILABLE))
    })
}

/// Calls `each` for the chosen dead letters that are there now.
fn read(
    choice: &Choice,
    settings: &Settings,
    mut each: impl FnMut(Record) -> anyhow::Result<()>,
) -> anyhow::Result<usize> {
    let stream = &settings.stream;
    let mut reader = Reader::open(stream, &stream.dead_letters, From::Start, PATIENCE)?;
    let mut count = 0;
    while choice.limit != Some(count) {
        match reader.next(PATIENCE)? {
            Next::Record(record) if choice.takes(&record) => {
                each(record)?;
                count += 1;
            }
            Next::Record(_) | Next::Nothing => {}
            Next::AtEnd => break,
        }
    }
    Ok(count)
}

fn origin(record: &Record) -> String {
    let header = |name| record.header(name).unwrap_or_else(|| "?".to_owned());
    format!("{}/{}/{}", header(dead_letter::TOPIC), header(dead_letter::PARTITION), header(dead_letter::OFFSET))
}

fn described(record: &Record) -> String {
    let header = |name| record.header(name).unwrap_or_else(|| "?".to_owned());
    let (code, message) = (header(dead_letter::CODE), header(dead_letter::MESSAGE));
    let bytes = record.value.as_ref().map_or("null".to_owned(), |value| format!("{} bytes", value.len()));
    let cut = record.header(dead_letter::CUT_BYTES).map_or(String::new(), |whole| format!(" of {whole}, cut"));
    // A message may quote the payload: nothing of it may steer the terminal.
    let message: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("{}/{}\t{}\t{code}\t{bytes}{cut}\t{message}", record.partition, record.offset, origin(record))
}

fn list(choice: &Choice, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let count =
        read(choice, settings, |record| writeln!(out, "{}", described(&record)).context("writing to standard output"))?;
    eprintln!("{count} dead letters");
    Ok(ExitCode::from(exit::OK))
}

/// One record by its coordinates, where it is still there.
fn one(settings: &Settings, topic: &str, partition: i32, offset: i64) -> anyhow::Result<Option<Record>> {
    let mut reader = Reader::open(&settings.stream, topic, From::At(partition, offset), PATIENCE)?;
    loop {
        match reader.next(PATIENCE)? {
            Next::Record(record) => return Ok(Some(record).filter(|record| record.offset == offset)),
            Next::Nothing => {}
            Next::AtEnd => return Ok(None),
        }
    }
}

fn show(partition: i32, offset: i64, settings: &Settings) -> anyhow::Result<ExitCode> {
    let Some(record) = one(settings, &settings.stream.dead_letters, partition, offset)? else {
        eprintln!("copydesk: `{}` has no record at {partition}/{offset}", settings.stream.dead_letters);
        return Ok(ExitCode::from(exit::UNAVAILABLE));
    };
    println!("{}", serde_json::to_string_pretty(&Line::of(&record)).context("writing the record as JSON")?);
    Ok(ExitCode::from(exit::OK))
}

fn replay(choice: &Choice, yes: bool, settings: &Settings) -> anyhow::Result<ExitCode> {
    let writer = Writer::new(&settings.stream, &settings.stream.input)?;
    let mut left = 0;
    // All are chosen before the first is sent: one that is refused again must not be chosen again, for ever.
    let mut chosen = Vec::new();
    let count = read(choice, settings, |record| {
        chosen.push(record);
        Ok(())
    })?;
    let mut send = |record: Record| -> anyhow::Result<()> {
        println!("{}", described(&record));
        if !yes {
            return Ok(());
        }
        let Some(whole) = whole(&record, settings)? else {
            left += 1;
            eprintln!("copydesk: it was cut, and {} is not in the input topic any more: left out", origin(&record));
            return Ok(());
        };
        let from = format!("{}/{}/{}", record.topic, record.partition, record.offset);
        let own = |name: &str| dead_letter::HEADERS.contains(&name) || name == REPLAYED;
        let mut headers: Vec<(&str, Option<&[u8]>)> = whole
            .headers
            .iter()
            .filter(|(name, _)| !own(name))
            .map(|(name, value)| (name.as_str(), value.as_deref()))
            .collect();
        headers.push((REPLAYED, Some(from.as_bytes())));
        let outgoing = Outgoing {
            key: whole.key.as_deref(),
            value: whole.value.as_deref(),
            headers: &headers,
            timestamp: whole.timestamp,
            partition: record.header(dead_letter::PARTITION).and_then(|partition| partition.parse().ok()),
        };
        Ok(writer.send(0, outgoing)?)
    };
    chosen.into_iter().try_for_each(&mut send)?;
    if !yes {
        eprintln!("{count} dead letters would be sent to `{}`; --yes sends them", settings.stream.input);
        return Ok(ExitCode::from(exit::OK));
    }
    writer.drain(Duration::from_secs(60), || {})?;
    let failed = writer.undelivered();
    for undelivered in &failed {
        eprintln!("copydesk: one was not delivered: {}", undelivered.reason);
    }
    eprintln!("{} of {count} dead letters sent to `{}`", writer.delivered(), settings.stream.input);
    Ok(ExitCode::from(if failed.is_empty() && left == 0 { exit::OK } else { exit::UNAVAILABLE }))
}

/// The payload as it first came: a dead letter that was cut is looked up in the input topic.
fn whole(record: &Record, settings: &Settings) -> anyhow::Result<Option<Record>> {
    let cut = [dead_letter::CUT_BYTES, dead_letter::CUT_HEADERS].iter().any(|name| record.header(name).is_some());
    if !cut {
        return Ok(Some(record.clone()));
    }
    let number = |name: &str| record.header(name).and_then(|value| value.parse::<i64>().ok());
    let topic = record.header(dead_letter::TOPIC);
    let (Some(topic), Some(partition), Some(offset)) =
        (topic, number(dead_letter::PARTITION), number(dead_letter::OFFSET))
    else {
        return Ok(None);
    };
    one(settings, &topic, i32::try_from(partition)?, offset)
}
