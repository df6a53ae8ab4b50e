//! Raw values, looked at and copied without being built.

use std::fmt;
use std::ops::ControlFlow;

use serde::Deserializer;
use serde::de::{SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::string::unit;

/// Does a text start like nothing but JSON: an object (or an array of them) with the name of its first field?
pub(crate) fn starts_like_data(text: &str) -> bool {
    let bare = text.trim_start();
    let object = bare.strip_prefix('[').map_or(bare, str::trim_start);
    let name = object.strip_prefix('{').and_then(|rest| rest.trim_start().strip_prefix('"'));
    name.and_then(|rest| rest.split_once('"')).is_some_and(|(_, behind)| behind.trim_start().starts_with(':'))
}

/// Calls `each` with the raw elements of an array, in order, until it breaks. `false` where `raw` is no valid array (as
/// far as it was read). No list of them is made: an element may be one byte.
pub(crate) fn elements<'a>(raw: &'a str, mut each: impl FnMut(&'a str) -> ControlFlow<()>) -> bool {
    struct Elements<'f, F>(&'f mut F, &'f mut bool);
    impl<'de, F: FnMut(&'de str) -> ControlFlow<()>> Visitor<'de> for Elements<'_, F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
            while let Some(element) = array.next_element::<&'de RawValue>()? {
                if (self.0)(element.get()).is_break() {
                    *self.1 = true;
                    return Err(serde::de::Error::custom("enough"));
                }
            }
            Ok(())
        }
    }
    let mut enough = false;
    let mut json = serde_json::Deserializer::from_str(raw);
    let read = json.deserialize_seq(Elements(&mut each, &mut enough)).and_then(|()| json.end());
    read.is_ok() || enough
}

/// Arrays and objects that are passed through may nest this deep. serde_json reads 128 levels, and the record adds two.
pub(crate) const DEEPEST: usize = 120;

/// A raw value that can't be passed through: it nests deeper than [`DEEPEST`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooDeep;

/// Does a valid raw value nest deeper than `levels`? Asked before elements inside elements are read, since each level
/// that is being read holds a buffer for all levels below.
pub(crate) fn nests_deeper(raw: &str, levels: usize) -> bool {
    let bytes = raw.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at += 1;
                while let Some(offset) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
                    at += offset;
                    if bytes.get(at) == Some(&b'"') {
                        break;
                    }
                    at += 2;
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > levels {
            return true;
        }
        at += 1;
    }
    false
}

/// Appends a valid raw value to `out` on one line: white space between tokens goes, and line separators inside strings
/// (legal in JSON, but many readers of NDJSON end a line there) are written as escapes. For half of a surrogate pair,
/// which many parsers refuse, `\ufffd` is written. Everything else stays as it is.
pub(crate) fn copy_raw(raw: &str, out: &mut Vec<u8>) -> Result<(), TooDeep> {
    let bytes = raw.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = copy_to_end(raw, at, out);
                continue;
            }
            b' ' | b'\t' | b'\n' | b'\r' => {}
            _ => {
                match byte {
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if depth > DEEPEST {
                    return Err(TooDeep);
                }
                out.push(byte);
            }
        }
        at += 1;
    }
    Ok(())
}

/// Appends a raw string, its line separators escaped.
fn copy_string(raw: &str, out: &mut Vec<u8>) {
    // The first bytes of the separators: most strings have neither, and are copied at once.
    if memchr::memchr2(0xC2, 0xE2, raw.as_bytes()).is_none() {
        out.extend_from_slice(raw.as_bytes());
        return;
    }
    let mut rest = raw;
    while let Some(at) = rest.find(['\u{85}', '\u{2028}', '\u{2029}']) {
        let (before, separator) = rest.split_at(at);
        out.extend_from_slice(before.as_bytes());
        let mut chars = separator.chars();
        let code = chars.next().map_or(0, u32::from);
        out.extend_from_slice(format!("\\u{code:04x}").as_bytes());
        rest = chars.as_str();
    }
    out.extend_from_slice(rest.as_bytes());
}

