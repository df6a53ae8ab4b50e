//! `copydesk schema`: the contracts as JSON Schema (2020-12), from the types themselves.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use serde_json::{Value, json};

use super::exit;
use crate::worker::dead_letter;
use copydesk_core::record::{Reject, record_schema};

/// Print a JSON Schema (2020-12): of the record, the raw article, a dead letter, the configuration
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Which contract
    #[arg(value_enum, default_value = "record")]
    pub name: Name,
}

/// The contracts that have a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Name {
    /// The clean article on the output topic
    Record,
    /// The raw article on the input topic, where it is JSON
    Raw,
    /// The headers of a record on the dead-letter topic
    DeadLetter,
    /// copydesk.toml
    Config,
}

/// Runs the command.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let schema = match args.name {
        Name::Record => record_schema().to_value(),
        Name::Raw => raw(),
        Name::DeadLetter => dead_letter(),
        Name::Config => crate::config::json_schema(),
    };
    let text = serde_json::to_string_pretty(&schema).context("cannot print the schema")?;
    writeln!(std::io::stdout(), "{text}").context("cannot write to standard output")?;
    Ok(ExitCode::from(exit::OK))
}

/// The raw article: an object with at least one body field. Any other field may be there, and survives under `extra`.
fn raw() -> Value {
    let mut properties = serde_json::Map::new();
    for (names, description) in copydesk_core::input::known_fields() {
        for name in names {
            let mut property = json!({ "description": description });
            if !matches!(*name, "bodies" | "headlines" | "body" | "content" | "text" | "source" | "id" | "guid" | "uri")
            {
                property["type"] = json!(["string", "number", "object", "array", "boolean", "null"]);
            }
            properties.insert((*name).to_owned(), property);
        }
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Raw article",
        "description": "A JSON article as feeds send it (ninjs 1 to 3, schema.org NewsArticle, trafilatura, newspaper4k, \
    news-please, Zyte; a CloudEvents envelope is unwrapped). A known field of another type than text is not read and \
    survives under `extra`, as every unknown field does. A payload that is no JSON object is plain text.",
        "type": "object",
        "properties": properties,
    })
}

/// A dead letter: the original key, value and headers, and these headers.
fn dead_letter() -> Value {
    let always = [
        (dead_letter::CODE, json!({ "enum": Reject::CODES, "description": "The stable code." })),
        (dead_letter::TOPIC, json!({ "type": "string", "description": "Topic of the payload." })),
        (dead_letter::PARTITION, number("Its partition.")),
        (dead_letter::OFFSET, number("Its offset.")),
        (
            dead_letter::STAGE,
            json!({ "enum": ["decode", "clean", "encode", "publish"], "description": "Where it was refused." }),
        ),
        (dead_letter::MESSAGE, json!({ "type": "string", "description": "Why, for people." })),
    ];
    let sometimes = [
        (
            dead_letter::CUT_BYTES,
            number("Where the value was too large for this topic and was cut: the size of the whole in bytes."),
        ),
        (
            dead_letter::CUT_SHA256,
            json!({
                "type": "string", "pattern": "^[0-9a-f]{64}$",
                "description": "Where the value was cut: the SHA-256 of the whole.",
            }),
        ),
        (
            dead_letter::CUT_HEADERS,
            json!({ "const": "true", "description": "The payload's own headers and key were too large as well, and are not here." }),
        ),
        (
            dead_letter::TIMESTAMP_INPUT,
            json!({
                "type": "string", "pattern": "^-?[0-9]+$",
                "description": "Where this topic does not accept the payload's Kafka timestamp: that timestamp, in \
            milliseconds since 1970.",
            }),
        ),
        (
            dead_letter::KEY_ADDED,
            json!({ "const": "true", "description": "The payload had no key, which this topic requires: the key is the payload's \
            topic/partition/offset." }),
        ),
        (
            dead_letter::REPLAYED,
            json!({
                "type": "string", "pattern": "^.+/[0-9]+/[0-9]+$",
                "description": "Where it had been replayed and was refused again: the dead letter that was replayed, as \
            topic/partition/offset.",
            }),
        ),
    ];
    let required = always.each_ref().map(|(name, _)| *name);
    let properties: serde_json::Map<String, Value> =
        always.into_iter().chain(sometimes).map(|(name, schema)| (name.to_owned(), schema)).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Headers of a dead letter",
        "description": "The value and the key of a dead letter are those of the payload, byte for byte, unless it was cut; \
    these headers stand after the payload's own.",
        "type": "object",
        "properties": properties,
        "required": required,
    })
}

/// A number as the text of a header.
fn number(description: &str) -> Value {
    json!({ "type": "string", "pattern": "^[0-9]+$", "description": description })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_of_a_dead_letter_has_every_header() {
        let schema = dead_letter();
        let described: Vec<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut added: Vec<&str> = dead_letter::HEADERS.into_iter().chain([dead_letter::REPLAYED]).collect();
        added.sort_unstable();
        assert_eq!(described, added);
    }
}
