//! Splitting a body into lines.
//!
//! Lines end at LF, CRLF, CR, VT, FF, NEL (U+0085), LINE SEPARATOR (U+2028) and PARAGRAPH SEPARATOR (U+2029): the
//! mandatory breaks of UAX #14. A line end at the very end of the body opens no further line. Blank lines are counted,
//! so that a line's number can be found again in the body as it came.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use memchr::{memchr2, memchr3_iter};

/// One line of a body: its number, and where its text lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Number of the line in the body as split, from 0, blank lines included.
    pub number: u32,
    /// First byte of the line.
    pub start: usize,
    /// Byte after the last one; the line end is not part of the line.
    pub end: usize,
}

impl Line {
    /// The line's text out of the buffer that it was split from.
    pub fn of<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// Splits `body` into `lines` (emptied first). Stops after `limit` lines and answers `false` where there are more.
pub fn split(body: &str, limit: usize, lines: &mut Vec<Line>) -> bool {
    lines.clear();
    let bytes = body.as_bytes();
    let mut splitter = Splitter { lines, limit, start: 0 };
    let whole = if has_rare_ends(bytes) { split_any(bytes, &mut splitter) } else { split_common(bytes, &mut splitter) };
    whole && (splitter.start >= bytes.len() || splitter.push(bytes.len(), bytes.len()))
}

/// Anything but LF and CR? Nearly no body has one, and the common case then needs two needles only.
fn has_rare_ends(bytes: &[u8]) -> bool {
    static SEPARATORS: LazyLock<[Finder<'static>; 3]> =
        LazyLock::new(|| ["\u{85}", "\u{2028}", "\u{2029}"].map(Finder::new));
    // Their first bytes: most bodies have neither, or only far down.
    let separator = memchr2(0xC2, 0xE2, bytes).and_then(|at| bytes.get(at..));
    memchr2(0x0B, 0x0C, bytes).is_some()
        || separator.is_some_and(|rest| SEPARATORS.iter().any(|separator| separator.find(rest).is_some()))
}

struct Splitter<'a> {
    lines: &'a mut Vec<Line>,
    limit: usize,
    start: usize,
}

impl Splitter<'_> {
    /// Ends the open line before byte `end`; the next one starts at `next`.
    fn push(&mut self, end: usize, next: usize) -> bool {
        if self.lines.len() >= self.limit {
            return false;
        }
        self.lines.push(Line { number: self.lines.len() as u32, start: self.start, end });
        self.start = next;
        true
    }
}

fn split_common(bytes: &[u8], splitter: &mut Splitter<'_>) -> bool {
    memchr::memchr2_iter(b'\n', b'\r', bytes).all(|at| end_line(bytes, at, 1, splitter))
}

fn split_any(bytes: &[u8], splitter: &mut Splitter<'_>) -> bool {
    // The first bytes of all ends: 0A-0D by themselves, C2 (85) and E2 (80 A8, 80 A9) by what follows.
    let mut starts: Vec<(usize, usize)> = Vec::new();
    starts.extend(bytes.iter().enumerate().filter(|(_, b)| matches!(b, 0x0A..=0x0D)).map(|(at, _)| (at, 1)));
    starts.extend(memchr3_iter(0xC2, 0xE2, 0xE2, bytes).filter_map(|at| match bytes.get(at..) {
        Some([0xC2, 0x85, ..]) => Some((at, 2)),
        Some([0xE2, 0x80, 0xA8 | 0xA9, ..]) => Some((at, 3)),
        _ => None,
    }));
    starts.sort_unstable();
    starts.into_iter().all(|(at, width)| end_line(bytes, at, width, splitter))
}

/// A line end of `width` bytes at `at`; the LF of a CRLF was already taken with its CR.
fn end_line(bytes: &[u8], at: usize, width: usize, splitter: &mut Splitter<'_>) -> bool {
    if at < splitter.start {
        return true;
    }
    let crlf = bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) == Some(&b'\n');
    splitter.push(at, at + if crlf { 2 } else { width })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(body: &str) -> Vec<&str> {
        let mut found = Vec::new();
        assert!(split(body, usize::MAX, &mut found));
        assert!(found.iter().enumerate().all(|(n, line)| line.number as usize == n));
        found.iter().map(|line| line.of(body)).collect()
    }

    #[test]
    fn every_mandatory_break_ends_a_line() {
        assert_eq!(
            lines("a\nb\r\nc\rd\u{2028}e\u{2029}f\u{85}g\u{b}h\u{c}i"),
            ["a", "b", "c", "d", "e", "f", "g", "h", "i"]
        );
    }

    #[test]
    fn common_and_rare_paths_agree() {
        assert_eq!(lines("a\n\nb\r\r\n\nc"), ["a", "", "b", "", "", "c"]);
        assert_eq!(lines("a\n\nb\r\r\n\nc\u{c}"), ["a", "", "b", "", "", "c"]);
    }

    #[test]
    fn a_last_line_end_opens_no_line() {
        assert_eq!(lines("a\n"), ["a"]);
        assert_eq!(lines("a\r"), ["a"]);
        assert_eq!(lines("\n"), [""]);
        assert_eq!(lines(""), [""; 0]);
    }

    #[test]
    fn the_letters_that_share_bytes_with_line_ends_do_not_end_one() {
        // U+00A8 is C2 A8, U+0628 is D8 A8, U+201C is E2 80 9C.
        assert_eq!(lines("\u{a8}\u{628}\u{201c}\u{c}x"), ["\u{a8}\u{628}\u{201c}", "x"]);
    }

    #[test]
    fn the_limit_is_on_lines() {
        let mut found = Vec::new();
        assert!(split("a\nb\nc", 3, &mut found));
        assert!(!split("a\nb\nc", 2, &mut found));
        assert!(split("a\nb\n", 2, &mut found));
    }
}
