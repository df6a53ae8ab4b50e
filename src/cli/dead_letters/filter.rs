//! `--where`: a condition on the fields of a dead letter.
//!
//! ```text
//! condition  = all { "or" all }
//! all        = one { "and" one }
//! one        = "not" one | "(" condition ")" | FIELD OPERATOR VALUE
//! OPERATOR   = "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~"        (~: contains, in any case)
//! VALUE      = a word, or anything in '…' or "…" (with \ before a quote or a backslash)
//! ```
//! Texts can be compared by `=`, `!=`, `~` and `!~`, numbers and times by all but `~` and `!~`. A field that a letter does
//! not have equals nothing, and contains nothing.

use super::row::Row;
use crate::config::nearest;
use copydesk_core::record::Reject;

/// Reads a time: RFC 3339, a date, or how long ago.
type Moment = fn(&str) -> Result<i64, String>;

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Text(Field, bool, String),
    Contains(Field, bool, String),
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

/// What can be asked for.
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

/// Every field by name.
const FIELDS: [(&str, Field); 11] = [
    ("code", Field::Code),
    ("stage", Field::Stage),
    ("message", Field::Message),
    ("key", Field::Key),
    ("topic", Field::Topic),
    ("partition", Field::Partition),
    ("offset", Field::Offset),
    ("dead.partition", Field::DeadPartition),
    ("dead.offset", Field::DeadOffset),
    ("bytes", Field::Bytes),
    ("time", Field::Time),
];