/// Appends the string that opens at `start`, and answers where it ends, its quotes included.
fn copy_to_end(raw: &str, start: usize, out: &mut Vec<u8>) -> usize {
    let bytes = raw.as_bytes();
    // Where what was not copied yet begins.
    let (mut from, mut at) = (start, start + 1);
    while let Some(offset) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += offset;
        if bytes.get(at) == Some(&b'"') {
            at += 1;
            break;
        }
        at += match (unit(bytes, at), unit(bytes, at + 6)) {
            (Some(0xD800..0xDC00), Some(0xDC00..0xE000)) => 12,
            (Some(0xD800..0xE000), _) => {
                copy_string(raw.get(from..at).unwrap_or_default(), out);
                out.extend_from_slice(b"\\ufffd");
                from = at + 6;
                6
            }
            _ => 2,
        };
    }
    copy_string(raw.get(from..at).unwrap_or_default(), out);
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::json::{Fields, string};

    fn copied(raw: &str) -> Result<String, TooDeep> {
        let mut out = Vec::new();
        copy_raw(raw, &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn for_half_of_a_surrogate_pair_the_replacement_character_stands() {
        for (raw, text, raw_out) in [
            (r#""cut \ud83d""#, "cut \u{FFFD}", r#""cut \ufffd""#),
            (r#""\ud83dx""#, "\u{FFFD}x", r#""\ufffdx""#),
            (r#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}", r#""\ufffd\ufffd""#),
            (r#""\ud83d\ud83d\ude00""#, "\u{FFFD}\u{1F600}", r#""\ufffd\ud83d\ude00""#),
            (r#""\ud83d\u0041""#, "\u{FFFD}A", r#""\ufffd\u0041""#),
            (r#""\uD83D\n""#, "\u{FFFD}\n", r#""\ufffd\n""#),
            (r#""\\ud83d""#, "\\ud83d", r#""\\ud83d""#),
        ] {
            assert_eq!(string(raw).unwrap(), text, "{raw}");
            assert_eq!(copied(raw).unwrap(), raw_out, "{raw}");
            assert!(serde_json::from_str::<String>(&copied(raw).unwrap()).is_ok());
        }
        // In a name, too.
        let fields = Fields::parse(r#"{"a\ud83d": 1}"#).unwrap();
        assert_eq!(fields.list[0].name, "a\u{FFFD}");
    }

    #[test]
    fn raw_values_come_out_on_one_line_and_otherwise_untouched() {
        assert_eq!(copied("{ \"a b\" :\n [1.0e5,\t\"x\\\" \\n y\"] }").unwrap(), r#"{"a b":[1.0e5,"x\" \n y"]}"#);
        assert_eq!(copied(r#""\ud83d\ude00""#).unwrap(), r#""\ud83d\ude00""#);
        assert_eq!(copied("\"a\u{85}\u{2028}é\u{2029}\"").unwrap(), r#""a\u0085\u2028é\u2029""#);
    }

    #[test]
    fn what_starts_like_nothing_but_json() {
        for data in [r#"{"a": "#, r#" [ {"a" :[1"#, r#"[{"type": "paragraph", "te"#] {
            assert!(starts_like_data(data), "{data}");
        }
        for text in ["{", "{\n\"", "[\"a\", ", "{\"quoted\" text}", "[{x", "[Update] \"a\": b"] {
            assert!(!starts_like_data(text), "{text}");
        }
    }

    #[test]
    fn nesting_is_counted_outside_of_strings() {
        assert!(nests_deeper("[[[]]]", 2) && !nests_deeper("[[[]]]", 3));
        assert!(!nests_deeper(r#"[["[[[", "\"[[[", {"a[[": "]"}], []]"#, 3));
        assert!(nests_deeper(r#"{"a": {"b": [1]}}"#, 2));
    }

    #[test]
    fn what_other_parsers_could_not_read_is_refused() {
        assert!(copied(&("[".repeat(DEEPEST) + &"]".repeat(DEEPEST))).is_ok());
        assert_eq!(copied(&("[".repeat(DEEPEST + 1) + &"]".repeat(DEEPEST + 1))), Err(TooDeep));
    }
}
