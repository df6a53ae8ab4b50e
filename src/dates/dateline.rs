//! The journalist's dateline that opens a story: place, day, agency, and a dash.
//!
//! Every separator near the start is tried, and the longest head that is made of a place and of evidence (a known
//! agency, a source in brackets, a day) wins; most paragraphs show by their second word that they start with no place.
//! A place alone is evidence only in capitals before a long dash, so that "Iran - the country that …" stays a sentence.

use super::fold::fold;
use super::lexicon::{LEXICON, Meaning};
use super::line;
use super::reading::{Context, Dateline, Reading};

/// Longest dateline, in bytes.
const LONGEST: usize = 160;

/// See [`super::read_dateline`].
pub(super) fn read(paragraph: &str, context: &Context<'_>) -> Option<Dateline> {
    let start = paragraph.len() - paragraph.trim_start_matches(is_blank).len();
    let first = paragraph.get(start..)?.chars().next()?;
    if matches!(first, '(' | '[' | '\u{3000}'..) {
        let found = east_asian(paragraph.get(start..)?, start, context);
        if found.is_some() || !first.is_alphabetic() {
            return found;
        }
    }
    let window = paragraph.get(..paragraph.floor_char_boundary(LONGEST))?;
    let place_end = start + place_length(window.get(start..)?)?;
    let place = window.get(start..place_end)?.trim_end_matches(is_blank);
    if !is_place(place) {
        return None;
    }
    let mut head = Head { context, capitals: is_capitals(place), agency: false, ends_in_agency: false, date: None };
    let is_alone = head.capitals && place.chars().count() >= 5;
    let mut best = None;
    let mut part = Part { start, bracketed: false };
    let mut is_first = true;
    let mut is_slashed = false;
    let mut from = place_end;
    while let Some(at) = next_mark(window.as_bytes(), from) {
        // After a whole dateline only a day or an agency makes a longer one.
        if at - part.start > if best.is_some() { LONGEST_PART / 2 } else { LONGEST_PART } {
            break;
        }
        let (before, after) = window.split_at_checked(at)?;
        let c = after.chars().next()?;
        from = at + c.len_utf8();
        let rest = paragraph.get(from..)?;
        let previous = before.chars().next_back().unwrap_or(' ');
        let next = rest.chars().next().unwrap_or(' ');
        // The head with its last part, where that was looked at already.
        let mut longer = None;
        if let Some(separator) = Separator::of(c, previous, next) {
            let text = window.get(start..at)?.trim_end_matches(|c: char| is_blank(c) || is_dash(c) || c == '.');
            let is_one = if is_first {
                is_alone && separator == Separator::Dash { long: true }
            } else {
                let last = window.get(part.start..start + text.len()).unwrap_or_default();
                let whole = longer.insert((last.len(), head.with(last, part)));
                whole.1.as_ref().is_some_and(|whole| whole.may_end_at(separator))
            };
            if is_one && rest.contains(|c| is_alphabetic(c) || c.is_numeric()) {
                let date = longer.as_ref().and_then(|(_, whole)| whole.as_ref()?.date.clone());
                best = Some(Dateline { span: start..start + text.len(), date });
            }
        }
        if is_cut(c, previous, next) {
            if !is_first {
                let last = window.get(part.start..at)?.trim_end_matches(is_blank);
                // What is no part of this head is none of a longer one.
                let whole = match longer.filter(|(length, _)| *length == last.len()) {
                    Some((_, whole)) => whole,
                    None => head.with(last, part),
                };
                let Some(whole) = whole else { break };
                head = whole;
            }
            is_slashed ^= c == '/';
            let bracketed =
                matches!(c, '(' | '（') || c == '/' && is_slashed && previous.is_whitespace() && !next.is_whitespace();
            part = Part { start: from, bracketed };
            is_first = false;
        }
    }
    best
}

/// What may end a dateline.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    Dash {
        long: bool,
    },
    /// A full stop or colon: only after an agency.
    Stop,
}

impl Separator {
    fn of(c: char, previous: char, next: char) -> Option<Separator> {
        if is_dash(c) {
            let spaced = previous.is_whitespace() || next.is_whitespace() || is_dash(next);
            let long = matches!(c, '—' | '–') || next == '-' || previous == '-';
            return spaced.then_some(Separator::Dash { long });
        }
        let stop = c == '.' && (next.is_whitespace() || is_dash(next)) || c == ':' && next == ' ';
        stop.then_some(Separator::Stop)
    }
}

