//! Layout for a terminal: rules, numbered lines wrapped to the width, colours if enabled.
//!
//! The marks in the margin repeat what the colours say. Control characters of the article are replaced by printable ones.

use std::fmt::Write;

use owo_colors::{OwoColorize, Style};
use unicode_width::UnicodeWidthChar;

use copydesk_core::text::printable;

/// The kind of a piece of text, which decides its style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// A kept paragraph.
    Kept,
    /// A dropped one, or a refusal.
    Dropped,
    /// A date.
    Date,
    /// Secondary text.
    Quiet,
}

impl Ink {
    fn mark(self) -> Style {
        match self {
            Ink::Kept => Style::new().green(),
            Ink::Dropped => Style::new().red(),
            Ink::Date => Style::new().cyan().bold(),
            Ink::Quiet => Style::new().dimmed(),
        }
    }

    fn text(self) -> Style {
        match self {
            Ink::Kept => Style::new(),
            Ink::Dropped => Style::new().dimmed().strikethrough(),
            Ink::Date => Style::new().cyan(),
            Ink::Quiet => Style::new().dimmed(),
        }
    }
}

/// The terminal's width, at most a readable one.
pub(super) fn terminal_width() -> usize {
    const READABLE: usize = 100;
    terminal_size::terminal_size().map_or(READABLE, |(width, _)| usize::from(width.0).clamp(40, READABLE))
}

/// `3.9 kB`
pub(super) fn bytes(count: u64) -> String {
    match count {
        0..1000 => format!("{count} B"),
        1000..1_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        _ => format!("{:.1} MB", count as f64 / 1e6),
    }
}

/// Text for a terminal, written from top to bottom.
#[derive(Debug)]
pub(super) struct TerminalPage {
    text: String,
    colour: bool,
    width: usize,
}

/// Columns of a line's number and its mark.
const MARGIN: usize = 8;

impl TerminalPage {
    pub(super) fn new(colour: bool, width: usize) -> Self {
        TerminalPage { text: String::new(), colour, width }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    fn put(&mut self, text: &str, style: Style) {
        let text = printable(text);
        // Writing to a string can't fail.
        let _ = if self.colour { write!(self.text, "{}", text.style(style)) } else { write!(self.text, "{text}") };
    }

    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// `── title ──────────`
    pub(super) fn rule(&mut self, title: &str) {
        let rest = self.width.saturating_sub(columns(title) + 4);
        self.put("── ", Style::new().dimmed());
        self.put(title, Style::new().bold());
        self.put(&format!(" {}", "─".repeat(rest)), Style::new().dimmed());
        self.blank();
    }

    /// A named value.
    pub(super) fn note(&mut self, ink: Ink, name: &str, value: &str) {
        const NAMES: usize = 11;
        let indent = " ".repeat(NAMES + 1);
        for (index, row) in wrap(value, self.width.saturating_sub(NAMES + 1)).iter().enumerate() {
            if index == 0 {
                self.put(&format!("{name:>NAMES$} "), Style::new().dimmed());
            } else {
                self.text.push_str(&indent);
            }
            self.put(row, if ink == Ink::Quiet { Style::new() } else { ink.mark() });
            self.blank();
        }
    }

    pub(super) fn headline(&mut self, headline: &str) {
        for row in wrap(headline, self.width.saturating_sub(MARGIN)) {
            self.text.push_str(&" ".repeat(MARGIN));
            self.put(&row, Style::new().bold().underline());
            self.blank();
        }
    }

    /// A numbered line of the body, with a remark under it.
    pub(super) fn line(&mut self, number: u32, ink: Ink, mark: &str, text: &str, remark: Option<&str>) {
        for (index, row) in wrap(text, self.width.saturating_sub(MARGIN)).iter().enumerate() {
            let number = if index == 0 { number.to_string() } else { String::new() };
            self.put(&format!("{number:>5} "), Style::new().dimmed());
            self.put(mark, ink.mark());
            self.text.push(' ');
            self.put(row, ink.text());
            self.blank();
        }
        if let Some(remark) = remark {
            self.text.push_str("      ");
            self.put(mark, ink.mark());
            self.text.push(' ');
            self.put(remark, ink.mark());
            self.blank();
        }
    }

    pub(super) fn summary(&mut self, parts: &[(Ink, String)]) {
        let width = self.width;
        self.put(&"─".repeat(width), Style::new().dimmed());
        self.blank();
        self.text.push(' ');
        for (index, (ink, part)) in parts.iter().enumerate() {
            if index > 0 {
                self.put(" · ", Style::new().dimmed());
            }
            self.put(part, ink.mark());
        }
        self.blank();
    }
}

fn columns(text: &str) -> usize {
    printable(text).chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// Breaks text into rows of at most `width` columns: at spaces, and within words and scripts without spaces where needed.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let text = printable(text);
    let mut rows = vec![String::new()];
    let mut used = 0;
    for word in text.split_inclusive(' ') {
        let long = columns(word.trim_end());
        if used > 0 && used + long > width {
            rows.push(String::new());
            used = 0;
        }
        for c in word.chars() {
            let wide = c.width().unwrap_or(0);
            if used + wide > width && c != ' ' {
                rows.push(String::new());
                used = 0;
            }
            if let Some(row) = rows.last_mut() {
                row.push(c);
            }
            used += wide;
        }
    }
    rows.iter_mut().for_each(|row| row.truncate(row.trim_end().len()));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_no_wider_than_asked() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("河水退去", 4), ["河水", "退去"]);
        assert_eq!(wrap("", 4), [""]);
    }

    /// In every kind of text: a remark may quote the article as well.
    #[test]
    fn no_text_controls_the_terminal() {
        let mut page = TerminalPage::new(false, 40);
        let hostile = "a\u{1b}[2Jb\u{9b}c\u{202e}d\r";
        page.rule(hostile);
        page.note(Ink::Date, hostile, hostile);
        page.headline(hostile);
        page.line(0, Ink::Date, "◷", hostile, Some(hostile));
        page.summary(&[(Ink::Kept, hostile.to_owned())]);
        let page = page.finish();
        assert!(!page.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\r']), "{page:?}");
    }

    #[test]
    fn without_colour_there_is_no_escape() {
        let mut page = TerminalPage::new(false, 40);
        page.rule("x");
        page.line(0, Ink::Dropped, "×", "text", Some("remark"));
        assert!(!page.finish().contains('\u{1b}'));
    }
}
