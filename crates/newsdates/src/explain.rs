//! What was read as what: the tokens of a line, in order, with all that the lexicon says of them, and what they were
//! taken for.

use super::calendars::weekday;
use super::fold::fold;
use super::lexicon::{Meaning, Sense, Unit};
use super::line::{LONGEST, primary_language, source_span};
use super::reading::{Calendar, Context};
use super::resolve::{Outcome, resolve};
use super::solve::{Draft, Line, Number, Unit as DateUnit, drafts};
use super::times::clocks;
use super::tokens::{Kind, Token, Unknown, tokens};
use std::ops::Range;

/// A token and what it was read as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// Where in the line it stands, in bytes.
    pub span: Range<usize>,
    /// `number`, `time`, `word`, `mark` or `unknown`.
    pub kind: &'static str,
    /// All that it may mean, in words: `month 1 (gregory) or weekday 2`.
    pub meaning: String,
    /// What it was taken for in this line; `None` where it took no part in a date.
    pub chosen: Option<String>,
}

/// See [`super::explain`].
pub(super) fn explain(text: &str, context: &Context<'_>) -> Vec<Explained> {
    if text.len() > LONGEST {
        return Vec::new();
    }
    let folded = fold(text);
    let mut read = Vec::new();
    if tokens(&folded, text, Unknown::Kept, &mut read).is_none() {
        return Vec::new();
    }
    let tokens = read;
    let language = primary_language(context);
    let line =
        Line { text: &folded.text, source: text, folded: &folded, tokens: &tokens, context, language: &language };
    let clocks = clocks(&line, false);
    let drafts = drafts(&line, false).unwrap_or_default();
    let resolved: Vec<(Draft, Outcome)> =
        drafts.into_iter().filter_map(|draft| resolve(&draft, &line).map(|outcome| (draft, outcome))).collect();
    let mut explained = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let clock = clocks.iter().find(|c| c.first == at);
        let (last, kind, meaning) = match clock {
            Some(clock) => {
                let zone = clock.offset.map_or("zone open".to_owned(), |o| format!("{o:+} minutes from UTC"));
                let meaning = format!("{:02}:{:02}, {zone}", clock.time.hour, clock.time.minute);
                (clock.end.saturating_sub(1).max(at), "time", meaning)
            }
            None => (at, kind(token), meaning(token)),
        };
        let end = tokens.get(last).map_or(token.end, |t| t.end);
        let chosen = if clock.is_some() { Some("time".to_owned()) } else { chosen(&line, at, &resolved) };
        explained.push(Explained { span: source_span(&folded, &(token.start..end), text), kind, meaning, chosen });
        at = last + 1;
    }
    explained
}

/// What a token was taken for: its place in the date of which it is a part, else what it says around one.
fn chosen(line: &Line<'_>, at: usize, resolved: &[(Draft, Outcome)]) -> Option<String> {
    let token = line.tokens.get(at)?;
    for (draft, outcome) in resolved {
        let calendar = outcome.calendar.unwrap_or(Calendar::Gregory);
        if draft.month_token == Some(at) {
            let of_calendar = |m: &&(Calendar, u8)| m.0 == calendar || m.0 == Calendar::Gregory;
            let month = draft.months.iter().find(of_calendar).or(draft.months.first())?;
            return Some(in_words(Meaning::Month(month.0, month.1), None));
        }
        if let Some(number) = draft.numbers.iter().find(|number| number.token == at) {
            return Some(number_in(number, draft, outcome).to_owned());
        }
        let inside = draft.span.is_some_and(|(first, last)| (first..=last).contains(&at));
        let day = outcome.date.map(weekday);
        let is_day = |s: &Sense| matches!(s.meaning, Meaning::Weekday(d) if draft.weekdays.contains(&d));
        if inside && token.senses().iter().any(is_day) {
            let fits =
                day.filter(|day| token.means(|m| m == Meaning::Weekday(*day))).or(draft.weekdays.first().copied());
            return fits.map(|day| in_words(Meaning::Weekday(day), None));
        }
    }
    let number = if let Kind::Word { number, .. } = token.kind { number } else { None };
    let around = |m: Meaning| {
        !matches!(m, Meaning::Month(..) | Meaning::Weekday(_) | Meaning::Ago(..) | Meaning::Last(_))
            || resolved.is_empty()
    };
    token.senses().iter().map(|s| s.meaning).find(|&m| around(m)).map(|m| in_words(m, number))
}

