//! Text of strangers on a terminal: what would steer it is shown, not done.

use std::fmt::Write;

use copydesk_core::text::is_unprintable;

/// The text with control characters, separators of lines and marks that turn the direction of writing as escapes. A tab
/// stays, and with `lines` a line feed.
pub fn text(text: &str, lines: bool) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter == '\t' || (lines && letter == '\n') || !is_unprintable(letter) {
            safe.push(letter);
        } else {
            safe.extend(letter.escape_default());
        }
    }
    safe
}

/// JSON with the same characters as escapes, which reads as the same JSON. (JSON itself escapes those below U+0020 only.) A
/// carriage return, which can only stand between two values, becomes a space.
pub fn json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for letter in json.chars() {
        // Outside strings there are no others but these.
        if letter == '\r' {
            safe.push(' ');
        } else if matches!(letter, '\t' | '\n') || !is_unprintable(letter) {
            safe.push(letter);
        } else {
            let _ = write!(safe, "\\u{:04x}", u32::from(letter));
        }
    }
    safe
}

/// Text where it is UTF-8, else every byte that is not printable ASCII as `\xff`.
pub fn bytes(value: &[u8]) -> String {
    std::str::from_utf8(value).map_or_else(|_| value.escape_ascii().to_string(), |value| text(value, false))
}

/// Sixteen bytes a line: where they stand, in hex, as ASCII.
pub fn hex(value: &[u8]) -> String {
    let mut dump = String::with_capacity(value.len() * 5);
    for (number, line) in value.chunks(16).enumerate() {
        let _ = write!(dump, "{:08x} ", number * 16);
        for at in 0..16 {
            let _ = match line.get(at) {
                Some(byte) => write!(dump, " {byte:02x}"),
                None => write!(dump, "   "),
            };
        }
        let ascii =
            line.iter().map(|byte| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' });
        let _ = writeln!(dump, "  {}", ascii.collect::<String>());
    }
    dump
}

/// A record for a terminal: JSON as JSON, other text with escapes, what is not UTF-8 as `\xff`.
pub fn record(value: &[u8]) -> String {
    let is_json = serde_json::from_slice::<&serde_json::value::RawValue>(value).is_ok();
    match std::str::from_utf8(value) {
        Ok(value) if is_json => json(value),
        Ok(value) => text(value, true),
        Err(_) => bytes(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\x1b[2Jb\u{9b}31mc\u{202e}d\r\ne\tf";

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(text(HOSTILE, true), "a\\u{1b}[2Jb\\u{9b}31mc\\u{202e}d\\r\ne\tf");
        assert_eq!(text(HOSTILE, false), "a\\u{1b}[2Jb\\u{9b}31mc\\u{202e}d\\r\\ne\tf");
        assert_eq!(text("سلام\u{200f} – ok", false), "سلام\u{200f} – ok");
        assert_eq!(bytes(b"\xff\x1b[2J"), "\\xff\\x1b[2J");
    }

    #[test]
    fn json_reads_as_it_did() {
        let value = serde_json::json!({ "a": [HOSTILE, "\u{7f}"] });
        let safe = json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(!safe.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\u{7f}']), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
    }

    #[test]
    fn a_record_is_shown_as_what_it_is() {
        assert_eq!(record("{\"a\":\r\"\u{9b}\"}".as_bytes()), "{\"a\": \"\\u009b\"}");
        assert_eq!(record("no json \u{202e}\r".as_bytes()), "no json \\u{202e}\\r");
        assert_eq!(record(b"\xff\x1b"), "\\xff\\x1b");
    }

    #[test]
    fn hex_says_where() {
        let dump = hex(b"\xff\xfe 0123456789abc\n");
        let lines: Vec<&str> = dump.lines().collect();
        assert_eq!(lines[0], "00000000  ff fe 20 30 31 32 33 34 35 36 37 38 39 61 62 63  .. 0123456789abc");
        assert_eq!(lines[1], "00000010  0a                                               .");
    }
}
