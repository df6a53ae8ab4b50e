//! What a reading is: values, precision, calendar, role; and what is known around the text.

use std::fmt;
use std::ops::Range;

/// What is known around the text that is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// The article's language (BCP 47). Only breaks ties.
    pub language: Option<&'a str>,
    /// When the article was fetched, in milliseconds since 1970-01-01 UTC (`fetchedAt`, else Kafka's timestamp):
    /// relative forms resolve against it, and it gives year-less forms their year.
    pub now: Option<i64>,
    /// How the document's other numeric dates are ordered.
    pub order: Option<Order>,
    /// Another date of the document: it settles what is ambiguous and completes what has no year.
    pub near: Option<Date>,
    /// Where the line stands.
    pub position: Position,
}

/// Where a line stands. (No rule asks for it yet.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Position {
    /// It is a field of the input that holds a date.
    Field,
    /// Before the first paragraph of prose: among headline, byline and section.
    Head,
    /// Behind it.
    Body,
    /// Nobody knows.
    #[default]
    Unknown,
}

/// Order of day and month in a numeric date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// 31/12
    DayMonth,
    /// 12/31
    MonthDay,
}

/// A proleptic Gregorian date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Year, 1 to 9999.
    pub year: i16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31.
    pub day: u8,
}

/// A time of day as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59, where written.
    pub second: Option<u8>,
}

/// A date, with the time where it is written and the offset where it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value {
    /// The day.
    pub date: Date,
    /// The time of day.
    pub time: Option<Time>,
    /// Minutes east of UTC; `None` where the zone is not known.
    pub offset: Option<i16>,
}

impl fmt::Display for Value {
    /// ISO date; RFC 3339 date-time where time and offset are known; `2024-01-17T14:05` where only the zone is not.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Date { year, month, day } = self.date;
        // Without the machinery of formatting: every record has some of these.
        let mut text = Digits { text: [0; 25], length: 0 };
        let year = year.unsigned_abs();
        text.two((year / 100) as u8).two((year % 100) as u8).byte(b'-').two(month).byte(b'-').two(day);
        if let Some(Time { hour, minute, second }) = self.time {
            text.byte(b'T').two(hour).byte(b':').two(minute);
            // RFC 3339 has seconds always.
            if let Some(second) = second.or(self.offset.map(|_| 0)) {
                text.byte(b':').two(second);
            }
            match self.offset {
                None => {}
                Some(0) => {
                    text.byte(b'Z');
                }
                Some(minutes) => {
                    let of_day = minutes.unsigned_abs();
                    text.byte(if minutes < 0 { b'-' } else { b'+' });
                    text.two((of_day / 60) as u8).byte(b':').two((of_day % 60) as u8);
                }
            }
        }
        f.write_str(text.as_str())
    }
}

/// A date-time being written.
struct Digits {
    text: [u8; 25],
    length: usize,
}

impl Digits {
    fn byte(&mut self, byte: u8) -> &mut Self {
        if let Some(room) = self.text.get_mut(self.length) {
            *room = byte;
            self.length += 1;
        }
        self
    }

    fn two(&mut self, number: u8) -> &mut Self {
        self.byte(b'0' + number / 10 % 10).byte(b'0' + number % 10)
    }

    fn as_str(&self) -> &str {
        self.text.get(..self.length).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }
}

/// How exact a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    /// A day.
    Day,
    /// A minute.
    Minute,
    /// A second.
    Second,
}

impl Precision {
    /// The precision that a time of day gives a date; without one it is a day.
    pub(super) fn of(time: Option<Time>) -> Precision {
        match time {
            None => Precision::Day,
            Some(Time { second: Some(_), .. }) => Precision::Second,
            Some(_) => Precision::Minute,
        }
    }

    /// The word in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Precision::Day => "day",
            Precision::Minute => "minute",
            Precision::Second => "second",
        }
    }
}

/// What a date says about the article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Labelled as the date of publication.
    Published,
    /// Labelled as the date of the last change.
    Updated,
    /// Not labelled.
    Other,
}

impl Role {
    /// The word in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Published => "published",
            Role::Updated => "updated",
            Role::Other => "other",
        }
    }
}

/// The calendar in which a date was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Calendar {
    /// Gregorian.
    Gregory,
    /// Hijri, as the Umm al-Qura calendar of Saudi Arabia counts it.
    IslamicUmalqura,
    /// Persian (Solar Hijri), of Iran and Afghanistan.
    Persian,
    /// Buddhist, of Thailand, Laos and Cambodia.
    Buddhist,
    /// Japanese, by eras.
    Japanese,
    /// Republic of China (Minguo).
    Roc,
    /// Hebrew.
    Hebrew,
    /// Ethiopic.
    Ethiopic,
    /// Bangla, of Bangladesh. CLDR has no name for it.
    Bangla,
    /// Bikram Sambat, of Nepal. CLDR has no name for it.
    BikramSambat,
}

impl Calendar {
    /// CLDR's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Calendar::Gregory => "gregory",
            Calendar::IslamicUmalqura => "islamic-umalqura",
            Calendar::Persian => "persian",
            Calendar::Buddhist => "buddhist",
            Calendar::Japanese => "japanese",
            Calendar::Roc => "roc",
            Calendar::Hebrew => "hebrew",
            Calendar::Ethiopic => "ethiopic",
            Calendar::Bangla => "bangla",
            Calendar::BikramSambat => "bikram-sambat",
        }
    }
}

/// One date as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The value; `None` where nothing settles it (then `candidates` holds what it may be).
    pub value: Option<Value>,
    /// The values between which nothing decides; empty where `value` is known.
    pub candidates: Vec<Value>,
    /// How exact the value is.
    pub precision: Precision,
    /// In which calendar it was written.
    pub calendar: Calendar,
    /// What it says about the article.
    pub role: Role,
    /// Order of day and month, where this reading shows it (a numeric date that only fits one way).
    pub order: Option<Order>,
    /// Where in the text it stands, in bytes.
    pub span: Range<usize>,
}

impl Reading {
    /// The same in a text of which what was read starts at byte `by`.
    pub(super) fn shifted(self, by: usize) -> Reading {
        Reading { span: self.span.start + by..self.span.end + by, ..self }
    }

    /// A value that machine forms name outright, in the Gregorian calendar and without a label.
    pub(super) fn plain(value: Value, span: Range<usize>) -> Reading {
        Reading {
            value: Some(value),
            candidates: Vec::new(),
            precision: Precision::of(value.time),
            calendar: Calendar::Gregory,
            role: Role::Other,
            order: None,
            span,
        }
    }
}

/// A line that carries only the page's date: all its dates in order, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateStamp {
    /// The dates in order of writing.
    pub dates: Vec<Reading>,
}

impl DateStamp {
    /// The same in a line of which what was read starts at byte `by`.
    pub(super) fn shifted(mut self, by: usize) -> DateStamp {
        for date in &mut self.dates {
            date.span = date.span.start + by..date.span.end + by;
        }
        self
    }
}

/// A journalist's dateline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dateline {
    /// Its bytes in the paragraph, from 0 to before the separator: `BAGHDAD (Reuters)`.
    pub span: Range<usize>,
    /// The day it names, where it names one.
    pub date: Option<Reading>,
}
