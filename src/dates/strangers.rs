//! Strangers: what stands beside a date and is no part of one, and whether a date line may carry it.
//!
//! A page sets a place, a section, an author or a source beside its date. A heading, a caption or a table sets an event
//! there, in the same shape: "Jane Doe, 17 January 2024" and "World Cup, 17 January 2024". So strangers must be few and
//! set apart from the date; beside the marks of prose (comma, dash) fewer are let through than beside those of page
//! furniture (`|`, `·`); and words that name an event or bound a span ("final", "until") end the matter. A paragraph that
//! is lost is worse than a date line that stays.

use super::calendars::weekday;
use super::lexicon::{LEXICON, Meaning, unspaced};
use super::names::{CONNECTORS, is_jamo, is_label, is_small};
use super::reading::{Date, Precision, Reading, Role};
use super::solve::Line;
use super::tokens::{Kind, Token};

/// News pages are no older than this: a name beside an older date is history.
const FIRST_YEAR: i16 = 1990;
/// Words of a run of strangers: beside a byline word, beside furniture, beside prose.
const MOST_AFTER_BY: usize = 8;
const MOST_BESIDE_FURNITURE: usize = 5;
const MOST_BESIDE_PROSE: usize = 3;
/// The same in scripts without capitals, where a name can't be told from a noun.
const MOST_WITHOUT_CASE: usize = 2;
/// Signs of a script that puts no spaces between words.
const MOST_SIGNS: usize = 10;

/// First words of cities with two, in scripts without capitals: New, San, Abu, Tel, as they are folded.
const CITY_STARTS: [&str; 22] = [
    "نيو",
    "ابو",
    "تل",
    "رام",
    "بيت",
    "سان",
    "لوس",
    "كوالا",
    "بور",
    "شرم",
    "مكه",
    "الدار",
    "ني",
    "اسلام",
    "תל",
    "ניו",
    "בית",
    "नई",
    "नयी",
    "নিউ",
    "న్యూ",
    "አዲስ",
];

/// Does a word say that what follows is the page's: a byline word, a label? (Short ones mean too much else.)
fn speaks(line: &Line<'_>, token: &Token) -> bool {
    is_by(line, token) || token.means(is_label) && line.word(token).len() > 3
}

fn is_by(line: &Line<'_>, token: &Token) -> bool {
    let only = !token.means(|m| matches!(m, Meaning::Filler | Meaning::Event | Meaning::Bound));
    token.kind == Kind::Byline || token.means(|m| m == Meaning::By) && (only || line.word(token).len() > 4)
}

/// May the strangers of a line stand where they stand? Known before any date is.
pub(super) fn hold(line: &Line<'_>) -> bool {
    let is_stranger = |i: usize| line.tokens.get(i).is_some_and(|t| t.kind == Kind::Unknown);
    let strangers = (0..line.tokens.len()).filter(|&i| is_stranger(i)).count();
    let signs = (0..line.tokens.len()).filter(|&i| is_stranger(i) && line.is_unspaced(i)).count();
    if strangers - signs > 6 || signs > MOST_SIGNS {
        return false;
    }
    if (0..line.tokens.len()).any(|i| is_event(line, i) && !beside_furniture(line, i)) {
        return false;
    }
    if strangers == 0 {
        return true;
    }
    let mut last_end = None;
    let mut at = 0;
    let speaks = line.tokens.iter().any(|t| speaks(line, t) || t.means(|m| m == Meaning::Agency));
    while at < line.tokens.len() {
        if !is_stranger(at) {
            at += 1;
            continue;
        }
        let run = run(line, at);
        if !run_holds(line, run) {
            return false;
        }
        // "Lyon - Marseille, 17 janvier": two sides of a match.
        if !speaks
            && line.mark(run.0.wrapping_sub(1)) == Some('-')
            && run.0.checked_sub(2) == last_end
            && last_end.is_some()
        {
            return false;
        }
        last_end = Some(run.1);
        at = run.1 + 1;
    }
    true
}

