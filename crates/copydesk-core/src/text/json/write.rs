//! Writing JSON strings.

use super::super::hex;
#[cfg(target_arch = "x86_64")]
use super::super::scan::x86::Block;
use super::super::scan::{Bytes, Scan};

/// A JSON string. Line separators are escaped too: legal in JSON, but many readers of NDJSON end a line there.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text;
    while let Some(at) = find_separator(rest) {
        let (before, separator) = rest.split_at(at);
        write_escaped(before, out);
        let mut chars = separator.chars();
        let escape: &[u8] = match chars.next() {
            Some('\u{85}') => b"\\u0085",
            Some('\u{2028}') => b"\\u2028",
            _ => b"\\u2029",
        };
        out.extend_from_slice(escape);
        rest = chars.as_str();
    }
    write_escaped(rest, out);
    out.push(b'"');
}

fn find_separator(text: &str) -> Option<usize> {
    // Their first bytes: most texts have neither.
    memchr::memchr2(0xC2, 0xE2, text.as_bytes())?;
    text.find(['\u{85}', '\u{2028}', '\u{2029}'])
}

/// The inside of a JSON string: all but quotes, backslashes and control characters is copied in runs. (Line separators are
/// not escaped: a body's lines have none.)
pub(crate) fn write_escaped(text: &str, out: &mut Vec<u8>) {
    let escapes = Escapes::default();
    let mut rest = text.as_bytes();
    loop {
        let (plain, tail) = rest.split_at(escapes.first(rest));
        out.extend_from_slice(plain);
        let Some((byte, after)) = tail.split_first() else { return };
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\r' => out.extend_from_slice(b"\\r"),
            control => {
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&hex::digits(*control));
            }
        }
        rest = after;
    }
}

/// Bytes of a text inside a JSON string, but for line separators.
pub(crate) fn escaped_length(text: &str) -> usize {
    let length = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\t' | b'\r' => 2,
        0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(length).sum()
}

/// Finds the first byte that can't stand in a JSON string as it is.
pub(super) type Escapes = Scan<MustEscape>;

/// The bytes that can't.
#[derive(Debug, Clone, Copy)]
pub(super) struct MustEscape;

impl Bytes for MustEscape {
    fn has(byte: u8) -> bool {
        (byte < 0x20) | (byte == b'"') | (byte == b'\\')
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn have(block: Block) -> Block {
        block.is_in(0, 0x1F).or(block.is(b'"')).or(block.is(b'\\'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte() {
        for byte in 0..=u8::MAX {
            let first = Escapes::default().first(&[b'x', byte]);
            assert_eq!(first == 1, byte < 0x20 || byte == b'"' || byte == b'\\', "{byte:#x}");
        }
    }

    #[test]
    fn strings_read_back() {
        let long = "x".repeat(70);
        for text in ["", "a\"b\\c\nd\te\u{1}f\u{1f}\u{7f}", "\u{85}\u{2028}é\u{2029}", &format!("{long}\"{long}\n")] {
            let mut out = Vec::new();
            write_text(text, &mut out);
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
            assert_eq!(String::from_utf8(out).unwrap().lines().count(), 1);
        }
    }
}
