//! Tokens: a folded line as numbers, words of the lexicon, unknown words and marks, in one pass from left to right.
//!
//! The longest word of the lexicon wins; what the lexicon has not is an unknown word, and has to be written like a name.
//! Which unknown words, and which known ones, are names is decided in [`super::name_tokens`].

use super::fold::Folded;
use super::lexicon::{Found, LEXICON, List, Meaning, is_word, prefix, unspaced, word_length};
use super::numerals::{bracket_weekday, era_letter, hebrew_number, hebrew_value, kanji_number, thai_weekday};
use super::rules::{RuleId, Trace};
use super::token::{Kind, Token};
use super::{missing_whitespace, name_tokens, names};

/// More than a date stamp has: more tokens, more unknown words.
const MOST_TOKENS: usize = 64;
const MOST_UNKNOWN: usize = 10;
const MOST_UNKNOWN_WORDLY: usize = 5;

/// Puts the tokens of a line into `tokens`; the rule that rejects the line as soon as it can't be a date stamp. While
/// rules are traced, a line with an unknown word in small letters is read to its end before it is rejected.
pub(super) fn tokens(folded: &Folded, source: &str, tokens: &mut Vec<Token>, trace: Trace<'_>) -> Result<(), RuleId> {
    let text = folded.text.as_str();
    tokens.clear();
    let mut at = 0;
    let mut unknown = 0;
    let mut verdict = Ok(());
    // Without a number only "yesterday" and its like are left, with a label or a byline at most.
    let has_number =
        text.contains(|c: char| c.is_ascii_digit() || c == '"' || c == '\'') || text.contains(['年', '月', '日']);
    let most_unknown = if has_number { MOST_UNKNOWN } else { MOST_UNKNOWN_WORDLY };
    let mut spaced = false;
    while let Some(c) = text.get(at..).and_then(|t| t.chars().next()) {
        if c == ' ' {
            spaced = true;
            at += 1;
            continue;
        }
        let (mut kind, mut end) = one(text, at, c, tokens, trace).ok_or(RuleId::LongNumber)?;
        if kind == Kind::Unknown {
            if names::is_no_name(source, folded, at, end)
                && !names::is_user(tokens, text, end)
                && !names::is_section(tokens, text, end)
            {
                if !trace.is_on() {
                    return Err(RuleId::LowercaseWord);
                }
                verdict = Err(RuleId::LowercaseWord);
            }
            if let Some(cut) = missing_whitespace::word(source, folded, at, end) {
                trace.fired(RuleId::WordGrownTogether);
                (kind, end) = cut;
            }
            unknown += usize::from(kind == Kind::Unknown);
        }
        if tokens.len() == MOST_TOKENS {
            return Err(RuleId::TooManyTokens);
        }
        if unknown > most_unknown {
            return Err(RuleId::TooManyUnknownWords);
        }
        if end > at {
            tokens.push(Token { kind, start: at, end, spaced });
            spaced = text.get(end..).is_some_and(|rest| missing_whitespace::is_behind(kind, end - at, rest));
        }
        at = end.max(at + c.len_utf8());
    }
    hebrew_letters(text, tokens);
    portuguese_weekdays(text, tokens);
    name_tokens::mark(source, folded, tokens, trace);
    verdict
}

