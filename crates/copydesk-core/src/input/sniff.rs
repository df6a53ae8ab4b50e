//! What a payload is, by its first bytes: formats that copydesk knows by name and does not read. Such a payload is a
//! dead letter that says so, never a record whose text is markup or binary.
//!
//! In doubt a payload is text: control characters inside ordinary text do not make it binary.

use std::borrow::Cow;

use super::markup;

/// The format of a payload that is neither text nor JSON, in words; `None` where it has to be read to know.
pub(super) fn unsupported(value: &[u8]) -> Option<Cow<'static, str>> {
    let value = value.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(value);
    match value {
        // With a mark at its head, or the first character of XML or JSON.
        [0xFF, 0xFE, 0x09..=0x7E, 0, ..] | [0xFE, 0xFF, 0, 0x09..=0x7E, ..] => Some("UTF-16 text".into()),
        [b'<' | b'{' | b'[', 0, 0x09..=0x7E, 0, ..] | [0, b'<' | b'{' | b'[', 0, 0x09..=0x7E, ..] => {
            Some("UTF-16 text".into())
        }
        // No registry has reached the number of a schema id whose first byte is a letter: that is text behind a NUL.
        [0, a @ 0..0x20, b, c, d, rest @ ..] if !rest.is_empty() => {
            let id = u32::from_be_bytes([*a, *b, *c, *d]);
            let what = if rest.first() == Some(&b'{') { "JSON" } else { "Avro or Protobuf" };
            Some(format!("{what} in Confluent's wire format (schema id {id})").into())
        }
        [1, rest @ ..] if is_iptc_7901(rest) => Some("IPTC 7901".into()),
        [0x16, 0x16, 1, ..] => Some("ANPA 1312".into()),
        // JSON, most of what comes; only RTF starts like it.
        [b'{' | b'[' | b'"', ..] => magic(value).map(Cow::Borrowed),
        _ => magic(value).map(Cow::Borrowed).or_else(|| xml(value)).or_else(|| control(value)),
    }
}

/// Files and streams by their magic numbers.
fn magic(value: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 26] = [
        (b"Obj\x01", "an Avro container file"),
        (b"\xC3\x01", "Avro (single object)"),
        (b"\x1F\x8B", "gzip"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"PK\x05\x06", "a ZIP archive"),
        (b"%PDF-", "PDF"),
        (b"\x28\xB5\x2F\xFD", "Zstandard"),
        (b"\x04\x22\x4D\x18", "LZ4"),
        (b"\xFD7zXZ\x00", "xz"),
        (b"7z\xBC\xAF\x27\x1C", "a 7z archive"),
        (b"Rar!\x1A\x07", "a RAR archive"),
        (b"\xFF\x06\x00\x00sNaPpY", "Snappy"),
        (b"\x82SNAPPY\x00", "Snappy"),
        (b"{\\rtf", "RTF"),
        (b"%!PS", "PostScript"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an OLE document (Microsoft Office)"),
        (b"\x89PNG\r\n\x1A\n", "a PNG image"),
        (b"\xFF\xD8\xFF", "a JPEG image"),
        (b"GIF87a", "a GIF image"),
        (b"GIF89a", "a GIF image"),
        (b"PAR1", "Parquet"),
        (b"ORC\x01", "ORC"),
        (b"SQLite format 3\x00", "an SQLite database"),
        (b"\x7FELF", "a program"),
        (b"\xD9\xD9\xF7", "CBOR"),
        (b"\xE0\x01\x00\xEA", "Ion"),
    ];
    let is_bzip2 =
        || matches!(value, [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]).then_some("bzip2");
    let is_riff = || matches!(value, [b'R', b'I', b'F', b'F', _, _, _, _, b'W', ..]).then_some("a RIFF file");
    let by_name = MAGIC.iter().find(|(magic, _)| value.starts_with(magic)).map(|(_, name)| *name);
    by_name.or_else(is_bzip2).or_else(is_riff)
}

/// Behind the start of heading: a source of letters, a number, a space.
fn is_iptc_7901(rest: &[u8]) -> bool {
    let letters = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let behind = rest.get(letters..).unwrap_or_default();
    let digits = behind.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (1..=8).contains(&letters) && digits > 0 && matches!(behind.get(digits), Some(b' ' | b'\r' | b'\n'))
}

/// XML by its root element; `None` where it is HTML, or text.
fn xml(value: &[u8]) -> Option<Cow<'static, str>> {
    const KNOWN: [(&str, &str); 21] = [
        ("newsMessage", "NewsML-G2"),
        ("newsItem", "NewsML-G2"),
        ("packageItem", "NewsML-G2"),
        ("conceptItem", "NewsML-G2"),
        ("knowledgeItem", "NewsML-G2"),
        ("planningItem", "NewsML-G2"),
        ("catalogItem", "NewsML-G2"),
        ("conceptSet", "NewsML-G2"),
        ("NewsML", "NewsML 1"),
        ("NewsItem", "NewsML 1"),
        ("nitf", "NITF"),
        ("rss", "RSS"),
        ("RDF", "RSS 1.0 or other RDF"),
        ("feed", "Atom"),
        ("entry", "Atom"),
        ("deleted-entry", "Atom"),
        ("item", "an item of RSS"),
        ("channel", "RSS"),
        ("urlset", "a sitemap"),
        ("sitemapindex", "a sitemap"),
        ("Envelope", "SOAP"),
    ];
    let (root, declared) = root(value)?;
    let named = |name: &str| Some(format!("{name} (XML, root element `{root}`)").into());
    let local = root.rsplit(':').next().unwrap_or(root);
    if let Some((_, name)) = KNOWN.iter().find(|(known, _)| *known == local) {
        return named(name);
    }
    if local.eq_ignore_ascii_case("html") || !declared && markup::is_element(root.as_bytes()) {
        return None;
    }
    // "<alice> hello" is a line of a chat; an element has an end.
    let closes = memchr::memmem::find(value, format!("</{root}").as_bytes()).is_some();
    if declared || closes { Some(format!("XML (root element `{root}`)").into()) } else { None }
}

