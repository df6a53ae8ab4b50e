//! Glue: words and numbers that grew together where a scraper left out what stood between them.
//!
//! "March 16, 20207:22 AM", "Beth AllcockPublished: 7:49", "Shana Nys DambrotNovember 6, 2023": the text of a page whose
//! pieces are told apart by style alone. Only a year, a label, a byline word and the name of a month or weekday before a
//! number are cut loose. What a page counts behind its date (views, comments) has no word to say so, and is left out.

use super::fold::Folded;
use super::lexicon::{LEXICON, Meaning};
use super::tokens::{Kind, Token};

/// A name that a month or a label grew onto has at least so many letters: not McMay.
const SHORTEST_NAME: usize = 3;
const SHORTEST_LABEL: usize = 5;
/// The years that pages are of.
const YEARS: std::ops::RangeInclusive<u32> = 1900..=2100;

/// Digits of the year at the start of a longer number: 2020 in "March 16, 20207:22 AM", "22/04/202222/04/2022",
/// "06/11/20230 Kommentare". It stands where the year of a date does.
pub(super) fn year(digits: &str, before: &[Token]) -> Option<usize> {
    const YEAR: usize = 4;
    if !matches!(digits.len(), 5 | 6) || !YEARS.contains(&digits.get(..YEAR)?.parse().ok()?) {
        return None;
    }
    let is_number = |t: &Token| matches!(t.kind, Kind::Number { .. });
    let is_name = |t: &Token| t.means(|m| matches!(m, Meaning::Month(..) | Meaning::Filler));
    let (last, others) = before.split_last()?;
    let joins = matches!(last.kind, Kind::Mark('.' | ',' | '/' | '-'));
    let of_date = is_name(last) || joins && others.last().is_some_and(|t| is_number(t) || is_name(t));
    (of_date && before.iter().any(is_number)).then_some(YEAR)
}

/// Digits of the minute or second at the start of a longer number: "15:4823. Oktober", "11:5593".
pub(super) fn minute(digits: &str, before: &[Token]) -> Option<usize> {
    const MINUTE: usize = 2;
    let is_hour = |t: &Token| matches!(t.kind, Kind::Number { digits: 1 | 2, .. });
    let [.., hour, colon] = before else { return None };
    let timed = colon.kind == Kind::Mark(':') && is_hour(hour) && matches!(digits.len(), 3 | 4);
    timed.then(|| digits.get(..MINUTE)?.parse().ok()).flatten().filter(|&minute: &u8| minute < 60).map(|_| MINUTE)
}

/// Where an unknown word of the folded text ends that a known one grew onto, and what it is if it is known itself:
/// "AllcockPublished" is a name and a label, "ByTom" a byline word and a name.
pub(super) fn word(source: &str, folded: &Folded, start: usize, end: usize) -> Option<(Kind, usize)> {
    let text = folded.text.as_str();
    let letter =
        |at: usize| folded.source.get(at).and_then(|&s| source.get(s as usize..)).and_then(|t| t.chars().next());
    let written = source.get(*folded.source.get(start)? as usize..*folded.source.get(end)? as usize)?;
    // Most words have no capital inside.
    if written.is_ascii() && !written.bytes().skip(1).any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let mut before = letter(start)?;
    for (offset, _) in text.get(start..end)?.char_indices().skip(1) {
        let (at, here) = (start + offset, letter(start + offset)?);
        // "GMTUpdated" too.
        let small_behind = || letter(at + here.len_utf8()).is_some_and(char::is_lowercase);
        let grown = here.is_uppercase() && (before.is_lowercase() || before.is_uppercase() && small_behind());
        before = here;
        if !grown {
            continue;
        }
        if let Some(entry) = LEXICON.exact(text.get(start..at)?.bytes())
            && LEXICON.senses(entry).iter().any(|s| opens(s.meaning, text.get(start..at).unwrap_or_default()))
        {
            return Some((Kind::Word { entry, number: None }, at));
        }
        if offset >= SHORTEST_NAME && is_known(text, at, end) {
            return Some((Kind::Unknown, at));
        }
    }
    None
}

