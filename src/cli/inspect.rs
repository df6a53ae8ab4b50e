//! `copydesk inspect`: one article for people, line by line: what was lifted, what was dropped (and which line it repeats),
//! what was kept. It is made from the record that `run` would publish.

mod paint;

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use super::clean::timestamp;
use super::{color, exit, input};
use crate::config::Settings;
use copydesk_core::memory::NoMemory;
use copydesk_core::pipeline::{Cleaner, Payload};
use copydesk_core::record::{AnnotatedLine, Record, Reject, RepeatOf, annotate, describe};
use paint::{Ink, TerminalPage};

/// Show which lines of an article are lifted, dropped and kept, in colour
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  copydesk inspect article.txt
  curl -s https://news.example/article.json | copydesk inspect -
  copydesk inspect --color always article.txt | less -R

An article larger than `limits.payload` is refused, as `run` refuses it. Exit code: 0 clean, 3 refused, 74 I/O error.
The number before a line is that in the record: lines of the body as split, from 0.")]
pub struct Args {
    /// File to read; `-`: standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Kafka's timestamp of the payload: RFC 3339, or milliseconds since 1970
    #[arg(long, value_name = "T", value_parser = timestamp, allow_hyphen_values = true)]
    pub timestamp: Option<i64>,
    /// Width in columns [default: the terminal's, at most 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(40..=400))]
    pub width: Option<u16>,
    /// Explain how each part of a date line was read
    #[arg(long)]
    pub explain: bool,
}

/// Runs the command.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut page = TerminalPage::new(color::stdout(), args.width.map_or_else(paint::terminal_width, usize::from));
    let name = if args.file == Path::new("-") { "standard input".to_owned() } else { args.file.display().to_string() };
    let limit = settings.limits.payload;
    let (bytes, cleaned) = match read(&args.file, limit)? {
        input::Payload::Whole(payload) => (payload.len() as u64, cleaned(&payload, args, settings)?),
        input::Payload::TooLarge(bytes) => {
            (bytes, Err(Reject::TooLarge { bytes: usize::try_from(bytes).unwrap_or(usize::MAX), limit }))
        }
    };
    title(&mut page, &name, bytes);
    let code = match cleaned {
        Ok(record) => {
            article(&mut page, &record, args.explain);
            summary(&mut page, &record);
            exit::OK
        }
        Err(reject) => {
            page.note(Ink::Dropped, "refused", &format!("{}: {}", reject.code(), reject.message()));
            page.note(Ink::Quiet, "", "`run` would publish it unchanged to the dead-letter topic, with this code.");
            exit::REFUSED
        }
    };
    io::stdout().write_all(page.finish().as_bytes()).context("cannot write to standard output")?;
    Ok(ExitCode::from(code))
}

/// The record of an article, or why it has none.
fn cleaned(payload: &[u8], args: &Args, settings: &Settings) -> anyhow::Result<Result<Record, Reject>> {
    let mut cleaner = Cleaner::new(settings.limits);
    let mut out = Vec::new();
    let input = Payload { value: Some(payload), headers: &[], timestamp: args.timestamp };
    if let Err(reject) = cleaner.clean(input, &NoMemory, &mut out) {
        return Ok(Err(reject));
    }
    Ok(Ok(serde_json::from_slice(&out).context("the record can't be read back: this is a bug in copydesk")?))
}

fn read(file: &Path, limit: usize) -> anyhow::Result<input::Payload> {
    if file == Path::new("-") {
        return input::payload(io::stdin().lock(), None, limit).context("cannot read standard input");
    }
    let reading = || format!("cannot read `{}`", file.display());
    let opened = File::open(file).with_context(reading)?;
    input::payload(opened, input::size(file), limit).with_context(reading)
}

fn title(page: &mut TerminalPage, name: &str, bytes: u64) {
    page.rule(&format!("{name} · {}", paint::bytes(bytes)));
}

fn article(page: &mut TerminalPage, record: &Record, with_explanation: bool) {
    let copied = [
        ("uri", Some(&record.uri)),
        ("url", record.url.as_ref()),
        ("source", record.source.as_ref()),
        ("language", record.language.as_ref()),
        ("version", record.version_created.as_ref()),
        ("first", record.first_created.as_ref()),
        ("embargo", record.embargoed_until.as_ref()),
    ];
    for (name, text) in copied {
        if let Some(text) = text {
            page.note(Ink::Quiet, name, text);
        }
    }
    if let Some(published) = &record.date_published {
        page.note(Ink::Date, "published", published);
    }
    if let Some(dateline) = &record.dateline {
        page.note(Ink::Date, "dateline", dateline);
    }
    for date in record.dates.iter().filter(|date| date.field.is_some()) {
        page.note(Ink::Date, date.field.as_deref().unwrap_or_default(), &format!("{}  {}", date.text, describe(date)));
    }
    page.blank();
    if let Some(headline) = &record.headline {
        page.headline(headline);
        page.blank();
    }
    for line in annotate(record) {
        match line {
            AnnotatedLine::Date(number, dates) => {
                let mut readings: Vec<String> = dates.iter().map(|date| describe(date)).collect();
                if with_explanation {
                    readings.push(explanation(&dates[0].text, record.language.as_deref()));
                }
                page.line(number, Ink::Date, "◷", &dates[0].text, Some(&readings.join("  ")));
            }
            AnnotatedLine::Kept(number, text) => page.line(number, Ink::Kept, "│", text, None),
            AnnotatedLine::Dropped(dropped, text) => {
                let first = match dropped.repeat_of {
                    Some(RepeatOf::Line(line)) => format!("↑ repeat of line {line}"),
                    Some(RepeatOf::Headline(_)) => "↑ repeat of the headline".to_owned(),
                    None => "↑ was in an earlier article of this source".to_owned(),
                };
                let variant = if dropped.text.is_some() { ", written otherwise" } else { "" };
                page.line(dropped.line, Ink::Dropped, "×", text, Some(&format!("{first}{variant}")));
            }
        }
    }
}

/// `17 = day, يناير = month 1 (gregory), 2024 = year`
fn explanation(line: &str, language: Option<&str>) -> String {
    let context = newsdates::Context { language, ..newsdates::Context::default() };
    let part = |part: newsdates::Explained| {
        part.chosen.map(|chosen| format!("{} = {chosen}", line.get(part.span).unwrap_or_default()))
    };
    newsdates::explain(line, &context).tokens.into_iter().filter_map(part).collect::<Vec<_>>().join(", ")
}

fn summary(page: &mut TerminalPage, record: &Record) {
    let count = |number: usize, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    let lifted = record.dates.iter().filter(|date| date.line.is_some()).count();
    let (bytes_in, bytes_out) = (record.stats.bytes_in, record.stats.bytes_out);
    page.blank();
    page.summary(&[
        (Ink::Kept, count(record.paragraphs.len(), "paragraph kept", "paragraphs kept")),
        (Ink::Dropped, count(record.dropped.len(), "repeat dropped", "repeats dropped")),
        (Ink::Date, count(lifted, "date lifted", "dates lifted")),
        (Ink::Quiet, format!("{} → {}", paint::bytes(bytes_in), paint::bytes(bytes_out))),
    ]);
    if let Some(extra) = &record.extra {
        let names: Vec<&str> = extra.keys().map(String::as_str).collect();
        page.note(Ink::Quiet, "extra", &names.join(", "));
    }
}
