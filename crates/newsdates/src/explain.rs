//! Explanations: what each token of a line may mean and was taken for, and which rules accepted or rejected something.
//!
//! The line goes the way on which it is read, with its rules noted. Where a rule rejects it, the steps behind are taken
//! all the same, so that a line that is no date stamp shows what its numbers would have said.

use super::calendars::weekday;
use super::counts;
use super::draft::{Draft, Part, Resolved};
use super::fold::fold;
use super::lexicon::{Meaning, Sense, Unit};
use super::line::{TokenLine, primary_language};
use super::prefilter::{self, LONGEST};
use super::reading::{Calendar, Context};
use super::rules::{RuleId, Trace};
use super::stamp::{Dates, check_characters, classify, dates_of, machine_form};
use super::times::{Clock, clocks, clocks_of_day};
use super::token::{Kind, Token};
use super::tokens::tokens;
use super::{other_dates, readings};
use std::cell::RefCell;
use std::ops::Range;

/// How a line was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Its tokens, in order. None where the line is longer than any date stamp.
    pub tokens: Vec<Explained>,
    /// The rules that accepted something, in the order in which they did, and those that rejected the line. Of several
    /// that reject it, the first is why it is no date stamp.
    pub rules: Vec<RuleId>,
}

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

/// See [`super::explain`]. `whole` is the line as given, `text` the part of it that is read.
pub(super) fn explain(whole: &str, text: &str, context: &Context<'_>) -> Explanation {
    let fired = RefCell::new(Vec::new());
    let mut rejected = Vec::new();
    rejected.extend(prefilter::check(whole).err());
    rejected.extend(check_characters(text).err());
    let tokens = if text.len() > LONGEST { Vec::new() } else { explain_text(text, context, &fired, &mut rejected) };
    let mut rules = fired.into_inner();
    for rule in rejected {
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    Explanation { tokens, rules }
}

fn explain_text(
    text: &str,
    context: &Context<'_>,
    fired: &RefCell<Vec<RuleId>>,
    rejected: &mut Vec<RuleId>,
) -> Vec<Explained> {
    let folded = fold(text);
    // Nobody asks the rules about the words of a form of a machine: their answers are noted apart.
    let (mut ignored, apart) = (Vec::new(), RefCell::default());
    let is_machine = machine_form(&folded, text, context, Trace::new(fired)).is_some();
    let (trace, rejected) = if is_machine { (Trace::new(&apart), &mut ignored) } else { (Trace::new(fired), rejected) };
    let mut all = Vec::new();
    if let Err(rule) = tokens(&folded, text, &mut all, trace) {
        rejected.push(rule);
        if rule != RuleId::LowercaseWord {
            return Vec::new();
        }
    }
    let mut read = all.clone();
    counts::leave_out(&mut read, trace);
    let language = primary_language(context);
    let line = TokenLine::new((text, &folded), &read, (context, &language), trace);
    rejected.extend(classify(&line).err());
    let dates = dates_of(&line);
    if let Ok(dates) = &dates {
        rejected.extend(other_dates::check(&line, &dates.readings(&line)).err());
    }
    let clocks = match &dates {
        Ok(Dates::Relative(_)) => clocks_of_day(&line),
        Ok(Dates::Solved(solved)) => clocks(&line, solved.dotted),
        Err(_) => clocks(&line, false),
    };
    let solved = match dates {
        Ok(Dates::Relative(_)) => Vec::new(),
        Ok(Dates::Solved(solved)) => solved.dates,
        Err(rule) => {
            rejected.push(rule);
            readings::what_resolves(&TokenLine::new((text, &folded), &read, (context, &language), Trace::OFF))
        }
    };
    parts(&line, &all, &clocks, &solved)
}

/// The tokens of a line in order, those of a time as one. `all` has the counts that were left out as well.
fn parts(line: &TokenLine<'_>, all: &[Token], clocks: &[Clock], solved: &[(Draft, Resolved)]) -> Vec<Explained> {
    let mut explained = Vec::new();
    let mut at = 0;
    while let Some(token) = all.get(at) {
        let clock = clocks.iter().find(|c| c.first == at);
        let (last, kind, meaning) = match clock {
            Some(clock) => {
                let zone = clock.offset.map_or("zone open".to_owned(), |o| format!("{o:+} minutes from UTC"));
                let meaning = format!("{:02}:{:02}, {zone}", clock.time.hour, clock.time.minute);
                (clock.end.saturating_sub(1).max(at), "time", meaning)
            }
            None => (at, kind(token), meaning(token)),
        };
        let end = all.get(last).map_or(token.end, |t| t.end);
        let chosen = match clock {
            Some(_) => Some("time".to_owned()),
            None if at >= line.tokens.len() && token.is_number() => Some("count, left out".to_owned()),
            None => chosen(line, at, solved),
        };
        explained.push(Explained { span: line.source_span(&(token.start..end)), kind, meaning, chosen });
        at = last + 1;
    }
    explained
}

/// What a token was taken for: its place in the date of which it is a part, else what it says around one.
fn chosen(line: &TokenLine<'_>, at: usize, solved: &[(Draft, Resolved)]) -> Option<String> {
    let token = line.tokens.get(at)?;
    for (draft, resolved) in solved {
        let calendar = resolved.calendar.unwrap_or(Calendar::Gregory);
        if draft.month_token == Some(at) {
            let of_calendar = |m: &&(Calendar, u8)| m.0 == calendar || m.0 == Calendar::Gregory;
            let month = draft.months.iter().find(of_calendar).or(draft.months.first())?;
            return Some(in_words(Meaning::Month(month.0, month.1), None));
        }
        if let Some(place) = draft.numbers.iter().position(|number| number.token == at) {
            return resolved.parts.get(place).copied().flatten().map(|part| name_of(part).to_owned());
        }
        let inside = draft.span.is_some_and(|(first, last)| (first..=last).contains(&at));
        let day = resolved.date.map(weekday);
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
            || solved.is_empty()
    };
    token.senses().iter().map(|s| s.meaning).find(|&m| around(m)).map(|m| in_words(m, number))
}

fn name_of(part: Part) -> &'static str {
    match part {
        Part::Year => "year",
        Part::Month => "month",
        Part::Day => "day",
        Part::DayOrMonth => "day or month",
        Part::Whole => "year, month and day",
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
