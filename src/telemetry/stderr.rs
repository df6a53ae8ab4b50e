//! Log lines on standard error. A line that can't be written is lost and nothing else happens: a worker whose log reader
//! has gone away has work to do. A line has no secret in it (`config::redact`) and can't control a terminal: what came from
//! an article or a broker is escaped, in JSON as `\u202e`, which reads as the same JSON.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use tracing_subscriber::fmt::MakeWriter;

use crate::config::redact;
use copydesk_core::text::steers;

/// Format of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Plain,
    /// With our own colours, which are let through.
    Coloured,
}

impl MakeWriter<'_> for Format {
    type Writer = LineWriter;

    fn make_writer(&self) -> LineWriter {
        LineWriter(*self)
    }
}

/// A writer that is given one whole line at a time.
#[derive(Debug)]
pub(super) struct LineWriter(Format);

impl Write for LineWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let _ = io::stderr().lock().write_all(safe(&redact::text(&text), self.0).as_bytes());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The line with terminal controls as escapes, except for its own end and our colours.
fn safe(line: &str, format: Format) -> Cow<'_, str> {
    let (text, end) = line.strip_suffix('\n').map_or((line, ""), |text| (text, "\n"));
    if !text.chars().any(steers) {
        return Cow::Borrowed(line);
    }
    let mut safe = String::with_capacity(line.len() + 64);
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let colour = if format == Format::Coloured { colour(rest) } else { 0 };
        if colour > 0 {
            safe.push_str(&rest[..colour]);
            rest = &rest[colour..];
            continue;
        }
        rest = &rest[letter.len_utf8()..];
        if !steers(letter) {
            safe.push(letter);
        } else if format == Format::Json {
            let _ = write!(safe, "\\u{:04x}", u32::from(letter));
        } else {
            safe.extend(letter.escape_default());
        }
    }
    safe.push_str(end);
    Cow::Owned(safe)
}

/// Length of the escape sequence at the head of the text, where it only sets a colour. (Those of an article are escaped
/// earlier.)
fn colour(text: &str) -> usize {
    let Some(numbers) = text.strip_prefix("\x1b[") else { return 0 };
    let end = numbers.find(|letter: char| !letter.is_ascii_digit() && letter != ';').unwrap_or(numbers.len());
    if numbers[end..].starts_with('m') { "\x1b[".len() + end + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_steers_nothing() {
        assert_eq!(
            safe("{\"a\":\"x\u{9b}2J\u{202e}y\u{7f}\"}\n", Format::Json),
            "{\"a\":\"x\\u009b2J\\u202ey\\u007f\"}\n"
        );
        assert_eq!(safe("a\x1b[2J\u{9b}b\nforged\n", Format::Plain), "a\\u{1b}[2J\\u{9b}b\\nforged\n");
        assert_eq!(
            safe("\x1b[2mtime\x1b[0m \x1b[2J\u{2066}\n", Format::Coloured),
            "\x1b[2mtime\x1b[0m \\u{1b}[2J\\u{2066}\n"
        );
        assert_eq!(safe("\x1b[32mgreen", Format::Plain), "\\u{1b}[32mgreen");
        assert_eq!(safe("سلام – 灯台\n", Format::Json), "سلام – 灯台\n");
    }
}
