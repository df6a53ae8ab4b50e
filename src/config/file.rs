//! The configuration file: TOML, parsed into single values, each with its line.

use std::ops::Range;
use std::path::Path;

use figment::value::{Dict, Value};
use toml::de::{DeTable, DeValue};

use super::load::{FILE, Given, Inputs, keys_of};
use super::problem::{Origin, Problem, nearest};
use super::{bounded, catalogue};

/// Reads the named file, or the one in the working folder if there is one.
pub(super) fn read(inputs: &Inputs, given: &mut Vec<Given>, problems: &mut Vec<Problem>) {
    let path = match &inputs.file {
        Some(path) => path.clone(),
        None => {
            let path = inputs.folder.join(FILE);
            if !path.exists() {
                return;
            }
            path
        }
    };
    let path = path.strip_prefix(&inputs.folder).map(Path::to_path_buf).unwrap_or(path);
    let on_disk = inputs.folder.join(&path);
    let text = match bounded::read_text(&on_disk, bounded::CONFIGURATION) {
        Ok(text) => text,
        Err(error) => {
            let flag = if inputs.file.is_some() { " (flag --config)" } else { "" };
            problems.push(Problem::File(format!("can't read {}{flag}: {error}", path.display())));
            return;
        }
    };
    match DeTable::parse(&text) {
        Ok(table) => {
            let mut reader = FileReader { text: &text, path: &path, given };
            reader.table(table.into_inner());
        }
        Err(error) => {
            problems.push(Problem::File(format!("{} is not TOML: {}", path.display(), syntax_error(&text, &error))));
        }
    }
}

/// Place and reason of a syntax error: the line, its key if it certainly is one, and no value.
fn syntax_error(text: &str, error: &toml::de::Error) -> String {
    let at = error.span().map_or(0, |span| span.start.min(text.len()));
    let number = 1 + text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count();
    let line = text.lines().nth(number - 1).unwrap_or_default();
    let key = line.split_once('=').map(|(key, _)| key.trim().trim_matches(['"', '\'']));
    // Within a value of several lines, the text before an equals sign may be part of the value.
    let is_key = |key: &&str| {
        let is_ours = keys_of("").iter().any(|section| keys_of(section).contains(key));
        is_ours || catalogue::is_known(key) || nearest(key, catalogue::PROPERTIES.iter().map(|one| one.name)).is_some()
    };
    let named = key.filter(is_key).map(|key| format!(", key `{key}`")).unwrap_or_default();
    // The parser's message is a constant; the quoted line below it is left out.
    format!("line {number}{named}: {}", error.message())
}

/// Splits a parsed file into single values, each with its line.
struct FileReader<'a> {
    text: &'a str,
    path: &'a Path,
    given: &'a mut Vec<Given>,
}

impl FileReader<'_> {
    fn table(&mut self, table: DeTable<'_>) {
        for (section, value) in table {
            let line = self.line(&section.span());
            let section = section.into_inner().into_owned();
            match value.into_inner() {
                DeValue::Table(keys) if section == "kafka" => self.properties("", keys),
                DeValue::Table(keys) => {
                    for (key, value) in keys {
                        let line = self.line(&key.span());
                        self.push(&section, &key.into_inner(), value.into_inner(), line);
                    }
                }
                value => self.push(&section, "", value, line),
            }
        }
    }

    /// Bare keys with periods are nested tables in TOML, and one name in librdkafka.
    fn properties(&mut self, prefix: &str, table: DeTable<'_>) {
        for (key, value) in table {
            let line = self.line(&key.span());
            let name = format!("{prefix}{}", key.into_inner());
            match value.into_inner() {
                DeValue::Table(inner) => self.properties(&format!("{name}."), inner),
                value => self.push("kafka", &name, value, line),
            }
        }
    }

    fn push(&mut self, section: &str, key: &str, value: DeValue<'_>, line: usize) {
        self.given.push(Given {
            section: section.to_owned(),
            key: key.to_owned(),
            value: plain(value),
            origin: Origin::File { path: self.path.to_owned(), line: Some(line) },
        });
    }

    fn line(&self, span: &Range<usize>) -> usize {
        1 + self.text.as_bytes().iter().take(span.start).filter(|byte| **byte == b'\n').count()
    }
}

/// A TOML value as one of figment's. A number that does not fit stays text, and is refused by its key.
fn plain(value: DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::from(text.into_owned()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(whole) => Value::from(whole),
            Err(_) => Value::from(number.as_str().to_owned()),
        },
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            Ok(fraction) => Value::from(fraction),
            Err(_) => Value::from(number.as_str().to_owned()),
        },
        DeValue::Boolean(flag) => Value::from(flag),
        DeValue::Datetime(time) => Value::from(time.to_string()),
        DeValue::Array(items) => {
            Value::from(items.into_iter().map(|item| plain(item.into_inner())).collect::<Vec<_>>())
        }
        DeValue::Table(keys) => Value::from(
            keys.into_iter()
                .map(|(key, item)| (key.into_inner().into_owned(), plain(item.into_inner())))
                .collect::<Dict>(),
        ),
    }
}