/// The next place, from `from` on, where a character may separate or cut. (The others are looked over byte by byte.)
fn next_mark(window: &[u8], from: usize) -> Option<usize> {
    const MARKS: [bool; 256] = {
        let mut marks = [false; 256];
        let bytes = [b'-', b'.', b':', b'(', b')', b',', b'/', b'|', 0xD8, 0xE2, 0xEF];
        let mut index = 0;
        while index < bytes.len() {
            marks[bytes[index] as usize] = true;
            index += 1;
        }
        marks
    };
    let mut at = from;
    loop {
        at += window.get(at..)?.iter().position(|&byte| MARKS[usize::from(byte)])?;
        match (window[at], window.get(at + 1)) {
            // Most Arabic letters begin like the Arabic comma.
            (0xD8, Some(second)) if *second != 0x8C => at += 2,
            _ => return Some(at),
        }
    }
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '‐' | '‑' | '–' | '—' | '―' | '−')
}

/// White space, and what is not seen at all.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// Does a head end in one part and start the next here: at commas, brackets, slashes and dashes that stand free?
fn is_cut(c: char, previous: char, next: char) -> bool {
    match c {
        '(' | ')' | '（' | '）' | ',' | '،' | '|' => true,
        '/' => {
            let inside = previous.is_alphanumeric() && next.is_alphanumeric();
            !(inside && (previous.is_numeric() || next.is_numeric()))
        }
        _ => is_dash(c) && (previous.is_whitespace() || next.is_whitespace()),
    }
}

/// One part of a head: where it starts, and whether it stands in brackets.
#[derive(Clone, Copy)]
struct Part {
    start: usize,
    bracketed: bool,
}

/// Longest part, in bytes.
const LONGEST_PART: usize = 80;

/// An agency's name or a day has no more spaces.
const MOST_SPACES: usize = 7;

/// What is known of a head that has a place: all its parts so far are a place's, an agency's or a day.
struct Head<'c> {
    context: &'c Context<'c>,
    capitals: bool,
    agency: bool,
    ends_in_agency: bool,
    date: Option<Reading>,
}

impl Head<'_> {
    /// Takes the next part; `false` where it is none of a dateline.
    fn take(&mut self, text: &str, part: Part) -> bool {
        let trimmed = text.trim_matches(is_blank);
        if trimmed.is_empty() {
            return true;
        }
        if trimmed.bytes().filter(|byte| *byte == b' ').count() > MOST_SPACES {
            return false;
        }
        let named = part.bracketed && (self.capitals || !has_case(trimmed)) && is_source(trimmed);
        self.ends_in_agency = named || is_agency(trimmed);
        if self.ends_in_agency {
            self.agency = true;
            return true;
        }
        self.ends_in_agency = part.bracketed;
        if self.date.is_none()
            && let Some(reading) = day(trimmed, self.context)
        {
            let at = part.start + text.len() - text.trim_start_matches(is_blank).len();
            self.date = Some(Reading { span: at + reading.span.start..at + reading.span.end, ..reading });
            return true;
        }
        !part.bracketed && has_case(trimmed) && is_place(trimmed)
    }

    /// The head with one more part; `None` where that is no part of a dateline.
    fn with(&self, text: &str, part: Part) -> Option<Self> {
        let mut longer = Head { date: self.date.clone(), ..*self };
        longer.take(text, part).then_some(longer)
    }

    /// Is it a whole dateline, with this behind it?
    fn may_end_at(&self, separator: Separator) -> bool {
        (self.agency || self.date.is_some()) && (separator != Separator::Stop || self.agency && self.ends_in_agency)
    }
}

/// Bytes of the place that may open a story: the first part, if it can be one. Most paragraphs end here, at a word
/// that is no name's or at the fifth word.
fn place_length(text: &str) -> Option<usize> {
    const MOST_WORDS: usize = 4;
    let (mut words, mut letters, mut is_name, mut previous) = (0, 0, false, ' ');
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if is_letter_of_many(c) {
            // Told without tables.
        } else if is_cut(c, previous, chars.peek().map_or(' ', |(_, c)| *c)) {
            return (letters == 0 || is_name || letters <= 3).then_some(at);
        } else if c.is_whitespace() {
            if letters > 3 && !is_name {
                return None;
            }
            letters = 0;
            previous = c;
            continue;
        } else if is_no_name(c) {
            return None;
        }
        if letters == 0 {
            words += 1;
            is_name = !is_lowercase(c);
            if words > MOST_WORDS || words == 1 && !(is_name && is_alphabetic(c)) {
                return None;
            }
        }
        is_name |= c == '-';
        letters += 1;
        previous = c;
    }
    None
}

