//! `copydesk dates`: one text in, one answer out. The dates room without articles around it, for people who want to know
//! how a line is read, and for programs that want nothing else.

use std::borrow::Cow;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::clean::timestamp;
use super::input::{self, Line};
use super::{escape, exit, note};
use newsdates::{Context, Explanation, Role, RuleId, explain, read_line};

/// Read lines as date lines: one text a line, one JSON object as the answer
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  copydesk dates 'الأربعاء - 17 يناير 2024' '5 رجب 1445 هـ'
  copydesk dates --fetched-at 2024-01-17T14:05:00Z 'hace 3 horas'
  copydesk dates --explain 'Mis à jour le 17 janv. 2024 à 14 h 05'
  echo '{\"text\": \"03/04/2024\", \"language\": \"fr\"}' | copydesk dates --json

`value` is null where the text is not a date line, and where nothing settles which date it is (then `candidates`
holds what it may be). Every text gets an answer; one that is too long (64 KiB) or is no question is told on standard
error as well. Exit code: 0, or 3 where there was such a one.")]
pub struct Args {
    /// Texts to read; none: standard input, one a line
    #[arg(value_name = "TEXT")]
    pub texts: Vec<String>,
    /// Each line is a JSON object: {"text", "language"?, "fetchedAt"?}
    #[arg(long)]
    pub json: bool,
    /// Add which parts were read as what, and which rules accepted or rejected something
    #[arg(long)]
    pub explain: bool,
    /// Language (BCP 47) of texts that don't name theirs; it only breaks ties
    #[arg(long, value_name = "LANGUAGE")]
    pub language: Option<String>,
    /// Against what "3 hours ago" resolves: RFC 3339, or milliseconds since 1970
    #[arg(long, value_name = "T", value_parser = timestamp, allow_hyphen_values = true)]
    pub fetched_at: Option<i64>,
}

#[derive(Deserialize)]
struct Question<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
    #[serde(borrow)]
    language: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "fetchedAt")]
    fetched_at: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
struct Answer<'a> {
    text: &'a str,
    value: Option<String>,
    precision: Option<&'static str>,
    calendar: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    explained: Vec<Part<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rules: Vec<RuleSays>,
}

/// A rule that accepted or rejected something.
#[derive(Serialize)]
struct RuleSays {
    id: &'static str,
    says: &'static str,
    verdict: &'static str,
}

impl From<RuleId> for RuleSays {
    fn from(id: RuleId) -> Self {
        let rule = id.rule();
        RuleSays { id: id.as_str(), says: rule.says, verdict: rule.verdict.as_str() }
    }
}

#[derive(Serialize)]
struct Part<'a> {
    text: &'a str,
    kind: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    meaning: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    chosen: Option<String>,
}

/// Longest text in bytes. A line of a page that holds a date is much shorter.
const LONGEST: usize = 64 << 10;

/// Runs the command.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut failed = false;
    let mut answer_line = |number: u64, asked: Result<&str, String>| -> anyhow::Result<()> {
        if let Err(problem) = answer(args, asked, &mut out)? {
            failed = true;
            note(format_args!("line {number}: {problem}"));
        }
        Ok(())
    };
    if args.texts.is_empty() {
        let (mut input, mut line) = (io::stdin().lock(), Vec::new());
        for number in 1.. {
            let asked = match input::line(&mut input, &mut line, LONGEST).context("cannot read standard input")? {
                Line::End => break,
                Line::TooLong(bytes) => Err(too_long(bytes)),
                Line::Whole => std::str::from_utf8(line.strip_suffix(b"\r").unwrap_or(&line))
                    .map_err(|error| format!("not UTF-8 from byte {} on", error.valid_up_to())),
            };
            answer_line(number, asked)?;
        }
    } else {
        for (number, text) in (1..).zip(&args.texts) {
            let asked = if text.len() > LONGEST { Err(too_long(text.len() as u64)) } else { Ok(text.as_str()) };
            answer_line(number, asked)?;
        }
    }
    out.flush().context("cannot write to standard output")?;
    Ok(ExitCode::from(if failed { exit::REFUSED } else { exit::OK }))
}

fn too_long(bytes: u64) -> String {
    format!("a text of {bytes} bytes: at most {LONGEST} are read as a date line")
}

/// Writes one answer; every question gets one, so that answers and questions stay in step.
fn answer(args: &Args, asked: Result<&str, String>, out: &mut impl Write) -> anyhow::Result<Result<(), String>> {
    let line = asked.as_deref().unwrap_or_default();
    let (mut problem, mut text, mut language, mut now) =
        (asked.clone().err(), Cow::Borrowed(line), args.language.as_deref().map(Cow::Borrowed), args.fetched_at);
    if args.json && problem.is_none() {
        match serde_json::from_str::<Question<'_>>(line) {
            Ok(question) => {
                text = question.text;
                language = question.language.or(language);
                match question.fetched_at.map(|moment| timestamp(&moment)) {
                    Some(Ok(moment)) => now = Some(moment),
                    Some(Err(error)) => problem = Some(format!("`fetchedAt`: {error}")),
                    None => {}
                }
            }
            Err(error) => {
                problem = Some(format!("not a question {{\"text\", \"language\"?, \"fetchedAt\"?}}: {error}"))
            }
        }
    }
    let context = Context { language: language.as_deref(), now, ..Context::default() };
    let line = if problem.is_none() { read_line(&text, &context) } else { None };
    let dates = line.as_ref().map(|line| line.dates.as_slice()).unwrap_or_default();
    let best = dates.iter().find(|date| date.role == Role::Published).or(dates.first());
    let explained = if args.explain { explain(&text, &context) } else { Explanation::default() };
    let answer = Answer {
        text: &text,
        value: best.and_then(|date| date.value).map(|value| value.to_string()),
        precision: best.map(|date| date.precision.as_str()),
        calendar: best.map(|date| date.calendar.as_str()),
        role: best.map(|date| date.role.as_str()),
        candidates: best.map(|date| date.candidates.iter().map(ToString::to_string).collect()).unwrap_or_default(),
        rules: explained.rules.into_iter().map(RuleSays::from).collect(),
        explained: explained
            .tokens
            .into_iter()
            .map(|part| Part {
                text: text.get(part.span).unwrap_or_default(),
                kind: part.kind,
                meaning: part.meaning,
                chosen: part.chosen,
            })
            .collect(),
    };
    let mut answer = serde_json::to_string(&answer).context("writing an answer as JSON")?;
    if io::stdout().is_terminal() {
        answer = escape::json(&answer);
    }
    writeln!(out, "{answer}").context("cannot write to standard output")?;
    Ok(problem.map_or(Ok(()), Err))
}
