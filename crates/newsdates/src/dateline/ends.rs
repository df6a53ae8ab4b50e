//! What may end a dateline, and what the story behind it starts with.

use super::letters::{is_blank, is_colon, is_dash, is_lowercase, may_start};
use super::places::{Flags, flags};

/// What ends a dateline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// A dash that stands free, or two.
    Dash,
    /// A colon, an equals sign.
    Colon,
    /// A full stop, danda and their like.
    Stop,
    /// Nothing but a space.
    Nothing,
}

/// What ends the head that ends at a byte, and where the story starts. `closed`: its last character is a bracket.
pub(super) fn end(paragraph: &str, at: usize, closed: bool) -> Option<(End, usize)> {
    let rest = paragraph.get(at..)?;
    let mut signs = rest.char_indices().peekable();
    let (mut end, mut blank) = (None, false);
    let mut hyphens = 0;
    while let Some(&(offset, c)) = signs.peek() {
        if is_blank(c) {
            blank = true;
        } else if is_dash(c) {
            hyphens += 1;
            let before = blank || hyphens > 1 || end == Some(End::Stop) || closed || c != '-';
            let free = before && !matches!(end, Some(End::Dash | End::Colon));
            let next = rest.get(offset + c.len_utf8()..).and_then(|rest| rest.chars().next()).unwrap_or(' ');
            if free || is_blank(next) || is_dash(next) {
                end = end.filter(|end| *end == End::Colon).or(Some(End::Dash));
            } else if end.is_none() {
                return None;
            } else {
                break;
            }
        } else if is_colon(c) || c == '=' || c == '＝' {
            if matches!(end, Some(End::Colon)) {
                break;
            }
            end = Some(End::Colon);
        } else if matches!(c, '.' | '।' | '۔' | '。')
            || c == '/' && rest.get(offset + 1..).is_some_and(|rest| rest.starts_with(is_blank))
        {
            if end.is_some() {
                break;
            }
            end = Some(End::Stop);
        } else {
            break;
        }
        signs.next();
    }
    let start = at + signs.peek().map_or(rest.len(), |(offset, _)| *offset);
    match end {
        None if blank || closed => Some((End::Nothing, start)),
        None => None,
        // "Interfax.ru", "10:42".
        Some(End::Stop) if !blank && !closed => None,
        Some(end) => Some((end, start)),
    }
}

/// Does the story look like one: does it start like a sentence?
pub(super) fn starts(story: &str) -> bool {
    story.chars().next().is_some_and(may_start)
}

/// Has it any word?
pub(super) fn has_words(story: &str) -> bool {
    story.contains(|c: char| c.is_ascii_alphabetic() || c.is_alphabetic() || c.is_numeric())
}

/// A paragraph rather than a headline: longer than those, or with a full stop. A place before a colon opens many
/// headlines.
pub(super) fn is_prose(paragraph: &str) -> bool {
    const LONGEST_HEADLINE: usize = 160;
    let end =
        paragraph.trim_end_matches(|c: char| is_blank(c) || matches!(c, '"' | '”' | '»' | ')' | '’' | '“' | '\''));
    end.ends_with(['.', '।', '۔', '։', '።', '။', '។', '!', '?', '؟', '。', '…', ':', '॥'])
        || paragraph.chars().nth(LONGEST_HEADLINE).is_some()
}

/// Is there a second place, a score, or a second dash, so that the first place and dash are no dateline: "Roma – Napoli
/// 2-1", "Tallinn – Tartu maantee", "Amsterdam - once a village - has …"?
pub(super) fn is_other(story: &str, capitals: bool) -> bool {
    const NEAR: usize = 80;
    let near = story.get(..story.floor_char_boundary(NEAR)).unwrap_or_default();
    let word_end = |from: usize| {
        near.get(from..)
            .and_then(|rest| rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '\'' | '’')))
            .map_or(near.len(), |at| from + at)
    };
    let first = near.get(..word_end(0)).unwrap_or_default();
    if capitals {
        let loud = first.chars().nth(2).is_some() && !first.contains(is_lowercase);
        return loud && flags(first).has(Flags::CITY) || has_score(near);
    }
    let second = near.get(..word_end(first.len() + 1)).unwrap_or_default();
    let follows_place = flags(first).has(Flags::CITY) || flags(second).has(Flags::CITY);
    // "Астана – Қазақстанның елордасы": one case of a place, in languages that say "is" with a dash.
    let stem = |letters: usize| {
        let mut ends = first.char_indices().rev();
        let cut = ends.nth(letters - 1).map_or(0, |(at, _)| at);
        first.get(..cut).is_some_and(|stem| stem.chars().nth(3).is_some() && flags(stem).has(Flags::PLACE))
    };
    let cyrillic = first.starts_with(|c| matches!(c, '\u{400}'..='\u{52F}'));
    follows_place
        || cyrillic && (0..=4).any(|letters| if letters == 0 { flags(first).has(Flags::PLACE) } else { stem(letters) })
        || has_score(near)
        || has_dash(near)
}

/// "2-1", "1:0".
fn has_score(near: &str) -> bool {
    let is_digit = |at: Option<usize>| at.and_then(|at| near.as_bytes().get(at)).is_some_and(u8::is_ascii_digit);
    near.char_indices().any(|(at, c)| {
        let end = at + c.len_utf8();
        (is_dash(c) || c == ':')
            && is_digit(at.checked_sub(1))
            && is_digit(Some(end))
            && !(is_digit(at.checked_sub(2)) && is_digit(Some(end + 1)))
    })
}

/// A second dash that stands free, in the first sentence.
fn has_dash(near: &str) -> bool {
    let sentence = near.split(['.', '!', '?', '۔', '।']).next().unwrap_or_default();
    let mut before = 'x';
    sentence.chars().any(|c| {
        let free = is_dash(c) && before == ' ';
        before = c;
        free
    })
}
