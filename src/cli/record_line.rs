//! A Kafka record as one JSON object on one line, for `tail` and `dead-letters`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::worker::reader::Record;

/// A record for people and for `jq`.
#[derive(Serialize)]
pub struct RecordLine<'a> {
    topic: &'a str,
    partition: i32,
    offset: i64,
    timestamp: Option<i64>,
    key: Bytes<'a>,
    headers: Vec<Header<'a>>,
    value: Bytes<'a>,
}

#[derive(Serialize)]
struct Header<'a> {
    name: Bytes<'a>,
    value: Bytes<'a>,
}

/// Bytes as JSON where they are a JSON object, else as text, else as `{"base64": …}`.
#[derive(Serialize)]
#[serde(untagged)]
enum Bytes<'a> {
    Null,
    Json(&'a RawValue),
    Text(&'a str),
    Binary { base64: String },
}

impl<'a> Bytes<'a> {
    fn of(bytes: Option<&'a [u8]>) -> Bytes<'a> {
        let Some(bytes) = bytes else { return Bytes::Null };
        match std::str::from_utf8(bytes) {
            Ok(text) => Bytes::Text(text),
            Err(_) => Bytes::Binary { base64: STANDARD.encode(bytes) },
        }
    }

    fn json(bytes: Option<&'a [u8]>) -> Bytes<'a> {
        // A JSON object of several lines would not fit on one line.
        let raw = bytes.filter(|bytes| bytes.first() == Some(&b'{') && !bytes.contains(&b'\n'));
        let raw = raw.and_then(|bytes| serde_json::from_slice::<&RawValue>(bytes).ok());
        raw.map_or_else(|| Bytes::of(bytes), Bytes::Json)
    }
}

impl<'a> RecordLine<'a> {
    /// The line of a record.
    pub fn of(record: &'a Record) -> RecordLine<'a> {
        let headers = record
            .headers
            .iter()
            .map(|(name, value)| Header { name: Bytes::of(Some(name.as_bytes())), value: Bytes::of(value.as_deref()) });
        RecordLine {
            topic: &record.topic,
            partition: record.partition,
            offset: record.offset,
            timestamp: record.timestamp,
            key: Bytes::of(record.key.as_deref()),
            headers: headers.collect(),
            value: Bytes::json(record.value.as_deref()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_json_text_or_base64() {
        let record = |value: Option<&[u8]>| Record {
            topic: "t".into(),
            partition: 0,
            offset: 1,
            timestamp: None,
            key: Some(b"k".to_vec()),
            value: value.map(<[u8]>::to_vec),
            headers: vec![("h".into(), None)],
        };
        let line = |value| serde_json::to_string(&RecordLine::of(&record(value))).unwrap();
        assert!(line(Some(br#"{"a": 1}"#)).ends_with(r#""headers":[{"name":"h","value":null}],"value":{"a": 1}}"#));
        assert!(line(Some(b"text")).ends_with(r#""value":"text"}"#));
        assert!(line(Some(b"\xff")).ends_with(r#""value":{"base64":"/w=="}}"#));
        assert!(line(None).ends_with(r#""value":null}"#));
        assert!(!line(Some(b"{\n}")).contains('\n'));
    }
}
