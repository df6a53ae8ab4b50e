//! Decoding: the bytes of a payload become a raw article, or a refusal.
//!
//! A payload that starts like a JSON object is one or is refused; anything else is UTF-8 text. Every field is read with
//! patience: a known name with a value of the wrong type is simply not that field, and stays under `extra`. Only the
//! reasons of [`Reject`] ever refuse an article.

use std::borrow::Cow;

use super::cloudevents::{self, Data, Envelope};
use super::fields::{self, INNER_HTML, INNER_TEXT};
use super::json::{self, Fields, Unreadable};
use super::{Header, Reject, html};

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
}

impl<'a> RawArticle<'a> {
    /// Decodes a payload. `unwrapped` holds the data of a CloudEvent that came inside a JSON string: pass an empty one.
    pub fn decode(
        value: &'a [u8],
        headers: &[Header<'a>],
        unwrapped: &'a mut Vec<u8>,
    ) -> Result<RawArticle<'a>, Reject> {
        let text = utf8(value)?;
        let mut envelope = cloudevents::binary(headers);
        let mut article = if is_object(text) {
            let fields = Fields::parse(text).map_err(invalid)?;
            match cloudevents::structured(&fields)? {
                None => Self::from_fields(fields)?,
                Some((event, data)) => {
                    envelope = Some(event);
                    match data {
                        Data::Json(text) if is_object(text) => {
                            Self::from_fields(Fields::parse(text).map_err(invalid)?)?
                        }
                        Data::Json(_) => return Err(Reject::NoBody),
                        Data::Bytes(bytes) => {
                            *unwrapped = bytes;
                            Self::from_text(utf8(unwrapped)?)?
                        }
                    }
                }
            }
        } else {
            Self::from_plain(text)?
        };
        article.uri = article.uri.or_else(|| envelope.as_ref().and_then(|envelope| envelope.id.clone()));
        article.extra.envelope = envelope;
        Ok(article)
    }

    fn from_text(text: &'a str) -> Result<Self, Reject> {
        if is_object(text) { Self::from_fields(Fields::parse(text).map_err(invalid)?) } else { Self::from_plain(text) }
    }

    fn from_plain(text: &'a str) -> Result<Self, Reject> {
        if text.trim().is_empty() {
            return Err(Reject::EmptyPayload);
        }
        Ok(RawArticle { body: Cow::Borrowed(text), ..RawArticle::default() })
    }

