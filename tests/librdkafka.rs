//! The table of librdkafka's properties is the one of the librdkafka that is built in.
//!
//! It is generated from the CONFIGURATION.md that comes with the crate `rdkafka-sys`, which `cargo metadata` finds:
//! `UPDATE_DOCS=1 cargo test --release --test librdkafka` regenerates it after an upgrade. (That librdkafka takes what the
//! table calls right, and refuses what it calls wrong, is tested in `src/worker/config_check.rs`.)

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails, helpers included")]

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

const TABLE: &str = "src/config/catalogue/table.rs";

#[test]
fn the_table_is_that_of_the_librdkafka_that_is_built_in() {
    let (version, document) = configuration_md();
    let expected = table(&version, &document);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(TABLE);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    let actual = fs::read_to_string(&path).unwrap();
    assert!(
        actual == expected,
        "{TABLE} has drifted from {version}: UPDATE_DOCS=1 cargo test --release --test librdkafka"
    );
}

/// The version of the crate (`4.10.0+2.12.1`: its own, and librdkafka's), and the document in it.
fn configuration_md() -> (String, String) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", &host()])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let package = metadata["packages"].as_array().unwrap().iter().find(|package| package["name"] == "rdkafka-sys");
    let package = package.unwrap();
    let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
    let document = manifest.parent().unwrap().join("librdkafka/CONFIGURATION.md");
    (package["version"].as_str().unwrap().to_owned(), fs::read_to_string(document).unwrap())
}

/// The platform of this machine: packages of others may not be here.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(output.stdout).unwrap();
    version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

fn table(version: &str, document: &str) -> String {
    let librdkafka = version.split_once('+').map_or(version, |(_, librdkafka)| librdkafka);
    let mut rows: Vec<(String, String)> = Vec::new();
    for line in document.lines() {
        let columns: Vec<&str> = line.split(" | ").map(str::trim).collect();
        let [name, clients, range, ..] = columns[..] else { continue };
        let of_name = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "._".contains(letter);
        let clients = match clients {
            "*" => "All",
            "C" => "Consumer",
            "P" => "Producer",
            _ => continue,
        };
        // A property of client and topic alike is set on the client, which is described first.
        if !name.chars().all(of_name) || rows.iter().any(|(other, _)| other == name) {
            continue;
        }
        let kind = line.rsplit_once("*Type: ").unwrap().1.trim_end_matches('*');
        rows.push((name.to_owned(), format!("property({name:?}, {clients}, {}),", form(kind, range))));
    }
    rows.sort();
    let mut text = format!(
        "//! Every property that librdkafka {librdkafka} documents: name, which clients know it, form.\n\
         //!\n\
         //! Generated from the CONFIGURATION.md of rdkafka-sys {version}, by\n\
         //! `UPDATE_DOCS=1 cargo test --release --test librdkafka`.\n\n\
         use super::Clients::{{All, Consumer, Producer}};\n\
         use super::Form::{{Call, Flag, Flags, Fraction, OneOf, Patterns, Text, Whole}};\n\
         use super::{{Property, property}};\n\n\
         /// The librdkafka that this is the table of.\n\
         pub const VERSION: &str = {librdkafka:?};\n\n\
         /// The properties, by name.\n\
         #[rustfmt::skip]\n\
         pub const PROPERTIES: &[Property] = &[\n"
    );
    for (_, row) in rows {
        writeln!(text, "    {row}").unwrap();
    }
    text + "];\n"
}

/// How a value has to look, as Rust.
fn form(kind: &str, range: &str) -> String {
    let bounds = || range.split_once(" .. ").unwrap_or_else(|| panic!("no range: {range}"));
    let names = || range.split(", ").map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    match kind {
        "integer" => {
            let (least, most) = bounds();
            format!("Whole({least}, {most})")
        }
        "float" => {
            let (least, most) = bounds();
            format!("Fraction({least}.0, {most}.0)")
        }
        "boolean" => "Flag".to_owned(),
        "enum value" => format!("OneOf(&[{}])", names()),
        "CSV flags" if range.is_empty() => "Text".to_owned(),
        "CSV flags" => format!("Flags(&[{}])", names()),
        "pattern list" => "Patterns".to_owned(),
        "string" => "Text".to_owned(),
        "see dedicated API" => "Call".to_owned(),
        other => panic!("librdkafka has a new type of property: {other}"),
    }
}
