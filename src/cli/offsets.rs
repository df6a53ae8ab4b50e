//! `copydesk offsets`: shows the offsets of the group in the input topic, and sets them.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use crate::cli::exit;
use crate::cli::print::{note, say};
use crate::config::{Settings, Stream};
use crate::worker::offsets::{self, Ledger, Place, Unset};

/// Shows the group's offsets in the input topic; with `reset` sets them.
///
/// The committed offset says which articles are published. Where it can't be used (the topic was recreated or has lost
/// records, or the offsets have expired), a worker stalls that partition and says so: only you know whether its articles are
/// new or were published before. Stop the workers, look at the topic, and decide:
///
///   --to earliest   read from the first record: articles published before are published again
///   --to latest     read new records only: articles in the topic now are never published
///   --to current    keep the offset: it is right (translated offsets of a mirror, for example)
///   --to OFFSET     read from this offset (`0:4711,1:305`: one for each partition)
///
/// `reset` is a dry run unless --yes, and works only while the group has no members. Exit code of `show`: 0 all offsets can be
/// used; 3 a partition would stall.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  copydesk offsets
  copydesk offsets reset --all --to earliest                   (a dry run)
  copydesk offsets reset --partition 0,3 --to latest --yes     (sets them)
  copydesk offsets reset --partition 2 --to 4711 --yes")]
pub struct Args {
    /// What to do.
    #[arg(value_enum, default_value = "show", hide_default_value = true)]
    action: Action,
    /// The new offset: earliest, latest, current, an offset, or PARTITION:OFFSET,…
    #[arg(long, value_name = "WHERE", required_if_eq("action", "reset"))]
    to: Option<To>,
    /// Partitions to set, separated by commas
    #[arg(long, value_name = "N,…", value_delimiter = ',', conflicts_with = "all")]
    partition: Vec<i32>,
    /// All partitions
    #[arg(long)]
    all: bool,
    /// Set the offsets
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Action {
    /// Shows the offsets
    Show,
    /// Sets the offsets
    Reset,
}

/// The new offset of a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
enum To {
    Earliest,
    Latest,
    Current,
    Offset(i64),
    /// By partition.
    Each(BTreeMap<i32, i64>),
}

impl FromStr for To {
    type Err = String;

    fn from_str(text: &str) -> Result<To, String> {
        match text {
            "earliest" => Ok(To::Earliest),
            "latest" => Ok(To::Latest),
            "current" => Ok(To::Current),
            number => {
                let offset = |text: &str| text.trim().parse().ok().filter(|offset| *offset >= 0);
                let each = |text: &str| -> Option<(i32, i64)> {
                    let (partition, number) = text.split_once(':')?;
                    Some((partition.trim().parse().ok()?, offset(number)?))
                };
                let to = offset(number)
                    .map(To::Offset)
                    .or_else(|| number.split(',').map(each).collect::<Option<_>>().map(To::Each));
                to.ok_or_else(|| "expected earliest, latest, current, an offset or PARTITION:OFFSET,…".to_owned())
            }
        }
    }
}

const BROKER_TIMEOUT: Duration = Duration::from_secs(10);

/// Shows, or sets.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let stream = &settings.stream;
    let ledger = match offsets::look(stream, BROKER_TIMEOUT) {
        Ok(ledger) => ledger,
        Err(trouble) => {
            note(format_args!("copydesk: {trouble}"));
            return Ok(ExitCode::from(exit::UNAVAILABLE));
        }
    };
    let code = match (args.action, &args.to) {
        (Action::Reset, Some(to)) => reset(args, to, stream, &ledger),
        _ => show(stream, &ledger),
    };
    Ok(ExitCode::from(code))
}

