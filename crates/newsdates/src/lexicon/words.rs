//! The words that people wrote: `words/*.txt`, a file a language, a word a line. `words/README.md` says what a line holds.
//!
//! Read by the tests that make the tables of them (`table.bin`, `numbers.tsv`, `lists.tsv`, `places.bin`) and check that
//! they are what these files say. That tests do it keeps the definition of folding in one place: what is looked up and
//! what is in a table went through the same function.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// The language whose file it is; `und` where it is of none.
    pub(crate) language: String,
    /// What the word is.
    pub(crate) class: String,
    /// The word, as it is written.
    pub(crate) word: String,
    /// Does it mean this in its language only?
    pub(crate) only: bool,
    /// `de.txt:12`, for messages.
    pub(crate) place: String,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("words");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort_unstable();
    files.iter().flat_map(|path| of_file(path)).collect()
});

/// All rows, in the order of files and lines.
pub(crate) fn rows() -> &'static [Row] {
    &ROWS
}

fn of_file(path: &Path) -> Vec<Row> {
    let language = path.file_stem().unwrap().to_str().unwrap();
    let text = fs::read_to_string(path).unwrap();
    text.lines().enumerate().map(|(at, line)| row(language, at + 1, line)).collect()
}

fn row(language: &str, number: usize, line: &str) -> Row {
    let place = format!("{language}.txt:{number}");
    let cells: Vec<&str> = line.split('\t').collect();
    let (class, word, only) = match cells[..] {
        [class, word] => (class, word, false),
        [class, word, "only"] => (class, word, true),
        _ => panic!("{place}: expected `class<TAB>word` or `class<TAB>word<TAB>only`, found {line:?}"),
    };
    Row { language: language.to_owned(), class: class.to_owned(), word: word.to_owned(), only, place }
}

/// The code by which the compiled table names a class, if it is one of the lexicon's.
pub(crate) fn code(class: &str) -> Option<String> {
    let (_, code) = CLASSES.iter().find(|(name, _)| *name == class).copied().unzip();
    if let Some(code) = code {
        return Some(code.to_owned());
    }
    if let Some(minutes) = class.strip_prefix("zone").and_then(|offset| offset.parse::<i16>().ok()) {
        return Some(format!("z{minutes}"));
    }
    let (name, number) = class.rsplit_once('-')?;
    number.parse::<u8>().ok()?;
    let (_, code) = NUMBERED.iter().find(|(of, _)| *of == name)?;
    Some(format!("{code}{number}"))
}

/// The classes of the lexicon's words, in the order in which the meanings of a word are told.
const CLASSES: [(&str, &str); 40] = [
    ("ago-second", "rs"),
    ("ago-minute", "rm"),
    ("ago-hour", "rh"),
    ("ago-day", "rd"),
    ("ago-week", "rw"),
    ("ago-month", "rM"),
    ("ago-year", "ry"),
    ("noon", "N"),
    ("pm", "q"),
    ("night", "n"),
    ("am", "a"),
    ("time-word", "t"),
    ("zone-open", "z?"),
    ("after-hour", "H!"),
    ("before-month", "pM"),
    ("after-month", "M"),
    ("before-day", "pD"),
    ("before-year", "pY"),
    ("published", "lp"),
    ("updated", "lu"),
    ("era-gregorian", "G"),
    ("era-hijri", "H"),
    ("era-persian", "P"),
    ("era-buddhist", "B"),
    ("era-roc", "R"),
    ("era-hebrew", "A"),
    ("era-ethiopic", "E"),
    ("era-bangla", "K"),
    ("era-bikram-sambat", "V"),
    ("after-day", "D"),
    ("byline", "by"),
    ("after-second", "S"),
    ("after-year", "Y"),
    ("after-minute", "I"),
    ("filler", "f"),
    ("event", "ev"),
    ("same-day", "cj"),
    ("agency", "ag"),
    ("reading-time", "rt"),
    ("bound", "bd"),
];

/// The same, of those that have a number.
const NUMBERED: [(&str, &str); 17] = [
    ("ago-second", "rs"),
    ("ago-minute", "rm"),
    ("ago-hour", "rh"),
    ("ago-day", "rd"),
    ("ago-week", "rw"),
    ("ago-month", "rM"),
    ("ago-year", "ry"),
    ("month", "g"),
    ("hijri", "h"),
    ("persian", "p"),
    ("hebrew", "b"),
    ("ethiopic", "e"),
    ("bangla", "k"),
    ("bikram-sambat", "v"),
    ("weekday", "w"),
    ("era-japanese", "J"),
    ("last-weekday", "l"),
];

/// Where a meaning stands among those of a word: months and days in their own order (the last weekday first).
pub(crate) fn rank(code: &str) -> (usize, i32) {
    let kind = code.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-');
    let number = code.get(kind.len()..).and_then(|number| number.parse::<i32>().ok()).unwrap_or_default();
    let kind_or_open = if kind == "z" { "z?" } else { kind };
    let of_class = CLASSES.iter().position(|(_, of)| *of == kind_or_open);
    let of_numbered = || NUMBERED.iter().position(|(_, of)| *of == kind).map_or(0, |at| CLASSES.len() + at);
    (of_class.unwrap_or_else(of_numbered), if kind == "w" { -number } else { number })
}

/// Fails where a table is not the one that its sources make; writes it first where `NEWSDATES_WRITE_TABLES` is set.
pub(crate) fn assert_made(table: &str, made: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(table);
    if std::env::var_os("NEWSDATES_WRITE_TABLES").is_some() {
        fs::write(&path, made).unwrap();
    }
    assert!(
        fs::read(&path).is_ok_and(|there| there == made),
        "{table} is not what its sources make: `scripts/generate-words --compile` makes it anew"
    );
}
