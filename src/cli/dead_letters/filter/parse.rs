//! The parser of `--where`. Errors say where in the text they are, and what is expected there.

use super::{Field, Filter, Relation};
use crate::config::nearest;
use copydesk_core::record::Reject;

/// Parses a time: RFC 3339, a date, or how long ago.
pub type ParseTime = fn(&str) -> Result<i64, String>;

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

/// How deep conditions may be nested.
const DEPTH: usize = 50;

/// Parses a condition.
///
/// # Errors
/// In words, with the place in the text.
pub fn parse(text: &str, time: ParseTime) -> Result<Filter, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, end: text.chars().count(), time };
    let filter = parser.any(0)?;
    match parser.peek() {
        None => Ok(filter),
        Some(token) => Err(format!("at {}: expected `and`, `or` or the end, not `{}`", token.at, token.text)),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    kind: TokenKind,
    text: String,
    /// Its first character, counted from 1.
    at: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TokenKind {
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
            '(' => (TokenKind::Open, "(".to_owned()),
            ')' => (TokenKind::Close, ")".to_owned()),
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
                (TokenKind::Quoted, value)
            }
            _ if is_operator(letter) => {
                while letters.get(at).is_some_and(|&next| is_operator(next)) {
                    at += 1;
                }
                (TokenKind::Operator, letters[start..at].iter().collect())
            }
            _ => {
                let ends = |next: &char| next.is_whitespace() || is_operator(*next) || matches!(next, '(' | ')');
                while letters.get(at).is_some_and(|next| !ends(next)) {
                    at += 1;
                }
                (TokenKind::Word, letters[start..at].iter().collect())
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
    time: ParseTime,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self, expected: &str) -> Result<Token, String> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token.ok_or_else(|| format!("at {}: expected {expected}, found the end", self.end + 1))
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found =
            self.peek().is_some_and(|token| token.kind == TokenKind::Word && token.text.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn any(&mut self, depth: usize) -> Result<Filter, String> {
        let mut parts = vec![self.all(depth)?];
        while self.take_word("or") {
            parts.push(self.all(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::Any(parts) })
    }

    fn all(&mut self, depth: usize) -> Result<Filter, String> {
        let mut parts = vec![self.one(depth)?];
        while self.take_word("and") {
            parts.push(self.one(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::All(parts) })
    }

    fn one(&mut self, depth: usize) -> Result<Filter, String> {
        if depth > DEPTH {
            return Err(format!("nested more than {DEPTH} deep"));
        }
        if self.take_word("not") {
            return Ok(Filter::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.peek().is_some_and(|token| token.kind == TokenKind::Open) {
            self.at += 1;
            let inside = self.any(depth + 1)?;
            let close = self.next("`)`")?;
            return if close.kind == TokenKind::Close {
                Ok(inside)
            } else {
                Err(format!("at {}: expected `)`, not `{}`", close.at, close.text))
            };
        }
        let name = self.next("a field")?;
        let field = field(&name)?;
        let operator = self.next("an operator")?;
        if operator.kind != TokenKind::Operator {
            return Err(format!(
                "at {}: expected an operator (= != < <= > >= ~ !~), not `{}`",
                operator.at, operator.text
            ));
        }
        let value = self.next("a value")?;
        if !matches!(value.kind, TokenKind::Word | TokenKind::Quoted) {
            return Err(format!("at {}: expected a value, not `{}`", value.at, value.text));
        }
        self.comparison(field, &name, &operator, value)
    }

    fn comparison(&self, field: Field, name: &Token, operator: &Token, value: Token) -> Result<Filter, String> {
        let (at, name) = (operator.at, &name.text);
        if field.is_text() {
            return match operator.text.as_str() {
                "=" | "==" | "!=" => {
                    check_code(field, &value)?;
                    let equals = Filter::Equals(field, value.text);
                    Ok(if operator.text == "!=" { Filter::Not(Box::new(equals)) } else { equals })
                }
                "~" | "!~" => {
                    let contains = Filter::Contains(field, value.text.to_lowercase());
                    Ok(if operator.text == "!~" { Filter::Not(Box::new(contains)) } else { contains })
                }
                other => Err(format!("at {at}: `{name}` is text: expected = != ~ or !~, not `{other}`")),
            };
        }
        let relation = match operator.text.as_str() {
            "=" | "==" => Relation::Equal,
            "!=" => Relation::Unequal,
            "<" => Relation::Less,
            "<=" => Relation::LessOrEqual,
            ">" => Relation::Greater,
            ">=" => Relation::GreaterOrEqual,
            other => return Err(format!("at {at}: `{name}` is not text: expected = != < <= > or >=, not `{other}`")),
        };
        let number = if field == Field::Time {
            (self.time)(&value.text).map_err(|error| format!("at {}: `{}`: {error}", value.at, value.text))
        } else {
            let error = |_| format!("at {}: `{name}` is a number, and `{}` is not", value.at, value.text);
            value.text.parse().map_err(error)
        };
        Ok(Filter::Number(field, relation, number?))
    }
}

fn field(name: &Token) -> Result<Field, String> {
    let found = FIELDS.iter().find(|(field, _)| name.kind == TokenKind::Word && *field == name.text);
    found.map(|(_, field)| *field).ok_or_else(|| {
        let all = FIELDS.map(|(field, _)| field);
        let meant = nearest(&name.text, all).map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
        format!("at {}: unknown field `{}`: {meant}(one of {})", name.at, name.text, all.join(", "))
    })
}

/// Refuses an unknown code, which would match nothing without saying why.
fn check_code(field: Field, value: &Token) -> Result<(), String> {
    if field != Field::Code {
        return Ok(());
    }
    code(&value.text).map(drop).map_err(|error| format!("at {}: {error}", value.at))
}

/// A known error code.
pub fn code(text: &str) -> Result<String, String> {
    if Reject::CODES.contains(&text) {
        return Ok(text.to_owned());
    }
    let meant = nearest(text, Reject::CODES).map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
    Err(format!("unknown code `{text}`: {meant}(one of {})", Reject::CODES.join(", ")))
}