fn show(stream: &Stream, ledger: &Ledger) -> u8 {
    let id = ledger.topic.as_ref().map_or(String::new(), |id| format!(" (id {id})"));
    say(format_args!("group `{}` in topic `{}`{id}", stream.group, stream.input));
    say(format_args!("{:>9} {:>12} {:>12} {:>12} {:>10}", "partition", "begins", "ends", "committed", "lag"));
    for place in &ledger.places {
        let Place { partition, begin, end, committed, .. } = place;
        let (committed, lag) = committed.map_or(("-".to_owned(), "-".to_owned()), |committed| {
            (committed.to_string(), (end - committed).max(0).to_string())
        });
        say(format_args!("{partition:>9} {begin:>12} {end:>12} {committed:>12} {lag:>10}"));
        if let Some(doubt) = &place.doubt {
            say(format_args!("          stalls: {doubt}"));
        }
        if place.lost > 0 {
            say(format_args!("          retention has deleted {} unread offsets", place.lost));
        }
    }
    if ledger.places.iter().all(|place| place.doubt.is_none()) {
        return exit::OK;
    }
    note(format_args!("copydesk: `copydesk offsets reset` sets the offset of a stalled partition"));
    exit::REFUSED
}

fn reset(args: &Args, to: &To, stream: &Stream, ledger: &Ledger) -> u8 {
    let refuse = |what: String| {
        note(format_args!("copydesk: {what}"));
        exit::USAGE
    };
    let each = matches!(to, To::Each(_));
    if args.partition.is_empty() && !args.all && !each {
        return refuse("which partitions? Pass --partition 0,3 or --all".to_owned());
    }
    let targets = match targets(args, to, ledger) {
        Ok(targets) => targets,
        Err(why) => return refuse(why),
    };
    if args.yes
        && let Err(unset) = offsets::set(stream, ledger, &targets)
    {
        note(format_args!("copydesk: {unset}"));
        return match unset {
            Unset::Members(_) => exit::REFUSED,
            Unset::Trouble(_) => exit::UNAVAILABLE,
        };
    }
    for place in &ledger.places {
        let Some(target) = targets.get(&place.partition) else { continue };
        let before = place.committed.map_or("no offset".to_owned(), |offset| offset.to_string());
        say(format_args!("partition {}: {before} → {target}{}", place.partition, consequence(place, *target)));
    }
    if !args.yes {
        note(format_args!("copydesk: nothing was set; --yes sets it"));
    }
    exit::OK
}

/// The effect on a partition.
fn consequence(place: &Place, target: i64) -> String {
    let (read, skipped) = (place.end - target, target - place.begin);
    format!(": {read} offsets will be read, {skipped} before them will not")
}

