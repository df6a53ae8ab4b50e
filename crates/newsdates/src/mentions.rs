//! Mentions: what shows, before any date is known, that the date of a line is not the page's, but that of an event, a
//! picture, a person, a quotation.

use super::events::{beside_furniture, is_compound_event};
use super::lexicon::{List, Meaning, is_in};
use super::line::TokenLine;
use super::pieces::is_attribution;
use super::relative::is_relative;
use super::rules::RuleId;

/// Marks of sentences, prices, addresses, code, copyright and graves.
pub(super) fn is_foreign(c: char) -> bool {
    matches!(c, '?' | '!' | ';' | '%' | '$' | '€' | '£' | '#' | '=' | '©' | '®' | '†' | '℗')
}

/// The rule by which a line mentions a date, as far as its words and marks show.
pub(super) fn check(line: &TokenLine<'_>) -> Result<(), RuleId> {
    if line.text.contains(is_foreign) {
        return Err(RuleId::ForeignMark);
    }
    if line.numbers() == 0 && !line.tokens.iter().any(is_relative) {
        return Err(RuleId::NothingToDate);
    }
    if is_counted(line) {
        return Err(RuleId::CountedNumber);
    }
    if is_title(line) {
        return Err(RuleId::QuotedTitle);
    }
    if is_birth(line) {
        return Err(RuleId::BirthMark);
    }
    if !line.has_unknown() || line.tokens.iter().any(|t| is_attribution(line, t)) {
        return Ok(());
    }
    if is_entry(line) {
        return Err(RuleId::ListEntry);
    }
    if is_quoted_speaker(line) {
        return Err(RuleId::QuotedSpeaker);
    }
    if is_credit(line) {
        return Err(RuleId::PhotoCredit);
    }
    if (0..line.tokens.len()).any(|i| is_compound_event(line, i) && !beside_furniture(line, i)) {
        return Err(RuleId::CompoundEvent);
    }
    Ok(())
}

/// "No. 17", "Nr. 17/2024": a number of something else.
fn is_counted(line: &TokenLine<'_>) -> bool {
    line.tokens.iter().enumerate().any(|(i, t)| {
        is_in(List::NumberLabel, line.word(t))
            && (line.is_number(i + 1) || line.mark(i + 1) == Some('.') && line.is_number(i + 2))
    })
}

/// "«17 января 2024» — новый фильм": a title in quotation marks that holds the date, and something behind it.
fn is_title(line: &TokenLine<'_>) -> bool {
    let Some(quoted) = line.source.strip_prefix(['"', '“', '„', '«', '「', '『', '‘']) else { return false };
    let Some((title, behind)) = quoted.split_once(['"', '”', '“', '»', '」', '』', '’']) else { return false };
    title.contains(|c: char| c.is_numeric()) && behind.contains(char::is_alphabetic)
}

/// "* 17. Januar 1964": born that day. (A page's own list has labels behind its marks.)
fn is_birth(line: &TokenLine<'_>) -> bool {
    let stars = || (0..line.tokens.len()).filter(|&i| line.mark(i) == Some('*')).count();
    line.mark(0) == Some('*') && stars() == 1 && !line.tokens.iter().any(|t| is_attribution(line, t))
}

/// "21 de mayo: Combate de Iquique", "13 avril 2018 : Dépêche AFP": an entry of a list, with what happened that day.
fn is_entry(line: &TokenLine<'_>) -> bool {
    (1..line.tokens.len()).any(|i| {
        line.mark(i) == Some(':')
            && (line.is_number(i - 1) || line.is_month(i - 1))
            && line.is_unknown(i + 1)
            && !line.tokens.iter().any(|t| is_attribution(line, t))
    })
}

/// "— Mike Pompeo, College Station, April 15, 2019": who said it and when, below a quotation.
fn is_quoted_speaker(line: &TokenLine<'_>) -> bool {
    line.mark(0) == Some('-') && line.is_unknown(1) && !line.tokens.iter().any(|t| is_attribution(line, t))
}

/// "Reuters/Jane Doe, 17 January 2024": who took a picture. ("Kyiv/AFP" is a place.)
fn is_credit(line: &TokenLine<'_>) -> bool {
    let agency = |i: usize| line.means(i, |m| m == Meaning::Agency);
    let name = |i: usize| line.is_unknown(i) && line.is_unknown(i + 1) && !line.is_unspaced(i);
    !line.tokens.iter().any(|t| is_attribution(line, t))
        && (1..line.tokens.len()).any(|i| {
            let glued = line.mark(i) == Some('/') && !line.spaced(i) && !line.spaced(i + 1);
            glued && (agency(i - 1) && name(i + 1) || i > 1 && name(i - 2) && agency(i + 1))
        })
}
