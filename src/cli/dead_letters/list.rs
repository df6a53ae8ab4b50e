//! `dead-letters list`: the newest first, read from the end, so that the last twenty of millions take no time.
//!
//! Each partition is read backwards in windows: a window is read forward, its rows are printed from the last to the first,
//! then comes the window before it. Memory holds one window of rows a partition. Replay marks stand behind their letters, so
//! that they are known when the letter is read.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use anyhow::Context;

use super::row::Row;
use super::selection::{BROKER_TIMEOUT, Selection};
use crate::cli::{exit, note};
use crate::config::Settings;
use crate::worker::reader::{Next, Reader, Record, Snapshot};
use crate::worker::replay::marked;

/// One line for each dead letter, the newest first, fields separated by tabs.
///
/// Its coordinates (partition/offset), its time, those of its article (topic/partition/offset), its code, its size,
/// `replayed` or `-`, and the reason. The newest is the one that was written last; several partitions are merged by time. At
/// the end, standard error has the number by code.
#[derive(Debug, clap::Args)]
#[command(after_help = super::WHERE_HELP)]
pub struct Args {
    /// Print one JSON object for each.
    #[arg(long)]
    json: bool,
    /// Print only the number by code, the most frequent first.
    #[arg(long)]
    count: bool,
    #[command(flatten)]
    selection: Selection,
}

/// Offsets in the first window, and most in a later one.
const WINDOW: (i64, i64) = (500, 16_000);

/// Runs the command.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let selection = &args.selection;
    let snapshot = selection.snapshot(settings)?;
    if let Err(trouble) = snapshot.wait_until_stable(BROKER_TIMEOUT / 5) {
        note(format_args!("copydesk: {trouble}: dead letters behind it are not listed"));
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut codes = Codes::default();
    let listed = newest_first(selection, &snapshot, |row, replayed| {
        codes.add(&row);
        if args.count {
            return Ok(());
        }
        let line = if args.json { row.json(replayed)? } else { row.line(replayed) };
        writeln!(out, "{line}").context("writing to standard output")
    });
    if args.count {
        let written = codes.sorted().try_for_each(|(code, count)| {
            if args.json {
                writeln!(out, "{}", serde_json::json!({ "code": code, "count": count }))
            } else {
                writeln!(out, "{}\t{count}", crate::cli::escape::line(code).replace('\t', " "))
            }
        });
        written.context("writing to standard output")?;
    }
    let written = out.flush().context("writing to standard output");
    // Of those listed before a failure, if there was one.
    let is_broken_pipe = |error: &anyhow::Error| {
        error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
    };
    if !listed.as_ref().is_err_and(is_broken_pipe) {
        note(format_args!("{}", codes.in_words()));
    }
    listed.and(written).map(|()| ExitCode::from(exit::OK))
}

#[derive(Debug, Default)]
struct Codes(BTreeMap<String, u64>);

impl Codes {
    fn add(&mut self, row: &Row) {
        let code = row.code.as_deref().unwrap_or("?");
        // Other programs may have written any number of codes.
        let code = if self.0.len() < 1000 || self.0.contains_key(code) { code } else { "other" };
        *self.0.entry(code.to_owned()).or_default() += 1;
    }

    fn sorted(&self) -> impl Iterator<Item = (&str, u64)> {
        let mut all: Vec<(&str, u64)> = self.0.iter().map(|(code, &count)| (code.as_str(), count)).collect();
        all.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        all.into_iter()
    }

    /// `5 dead letters: 3 no_body, 2 invalid_utf8`
    fn in_words(&self) -> String {
        let total: u64 = self.0.values().sum();
        let letters = if total == 1 { "dead letter" } else { "dead letters" };
        let codes: Vec<String> = self.sorted().take(20).map(|(code, count)| format!("{count} {code}")).collect();
        let colon = if codes.is_empty() { "" } else { ": " };
        format!("{total} {letters}{colon}{}", codes.join(", "))
    }
}

/// The selected ones, the newest first, each with whether it was replayed.
pub(super) fn newest_first(
    selection: &Selection,
    snapshot: &Snapshot<'_>,
    mut each: impl FnMut(Row, bool) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut reader = snapshot.reader()?;
    let few = selection.limit.map_or(WINDOW.1, |limit| i64::try_from(limit).unwrap_or(WINDOW.1));
    let first = (2 * few.min(WINDOW.1)).clamp(WINDOW.0, WINDOW.1);
    let begin = |begin: i64| selection.from().unwrap_or(begin).max(begin);
    let mut partitions: Vec<Backwards> =
        snapshot.spans().iter().map(|(&id, &(low, end))| Backwards::new(id, begin(low), end, first)).collect();
    let mut count = 0;
    while selection.limit != Some(count) {
        for partition in &mut partitions {
            partition.fill(selection, &mut reader)?;
        }
        let newest = partitions.iter_mut().filter(|partition| !partition.rows.is_empty());
        let newest = newest.max_by_key(|partition| partition.rows.front().and_then(|(row, _)| row.time));
        let Some((row, replayed)) = newest.and_then(|partition| partition.rows.pop_front()) else { break };
        count += 1;
        each(row, replayed)?;
    }
    Ok(())
}

/// A partition that is read backwards.
struct Backwards {
    partition: i32,
    begin: i64,
    /// Everything from this offset on was read.
    end: i64,
    window: i64,
    /// Offsets of replayed letters that are not read yet.
    marks: HashSet<i64>,
    /// The newest first.
    rows: VecDeque<(Row, bool)>,
}

impl Backwards {
    fn new(partition: i32, begin: i64, end: i64, window: i64) -> Backwards {
        Backwards { partition, begin, end, window, marks: HashSet::new(), rows: VecDeque::new() }
    }

    /// Reads windows until there is a row, or no window left.
    fn fill(&mut self, selection: &Selection, reader: &mut Reader) -> anyhow::Result<()> {
        while self.rows.is_empty() && self.end > self.begin {
            let from = (self.end - self.window).max(self.begin);
            reader.turn_to(self.partition, from, self.end)?;
            let mut letters = VecDeque::new();
            loop {
                match reader.next_within(BROKER_TIMEOUT)? {
                    Next::Record(record) => self.take(selection, &record, &mut letters),
                    Next::Nothing => {}
                    Next::AtEnd => break,
                }
            }
            for row in letters {
                let replayed = self.marks.remove(&row.dead_offset);
                if !(selection.pending && replayed) {
                    self.rows.push_back((row, replayed));
                }
            }
            self.end = from;
            self.window = (self.window * 2).min(WINDOW.1);
        }
        Ok(())
    }

    fn take(&mut self, selection: &Selection, record: &Record, letters: &mut VecDeque<Row>) {
        match marked(record) {
            Some((_, offset)) => drop(self.marks.insert(offset)),
            None if selection.matches(record) => letters.push_front(Row::of(record)),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_in_words() {
        let mut codes = Codes::default();
        assert_eq!(codes.in_words(), "0 dead letters");
        for code in ["no_body", "invalid_utf8", "no_body"] {
            codes.add(&Row { code: Some(code.to_owned()), ..Row::default() });
        }
        codes.add(&Row::default());
        assert_eq!(codes.in_words(), "4 dead letters: 2 no_body, 1 ?, 1 invalid_utf8");
    }
}