/// The token that starts at a byte; `None` where it is a number that is too long.
fn one(text: &str, at: usize, c: char, tokens: &[Token], trace: Trace<'_>) -> Option<(Kind, usize)> {
    let rest = text.get(at..)?;
    // 〇 is the first of its digits.
    if c >= '〇'
        && let Some((value, length)) = kanji_number(rest)
    {
        // "三日前" has a day that is no date.
        let counts = |found: &Found| {
            found.number.is_some() && LEXICON.senses(found.entry).iter().any(|s| matches!(s.meaning, Meaning::Ago(..)))
        };
        if let Some(found) = LEXICON.longest(text, at).filter(counts) {
            return Some((Kind::Word { entry: found.entry, number: found.number }, found.end));
        }
        return Some((Kind::Number { value, digits: 0 }, at + length));
    }
    let found = LEXICON.longest(text, at);
    if c.is_ascii_digit() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let first = rest.get(..digits).and_then(|digits| {
            missing_whitespace::year(digits, tokens).or_else(|| missing_whitespace::minute(digits, tokens))
        });
        if first.is_some() {
            trace.fired(RuleId::NumberGrownTogether);
        }
        if first.is_none()
            && let Some(found) = found.filter(|f| !is_part_of_date(text, at, tokens, f))
        {
            return Some((Kind::Word { entry: found.entry, number: found.number }, found.end));
        }
        let digits = first.unwrap_or(digits);
        if digits > 9 {
            return None;
        }
        let value = rest.get(..digits)?.parse().ok()?;
        return Some((Kind::Number { value, digits: digits as u8 }, at + digits));
    }
    if let Some((value, length)) = hebrew_number(rest)
        && found.is_none_or(|f| f.end < at + length)
    {
        return Some((Kind::Number { value, digits: 0 }, at + length));
    }
    if let Some(era) = era_letter(text, at) {
        return Some((Kind::EraLetter(era), at + 1));
    }
    if c == '('
        && let Some(weekday) = bracket_weekday(rest)
    {
        return Some((Kind::BracketWeekday(weekday), at + 5));
    }
    if c == 't'
        && text.get(..at)?.ends_with(|p: char| p.is_ascii_digit())
        && rest.get(1..)?.starts_with(|n: char| n.is_ascii_digit())
    {
        return Some((Kind::Mark('t'), at + 1));
    }
    if is_south_east_asian(c)
        && let Some(weekday) = thai_weekday(text, at)
    {
        return Some(weekday);
    }
    if let Some(found) = found.filter(|found| apostrophes(text, found.end) == found.end) {
        let end = if matches!(c, '农' | '農') && is_lunar(rest) { word_end(text, found.end) } else { found.end };
        return Some((Kind::Word { entry: found.entry, number: found.number }, end));
    }
    if !is_word(c) {
        return Some((Kind::Mark(c), at + c.len_utf8()));
    }
    let end = match c {
        _ if is_south_east_asian(c) => name_without_spaces(text, at),
        _ if unspaced(c) && !names::is_jamo(c) => at + c.len_utf8(),
        _ => apostrophes(text, at + word_length(rest).max(c.len_utf8())),
    };
    Some((Kind::Unknown, end))
}

/// 农历癸卯年十二月初七: the day of the moon, which stands beside that of the sun.
fn is_lunar(rest: &str) -> bool {
    prefix(List::LunarCalendar, rest).is_some()
}

/// Where what has no spaces ends.
fn word_end(text: &str, from: usize) -> usize {
    text.get(from..).and_then(|t| t.find(|c: char| !is_word(c))).map_or(text.len(), |length| from + length)
}

/// Where a word ends that ends here or has apostrophes as letters: O'zbekiston, O'Brien. What the lexicon knows behind
/// one is a word by itself: d'août.
fn apostrophes(text: &str, mut end: usize) -> usize {
    while let Some(rest) = text.get(end..).and_then(|t| t.strip_prefix('\''))
        && let length @ 1.. = word_length(rest)
        && LEXICON.longest(text, end + 1).is_none()
    {
        end += 1 + length;
    }
    end
}

/// Thai, Lao, Burmese and Khmer: letters that make words only together, and no spaces between these. (Their marks are
/// folded.)
fn is_south_east_asian(c: char) -> bool {
    matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}')
}

/// Where an unknown word of such a script ends: at a space, or where a longer word of the lexicon begins.
fn name_without_spaces(text: &str, at: usize) -> usize {
    const SHORTEST: usize = 12;
    let ends =
        |i: usize, c: char| !is_south_east_asian(c) || LEXICON.longest(text, i).is_some_and(|f| f.end >= i + SHORTEST);
    let rest = text.get(at..).unwrap_or_default();
    rest.char_indices().skip(1).find(|&(i, c)| ends(at + i, c)).map_or(text.len(), |(i, _)| at + i)
}

