//! CloudEvents 1.0 around an article: structured (the event is the JSON object, the article its `data`) and binary (the
//! attributes are `ce_*` headers, the value is the article). The envelope goes; its attributes are kept under
//! `extra.cloudevent`, and its `id` serves where the article has no identifier of its own.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Header;
use crate::record::Reject;
use crate::text::json::{Fields, string};

/// An event without its data.
#[derive(Debug, Default)]
pub(super) struct Envelope<'a> {
    /// Attributes as JSON: name and raw value.
    pub(super) attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// The attribute `id`.
    pub(super) id: Option<Cow<'a, str>>,
}

/// What an event carries.
pub(super) enum Data<'a> {
    /// JSON, as it was written.
    Json(&'a str),
    /// Text or bytes that were inside a JSON string.
    Bytes(Vec<u8>),
}

/// Unwraps a structured event; `None` where the object is not one.
pub(super) fn structured<'a>(fields: &Fields<'a>) -> Result<Option<(Envelope<'a>, Data<'a>)>, Reject> {
    if fields.get("specversion").is_none() || fields.get("type").is_none() {
        return Ok(None);
    }
    let data = match (fields.get("data"), fields.get("data_base64")) {
        (Some(data), _) => match string(data) {
            Some(text) => Data::Bytes(text.into_owned().into_bytes()),
            None => Data::Json(data),
        },
        (None, Some(data)) => {
            let text = string(data).unwrap_or_default();
            let bytes = STANDARD.decode(text.as_bytes());
            Data::Bytes(bytes.map_err(|error| Reject::InvalidJson { reason: format!("`data_base64`: {error}") })?)
        }
        (None, None) => return Ok(None),
    };
    let attributes = fields.list.iter().filter(|field| field.name != "data" && field.name != "data_base64");
    let envelope = Envelope {
        attributes: attributes.map(|field| (field.name.clone(), Cow::Borrowed(field.value))).collect(),
        id: fields.get("id").and_then(string),
    };
    Ok(Some((envelope, data)))
}

/// Reads the attributes of a binary event out of the headers; `None` where they are none.
pub(super) fn binary<'a>(headers: &[Header<'a>]) -> Option<Envelope<'a>> {
    headers.iter().find(|(name, _)| *name == "ce_specversion")?;
    let mut envelope = Envelope::default();
    for (name, value) in headers {
        let Some(attribute) = name.strip_prefix("ce_") else { continue };
        let value = String::from_utf8_lossy(value);
        if attribute == "id" {
            envelope.id = Some(value.clone());
        }
        let raw = serde_json::Value::from(value.into_owned()).to_string();
        envelope.attributes.push((attribute.into(), raw.into()));
    }
    Some(envelope)
}
