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
pub(super) struct Note {
    /// The topic that the offset is of.
    pub(super) topic: Option<TopicId>,
    /// The offset was found to lie beyond the end of its partition. It stays refused when the partition has grown past it.
    pub(super) beyond: bool,
}

impl Note {
    /// Reads the text that came with an offset.
    pub(super) fn read(text: &str) -> Note {
        let mut words = text.split_ascii_whitespace();
        if words.next() != Some(FORM) {
            return Note::default();
        }
        words.fold(Note::default(), |note, word| match word.strip_prefix(TOPIC) {
            Some(id) => Note { topic: Some(TopicId::from_text(id)), ..note },
            None => Note { beyond: note.beyond || word == BEYOND, ..note },
        })
    }

    /// As it is committed; empty where there is nothing to say.
    pub(super) fn text(&self) -> String {
        let mut words = Vec::new();
        words.extend(self.topic.as_ref().map(|id| format!("{TOPIC}{id}")));
        words.extend(self.beyond.then(|| BEYOND.to_owned()));
        if words.is_empty() { String::new() } else { format!("{FORM} {}", words.join(" ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_other_texts_say_nothing() {
        let topic = Some(TopicId::from_text("pXkq1VdWQ7Wq9p0s0Q8wEg"));
        for note in [
            Note::default(),
            Note { topic: topic.clone(), beyond: false },
            Note { topic: topic.clone(), beyond: true },
            Note { topic: None, beyond: true },
        ] {
            assert_eq!(Note::read(&note.text()), note, "{}", note.text());
        }
        let full = Note { topic: topic.clone(), beyond: true }.text();
        assert!(full.len() < 64, "Kafka takes 4096 bytes, and keeps it for every commit: {full}");
        assert_eq!(
            Note::read("copydesk/1 lane=3 topic-id=pXkq1VdWQ7Wq9p0s0Q8wEg").topic,
            topic,
            "a word of a later version"
        );
        for other in ["", "NO_METADATA", "copydesk/2 topic-id=x", "{\"topic-id\":\"x\"}", "topic-id=x"] {
            assert_eq!(Note::read(other), Note::default(), "{other}");
        }
    }
}
