//! What stands beside a committed offset: Kafka keeps a short text with each, for whoever commits.
//!
//! `copydesk/1 topic-id=…` says which topic the offset was committed for, so that it is not taken for an offset of another
//! topic that has the same name now. Tools print the text as it is. An offset without it, or with the text of another tool
//! or of a later form (`copydesk/2`), is one of which nothing more is known.

use super::topic_id::TopicId;

/// The form of the text. A word may be added without a new number: unknown words are passed over.
const FORM: &str = "copydesk/1";
const TOPIC: &str = "topic-id=";
const BEYOND: &str = "beyond-the-end";

/// The text beside a committed offset, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OffsetMetadata {
    /// The topic that the offset is of.
    pub(super) topic: Option<TopicId>,
    /// The offset was found to lie beyond the end of its partition. It stays refused when the partition has grown past it.
    pub(super) beyond_end: bool,
}

impl OffsetMetadata {
    /// Reads the text that came with an offset.
    pub(super) fn read(text: &str) -> OffsetMetadata {
        let mut words = text.split_ascii_whitespace();
        if words.next() != Some(FORM) {
            return OffsetMetadata::default();
        }
        words.fold(OffsetMetadata::default(), |read, word| match word.strip_prefix(TOPIC) {
            Some(id) => OffsetMetadata { topic: Some(TopicId::from_text(id)), ..read },
            None => OffsetMetadata { beyond_end: read.beyond_end || word == BEYOND, ..read },
        })
    }

    /// As it is committed; empty where there is nothing to say.
    pub(super) fn text(&self) -> String {
        let mut words = Vec::new();
        words.extend(self.topic.as_ref().map(|id| format!("{TOPIC}{id}")));
        words.extend(self.beyond_end.then(|| BEYOND.to_owned()));
        if words.is_empty() { String::new() } else { format!("{FORM} {}", words.join(" ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_other_texts_say_nothing() {
        let topic = Some(TopicId::from_text("pXkq1VdWQ7Wq9p0s0Q8wEg"));
        for metadata in [
            OffsetMetadata::default(),
            OffsetMetadata { topic: topic.clone(), beyond_end: false },
            OffsetMetadata { topic: topic.clone(), beyond_end: true },
            OffsetMetadata { topic: None, beyond_end: true },
        ] {
            assert_eq!(OffsetMetadata::read(&metadata.text()), metadata, "{}", metadata.text());
        }
        let full = OffsetMetadata { topic: topic.clone(), beyond_end: true }.text();
        assert!(full.len() < 64, "Kafka takes 4096 bytes, and keeps it for every commit: {full}");
        assert_eq!(
            OffsetMetadata::read("copydesk/1 lane=3 topic-id=pXkq1VdWQ7Wq9p0s0Q8wEg").topic,
            topic,
            "a word of a later version"
        );
        for other in ["", "NO_METADATA", "copydesk/2 topic-id=x", "{\"topic-id\":\"x\"}", "topic-id=x"] {
            assert_eq!(OffsetMetadata::read(other), OffsetMetadata::default(), "{other}");
        }
    }
}
