//! Tokens: a folded line as numbers, words of the lexicon, unknown words and marks, in one pass from left to right.

use super::fold::Folded;
use super::glue;
use super::lexicon::{BYLINE, Found, LEXICON, Meaning, Sense, is_word, unspaced, word_length};
use super::names;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number; `digits` is 0 where it is written in letters (Hebrew, Kanji).
    Number { value: u32, digits: u8 },
    /// An entry of the lexicon, with the number within.
    Word { entry: u32, number: Option<u32> },
    /// A Japanese era by its letter: R6, H30.
    EraLetter(u8),
    /// A Kanji weekday in brackets: (水).
    BracketWeekday(u8),
    /// A word that introduces a name here.
    Byline,
    /// A word that the lexicon has not, or that is a name here.
    Unknown,
    /// A mark.
    Mark(char),
}

/// A token and where it stands in the folded text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Is there space before it?
    pub(super) spaced: bool,
}

impl Token {
    /// What it may mean.
    pub(super) fn senses(&self) -> &'static [Sense] {
        match self.kind {
            Kind::Word { entry, .. } => LEXICON.senses(entry),
            Kind::Byline => &BYLINE,
            _ => &[],
        }
    }

    /// May it mean this?
    pub(super) fn means(&self, test: impl Fn(Meaning) -> bool) -> bool {
        self.senses().iter().any(|s| test(s.meaning))
    }
}

/// More than a date line has: more tokens, more unknown words.
const MOST_TOKENS: usize = 64;
const MOST_UNKNOWN: usize = 10;
const MOST_UNKNOWN_WORDLY: usize = 5;

/// What is done with unknown words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    /// They are tokens like others.
    Kept,
    /// One that is not written like a name shows that the line is no date line.
    MustBeNames,
}

/// Puts the tokens of a line into `tokens`; `None` as soon as it can't be a date line.
pub(super) fn tokens(folded: &Folded, source: &str, unknown_words: Unknown, tokens: &mut Vec<Token>) -> Option<()> {
    let text = folded.text.as_str();
    tokens.clear();
    let mut at = 0;
    let mut unknown = 0;
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
        let (mut kind, mut end) = one(text, at, c, tokens)?;
        if kind == Kind::Unknown {
            if unknown_words == Unknown::MustBeNames
                && names::is_no_name(source, folded, at, end)
                && !names::is_user(tokens, text, end)
                && !names::is_section(tokens, text, end)
            {
                return None;
            }
            (kind, end) = glue::word(source, folded, at, end).unwrap_or((kind, end));
            unknown += usize::from(kind == Kind::Unknown);
        }
        if tokens.len() == MOST_TOKENS || unknown > most_unknown {
            return None;
        }
        if end > at {
            tokens.push(Token { kind, start: at, end, spaced });
            spaced = text.get(end..).is_some_and(|rest| glue::grew(kind, end - at, rest));
        }
        at = end.max(at + c.len_utf8());
    }
    hebrew_letters(text, tokens);
    portuguese_weekdays(text, tokens);
    names::name(source, folded, tokens);
    Some(())
}

