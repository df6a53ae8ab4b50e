//! Decoding: the bytes of a payload become raw articles, or a refusal.
//!
//! A payload that starts like a JSON object is one or is refused; an array, and a string of JSON, is read for the article
//! that it holds; HTML is read for its text; what [`sniff`] knows by name is refused; anything else is UTF-8 text. Every
//! field is read leniently: a known name with a value of the wrong type is simply not that field, and stays under
//! `extra`. Only the reasons of [`Reject`] ever refuse an article.

use std::ops::ControlFlow;

use super::cloudevents::{self, Data};
use super::raw::Decoded;
use super::{Header, RawArticle, Unwrapped, container, json_article, plain, sniff};
use crate::record::Reject;
use crate::text::json::{self, Fields};

/// The articles of a payload, in order; at least one. `unwrapped` keeps what comes out of JSON strings: pass a new one.
pub fn decode<'a>(
    value: &'a [u8],
    headers: &[Header<'a>],
    unwrapped: &'a Unwrapped,
) -> Result<Vec<RawArticle<'a>>, Reject> {
    let Decoded { mut article, event, container } = of_bytes(value, unwrapped, 0)?;
    let envelope = event.or_else(|| cloudevents::binary(headers));
    article.uri = article.uri.or_else(|| envelope.as_ref().and_then(|envelope| envelope.id.clone()));
    article.extra.envelope = envelope;
    article.extra.container = container;
    Ok(vec![article])
}

/// A payload, or what a CloudEvent carries as bytes.
fn of_bytes<'a>(value: &'a [u8], unwrapped: &'a Unwrapped, depth: usize) -> Result<Decoded<'a>, Reject> {
    match sniff::unsupported(value) {
        Some(format) => Err(Reject::UnsupportedFormat { format }),
        None => of_text(utf8(value)?, unwrapped, depth),
    }
}

fn of_text<'a>(text: &'a str, unwrapped: &'a Unwrapped, depth: usize) -> Result<Decoded<'a>, Reject> {
    let bare = text.trim_matches([' ', '\t', '\r', '\n']);
    match bare.as_bytes().first() {
        Some(b'{') => of_object(Fields::parse(text).map_err(invalid)?, unwrapped, depth),
        // An array, if it is one: "[Update] …" is text.
        Some(b'[') => match json::elements(bare, |_| ControlFlow::Continue(())) {
            true => of_json(bare, unwrapped, depth),
            false if json::starts_like_data(bare) => {
                Err(serde_json::from_str::<serde::de::IgnoredAny>(bare).map_or_else(invalid, |_| Reject::NoBody))
            }
            false => plain::decode(text),
        },
        // A string, if it is one: what it holds is the payload.
        Some(b'"') if is_string(bare) => {
            of_nested(json::string(bare).unwrap_or_default().into_owned().into_bytes(), unwrapped, depth)
        }
        _ if bare == "null" => Err(Reject::EmptyPayload),
        _ => plain::decode(text),
    }
}

fn of_nested<'a>(bytes: Vec<u8>, unwrapped: &'a Unwrapped, depth: usize) -> Result<Decoded<'a>, Reject> {
    let too_deep = || Reject::InvalidJson {
        reason: format!("JSON in strings of JSON nests deeper than {} levels", Unwrapped::DEEPEST),
    };
    of_bytes(unwrapped.keep(bytes).ok_or_else(too_deep)?, unwrapped, depth)
}

fn is_string(text: &str) -> bool {
    text.len() > 1 && text.ends_with('"') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// A valid raw value: an object or an array.
fn of_json<'a>(raw: &'a str, unwrapped: &'a Unwrapped, depth: usize) -> Result<Decoded<'a>, Reject> {
    match raw.as_bytes().first() {
        _ if depth > container::DEEPEST => Err(Reject::NoBody),
        Some(b'{') => of_object(Fields::parse(raw).map_err(invalid)?, unwrapped, depth),
        Some(b'[') => container::in_array(raw, |element| of_json(element, unwrapped, depth + 1)),
        _ => Err(Reject::NoBody),
    }
}

fn of_object<'a>(mut fields: Fields<'a>, unwrapped: &'a Unwrapped, depth: usize) -> Result<Decoded<'a>, Reject> {
    if let Some((event, data)) = cloudevents::structured(&fields)? {
        let decoded = match data {
            Data::Json(text) => of_json(text, unwrapped, depth)?,
            Data::Bytes(bytes) => of_nested(bytes, unwrapped, depth)?,
        };
        return Ok(Decoded { event: Some(event), ..decoded });
    }
    match json_article::body(&mut fields)? {
        Some(body) => Ok(Decoded { article: json_article::decode(fields, body), ..Decoded::default() }),
        None => container::in_object(&fields, |value| of_json(value, unwrapped, depth + 1)),
    }
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
