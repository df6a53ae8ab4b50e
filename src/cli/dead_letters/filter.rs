//! `--where`: a condition on the fields of a dead letter.
//!
//! ```text
//! condition  = all { "or" all }
//! all        = one { "and" one }
//! one        = "not" one | "(" condition ")" | FIELD OPERATOR VALUE
//! OPERATOR   = "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~"        (~: contains, ignoring case)
//! VALUE      = a word, or anything in '…' or "…" (with \ before a quote or a backslash)
//! ```
//! Texts are compared by `=`, `!=`, `~` and `!~`, numbers and times by all but `~` and `!~`. A field that a letter does not
//! have equals nothing, and contains nothing.

mod parse;

use super::row::Row;

pub use parse::{code, parse};

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Equals(Field, String),
    Contains(Field, String),
    Number(Field, Relation, i64),
}

/// How numbers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The fields of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Code,
    Stage,
    Message,
    Key,
    Topic,
    Partition,
    Offset,
    DeadPartition,
    DeadOffset,
    Bytes,
    Time,
}

impl Field {
    fn is_text(self) -> bool {
        matches!(self, Field::Code | Field::Stage | Field::Message | Field::Key | Field::Topic)
    }

    fn text(self, row: &Row) -> Option<&str> {
        match self {
            Field::Code => row.code.as_deref(),
            Field::Stage => row.stage.as_deref(),
            Field::Message => row.message.as_deref(),
            Field::Key => row.key.as_deref(),
            Field::Topic => row.topic.as_deref(),
            _ => None,
        }
    }

    fn number(self, row: &Row) -> Option<i64> {
        match self {
            Field::Partition => row.partition,
            Field::Offset => row.offset,
            Field::DeadPartition => Some(i64::from(row.dead_partition)),
            Field::DeadOffset => Some(row.dead_offset),
            Field::Bytes => row.bytes.and_then(|bytes| i64::try_from(bytes).ok()),
            Field::Time => row.time,
            _ => None,
        }
    }
}

impl Filter {
    /// Does a dead letter match?
    pub fn matches(&self, row: &Row) -> bool {
        match self {
            Filter::All(all) => all.iter().all(|filter| filter.matches(row)),
            Filter::Any(any) => any.iter().any(|filter| filter.matches(row)),
            Filter::Not(filter) => !filter.matches(row),
            Filter::Equals(field, value) => field.text(row) == Some(value),
            Filter::Contains(field, value) => {
                field.text(row).is_some_and(|text| text.to_lowercase().contains(value.as_str()))
            }
            Filter::Number(field, Relation::Unequal, value) => field.number(row) != Some(*value),
            Filter::Number(field, relation, value) => field.number(row).is_some_and(|number| match relation {
                Relation::Equal => number == *value,
                Relation::Unequal => number != *value,
                Relation::Less => number < *value,
                Relation::LessOrEqual => number <= *value,
                Relation::Greater => number > *value,
                Relation::GreaterOrEqual => number >= *value,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        Row {
            dead_topic: "news.dead".to_owned(),
            dead_partition: 1,
            dead_offset: 17,
            time: Some(1000),
            topic: Some("news.raw".to_owned()),
            partition: Some(3),
            offset: Some(42),
            code: Some("no_body".to_owned()),
            stage: Some("decode".to_owned()),
            message: Some("no body: None of 'them'".to_owned()),
            key: None,
            bytes: Some(5),
            cut: None,
        }
    }

    fn matches(text: &str) -> bool {
        let time = |text: &str| text.parse().map_err(|_| "no time".to_owned());
        parse(text, time).unwrap_or_else(|error| panic!("{text}: {error}")).matches(&row())
    }

    fn error(text: &str) -> String {
        parse(text, |_| Err("no time".to_owned())).unwrap_err()
    }

    #[test]
    fn conditions_that_match() {
        for text in [
            "code = no_body",
            "code==no_body and topic = 'news.raw'",
            "code != internal",
            "message ~ 'NONE OF'",
            "message ~ \"of 'them\"",
            "message ~ 'of \\'them'",
            "message !~ other",
            "partition=3 and offset>=42 and offset<43",
            "dead.partition = 1 and dead.offset = 17",
            "bytes < 10 and not bytes < 5",
            "time > 999 AND time <= 1000",
            "code = internal or (stage = decode and not (offset = 1 or offset = 2))",
            "code = no_body or code = internal and code = internal",
            "key != x",
            "key !~ x",
            "offset != 41",
        ] {
            assert!(matches(text), "{text}");
        }
    }

    #[test]
    fn conditions_that_do_not() {
        for text in [
            "code = internal",
            "message ~ other",
            "offset > 42",
            "key = ''",
            "key ~ ''",
            "(code = no_body or code = internal) and code = internal",
            "not stage = decode",
            "bytes != 5",
        ] {
            assert!(!matches(text), "{text}");
        }
    }

    #[test]
    fn an_error_names_its_place_and_what_is_expected() {
        for (text, expected) in [
            ("", "at 1: expected a field, found the end"),
            ("cod = no_body", "at 1: unknown field `cod`: did you mean `code`? (one of code, stage,"),
            ("code", "at 5: expected an operator, found the end"),
            ("code no_body", "at 6: expected an operator (= != < <= > >= ~ !~), not `no_body`"),
            ("code =", "at 7: expected a value, found the end"),
            ("code = nobody", "at 8: unknown code `nobody`: did you mean `no_body`? (one of invalid_utf8,"),
            ("code < no_body", "at 6: `code` is text: expected = != ~ or !~, not `<`"),
            ("offset ~ 4", "at 8: `offset` is not text: expected = != < <= > or >=, not `~`"),
            ("offset = x", "at 10: `offset` is a number, and `x` is not"),
            ("time > x", "at 8: `x`: no time"),
            ("(code = no_body", "at 16: expected `)`, found the end"),
            ("code = no_body offset = 1", "at 16: expected `and`, `or` or the end, not `offset`"),
            ("message = 'x", "at 11: the quote is not closed"),
            ("code = )", "at 8: expected a value, not `)`"),
            ("code => no_body", "at 6: `code` is text"),
        ] {
            assert!(error(text).starts_with(expected), "{text}: {}", error(text));
        }
        assert_eq!(error(&"(".repeat(10_000)), "nested more than 50 deep");
        assert_eq!(error(&"not ".repeat(10_000)), "nested more than 50 deep");
    }
}
