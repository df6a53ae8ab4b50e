//! Coordinates of a dead letter or of its article, as `list`, `show` and `replay` print them.

use std::fmt;

use super::row::Row;
use crate::worker::reader::Record;

/// Coordinates given on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `partition/offset`: in the dead-letter topic.
    Letter { partition: i32, offset: i64 },
    /// `topic/partition/offset`: of the letter if the topic is the dead-letter topic, else of its article.
    InTopic { topic: String, partition: i32, offset: i64 },
}

const EXPECTED: &str =
    "expected coordinates as printed: `0/17` in the dead-letter topic, or `news.raw/3/42` of the article";

impl Place {
    /// Reads `0/17`, `news.dead/0/17` or `news.raw/3/42`.
    pub fn read(text: &str) -> Result<Place, String> {
        let mut parts = text.rsplitn(3, '/');
        let offset = parts.next().and_then(|part| part.parse().ok()).filter(|offset: &i64| *offset >= 0);
        let partition = parts.next().and_then(|part| part.parse().ok()).filter(|partition: &i32| *partition >= 0);
        match (parts.next(), partition, offset) {
            (None, Some(partition), Some(offset)) => Ok(Place::Letter { partition, offset }),
            (Some(topic), Some(partition), Some(offset)) if !topic.is_empty() && !topic.contains('/') => {
                Ok(Place::InTopic { topic: topic.to_owned(), partition, offset })
            }
            _ => Err(EXPECTED.to_owned()),
        }
    }

    /// Reads one of them, or partition and offset as two words.
    pub fn of_words(words: &[String]) -> Result<Place, String> {
        match words {
            [one] => Place::read(one),
            [partition, offset] if !partition.contains('/') => Place::read(&format!("{partition}/{offset}")),
            _ => Err(EXPECTED.to_owned()),
        }
    }

    /// Partition and offset in the dead-letter topic `dead`, if the place is there.
    pub fn letter(&self, dead: &str) -> Option<(i32, i64)> {
        match self {
            Place::Letter { partition, offset } => Some((*partition, *offset)),
            Place::InTopic { topic, partition, offset } => (topic == dead).then_some((*partition, *offset)),
        }
    }

    /// Are these the coordinates of the letter, or of its article?
    pub fn is_of(&self, record: &Record) -> bool {
        if let Some(place) = self.letter(&record.topic) {
            return place == (record.partition, record.offset);
        }
        let row = Row::of(record);
        matches!(self, Place::InTopic { topic, partition, offset }
            if row.topic.as_ref() == Some(topic) && row.partition == Some(i64::from(*partition)) && row.offset == Some(*offset))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Letter { partition, offset } => write!(f, "{partition}/{offset}"),
            Place::InTopic { topic, partition, offset } => write!(f, "{topic}/{partition}/{offset}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_are_printed() {
        let letter = Place::Letter { partition: 0, offset: 17 };
        assert_eq!(Place::read("0/17"), Ok(letter.clone()));
        assert_eq!(Place::of_words(&["0".to_owned(), "17".to_owned()]), Ok(letter));
        let article = Place::read("news.raw/3/42").unwrap();
        assert_eq!(article, Place::InTopic { topic: "news.raw".to_owned(), partition: 3, offset: 42 });
        assert_eq!((article.letter("news.raw"), article.letter("news.dead")), (Some((3, 42)), None));
        for text in ["", "17", "a/b", "0/", "/0/1", "-1/3", "0/-3", "a/b/0/1", "news.raw/x/1"] {
            assert!(Place::read(text).is_err(), "{text}");
        }
        assert!(Place::of_words(&["0/1".to_owned(), "2".to_owned()]).is_err());
    }
}
