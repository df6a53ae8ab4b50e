//! `dead-letters show`: one whole dead letter, with terminal controls escaped.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::process::ExitCode;

use anyhow::Context;

use super::list::newest_first;
use super::one;
use super::place::Place;
use super::row::{Row, written};
use super::selection::Selection;
use crate::cli::record_line::RecordLine;
use crate::cli::{escape, exit, note};
use crate::config::Settings;
use crate::worker::dead_letter;
use crate::worker::reader::Record;
use crate::worker::replay::marked;

/// Prints one dead letter: its coordinates, its headers and its payload.
///
/// Control characters are escaped; a payload that is not UTF-8 is shown in hex. The coordinates are those of the letter or of
/// its article, as `list` prints both; if an article was refused more than once, its latest letter is shown.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  copydesk dead-letters show 0/17             (partition/offset in the dead-letter topic)
  copydesk dead-letters show news.raw/3/42    (topic/partition/offset of the article)
  copydesk dead-letters show 0/17 --payload > article")]
pub struct Args {
    /// Coordinates of the letter (`0/17`, `0 17` or `news.dead/0/17`) or of its article (`news.raw/3/42`).
    #[arg(value_name = "PLACE", required = true, num_args = 1..=2)]
    place: Vec<String>,
    /// Print a JSON object; bytes that are not UTF-8 are base64.
    #[arg(long)]
    json: bool,
    /// Print only the payload, byte for byte (on a terminal: escaped).
    #[arg(long, conflicts_with = "json")]
    payload: bool,
}

/// Runs the command.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let topic = &settings.stream.dead_letters;
    let place = match Place::of_words(&args.place) {
        Ok(place) => place,
        Err(wrong) => {
            note(format_args!("copydesk: `{}`: {wrong}", args.place.join(" ")));
            return Ok(ExitCode::from(exit::USAGE));
        }
    };
    let found = match place.letter(topic) {
        Some((partition, offset)) => Some((partition, offset)),
        None => of_article(&place, settings)?,
    };
    let record = found.map(|(partition, offset)| one(settings, topic, partition, offset)).transpose()?.flatten();
    let Some(record) = record else {
        let of = if place.letter(topic).is_some() { "record at" } else { "dead letter of" };
        note(format_args!("copydesk: `{topic}` has no {of} {place}"));
        return Ok(ExitCode::from(exit::UNAVAILABLE));
    };
    if let Some((partition, replayed)) = marked(&record) {
        note(format_args!("copydesk: {place} is not a dead letter but the replay mark of {partition}/{replayed}"));
        return Ok(ExitCode::from(exit::UNAVAILABLE));
    }
    let mut out = std::io::stdout().lock();
    let payload = record.value.as_deref().unwrap_or_default();
    let written = if args.payload && out.is_terminal() {
        writeln!(out, "{}", escape::record(payload))
    } else if args.payload {
        out.write_all(payload)
    } else if args.json {
        let json = serde_json::to_string_pretty(&RecordLine::of(&record)).context("writing the record as JSON")?;
        writeln!(out, "{}", escape::json(&json))
    } else {
        out.write_all(text_of(&record).as_bytes())
    };
    written.and_then(|()| out.flush()).context("writing to standard output")?;
    Ok(ExitCode::from(exit::OK))
}

/// The latest letter of an article.
fn of_article(place: &Place, settings: &Settings) -> anyhow::Result<Option<(i32, i64)>> {
    let selection = Selection::latest_of(place);
    let snapshot = selection.snapshot(settings)?;
    let mut found = None;
    newest_first(&selection, &snapshot, |row, _| {
        found = Some((row.dead_partition, row.dead_offset));
        Ok(())
    })?;
    Ok(found)
}

fn text_of(record: &Record) -> String {
    let header = |name| record.header(name).map_or_else(|| "?".to_owned(), |value| escape::line(&value));
    let mut page = String::new();
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(page, "{name:<11} {value}");
    };
    row("dead letter", &format!("{}/{}/{}", record.topic, record.partition, record.offset));
    let fields = Row::of(record);
    row("of", &escape::line(&fields.origin()));
    row("time", &written(fields.time));
    row("code", &format!("{} ({})", header(dead_letter::CODE), header(dead_letter::STAGE)));
    row("reason", &header(dead_letter::MESSAGE));
    row("key", &record.key.as_deref().map_or_else(|| "none".to_owned(), escape::bytes));
    for (name, value) in &record.headers {
        // Those in the rows above.
        let name = name.text();
        if !dead_letter::HEADERS[..6].contains(&&*name) {
            let value = value.as_deref().map_or_else(|| "null".to_owned(), escape::bytes);
            row("header", &format!("{}: {value}", escape::line(&name)));
        }
    }
    let Some(payload) = record.value.as_deref() else {
        row("payload", "null");
        return page;
    };
    let size = format!("{} bytes{}", payload.len(), fields.cut_in_words());
    match std::str::from_utf8(payload) {
        Ok(text) => {
            row("payload", &size);
            let text = escape::lines(text);
            page.push('\n');
            page.push_str(&text);
            if !text.ends_with('\n') {
                page.push('\n');
            }
        }
        Err(error) => {
            row("payload", &format!("{size}, not UTF-8 from byte {} on: in hex", error.valid_up_to()));
            page.push('\n');
            page.push_str(&escape::hex_dump(payload));
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
    fn a_letter_is_whole_and_escaped() {
        let shown = text_of(&record(Some("line\x1b]0;title\x07\n\u{9b}2J end".as_bytes())));
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
        let shown = text_of(&record(Some(b"ab\xff\xfe\x1b")));
        assert!(shown.ends_with("payload     5 bytes, not UTF-8 from byte 2 on: in hex\n\n00000000  61 62 ff fe 1b                                   ab...\n"), "{shown}");
        assert!(text_of(&record(None)).ends_with("payload     null\n"));
    }
}