/// The name of the first element, and whether an XML declaration or a document type other than HTML's stands before it.
fn root(value: &[u8]) -> Option<(&str, bool)> {
    let mut rest = value.trim_ascii_start();
    let mut declared = false;
    loop {
        if let Some(comment) = rest.strip_prefix(b"<!--") {
            rest = comment.get(memchr::memmem::find(comment, b"-->")? + 3..)?.trim_ascii_start();
        } else if let Some(instruction) = rest.strip_prefix(b"<?") {
            declared |= instruction.starts_with(b"xml");
            rest = instruction.get(memchr::memchr(b'>', instruction)? + 1..)?.trim_ascii_start();
        } else if let Some(document_type) = rest.strip_prefix(b"<!") {
            let is_doctype = document_type.get(..7).is_some_and(|word| word.eq_ignore_ascii_case(b"doctype"));
            let name = document_type.get(7..)?.trim_ascii_start();
            let is_html = name.get(..4).is_some_and(|name| name.eq_ignore_ascii_case(b"html"));
            if !is_doctype {
                return None;
            }
            declared = declared || !is_html;
            rest = behind_document_type(document_type)?.trim_ascii_start();
        } else {
            break;
        }
    }
    let tag = rest.strip_prefix(b"<")?;
    let length = tag.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte)).count();
    let ends = matches!(tag.get(length), Some(b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n'));
    let name = std::str::from_utf8(tag.get(..length)?).ok()?;
    (ends && name.starts_with(|c: char| c.is_ascii_alphabetic())).then_some((name, declared))
}

/// What follows a document type, whose own declarations stand in brackets.
fn behind_document_type(text: &[u8]) -> Option<&[u8]> {
    let end = memchr::memchr2(b'[', b'>', text)?;
    let rest = text.get(end + 1..)?;
    if text.get(end) == Some(&b'>') {
        return Some(rest);
    }
    let inside = memchr::memchr(b']', rest)?;
    let behind = rest.get(inside + 1..)?;
    behind.get(memchr::memchr(b'>', behind)? + 1..)
}

/// Data with so many control characters that it is no text.
fn control(value: &[u8]) -> Option<Cow<'static, str>> {
    const LOOKED_AT: usize = 4096;
    const SHORTEST: usize = 16;
    let start = value.get(..LOOKED_AT).unwrap_or(value);
    // White space and the escape character (colours of a terminal) are found in text.
    let is_control = |byte: &&u8| **byte < 0x20 && !matches!(**byte, 0x09..=0x0D | 0x1B);
    let count = start.iter().filter(is_control).count();
    (start.len() >= SHORTEST && count * 10 > start.len()).then_some("binary data".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_by_their_first_bytes() {
        for (value, expected) in [
            (&b"\0\0\0\0\x07{\"text\": \"x\"}"[..], "JSON in Confluent's wire format (schema id 7)"),
            (b"\0\0\0\x01\x02\x02\x06abc", "Avro or Protobuf in Confluent's wire format (schema id 258)"),
            (b"\xC3\x01\x3f\xcf\xd4\xba\xcc\x38\x07\x9f\x02", "Avro (single object)"),
            (b"Obj\x01\x04\x14avro.codec", "an Avro container file"),
            (b"\x01ABC1234 3 POL 210", "IPTC 7901"),
            (b"\x16\x16\x01a1234\x1f", "ANPA 1312"),
            (b"\x1f\x8b\x08\0", "gzip"),
            (b"\xff\xfe<\0", "UTF-16 text"),
            (b"\xfe\xff\0T\0h", "UTF-16 text"),
            (b"\0<\0?\0x", "UTF-16 text"),
            (b"{\0\"\0", "UTF-16 text"),
            (b"<?xml version=\"1.0\"?>\n<rss version=\"2.0\">", "RSS (XML, root element `rss`)"),
            (b"<n:newsItem xmlns:n=\"x\">", "NewsML-G2 (XML, root element `n:newsItem`)"),
            (
                b" \n<!-- c --><!DOCTYPE nitf SYSTEM \"nitf.dtd\" [<!ENTITY a \"b\">]><nitf>",
                "NITF (XML, root element `nitf`)",
            ),
            (b"<story><p>x</p></story>", "XML (root element `story`)"),
            (b"{\\rtf1\\ansi x}", "RTF"),
            (b"\x08\x01\x10\x02\x18\x03\x20\x04\x08\x01\x10\x02\x18\x03\x20\x04", "binary data"),
        ] {
            assert_eq!(unsupported(value).as_deref(), Some(expected), "{}", value.escape_ascii());
        }
    }

    #[test]
    fn text_is_text() {
        for value in [
            "",
            "\0",
            "\0Hello, this is text behind a NUL.",
            "\u{1} and then",
            "<3 she wrote",
            "<alice> hello all",
            "The ferry\u{1}left\u{0}the pier at noon.",
            "PKX",
            "BZh is a word",
            "{",
            "[1]",
            "<p>x</p>",
            "<!doctype html><html>",
            "<html>",
            "\u{1b}[1mBold\u{1b}[0m",
            "\u{feff}Text",
        ] {
            assert_eq!(unsupported(value.as_bytes()), None, "{value:?}");
        }
    }
}
