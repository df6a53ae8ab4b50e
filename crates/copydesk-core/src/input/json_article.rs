//! An article that is a JSON object, under the names that feeds use: see [`super::fields`].

use std::borrow::Cow;
use std::ops::ControlFlow;

use super::blocks::{self, Text};
use super::{Extra, PublishedField, RawArticle, fields, markup};
use crate::record::Reject;
use crate::text::json::{self, Fields};

/// The article of these fields; `body` was taken out of them.
pub(super) fn decode<'a>(mut fields: Fields<'a>, body: Cow<'a, str>) -> RawArticle<'a> {
    let headline = take_headlines(&mut fields).or_else(|| fields.take(fields::HEADLINE)).map(markup::plain);
    let mut published = Vec::new();
    for name in fields::PUBLISHED {
        let Some(index) = fields.find(name) else { continue };
        let raw = fields.list[index].value;
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
/// The body: the first of the known fields that holds text.
pub(super) fn body<'a>(fields: &mut Fields<'a>) -> Result<Option<Cow<'a, str>>, Reject> {
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
            None => of_raw(fields.list[index].value, is_html),
        };
        if let Some(Text { text, whole }) = found {
            fields.list[index].used = whole;
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
    let raw = fields.list[index].value;
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
    fields.list[index].used = best.is_some() && count == 1;
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
    let raw = fields.list[index].value;
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
    fields.list[index].used = first.is_some() && count == 1;
    first
}

/// The identifier: a string, or a number as written.
fn uri<'a>(fields: &mut Fields<'a>) -> Option<Cow<'a, str>> {
    for name in fields::URI {
        let Some(index) = fields.find(name) else { continue };
        let raw = fields.list[index].value;
        let uri = match fields.text(index) {
            Some(text) => text,
            None if raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => Cow::Borrowed(raw),
            None => continue,
        };
        if !uri.trim().is_empty() {
            fields.list[index].used = true;
            return Some(uri);
        }
    }
    None
}

/// The source: a name; of a URL its host; of an object its name.
fn source<'a>(fields: &mut Fields<'a>) -> Option<Cow<'a, str>> {
    for name in fields::SOURCE {
        let Some(index) = fields.find(name) else { continue };
        let raw = fields.list[index].value;
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
                fields.list[index].used = true;
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
