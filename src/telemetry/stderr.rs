//! Log lines on standard error. A line that can't be written is lost and nothing else happens: a worker whose log reader
//! has gone away has work to do. A line has no secret in it (`config::redact`) and can't control a terminal: what came from
//! an article or a broker is escaped, in JSON as `\u202e`, which reads as the same JSON.

use std::borrow::Cow;
use std::io::{self, Write};

use tracing_subscriber::fmt::MakeWriter;

use crate::config::redact;
use copydesk_core::text::{Escape, escaped, is_unprintable};

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
        let _ = io::stderr().lock().write_all(escaped_line(&redact::text(&text), self.0).as_bytes());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The line with terminal controls escaped, except for its own end and our colours.
fn escaped_line(line: &str, format: Format) -> Cow<'_, str> {
    let (text, end) = line.strip_suffix('\n').map_or((line, ""), |text| (text, "\n"));
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(line);
    }
    let escape = if format == Format::Json { Escape::Json } else { Escape::Rust };
    let mut out = String::with_capacity(line.len() + 64);
    let mut rest = text;
    while let Some(at) = rest.find(is_unprintable) {
        let (plain, from) = rest.split_at(at);
        out.push_str(plain);
        let colour = if format == Format::Coloured { colour(from) } else { 0 };
        // Either a sequence of ours, or one character to be escaped.
        let length = if colour > 0 { colour } else { from.chars().next().map_or(1, char::len_utf8) };
        let (control, behind) = from.split_at(length);
        if colour > 0 {
            out.push_str(control);
        } else {
            out.push_str(&escaped(control, escape, &[]));
        }
        rest = behind;
    }
    out.push_str(rest);
    out.push_str(end);
    Cow::Owned(out)
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
    fn no_line_controls_the_terminal() {
        assert_eq!(
            escaped_line("{\"a\":\"x\u{9b}2J\u{202e}y\u{7f}\"}\n", Format::Json),
            "{\"a\":\"x\\u009b2J\\u202ey\\u007f\"}\n"
        );
        assert_eq!(escaped_line("a\x1b[2J\u{9b}b\nforged\n", Format::Plain), "a\\u{1b}[2J\\u{9b}b\\nforged\n");
        assert_eq!(
            escaped_line("\x1b[2mtime\x1b[0m \x1b[2J\u{2066}\n", Format::Coloured),
            "\x1b[2mtime\x1b[0m \\u{1b}[2J\\u{2066}\n"
        );
        assert_eq!(escaped_line("\x1b[32mgreen", Format::Plain), "\\u{1b}[32mgreen");
        assert_eq!(escaped_line("سلام – 灯台\n", Format::Json), "سلام – 灯台\n");
    }
}