/// "28 November 2023 Views: 12", "09:30 Hits 12", "16 val. 05 min.": the number before a count is the year or the
/// minute.
fn is_part_of_date(text: &str, at: usize, tokens: &[Token], found: &Found) -> bool {
    let senses = LEXICON.senses(found.entry);
    let Some(before) = tokens.last().filter(|_| senses.iter().any(|s| s.meaning == Meaning::ReadingTime)) else {
        return false;
    };
    // Two digits and a unit; "12 min de lecture" has more.
    if let [tens, ones, unit @ ..] = text.get(at..found.end).unwrap_or_default().as_bytes()
        && is_after_hour(tokens)
        && tens.is_ascii_digit()
        && ones.is_ascii_digit()
        && !unit.trim_ascii_start().iter().any(|byte| *byte == b' ' || byte.is_ascii_digit())
    {
        return true;
    }
    let is_year = found.number.is_some_and(|n| (1900..=2100).contains(&n));
    match before.kind {
        Kind::Mark(mark) if before.end == at => matches!(mark, ':' | '.' | '/' | '-'),
        Kind::Mark(mark) => is_year && matches!(mark, ',' | '.'),
        _ => is_year && text.get(..at).is_some_and(|t| t.contains(|c: char| c.is_ascii_digit())),
    }
}

/// "16 val.", "14 h", and not "08.41 Uhr", which has its minutes.
fn is_after_hour(tokens: &[Token]) -> bool {
    let end = tokens.len() - usize::from(tokens.last().is_some_and(|t| t.kind == Kind::Mark('.')));
    let Some([before, hour, mark]) = tokens.get(..end).and_then(|t| t.last_chunk()) else { return false };
    let is_minute = matches!(before.kind, Kind::Mark('.' | ':')) && !hour.spaced;
    mark.means(|m| m == Meaning::HourMark) && matches!(hour.kind, Kind::Number { .. }) && !is_minute
}

/// 5.ª-feira, 5ª feira: weekdays by their number, Sunday being the first.
fn portuguese_weekdays(text: &str, tokens: &mut Vec<Token>) {
    const FEIRA: &str = "feira";
    let word = |t: &Token| text.get(t.start..t.end).unwrap_or_default();
    let is_feira = |t: &Token| t.end - t.start == FEIRA.len() && word(t) == FEIRA;
    let Some(at) = tokens.iter().position(is_feira) else { return };
    let ordinal = |t: &&Token| matches!(word(t), "a" | "." | "-");
    let between = tokens.iter().take(at).rev().take_while(ordinal).count();
    let Some(first) = at.checked_sub(between + 1) else { return };
    if let Some(&Token { kind: Kind::Number { value: value @ 2..=6, .. }, start, spaced, .. }) = tokens.get(first) {
        let end = tokens.get(at).map_or(start, |t| t.end);
        tokens.splice(first..=at, [Token { kind: Kind::BracketWeekday(value as u8 - 1), start, end, spaced }]);
    }
}

/// כט טבת תשפד: numerals without marks, only beside the name of a Hebrew month.
fn hebrew_letters(text: &str, tokens: &mut [Token]) {
    use super::reading::Calendar::Hebrew;
    let month = |t: &Token| {
        t.means(|m| matches!(m, Meaning::Month(Hebrew, _)))
            && text.get(t.start..).is_some_and(|w| w.starts_with(|c| ('א'..='ת').contains(&c)))
    };
    for i in 0..tokens.len() {
        if !tokens.get(i).is_some_and(month) {
            continue;
        }
        for j in [i.checked_sub(1), Some(i + 1)].into_iter().flatten() {
            if let Some(token) = tokens.get_mut(j)
                && token.kind == Kind::Unknown
                && let Some(value) = text.get(token.start..token.end).and_then(hebrew_value)
            {
                token.kind = Kind::Number { value, digits: 0 };
            }
        }
    }
}