/// The offsets to be set, by partition.
///
/// # Errors
/// What is wrong with the flags.
fn targets(args: &Args, to: &To, ledger: &Ledger) -> Result<BTreeMap<i32, i64>, String> {
    let named: Vec<i32> = match to {
        To::Each(_) if args.all || !args.partition.is_empty() => {
            return Err("PARTITION:OFFSET,… names the partitions: leave out --partition and --all".to_owned());
        }
        To::Each(offsets) => offsets.keys().copied().collect(),
        _ => args.partition.clone(),
    };
    let known = |partition: &i32| ledger.places.iter().any(|place| place.partition == *partition);
    if let Some(unknown) = named.iter().find(|partition| !known(partition)) {
        let last = ledger.places.len().saturating_sub(1);
        return Err(format!("there is no partition {unknown}: the topic has partitions 0 to {last}"));
    }
    let chosen = |place: &&Place| args.all || named.contains(&place.partition);
    let mut targets = BTreeMap::new();
    for place in ledger.places.iter().filter(chosen) {
        let Place { partition, begin, end, .. } = *place;
        let target = match (to, place.committed) {
            (To::Earliest, _) => begin,
            (To::Latest, _) => end,
            (To::Offset(offset), _) => *offset,
            (To::Each(offsets), _) => offsets.get(&partition).copied().unwrap_or(begin),
            (To::Current, Some(offset)) => offset,
            (To::Current, None) => return Err(format!("partition {partition} has no offset to keep")),
        };
        if !(begin..=end).contains(&target) {
            return Err(format!(
                "partition {partition} has offsets from {begin} to {end}, and {target} is not among them"
            ));
        }
        targets.insert(partition, target);
    }
    // If one partition has an offset, those without count as new, and are read from the beginning.
    let undecided = |place: &&Place| place.committed.is_none() && place.doubt.is_some() && !chosen(place);
    let undecided: Vec<String> =
        ledger.places.iter().filter(undecided).map(|place| place.partition.to_string()).collect();
    if !undecided.is_empty() {
        return Err(format!(
            "partitions {} have no offset either, and would be read from the beginning: set them with the same command (--all, or \
             several with --partition)",
            undecided.join(",")
        ));
    }
    Ok(targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(partition: &[i32]) -> Args {
        let all = partition.is_empty();
        Args { action: Action::Reset, to: None, partition: partition.to_vec(), all, yes: true }
    }

    fn ledger(committed: &[Option<i64>], doubt: bool) -> Ledger {
        let place = |(partition, committed): (i32, &Option<i64>)| Place {
            partition,
            begin: 10,
            end: 100,
            committed: *committed,
            doubt: doubt.then(|| "doubt".to_owned()),
            lost: 0,
        };
        Ledger { topic: None, places: (0..).zip(committed).map(place).collect() }
    }

    #[test]
    fn the_new_offset_is_a_word_or_a_number() {
        let ledger = ledger(&[Some(40), Some(120)], true);
        let target = |to: To, partition: i32| targets(&args(&[partition]), &to, &ledger);
        assert_eq!(target(To::Earliest, 0), Ok([(0, 10)].into()));
        assert_eq!(target(To::Latest, 1), Ok([(1, 100)].into()));
        assert_eq!(target(To::Current, 0), Ok([(0, 40)].into()));
        assert_eq!(target(To::Offset(77), 1), Ok([(1, 77)].into()));
        assert!(target(To::Current, 1).is_err_and(|why| why.contains("from 10 to 100")), "beyond the end");
        assert!(target(To::Offset(101), 0).is_err());
        assert!(target(To::Offset(9), 0).is_err());
        assert!(target(To::Earliest, 2).is_err_and(|why| why.contains("no partition 2")));
        assert_eq!(targets(&args(&[]), &To::Earliest, &ledger), Ok([(0, 10), (1, 10)].into()));
        let each = "0:20,1:30".parse::<To>().unwrap();
        assert_eq!(targets(&Args { all: false, ..args(&[]) }, &each, &ledger), Ok([(0, 20), (1, 30)].into()));
        assert!(targets(&args(&[]), &each, &ledger).is_err(), "--all as well");
    }

    #[test]
    fn partitions_without_offsets_are_set_together() {
        let forgotten = ledger(&[None, None], true);
        assert!(targets(&args(&[0]), &To::Latest, &forgotten).is_err_and(|why| why.contains("partitions 1 ")));
        assert_eq!(targets(&args(&[0, 1]), &To::Latest, &forgotten), Ok([(0, 100), (1, 100)].into()));
        assert!(targets(&args(&[]), &To::Current, &forgotten).is_err());
        // A partition that was added has no offset, and that is fine.
        assert_eq!(targets(&args(&[0]), &To::Latest, &ledger(&[Some(20), None], false)), Ok([(0, 100)].into()));
    }

    #[test]
    fn words_are_read() {
        assert_eq!("earliest".parse(), Ok(To::Earliest));
        assert_eq!("4711".parse(), Ok(To::Offset(4711)));
        assert_eq!("0:30,2:7".parse(), Ok(To::Each([(0, 30), (2, 7)].into())));
        for wrong in ["", "-1", "first", "1.5", "0:", "0:30,", "0:30,7"] {
            assert!(wrong.parse::<To>().is_err(), "{wrong}");
        }
    }
}
