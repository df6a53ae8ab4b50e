//! The tables of dates (`tests/tables/*.tsv`): one layout for all, and the one place that reads it.
//!
//! A header line, then a row a line, in six columns with tabs between them:
//!
//! | column | says |
//! |---|---|
//! | language | of the page. `de`: read with it and without it, the same either way; `(de)`: only with it; `-`: only without |
//! | fetched | when the page was fetched. `(…)`: a trap that is one only at that time; `-`: not known |
//! | expected | the value with its time and zone, as a record has it; `open`: a date without a value; `none`: no date |
//! | text | the line. In `datelines.tsv` a `|` marks the end of the dateline; `-` is expected where it names no day |
//! | source | where the row comes from |
//! | known-miss | `known-miss`: the row fails, is run all the same, and has to be unflagged when it passes |
//!
//! Files are named by what they show: `stamps_*` are lines that are date stamps, `traps_*` lines that are none. The tests
//! of the core include this file by its path.

#![allow(clippy::panic, reason = "a test that can't go on fails, helpers included")]
#![allow(dead_code, reason = "each test uses some of it")]

use newsdates::{Context, DateStamp, Role};
use std::fs;
use std::path::{Path, PathBuf};

const HEADER: &str = "language\tfetched\texpected\ttext\tsource\tknown-miss";

/// A row of a table.
#[derive(Debug, Clone)]
pub struct Row {
    /// `stamps_papers.tsv:12`, for messages.
    pub place: String,
    pub language: String,
    pub fetched: String,
    pub expected: String,
    pub text: String,
    pub source: String,
    pub is_known_miss: bool,
}

impl Row {
    fn of(place: String, line: &str) -> Row {
        let [language, fetched, expected, text, source, flag] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{place}: expected six columns: {line}");
        };
        let filled = [language, fetched, expected, text, source].iter().all(|cell| !cell.is_empty());
        assert!(filled && matches!(flag, "" | "known-miss"), "{place}: an empty or unknown cell: {line}");
        let [language, fetched, expected, text, source] =
            [language, fetched, expected, text, source].map(str::to_owned);
        Row { place, language, fetched, expected, text, source, is_known_miss: flag == "known-miss" }
    }

    /// When the page was fetched, in milliseconds since 1970.
    pub fn now(&self) -> Option<i64> {
        let time = self.fetched.trim_matches(['(', ')']);
        let parsed =
            |time: &str| time.parse::<jiff::Timestamp>().unwrap_or_else(|error| panic!("{}: {error}", self.place));
        (time != "-").then(|| parsed(time).as_millisecond())
    }

    /// What is known around the text when a stamp is read: once for each way in which it has to be read the same.
    pub fn contexts(&self) -> Vec<Context<'_>> {
        let bare = self.language.trim_matches(['(', ')']);
        let languages = match bare {
            "-" => vec![None],
            _ if bare == self.language => vec![Some(bare), None],
            _ => vec![Some(bare)],
        };
        let of = |language| Context { language, now: self.now(), ..Context::default() };
        languages.into_iter().map(of).collect()
    }

    /// The same for a trap, which is none without the time of the fetch either.
    pub fn contexts_of_trap(&self) -> Vec<Context<'_>> {
        let mut contexts = self.contexts();
        if !self.fetched.starts_with('(') {
            contexts.push(Context::default());
        }
        contexts
    }
}

/// The folder of the tables, from this crate and from its neighbours.
fn folder() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    [own.join("tests/tables"), own.join("../newsdates/tests/tables")]
        .into_iter()
        .find(|folder| folder.is_dir())
        .unwrap_or_else(|| panic!("no tables beside {}", own.display()))
}

/// The rows of a table, by its name without the extension.
pub fn table(name: &str) -> Vec<Row> {
    let path = folder().join(format!("{name}.tsv"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut lines = text.lines().enumerate();
    assert_eq!(lines.next().map(|(_, line)| line), Some(HEADER), "{name}.tsv: the header");
    let rows: Vec<Row> = lines.map(|(at, line)| Row::of(format!("{name}.tsv:{}", at + 1), line)).collect();
    assert!(!rows.is_empty(), "{name}.tsv has no rows");
    rows
}

/// The names of all tables that start so, in order: `stamps_`, `traps_`.
pub fn names(start: &str) -> Vec<String> {
    let entries = fs::read_dir(folder()).unwrap_or_else(|error| panic!("{error}"));
    let files = entries.flatten().map(|entry| entry.path());
    let stems = files.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()));
    let mut names: Vec<String> = stems.filter(|name| name.starts_with(start)).collect();
    names.sort_unstable();
    names
}

/// What a stamp says, as the tables write it: the published date, else the first.
pub fn value(line: Option<&DateStamp>) -> String {
    let Some(line) = line else { return "none".to_owned() };
    let date = line.dates.iter().find(|date| date.role == Role::Published).or(line.dates.first());
    date.and_then(|date| date.value).map_or("open".to_owned(), |value| value.to_string())
}

/// Runs rows: `read` answers what it read, in as many ways as the row is read in. A row that is flagged as a known miss
/// has to fail.
pub fn run(rows: &[Row], read: impl Fn(&Row) -> Vec<String>) {
    let mut wrong = Vec::new();
    for row in rows {
        let found = read(row);
        let passes = found.iter().all(|found| *found == row.expected);
        if passes && row.is_known_miss {
            wrong.push(format!("{}: passes now: take its known-miss away: {}", row.place, row.text));
        } else if !passes && !row.is_known_miss {
            wrong.push(format!("{}: want {}, got {}: {}", row.place, row.expected, found.join(" or "), row.text));
        }
    }
    assert!(wrong.is_empty(), "{} wrong of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}
