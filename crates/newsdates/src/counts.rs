//! Counts: what a page counts behind its date (views, comments) has no word to say so, and is left out.

use super::lexicon::Meaning;
use super::missing_whitespace::YEARS;
use super::names::is_label;
use super::rules::{RuleId, Trace};
use super::token::{Kind, Token};

/// Leaves out what pages count behind a whole date: "14 abril 2022 | 51", "Sep. 21, 2011, 3:17 PM | 1,209 | 5".
pub(super) fn leave_out(tokens: &mut Vec<Token>, trace: Trace<'_>) {
    const MOST_TOKENS: usize = 9;
    let is_number = Token::is_number;
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
    let is_label = |t: &Token| t.means(is_label);
    let is_row = first.kind != Kind::Mark('/') && is_year(last) && !date.iter().any(|t| is_name(t) || is_label(t));
    if parted && !is_row && ends && whole && counts.len() <= MOST_TOKENS && counts.iter().any(is_number) {
        tokens.truncate(start);
        trace.fired(RuleId::CountsLeftOut);
    }
}
