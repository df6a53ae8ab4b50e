//! The lint of the words that people wrote (`words/*.txt`): sorted, no doubles, nothing that CLDR's tables have already,
//! no class that nobody reads; and no words in the code.

use super::compile::redundant;
use super::lists::List;
use super::words::{OF_DATELINES, Row, code, rows};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn none(found: &[String], what: &str) {
    assert!(found.is_empty(), "{} {what}:\n{}", found.len(), found.join("\n"));
}

/// The words in unfolded form that the same class, in the same language, has already.
fn doubles(rows: &[Row]) -> Vec<String> {
    let mut seen: HashMap<(&str, &str, &str), &Row> = HashMap::new();
    let mut found = Vec::new();
    for row in rows {
        if let Some(first) = seen.insert((&row.language, &row.class, &row.word), row) {
            found.push(format!("{}: {} {:?}, as in {}", row.place, row.class, row.word, first.place));
        }
    }
    found
}

/// The lines of a file that are not in the order of their bytes.
fn unsorted(name: &str, text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let pairs = lines.windows(2).filter(|pair| pair[0] >= pair[1]);
    pairs.map(|pair| format!("{name}: {:?} stands behind {:?}", pair[1], pair[0])).collect()
}

fn is_class(class: &str) -> bool {
    let numbered = class.rsplit_once('-').filter(|(_, number)| number.parse::<u8>().is_ok()).map(|(class, _)| class);
    let of_list = |class: &str| List::ALL.into_iter().any(|list| list.class() == class);
    code(class).is_some()
        || numbered == Some("number")
        || OF_DATELINES.contains(&class)
        || of_list(class)
        || numbered.is_some_and(of_list)
}

#[test]
fn words_are_sorted() {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder("words")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            found.extend(unsorted(&path.file_name().unwrap().to_string_lossy(), &fs::read_to_string(&path).unwrap()));
        }
    }
    none(&found, "lines out of order (`LC_ALL=C sort -u -o FILE FILE`)");
    assert_eq!(unsorted("x", "a\tb\na\ta").len(), 1);
    assert_eq!(unsorted("x", "a\tb\na\tb").len(), 1);
}

#[test]
fn no_word_stands_twice() {
    none(&doubles(rows()), "doubles");
    let twice = [rows()[0].clone(), Row { only: !rows()[0].only, ..rows()[0].clone() }];
    assert_eq!(doubles(&twice).len(), 1, "with `only` and without is twice");
}

#[test]
fn every_class_is_read_by_somebody() {
    let unknown = rows().iter().filter(|row| !is_class(&row.class));
    none(&unknown.map(|row| format!("{}: {}", row.place, row.class)).collect::<Vec<_>>(), "unknown classes");
    for class in ["", "month", "month-x", "publishd", "weekday-short-x", "zone-"] {
        assert!(!is_class(class), "{class}");
    }
}

#[test]
fn only_stands_where_it_means_something() {
    let wrong = rows().iter().filter(|row| row.only && (code(&row.class).is_none() || row.language == "und"));
    none(&wrong.map(|row| row.place.clone()).collect::<Vec<_>>(), "lines whose `only` nobody reads");
}

#[test]
fn no_word_is_in_the_tables_of_cldr() {
    none(&redundant(), "words that the tables of CLDR have with this meaning");
}

/// Literals that may stay in the code, and why.
const ALLOWED: [(&str, &str); 2] = [
    ("\" дүгээр\", \"-р\"", "a spelling of Mongolian ordinals, rewritten to the other"),
    ("\" дугаар\", \"-р\"", "the same"),
];

/// The arrays and alternatives of two or more literals with letters beyond a language's code, outside of tests.
fn words_in(code: &str) -> Vec<String> {
    let code = code.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let mut found = Vec::new();
    let mut run: Vec<&str> = Vec::new();
    let mut rest = code;
    let mut end = |run: &mut Vec<&str>| {
        let words = run.iter().filter(|word| is_word_of_pages(word)).count();
        let text = run.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
        if words >= 2 && !ALLOWED.iter().any(|(allowed, _)| *allowed == text) {
            found.push(text);
        }
        run.clear();
    };
    while let Some(at) = rest.find('"') {
        let between = &rest[..at];
        if !between.chars().all(|c| c.is_whitespace() || matches!(c, ',' | '|' | '&')) {
            end(&mut run);
        }
        let literal = &rest[at + 1..];
        let close = (0..literal.len()).find(|&i| literal.as_bytes()[i] == b'"' && !literal[..i].ends_with('\\'));
        let Some(close) = close else { break };
        run.push(&literal[..close]);
        rest = &literal[close + 1..];
    }
    end(&mut run);
    found
}

/// Two letters in ASCII are the code of a language, more a word; what is not ASCII is one always.
fn is_word_of_pages(literal: &str) -> bool {
    let letters = literal.chars().filter(|c| c.is_alphabetic()).count();
    letters > 2 || letters > 0 && !literal.is_ascii()
}

/// Modules of which all is of the tests (examples of rules too), or says what the reader answers.
const SKIPPED: [&str; 7] =
    ["lint.rs", "prefilter_tests.rs", "compile.rs", "words.rs", "lists.rs", "meaning.rs", "table.rs"];

#[test]
fn no_words_are_in_the_code() {
    assert_eq!(words_in("const A: [&str; 2] = [\"von\", \"vom\"];").len(), 1);
    assert_eq!(words_in("matches!(word, \"рок\" | \"г\")").len(), 1);
    assert_eq!(words_in("f(\"one\", 2, \"two\"); matches!(l, \"hr\" | \"cs\")"), [""; 0]);
    let mut open = vec![folder("src")];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                open.push(path);
            } else if name.ends_with(".rs") && !SKIPPED.contains(&name.as_str()) {
                let code = fs::read_to_string(&path).unwrap();
                let code: String = code
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"))
                    .fold(String::new(), |all, line| all + line + "\n");
                found.extend(words_in(&code).into_iter().map(|words| format!("{name}: {words}")));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    none(&found, "lists of words in the code: they go to words/*.txt, see `lexicon::List`");
}
