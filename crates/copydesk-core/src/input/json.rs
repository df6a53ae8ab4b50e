//! JSON, as far as the pure function needs it: an object as a list of raw fields, strings out of raw values, and the
//! check that keeps what is passed through untouched readable for everybody.
//!
//! Values that nobody interprets are never built: they stay the bytes that they were.

use std::borrow::Cow;
use std::fmt;
use std::ops::{ControlFlow, Range};

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::record::Escapes;

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

/// An object may have so many fields, each of which takes a hundred bytes of memory.
const MOST_FIELDS: usize = 1 << 18;
/// So many backslashes are remembered; those behind them are looked for where a value is read.
const MOST_ESCAPES: usize = 1 << 16;

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
                while let Some((name, value)) = map.next_entry::<&'de RawValue, &'de RawValue>()? {
                    if fields.len() == MOST_FIELDS {
                        return Err(serde::de::Error::custom(format!("an object has more than {MOST_FIELDS} fields")));
                    }
                    let name = string(name.get()).unwrap_or_default();
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
    pub(super) fn string(&self, names: &[&str]) -> Option<(usize, Cow<'a, str>)> {
        names.iter().find_map(|name| {
            let index = self.find(name)?;
            Some((index, self.text(index).filter(|text| !text.trim().is_empty())?))
        })
    }

    /// The string that the field of this index is; `None` where it is something else.
    pub(super) fn text(&self, index: usize) -> Option<Cow<'a, str>> {
        let Field { value, escapes, .. } = self.0.get(index)?;
        match escapes.as_ref().and_then(|known| self.2.get(known.clone())) {
            Some(known) => {
                let mut known = known.iter().copied();
                Some(unescape(value, |from| known.find(|at| *at >= from)))
            }
            None => string(value),
        }
    }

    /// As [`Fields::string`], and marks the field as used.
    pub(super) fn take(&mut self, names: &[&str]) -> Option<Cow<'a, str>> {
        let (index, text) = self.string(names)?;
        self.0[index].used = true;
        Some(text)
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
        let name = text.get(name_at + 1..name_end - 1).filter(|name| escapes.len() == known && !name.contains('\\'))?;
        let colon = space(name_end);
        if bytes.get(colon) != Some(&b':') {
            return None;
        }
        let value_at = space(colon + 1);
        let (value_end, escapes_of_it) = match bytes.get(value_at) {
            Some(b'"') => {
                let end = scan_string(bytes, value_at, &mut escapes)?;
                let all = escapes.len() < MOST_ESCAPES;
                (end, all.then_some(known..escapes.len()))
            }
            _ => {
                let mut values = serde_json::Deserializer::from_str(text.get(value_at..)?).into_iter::<&RawValue>();
                values.next()?.ok()?;
                (value_at + values.byte_offset(), None)
            }
        };
        let value = text.get(value_at..value_end)?;
        if fields.len() == MOST_FIELDS {
            return None;
        }
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
        if escapes.len() < MOST_ESCAPES {
            escapes.push(at - start);
        }
        at += width;
    }
}

/// Does a text start like nothing but JSON: an object (or an array of them) with the name of its first field?
pub(super) fn starts_like_data(text: &str) -> bool {
    let bare = text.trim_start();
    let object = bare.strip_prefix('[').map_or(bare, str::trim_start);
    let name = object.strip_prefix('{').and_then(|rest| rest.trim_start().strip_prefix('"'));
    name.and_then(|rest| rest.split_once('"')).is_some_and(|(_, behind)| behind.trim_start().starts_with(':'))
}

/// The string that a valid raw value is; `None` where it is something else.
pub(super) fn string(raw: &str) -> Option<Cow<'_, str>> {
    raw.starts_with('"').then(|| unescape(raw, |from| Some(from + memchr::memchr(b'\\', raw.as_bytes().get(from..)?)?)))
}

/// The text between the quotes of a string that is valid: it stands there as it is, but for the escapes. `next` tells the
/// first backslash from there on. Half of a surrogate pair is no character: U+FFFD stands for it.
fn unescape(quoted: &str, mut next: impl FnMut(usize) -> Option<usize>) -> Cow<'_, str> {
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

/// Calls `each` with the raw elements of an array, in order, until it breaks. `false` where `raw` is no valid array (as
/// far as it was read). No list of them is made: an element may be one byte.
pub(super) fn elements<'a>(raw: &'a str, mut each: impl FnMut(&'a str) -> ControlFlow<()>) -> bool {
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

/// Arrays and objects that are passed through may nest so deep. serde_json reads 128 levels, and the record adds two.
pub(super) const DEEPEST: usize = 120;

/// Why a raw value can't be passed through.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It nests deeper than [`DEEPEST`].
    TooDeep,
}

/// Does a valid raw value nest deeper than `levels`? Asked before elements inside elements are read, since each level
/// that is being read holds a buffer for all levels below.
pub(super) fn nests_deeper(raw: &str, levels: usize) -> bool {
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
pub(super) fn copy_raw(raw: &str, out: &mut Vec<u8>) -> Result<(), Unreadable> {
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

/// The code unit of a `\uXXXX` escape at `at`, if there is one.
fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let Some([b'\\', b'u', hex @ ..]) = bytes.get(at..at + 6) else { return None };
    u16::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
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
        assert_eq!(fields.string(&["a", "b"]), Some((2, "é".into())));
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
            r#""é\n""#,
        ] {
            let theirs = serde_json::from_str::<String>(raw).unwrap();
            assert_eq!(string(raw).unwrap(), theirs, "{raw}");
            // With the backslashes known from the scan, and more of them in the name's and the other value's place.
            let object = format!(r#"{{"a":"\\x\n","b":{raw},"c":"\n"}}"#);
            assert_eq!(scan(&object).unwrap().text(1).unwrap(), theirs, "{raw}");
        }
        assert_eq!(string("5"), None);
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
        assert_eq!(fields.0[0].name, "a\u{FFFD}");
    }

    #[test]
    fn more_escapes_than_are_remembered_and_more_fields_than_are_read() {
        let many = r"\n".repeat(MOST_ESCAPES + 10);
        let object = format!(r#"{{"a": "{many}", "b": "\t", "c": "x"}}"#);
        let fields = Fields::parse(&object).unwrap();
        assert_eq!(fields.text(0).unwrap(), "\n".repeat(MOST_ESCAPES + 10));
        assert_eq!((fields.text(1).unwrap(), fields.text(2).unwrap()), ("\t".into(), "x".into()));
        let object = |count: usize| format!("{{{}}}", vec!["\"\":0"; count].join(","));
        assert!(Fields::parse(&object(MOST_FIELDS)).is_ok());
        let refused = Fields::parse(&object(MOST_FIELDS + 1)).unwrap_err();
        assert!(refused.to_string().starts_with("an object has more than 262144 fields"), "{refused}");
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
        assert_eq!(copied(&("[".repeat(DEEPEST + 1) + &"]".repeat(DEEPEST + 1))), Err(Unreadable::TooDeep));
    }
}
