//! Splitting a body into lines.
//!
//! Lines end at LF, CRLF, CR, VT, FF, NEL (U+0085), LINE SEPARATOR (U+2028) and PARAGRAPH SEPARATOR (U+2029): the
//! mandatory breaks of UAX #14. A line end at the very end of the body opens no further line. Blank lines are counted,
//! so that a line's number can be found again in the body as it came.

#[cfg(target_arch = "x86_64")]
use super::scan::x86::Block;
use super::scan::{Bytes, Scan};

/// One line of a body: its number, and where its text lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineSpan {
    /// Number of the line in the body as split, from 0, blank lines included.
    pub number: u32,
    /// First byte of the line.
    pub start: usize,
    /// Byte after the last one; the line end is not part of the line.
    pub end: usize,
}

impl LineSpan {
    /// The line's text out of the buffer that it was split from.
    pub fn of<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// Splits `body` into `lines` (emptied first). Stops after `limit` lines and answers `false` where there are more.
pub fn split(body: &str, limit: usize, lines: &mut Vec<LineSpan>) -> bool {
    lines.clear();
    let bytes = body.as_bytes();
    let scan = Scan::<Ends>::default();
    let (mut start, mut at) = (0, 0);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        at += scan.first(rest);
        let width = match bytes.get(at..).unwrap_or_default() {
            [b'\r', b'\n', ..] | [0xC2, 0x85, ..] => 2,
            [0xE2, 0x80, 0xA8 | 0xA9, ..] => 3,
            [0x0A..=0x0D, ..] => 1,
            // Another code point that begins like a line end.
            [_, ..] => {
                at += 1;
                continue;
            }
            [] => break,
        };
        if lines.len() >= limit {
            return false;
        }
        lines.push(LineSpan { number: lines.len() as u32, start, end: at });
        at += width;
        start = at;
    }
    if start < bytes.len() {
        if lines.len() >= limit {
            return false;
        }
        lines.push(LineSpan { number: lines.len() as u32, start, end: bytes.len() });
    }
    true
}

/// The bytes that line ends begin with. (In nearly all text there is a second byte to look at for few others.)
#[derive(Debug, Clone, Copy)]
struct Ends;

impl Bytes for Ends {
    fn has(byte: u8) -> bool {
        matches!(byte, 0x0A..=0x0D | 0xC2 | 0xE2)
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn have(block: Block) -> Block {
        block.is_in(0x0A, 0x0D).or(block.is(0xC2)).or(block.is(0xE2))
    }
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
    fn blank_lines_and_mixed_ends_are_counted() {
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
