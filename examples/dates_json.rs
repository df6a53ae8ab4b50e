//! Reads `{"text", "language"?, "fetchedAt"?}`, one a line, and answers as `copydesk dates --json` does.

use copydesk::dates::{Context, Role, read_line};
use std::io::{self, BufRead, Write};

fn main() -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let question: serde_json::Value = serde_json::from_str(&line?)?;
        let text = question["text"].as_str().unwrap_or_default();
        let now = question["fetchedAt"].as_str().and_then(|t| t.parse::<jiff::Timestamp>().ok());
        let context = Context {
            language: question["language"].as_str(),
            now: now.map(jiff::Timestamp::as_millisecond),
            ..Context::default()
        };
        let read = read_line(text, &context);
        let dates = read.as_ref().map_or(&[][..], |l| &l.dates[..]);
        let best = dates.iter().find(|d| d.role == Role::Published).or(dates.first());
        let answer = serde_json::json!({
            "text": text,
            "value": best.and_then(|d| d.value).map(|v| v.to_string()),
            "precision": best.map(|d| d.precision.as_str()),
            "calendar": best.map(|d| d.calendar.as_str()),
            "candidates": best.map(|d| d.candidates.iter().map(ToString::to_string).collect::<Vec<_>>()),
        });
        writeln!(out, "{answer}")?;
    }
    Ok(())
}
