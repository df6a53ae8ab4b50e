//! An object as a list of raw fields. Values that nobody interprets are never built: they stay the bytes that they were.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::string::{string, unescape};
use super::write::Escapes;

/// The fields of an object, in order, as they were written. A name may stand twice.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a> {
    pub(crate) list: Vec<Field<'a>>,
    /// Which names there may be.
    names: Names,
    /// Where the backslashes of the values are, as far as they were seen on the way.
    escapes: Vec<usize>,
}

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
pub(crate) struct Field<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) value: &'a str,
    /// Does the record say elsewhere what this field says? Then it is not under `extra`.
    pub(crate) used: bool,
    /// Of the backslashes that are known, those of this value (`None`: not looked for), each by its place in the value.
    escapes: Option<Range<usize>>,
}

/// Most fields of an object, each of which takes a hundred bytes of memory.
const MOST_FIELDS: usize = 1 << 18;
/// Most backslashes that are remembered; those behind them are looked for where a value is read.
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
        Fields { names: Names::of(&fields), list: fields, escapes }
    }

    /// The object that `text` is.
    pub(crate) fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        // serde_json decides on anything unusual, and words the error.
        scan(text).map_or_else(|| serde_json::from_str(text), Ok)
    }

    /// The index of the field of this name; of several the last, as most parsers have it.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        if !self.names.may_have(name) {
            return None;
        }
        self.list.iter().rposition(|field| field.name == name)
    }

    /// The raw value of the field of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.find(name).map(|index| self.list[index].value)
    }

    /// The first non-blank string among these fields, with the field's index.
    pub(crate) fn string(&self, names: &[&str]) -> Option<(usize, Cow<'a, str>)> {
        names.iter().find_map(|name| {
            let index = self.find(name)?;
            Some((index, self.text(index).filter(|text| !text.trim().is_empty())?))
        })
    }

    /// The string that the field of this index is; `None` where it is something else.
    pub(crate) fn text(&self, index: usize) -> Option<Cow<'a, str>> {
        let Field { value, escapes, .. } = self.list.get(index)?;
        match escapes.as_ref().and_then(|known| self.escapes.get(known.clone())) {
            Some(known) => {
                let mut known = known.iter().copied();
                Some(unescape(value, |from| known.find(|at| *at >= from)))
            }
            None => string(value),
        }
    }

    /// As [`Fields::string`], and marks the field as used.
    pub(crate) fn take(&mut self, names: &[&str]) -> Option<Cow<'a, str>> {
        let (index, text) = self.string(names)?;
        self.list[index].used = true;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_order_and_their_bytes() {
        let fields = Fields::parse(r#"{"b": 1.50, "a": {"x": [1, 2]}, "b": "\u00e9"}"#).unwrap();
        let seen: Vec<_> = fields.list.iter().map(|field| (&*field.name, field.value)).collect();
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
                fields
                    .list
                    .into_iter()
                    .map(|field| (field.name.into_owned(), field.value.to_owned()))
                    .collect::<Vec<_>>()
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
}
