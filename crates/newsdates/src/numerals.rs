//! Numbers that are no digits, and the letters and signs that stand for an era or a weekday: 二〇二四, כ"ט, R6, (水).

use super::lexicon::{List, is_word, number_of, prefix};
use super::token::Kind;

/// 二〇二四, 十七, 二十四, 元 before a unit.
pub(super) fn kanji_number(text: &str) -> Option<(u32, usize)> {
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

pub(super) fn era_letter(text: &str, at: usize) -> Option<u8> {
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

pub(super) fn bracket_weekday(text: &str) -> Option<u8> {
    let mut chars = text.chars().skip(1);
    let (day, close) = (chars.next()?, chars.next()?);
    let weekday = number_of(List::WeekdaySign, day)?;
    (close == ')').then_some(weekday)
}

/// Letters as numerals, with geresh or gershayim: ה', כ"ט, תשפ"ד (which leaves out its 5000).
pub(super) fn hebrew_number(text: &str) -> Option<(u32, usize)> {
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
pub(super) fn hebrew_value(letters: &str) -> Option<u32> {
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

/// จ. ๒ มิ.ย.: the shortest names of the days, which are no words elsewhere in a line.
pub(super) fn thai_weekday(text: &str, at: usize) -> Option<(Kind, usize)> {
    let rest = text.get(at..).filter(|_| at == 0 || text.get(..at).is_some_and(|t| t.ends_with([' ', '('])))?;
    let day = prefix(List::WeekdayShort, rest)?;
    let behind = rest.get(day.word.len()..)?.trim_start();
    let is_day = behind.starts_with(|c: char| c.is_ascii_digit());
    is_day.then_some((Kind::BracketWeekday(day.number), at + day.word.len()))
}
