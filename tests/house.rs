//! The house: arrows between the rooms run downwards only, and only `worker` knows rdkafka.
//!
//! A lint of the sources rather than of the compiler's output: it reads every file under `src/`, blanks comments and
//! strings, and looks at each path that leads to another room (`crate::worker::…`, `crate::{article, worker}`,
//! `super::super::worker`). What the rooms are and which may know which stands in [`ROOMS`], and nowhere else.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails, helpers included")]

use std::fs;
use std::path::{Path, PathBuf};

/// Each room with the rooms that it may know, from the bottom to the top. `main.rs` and `lib.rs` are the front doors and
/// may know all.
const ROOMS: [(&str, &[&str]); 5] = [
    ("config", &[]),
    ("telemetry", &["config"]),
    ("admin", &["config", "telemetry"]),
    ("worker", &["config", "telemetry"]),
    ("cli", &["config", "telemetry", "admin", "worker"]),
];

/// The only room that knows rdkafka.
const KAFKA_ROOM: &str = "worker";

#[test]
fn arrows_run_downwards_only() {
    let mut offences = Vec::new();
    for file in sources(&root().join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        let path = file.strip_prefix(root().join("src")).unwrap();
        offences.extend(offences_in(path, &text));
    }
    assert!(offences.is_empty(), "{} arrows run the wrong way:\n{}", offences.len(), offences.join("\n"));
}

#[test]
fn every_source_file_belongs_to_a_room() {
    let homeless: Vec<PathBuf> = sources(&root().join("src"))
        .into_iter()
        .map(|file| file.strip_prefix(root().join("src")).unwrap().to_owned())
        .filter(|path| !is_door(path) && room_of(path).is_none())
        .collect();
    assert!(homeless.is_empty(), "give these a place in ROOMS (tests/house.rs) and in ARCHITECTURE.md: {homeless:?}");
}

/// `Cargo.toml` denies unsafe code, and a file can allow it to itself. These do, for calls of librdkafka's that rdkafka does
/// not wrap, each in so many places.
#[test]
fn few_calls_are_unsafe() {
    let rooms = [("worker/native.rs", 8), ("worker/oauth_token.rs", 1), ("worker/topic_id.rs", 5)];
    assert_eq!(files_that_say("unsafe_code"), rooms.map(|(file, _)| file));
    for (file, places) in rooms {
        let code = without_comments_and_strings(&fs::read_to_string(root().join("src").join(file)).unwrap());
        assert_eq!(words(&code).filter(|(_, word)| *word == "unsafe").count(), places, "{file}");
    }
}

/// A client that is made elsewhere would have no token where brokers want one, and wait for ever.
#[test]
fn every_client_is_logged_in() {
    assert_eq!(files_that_say("from_config_and_context"), ["worker/login.rs"]);
    assert_eq!(files_that_say("from_config"), Vec::<String>::new());
    assert_eq!(files_that_say("create_with_context"), Vec::<String>::new());
}

/// Files under `src/` in whose code a word stands.
fn files_that_say(word: &str) -> Vec<String> {
    let all = sources(&root().join("src")).into_iter();
    let says = |file: &PathBuf| {
        let code = without_comments_and_strings(&fs::read_to_string(file).unwrap());
        words(&code).any(|(_, found)| found == word)
    };
    all.filter(says).map(|file| file.strip_prefix(root().join("src")).unwrap().display().to_string()).collect()
}

