//! The journalist's dateline that opens a story: place, day, agency, and a dash.
//!
//! Every place where a separator stands near the start is tried, and the longest head that is made of a place and of
//! evidence (a known agency, a source in brackets, a day) wins. A place alone is evidence only in capitals before a
//! long dash, so that "Iran - the country that …" stays a sentence.

use super::fold::fold;
use super::lexicon::{LEXICON, Meaning};
use super::line;
use super::reading::{Context, Dateline, Reading};
use std::ops::Range;

/// Longest dateline, in bytes.
const LONGEST: usize = 160;

/// See [`super::read_dateline`].
pub(super) fn read(paragraph: &str, context: &Context<'_>) -> Option<Dateline> {
    if let Some(dateline) = east_asian(paragraph, context) {
        return Some(dateline);
    }
    let window = paragraph.get(..paragraph.floor_char_boundary(LONGEST))?;
    let start = window.len() - window.trim_start_matches(|c: char| c.is_whitespace() || is_control(c)).len();
    let mut best = None;
    for (at, c) in window.char_indices().skip_while(|(i, _)| *i <= start) {
        if !is_dash(c) && c != '.' && c != ':' {
            continue;
        }
        let rest = paragraph.get(at + c.len_utf8()..)?;
        let before = window.get(..at)?;
        let spaced =
            before.ends_with(char::is_whitespace) || rest.starts_with(|c: char| c.is_whitespace() || is_dash(c));
        let long = matches!(c, '—' | '–') || is_dash(c) && (rest.starts_with('-') || before.ends_with('-'));
        let separator = if is_dash(c) && spaced {
            Separator::Dash { long }
        } else if c == '.' && rest.starts_with(|c: char| c.is_whitespace() || is_dash(c))
            || c == ':' && rest.starts_with(' ')
        {
            Separator::Stop
        } else {
            continue;
        };
        if rest.trim_start_matches(|c: char| !c.is_alphanumeric()).is_empty() {
            break;
        }
        let head = before
            .get(start..)?
            .trim_end_matches(|c: char| c.is_whitespace() || is_dash(c) || c == '.' || is_control(c));
        match head_of(head, start, separator, context) {
            Head::Is(date) => best = Some(Dateline { span: start..start + head.len(), date }),
            Head::IsNot => {}
            Head::StartsOtherwise => break,
        }
    }
    best
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    Dash {
        long: bool,
    },
    /// A full stop or colon: only after an agency.
    Stop,
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '‐' | '‑' | '–' | '—' | '―' | '−')
}

