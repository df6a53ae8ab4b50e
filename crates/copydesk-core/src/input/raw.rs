//! Decoding: the bytes of a payload become a raw article, or a refusal.
//!
//! A payload that starts like a JSON object is one or is refused; an array, and a string of JSON, is read for the article
//! that it holds; HTML is read for its text; what [`sniff`] knows by name is refused; anything else is UTF-8 text. Every
//! field is read with patience: a known name with a value of the wrong type is simply not that field, and stays under
//! `extra`. Only the reasons of [`Reject`] ever refuse an article.

use std::borrow::Cow;
use std::ops::ControlFlow;

use super::blocks::{self, Text};
use super::cloudevents::{self, Data, Envelope};
use super::json::{self, Fields, Unreadable};
use super::{Header, Held, container, fields, markup, sniff};
use crate::record::{Reject, write_text};

/// A payload, decoded.
#[derive(Debug, Default)]
pub struct RawArticle<'a> {
    /// The body; lines not yet split. In plain text this is the whole payload, headline and all.
    pub body: Cow<'a, str>,
    /// The identifier, where the input has one.
    pub uri: Option<Cow<'a, str>>,
    /// Where the article was published.
    pub url: Option<Cow<'a, str>>,
    /// Who published it: a name or a host.
    pub source: Option<Cow<'a, str>>,
    /// BCP 47 tag, as it came.
    pub language: Option<Cow<'a, str>>,
    /// ninjs `versioncreated`.
    pub version_created: Option<Cow<'a, str>>,
    /// ninjs `firstcreated`.
    pub first_created: Option<Cow<'a, str>>,
    /// ninjs `embargoed` or `embargoedUntil`.
    pub embargoed_until: Option<Cow<'a, str>>,
    /// The headline, where a field holds it.
    pub headline: Option<Cow<'a, str>>,
    /// The date fields that hold text, in order of preference.
    pub published: Vec<PublishedField<'a>>,
    /// When the article was fetched, as written.
    pub fetched: Option<Cow<'a, str>>,
    /// What the record carries along untouched.
    pub extra: Extra<'a>,
}

/// A date field of the input.
#[derive(Debug)]
pub struct PublishedField<'a> {
    /// The field's name.
    pub name: &'static str,
    /// What it holds.
    pub text: Cow<'a, str>,
    /// Index in [`Extra`], where it stays if it does not parse.
    index: usize,
}

/// Unknown and unused fields, as they were written.
#[derive(Debug, Default)]
pub struct Extra<'a> {
    fields: Fields<'a>,
    envelope: Option<Envelope<'a>>,
    /// What stood around the article, as JSON: see [`container`].
    container: Option<String>,
}

/// An article with what was around it.
#[derive(Debug, Default)]
pub(super) struct Decoded<'a> {
    article: RawArticle<'a>,
    event: Option<Envelope<'a>>,
    pub(super) container: Option<String>,
}

impl<'a> RawArticle<'a> {
    /// Decodes a payload. `held` keeps what comes out of JSON strings: pass a new one.
    pub fn decode(value: &'a [u8], headers: &[Header<'a>], held: &'a Held) -> Result<RawArticle<'a>, Reject> {
        let Decoded { mut article, event, container } = of_bytes(value, held, 0)?;
        let envelope = event.or_else(|| cloudevents::binary(headers));
        article.uri = article.uri.or_else(|| envelope.as_ref().and_then(|envelope| envelope.id.clone()));
        article.extra.envelope = envelope;
        article.extra.container = container;
        Ok(article)
    }

