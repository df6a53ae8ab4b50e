//! Text that is only looked at: nothing in an article may command a terminal, or make a page read otherwise than it is.
//!
//! [`is_unprintable`] is the one table of what must not come through; [`printable`] puts pictures in its place, for people,
//! and [`escaped`] escapes, from which the text can be got back.

use std::borrow::Cow;
use std::fmt::Write;

/// Would the character command a terminal, end a line, or change the direction of the text around it? Control characters
/// (C0 and C1, tab and line feed among them), line and paragraph separators, bidi controls.
pub fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || is_bidi_control(c)
}

/// Embeddings, overrides and isolates. The implicit marks (U+061C, U+200E, U+200F) are not among them: Arabic and Hebrew
/// text needs them, and they change the direction of nothing but themselves.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// The text with C0 controls and DEL as the pictures of themselves (`␛`), a tab as a space, and every other unprintable
/// character as U+FFFD; line and paragraph separators stay.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            '\0'..='\u{1F}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{FFFD}'),
            '\u{7F}' => '\u{2421}',
            '\u{2028}' | '\u{2029}' => c,
            other if is_unprintable(other) => '\u{FFFD}',
            other => other,
        })
        .collect()
}

/// How an unprintable character is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// As Rust does: `\u{202e}`, `\r`.
    Rust,
    /// As JSON does, so that a JSON string still reads as the same string: `\u202e`.
    Json,
}

impl Escape {
    /// Appends the escape of one character of [`is_unprintable`].
    pub fn push(self, c: char, out: &mut String) {
        match self {
            Escape::Rust => out.extend(c.escape_default()),
            // None of them lies beyond U+FFFF. Writing to a string can't fail.
            Escape::Json => drop(write!(out, "\\u{:04x}", u32::from(c))),
        }
    }
}

/// The text with every unprintable character escaped, those in `kept` aside (`&['\t', '\n']`).
pub fn escaped<'t>(text: &'t str, escape: Escape, kept: &[char]) -> Cow<'t, str> {
    let must_escape = |c: char| is_unprintable(c) && !kept.contains(&c);
    let Some(first) = text.find(must_escape) else { return Cow::Borrowed(text) };
    let (plain, rest) = text.split_at(first);
    let mut out = String::with_capacity(text.len() + 64);
    out.push_str(plain);
    for c in rest.chars() {
        if must_escape(c) { escape.push(c, &mut out) } else { out.push(c) }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\u{1b}[31mb\u{202e}c\u{9b}d\u{7f}";

    #[test]
    fn nothing_commands_the_terminal() {
        assert_eq!(printable(HOSTILE), "a␛[31mb\u{fffd}c\u{fffd}d␡");
        assert_eq!(escaped(HOSTILE, Escape::Rust, &[]), "a\\u{1b}[31mb\\u{202e}c\\u{9b}d\\u{7f}");
    }

    #[test]
    fn what_is_kept_stays() {
        assert_eq!(escaped("a\tb\r\n", Escape::Rust, &['\t', '\n']), "a\tb\\r\n");
        assert!(matches!(escaped("سلام\u{200f} – ok", Escape::Rust, &[]), Cow::Borrowed(_)));
    }

    #[test]
    fn json_reads_as_it_did() {
        let text: String = (0..=0x3000).filter_map(char::from_u32).filter(|&c| is_unprintable(c)).collect();
        let json = serde_json::to_string(&text).unwrap();
        let safe = escaped(&json, Escape::Json, &[]);
        assert!(!safe.contains(is_unprintable) && json.contains(is_unprintable));
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
    }

    #[test]
    fn what_printable_leaves_is_printable() {
        let all: String = (0..=0x3000).filter_map(char::from_u32).collect();
        let left: Vec<char> = printable(&all).chars().filter(|&c| is_unprintable(c)).collect();
        assert_eq!(left, ['\u{2028}', '\u{2029}']);
    }
}
