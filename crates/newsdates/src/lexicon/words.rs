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

/// Fails where a table is not the one that its sources make; writes it first where `NEWSDATES_WRITE_TABLES` is set.
pub(crate) fn assert_made(table: &str, made: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(table);
    if std::env::var_os("NEWSDATES_WRITE_TABLES").is_some() {
        fs::write(&path, made).unwrap();
    }
    assert!(
        fs::read(&path).is_ok_and(|there| there == made),
        "{table} is not made of words/*.txt as they are now: `make tables` makes it anew"
    );
}