/// So deep may conditions be nested.
const DEPTH: usize = 50;

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
    /// Reads a condition.
    ///
    /// # Errors
    /// In words, with the place in the text.
    pub fn read(text: &str, moment: Moment) -> Result<Filter, String> {
        let mut parser = Parser { tokens: tokens(text)?, at: 0, end: text.chars().count(), moment };
        let filter = parser.any(0)?;
        match parser.peek() {
            None => Ok(filter),
            Some(token) => Err(format!("at {}: `and`, `or` or the end is wanted, not `{}`", token.at, token.text)),
        }
    }

    /// Does it hold?
    pub fn takes(&self, row: &Row) -> bool {
        match self {
            Filter::All(all) => all.iter().all(|filter| filter.takes(row)),
            Filter::Any(any) => any.iter().any(|filter| filter.takes(row)),
            Filter::Not(filter) => !filter.takes(row),
            Filter::Text(field, equal, value) => (field.text(row) == Some(value)) == *equal,
            Filter::Contains(field, wanted, value) => {
                field.text(row).is_some_and(|text| text.to_lowercase().contains(value.as_str())) == *wanted
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

#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    kind: Kind,
    text: String,
    /// Its first character, counted from 1.
    at: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Quoted,
    Operator,
    Open,
    Close,
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let letters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    let is_operator = |letter: char| matches!(letter, '=' | '!' | '<' | '>' | '~');
    while let Some(&letter) = letters.get(at) {
        let start = at;
        at += 1;
        let (kind, text) = match letter {
            _ if letter.is_whitespace() => continue,
            '(' => (Kind::Open, "(".to_owned()),
            ')' => (Kind::Close, ")".to_owned()),
            '"' | '\'' => {
                let mut value = String::new();
                loop {
                    match letters.get(at) {
                        None => return Err(format!("at {}: the quote is not closed", start + 1)),
                        Some('\\') if letters.get(at + 1).is_some_and(|next| matches!(next, '"' | '\'' | '\\')) => {
                            value.extend(letters.get(at + 1));
                            at += 2;
                        }
                        Some(&end) if end == letter => break,
                        Some(&other) => {
                            value.push(other);
                            at += 1;
                        }
                    }
                }
                at += 1;
                (Kind::Quoted, value)
            }
            _ if is_operator(letter) => {
                while letters.get(at).is_some_and(|&next| is_operator(next)) {
                    at += 1;
                }
                (Kind::Operator, letters[start..at].iter().collect())
            }
            _ => {
                let ends = |next: &char| next.is_whitespace() || is_operator(*next) || matches!(next, '(' | ')');
                while letters.get(at).is_some_and(|next| !ends(next)) {
                    at += 1;
                }
                (Kind::Word, letters[start..at].iter().collect())
            }
        };
        tokens.push(Token { kind, text, at: start + 1 });
    }
    Ok(tokens)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    end: usize,
    moment: Moment,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self, wanted: &str) -> Result<Token, String> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token.ok_or_else(|| format!("at {}: {wanted} is wanted, and nothing follows", self.end + 1))
    }

    fn took(&mut self, word: &str) -> bool {
        let there = self.peek().is_some_and(|token| token.kind == Kind::Word && token.text.eq_ignore_ascii_case(word));
        self.at += usize::from(there);
        there
    }

    fn any(&mut self, depth: usize) -> Result<Filter, String> {
        let mut parts = vec![self.all(depth)?];
        while self.took("or") {
            parts.push(self.all(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::Any(parts) })
    }

    fn all(&mut self, depth: usize) -> Result<Filter, String> {
        let mut parts = vec![self.one(depth)?];
        while self.took("and") {
            parts.push(self.one(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::All(parts) })
    }

    fn one(&mut self, depth: usize) -> Result<Filter, String> {
        if depth > DEPTH {
            return Err(format!("nested more than {DEPTH} deep"));
        }
        if self.took("not") {
            return Ok(Filter::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.peek().is_some_and(|token| token.kind == Kind::Open) {
            self.at += 1;
            let inside = self.any(depth + 1)?;
            let close = self.next("`)`")?;
            return if close.kind == Kind::Close {
                Ok(inside)
            } else {
                Err(format!("at {}: `)` is wanted, not `{}`", close.at, close.text))
            };
        }
        let name = self.next("a field")?;
        let field = field(&name)?;
        let operator = self.next("an operator")?;
        if operator.kind != Kind::Operator {
            return Err(format!(
                "at {}: an operator (= != < <= > >= ~ !~) is wanted, not `{}`",
                operator.at, operator.text
            ));
        }
        let value = self.next("a value")?;
        if !matches!(value.kind, Kind::Word | Kind::Quoted) {
            return Err(format!("at {}: a value is wanted, not `{}`", value.at, value.text));
        }
        self.comparison(field, &name, &operator, value)
    }

    fn comparison(&self, field: Field, name: &Token, operator: &Token, value: Token) -> Result<Filter, String> {
        let (at, name) = (operator.at, &name.text);
        if field.is_text() {
            return match operator.text.as_str() {
                "=" | "==" | "!=" => {
                    known(field, &value)?;
                    Ok(Filter::Text(field, operator.text != "!=", value.text))
                }
                "~" | "!~" => Ok(Filter::Contains(field, operator.text == "~", value.text.to_lowercase())),
                other => Err(format!("at {at}: `{name}` is text: = != ~ or !~ is wanted, not `{other}`")),
            };
        }
        let relation = match operator.text.as_str() {
            "=" | "==" => Relation::Equal,
            "!=" => Relation::Unequal,
            "<" => Relation::Less,
            "<=" => Relation::LessOrEqual,
            ">" => Relation::Greater,
            ">=" => Relation::GreaterOrEqual,
            other => return Err(format!("at {at}: `{name}` is no text: = != < <= > or >= is wanted, not `{other}`")),
        };
        let number = if field == Field::Time {
            (self.moment)(&value.text).map_err(|wrong| format!("at {}: `{}`: {wrong}", value.at, value.text))
        } else {
            let wrong = |_| format!("at {}: `{name}` is a number, and `{}` is none", value.at, value.text);
            value.text.parse().map_err(wrong)
        };
        Ok(Filter::Number(field, relation, number?))
    }
}

fn field(name: &Token) -> Result<Field, String> {
    let found = FIELDS.iter().find(|(field, _)| name.kind == Kind::Word && *field == name.text);
    found.map(|(_, field)| *field).ok_or_else(|| {
        let all = FIELDS.map(|(field, _)| field);
        let meant = nearest(&name.text, all).map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
        format!("at {}: there is no field `{}`: {meant}(one of {})", name.at, name.text, all.join(", "))
    })
}

/// A code that does not exist would match nothing, and nobody would know why.
fn known(field: Field, value: &Token) -> Result<(), String> {
    if field != Field::Code {
        return Ok(());
    }
    code(&value.text).map(drop).map_err(|wrong| format!("at {}: {wrong}", value.at))
}

/// A code that exists.
pub fn code(text: &str) -> Result<String, String> {
    if Reject::CODES.contains(&text) {
        return Ok(text.to_owned());
    }
    let meant = nearest(text, Reject::CODES).map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
    Err(format!("there is no code `{text}`: {meant}(one of {})", Reject::CODES.join(", ")))
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

    fn takes(text: &str) -> bool {
        let moment: Moment = |text| text.parse().map_err(|_| "no time".to_owned());
        Filter::read(text, moment).unwrap_or_else(|wrong| panic!("{text}: {wrong}")).takes(&row())
    }

    fn wrong(text: &str) -> String {
        Filter::read(text, |_| Err("no time".to_owned())).unwrap_err()
    }

    #[test]
    fn what_holds() {
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
            assert!(takes(text), "{text}");
        }
    }

    #[test]
    fn what_does_not() {
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
            assert!(!takes(text), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, expected) in [
            ("", "at 1: a field is wanted, and nothing follows"),
            ("cod = no_body", "at 1: there is no field `cod`: did you mean `code`? (one of code, stage,"),
            ("code", "at 5: an operator is wanted, and nothing follows"),
            ("code no_body", "at 6: an operator (= != < <= > >= ~ !~) is wanted, not `no_body`"),
            ("code =", "at 7: a value is wanted, and nothing follows"),
            ("code = nobody", "at 8: there is no code `nobody`: did you mean `no_body`? (one of invalid_utf8,"),
            ("code < no_body", "at 6: `code` is text: = != ~ or !~ is wanted, not `<`"),
            ("offset ~ 4", "at 8: `offset` is no text: = != < <= > or >= is wanted, not `~`"),
            ("offset = x", "at 10: `offset` is a number, and `x` is none"),
            ("time > x", "at 8: `x`: no time"),
            ("(code = no_body", "at 16: `)` is wanted, and nothing follows"),
            ("code = no_body offset = 1", "at 16: `and`, `or` or the end is wanted, not `offset`"),
            ("message = 'x", "at 11: the quote is not closed"),
            ("code = )", "at 8: a value is wanted, not `)`"),
            ("code => no_body", "at 6: `code` is text"),
        ] {
            assert!(wrong(text).starts_with(expected), "{text}: {}", wrong(text));
        }
        assert_eq!(wrong(&"(".repeat(10_000)), "nested more than 50 deep");
        assert_eq!(wrong(&"not ".repeat(10_000)), "nested more than 50 deep");
    }
}
