//! The text of a JSON string.

use std::borrow::Cow;

/// The string that a valid raw value is; `None` where it is something else.
pub(crate) fn string(raw: &str) -> Option<Cow<'_, str>> {
    raw.starts_with('"').then(|| unescape(raw, |from| Some(from + memchr::memchr(b'\\', raw.as_bytes().get(from..)?)?)))
}

/// The text between the quotes of a string that is valid: it stands there as it is, but for the escapes. `next` finds the
/// first backslash from there on. Half of a surrogate pair is no character: U+FFFD stands for it.
pub(super) fn unescape(quoted: &str, mut next: impl FnMut(usize) -> Option<usize>) -> Cow<'_, str> {
    let end = quoted.len() - 1;
    let inside = |from: usize, to: usize| quoted.get(from..to).unwrap_or_default();
    let mut from = 1;
    let Some(mut at) = next(from) else { return Cow::Borrowed(inside(1, end)) };
    let mut text = String::with_capacity(quoted.len());
    loop {
        text.push_str(inside(from, at));
        let (c, width) = escaped(inside(at, end).as_bytes());
        text.push(c);
        from = at + width;
        let Some(following) = next(from) else {
            text.push_str(inside(from, end));
            return Cow::Owned(text);
        };
        at = following;
    }
}

/// The character that an escape stands for, and how many bytes it has.
fn escaped(escape: &[u8]) -> (char, usize) {
    let short = match escape.get(1) {
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'u') => {
            return match (unit(escape, 0), unit(escape, 6)) {
                (Some(high @ 0xD800..0xDC00), Some(low @ 0xDC00..0xE000)) => {
                    let code = 0x1_0000 + ((u32::from(high) - 0xD800) << 10) + (u32::from(low) - 0xDC00);
                    (char::from_u32(code).unwrap_or('\u{FFFD}'), 12)
                }
                (unit, _) => (unit.and_then(|unit| char::from_u32(unit.into())).unwrap_or('\u{FFFD}'), 6),
            };
        }
        Some(other) => char::from(*other),
        None => '\u{FFFD}',
    };
    (short, 2)
}

/// The code unit of a `\uXXXX` escape at `at`, if there is one.
pub(super) fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let Some([b'\\', b'u', hex @ ..]) = bytes.get(at..at + 6) else { return None };
    u16::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
}