    fn from_fields(mut fields: Fields<'a>) -> Result<Self, Reject> {
        let body = body(&mut fields)?.ok_or(Reject::NoBody)?;
        let headline = match take_headlines(&mut fields)? {
            Some(headline) => Some(headline),
            None => fields.take(fields::HEADLINE).map_err(invalid)?,
        };
        let mut published = Vec::new();
        for name in fields::PUBLISHED {
            let Some(index) = fields.find(name) else { continue };
            let raw = fields.0[index].value;
            let text = match fields.text(index).map_err(invalid)? {
                Some(text) => text,
                None if raw.starts_with(|c: char| c.is_ascii_digit()) => Cow::Borrowed(raw),
                None => continue,
            };
            published.push(PublishedField { name, text, index });
        }
        let mut take = |names| fields.take(names).map_err(invalid);
        Ok(RawArticle {
            body,
            headline,
            published,
            url: take(fields::URL)?,
            language: take(fields::LANGUAGE)?,
            version_created: take(fields::VERSION_CREATED)?,
            first_created: take(fields::FIRST_CREATED)?,
            embargoed_until: take(fields::EMBARGOED)?,
            uri: uri(&mut fields)?,
            source: source(&mut fields)?,
            fetched: fields.string(fields::FETCHED).map_err(invalid)?.map(|(_, text)| text),
            extra: Extra { fields, envelope: None },
        })
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
            super::record::write_text(&field.name, out);
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
                super::record::write_text(name, out);
                out.push(b':');
                copy(name, value, out)?;
            }
            out.push(b'}');
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
            Unreadable::LoneSurrogate => format!("`{name}` holds half of a surrogate pair"),
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

fn is_object(text: &str) -> bool {
    text.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('{')
}

/// A text field of an object, or of an object inside it.
fn body<'a>(fields: &mut Fields<'a>) -> Result<Option<Cow<'a, str>>, Reject> {
    if let Some(text) = bodies(fields)? {
        return Ok(Some(text));
    }
    for name in fields::BODY {
        let Some(index) = fields.find(name) else { continue };
        let text = match fields.text(index).map_err(invalid)? {
            Some(text) => Some(text).filter(|text| !text.trim().is_empty()),
            None => text_of(fields.0[index].value)?,
        };
        if let Some(text) = text {
            fields.0[index].used = true;
            return Ok(Some(text));
        }
    }
    let Some(html) = fields.take(fields::BODY_HTML).map_err(invalid)? else { return Ok(None) };
    Ok(Some(Cow::Owned(html::text(&html))).filter(|text: &Cow<'_, str>| !text.trim().is_empty()))
}

/// The text that a raw value is, or that an object has in one of its fields.
fn text_of(raw: &str) -> Result<Option<Cow<'_, str>>, Reject> {
    if raw.starts_with('{') {
        let object = Fields::parse(raw).map_err(invalid)?;
        let is_html = object.string(&["contentType", "contenttype", "type"]).map_err(invalid)?;
        let is_html = is_html.is_some_and(|(_, kind)| kind.contains("html"));
        if let Some((_, text)) = object.string(INNER_TEXT).map_err(invalid)? {
            let text = if is_html { Cow::Owned(html::text(&text)) } else { text };
            return Ok(Some(text).filter(|text| !text.trim().is_empty()));
        }
        let html = object.string(INNER_HTML).map_err(invalid)?;
        return Ok(html
            .map(|(_, html)| Cow::Owned(html::text(&html)))
            .filter(|text: &Cow<'_, str>| !text.trim().is_empty()));
    }
    Ok(json::string(raw).map_err(invalid)?.filter(|text| !text.trim().is_empty()))
}

/// The elements of a raw array; `None` where the value is no array.
fn array(raw: &str) -> Result<Option<Vec<&str>>, Reject> {
    if !raw.starts_with('[') {
        return Ok(None);
    }
    let elements: Vec<&serde_json::value::RawValue> = serde_json::from_str(raw).map_err(invalid)?;
    Ok(Some(elements.into_iter().map(|element| element.get()).collect()))
}

/// ninjs 2 and 3: the first non-empty text of `bodies[]`, `text/plain` first.
fn bodies<'a>(fields: &mut Fields<'a>) -> Result<Option<Cow<'a, str>>, Reject> {
    let Some(index) = fields.find("bodies") else { return Ok(None) };
    let Some(elements) = array(fields.0[index].value)? else { return Ok(None) };
    let mut best: Option<(u8, Cow<'a, str>)> = None;
    for element in &elements {
        let Some(text) = text_of(element)? else { continue };
        let rank = if element.contains("text/plain") { 0 } else { 1 };
        if best.as_ref().is_none_or(|(least, _)| rank < *least) {
            best = Some((rank, text));
        }
    }
    // Bodies of other kinds than the one that was read stay under `extra`.
    fields.0[index].used = best.is_some() && elements.len() == 1;
    Ok(best.map(|(_, text)| text))
}

/// ninjs 2 and 3: the main of `headlines[]`, else the first.
fn take_headlines<'a>(fields: &mut Fields<'a>) -> Result<Option<Cow<'a, str>>, Reject> {
    let Some(index) = fields.find("headlines") else { return Ok(None) };
    let Some(elements) = array(fields.0[index].value)? else { return Ok(None) };
    let mut first = None;
    for element in &elements {
        let Some(text) = text_of(element)? else { continue };
        let role = match element.starts_with('{') {
            true => Fields::parse(element).map_err(invalid)?.string(&["role"]).map_err(invalid)?,
            false => None,
        };
        if role.is_some_and(|(_, role)| role == "main") {
            first = Some(text);
            break;
        }
        first = first.or(Some(text));
    }
    fields.0[index].used = first.is_some() && elements.len() == 1;
    Ok(first)
}

/// The identifier: a string, or a number as written.
fn uri<'a>(fields: &mut Fields<'a>) -> Result<Option<Cow<'a, str>>, Reject> {
    for name in fields::URI {
        let Some(index) = fields.find(name) else { continue };
        let raw = fields.0[index].value;
        let uri = match fields.text(index).map_err(invalid)? {
            Some(text) => text,
            None if raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => Cow::Borrowed(raw),
            None => continue,
        };
        if !uri.trim().is_empty() {
            fields.0[index].used = true;
            return Ok(Some(uri));
        }
    }
    Ok(None)
}

/// The source: a name; of a URL its host; of an object its name.
fn source<'a>(fields: &mut Fields<'a>) -> Result<Option<Cow<'a, str>>, Reject> {
    for name in fields::SOURCE {
        let Some(index) = fields.find(name) else { continue };
        let raw = fields.0[index].value;
        if raw.starts_with('{') {
            let object = Fields::parse(raw).map_err(invalid)?;
            if let Some((_, name)) = object.string(&["name", "domain", "title", "id"]).map_err(invalid)? {
                // The object may say more than its name: it stays under `extra`.
                return Ok(Some(name));
            }
            continue;
        }
        let Some(text) = fields.text(index).map_err(invalid)?.filter(|text| !text.trim().is_empty()) else { continue };
        return Ok(Some(match host(&text) {
            Some(host) => Cow::Owned(host.to_owned()),
            None => {
                fields.0[index].used = true;
                text
            }
        }));
    }
    Ok(None)
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