/// The lint itself is tested on sources that break the rules, since on a clean house it can't be seen to work.
#[test]
fn the_lint_sees_what_it_should() {
    for (path, source) in [
        ("config/load.rs", "use crate::worker::Lane;"),
        ("telemetry/logs.rs", "use crate::{config, admin::Page};"),
        ("telemetry/logs.rs", "use crate::{\n    config::{Settings, Delivery},\n    worker,\n};"),
        ("worker/lane.rs", "fn f() -> crate::cli::Cli { todo!() }"),
        ("admin/page/plot.rs", "use super::super::super::worker::Lane;"),
        ("config/load.rs", "use rdkafka::ClientConfig;"),
        ("cli/run.rs", "let config = rdkafka::ClientConfig::new();"),
        ("main.rs", "use rdkafka::ClientConfig;"),
    ] {
        assert_eq!(offences_in(Path::new(path), source).len(), 1, "{path}: {source}");
    }
    for (path, source) in [
        ("cli/run.rs", "use crate::worker::Supervisor; use crate::config::Settings;"),
        ("worker/lane.rs", "use rdkafka::ClientConfig; use crate::config::Settings;"),
        ("config/load.rs", "// crate::worker would be wrong here\n/* and rdkafka */ pub(crate) fn f() {}"),
        ("config/raw.rs", "const FILTER: &str = \"rdkafka=warn crate::worker\"; const Q: char = '\"';"),
        ("admin/page/plot.rs", "use super::super::access; use super::worker;"),
        ("config/load.rs", "let quote = r#\"crate::worker \" \"#; fn f<'a>(x: &'a str) {}"),
    ] {
        assert_eq!(offences_in(Path::new(path), source), Vec::<String>::new(), "{path}: {source}");
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn is_door(path: &Path) -> bool {
    path == Path::new("main.rs") || path == Path::new("lib.rs")
}

/// The room of a file, by the first part of its path under `src/`.
fn room_of(path: &Path) -> Option<(&'static str, &'static [&'static str])> {
    let first = path.components().next()?.as_os_str().to_str()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    ROOMS.into_iter().find(|(room, _)| *room == name)
}

/// What is wrong in one file, a line each.
fn offences_in(path: &Path, source: &str) -> Vec<String> {
    let code = without_comments_and_strings(source);
    let mut offences = Vec::new();
    let room = room_of(path);
    let knows_kafka = room.is_some_and(|(name, _)| name == KAFKA_ROOM);
    if !knows_kafka && let Some(at) = words(&code).find(|(_, word)| *word == "rdkafka").map(|(at, _)| at) {
        offences.push(format!("src/{}:{}: only src/{KAFKA_ROOM} may name rdkafka", path.display(), line(&code, at)));
    }
    let Some((name, may_know)) = room else { return offences };
    for (at, other) in rooms_named(path, &code) {
        let is_room = ROOMS.iter().any(|(room, _)| *room == other);
        if is_room && other != name && !may_know.contains(&other.as_str()) {
            let place = format!("src/{}:{}", path.display(), line(&code, at));
            offences.push(format!("{place}: `{name}` names `{other}`, and may know only {may_know:?}"));
        }
    }
    offences
}

fn line(text: &str, at: usize) -> usize {
    1 + text[..at].matches('\n').count()
}

/// Identifiers with their offsets.
fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    code.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).filter_map(move |word| {
        let start = code[at..].find(word).map(|found| at + found)?;
        at = start + word.len();
        (!word.is_empty()).then_some((start, word))
    })
}

/// Top-level modules that the code leads to, by `crate::` or by as many `super::` as lead to the root.
fn rooms_named(path: &Path, code: &str) -> Vec<(usize, String)> {
    let parts = path.with_extension("").components().count();
    let is_folder_module = path.file_name().is_some_and(|name| name == "mod.rs");
    let depth = if is_folder_module { parts - 1 } else { parts };
    let climb = "super::".repeat(depth);
    let mut found = Vec::new();
    for prefix in ["crate::", climb.as_str()] {
        for (at, _) in code.match_indices(prefix) {
            let before = code[..at].chars().next_back();
            let is_longer = before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_' || letter == ':');
            if !is_longer {
                let rest = &code[at + prefix.len()..];
                found.extend(heads(rest).into_iter().map(|head| (at, head)));
            }
        }
    }
    found
}

/// The first name of a path, or of each path in a group: `a::b` → a, `{a::{b, c}, d}` → a, d.
fn heads(rest: &str) -> Vec<String> {
    let Some(group) = rest.trim_start().strip_prefix('{') else { return vec![first_word(rest)] };
    let (mut heads, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' => {
                heads.push(first_word(&group[start..at]));
                break;
            }
            ',' if depth == 0 => {
                heads.push(first_word(&group[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    heads
}

fn first_word(text: &str) -> String {
    text.trim_start().chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

/// The code with every comment, string and character literal blanked; line ends stay.
fn without_comments_and_strings(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let skipped = skipped(rest, out.chars().next_back());
        if skipped == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        out.extend(rest[..skipped].chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }));
        rest = &rest[skipped..];
    }
    out
}

/// Length of the comment or literal that stands at the head of `rest`, 0 where there is none.
fn skipped(rest: &str, before: Option<char>) -> usize {
    let to = |end: Option<usize>| end.unwrap_or(rest.len());
    if rest.starts_with("//") {
        return to(rest.find('\n'));
    }
    if rest.starts_with("/*") {
        return to(rest.find("*/").map(|at| at + 2));
    }
    let in_word = before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    if !in_word && let Some(raw) = rest.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let close = format!("\"{}", "#".repeat(hashes));
            return to(raw[hashes + 1..].find(&close).map(|at| 1 + hashes + 1 + at + close.len()));
        }
    }
    if rest.starts_with('"') {
        return to(end_of_literal(rest, '"'));
    }
    if let Some(inner) = rest.strip_prefix('\'') {
        // `'a` is a lifetime, `'a'` and `'\n'` are characters.
        let is_character = inner.starts_with('\\') || inner.chars().nth(1) == Some('\'');
        return if is_character { to(end_of_literal(rest, '\'')) } else { 0 };
    }
    0
}

fn end_of_literal(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            other if other == quote => return Some(at + other.len_utf8()),
            _ => {}
        }
    }
    None
}
