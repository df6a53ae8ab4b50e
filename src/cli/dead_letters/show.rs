//! One dead letter whole, so that nothing in it can steer the terminal.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context;

use super::{cut, one, time};
use crate::cli::line::Line;
use crate::cli::{exit, safe};
use crate::config::Settings;
use crate::worker::dead_letter;
use crate::worker::reader::Record;
use crate::worker::replay::marked;

/// Prints one dead letter: its coordinates, its headers and its payload.
///
/// Control characters are shown as escapes; a payload that is not UTF-8 is shown in hex.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Its partition in the dead-letter topic.
    partition: i32,
    /// Its offset there.
    offset: i64,
    /// As a JSON object; what is not UTF-8 in it is base64.
    #[arg(long)]
    json: bool,
    /// The payload alone, byte for byte: to be saved, not to be looked at.
    #[arg(long, conflicts_with = "json")]
    payload: bool,
}

/// Runs the command.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let topic = &settings.stream.dead_letters;
    let (partition, offset) = (args.partition, args.offset);
    let Some(record) = one(settings, topic, partition, offset)? else {
        eprintln!("copydesk: `{topic}` has no record at {partition}/{offset}");
        return Ok(ExitCode::from(exit::UNAVAILABLE));
    };
    if let Some((partition, replayed)) = marked(&record) {
        eprintln!(
            "copydesk: {partition}/{offset} is no dead letter: it marks that {partition}/{replayed} was replayed"
        );
        return Ok(ExitCode::from(exit::UNAVAILABLE));
    }
    let mut out = std::io::stdout().lock();
    let written = if args.payload {
        out.write_all(record.value.as_deref().unwrap_or_default())
    } else if args.json {
        let json = serde_json::to_string_pretty(&Line::of(&record)).context("writing the record as JSON")?;
        writeln!(out, "{}", safe::json(&json))
    } else {
        out.write_all(page(&record).as_bytes())
    };
    written.and_then(|()| out.flush()).context("writing to standard output")?;
    Ok(ExitCode::from(exit::OK))
}

fn page(record: &Record) -> String {
    let header = |name| record.header(name).map_or_else(|| "?".to_owned(), |value| safe::text(&value, false));
    let mut page = String::new();
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(page, "{name:<11} {value}");
    };
    row("dead letter", &format!("{}/{}/{}", record.topic, record.partition, record.offset));
    row("of", &safe::text(&super::origin(record), false));
    row("time", &time(record));
    row("code", &format!("{} ({})", header(dead_letter::CODE), header(dead_letter::STAGE)));
    row("reason", &header(dead_letter::MESSAGE));
    row("key", &record.key.as_deref().map_or_else(|| "none".to_owned(), safe::bytes));
    for (name, value) in &record.headers {
        // Those that are told above.
        let name = name.text();
        if !dead_letter::HEADERS[..6].contains(&&*name) {
            let value = value.as_deref().map_or_else(|| "null".to_owned(), safe::bytes);
            row("header", &format!("{}: {value}", safe::text(&name, false)));
        }
    }
    let Some(payload) = record.value.as_deref() else {
        row("payload", "null");
        return page;
    };
    let size = format!("{} bytes{}", payload.len(), cut(record));
    match std::str::from_utf8(payload) {
        Ok(text) => {
            row("payload", &size);
            let text = safe::text(text, true);
            page.push('\n');
            page.push_str(&text);
            if !text.ends_with('\n') {
                page.push('\n');
            }
        }
        Err(error) => {
            row("payload", &format!("{size}, not UTF-8 from byte {} on: in hex", error.valid_up_to()));
            page.push('\n');
            page.push_str(&safe::hex(payload));
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(value: Option<&[u8]>) -> Record {
        let headers = [
            (dead_letter::TOPIC, &b"news.raw"[..]),
            (dead_letter::PARTITION, b"3"),
            (dead_letter::OFFSET, b"42"),
            (dead_letter::STAGE, b"decode"),
            (dead_letter::CODE, b"invalid_utf8"),
            (dead_letter::MESSAGE, b"because \x1b[31m"),
            ("own\x07", b"\xff\x9b"),
        ];
        Record {
            topic: "news.dead".into(),
            partition: 0,
            offset: 17,
            timestamp: Some(1_705_500_300_000),
            key: Some(b"k\x1bc".to_vec()),
            value: value.map(<[u8]>::to_vec),
            headers: headers.iter().map(|(name, value)| ((*name).into(), Some(value.to_vec()))).collect(),
        }
    }

    #[test]
    fn a_page_is_whole_and_safe() {
        let shown = page(&record(Some("line\x1b]0;title\x07\n\u{9b}2J end".as_bytes())));
        assert_eq!(
            shown,
            "dead letter news.dead/0/17\n\
             of          news.raw/3/42\n\
             time        2024-01-17T14:05:00Z\n\
             code        invalid_utf8 (decode)\n\
             reason      because \\u{1b}[31m\n\
             key         k\\u{1b}c\n\
             header      own\\u{7}: \\xff\\x9b\n\
             payload     23 bytes\n\
             \n\
             line\\u{1b}]0;title\\u{7}\n\\u{9b}2J end\n"
        );
        let shown = page(&record(Some(b"ab\xff\xfe\x1b")));
        assert!(shown.ends_with("payload     5 bytes, not UTF-8 from byte 2 on: in hex\n\n00000000  61 62 ff fe 1b                                   ab...\n"), "{shown}");
        assert!(page(&record(None)).ends_with("payload     null\n"));
    }
}
