//! The selection of dead letters by flags, and reading the selected ones.

use std::collections::HashSet;
use std::time::Duration;

use super::filter::{self, Filter};
use super::place::Place;
use super::row::Row;
use crate::cli::clean;
use crate::config::Settings;
use crate::worker::dead_letter;
use crate::worker::reader::{Next, Record, Snapshot};
use crate::worker::replay::{self, marked};

/// How long the brokers may take to answer.
pub const BROKER_TIMEOUT: Duration = Duration::from_secs(10);

/// Which dead letters.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Which dead letters")]
pub struct Selection {
    /// Only those with this error code.
    #[arg(long, value_name = "CODE", value_parser = filter::code)]
    code: Option<String>,
    /// Only those that match a condition: `code = no_body and offset >= 100` (fields and operators below).
    #[arg(long = "where", value_name = "CONDITION", value_parser = condition)]
    condition: Option<Filter>,
    /// Only those from this topic (replay: the input topic unless another is named).
    #[arg(long, value_name = "TOPIC")]
    pub topic: Option<String>,
    /// Only those from this time on: RFC 3339, a date, or how long ago (`2h`). A dead letter has the time of its article.
    #[arg(long, value_name = "T", value_parser = moment)]
    since: Option<i64>,
    /// Only those before this time.
    #[arg(long, value_name = "T", value_parser = moment)]
    until: Option<i64>,
    /// Only those in this partition of the dead-letter topic.
    #[arg(long, value_name = "P")]
    partition: Option<i32>,
    /// Only from this offset on (with --partition).
    #[arg(long, value_name = "OFFSET", requires = "partition")]
    from: Option<i64>,
    /// Only up to and including this offset (with --partition).
    #[arg(long, value_name = "OFFSET", requires = "partition")]
    to: Option<i64>,
    /// Only those that were not replayed yet.
    #[arg(long)]
    pub pending: bool,
    /// At most this many.
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Only these, by coordinates as printed: `0/17` in the dead-letter topic, or `news.raw/3/42` of the article.
    #[arg(value_name = "PLACE", value_parser = Place::read)]
    pub places: Vec<Place>,
}

/// A record that was read.
pub enum ScannedRecord {
    /// A selected dead letter, and whether it was replayed.
    Selected(Record, bool),
    /// Any other record.
    Other,
}

/// Whether to go on reading.
pub enum Then {
    Continue,
    Stop,
}

impl Selection {
    /// The latest letter at a place.
    pub fn latest_of(place: &Place) -> Selection {
        Selection { places: vec![place.clone()], limit: Some(1), ..Selection::default() }
    }

    /// The first offset; only where there is one partition.
    pub fn from(&self) -> Option<i64> {
        self.from
    }

    /// Does the selection match, whether the letter was replayed or not?
    pub fn matches(&self, record: &Record) -> bool {
        let has = |name: &str, value: &Option<String>| value.is_none() || record.header(name) == *value;
        // A record without a time counts as of 1970.
        let time = record.timestamp.unwrap_or(0);
        has(dead_letter::CODE, &self.code)
            && has(dead_letter::TOPIC, &self.topic)
            && self.since.is_none_or(|since| time >= since)
            && self.until.is_none_or(|until| time < until)
            && self.partition.is_none_or(|partition| record.partition == partition)
            && self.from.is_none_or(|from| record.offset >= from)
            && self.to.is_none_or(|to| record.offset <= to)
            && (self.places.is_empty() || self.places.iter().any(|place| place.is_of(record)))
            && self.condition.as_ref().is_none_or(|condition| condition.matches(&Row::of(record)))
    }

    /// What the dead-letter topic holds now.
    pub fn snapshot<'a>(&self, settings: &'a Settings) -> anyhow::Result<Snapshot<'a>> {
        let stream = &settings.stream;
        Ok(Snapshot::take(stream, &stream.dead_letters, self.partition, BROKER_TIMEOUT)?)
    }

    /// Reads a snapshot twice: for its replay marks, then for the selected letters. Only the marks are kept in memory.
    pub fn read(
        &self,
        snapshot: &Snapshot<'_>,
        mut each: impl FnMut(ScannedRecord) -> anyhow::Result<Then>,
    ) -> anyhow::Result<()> {
        let marks: HashSet<(i32, i64)> = replay::marks(snapshot, self.from, BROKER_TIMEOUT)?;
        let mut reader = snapshot.read(self.from)?;
        let mut count = 0;
        while self.limit != Some(count) {
            let record = match reader.next_within(BROKER_TIMEOUT)? {
                Next::Record(record) => record,
                Next::Nothing => continue,
                Next::AtEnd => break,
            };
            let replayed = marks.contains(&(record.partition, record.offset));
            let selected = marked(&record).is_none() && self.matches(&record) && !(self.pending && replayed);
            count += usize::from(selected);
            let seen = if selected { ScannedRecord::Selected(record, replayed) } else { ScannedRecord::Other };
            if matches!(each(seen)?, Then::Stop) {
                break;
            }
        }
        Ok(())
    }
}

/// The condition of `--where`.
fn condition(text: &str) -> Result<Filter, String> {
    filter::parse(text, moment)
}

/// A moment in milliseconds since 1970.
fn moment(text: &str) -> Result<i64, String> {
    if let Ok(ago) = text.parse::<jiff::SignedDuration>() {
        let ago = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
        return Ok(jiff::Timestamp::now().as_millisecond().saturating_sub(ago));
    }
    if text.parse::<jiff::civil::Date>().is_ok() && text.len() == "2024-01-17".len() {
        return clean::timestamp(&format!("{text}T00:00:00Z"));
    }
    clean::timestamp(text).map_err(|_| {
        "expected RFC 3339 (2024-01-17T14:05:00Z), a date (2024-01-17), or how long ago (2h, 3 days)".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        assert_eq!(moment("2024-01-17T14:05:00Z"), Ok(1_705_500_300_000));
        assert_eq!(moment("2024-01-17"), Ok(1_705_449_600_000));
        let hours = jiff::Timestamp::now().as_millisecond() - moment("2h").unwrap();
        assert!((7_200_000..7_260_000).contains(&hours), "{hours}");
        assert!(moment("yesterday").is_err());
    }
}
