//! What every test here needs: cleaning one payload, and looking at what came out.

use copydesk_core::input::Header;
use copydesk_core::memory::NoMemory;
use copydesk_core::pipeline::{Cleaner, Limits, Payload};
use copydesk_core::record::Reject;
use serde_json::{Map, Value, json};

/// The date fields that an article may carry. Whether one is read is the business of the dates' own tests.
const DATE_FIELDS: [&str; 8] = [
    "datePublished",
    "date_publish",
    "publish_date",
    "date",
    "datePublishedRaw",
    "date_published",
    "pubDate",
    "published",
];

/// Limits that nothing here meets unless it means to.
pub const WIDE: Limits = Limits { payload: 1 << 30, lines: 1 << 30, output: 1 << 30 };

pub fn payload<'a>(value: &'a [u8], headers: &'a [Header<'a>]) -> Payload<'a> {
    Payload { value: Some(value), headers, timestamp: Some(1_705_500_000_000) }
}

/// The record's bytes, or the refusal.
pub fn clean_bytes(cleaner: &mut Cleaner, value: &[u8], headers: &[Header<'_>]) -> Result<Vec<u8>, Reject> {
    let mut out = Vec::new();
    cleaner.clean(payload(value, headers), &NoMemory, &mut out)?;
    Ok(out)
}

/// The record of an article that has to have one.
pub fn record(value: &[u8]) -> Value {
    record_with_headers(value, &[])
}

pub fn record_with_headers(value: &[u8], headers: &[Header<'_>]) -> Value {
    let bytes = clean_bytes(&mut Cleaner::default(), value, headers).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// The code of the refusal of a payload that has to be refused.
pub fn code(limits: Limits, value: &[u8]) -> &'static str {
    clean_bytes(&mut Cleaner::new(limits), value, &[]).unwrap_err().code()
}

/// The numbers of the paragraphs' lines.
pub fn lines(record: &Value) -> Vec<u64> {
    record["paragraphs"].as_array().unwrap().iter().map(|paragraph| paragraph["line"].as_u64().unwrap()).collect()
}

/// Line and `repeatOf` of each dropped paragraph.
pub fn dropped(record: &Value) -> Value {
    let dropped = record["dropped"].as_array().unwrap();
    dropped.iter().map(|dropped| json!([dropped["line"], dropped["repeatOf"]])).collect()
}

/// `extra` without the date fields; an empty object where there is none.
pub fn extra_without_dates(record: &Value) -> Value {
    let mut extra = record["extra"].as_object().cloned().unwrap_or_else(Map::new);
    extra.retain(|name, _| !DATE_FIELDS.contains(&name.as_str()));
    Value::Object(extra)
}
