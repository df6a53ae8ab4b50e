//! The journalist's dateline that opens a story: place, day, agency, and what ends them.
//!
//! A small grammar, read from left to right: places, then regions, a day, agencies, what stands in brackets, each behind
//! a comma, a point or a dash ([`items`]), and an end: a dash, a colon, a full stop or nothing ([`ends`]). Every item
//! makes the head longer; the longest head that has evidence for what ends it is the dateline. Evidence is a known
//! agency, a source in brackets behind a known place, a day, or a place alone that the gazetteer ([`places`]) knows,
//! before a dash or colon and a sentence. Most paragraphs show by their second word that they start with no place: that
//! costs no allocation.

mod agencies;
#[cfg(test)]
mod compile;
mod days;
mod east_asian;
mod ends;
mod head;
mod items;
mod letters;
mod places;

use super::reading::{Context, Dateline};
use head::Head;
use items::Before;
use letters::{
    is_alphabetic, is_blank, is_caseless, is_colon, is_comma, is_dash, is_letter_of_many, is_lowercase, is_number,
};
use places::Flags;

/// Longest dateline, in bytes.
const LONGEST: usize = 200;
/// Most items behind the place.
const MOST_ITEMS: usize = 8;

/// See [`super::read_dateline`].
pub(super) fn read(paragraph: &str, context: &Context<'_>) -> Option<Dateline> {
    let start = paragraph.len() - paragraph.trim_start_matches(is_blank).len();
    let text = paragraph.get(start..)?;
    let first = text.chars().next()?;
    if first.is_ascii_alphabetic() {
        return of_place(paragraph, start, context);
    }
    if matches!(first, '(' | '[' | '\u{3000}'..) {
        let found = east_asian::read(text, start, context);
        if found.is_some() || !first.is_alphabetic() && !matches!(first, '(' | '[') {
            return found;
        }
    }
    match first {
        '(' | '[' => behind_agency(paragraph, start, context),
        _ if first.is_numeric() => behind_day(paragraph, start, context),
        _ => of_place(paragraph, start, context).or_else(|| east_asian::uyghur(text, start, context)),
    }
}

/// `BAGHDAD, Jan. 17 (Reuters)`.
fn of_place(paragraph: &str, start: usize, context: &Context<'_>) -> Option<Dateline> {
    let window = window(paragraph, start)?;
    let place_end = start + place_length(window.get(start..)?)?;
    if !may_go_on(window.get(place_end..)?) {
        return None;
    }
    let head = Head::of(window.get(start..place_end)?)?;
    longest(paragraph, window, start, place_end, head, context)
}

/// `(ANSA) - ROMA, 17 GEN`.
fn behind_agency(paragraph: &str, start: usize, context: &Context<'_>) -> Option<Dateline> {
    let window = window(paragraph, start)?;
    let text = window.get(start + 1..)?;
    let close = text.find([')', ']'])?;
    const LONGEST_NAME: usize = 40;
    if close > LONGEST_NAME || !agencies::is_agency(text.get(..close)?) {
        return None;
    }
    let rest = text.get(close + 1..)?;
    let skipped = rest.len() - rest.trim_start_matches(|c: char| is_blank(c) || is_dash(c)).len();
    let from = start + 1 + close + 1 + skipped;
    let place_end = from + place_length(window.get(from..)?)?;
    let head = Head { led: true, agency: true, ..Head::of(window.get(from..place_end)?)? };
    longest(paragraph, window, start, place_end, head, context)
}

/// `3 ліпеня, Мінск /БЕЛТА/`.
fn behind_day(paragraph: &str, start: usize, context: &Context<'_>) -> Option<Dateline> {
    const LONGEST_DAY: usize = 40;
    let window = window(paragraph, start)?;
    let near = window.get(start..(start + LONGEST_DAY).min(window.len())).or_else(|| window.get(start..))?;
    let comma = near.find(is_comma)?;
    let text = near.get(..comma)?;
    if text.bytes().filter(|byte| *byte == b' ').count() > 3 || !text.contains(|c: char| c.is_alphabetic()) {
        return None;
    }
    let rest = window.get(start + comma..)?;
    let from = start + comma + rest.len() - rest.trim_start_matches(|c: char| is_comma(c) || is_blank(c)).len();
    let place_end = from + place_length(window.get(from..)?)?;
    let head = Head::of(window.get(from..place_end)?).filter(|head| head.place.has(Flags::PLACE))?;
    let item = items::item(window, start, Before::default(), context)?;
    let head = Head { unknown: true, day: Some(item.day?), ..head };
    longest(paragraph, window, start, place_end, head, context)
}

fn window(paragraph: &str, start: usize) -> Option<&str> {
    paragraph.get(..paragraph.floor_char_boundary(start + LONGEST))
}

