//! Untrusted text for a terminal, with its control characters escaped.

use std::fmt::Write;

use copydesk_core::text::{Escape, escaped, hex};

/// The text with control characters, line separators and bidi controls escaped; tabs stay.
pub fn line(text: &str) -> String {
    escaped(text, Escape::Rust, &['\t']).into_owned()
}

/// The same, but line feeds stay too.
pub fn lines(text: &str) -> String {
    escaped(text, Escape::Rust, &['\t', '\n']).into_owned()
}

/// JSON with the same characters escaped, which reads as the same JSON. (JSON itself requires that only below U+0020.) A
/// carriage return, which can only stand between two values, becomes a space.
pub fn json(json: &str) -> String {
    // Outside strings, the only such characters are white space.
    escaped(&json.replace('\r', " "), Escape::Json, &['\t', '\n']).into_owned()
}

/// UTF-8 as text, other bytes with every byte that is not printable ASCII as `\xff`.
pub fn bytes(value: &[u8]) -> String {
    std::str::from_utf8(value).map_or_else(|_| value.escape_ascii().to_string(), line)
}

/// Sixteen bytes a line: their offset, in hex, as ASCII.
pub fn hex_dump(value: &[u8]) -> String {
    let mut dump = String::with_capacity(value.len() * 5);
    for (number, row) in value.chunks(16).enumerate() {
        let digits: Vec<String> = row.iter().map(|byte| hex::encode(&[*byte])).collect();
        let ascii =
            row.iter().map(|byte| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' });
        // Writing to a string can't fail.
        let _ = writeln!(dump, "{:08x}  {:<47}  {}", number * 16, digits.join(" "), ascii.collect::<String>());
    }
    dump
}

/// A record for a terminal: JSON as JSON, other text with escapes, what is not UTF-8 as `\xff`.
pub fn record(value: &[u8]) -> String {
    let is_json = serde_json::from_slice::<&serde_json::value::RawValue>(value).is_ok();
    match std::str::from_utf8(value) {
        Ok(value) if is_json => json(value),
        Ok(value) => lines(value),
        Err(_) => bytes(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\x1b[2Jb\u{9b}31mc\u{202e}d\r\ne\tf";

    #[test]
    fn no_text_controls_the_terminal() {
        assert_eq!(lines(HOSTILE), "a\\u{1b}[2Jb\\u{9b}31mc\\u{202e}d\\r\ne\tf");
        assert_eq!(line(HOSTILE), "a\\u{1b}[2Jb\\u{9b}31mc\\u{202e}d\\r\\ne\tf");
        assert_eq!(line("سلام\u{200f} – ok"), "سلام\u{200f} – ok");
        assert_eq!(bytes(b"\xff\x1b[2J"), "\\xff\\x1b[2J");
    }

    #[test]
    fn json_reads_as_it_did() {
        let value = serde_json::json!({ "a": [HOSTILE, "\u{7f}"] });
        let escaped = json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(!escaped.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\u{7f}']), "{escaped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
    }

    #[test]
    fn a_record_is_json_or_text_or_bytes() {
        assert_eq!(record("{\"a\":\r\"\u{9b}\"}".as_bytes()), "{\"a\": \"\\u009b\"}");
        assert_eq!(record("no json \u{202e}\r".as_bytes()), "no json \\u{202e}\\r");
        assert_eq!(record(b"\xff\x1b"), "\\xff\\x1b");
    }

    #[test]
    fn a_dump_has_offsets() {
        let dump = hex_dump(b"\xff\xfe 0123456789abc\n");
        let rows: Vec<&str> = dump.lines().collect();
        assert_eq!(rows[0], "00000000  ff fe 20 30 31 32 33 34 35 36 37 38 39 61 62 63  .. 0123456789abc");
        assert_eq!(rows[1], "00000010  0a                                               .");
    }
}
