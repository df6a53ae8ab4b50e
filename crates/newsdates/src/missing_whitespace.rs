//! Missing whitespace: words and numbers that grew together where a scraper left out what stood between them.
//!
//! "March 16, 20207:22 AM", "Beth AllcockPublished: 7:49", "Shana Nys DambrotNovember 6, 2023": the text of a page whose
//! pieces are told apart by style alone. Only a year, a label, a byline word and the name of a month or weekday before a
//! number are cut loose.

use super::fold::Folded;
use super::lexicon::{LEXICON, Meaning};
use super::token::{Kind, Token};

/// A name that a month or a label grew onto has at least so many letters: not McMay.
const SHORTEST_NAME: usize = 3;
const SHORTEST_LABEL: usize = 5;
/// The years that pages are of.
pub(super) const YEARS: std::ops::RangeInclusive<u32> = 1900..=2100;

/// Digits of the year at the start of a longer number: 2020 in "March 16, 20207:22 AM", "22/04/202222/04/2022",
/// "06/11/20230 Kommentare". It stands where the year of a date does.
pub(super) fn year(digits: &str, before: &[Token]) -> Option<usize> {
    const YEAR: usize = 4;
    if !matches!(digits.len(), 5 | 6) || !YEARS.contains(&digits.get(..YEAR)?.parse().ok()?) {
        return None;
    }
    let is_name = |t: &Token| t.means(|m| matches!(m, Meaning::Month(..) | Meaning::Filler));
    let (last, others) = before.split_last()?;
    let joins = matches!(last.kind, Kind::Mark('.' | ',' | '/' | '-'));
    let of_date = is_name(last) || joins && others.last().is_some_and(|t| t.is_number() || is_name(t));
    (of_date && before.iter().any(Token::is_number)).then_some(YEAR)
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
pub(super) fn is_behind(kind: Kind, length: usize, rest: &str) -> bool {
    let digit = rest.starts_with(|c: char| c.is_ascii_digit());
    match kind {
        Kind::Unknown if digit => length >= SHORTEST_NAME,
        Kind::Number { .. } => digit,
        Kind::Unknown | Kind::Word { .. } => rest.starts_with(|c: char| c.is_ascii_lowercase()),
        _ => false,
    }
}
