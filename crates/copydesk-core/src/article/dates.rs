//! The dates of one article: of its date fields, of the lines that carry only a date, and of the dateline that opens the
//! story.
//!
//! [`Dates`] collects them while the body is read line by line. A line that names no date by itself is read once more
//! when the article's other dates are known ([`Dates::resolve_open`]). [`DateCache`] remembers lines across articles; it
//! can't be seen in any record.

use std::sync::Arc;

use hashbrown::HashMap;
use newsdates::{Context, Date, DateLine, Dateline, Reading, Role, Value};

use crate::input::{Extra, PublishedField};
use crate::record::{DatePlace, DateView};

/// The dates of one article, as they are found.
#[derive(Debug)]
pub(crate) struct Dates<'a> {
    context: Context<'a>,
    /// Against what relative dates resolve: the time of fetching, else Kafka's, never a clock. Read when first needed.
    fetched: Option<&'a str>,
    timestamp: Option<i64>,
    fields: Vec<(PublishedField<'a>, Reading)>,
    lines: Vec<(u32, &'a str, Arc<DateLine>)>,
}

impl<'a> Dates<'a> {
    /// No dates yet. `fetched` is the time of fetching as written, `timestamp` Kafka's, in milliseconds.
    pub(crate) fn new(language: Option<&'a str>, fetched: Option<&'a str>, timestamp: Option<i64>) -> Self {
        // No tag is longer; and each line that is remembered is remembered with its language.
        const LONGEST_TAG: usize = 64;
        let language = language.filter(|language| language.len() <= LONGEST_TAG);
        let context = Context { language, ..Context::default() };
        Dates { context, fetched, timestamp, fields: Vec::new(), lines: Vec::new() }
    }

    /// The context, with the time.
    fn context(&mut self) -> &Context<'a> {
        if self.context.now.is_none() {
            self.context.now = self.fetched.take().and_then(instant).or(self.timestamp);
        }
        &self.context
    }

    /// Reads the date fields of the input. One that does not parse stays under `extra`.
    pub(crate) fn read_fields(&mut self, fields: Vec<PublishedField<'a>>, extra: &mut Extra<'_>) {
        for field in fields {
            let Some(reading) = newsdates::read_field(&field.text, self.context()) else { continue };
            if reading.value.is_some_and(is_placeholder) {
                continue;
            }
            extra.mark_read(&field);
            self.fields.push((field, reading));
        }
        self.context.near = self.fields.iter().find_map(|(_, reading)| reading.value).map(|value| value.date);
    }

    /// Lifts a line out of the body where it is a date line.
    pub(crate) fn lift(&mut self, number: u32, text: &'a str, cache: &mut DateCache) -> bool {
        if !newsdates::may_be_date_line(text) {
            return false;
        }
        let Some(mut line) = cache.read(text, self.context.language) else { return false };
        if is_open(&line) {
            line = newsdates::read_line(text, self.context()).map_or(line, Arc::new);
        }
        self.lines.push((number, text, line));
        true
    }

    /// Reads what was left open once more, now that the document's other dates are known.
    pub(crate) fn resolve_open(&mut self) {
        if !self.lines.iter().any(|(_, _, line)| is_open(line)) {
            return;
        }
        let readings = || self.lines.iter().flat_map(|(_, _, line)| &line.dates);
        let order = readings().find_map(|date| date.order);
        let near: Option<Date> = readings().find_map(|date| date.value).map(|value| value.date);
        self.context.order = order;
        self.context.near = self.context.near.or(near);
        self.context();
        for (_, text, line) in self.lines.iter_mut().filter(|(_, _, line)| is_open(line)) {
            if let Some(resolved) = newsdates::read_line(text, &self.context) {
                *line = Arc::new(resolved);
            }
        }
    }

    /// Does a line open with a dateline? Asked without the time, which only the day that it may name needs.
    pub(crate) fn opens_with_dateline(&self, text: &str) -> bool {
        newsdates::read_dateline(text, &self.context).is_some()
    }

    /// The dateline that opens the story.
    pub(crate) fn read_dateline(&mut self, opening: &str) -> Option<Dateline> {
        // Few datelines name a day, and only those need the time. A digit near the start may be one.
        const NEAR: usize = 64;
        if opening.bytes().take(NEAR).any(|byte| byte.is_ascii_digit()) {
            self.context();
        }
        let dateline = newsdates::read_dateline(opening, &self.context)?;
        let is_read = dateline.date.is_none() || self.context.now.is_some();
        if is_read { Some(dateline) } else { newsdates::read_dateline(opening, self.context()) }
    }

    /// `datePublished`: a date field, else a date line labelled as published, else the first one that is not labelled
    /// as a later change, else the first.
    pub(crate) fn published(&self) -> Option<Value> {
        let field = self.fields.iter().find_map(|(_, reading)| reading.value);
        let of_role = |role: Option<Role>| {
            let dates = self.lines.iter().flat_map(|(_, _, line)| &line.dates);
            dates.filter(|date| role.is_none_or(|role| date.role == role)).find_map(|date| date.value)
        };
        let value = field.or_else(|| of_role(Some(Role::Published))).or_else(|| of_role(Some(Role::Other)));
        value.or_else(|| of_role(None))
    }

    /// All of them, as they stand in the record: fields first, then lines.
    pub(crate) fn entries(&self) -> Vec<DateView<'_>> {
        let of_fields = self.fields.iter();
        let of_lines =
            self.lines.iter().flat_map(|(number, text, line)| line.dates.iter().map(move |date| (number, text, date)));
        of_fields
            .map(|(field, reading)| {
                // A field of publication says so by its name.
                let role = if reading.role == Role::Other { Role::Published } else { reading.role };
                DateView { reading, role, text: &field.text, place: DatePlace::Field(field.name) }
            })
            .chain(of_lines.map(|(number, text, reading)| DateView {
                reading,
                role: reading.role,
                text,
                place: DatePlace::Line(*number),
            }))
            .collect()
    }
}