    fn from_fields(mut fields: Fields<'a>, body: Cow<'a, str>) -> Self {
        let headline = take_headlines(&mut fields).or_else(|| fields.take(fields::HEADLINE)).map(markup::plain);
        let mut published = Vec::new();
        for name in fields::PUBLISHED {
            let Some(index) = fields.find(name) else { continue };
            let raw = fields.0[index].value;
            let text = match fields.text(index) {
                Some(text) => text,
                None if raw.starts_with(|c: char| c.is_ascii_digit()) => Cow::Borrowed(raw),
                None => continue,
            };
            published.push(PublishedField { name, text, index });
        }
        let mut take = |names| fields.take(names);
        RawArticle {
            body,
            headline,
            published,
            url: take(fields::URL),
            language: take(fields::LANGUAGE),
            version_created: take(fields::VERSION_CREATED),
            first_created: take(fields::FIRST_CREATED),
            embargoed_until: take(fields::EMBARGOED),
            uri: uri(&mut fields),
            source: source(&mut fields),
            fetched: fields.string(fields::FETCHED).map(|(_, text)| text),
            extra: Extra { fields, ..Extra::default() },
        }
    }
}

/// A payload, or what a CloudEvent carries as bytes.
fn of_bytes<'a>(value: &'a [u8], held: &'a Held, depth: usize) -> Result<Decoded<'a>, Reject> {
    match sniff::unsupported(value) {
        Some(format) => Err(Reject::UnsupportedFormat { format }),
        None => of_text(utf8(value)?, held, depth),
    }
}

fn of_text<'a>(text: &'a str, held: &'a Held, depth: usize) -> Result<Decoded<'a>, Reject> {
    let bare = text.trim_matches([' ', '\t', '\r', '\n']);
    match bare.as_bytes().first() {
        Some(b'{') => of_object(Fields::parse(text).map_err(invalid)?, held, depth),
        // An array, if it is one: "[Update] …" is text.
        Some(b'[') => match json::elements(bare, |_| ControlFlow::Continue(())) {
            true => of_json(bare, held, depth),
            false if json::starts_like_data(bare) => {
                Err(serde_json::from_str::<serde::de::IgnoredAny>(bare).map_or_else(invalid, |_| Reject::NoBody))
            }
            false => of_plain(text),
        },
        // A string, if it is one: what it holds is the payload.
        Some(b'"') if is_string(bare) => {
            of_held(json::string(bare).unwrap_or_default().into_owned().into_bytes(), held, depth)
        }
        _ if bare == "null" => Err(Reject::EmptyPayload),
        _ => of_plain(text),
    }
}

fn of_held<'a>(bytes: Vec<u8>, held: &'a Held, depth: usize) -> Result<Decoded<'a>, Reject> {
    let too_deep = || Reject::InvalidJson {
        reason: format!("JSON in strings of JSON nests deeper than {} levels", Held::DEEPEST),
    };
    of_bytes(held.keep(bytes).ok_or_else(too_deep)?, held, depth)
}

fn is_string(text: &str) -> bool {
    text.len() > 1 && text.ends_with('"') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// Text, or HTML where it begins with markup. A tag that stands inside plain text is what its author wrote: nothing of it is
/// taken away, since it would stand nowhere else.
fn of_plain(text: &str) -> Result<Decoded<'_>, Reject> {
    if text.trim().is_empty() {
        return Err(Reject::EmptyPayload);
    }
    let begins_with_markup = ["<", "&lt;"].iter().any(|start| text.trim_start().starts_with(start));
    let body = if begins_with_markup { markup::plain(Cow::Borrowed(text)) } else { Cow::Borrowed(text) };
    if body.trim().is_empty() {
        return Err(Reject::NoBody);
    }
    Ok(Decoded { article: RawArticle { body, ..RawArticle::default() }, ..Decoded::default() })
}

/// A valid raw value: an object or an array.
pub(super) fn of_json<'a>(raw: &'a str, held: &'a Held, depth: usize) -> Result<Decoded<'a>, Reject> {
    match raw.as_bytes().first() {
        _ if depth > container::DEEPEST => Err(Reject::NoBody),
        Some(b'{') => of_object(Fields::parse(raw).map_err(invalid)?, held, depth),
        Some(b'[') => container::in_array(raw, held, depth),
        _ => Err(Reject::NoBody),
    }
}

