//! What a dateline is made of behind its place: a region, a day, an agency, and what stands in brackets.

use super::letters::{Case, is_blank, is_caseless, is_colon, is_comma, is_dash, is_lowercase, is_number};
use super::places::{Flags, flags};
use crate::dates::fold::fold;
use crate::dates::lexicon::{LEXICON, Meaning};
use crate::dates::line;
use crate::dates::reading::{Context, Reading};

/// One of them, and where it ends.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) end: usize,
    pub(super) bracketed: bool,
    /// A region or second place.
    pub(super) region: bool,
    /// A region that nobody knows: an agency has to follow.
    pub(super) unknown: bool,
    pub(super) agency: bool,
    /// In brackets, and like the name of a paper.
    pub(super) source: bool,
    pub(super) day: Option<Reading>,
}

impl Item {
    fn new(end: usize) -> Item {
        Item { end, bracketed: false, region: false, unknown: false, agency: false, source: false, day: None }
    }
}

/// What stands before an item, besides white space.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Before {
    pub(super) comma: bool,
    pub(super) dash: bool,
    /// A hyphen without spaces: دمشق-سانا.
    pub(super) hyphen: bool,
    /// A day was read already.
    pub(super) day: bool,
}

/// Most bytes of an item.
const LONGEST: usize = 90;

/// The item that starts at a byte of the window.
pub(super) fn item(window: &str, at: usize, before: Before, context: &Context<'_>) -> Option<Item> {
    let rest = window.get(at..)?;
    let rest = rest.get(..rest.floor_char_boundary(LONGEST))?;
    let first = rest.chars().next()?;
    if let Some(close) = closing(first, rest) {
        return bracketed(rest, at, first.len_utf8(), close, context);
    }
    if !before.day
        && let Some(item) = day_item(rest, at, context)
    {
        return Some(item);
    }
    if is_lowercase(first) {
        return None;
    }
    agency_item(rest, at, before).or_else(|| region_item(rest, at, before))
}

/// Where the bracket that opens a text closes: the byte of the closing one.
fn closing(open: char, rest: &str) -> Option<usize> {
    let close = match open {
        '(' => ')',
        '[' => ']',
        '（' => '）',
        '［' => '］',
        '/' => '/',
        _ => return None,
    };
    let found = rest.char_indices().skip(1).find(|(_, c)| *c == close || open == '（' && *c == ')')?;
    Some(found.0)
}

/// `(Reuters)`, `/Jane Doe, TASS/`, `(VNA 2/9)`, `[India]`.
fn bracketed(rest: &str, at: usize, open: usize, close: usize, context: &Context<'_>) -> Option<Item> {
    const MOST_PIECES: usize = 4;
    let text = rest.get(open..close)?;
    let mut item = Item { bracketed: true, ..Item::new(at + close + rest.get(close..)?.chars().next()?.len_utf8()) };
    let is_end = |c: char| is_comma(c) || matches!(c, '|' | ';');
    let read = |piece: &str, from: usize| {
        let reading = day(piece, context)?;
        Some(Reading { span: at + open + from + reading.span.start..at + open + from + reading.span.end, ..reading })
    };
    if is_agency(text.trim_matches(is_blank)) {
        item.agency = true;
        return Some(item);
    }
    if let Some(reading) = read(text, 0) {
        item.day = Some(reading);
        return Some(item);
    }
    let mut from = 0;
    for (index, piece) in text.split(is_end).enumerate() {
        let start = from;
        from += piece.len() + text.get(from + piece.len()..).and_then(|t| t.chars().next()).map_or(0, char::len_utf8);
        let name = piece.trim_matches(is_blank);
        if name.is_empty() {
            continue;
        }
        if index >= MOST_PIECES {
            return None;
        }
        if signs(name) {
            item.agency = true;
        } else if let Some(reading) = read(piece, start) {
            item.day.get_or_insert(reading);
        } else if let Some((name, day)) = with_day(name, context) {
            item.agency |= name;
            let offset = start + piece.rfind(day.0)?;
            item.day.get_or_insert(Reading {
                span: at + open + offset + day.1.span.start..at + open + offset + day.1.span.end,
                ..day.1
            });
        } else if name.contains(is_number) {
            return None;
        } else if flags(name).has(Flags::PLACE) {
            item.region = true;
        } else if is_source(name) {
            item.source = true;
        } else {
            return None;
        }
    }
    Some(item)
}

/// "TTXVN 2/9": an agency and a day without a mark between them.
fn with_day<'t>(text: &'t str, context: &Context<'_>) -> Option<(bool, (&'t str, Reading))> {
    let at = text.find(' ')?;
    let (name, rest) = text.split_at_checked(at)?;
    let rest = rest.trim_start();
    let reading = rest.starts_with(is_number).then(|| day(rest, context))??;
    is_agency(name).then_some((true, (rest, reading)))
}

