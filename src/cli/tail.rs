//! `copydesk tail`: prints the output topic as a consumer of committed records sees it.

use std::io::{ErrorKind, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;

use crate::cli::interrupt::Interrupt;
use crate::cli::record_line::RecordLine;
use crate::cli::{escape, exit, note};
use crate::config::Settings;
use crate::worker::reader::{From, Next, Reader};
use crate::worker::replay::marked;

/// Prints records as they are committed, one JSON object a line.
///
/// Reads committed records only, of the output topic or of the dead letters. It joins no group and commits nothing, so it
/// disturbs no other consumer. Stops at Ctrl-C. Records go to a file or a pipe byte for byte; on a terminal, control
/// characters and bidi controls are escaped.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  copydesk tail --from-start --count 10
  copydesk tail | jq -r .headline
  copydesk tail --dead-letters --from-start --until-end")]
pub struct Args {
    /// Read the dead-letter topic instead of the output topic.
    #[arg(long)]
    dead_letters: bool,
    /// Start with the first record of the topic, instead of new ones.
    #[arg(long)]
    from_start: bool,
    /// Stop after this many records.
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// Stop when every partition was read to its end.
    #[arg(long)]
    until_end: bool,
    /// Print each record with its topic, partition, offset, timestamp, key and headers, not only the value. Dead letters are
    /// always printed so, since their headers have the reason.
    #[arg(long)]
    envelope: bool,
}

/// Reads until interrupted.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let stream = &settings.stream;
    let topic = if args.dead_letters { &stream.dead_letters } else { &stream.output };
    let from = if args.from_start { From::Start } else { From::End };
    let mut reader = match Reader::open(stream, topic, from, Duration::from_secs(10)) {
        Ok(reader) => reader,
        Err(trouble) => {
            note(format_args!("copydesk: {trouble}"));
            return Ok(ExitCode::from(exit::UNAVAILABLE));
        }
    };
    // From here on; until here Ctrl-C may end the process.
    let interrupt = Interrupt::listen()?;
    let mut out = std::io::stdout().lock();
    let on_terminal = out.is_terminal();
    let mut seen = 0;
    while !interrupt.pressed() && args.count != Some(seen) {
        let record = match reader.next(Duration::from_millis(100)) {
            // Replay marks are no dead letters.
            Ok(Next::Record(record)) if args.dead_letters && marked(&record).is_some() => continue,
            Ok(Next::Record(record)) => record,
            Ok(Next::AtEnd) if args.until_end => break,
            Ok(_) => continue,
            Err(trouble) => {
                note(format_args!("copydesk: {trouble}"));
                return Ok(ExitCode::from(exit::UNAVAILABLE));
            }
        };
        let mut line = if args.envelope || args.dead_letters {
            serde_json::to_vec(&RecordLine::of(&record)).context("writing a record as JSON")?
        } else {
            record.value.clone().unwrap_or_default()
        };
        if on_terminal {
            line = escape::record(&line).into_bytes();
        }
        line.push(b'\n');
        match out.write_all(&line).and_then(|()| out.flush()) {
            Ok(()) => seen += 1,
            // `copydesk tail | head` is no error.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
            Err(error) => return Err(error).context("writing to standard output"),
        }
    }
    Ok(ExitCode::from(exit::OK))
}
