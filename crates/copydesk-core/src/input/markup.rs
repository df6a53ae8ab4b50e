//! Is a text HTML? Fields that should hold text hold markup in many feeds (Readability's and Postlight's `content`, RSS
//! as JSON), and a tag is never a word of the story.
//!
//! A text is taken for HTML where elements prove it: one that is opened and closed, a line break, or an element at its
//! very start. A tag that is only named ("the <p> element") proves nothing.

use std::borrow::Cow;

use super::elements::Element;
use super::html;

/// What a text shows itself to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Markup {
    /// Text.
    None,
    /// Text with elements inside its lines: its line ends are its own.
    Inline,
    /// HTML: elements make its lines, and its line ends are white space.
    Blocks,
}

/// Is it the name of an element that only HTML has?
pub(super) fn is_element(name: &[u8]) -> bool {
    Element::named(name).is_some_and(Element::is_proof)
}

/// The text without its markup, where it has any.
pub(super) fn plain(text: Cow<'_, str>) -> Cow<'_, str> {
    match markup(&text) {
        Markup::None if text.trim_start().starts_with("&lt;") => {
            // Markup that was escaped once more on its way.
            let unescaped = html::lines(&text);
            if markup(&unescaped) == Markup::None { text } else { plain_once(unescaped) }
        }
        Markup::None => text,
        Markup::Inline => Cow::Owned(html::lines(&text)),
        Markup::Blocks => Cow::Owned(html::text(&text)),
    }
}

fn plain_once(text: String) -> Cow<'static, str> {
    Cow::Owned(match markup(&text) {
        Markup::None => text,
        Markup::Inline => html::lines(&text),
        Markup::Blocks => html::text(&text),
    })
}

fn markup(text: &str) -> Markup {
    let bytes = text.as_bytes();
    let Some(first) = memchr::memchr(b'<', bytes) else { return Markup::None };
    let mut found = Markup::None;
    let (mut open, mut paragraphs) = (0_u128, 0);
    // Where an element at the start of the text begins.
    let start = if text.get(..first).is_some_and(|before| before.trim().is_empty()) { Some(first) } else { None };
    if start.is_some() && bytes.get(first..).is_some_and(|start| is_document(start) || is_element_of_xml(start)) {
        return Markup::Blocks;
    }
    let mut at = first;
    loop {
        if let Some(tag) = bytes.get(at + 1..).and_then(tag) {
            let Element { index, name, .. } = tag.element;
            let bit = 1 << index;
            paragraphs += usize::from(name == b"p");
            let is_proof = match tag.closes {
                true => open & bit != 0,
                false => {
                    start == Some(at) && tag.element.is_block() || matches!(name, b"br" | b"hr") || paragraphs == 2
                }
            };
            open |= bit;
            if is_proof && tag.element.is_block() && name != b"br" {
                return Markup::Blocks;
            }
            found = if is_proof { Markup::Inline } else { found };
        }
        let Some(next) = bytes.get(at + 1..).and_then(|rest| memchr::memchr(b'<', rest)) else { return found };
        at += 1 + next;
    }
}

fn is_document(start: &[u8]) -> bool {
    let starts = |word: &[u8]| start.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    starts(b"<!doctype html") || starts(b"<html") || starts(b"<?xml") || starts(b"<!--")
}

/// `<story> … </story>`: one element from its start to its end, whatever its name.
fn is_element_of_xml(text: &[u8]) -> bool {
    let text = text.trim_ascii_end();
    let name = text.get(1..).unwrap_or_default();
    let length = name.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte)).count();
    let end = name.get(..length).and_then(|name| text.strip_suffix(b">")?.strip_suffix(name));
    length > 0 && end.is_some_and(|before| before.ends_with(b"</"))
}

struct Tag {
    element: Element,
    closes: bool,
}

/// The tag of a known element whose text follows `<`.
fn tag(rest: &[u8]) -> Option<Tag> {
    let (closes, rest) = match rest.split_first() {
        Some((b'/', rest)) => (true, rest),
        _ => (false, rest),
    };
    let length = rest.iter().take(11).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let element = Element::named(rest.get(..length)?).filter(|element| element.is_proof())?;
    let behind = rest.get(length..)?;
    if !matches!(behind.first(), Some(b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n')) {
        return None;
    }
    // A tag ends before the next one starts.
    let end = memchr::memchr2(b'<', b'>', behind)?;
    (behind.get(end) == Some(&b'>')).then_some(Tag { element, closes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_prove_markup() {
        for (text, expected) in [
            ("<div><p>One</p><p>Two</p></div>", "One\nTwo"),
            ("<p>One<p>Two", "One\nTwo"),
            ("One<p>Two<p>Three", "One\nTwo\nThree"),
            ("One <b>bold</b> line\nand <a href=\"x\">another</a>", "One bold line\nand another"),
            ("One<br>Two<br/>Three", "One\nTwo\nThree"),
            ("Headline\n<P CLASS='x'>One</P>", "Headline\nOne"),
            ("&lt;p&gt;One &amp;amp; two&lt;/p&gt;", "One & two"),
            ("<!-- x --><p>One", "One"),
            ("<story:body id='1'>One</story:body>", "One"),
        ] {
            assert_eq!(plain(Cow::Borrowed(text)), expected, "{text}");
        }
    }

    #[test]
    fn a_tag_that_is_named_proves_nothing() {
        for text in [
            "a < b and c > d",
            "The <p> element opens a paragraph",
            "i <3 you",
            "x < y",
            "<alice> hello",
            "if (a<b) and c</b",
            "Dyke &amp; dam",
            "&lt; is less than",
            "<b",
            "generic List<String> and Map<K,V>",
        ] {
            assert_eq!(plain(Cow::Borrowed(text)), text);
        }
    }

    #[test]
    fn it_is_linear() {
        let text = "<p <p <".repeat(300_000);
        assert_eq!(plain(Cow::Borrowed(&text)).len(), text.len());
    }
}