/// Is there a date in the line that it does not settle by itself?
fn is_open(line: &DateLine) -> bool {
    line.dates.iter().any(|date| date.value.is_none())
}

/// Lines as they read by themselves, without the article around them. Whether a line is a date line, and what it says
/// where it says it all, depends on nothing else, and a feed has the same few lines all day: they are read once. (So the
/// cache can't be seen in any record.)
#[derive(Debug, Default)]
pub(crate) struct DateCache {
    read: HashMap<Box<str>, Option<Arc<DateLine>>>,
    key: String,
}

impl DateCache {
    /// So many are kept; then all are forgotten.
    const MOST: usize = 4096;
    /// Of lines that are no date lines the short ones are kept, which say "Advertisement" or "Read also". In bytes.
    const LONGEST_OTHER: usize = 40;

    fn read(&mut self, text: &str, language: Option<&str>) -> Option<Arc<DateLine>> {
        self.key.clear();
        self.key.push_str(language.unwrap_or_default());
        self.key.push('\0');
        self.key.push_str(text);
        if let Some(line) = self.read.get(self.key.as_str()) {
            return line.clone();
        }
        let line = newsdates::read_line(text, &Context { language, ..Context::default() }).map(Arc::new);
        if line.is_some() || text.len() <= Self::LONGEST_OTHER {
            if self.read.len() >= Self::MOST {
                self.read.clear();
            }
            self.read.insert(self.key.as_str().into(), line.clone());
        }
        line
    }
}

/// Is it the zero of a clock, written where a date is missing: 1970-01-01T00:00Z in whatever zone, or that day's midnight
/// in its own? (Such a field says nothing, and stays under `extra` as any that does not parse.)
fn is_placeholder(value: Value) -> bool {
    const EPOCH: newsdates::Date = newsdates::Date { year: 1970, month: 1, day: 1 };
    const EVE: newsdates::Date = newsdates::Date { year: 1969, month: 12, day: 31 };
    const FARTHEST_ZONE: i32 = 14 * 60;
    let time = value.time.unwrap_or(newsdates::Time { hour: 0, minute: 0, second: None });
    let minute = i32::from(time.hour) * 60 + i32::from(time.minute);
    let since_epoch = match value.date {
        EPOCH => minute,
        EVE => minute - 24 * 60,
        // .NET's first moment, where a calendar is read that far.
        newsdates::Date { year: 1, month: 1, day: 1 } => return true,
        _ => return false,
    };
    if time.second.is_some_and(|second| second > 0) {
        return false;
    }
    match value.offset {
        Some(offset) => since_epoch == i32::from(offset) || since_epoch == 0,
        // In a zone that is not said, all of which are quarters of an hour.
        None => since_epoch.abs() <= FARTHEST_ZONE && since_epoch % 15 == 0,
    }
}

/// The instant that a time of fetching names, in milliseconds; one without a zone is taken for UTC.
fn instant(text: &str) -> Option<i64> {
    if let Ok(timestamp) = text.trim().parse::<jiff::Timestamp>() {
        return Some(timestamp.as_millisecond());
    }
    let value = newsdates::read_field(text, &Context::default())?.value?;
    let time = value.time.unwrap_or(newsdates::Time { hour: 0, minute: 0, second: None });
    let day = jiff::civil::Date::new(value.date.year, value.date.month as i8, value.date.day as i8).ok()?;
    let second = time.second.unwrap_or(0).min(59);
    let civil = day.at(time.hour as i8, time.minute as i8, second as i8, 0);
    let offset = jiff::tz::Offset::from_seconds(i32::from(value.offset.unwrap_or(0)) * 60).ok()?;
    Some(offset.to_timestamp(civil).ok()?.as_millisecond())
}
