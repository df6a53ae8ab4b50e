//! `copydesk schema`: the contracts as JSON Schema (2020-12), from the types themselves.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use serde_json::{Value, json};

use super::exit;
use crate::article::{Reject, record_schema};

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
    for (names, description) in crate::article::known_fields() {
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
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Headers of a dead letter",
        "description": "The value and the key of a dead letter are those of the payload, byte for byte; these headers \
    stand after the payload's own.",
        "type": "object",
        "properties": {
            "copydesk.error.code": { "enum": Reject::CODES, "description": "The stable code." },
            "__connect.errors.topic": { "type": "string", "description": "Topic of the payload." },
            "__connect.errors.partition": { "type": "string", "pattern": "^[0-9]+$", "description": "Its partition." },
            "__connect.errors.offset": { "type": "string", "pattern": "^[0-9]+$", "description": "Its offset." },
            "__connect.errors.stage": { "enum": ["decode", "clean", "encode"], "description": "Where it was refused." },
            "__connect.errors.exception.message": { "type": "string", "description": "Why, for people." },
        },
        "required": [
            "copydesk.error.code", "__connect.errors.topic", "__connect.errors.partition", "__connect.errors.offset",
            "__connect.errors.stage", "__connect.errors.exception.message",
        ],
    })
}