/// Takes item after item, and keeps the longest head that is a whole dateline.
fn longest(
    paragraph: &str,
    window: &str,
    start: usize,
    place_end: usize,
    mut head: Head,
    context: &Context<'_>,
) -> Option<Dateline> {
    let place = window.get(..place_end)?;
    let mut at = place.trim_end_matches(is_blank).len();
    let mut best = None;
    // What may be a dateline though it is a place alone: looked at in the end, since most have more behind it.
    let mut alone: [Option<(usize, &str, bool)>; 2] = [None; 2];
    for _ in 0..=MOST_ITEMS {
        if let Some((end, story)) = ends::end(paragraph, at, head.last.bracketed)
            && let Some(story) = paragraph.get(story..)
        {
            if head.is_bare() {
                if head.may_be_alone(end, story) {
                    alone = [Some((at, story, head.region)), alone[0]];
                }
            } else if head.is_whole(window, paragraph, end, story) && ends::has_words(story) {
                let text = window.get(start..at)?.trim_end_matches('.');
                best = Some(Dateline { span: start..start + text.len(), date: head.day.clone() });
            }
        }
        let Some((next, before)) = separator(window, at, &head) else { break };
        let Some(item) = items::item(window, next, before, context) else { break };
        at = item.end;
        if !head.take(item, before) {
            break;
        }
    }
    best.or_else(|| {
        let mut alone = alone.into_iter().flatten();
        let (at, ..) = alone.find(|(_, story, region)| head.is_alone(*region, paragraph, story))?;
        Some(Dateline { span: start..at, date: None })
    })
}

/// What stands between two items, and where the next one starts.
fn separator(window: &str, at: usize, head: &Head) -> Option<(usize, Before)> {
    const MOST: usize = 6;
    let mut before = Before { day: head.day.is_some(), ..Before::default() };
    let rest = window.get(at..)?;
    let mut blank = false;
    let mut count = 0;
    for (offset, c) in rest.char_indices() {
        count += usize::from(!is_blank(c));
        if is_blank(c) {
            blank = true;
        } else if is_comma(c) || matches!(c, '.' | '۔' | '।' | '|') || c == '/' && !blank && is_spaced(rest, offset)
        {
            // What an agency signed goes on behind a comma at most: "LONDON, Reuters, May 3".
            if head.agency && !head.led && !is_comma(c) {
                return None;
            }
            before.comma = true;
        } else if is_dash(c) {
            if head.agency && !head.led {
                return None;
            }
            before.dash = true;
            before.hyphen = !blank && !rest.get(offset + c.len_utf8()..)?.starts_with(is_blank);
        } else if count > MOST {
            return None;
        } else {
            return Some((at + offset, before));
        }
    }
    None
}

/// Does white space follow the byte?
fn is_spaced(text: &str, at: usize) -> bool {
    text.get(at + 1..).is_some_and(|rest| rest.starts_with(is_blank))
}

/// May what stands behind a place make it a dateline's? After a comma there has to be a number, a bracket or a dash.
fn may_go_on(rest: &str) -> bool {
    const NEAR: usize = 90;
    let first = rest.trim_start_matches(is_blank).chars().next().unwrap_or(' ');
    if !is_comma(first) {
        return true;
    }
    let near = rest.get(..rest.floor_char_boundary(NEAR)).unwrap_or_default();
    near.bytes().any(|byte| matches!(byte, b'(' | b'[' | b'/' | b':' | b'-' | b'0'..=b'9'))
        || near.chars().any(|c| is_dash(c) || is_number(c) || is_colon(c) || c == '।')
}

/// Bytes of the place that may open a story: the first part, if it can be one. Most paragraphs end here, at a word
/// that is no name's or at the fifth word.
fn place_length(text: &str) -> Option<usize> {
    const MOST_WORDS: usize = 4;
    let (mut words, mut letters, mut is_name, mut previous) = (0, 0, false, ' ');
    let mut hyphen = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if is_letter_of_many(c) {
            // Told without tables.
        } else if c == '.' {
            // "ST. LOUIS" and "D.C." go on, "MOSCOW." ends.
            const LONGEST_SHORT: usize = 3;
            let next = chars.peek().map_or(' ', |(_, c)| *c);
            if letters == 0 {
                return None;
            }
            if is_dash(next) || letters > LONGEST_SHORT && is_blank(next) {
                return is_name.then_some(at);
            }
            previous = c;
            continue;
        } else if is_mark(c, previous, chars.peek().map_or(' ', |(_, c)| *c)) {
            return (words > 0 && (letters == 0 || is_name || letters <= 3)).then_some(at);
        } else if c.is_whitespace() {
            if letters > 3 && !is_name {
                return None;
            }
            letters = 0;
            previous = c;
            continue;
        } else if c == '/' {
            // BRUSSELS/LONDON
            letters = 0;
            previous = c;
            continue;
        } else if is_number(c) {
            // "Praha 17. listopadu": the day may follow without a mark.
            return (letters == 0 && words > 0 && previous != '/').then_some(at);
        } else if matches!(c, '"' | '“' | '«' | ';' | '!' | '?') {
            return hyphen;
        } else if c == '-' && is_caseless(previous) && hyphen.is_none() {
            hyphen = Some(at);
        }
        if letters == 0 {
            words += 1;
            is_name = !is_lowercase(c);
            if words > MOST_WORDS || words == 1 && !(is_name && is_alphabetic(c)) {
                return hyphen;
            }
        }
        is_name |= c == '-';
        letters += 1;
        previous = c;
    }
    hyphen
}

/// Does a place end here: at commas, brackets, colons, slashes and dashes that stand free?
fn is_mark(c: char, previous: char, next: char) -> bool {
    match c {
        '(' | ')' | '（' | '[' | '|' | '=' | '۔' => true,
        '/' => !(previous.is_alphanumeric() && next.is_alphanumeric()),
        _ => is_comma(c) || is_colon(c) || is_dash(c) && (previous.is_whitespace() || next.is_whitespace()),
    }
}
