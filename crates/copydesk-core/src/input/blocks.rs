//! Bodies that are more than one string: arrays of paragraphs, blocks of editors and content systems, objects around a
//! text, and the same once more inside a JSON string.
//!
//! What such shapes have in common is all that is read of them: text stands in a few names of fields ([`TEXT`]), what is
//! nested in a few others ([`NESTED`]), and `type` (or its like) says what a block is. A block is a line; the spans of a
//! block (links, bold words) are joined. What is read is text only: the caller keeps the whole under `extra`, unless
//! [`Text::whole`] says that nothing else was in it.

use std::borrow::Cow;
use std::ops::ControlFlow;

use super::block_names::{BREAKS, HOLDERS, HTML, KIND, NESTED, OTHER, SILENT, SPANS, TEXT};
use super::{html, markup};
use crate::text::json::{self, Fields};

/// The text of a body.
#[derive(Debug)]
pub(super) struct Text<'a> {
    pub(super) text: Cow<'a, str>,
    /// Does the text say all that was there?
    pub(super) whole: bool,
}

/// Blocks may nest this deep; a body that nests deeper is none.
const DEEPEST: usize = 32;

/// The text that a string of the input is: markup goes, JSON in it is read. `None` where it holds no text, an error
/// where it is JSON that was cut.
pub(super) fn of_string(text: Cow<'_, str>, is_html: bool) -> Result<Option<Text<'_>>, String> {
    if is_html {
        return Ok(some(Cow::Owned(html::text(&text)), true));
    }
    match text.trim_start().as_bytes() {
        [b'{' | b'[', ..] => match of_json(text.trim(), false) {
            Json::Text(found) => Ok(found.map(|found| Text { text: Cow::Owned(found.text.into_owned()), ..found })),
            Json::Not => Ok(some(markup::plain(text), true)),
            Json::Cut(reason) => Err(reason),
        },
        _ => Ok(some(markup::plain(text), true)),
    }
}

/// The text that a raw value (an array, an object) holds.
pub(super) fn of_value(raw: &str, is_html: bool) -> Option<Text<'static>> {
    if json::nests_deeper(raw, DEEPEST) {
        return None;
    }
    let mut walker = Walker { out: String::new(), whole: true };
    walker.value(raw, At { depth: 0, inline: false, is_html });
    let Walker { mut out, whole } = walker;
    out.truncate(out.trim_end().len());
    some(Cow::Owned(out), whole)
}