fn of_object<'a>(mut fields: Fields<'a>, held: &'a Held, depth: usize) -> Result<Decoded<'a>, Reject> {
    if let Some((event, data)) = cloudevents::structured(&fields)? {
        let decoded = match data {
            Data::Json(text) => of_json(text, held, depth)?,
            Data::Bytes(bytes) => of_held(bytes, held, depth)?,
        };
        return Ok(Decoded { event: Some(event), ..decoded });
    }
    match body(&mut fields)? {
        Some(body) => Ok(Decoded { article: RawArticle::from_fields(fields, body), ..Decoded::default() }),
        None => container::in_object(&fields, held, depth),
    }
}

impl<'a> Extra<'a> {
    /// A date field was read: the record's `dates[]` holds its text.
    pub fn mark_read(&mut self, field: &PublishedField<'_>) {
        if let Some(field) = self.fields.0.get_mut(field.index) {
            field.used = true;
        }
    }

    /// Appends the object of all that is left, or answers `false` where nothing is.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<bool, Reject> {
        let left = self.fields.0.iter().filter(|field| !field.used);
        let mut any = false;
        for field in left {
            out.push(if any { b',' } else { b'{' });
            any = true;
            write_text(&field.name, out);
            out.push(b':');
            copy(&field.name, field.value, out)?;
        }
        if let Some(envelope) = &self.envelope {
            out.push(if any { b',' } else { b'{' });
            any = true;
            out.extend_from_slice(b"\"cloudevent\":{");
            for (index, (name, value)) in envelope.attributes.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_text(name, out);
                out.push(b':');
                copy(name, value, out)?;
            }
            out.push(b'}');
        }
        if let Some(container) = &self.container {
            out.extend_from_slice(if any { b",\"container\":" } else { b"{\"container\":" });
            any = true;
            copy("container", container, out)?;
        }
        if any {
            out.push(b'}');
        }
        Ok(any)
    }
}

fn copy(name: &str, raw: &str, out: &mut Vec<u8>) -> Result<(), Reject> {
    json::copy_raw(raw, out).map_err(|unreadable| Reject::InvalidJson {
        reason: match unreadable {
            Unreadable::TooDeep => format!("`{name}` nests deeper than {} levels", json::DEEPEST),
        },
    })
}

fn invalid(error: serde_json::Error) -> Reject {
    Reject::InvalidJson { reason: error.to_string() }
}

/// The payload as text, without the byte order mark that some feeds put first.
fn utf8(value: &[u8]) -> Result<&str, Reject> {
    let text = match simdutf8::basic::from_utf8(value) {
        Ok(text) => text,
        Err(_) => {
            simdutf8::compat::from_utf8(value).map_err(|error| Reject::InvalidUtf8 { at: error.valid_up_to() })?
        }
    };
    Ok(text.strip_prefix('\u{FEFF}').unwrap_or(text))
}

/// The body: the first of the known fields that holds text.
fn body<'a>(fields: &mut Fields<'a>) -> Result<Option<Cow<'a, str>>, Reject> {
    if let Some(text) = bodies(fields) {
        return Ok(Some(text));
    }
    for (names, is_html) in [(fields::BODY, false), (fields::BODY_HTML, true), (fields::BODY_BLOCKS, false)] {
        if let Some(text) = first_body(fields, names, is_html)? {
            return Ok(Some(text));
        }
    }
    let is_entry = fields::OF_ENTRY.iter().any(|name| fields.find(name).is_some());
    if is_entry { first_body(fields, fields::SUMMARY, false) } else { Ok(None) }
}

/// The text of the first of these fields that holds any.
fn first_body<'a>(fields: &mut Fields<'a>, names: &[&str], is_html: bool) -> Result<Option<Cow<'a, str>>, Reject> {
    for name in names {
        let Some(index) = fields.find(name) else { continue };
        let found = match fields.text(index) {
            Some(text) => blocks::of_string(text, is_html).map_err(|reason| Reject::InvalidJson {
                reason: format!("`{name}` starts like JSON and is none: {reason}"),
            })?,
            None => of_raw(fields.0[index].value, is_html),
        };
        if let Some(Text { text, whole }) = found {
            fields.0[index].used = whole;
            return Ok(Some(text));
        }
    }
    Ok(None)
}

/// The text of an array or an object; a number is none.
fn of_raw(raw: &str, is_html: bool) -> Option<Text<'static>> {
    if raw.starts_with(['[', '{']) { blocks::of_value(raw, is_html) } else { None }
}