fn one(text: &str, at: usize, c: char, tokens: &[Token]) -> Option<(Kind, usize)> {
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
        let first =
            rest.get(..digits).and_then(|digits| glue::year(digits, tokens).or_else(|| glue::minute(digits, tokens)));
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

/// จ. ๒ มิ.ย.: the shortest names of the days, which are no words elsewhere in a line.
fn thai_weekday(text: &str, at: usize) -> Option<(Kind, usize)> {
    const DAYS: [&str; 7] = ["จ.", "อ.", "พ.", "พฤ.", "ศ.", "ส.", "อา."];
    let rest = text.get(at..).filter(|_| at == 0 || text.get(..at).is_some_and(|t| t.ends_with([' ', '('])))?;
    let day = DAYS.iter().position(|day| {
        rest.strip_prefix(day).is_some_and(|t| t.trim_start().starts_with(|c: char| c.is_ascii_digit()))
    })?;
    Some((Kind::BracketWeekday(day as u8 + 1), at + DAYS.get(day)?.len()))
}

/// 农历癸卯年十二月初七: the day of the moon, which stands beside that of the sun.
fn is_lunar(rest: &str) -> bool {
    ["农历", "農曆", "農历"].iter().any(|lunar| rest.starts_with(lunar))
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

/// 二〇二四, 十七, 二十四, 元 before a unit.
fn kanji_number(text: &str) -> Option<(u32, usize)> {
    const DIGITS: &str = "〇一二三四五六七八九";
    let mut length = 0;
    let (mut total, mut last, mut plain) = (0u32, 0u32, true);
    for (i, c) in text.chars().enumerate() {
        let digit = DIGITS.chars().position(|d| d == c).or((c == '零').then_some(0));
        match (digit, c) {
            (Some(d), _) if i < 5 => last = last * if plain && i > 0 { 10 } else { 0 } + d as u32,
            (None, '十' | '百') if i < 5 => {
                total += last.max(1) * if c == '十' { 10 } else { 100 };
                (last, plain) = (0, false);
            }
            (None, '元') if i == 0 => last = 1,
            (None, '年' | '月' | '日' | '号' | '號' | '時' | '时' | '分' | '秒' | '点' | '點') if length > 0 =>
            {
                let year_only = text.starts_with('元') && c != '年';
                return (!year_only).then_some((total + last, length));
            }
            _ => return None,
        }
        length += c.len_utf8();
    }
    None
}

fn era_letter(text: &str, at: usize) -> Option<u8> {
    if text.get(..at)?.ends_with(is_word) {
        return None;
    }
    let era = match text.get(at..)?.as_bytes() {
        [b'r', digit, ..] if digit.is_ascii_digit() => 5,
        [b'h', digit, ..] if digit.is_ascii_digit() => 4,
        [b's', digit, ..] if digit.is_ascii_digit() => 3,
        _ => return None,
    };
    let rest = text.get(at + 1..)?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    (digits <= 2 && rest.get(digits..)?.starts_with(['.', '年', '/', '-'])).then_some(era)
}

fn bracket_weekday(text: &str) -> Option<u8> {
    let mut chars = text.chars().skip(1);
    let (day, close) = (chars.next()?, chars.next()?);
    let weekday =
        ["月一", "火二", "水三", "木四", "金五", "土六", "日天"].iter().position(|pair| pair.contains(day))?;
    (close == ')').then_some(weekday as u8 + 1)
}

/// Letters as numerals, with geresh or gershayim: ה', כ"ט, תשפ"ד (which leaves out its 5000).
fn hebrew_number(text: &str) -> Option<(u32, usize)> {
    if !text.starts_with(|c| ('א'..='ת').contains(&c)) {
        return None;
    }
    let end = text.find(|c: char| !('א'..='ת').contains(&c) && c != '\'' && c != '"').unwrap_or(text.len());
    let word = text.get(..end)?;
    let marks = word.chars().filter(|c| matches!(c, '\'' | '"')).count();
    if marks == 0 || marks > 2 {
        return None;
    }
    let thousands = word.strip_prefix("ה'").filter(|rest| rest.chars().count() > 2).unwrap_or(word);
    let letters: String = thousands.chars().filter(|c| ('א'..='ת').contains(c)).collect();
    if thousands.contains('"') && thousands.chars().rev().nth(1) != Some('"') || word.ends_with('"') {
        return None;
    }
    Some((hebrew_value(&letters)?, end))
}

/// The value of Hebrew letters in falling order; years from 5001.
fn hebrew_value(letters: &str) -> Option<u32> {
    let mut total = 0;
    let mut last = u32::MAX;
    for c in letters.chars() {
        let value = match c {
            'א'..='ט' => u32::from(c) - u32::from('א') + 1,
            'י' => 10,
            'כ' | 'ך' => 20,
            'ל' => 30,
            'מ' | 'ם' => 40,
            'נ' | 'ן' => 50,
            'ס' => 60,
            'ע' => 70,
            'פ' | 'ף' => 80,
            'צ' | 'ץ' => 90,
            'ק' => 100,
            'ר' => 200,
            'ש' => 300,
            'ת' => 400,
            _ => return None,
        };
        // ט"ו and ט"ז, and תרח"צ-like inversions, are the exceptions that years know.
        if value > last && !(last < 10 && value >= 10 && total > 400) {
            return None;
        }
        total += value;
        last = value;
    }
    (total > 0).then_some(if total > 100 { total + 5000 } else { total })
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