/// A run of strangers: from one unknown word to the last that only words, points and hyphens part from it.
fn run(line: &Line<'_>, from: usize) -> (usize, usize) {
    let (mut first, mut last) = (from, from);
    let breaks = |i: usize| {
        separator(line, i) != Separator::None
            || line.is_number(i)
            || line.is_month(i) && !line.means(i, |m| m == Meaning::Filler)
    };
    let mut at = from + 1;
    while at < line.tokens.len() && !breaks(at) {
        if line.tokens.get(at).is_some_and(|t| t.kind == Kind::Unknown) {
            last = at;
        }
        at += 1;
    }
    // Known words beside a name belong to it ("Maria del Mar Lopez", "Le Monde").
    while first > 0 && is_part(line, first - 1) {
        first -= 1;
    }
    while is_part(line, last + 1) {
        last += 1;
    }
    if line.mark(last + 1) == Some('.')
        && (last + 2 == line.tokens.len() || separator(line, last + 2) != Separator::None)
    {
        last += 1;
    }
    (first, last)
}

fn is_part(line: &Line<'_>, at: usize) -> bool {
    line.tokens.get(at).is_some_and(|t| {
        let own = |m| {
            matches!(
                m,
                Meaning::Month(..)
                    | Meaning::By
                    | Meaning::Agency
                    | Meaning::Weekday(_)
                    | Meaning::Published
                    | Meaning::Updated
                    | Meaning::TimeWord
                    | Meaning::Zone(_)
                    | Meaning::Am
                    | Meaning::Pm
                    | Meaning::YearMark
                    | Meaning::Era(_)
            )
        };
        let word = line.word(t);
        matches!(t.kind, Kind::Word { .. }) && word.len() > 1 && word.is_ascii() && !t.means(own)
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Separator {
    /// It separates nothing.
    None,
    /// The line starts or ends here.
    Edge,
    /// A mark that pages set between pieces.
    Furniture,
    /// A mark that prose has too.
    Prose,
    /// A word that introduces a name, or an agency.
    Word,
}

fn separator(line: &Line<'_>, at: usize) -> Separator {
    match line.mark(at) {
        Some('-') if line.spaced(at) || line.spaced(at + 1) => Separator::Prose,
        Some('/') if line.spaced(at) && line.spaced(at + 1) => Separator::Furniture,
        Some('|' | '·' | '>' | '~' | '*') => Separator::Furniture,
        Some(',' | '(' | ')' | ':' | '/') => Separator::Prose,
        Some(_) => Separator::None,
        None if at >= line.tokens.len() => Separator::Edge,
        None => {
            let is_word = |t: &Token| is_by(line, t) || t.means(|m| m == Meaning::Agency);
            if line.tokens.get(at).is_some_and(is_word) { Separator::Word } else { Separator::None }
        }
    }
}

fn run_holds(line: &Line<'_>, (first, last): (usize, usize)) -> bool {
    let left = first.checked_sub(1);
    let right = last + 1;
    let left_side = left.map_or(Separator::Edge, |i| separator(line, i));
    let right_side = separator(line, right);
    let by = |i: usize| line.tokens.get(i).is_some_and(|t| is_by(line, t));
    let has_by = (0..line.tokens.len()).any(by);
    let after_by = left.is_some_and(|i| by(i) || line.mark(i) == Some(':') && i > 0 && by(i - 1));
    let without_spaces = line.is_unspaced(last);
    let length = last - first + 1;
    if line.mark(right) == Some(':') || length > MOST_AFTER_BY && !without_spaces {
        return false;
    }
    // A byline word behind a name is one only where it ends the piece ("Political Editor -"), or where the language puts
    // it there: 홍길동 기자.
    let ends_piece = matches!(separator(line, right + 1), Separator::Furniture | Separator::Prose | Separator::Edge)
        && line.mark(right + 1) != Some(':');
    let is_ascii = line.tokens.get(last).is_some_and(|t| line.word(t).is_ascii());
    let suffixed = right_side == Separator::Word && by(right) && (ends_piece || !is_ascii);
    if after_by {
        // "Posted by Jane Doe on January 17", "来源：新华网 2024年1月17日".
        let joined = line.means(right, |m| m == Meaning::Filler) && line.is_date_part(right + 1);
        return right_side != Separator::None || joined || without_spaces && line.spaced(right);
    }
    if left_side == Separator::None {
        return false;
    }
    match right_side {
        Separator::None => {
            let in_capitals = line.source_of(first, last).chars().all(|c| c.is_uppercase() || c == ' ');
            return is_stopped_place(line, first, last)
                || has_by && line.spaced(right) && line.is_date_part(right) && (without_spaces || in_capitals);
        }
        Separator::Word if by(right) && !suffixed => return false,
        _ => {}
    }
    if has_by || suffixed {
        return true;
    }
    let is_before = (right..line.tokens.len()).any(|i| line.is_number(i));
    let toward_date = if is_before { right_side } else { left_side };
    if toward_date == Separator::Furniture || toward_date == Separator::Word {
        return length <= MOST_BESIDE_FURNITURE || without_spaces;
    }
    if without_spaces {
        return line.mark(right) != Some('(');
    }
    beside_prose(line, (first, last), is_before)
}

/// A name beside a comma or a dash, without any other sign that it is one.
fn beside_prose(line: &Line<'_>, (first, last): (usize, usize), is_before: bool) -> bool {
    // "Oppenheimer (21 July 2023)", "17 January 2024 (Anniversary)"; but (МИА) is an agency.
    if line.mark(last + 1) == Some('(') {
        return false;
    }
    if first > 0 && line.mark(first - 1) == Some('(') {
        let source = line.source_of(first, last);
        return first == last && source.chars().count() <= 6 && source.chars().all(char::is_uppercase);
    }
    let words = (first..=last).filter(|&i| line.mark(i).is_none());
    let count = words.clone().count();
    let has_case = line.source_of(first, first).starts_with(|c: char| c.is_uppercase());
    if !has_case {
        let joins =
            |i: usize| line.means(i, |m| m == Meaning::Filler) || i > first && line.source_of(i, i).starts_with("وال");
        // A time of day, a weekday, or the first word of many a city, makes two words a place.
        let is_stamped = (0..line.tokens.len()).any(|i| {
            line.mark(i) == Some(':') && line.is_number(i + 1) || line.means(i, |m| matches!(m, Meaning::Weekday(_)))
        });
        let is_city = line.tokens.get(first).is_some_and(|t| CITY_STARTS.contains(&line.word(t)));
        let most = if is_stamped || is_city { MOST_WITHOUT_CASE } else { 1 };
        return count <= most && !words.clone().any(joins);
    }
    // One word behind a dash is what happened that day.
    let lone_remark = !is_before && count == 1 && first > 0 && line.mark(first - 1) == Some('-');
    let named = |i: usize| {
        let word = line.source_of(i, i);
        !is_small(word)
            || i > first && i < last && line.tokens.get(i).is_some_and(|t| CONNECTORS.contains(&line.word(t)))
    };
    count <= MOST_BESIDE_PROSE && !lone_remark && words.clone().all(named)
}

/// "Москва. 17 января 2024": a place with a stop, at the start of the line.
fn is_stopped_place(line: &Line<'_>, first: usize, last: usize) -> bool {
    first == 0
        && last == 0
        && line.mark(1) == Some('.')
        && line.spaced(2)
        && line.source_of(0, 0).starts_with(char::is_uppercase)
        && line.source_of(0, 0).chars().count() >= 4
        && line.is_date_part(2)
}

/// A word that names an event, a work, a law, a term.
fn is_event(line: &Line<'_>, at: usize) -> bool {
    let Some(token) = line.tokens.get(at) else { return false };
    if !token.means(|m| m == Meaning::Event) {
        return false;
    }
    let only = token.senses().iter().all(|s| matches!(s.meaning, Meaning::Event | Meaning::Bound));
    let stranger = |i: usize| line.tokens.get(i).is_some_and(|t| t.kind == Kind::Unknown);
    let word = line.source_of(at, at);
    // "V. Kumar" is a name, "Arsenal v Liverpool" a match; "Independence Day" is no day of the month.
    if word.len() == 1 {
        return is_small(word);
    }
    only || !is_small(word) && (stranger(at + 1) || at > 0 && (stranger(at - 1) || is_event_word(line, at - 1)))
}

fn is_event_word(line: &Line<'_>, at: usize) -> bool {
    line.means(at, |m| m == Meaning::Event)
}

/// "Elections | 17 January 2024": a section of the page may have any name.
fn beside_furniture(line: &Line<'_>, at: usize) -> bool {
    let furniture = |i: usize| separator(line, i) == Separator::Furniture;
    let right = (at..line.tokens.len()).find(|&i| furniture(i) || line.is_number(i));
    let left = (0..at).rev().find(|&i| furniture(i) || line.is_number(i));
    right.is_some_and(furniture) || right.is_none() && left.is_some_and(furniture)
}

/// "Bundestagswahl", "Pressemitteilung": compounds end in what they are.
fn is_compound_event(word: &str) -> bool {
    const SHORTEST: usize = 8;
    const SHORTEST_END: usize = 3;
    word.len() >= SHORTEST
        && (3..=word.len() - SHORTEST_END).any(|at| {
            word.get(at..)
                .and_then(|end| LEXICON.exact(end.bytes()))
                .is_some_and(|entry| LEXICON.senses(entry).iter().any(|s| s.meaning == Meaning::Event))
        })
}

/// Do the dates of a line fit what stands around them?
pub(super) fn fit(line: &Line<'_>, dates: &[Reading]) -> bool {
    let strange = line.tokens.iter().any(|t| t.kind == Kind::Unknown);
    let day = |reading: &Reading| reading.value.map(|v| v.date);
    if strange {
        if dates.iter().any(|d| d.value.is_none() && d.candidates.is_empty()) {
            return false;
        }
        let old = |reading: &Reading| day(reading).is_some_and(|d: Date| d.year < FIRST_YEAR);
        let compound = |t: &Token| t.kind == Kind::Unknown && is_compound_event(line.word(t));
        let speaks = line.tokens.iter().any(|t| speaks(line, t));
        if !speaks && (dates.iter().any(old) || line.tokens.iter().any(compound)) {
            return false;
        }
    }
    !is_span(line, dates) && !is_bounded(line, dates)
}

/// "17 January 2024 - 20 January 2024": from one day to another.
fn is_span(line: &Line<'_>, dates: &[Reading]) -> bool {
    let [from, to] = dates else { return false };
    let plain = |d: &Reading| d.role == Role::Other && d.precision == Precision::Day;
    let between = |t: &Token| from.span.end <= t.start && t.end <= to.span.start;
    let joins = |t: &Token| {
        matches!(t.kind, Kind::Mark('-' | '~')) || t.means(|m| matches!(m, Meaning::Filler | Meaning::Bound))
    };
    plain(from)
        && plain(to)
        && from.calendar == to.calendar
        && from.value != to.value
        && line.tokens.iter().filter(|t| between(t)).any(joins)
}

/// "Until 17 January 2024": a date before which or after which something is so.
fn is_bounded(line: &Line<'_>, dates: &[Reading]) -> bool {
    let bound = |i: usize| line.means(i, |m| m == Meaning::Bound);
    let stranger = |i: usize| line.tokens.get(i).is_some_and(|t| t.kind == Kind::Unknown);
    // "Do 17.01.2024": a Thursday, if it was one.
    let is_its_weekday = |i: usize| {
        let days = dates.iter().filter_map(|d| d.value).map(|v| weekday(v.date));
        line.tokens.get(i).is_some_and(|t| days.clone().any(|d| t.means(|m| m == Meaning::Weekday(d))))
    };
    let only = |i: usize| {
        line.tokens
            .get(i)
            .is_some_and(|t| t.senses().iter().all(|s| matches!(s.meaning, Meaning::Event | Meaning::Bound)))
    };
    (0..line.tokens.len()).any(|i| {
        let before = bound(i)
            && !line.is_month(i)
            && (i == 0 || stranger(i - 1))
            && line.is_date_part(i + 1)
            && !is_its_weekday(i);
        let behind = bound(i) && i > 0 && i + 1 == line.tokens.len() && only(i) && line.is_date_part(i - 1);
        before || behind
    })
}

impl Line<'_> {
    /// A word as it was folded.
    fn word(&self, token: &Token) -> &str {
        self.text.get(token.start..token.end).unwrap_or_default()
    }

    /// The source of tokens.
    fn source_of(&self, first: usize, last: usize) -> &str {
        let (Some(first), Some(last)) = (self.tokens.get(first), self.tokens.get(last)) else { return "" };
        let at = |i: usize| self.folded.source.get(i).map_or(self.source.len(), |&s| s as usize);
        self.source.get(at(first.start)..at(last.end)).unwrap_or_default().trim()
    }

    fn is_unspaced(&self, at: usize) -> bool {
        let first = self.tokens.get(at).and_then(|t| self.text.get(t.start..)).and_then(|t| t.chars().next());
        first.is_some_and(|c| unspaced(c) && !is_jamo(c))
    }

    /// A number, month or weekday.
    fn is_date_part(&self, at: usize) -> bool {
        self.is_number(at)
            || self.means(at, |m| {
                matches!(
                    m,
                    Meaning::Month(..)
                        | Meaning::Weekday(_)
                        | Meaning::YearMark
                        | Meaning::MonthMark
                        | Meaning::DayMark
                )
            })
    }
}
