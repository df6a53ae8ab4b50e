//! JSON, as far as the pure function needs it: an object as a list of raw fields, strings out of raw values, and the
//! check that keeps what is passed through untouched readable for everybody.
//!
//! Values that nobody interprets are never built: they stay the bytes that they were.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::escape::Escapes;

/// The fields of an object, in order, as they were written. A name may stand twice. Behind them, which names there may
/// be, and where the backslashes of the values are, as far as they were seen on the way.
#[derive(Debug, Default)]
pub(super) struct Fields<'a>(pub(super) Vec<Field<'a>>, Names, Vec<usize>);

/// Which names may be among the fields: one bit for all names of a kind. Dozens of names are asked for, few are there.
#[derive(Debug, Default)]
struct Names(u64);

impl Names {
    fn of(fields: &[Field<'_>]) -> Names {
        Names(fields.iter().fold(0, |bits, field| bits | Names::bit(&field.name)))
    }

    fn may_have(&self, name: &str) -> bool {
        self.0 & Names::bit(name) != 0
    }

    fn bit(name: &str) -> u64 {
        let first = name.as_bytes().first().copied().unwrap_or_default();
        1 << ((name.len() * 5 + usize::from(first)) % 64)
    }
}

/// One field of an object.
#[derive(Debug)]
pub(super) struct Field<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) value: &'a str,
    /// Does the record say elsewhere what this field says? Then it is not under `extra`.
    pub(super) used: bool,
    /// Of the backslashes that are known, those of this value (`None`: not looked for), each by its place in the value.
    escapes: Option<Range<usize>>,
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut fields = Vec::with_capacity(16);
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    fields.push(Field { name, value: value.get(), used: false, escapes: None });
                }
                Ok(Fields::new(fields, Vec::new()))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

impl<'a> Fields<'a> {
    fn new(fields: Vec<Field<'a>>, escapes: Vec<usize>) -> Self {
        let names = Names::of(&fields);
        Fields(fields, names, escapes)
    }

    /// The object that `text` is.
    pub(super) fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        // What is out of the ordinary serde_json judges, and words the error.
        scan(text).map_or_else(|| serde_json::from_str(text), Ok)
    }

    /// The index of the field of this name; of several the last, as most parsers have it.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        if !self.1.may_have(name) {
            return None;
        }
        self.0.iter().rposition(|field| field.name == name)
    }

    /// The raw value of the field of this name.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.find(name).map(|index| self.0[index].value)
    }

    /// The first non-blank string among these fields, with the field's index.
    pub(super) fn string(&self, names: &[&str]) -> Result<Option<(usize, Cow<'a, str>)>, serde_json::Error> {
        for name in names {
            let Some(index) = self.find(name) else { continue };
            if let Some(text) = self.text(index)?.filter(|text| !text.trim().is_empty()) {
                return Ok(Some((index, text)));
            }
        }
        Ok(None)
    }

    /// The string that the field of this index is; `None` where it is something else.
    pub(super) fn text(&self, index: usize) -> Result<Option<Cow<'a, str>>, serde_json::Error> {
        let Field { value, escapes, .. } = &self.0[index];
        match escapes.as_ref().and_then(|known| self.2.get(known.clone())) {
            Some(known) => {
                let mut known = known.iter().copied();
                unescape(value, |from| known.find(|at| *at >= from)).map(Some)
            }
            None => string(value),
        }
    }

    /// As [`Fields::string`], and marks the field as used.
    pub(super) fn take(&mut self, names: &[&str]) -> Result<Option<Cow<'a, str>>, serde_json::Error> {
        let Some((index, text)) = self.string(names)? else { return Ok(None) };
        self.0[index].used = true;
        Ok(Some(text))
    }
}

/// An object of ordinary JSON, in one pass: of a string only the end is looked for. `None` wherever anything is
/// unusual, an error or not.
fn scan(text: &str) -> Option<Fields<'_>> {
    let bytes = text.as_bytes();
    let space = |mut at: usize| {
        while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            at += 1;
        }
        at
    };
    let mut fields = Vec::with_capacity(16);
    let mut escapes = Vec::with_capacity(64);
    let mut at = space(0);
    let mut before = b'{';
    loop {
        if bytes.get(at) != Some(&before) {
            return None;
        }
        let name_at = space(at + 1);
        let known = escapes.len();
        let name_end = scan_string(bytes, name_at, &mut escapes)?;
        let name = text.get(name_at + 1..name_end - 1).filter(|_| escapes.len() == known)?;
        let colon = space(name_end);
        if bytes.get(colon) != Some(&b':') {
            return None;
        }
        let value_at = space(colon + 1);
        let (value_end, escapes_of_it) = match bytes.get(value_at) {
            Some(b'"') => {
                let end = scan_string(bytes, value_at, &mut escapes)?;
                (end, Some(known..escapes.len()))
            }
            _ => {
                let mut values = serde_json::Deserializer::from_str(text.get(value_at..)?).into_iter::<&RawValue>();
                values.next()?.ok()?;
                (value_at + values.byte_offset(), None)
            }
        };
        let value = text.get(value_at..value_end)?;
        fields.push(Field { name: Cow::Borrowed(name), value, used: false, escapes: escapes_of_it });
        at = space(value_end);
        before = b',';
        if bytes.get(at) == Some(&b'}') {
            return (space(at + 1) == bytes.len()).then(|| Fields::new(fields, escapes));
        }
    }
}