/// ninjs 2 and 3: the first non-empty text of `bodies[]`, `text/plain` first.
fn bodies<'a>(fields: &mut Fields<'a>) -> Option<Cow<'a, str>> {
    let index = fields.find("bodies")?;
    let raw = fields.0[index].value;
    let (mut best, mut count) = (None, 0_usize);
    json::elements(raw, |element| {
        count += 1;
        let rank = u8::from(!element.contains("text/plain"));
        if best.as_ref().is_none_or(|(least, _)| rank < *least)
            && let Some(Text { text, .. }) = text_of(element)
        {
            best = Some((rank, text));
        }
        ControlFlow::Continue(())
    });
    // Bodies of other kinds than the one that was read stay under `extra`.
    fields.0[index].used = best.is_some() && count == 1;
    best.map(|(_, text)| text)
}

/// The text that a raw value is, or that it has in one of its fields.
fn text_of(raw: &str) -> Option<Text<'_>> {
    match json::string(raw) {
        Some(text) => {
            Some(Text { text: markup::plain(text), whole: true }).filter(|found| !found.text.trim().is_empty())
        }
        None => of_raw(raw, false),
    }
}

/// ninjs 2 and 3: the main of `headlines[]`, else the first.
fn take_headlines<'a>(fields: &mut Fields<'a>) -> Option<Cow<'a, str>> {
    let index = fields.find("headlines")?;
    let raw = fields.0[index].value;
    let (mut first, mut has_main, mut count) = (None, false, 0_usize);
    json::elements(raw, |element| {
        count += 1;
        let is_main = || {
            let object = if element.starts_with('{') { Fields::parse(element).ok() } else { None };
            object.and_then(|object| object.string(&["role"])).is_some_and(|(_, role)| role == "main")
        };
        let is_main = is_main();
        if has_main || first.is_some() && !is_main {
            return ControlFlow::Continue(());
        }
        let Some(Text { text, .. }) = text_of(element) else { return ControlFlow::Continue(()) };
        has_main |= is_main;
        first = Some(text);
        ControlFlow::Continue(())
    });
    fields.0[index].used = first.is_some() && count == 1;
    first
}

/// The identifier: a string, or a number as written.
fn uri<'a>(fields: &mut Fields<'a>) -> Option<Cow<'a, str>> {
    for name in fields::URI {
        let Some(index) = fields.find(name) else { continue };
        let raw = fields.0[index].value;
        let uri = match fields.text(index) {
            Some(text) => text,
            None if raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => Cow::Borrowed(raw),
            None => continue,
        };
        if !uri.trim().is_empty() {
            fields.0[index].used = true;
            return Some(uri);
        }
    }
    None
}

/// The source: a name; of a URL its host; of an object its name.
fn source<'a>(fields: &mut Fields<'a>) -> Option<Cow<'a, str>> {
    for name in fields::SOURCE {
        let Some(index) = fields.find(name) else { continue };
        let raw = fields.0[index].value;
        if raw.starts_with('{') {
            let object = Fields::parse(raw).ok();
            if let Some((_, name)) = object.and_then(|object| object.string(&["name", "domain", "title", "id"])) {
                // The object may say more than its name: it stays under `extra`.
                return Some(name);
            }
            continue;
        }
        let Some(text) = fields.text(index).filter(|text| !text.trim().is_empty()) else { continue };
        return Some(match host(&text) {
            Some(host) => Cow::Owned(host.to_owned()),
            None => {
                fields.0[index].used = true;
                text
            }
        });
    }
    None
}

/// The host of an absolute URL.
fn host(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    if scheme.is_empty() || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = if host.starts_with('[') { host } else { host.split(':').next()? };
    Some(host).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        assert_eq!(host("https://user@news.example:8443/a?b"), Some("news.example"));
        assert_eq!(host("https://[::1]:80/"), Some("[::1]:80"));
        assert_eq!(host("The Valley Post"), None);
        assert_eq!(host("a note: see http://x"), None);
    }
}