/// Is a name an agency's, or does an agency's stand behind a reporter's: Карэспандэнт БЕЛТА?
fn signs(text: &str) -> bool {
    const MOST_WORDS: usize = 6;
    if is_agency(text) {
        return true;
    }
    if text.contains(is_number) || text.split(' ').nth(MOST_WORDS).is_some() {
        return false;
    }
    let last = text.match_indices(' ').any(|(at, _)| {
        text.get(at + 1..).is_some_and(|end| !end.starts_with(is_lowercase) && is_agency(end))
    });
    last || text.split_once(['-', '/', '=', '+']).is_some_and(|(one, other)| is_agency(one.trim()) && is_agency(other.trim()))
}

/// What may stand in brackets as a source: up to four words with a capital, and no kicker.
fn is_source(text: &str) -> bool {
    text.split_whitespace().nth(4).is_none()
        && text.chars().nth(40).is_none()
        && !text.starts_with(is_lowercase)
        && !flags(text).has(Flags::KICKER)
        && text.chars().any(char::is_alphabetic)
        && !text.contains(['.', '!', '?', ':']) | is_initials(text)
}

/// T.A.K
fn is_initials(text: &str) -> bool {
    text.split('.').all(|letter| letter.chars().nth(2).is_none())
}

pub(super) fn is_agency(text: &str) -> bool {
    const LONGEST_NAME: usize = 80;
    let text = text.trim_end_matches('.');
    if text.is_empty() || text.len() > LONGEST_NAME {
        return false;
    }
    // "interfax.ru", "RIA.com".
    let bare = text.rsplit_once('.').filter(|(_, end)| (2..=4).contains(&end.len()) && end.is_ascii()).map(|(name, _)| name);
    let known = |text: &str| {
        flags(text).has(Flags::AGENCY)
            || LEXICON
                .exact(fold(text).text.bytes())
                .is_some_and(|e| LEXICON.senses(e).iter().any(|s| s.meaning == Meaning::Agency))
    };
    known(text) || bare.is_some_and(known)
}

/// A day, with or without a year.
fn day(text: &str, context: &Context<'_>) -> Option<Reading> {
    let start = text.len() - text.trim_start_matches(is_blank).len();
    let trimmed = text.trim_matches(is_blank).trim_end_matches('.');
    if trimmed.len() > 60 || !trimmed.contains(is_number) || trimmed.bytes().filter(|byte| *byte == b' ').count() > 9 {
        return None;
    }
    // What lies too far back to leave out its year is a day all the same.
    let undated = Context { now: None, ..*context };
    let read = |text: &str| {
        let read = line::read(text, context).or_else(|| line::read(text, &undated));
        read.and_then(|line| line.dates.into_iter().next())
    };
    let reading = read(trimmed).or_else(|| spaced_numbers(trimmed).and_then(|text| read(&text)))?;
    Some(Reading { span: start + reading.span.start..start + reading.span.end.min(trimmed.len()), ..reading })
}