/// The end of the valid string that opens at `start`, its quotes included. Its escapes are added to `escapes`, each by
/// the place of its backslash in the string.
fn scan_string(bytes: &[u8], start: usize, escapes: &mut Vec<usize>) -> Option<usize> {
    if bytes.get(start) != Some(&b'"') {
        return None;
    }
    let scan = Escapes::default();
    let mut at = start + 1;
    loop {
        at += scan.first(bytes.get(at..)?);
        let width = match bytes.get(at..)? {
            [b'"', ..] => return Some(at + 1),
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
            [b'\\', b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) => 6,
            _ => return None,
        };
        escapes.push(at - start);
        at += width;
    }
}

/// The string that a raw value is; `None` where it is something else.
pub(super) fn string(raw: &str) -> Result<Option<Cow<'_, str>>, serde_json::Error> {
    if !raw.starts_with('"') {
        return Ok(None);
    }
    unescape(raw, |from| Some(from + memchr::memchr(b'\\', raw.as_bytes().get(from..)?)?)).map(Some)
}

/// The text between the quotes of a string that is valid: it stands there as it is, but for the escapes. (serde_json
/// would look at every byte again, and copy it twice.) `next` tells the first backslash from there on. Half of a
/// surrogate pair is no text: that error is serde_json's.
fn unescape(quoted: &str, mut next: impl FnMut(usize) -> Option<usize>) -> Result<Cow<'_, str>, serde_json::Error> {
    let end = quoted.len() - 1;
    let inside = |from: usize, to: usize| quoted.get(from..to).unwrap_or_default();
    let mut from = 1;
    let Some(mut at) = next(from) else { return Ok(Cow::Borrowed(inside(1, end))) };
    let mut text = String::with_capacity(quoted.len());
    loop {
        text.push_str(inside(from, at));
        let escape = inside(at, end);
        from = at
            + match escape.as_bytes() {
                [_, b'n', ..] => {
                    text.push('\n');
                    2
                }
                [_, c @ (b'"' | b'\\' | b'/'), ..] => {
                    text.push(char::from(*c));
                    2
                }
                [_, b'u', ..] => {
                    // One escape, or two that make a pair.
                    let is_pair =
                        surrogate(escape.as_bytes(), 0).is_some() && surrogate(escape.as_bytes(), 6).is_some();
                    let width = if is_pair { 12 } else { 6 };
                    let quoted = format!("\"{}\"", escape.get(..width).unwrap_or(escape));
                    text.push_str(&serde_json::from_str::<String>(&quoted)?);
                    width
                }
                _ => {
                    let width = escape.len().min(2);
                    text.push_str(&serde_json::from_str::<String>(&format!("\"{}\"", inside(at, at + width)))?);
                    width
                }
            };
        let Some(following) = next(from) else {
            text.push_str(inside(from, end));
            return Ok(Cow::Owned(text));
        };
        at = following;
    }
}

/// Arrays and objects that are passed through may nest so deep. serde_json reads 128 levels, and the record adds two.
pub(super) const DEEPEST: usize = 120;

/// Why a raw value can't be passed through.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It nests deeper than [`DEEPEST`].
    TooDeep,
    /// A `\u` escape names half a surrogate pair: no text.
    LoneSurrogate,
}

/// Appends a valid raw value to `out` on one line: white space between tokens goes, and line separators inside strings
/// (legal in JSON, but many readers of NDJSON end a line there) are written as escapes. Everything else stays as it is.
pub(super) fn copy_raw(raw: &str, out: &mut Vec<u8>) -> Result<(), Unreadable> {
    let bytes = raw.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let end = string_end(bytes, at)?;
                copy_string(raw.get(at..end).unwrap_or_default(), out);
                at = end;
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
                    return Err(Unreadable::TooDeep);
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

/// The end of the string that opens at `at`, its quotes included.
fn string_end(bytes: &[u8], at: usize) -> Result<usize, Unreadable> {
    let mut at = at + 1;
    while let Some(offset) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += offset;
        if bytes[at] == b'"' {
            return Ok(at + 1);
        }
        at += match (bytes.get(at + 1), surrogate(bytes, at)) {
            (Some(b'u'), Some(0xD800..=0xDBFF)) if matches!(surrogate(bytes, at + 6), Some(0xDC00..=0xDFFF)) => 12,
            (Some(b'u'), Some(_)) => return Err(Unreadable::LoneSurrogate),
            _ => 2,
        };
    }
    Ok(bytes.len())
}

