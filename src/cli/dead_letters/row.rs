//! One dead letter as `list` shows it: its fields, without the payload.

use serde::Serialize;

use crate::cli::escape;
use crate::worker::dead_letter;
use crate::worker::reader::Record;
use copydesk_core::text::{REASON_BYTES, shortened};

/// The fields. Texts are shortened, since other programs may have written them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// The dead-letter topic.
    pub dead_topic: String,
    /// The letter's partition there.
    pub dead_partition: i32,
    /// Its offset there.
    pub dead_offset: i64,
    /// Kafka's timestamp, which is that of the article, in milliseconds since 1970.
    pub time: Option<i64>,
    /// Topic of the article.
    pub topic: Option<String>,
    /// Its partition.
    pub partition: Option<i64>,
    /// Its offset.
    pub offset: Option<i64>,
    /// The error code.
    pub code: Option<String>,
    /// Where in the pipeline it was refused.
    pub stage: Option<String>,
    /// The reason in words.
    pub message: Option<String>,
    /// The key; where it is not UTF-8, with escapes.
    pub key: Option<String>,
    /// Size of the payload; none where it is null.
    pub bytes: Option<u64>,
    /// Size of the whole value, where it was cut.
    pub cut: Option<String>,
}

impl Row {
    /// Reads the fields.
    pub fn of(record: &Record) -> Row {
        let text = |name| record.header(name).map(|text| shortened(text, REASON_BYTES));
        let number = |name| record.header(name).and_then(|text| text.parse().ok());
        let key = |key: &[u8]| std::str::from_utf8(key).map_or_else(|_| key.escape_ascii().to_string(), str::to_owned);
        Row {
            dead_topic: record.topic.clone(),
            dead_partition: record.partition,
            dead_offset: record.offset,
            time: record.timestamp,
            topic: text(dead_letter::TOPIC),
            partition: number(dead_letter::PARTITION),
            offset: number(dead_letter::OFFSET),
            code: text(dead_letter::CODE),
            stage: text(dead_letter::STAGE),
            message: text(dead_letter::MESSAGE),
            key: record.key.as_deref().map(|bytes| shortened(key(bytes), REASON_BYTES)),
            bytes: record.value.as_ref().map(|value| value.len() as u64),
            cut: text(dead_letter::CUT_BYTES),
        }
    }

    /// Fields separated by tabs. A message may quote the payload: control characters and tabs in it are escaped.
    pub fn line(&self, replayed: bool) -> String {
        let text = |field: &Option<String>| field.clone().unwrap_or_else(|| "?".to_owned());
        let fields = [
            format!("{}/{}", self.dead_partition, self.dead_offset),
            written(self.time),
            self.origin(),
            text(&self.code),
            self.bytes.map_or("null".to_owned(), |bytes| format!("{bytes} bytes")) + &self.cut_in_words(),
            if replayed { "replayed" } else { "-" }.to_owned(),
            text(&self.message),
        ];
        fields.map(|field| escape::line(&field).replace('\t', " ")).join("\t")
    }

    /// One JSON object.
    pub fn json(&self, replayed: bool) -> anyhow::Result<String> {
        let time = written(self.time);
        let line = Json {
            topic: &self.dead_topic,
            partition: self.dead_partition,
            offset: self.dead_offset,
            timestamp: self.time,
            time: self.time.map(|_| time.as_str()),
            input: Input { topic: self.topic.as_deref(), partition: self.partition, offset: self.offset },
            code: self.code.as_deref(),
            stage: self.stage.as_deref(),
            message: self.message.as_deref(),
            key: self.key.as_deref(),
            bytes: self.bytes,
            whole_bytes: self.cut.as_ref().and_then(|cut| cut.parse().ok()),
            replayed,
        };
        Ok(escape::json(&serde_json::to_string(&line)?))
    }

    /// Coordinates of the article.
    pub fn origin(&self) -> String {
        let number = |number: Option<i64>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
        let topic = self.topic.as_deref().unwrap_or("?");
        format!("{topic}/{}/{}", number(self.partition), number(self.offset))
    }

    /// An addition to the size of a letter that was cut.
    pub fn cut_in_words(&self) -> String {
        self.cut.as_ref().map_or(String::new(), |whole| format!(" of {}, cut", escape::line(whole)))
    }
}

/// A time as text.
pub fn written(time: Option<i64>) -> String {
    let time = time.and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok());
    time.map_or_else(|| "?".to_owned(), |time| time.to_string())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Json<'a> {
    topic: &'a str,
    partition: i32,
    offset: i64,
    timestamp: Option<i64>,
    time: Option<&'a str>,
    input: Input<'a>,
    code: Option<&'a str>,
    stage: Option<&'a str>,
    message: Option<&'a str>,
    key: Option<&'a str>,
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    whole_bytes: Option<u64>,
    replayed: bool,
}

#[derive(Serialize)]
struct Input<'a> {
    topic: Option<&'a str>,
    partition: Option<i64>,
    offset: Option<i64>,
}
