//! The docs match the program: tables are generated from its constants, commands are valid, output is its output, and links
//! have targets.
//!
//! Update what has drifted by `UPDATE_DOCS=1 cargo test --release --test docs` (look at the diff before you commit).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails, helpers included")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::{CommandFactory, Parser};
use copydesk::cli::{Cli, exit};
use copydesk::telemetry::names;
use copydesk_core::record::Reject;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Compares a document with its expected text, or updates it.
fn check_or_update(path: &str, expected: &str) {
    let file = root().join(path);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, expected).unwrap();
    }
    let actual = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(actual, expected, "{path} has drifted: UPDATE_DOCS=1 cargo test --release --test docs");
}

/// Replaces what stands between `<!-- NAME -->` and `<!-- /NAME -->`.
fn with_block(document: &str, name: &str, block: &str) -> String {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let (before, rest) = document.split_once(&open).unwrap_or_else(|| panic!("no {open}"));
    let (_, after) = rest.split_once(&close).unwrap_or_else(|| panic!("no {close}"));
    format!("{before}{open}{block}{close}{after}")
}

#[test]
fn every_metric_is_documented() {
    let mut table = String::from("| name | kind | labels | |\n|---|---|---|---|\n");
    for metric in names::ALL {
        let labels = metric.labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
        let kind = format!("{:?}", metric.kind).to_lowercase();
        table += &format!("| `{}` | {kind} | {labels} | {} |\n", metric.name, metric.help);
    }
    let mut process = String::from("| name | |\n|---|---|\n");
    for (name, help) in names::PROCESS {
        process += &format!("| `{name}` | {help} |\n");
    }
    let document = with_block(&read("docs/metrics.md"), "metrics", &table);
    check_or_update("docs/metrics.md", &with_block(&document, "process", &process));
}

#[test]
fn every_exit_code_is_documented() {
    let mut table = String::from("| code | |\n|---|---|\n");
    for (code, meaning) in exit::ALL {
        table += &format!("| {code} | {meaning} |\n");
    }
    check_or_update("docs/exit-codes.md", &with_block(&read("docs/exit-codes.md"), "exit-codes", &table));
}

/// The meanings are written by hand, since they say more than an error message; the codes may not differ.
#[test]
fn every_error_code_is_documented() {
    let document = read("docs/errors.md");
    let documented: Vec<&str> =
        document.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(code, _)| code)).collect();
    assert_eq!(documented, Reject::CODES, "docs/errors.md lists other codes, or in another order, than Reject::CODES");
}

/// Names of metrics that stand in any document exist.
#[test]
fn metrics_named_in_the_docs_exist() {
    for (path, text) in documents() {
        for word in text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')) {
            let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
            let is_metric = word.starts_with("copydesk_") && word != "copydesk_";
            assert!(!is_metric || names::ALL.iter().any(|metric| metric.name == base), "{path}: no metric `{word}`");
        }
    }
}

#[test]
fn the_schema_of_the_configuration_is_committed() {
    let schema = serde_json::to_string_pretty(&copydesk::config::json_schema()).unwrap() + "\n";
    check_or_update("docs/schema/config.json", &schema);
}

/// `copydesk schema NAME` prints what is committed as docs/schema/NAME.json, and nothing else lies there.
#[test]
fn the_schemas_are_committed() {
    let names = ["config", "dead-letter", "raw", "record"];
    let mut there: Vec<String> = fs::read_dir(root().join("docs/schema"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    there.sort();
    for name in names {
        let output = Command::new(env!("CARGO_BIN_EXE_copydesk")).args(["schema", name]).output().unwrap();
        assert!(output.status.success(), "copydesk schema {name}");
        check_or_update(&format!("docs/schema/{name}.json"), &String::from_utf8(output.stdout).unwrap());
    }
    let expected: Vec<String> = names.iter().map(|name| format!("{name}.json")).collect();
    assert!(there == expected || std::env::var_os("UPDATE_DOCS").is_some(), "docs/schema has {there:?}");
}

#[test]
fn the_readme_lists_every_command() {
    let readme = read("README.md");
    let listed: BTreeSet<&str> =
        readme.lines().filter_map(|line| line.strip_prefix("| `")?.split([' ', '`']).next()).collect();
    let tree = Cli::command();
    let commands: BTreeSet<&str> = tree.get_subcommands().map(clap::Command::get_name).collect();
    assert_eq!(listed, commands, "README.md's table of commands (left) and the program's commands (right)");
}

/// Every command line in the docs is valid.
#[test]
fn commands_in_the_docs_are_valid() {
    let mut count = 0;
    for (path, text) in documents() {
        for line in fenced(&text).flat_map(|(_, block)| block.lines().collect::<Vec<_>>()) {
            for call in line.trim_start_matches("$ ").split("docker compose run --rm ").last().unwrap().split(" | ") {
                let call = call.trim_start_matches("target/release/").trim_start_matches("-T ");
                if !call.starts_with("copydesk ") {
                    continue;
                }
                let words =
                    call.split_whitespace().take_while(|word| !matches!(*word, ">" | "<" | "2>" | "&&" | "&" | "#"));
                let words: Vec<&str> = words.map(|word| word.trim_matches(['\'', '"'])).collect();
                if let Err(error) = Cli::try_parse_from(&words) {
                    assert!(!error.use_stderr(), "{path}: `{call}`: {error}");
                }
                count += 1;
            }
        }
    }
    assert!(count > 10, "only {count} commands found: is the search broken?");
}

/// Blocks after `<!-- run -->` are shell sessions: each command is run in the project's folder, and what stands below it
/// is what it printed.
#[test]
fn sessions_in_the_docs_are_real() {
    let mut count = 0;
    for (path, text) in documents() {
        let mut expected = text.clone();
        for (_, rest) in
            text.match_indices("<!-- run -->\n```console\n").map(|(at, head)| text.split_at(at + head.len()))
        {
            let block = rest.split_once("```").unwrap().0;
            let fresh: String = block
                .lines()
                .filter_map(|line| line.strip_prefix("$ "))
                .map(|command| format!("$ {command}\n{}", session(command)))
                .collect();
            expected = expected.replace(block, &fresh);
            count += 1;
        }
        // Only what has sessions: another test may be writing the rest.
        if text.contains("<!-- run -->") {
            check_or_update(&path, &expected);
        }
    }
    assert!(count > 0, "no session found: is the search broken?");
}

/// What a command prints, standard error included, as in a terminal without colour.
fn session(command: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_copydesk")).parent().unwrap().to_owned();
    let path = std::env::join_paths(
        [binary].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    let output = Command::new("sh")
        .args(["-c", &format!("{command} 2>&1")])
        .current_dir(root())
        .env("PATH", path.unwrap())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn links_have_targets() {
    for (path, text) in documents() {
        let folder = root().join(&path).parent().unwrap().to_owned();
        for (_, rest) in text.match_indices("](").map(|(at, _)| text.split_at(at + 2)) {
            let target = rest.split([')', '#', ' ']).next().unwrap_or_default();
            let is_elsewhere = target.is_empty() || target.contains("://");
            assert!(is_elsewhere || folder.join(target).exists(), "{path}: the link to `{target}` has no target");
        }
    }
}

/// The Markdown documents with their paths.
fn documents() -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for folder in [root(), root().join("docs")] {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        paths.extend(entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            (path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// Fenced blocks: the word after the fence, and the text.
fn fenced(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("```").skip(1).step_by(2).filter_map(|block| block.split_once('\n'))
}