/// The code unit of a `\uXXXX` escape at `at`, if it is half of a pair.
fn surrogate(bytes: &[u8], at: usize) -> Option<u16> {
    let Some([b'\\', b'u', hex @ ..]) = bytes.get(at..at + 6) else { return None };
    let unit = u16::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?;
    (0xD800..=0xDFFF).contains(&unit).then_some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(raw: &str) -> Result<String, Unreadable> {
        let mut out = Vec::new();
        copy_raw(raw, &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn fields_keep_their_order_and_their_bytes() {
        let fields = Fields::parse(r#"{"b": 1.50, "a": {"x": [1, 2]}, "b": "\u00e9"}"#).unwrap();
        let seen: Vec<_> = fields.0.iter().map(|field| (&*field.name, field.value)).collect();
        assert_eq!(seen, [("b", "1.50"), ("a", r#"{"x": [1, 2]}"#), ("b", r#""\u00e9""#)]);
        assert_eq!(fields.string(&["a", "b"]).unwrap(), Some((2, "é".into())));
    }

    #[test]
    fn objects_read_as_serde_json_reads_them() {
        let string = r#""a\n\"\\\/\b\f\r\t\u00e9\ud83dé""#;
        let seeds = [
            format!(r#" {{ "a" : {string} , "b":[1,{{"c":null}}],"d":-1.5e3,"e":true,"a":"" }} "#),
            r#"{"text":"first\nsecond","n":0}"#.to_owned(),
            "{}".to_owned(),
            r#"{"a\u0062":1,"c":"\ud83d\ude00"}"#.to_owned(),
        ];
        let same = |text: &str| {
            let view = |fields: Fields<'_>| {
                fields.0.into_iter().map(|field| (field.name.into_owned(), field.value.to_owned())).collect::<Vec<_>>()
            };
            let theirs = serde_json::from_str::<Fields<'_>>(text).ok().map(view);
            if let Some(ours) = scan(text).map(view) {
                assert_eq!(Some(ours), theirs, "{text}");
            }
            assert_eq!(Fields::parse(text).ok().map(view), theirs, "{text}");
        };
        for seed in &seeds {
            assert!(scan(seed).is_some() || seed.contains("{}") || seed.contains("u0062"), "{seed}");
            same(seed);
            // Each character lost, doubled, or changed to one that means something.
            for (at, c) in seed.char_indices() {
                let (before, after) = (&seed[..at], &seed[at + c.len_utf8()..]);
                same(before);
                same(&format!("{before}{after}"));
                for other in ["\"", "\\", "{", "}", "[", "]", ":", ",", " ", "\n", "\u{1}", "u", "0", "x", "é"] {
                    same(&format!("{before}{other}{after}"));
                    same(&format!("{before}{other}{c}{after}"));
                }
            }
        }
    }

    #[test]
    fn strings_read_as_serde_json_reads_them() {
        for raw in [
            r#""""#,
            r#""plain""#,
            r#""\\""#,
            r#""a\nb\tc\"d\\e\/f\b\f\r""#,
            r#""\u00e9\u0000x\ud83d\ude00\u20AC""#,
            r#""\\u00e9""#,
            r#""\ud83d""#,
            r#""\ud83dx""#,
            r#""\ude00\ud83d""#,
            r#""\ud83d\u0041""#,
            r#""é\n""#,
        ] {
            let ours = string(raw).map(|text| text.unwrap().into_owned());
            let theirs = serde_json::from_str::<String>(raw);
            assert_eq!(ours.as_ref().ok(), theirs.as_ref().ok(), "{raw}");
            // With the backslashes known from the scan, and more of them in the name's and the other value's place.
            let object = format!(r#"{{"a":"\\x\n","b":{raw},"c":"\n"}}"#);
            let known = scan(&object).unwrap().text(1).map(|text| text.unwrap().into_owned());
            assert_eq!(known.as_ref().ok(), theirs.as_ref().ok(), "{raw}");
        }
        assert_eq!(string("5").unwrap(), None);
    }

    #[test]
    fn raw_values_come_out_on_one_line_and_otherwise_untouched() {
        assert_eq!(copied("{ \"a b\" :\n [1.0e5,\t\"x\\\" \\n y\"] }").unwrap(), r#"{"a b":[1.0e5,"x\" \n y"]}"#);
        assert_eq!(copied(r#""\ud83d\ude00""#).unwrap(), r#""\ud83d\ude00""#);
        assert_eq!(copied("\"a\u{85}\u{2028}é\u{2029}\"").unwrap(), r#""a\u0085\u2028é\u2029""#);
    }

    #[test]
    fn what_other_parsers_could_not_read_is_refused() {
        assert_eq!(copied(r#"["\ud83d"]"#), Err(Unreadable::LoneSurrogate));
        assert_eq!(copied(r#"["\ud83dx\ude00"]"#), Err(Unreadable::LoneSurrogate));
        assert_eq!(copied(r#"["\\ud83d"]"#).unwrap(), r#"["\\ud83d"]"#);
        assert!(copied(&("[".repeat(DEEPEST) + &"]".repeat(DEEPEST))).is_ok());
        assert_eq!(copied(&("[".repeat(DEEPEST + 1) + &"]".repeat(DEEPEST + 1))), Err(Unreadable::TooDeep));
    }
}