/// A letter of the alphabets of most news (some signs between them do not matter here).
fn is_letter_of_many(c: char) -> bool {
    c.is_ascii_alphabetic()
        || matches!(c, '\u{C0}'..='\u{24F}' | '\u{386}'..='\u{52F}' | '\u{5D0}'..='\u{5EA}' | '\u{620}'..='\u{64A}')
}

/// Never part of a name.
fn is_no_name(c: char) -> bool {
    matches!(c, '"' | '“' | '«' | ':' | ';' | '!' | '?') || is_number(c)
}

/// As `char::is_numeric`, but most letters are told without its tables: there is no number from ¿ to the Arabic digits,
/// nor among the Arabic letters.
fn is_number(c: char) -> bool {
    !matches!(c, '\u{BF}'..='\u{65F}' | '\u{66A}'..='\u{6EF}') && c.is_numeric()
}

/// Is the character of a script without upper and lower case (from Hebrew to Burmese, East Asian)? Told without tables.
fn is_caseless(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{109F}' | '\u{2E80}'..='\u{A63F}')
}

fn has_case(text: &str) -> bool {
    text.chars().any(|c| !is_caseless(c) && (c.is_uppercase() || c.is_lowercase()))
}

fn is_capitals(text: &str) -> bool {
    let (mut capitals, mut others) = (0, 0);
    for c in text.chars().filter(|c| !is_caseless(*c)) {
        capitals += usize::from(c.is_uppercase());
        others += usize::from(c.is_lowercase());
    }
    capitals >= 2 && others == 0
}

fn is_lowercase(c: char) -> bool {
    !is_caseless(c) && c.is_lowercase()
}

/// As `char::is_alphabetic`, with the letters of most news told without its tables.
fn is_alphabetic(c: char) -> bool {
    c.is_ascii_alphabetic()
        || matches!(c, '\u{410}'..='\u{44F}' | '\u{620}'..='\u{63F}' | '\u{641}'..='\u{64A}')
        || c.is_alphabetic()
}

/// One to four words without digits, each with a capital where the script has them (but for "de", "al-").
fn is_place(text: &str) -> bool {
    let limit = if has_case(text) { 4 } else { 3 };
    let is_name = |w: &str| w.starts_with(|c: char| !is_lowercase(c)) || w.chars().nth(3).is_none() || w.contains('-');
    text.starts_with(|c: char| is_alphabetic(c) && !is_lowercase(c))
        && text.split_whitespace().nth(limit).is_none()
        && text.split_whitespace().all(is_name)
        && !text.contains(is_no_name)
}

/// What may stand in brackets as a source: up to four words without digits.
fn is_source(text: &str) -> bool {
    text.split_whitespace().nth(4).is_none() && text.chars().nth(40).is_none() && !text.contains(is_number)
}

fn is_agency(text: &str) -> bool {
    const LONGEST_NAME: usize = 64;
    if text.len() > LONGEST_NAME {
        return false;
    }
    if text.is_ascii() {
        return is_agency_folded(text);
    }
    is_agency_folded(&fold(text).text)
}

fn is_agency_folded(text: &str) -> bool {
    let known = |t: &str| {
        LEXICON
            .exact(t.trim_end_matches('.').bytes().map(|byte| byte.to_ascii_lowercase()))
            .is_some_and(|e| LEXICON.senses(e).iter().any(|s| s.meaning == Meaning::Agency))
    };
    known(text) || text.contains(['/', '-', ',']) && text.split(['/', '-', ',']).all(|t| known(t.trim()))
}

/// A day, with or without a year.
fn day(text: &str, context: &Context<'_>) -> Option<Reading> {
    if text.len() > 60 || !text.contains(is_number) {
        return None;
    }
    line::read(text.trim_end_matches('.'), context)?.dates.into_iter().next()
}

/// 新华社北京1月17日电, 【ロンドン共同】, (서울=연합뉴스): what stands before the report, with the reporter in brackets.
fn east_asian(trimmed: &str, start: usize, context: &Context<'_>) -> Option<Dateline> {
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