/// Year, month or day: by what the date came out as.
fn number_in(number: &Number, draft: &Draft, outcome: &Outcome) -> &'static str {
    match (number.unit, outcome.date) {
        (Some(DateUnit::Year), _) => "year",
        (Some(DateUnit::Month), _) => "month",
        (Some(DateUnit::Day), _) => "day",
        _ if number.digits == 8 => "year, month and day",
        _ if number.digits >= 3 || number.value > 32 => "year",
        _ if !draft.months.is_empty() && number.token != draft.numbers.iter().map(|n| n.token).max().unwrap_or(0) => {
            "day"
        }
        _ if !draft.months.is_empty() && draft.numbers.len() == 1 => "day",
        (_, None) => "day or month",
        (_, Some(date)) if outcome.calendar.is_none_or(|c| c == Calendar::Gregory) => {
            let earlier_is_day = draft.numbers.iter().any(|n| n.token < number.token && n.value == u32::from(date.day));
            if u32::from(date.day) == number.value && !earlier_is_day {
                "day"
            } else if u32::from(date.month) == number.value && draft.months.is_empty() {
                "month"
            } else {
                "year"
            }
        }
        _ => "part of the date",
    }
}

fn kind(token: &Token) -> &'static str {
    match token.kind {
        Kind::Number { .. } => "number",
        Kind::Word { .. } | Kind::Byline | Kind::EraLetter(_) | Kind::BracketWeekday(_) => "word",
        Kind::Unknown => "unknown",
        Kind::Mark(_) => "mark",
    }
}

fn meaning(token: &Token) -> String {
    match token.kind {
        Kind::Number { value, .. } => value.to_string(),
        Kind::EraLetter(era) => format!("Japanese era {era}"),
        Kind::BracketWeekday(day) => format!("weekday {day}"),
        Kind::Unknown => String::new(),
        Kind::Byline => in_words(Meaning::By, None),
        Kind::Mark(mark) => mark.to_string(),
        Kind::Word { number, .. } => {
            let mut words: Vec<String> = Vec::new();
            for sense in token.senses() {
                let word = in_words(sense.meaning, number);
                if !words.contains(&word) {
                    words.push(word);
                }
            }
            words.join(" or ")
        }
    }
}

fn in_words(meaning: Meaning, number: Option<u32>) -> String {
    match meaning {
        Meaning::Month(calendar, month) => format!("month {month} ({})", calendar.as_str()),
        Meaning::Weekday(day) => format!("weekday {day}"),
        Meaning::Era(calendar) => format!("era ({})", calendar.as_str()),
        Meaning::JapaneseEra(era) => format!("Japanese era {era}"),
        Meaning::Am => "before noon".to_owned(),
        Meaning::Pm => "after noon".to_owned(),
        Meaning::Noon => "noon".to_owned(),
        Meaning::Night => "night".to_owned(),
        Meaning::TimeWord => "beside a time".to_owned(),
        Meaning::YearMark | Meaning::BeforeYear => "unit: year".to_owned(),
        Meaning::MonthMark | Meaning::BeforeMonth => "unit: month".to_owned(),
        Meaning::DayMark | Meaning::BeforeDay => "unit: day".to_owned(),
        Meaning::HourMark => "unit: hour".to_owned(),
        Meaning::MinuteMark => "unit: minute".to_owned(),
        Meaning::SecondMark => "unit: second".to_owned(),
        Meaning::Zone(None) => "zone, ambiguous".to_owned(),
        Meaning::Zone(Some(minutes)) => format!("zone, {minutes:+} minutes"),
        Meaning::Published => "label: published".to_owned(),
        Meaning::Updated => "label: updated".to_owned(),
        Meaning::By => "introduces a name".to_owned(),
        Meaning::Same => "the same day in another calendar".to_owned(),
        Meaning::Agency => "agency".to_owned(),
        Meaning::ReadingTime => "reading time or counter".to_owned(),
        Meaning::Ago(unit, fixed) => {
            let unit = match unit {
                Unit::Second => "seconds",
                Unit::Minute => "minutes",
                Unit::Hour => "hours",
                Unit::Day => "days",
                Unit::Week => "weeks",
                Unit::Month => "months",
                Unit::Year => "years",
            };
            format!("{} {unit} ago", number.or(fixed.map(u32::from)).unwrap_or_default())
        }
        Meaning::Last(day) => format!("last weekday {day}"),
        Meaning::Filler => "filler".to_owned(),
        Meaning::Event => "names an event: the date is its date".to_owned(),
        Meaning::Bound => "bounds a span of time".to_owned(),
    }
}