/// Labels and byline words, "pm" and "GMT"; but "el", "le" and "di" start names (ElVallenc, DiCaprio).
fn opens(meaning: Meaning, word: &str) -> bool {
    match meaning {
        Meaning::By => word == "by" || word.len() >= 3,
        Meaning::Published | Meaning::Updated => word.len() >= SHORTEST_LABEL,
        Meaning::Am | Meaning::Pm => word.len() == 2,
        Meaning::Zone(_) => word.len() >= 3,
        _ => false,
    }
}

/// A label, or a month or weekday before a number.
fn is_known(text: &str, at: usize, end: usize) -> bool {
    let Some(found) = LEXICON.longest(text, at).filter(|found| found.end >= end) else { return false };
    let numbered = text
        .get(found.end..)
        .is_some_and(|rest| rest.trim_start_matches(['.', ',', ' ']).starts_with(|c: char| c.is_ascii_digit()));
    LEXICON.senses(found.entry).iter().any(|s| match s.meaning {
        Meaning::Published | Meaning::Updated => found.end - at >= SHORTEST_LABEL,
        Meaning::Month(..) | Meaning::Weekday(_) => numbered && s.is_widespread(),
        _ => false,
    })
}

/// Did a scraper leave out the space behind a token?
pub(super) fn grew(kind: Kind, length: usize, rest: &str) -> bool {
    let digit = rest.starts_with(|c: char| c.is_ascii_digit());
    match kind {
        Kind::Unknown if digit => length >= SHORTEST_NAME,
        Kind::Number { .. } => digit,
        Kind::Unknown | Kind::Word { .. } => rest.starts_with(|c: char| c.is_ascii_lowercase()),
        _ => false,
    }
}

/// Leaves out what pages count behind a whole date: "14 abril 2022 | 51", "Sep. 21, 2011, 3:17 PM | 1,209 | 5".
pub(super) fn leave_out_counts(tokens: &mut Vec<Token>) {
    const MOST_TOKENS: usize = 9;
    let is_number = |t: &Token| matches!(t.kind, Kind::Number { .. });
    let is_year = |t: &Token| matches!(t.kind, Kind::Number { value, digits: 4 } if YEARS.contains(&value));
    let is_bar = |t: &Token| matches!(t.kind, Kind::Mark('|' | '/' | '·'));
    // 18:29 is no count, 1,209 is one.
    let is_minute = |i: usize| i > 0 && tokens.get(i - 1).is_some_and(|t| matches!(t.kind, Kind::Mark(':' | '.')));
    let is_count = |i: usize, t: &Token| match t.kind {
        Kind::Number { digits, .. } => digits > 0 && !is_year(t) && !is_minute(i),
        Kind::Mark(',') => tokens.get(i + 1).is_some_and(|next| !next.spaced && is_number(next)),
        _ => is_bar(t),
    };
    let start = tokens.iter().enumerate().rposition(|(i, t)| !is_count(i, t)).map_or(0, |i| i + 1);
    let (Some(date), Some(counts)) = (tokens.get(..start), tokens.get(start..)) else { return };
    let (Some(last), Some(first)) = (date.last(), counts.first()) else { return };
    let parted = is_bar(first) || first.spaced && is_number(first);
    let ends =
        is_bar(first) || is_year(last) || is_number(last) || last.means(|m| matches!(m, Meaning::Am | Meaning::Pm));
    let named = date.iter().any(|t| t.means(|m| matches!(m, Meaning::Month(..))));
    let whole = date.iter().filter(|t| is_number(t)).count() >= if named { 2 } else { 3 } && date.iter().any(is_year);
    // "17 Jan 2024 1,254" and "17 Jan 2024 | 3" are rows of a table; "By Jane Doe - 17 Jan 2024 0 49" and "17 Jan 2024
    // 18:29 1479" are not.
    let is_name = |t: &Token| matches!(t.kind, Kind::Unknown | Kind::Byline);
    let is_label = |t: &Token| t.means(super::names::is_label);
    let is_row = first.kind != Kind::Mark('/') && is_year(last) && !date.iter().any(|t| is_name(t) || is_label(t));
    if parted && !is_row && ends && whole && counts.len() <= MOST_TOKENS && counts.iter().any(is_number) {
        tokens.truncate(start);
    }
}