fn is_control(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// What a head is.
enum Head {
    /// A dateline's, with the day that it names, if it names one.
    Is(Option<Reading>),
    /// None as it stands; a longer one may be.
    IsNot,
    /// It does not start with a place, so no longer one can be.
    StartsOtherwise,
}

fn head_of(head: &str, offset: usize, separator: Separator, context: &Context<'_>) -> Head {
    let parts = parts(head);
    let Some((place, rest)) = parts.split_first() else { return Head::IsNot };
    let place_text = head.get(place.range.clone()).unwrap_or_default();
    if place.bracketed || !is_place(place_text) {
        return Head::StartsOtherwise;
    }
    let capitals = is_capitals(place_text);
    let (mut agency, mut date, mut last_is_agency) = (false, None, false);
    for part in rest {
        let text = head.get(part.range.clone()).unwrap_or_default();
        let known = is_agency(text);
        last_is_agency = known || part.bracketed;
        if known || part.bracketed && (capitals || !has_case(text)) && is_source(text) {
            agency = true;
        } else if date.is_none()
            && let Some(reading) = day(text, context)
        {
            let at = offset + part.range.start;
            date = Some(Reading { span: at + reading.span.start..at + reading.span.end, ..reading });
        } else if !(is_place(text) && !part.bracketed && has_case(text)) {
            return Head::IsNot;
        }
    }
    let evidence = agency || date.is_some();
    let alone =
        rest.is_empty() && capitals && place_text.chars().count() >= 5 && separator == Separator::Dash { long: true };
    let stopped = separator != Separator::Stop || last_is_agency && agency;
    if (evidence || alone) && stopped { Head::Is(date) } else { Head::IsNot }
}

struct Part {
    range: Range<usize>,
    bracketed: bool,
}

/// A head cut at commas, dashes, brackets and slashes.
fn parts(head: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let (mut start, mut bracketed, mut slashed) = (0, false, false);
    let mut cut = |from: usize, to: usize, bracketed: bool| {
        let Some(piece) = head.get(from..to) else { return };
        let trimmed = piece.trim_matches(|c: char| c.is_whitespace() || is_control(c));
        if !trimmed.is_empty() {
            let at = from + piece.len() - piece.trim_start_matches(|c: char| c.is_whitespace() || is_control(c)).len();
            parts.push(Part { range: at..at + trimmed.len(), bracketed });
        }
    };
    let mut previous = ' ';
    for (at, c) in head.char_indices() {
        let next = head.get(at + c.len_utf8()..).and_then(|t| t.chars().next()).unwrap_or(' ');
        let dash = is_dash(c) && (previous.is_whitespace() || next.is_whitespace());
        let digits = previous.is_alphanumeric()
            && next.is_alphanumeric()
            && c == '/'
            && (previous.is_numeric() || next.is_numeric());
        if matches!(c, '(' | ')' | '（' | '）' | ',' | '،' | '/' | '|') && !digits || dash {
            cut(start, at, bracketed);
            start = at + c.len_utf8();
            slashed ^= c == '/';
            bracketed = match c {
                '(' | '（' => true,
                '/' => slashed && previous.is_whitespace() && !next.is_whitespace(),
                _ => false,
            };
        }
        previous = c;
    }
    cut(start, head.len(), bracketed);
    parts
}

fn has_case(text: &str) -> bool {
    text.chars().any(|c| c.is_uppercase() || c.is_lowercase())
}

fn is_capitals(text: &str) -> bool {
    text.chars().filter(|c| c.is_uppercase()).count() >= 2 && !text.chars().any(char::is_lowercase)
}

/// One to four words without digits, each with a capital where the script has them (but for "de", "al-").
fn is_place(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let limit = if has_case(text) { 4 } else { 3 };
    let named = |w: &&str| w.starts_with(|c: char| !c.is_lowercase()) || w.chars().count() <= 3 || w.contains('-');
    let first = words.first().is_some_and(|w| w.starts_with(|c: char| c.is_alphabetic() && !c.is_lowercase()));
    first
        && words.len() <= limit
        && words.iter().all(named)
        && !text.contains(|c: char| c.is_numeric() || matches!(c, '"' | '“' | '«' | ':' | ';' | '!' | '?'))
}

/// What may stand in brackets as a source: up to four words without digits.
fn is_source(text: &str) -> bool {
    text.split_whitespace().count() <= 4 && text.chars().count() <= 40 && !text.contains(|c: char| c.is_numeric())
}

fn is_agency(text: &str) -> bool {
    let folded = fold(text).text;
    let known = |t: &str| {
        LEXICON
            .exact(t.trim_end_matches('.'))
            .is_some_and(|e| LEXICON.senses(e).iter().any(|s| s.meaning == Meaning::Agency))
    };
    known(&folded) || folded.split(['/', '-', ',']).all(|t| known(t.trim()))
}

/// A day, with or without a year.
fn day(text: &str, context: &Context<'_>) -> Option<Reading> {
    if !text.contains(char::is_numeric) || text.len() > 60 {
        return None;
    }
    line::read(text.trim_end_matches('.'), context)?.dates.into_iter().next()
}

/// 新华社北京1月17日电, 【ロンドン共同】, (서울=연합뉴스): what stands before the report, with the reporter in brackets.
fn east_asian(paragraph: &str, context: &Context<'_>) -> Option<Dateline> {
    let trimmed = paragraph.trim_start();
    let start = paragraph.len() - trimmed.len();
    if let Some(open) = trimmed.chars().next().filter(|c| matches!(c, '【' | '(' | '[' | '（' | '〔')) {
        let close = match open {
            '【' => '】',
            '(' => ')',
            '[' => ']',
            '〔' => '〕',
            _ => '）',
        };
        let end = trimmed.char_indices().take(40).find(|(_, c)| *c == close).map(|(i, c)| i + c.len_utf8())?;
        let inside = trimmed.get(open.len_utf8()..end - close.len_utf8())?;
        let sourced = inside.contains(['=', '＝'])
            || ["记者", "記者", "통신", "뉴스", "共同", "時事", "电", "電", "社", "通讯员", "ロイター", "AFP"]
                .iter()
                .any(|w| inside.contains(w));
        let east = inside
            .chars()
            .any(|c| matches!(c, '\u{3040}'..='\u{30FF}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}'));
        return (sourced && east).then(|| Dateline { span: start..start + end, date: None });
    }
    const OPENERS: [&str; 14] = [
        "新华社",
        "新華社",
        "中新社",
        "中新网",
        "中新網",
        "中央社",
        "人民网",
        "本报",
        "本報",
        "央视",
        "共同社",
        "法新社",
        "路透社",
        "中評社",
    ];
    if !OPENERS.iter().any(|o| trimmed.starts_with(o)) {
        return None;
    }
    let mark = trimmed
        .char_indices()
        .take(40)
        .take_while(|(_, c)| !matches!(c, '，' | '。' | '：'))
        .find(|(i, c)| matches!(c, '电' | '電' | '讯' | '訊') && *i > 6);
    let (at, c) = mark?;
    let mut end = at + c.len_utf8();
    let rest = trimmed.get(end..)?;
    let reporter = rest.trim_start();
    if reporter.starts_with(['(', '（'])
        && let Some(close) = reporter.char_indices().take(40).find(|(_, c)| matches!(c, ')' | '）'))
    {
        end += rest.len() - reporter.len() + close.0 + close.1.len_utf8();
    }
    let head = trimmed.get(..at)?;
    let digit = head.find(|c: char| c.is_ascii_digit())?;
    let date = day(head.get(digit..)?, context)
        .map(|r| Reading { span: start + digit + r.span.start..start + digit + r.span.end, ..r });
    Some(Dateline { span: start..start + end, date })
}
