//! The article as it came, line by line, read back from its record: what was kept, what was dropped and of which line it
//! is a repeat, what was lifted. For people (`copydesk inspect`, the admin page): made of the very record that is
//! published, so that it can't show anything else.

use std::collections::{BTreeMap, HashMap};

use super::{DateEntry, Dropped, Record, RepeatOf};

/// A line of the article, with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnnotatedLine<'a> {
    /// A line that was lifted out, with every date that it holds.
    Date(u32, Vec<&'a DateEntry>),
    /// A kept paragraph: its line and its text.
    Kept(u32, &'a str),
    /// A dropped one, with its text as written.
    Dropped(&'a Dropped, &'a str),
}

/// All lines in the order in which they stood, the headline and blank lines aside.
pub fn annotate(record: &Record) -> Vec<AnnotatedLine<'_>> {
    let kept: HashMap<u32, &str> =
        record.paragraphs.iter().map(|paragraph| paragraph.line).zip(record.body_text.split('\n')).collect();
    // By line and, should two things ever stand in one line, in this order: none hides another.
    let mut lines: BTreeMap<(u32, u8), AnnotatedLine<'_>> =
        kept.iter().map(|(&line, &text)| ((line, 0), AnnotatedLine::Kept(line, text))).collect();
    for dropped in &record.dropped {
        let text = match (&dropped.text, dropped.repeat_of) {
            (Some(text), _) => text.as_str(),
            (None, Some(RepeatOf::Line(first))) => kept.get(&first).copied().unwrap_or_default(),
            (None, _) => record.headline.as_deref().unwrap_or_default(),
        };
        lines.insert((dropped.line, 1), AnnotatedLine::Dropped(dropped, text));
    }
    for date in &record.dates {
        let Some(line) = date.line else { continue };
        let entry = lines.entry((line, 2)).or_insert_with(|| AnnotatedLine::Date(line, Vec::new()));
        if let AnnotatedLine::Date(_, dates) = entry {
            dates.push(date);
        }
    }
    lines.into_values().collect()
}

/// What a date was read as: `→ 2024-01-17 · gregory · published`.
pub fn describe(date: &DateEntry) -> String {
    let value = match &date.value {
        Some(value) => value.clone(),
        None if date.candidates.is_empty() => "open".to_owned(),
        None => format!("open: {}", date.candidates.join(" or ")),
    };
    let role = if date.role == "other" { String::new() } else { format!(" · {}", date.role) };
    format!("→ {value} · {}{role}", date.calendar)
}