fn some(text: Cow<'_, str>, whole: bool) -> Option<Text<'_>> {
    if text.trim().is_empty() { None } else { Some(Text { text, whole }) }
}

enum Json {
    Text(Option<Text<'static>>),
    /// It only starts like JSON: "[1]", "{x".
    Not,
    /// It starts like nothing else, and does not parse.
    Cut(String),
}

fn of_json(text: &str, is_html: bool) -> Json {
    // Numbers in brackets are text: a note, a score.
    let is_data = |inside: &str| inside.contains(['"', '{', '[']);
    let inside = text.get(1..).unwrap_or_default();
    match serde_json::from_str::<&serde_json::value::RawValue>(text) {
        Ok(raw) if is_data(inside) => Json::Text(of_value(raw.get(), is_html)),
        Err(error) if json::starts_like_data(text) => Json::Cut(error.to_string()),
        _ => Json::Not,
    }
}

/// Where in a body something stands.
#[derive(Debug, Clone, Copy)]
struct At {
    depth: usize,
    /// Inside a line.
    inline: bool,
    is_html: bool,
}

impl At {
    fn below(self, inline: bool) -> At {
        At { depth: self.depth + 1, inline, ..self }
    }
}

struct Walker {
    out: String,
    whole: bool,
}

impl Walker {
    fn value(&mut self, raw: &str, at: At) {
        match raw.as_bytes().first() {
            _ if at.depth > DEEPEST => self.whole = false,
            Some(b'"') => self.text(json::string(raw).unwrap_or_default(), at),
            Some(b'[') => self.array(raw, None, at),
            Some(b'{') => self.object(raw, at),
            _ => {}
        }
    }

    fn text(&mut self, text: Cow<'_, str>, at: At) {
        let text = if at.is_html { Cow::Owned(html::text(&text)) } else { markup::plain(text) };
        if at.inline {
            self.out.push_str(&text);
        } else if !text.trim().is_empty() {
            self.end_line();
            self.out.push_str(&text);
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    /// The elements of an array that stands in a block of this kind.
    fn array(&mut self, raw: &str, kind: Option<&str>, at: At) {
        if let Some(best) = alternative(raw) {
            self.whole = false;
            return self.value(best, at.below(at.inline));
        }
        let in_block = kind.is_some_and(|kind| !HOLDERS.contains(&kind));
        let inline = at.inline || in_block && are_spans(raw);
        if inline && !at.inline {
            self.end_line();
        }
        json::elements(raw, |element| {
            self.value(element, at.below(inline));
            ControlFlow::Continue(())
        });
        if inline && !at.inline {
            self.end_line();
        }
    }

    fn object(&mut self, raw: &str, at: At) {
        let Ok(object) = Fields::parse(raw) else {
            self.whole = false;
            return;
        };
        let kind = kind(&object);
        let kind = kind.as_deref();
        if kind.is_some_and(|kind| OTHER.contains(&kind)) {
            self.whole = false;
            return;
        }
        if kind.is_some_and(|kind| BREAKS.contains(&kind)) {
            self.out.push('\n');
            return;
        }
        let at = At { is_html: at.is_html || kind.is_some_and(|kind| kind.contains("html")), ..at };
        let text = object.string(&TEXT);
        let mut read = vec![];
        if let Some((index, text)) = text {
            let is_html = at.is_html || HTML.contains(&&*object.list[index].name);
            self.text(text, At { is_html, ..at });
            read.push(index);
        }
        // The text of a block may be an array itself: {"text": ["…", "…"]}.
        let first = TEXT.iter().filter(|_| read.is_empty()).find_map(|name| {
            let index = object.find(name).filter(|&index| object.list[index].value.starts_with(['[', '{']))?;
            Some((name, index))
        });
        let nested = NESTED.iter().filter_map(|name| Some((name, object.find(name)?)));
        for (name, index) in first.into_iter().chain(nested) {
            let value = object.list[index].value;
            if read.contains(&index) || !value.starts_with(['[', '{']) {
                continue;
            }
            read.push(index);
            let at = At { is_html: at.is_html || HTML.contains(name), ..at };
            match value.starts_with('[') {
                true => self.array(
                    value,
                    kind.filter(|_| matches!(*name, "children" | "content" | "text")),
                    at.below(at.inline),
                ),
                false => self.value(value, at.below(at.inline)),
            }
        }
        let is_said = |(index, name, value): (usize, &str, &str)| {
            let is_number = value.starts_with(|c: char| c == '-' || c.is_ascii_digit());
            let is_empty = is_number || matches!(value, "null" | "\"\"" | "[]" | "{}" | "true" | "false");
            read.contains(&index) || is_empty || KIND.contains(&name) || SILENT.contains(&name)
        };
        let fields = object.list.iter().enumerate();
        self.whole &= fields.map(|(index, field)| (index, &*field.name, field.value)).all(is_said);
    }
}

/// What a block is, in lower case.
fn kind(object: &Fields<'_>) -> Option<String> {
    object.string(&KIND).map(|(_, kind)| kind.to_ascii_lowercase())
}

/// Are all of them spans of one line?
fn are_spans(raw: &str) -> bool {
    let mut all = true;
    json::elements(raw, |element| {
        all = match element.as_bytes().first() {
            Some(b'"') => true,
            Some(b'{') => Fields::parse(element).is_ok_and(|object| match kind(&object) {
                Some(kind) => SPANS.contains(&kind.as_str()) || BREAKS.contains(&kind.as_str()),
                None => object.find("text").is_some(),
            }),
            _ => false,
        };
        if all { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    all
}

/// Of several forms of one text, each with its media type, the best: plain text, else the first. `None` where `raw` is
/// another array.
fn alternative(raw: &str) -> Option<&str> {
    let (mut first, mut plain, mut count) = (None, None, 0_usize);
    json::elements(raw, |element| {
        let object = if element.starts_with('{') { Fields::parse(element).ok() } else { None };
        let kind = object.as_ref().and_then(kind).filter(|kind| kind.contains('/'));
        let (Some(object), Some(kind)) = (object, kind) else {
            first = None;
            return ControlFlow::Break(());
        };
        let has_text = object.string(&TEXT).is_some();
        if kind.contains("text/plain") && plain.is_none() && has_text {
            plain = Some(element);
        }
        if first.is_none() && has_text {
            first = Some(element);
        }
        count += 1;
        ControlFlow::Continue(())
    });
    // One form alone is read as any block is.
    first.and(plain.or(first)).filter(|_| count > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> (String, bool) {
        of_value(raw, false).map(|text| (text.text.into_owned(), text.whole)).unwrap_or_default()
    }

    #[test]
    fn blocks_are_lines() {
        for (raw, expected, whole) in [
            (r#"["One", "", "Two"]"#, "One\nTwo", true),
            (r#"[{"@type": "Text", "value": "One"}]"#, "One", true),
            (
                r#"[{"type": "paragraph", "text": "One"}, {"type": "heading", "level": 2, "text": "Two"}]"#,
                "One\nTwo",
                true,
            ),
            (r#"[{"type": "text", "content": "<p>One</p>"}, {"type": "image", "caption": "x"}]"#, "One", false),
            (
                r#"{"blocks": [{"type": "paragraph", "data": {"text": "One <b>two</b>"}}, {"type": "list", "data": {"items": ["a", "b"]}}]}"#,
                "One two\na\nb",
                true,
            ),
            (
                r#"{"type": "doc", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "One "}, {"type": "text", "text": "two"}, {"type": "hardBreak"}, {"type": "text", "text": "three"}]}, {"type": "paragraph", "content": [{"type": "text", "text": "Four"}]}]}"#,
                "One two\nthree\nFour",
                true,
            ),
            (
                r#"[{"type": "paragraph", "children": [{"text": "One "}, {"text": "two", "bold": true}, {"type": "link", "url": "x", "children": [{"text": " three"}]}]}]"#,
                "One two three",
                false,
            ),
            (
                r#"[{"_type": "block", "_key": "a", "style": "", "children": [{"_type": "span", "text": "One"}]}]"#,
                "One",
                true,
            ),
            (
                r#"{"nodeType": "document", "data": {}, "content": [{"nodeType": "paragraph", "content": [{"nodeType": "text", "value": "One"}]}]}"#,
                "One",
                true,
            ),
            (r#"[{"type": "list", "children": [{"text": "a"}, {"text": "b"}]}]"#, "a\nb", true),
            (
                r#"[{"type": "text/html", "language": null, "base": "", "value": "<p>One</p><p>Two</p>"}]"#,
                "One\nTwo",
                true,
            ),
            (r#"[{"type": "text/html", "value": "<p>no</p>"}, {"type": "text/plain", "value": "One"}]"#, "One", false),
            (r#"{"rendered": "<p>One &amp; two</p>", "protected": false}"#, "One & two", true),
            (r#"[["One"], [["Two"]]]"#, "One\nTwo", true),
            (r#"[1, null, {"a": "b"}]"#, "", false),
        ] {
            assert_eq!(
                read(raw),
                if expected.is_empty() { Default::default() } else { (expected.to_owned(), whole) },
                "{raw}"
            );
        }
    }

    #[test]
    fn strings_that_are_json_are_read() {
        let text =
            |text: &'static str| of_string(Cow::Borrowed(text), false).map(|found| found.map(|t| t.text.into_owned()));
        assert_eq!(text(r#"{"blocks": [{"type": "paragraph", "data": {"text": "One"}}]}"#), Ok(Some("One".to_owned())));
        assert_eq!(text(r#"["One", "Two"]"#), Ok(Some("One\nTwo".to_owned())));
        assert_eq!(text(r#"{"a": "b"}"#), Ok(None));
        assert!(text(r#"[{"type": "paragraph", "te"#).is_err());
        for same in ["[1] A note", "[1]", "{x", "[Update] One", "{}", "[\"quoted] text"] {
            assert_eq!(text(same), Ok(Some(same.to_owned())), "{same}");
        }
    }

    #[test]
    fn what_nests_too_deep_is_not_read() {
        let deep = format!("{}\"x\"{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(read(&deep), Default::default());
    }
}