/// "25 - 2": the day and the month as Kuwait's agency writes them.
fn spaced_numbers(text: &str) -> Option<String> {
    let (day, month) = text.split_once(" - ")?;
    let is_number = |text: &str| (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    // As long as what it is made of, so that spans fit.
    (is_number(day) && is_number(month)).then(|| format!("{day}./.{month}").replace("./.", "/"))
}

/// A day that starts here, the longest that can be read; each mark may end it.
fn day_item(rest: &str, at: usize, context: &Context<'_>) -> Option<Item> {
    const NEAR: usize = 32;
    const MOST_TRIES: usize = 6;
    let near = rest.get(..rest.floor_char_boundary(NEAR))?;
    let digit = near.find(is_number)?;
    if rest.get(..digit)?.contains(['(', '[', '/', '"', '«', ';', '!', '?', ':']) {
        return None;
    }
    let mut ends = [0; 12];
    let mut count = 0;
    let mut push = |end: usize| {
        if let Some(slot) = ends.get_mut(count) {
            *slot = end;
            count += 1;
        }
    };
    let (mut previous, mut word) = (' ', digit);
    let mut signs = rest.char_indices().peekable();
    while let Some((offset, c)) = signs.next() {
        let next = signs.peek().map_or(' ', |(_, c)| *c);
        if offset > digit {
            if matches!(c, '(' | '（' | '[' | '=' | '|' | '។' | '៖' | ';') || c == '/' && is_blank(previous) {
                push(offset);
                previous = ' ';
                break;
            }
            let number_dash = rest.get(offset + 1..).is_some_and(|rest| rest.trim_start().starts_with(is_number));
            if is_dash(c) && (is_blank(previous) || is_blank(next)) {
                push(offset);
                if !number_dash {
                    break;
                }
            } else if is_colon(c) && !next.is_numeric() || c == '।' {
                push(offset);
                break;
            } else if is_comma(c) || matches!(c, '.' | '۔') && !next.is_numeric() {
                push(offset);
            } else if is_blank(c) {
                // An agency without brackets ends the day: 17 يناير 2024 م واس.
                word = offset + c.len_utf8();
                let end = rest.get(word..)?.find(is_blank).map_or(rest.len(), |end| word + end);
                let name = rest.get(word..end)?;
                if name.starts_with(is_caseless) && name.len() > 3 && is_agency(name) {
                    push(offset);
                    break;
                }
            }
        }
        previous = c;
    }
    // The paragraph may end the day where nothing else does.
    let _ = (previous, word);
    let tried = ends.get(..count)?.iter().rev().take(MOST_TRIES);
    for &end in tried {
        let text = rest.get(..end)?.trim_end_matches(|c: char| is_blank(c) || is_dash(c));
        if let Some(reading) = day(text, context) {
            // Only what is a day from its first word on: "Smith, May 3" is a name and a day.
            let lead = text.get(..reading.span.start)?.trim();
            if !lead.is_empty() && !is_introduction(lead) {
                return None;
            }
            let reading = Reading { span: at + reading.span.start..at + reading.span.end, ..reading };
            return Some(Item { day: Some(reading), ..Item::new(at + text.len()) });
        }
    }
    None
}

/// "le 3 avril", "दि. १ मे", "Monday, May 3": short words, or what the lexicon knows.
fn is_introduction(lead: &str) -> bool {
    lead.split([' ', ',', '،']).filter(|word| !word.is_empty()).all(|word| {
        let word = word.trim_end_matches('.');
        word.chars().nth(3).is_none() || LEXICON.exact(fold(word).text.bytes()).is_some()
    })
}

/// An agency without brackets: up to four words that a mark ends.
fn agency_item(rest: &str, at: usize, before: Before) -> Option<Item> {
    const MOST_WORDS: usize = 4;
    let caseless = rest.starts_with(is_caseless);
    let (mut words, mut best, mut previous) = (0, None, ' ');
    let mut signs = rest.char_indices().peekable();
    while let Some((offset, c)) = signs.next() {
        let next = signs.peek().map_or(' ', |(_, c)| *c);
        let marked = is_comma(c)
            || is_colon(c)
            || matches!(c, '.' | '۔' | '।') && (is_blank(next) || is_dash(next))
            || is_dash(c) && (is_blank(previous) || is_blank(next) || is_dash(next))
            || matches!(c, '(' | '/' | '=' | '|');
        if marked || is_blank(c) {
            if !is_blank(previous) {
                words += 1;
            }
            let open = caseless && (before.day || before.hyphen);
            let name = rest.get(..offset)?.trim_end_matches(is_blank);
            if (marked || open) && is_agency(name) {
                best = Some(name.len());
            }
            if marked || words >= MOST_WORDS {
                break;
            }
        } else if matches!(c, '"' | '«' | '?' | '!' | ';' | ')') {
            break;
        }
        previous = c;
    }
    Some(Item { agency: true, ..Item::new(at + best?) })
}

/// A region, country or second place: up to four words that a mark ends.
fn region_item(rest: &str, at: usize, before: Before) -> Option<Item> {
    const MOST_WORDS: usize = 4;
    let mut end = rest.len();
    let mut previous = ' ';
    let mut signs = rest.char_indices().peekable();
    while let Some((offset, c)) = signs.next() {
        let next = signs.peek().map_or(' ', |(_, c)| *c);
        let ends = is_comma(c)
            || is_colon(c)
            || matches!(c, '(' | '[' | '/' | '|' | '=')
            || matches!(c, '.' | '۔') && (is_dash(next) || is_blank(next) && !is_abbreviated(rest, offset))
            || is_dash(c) && (is_blank(previous) || is_blank(next) || is_dash(next));
        if ends {
            end = offset;
            break;
        }
        if is_number(c) || matches!(c, '"' | '«' | '?' | '!' | ';' | ')') {
            return None;
        }
        previous = c;
    }
    let name = rest.get(..end)?.trim_end_matches(is_blank);
    if name.is_empty() || name.split_whitespace().nth(MOST_WORDS).is_some() {
        return None;
    }
    let known = flags(name);
    if known.has(Flags::KICKER) {
        return None;
    }
    // The point of "Calif." is the region's.
    let region = known.has(Flags::PLACE);
    let end = at + name.len();
    if region {
        return Some(Item { region, ..Item::new(end) });
    }
    let named = Case::of(name) != Case::None && name.split_whitespace().all(|word| !word.starts_with(is_lowercase) || word.len() <= 3);
    (before.comma && !before.dash && !before.day && named).then(|| Item { unknown: true, ..Item::new(end) })
}

/// Is the point at a byte that of a short form, "Calif. (AP)", "St. Paul"?
fn is_abbreviated(text: &str, at: usize) -> bool {
    let start = text.get(..at).and_then(|t| t.rfind([' ', '.'])).map_or(0, |start| start + 1);
    text.get(start..at).is_some_and(|word| word.chars().nth(6).is_none() && word.is_ascii())
}
