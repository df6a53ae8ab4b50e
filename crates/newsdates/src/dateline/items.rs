//! What a dateline is made of behind its place: a region, a day, an agency, and what stands in brackets.

use super::agencies::is_agency;
use super::days;
use super::letters::{Case, is_blank, is_caseless, is_colon, is_comma, is_dash, is_lowercase, is_number};
use super::places::{Flags, flags};
use crate::reading::{Context, Reading};

/// One of them, and where it ends.
#[derive(Debug, Default)]
pub(super) struct Item {
    pub(super) end: usize,
    pub(super) bracketed: bool,
    /// A region or second place.
    pub(super) region: bool,
    /// A region that nobody knows: an agency has to follow.
    pub(super) unknown: bool,
    /// A day that nobody can read: an agency has to follow.
    pub(super) unread: bool,
    pub(super) agency: bool,
    /// In brackets, and like the name of a paper.
    pub(super) source: bool,
    pub(super) day: Option<Reading>,
}

impl Item {
    fn new(end: usize) -> Item {
        Item { end, ..Item::default() }
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
const LONGEST: usize = 120;

/// The item that starts at a byte of the window.
pub(super) fn item(window: &str, at: usize, before: Before, context: &Context<'_>) -> Option<Item> {
    let rest = window.get(at..)?;
    let rest = rest.get(..rest.floor_char_boundary(LONGEST))?;
    let first = rest.chars().next()?;
    if let Some(close) = closing(first, rest) {
        return bracketed(rest, at, first.len_utf8(), close, context);
    }
    if !before.day
        && let Some((length, day)) = days::starting(rest, context)
    {
        let day = day.map(|day| day.shifted(at));
        return Some(Item { unread: day.is_none(), day, ..Item::new(at + length) });
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

/// `(Reuters)`, `/Jane Doe, TASS/`, `(VNA 2/9)`, `[India]`, `(Aug. 13)`.
fn bracketed(rest: &str, at: usize, open: usize, close: usize, context: &Context<'_>) -> Option<Item> {
    let text = rest.get(open..close)?;
    let end = at + close + rest.get(close..)?.chars().next()?.len_utf8();
    let item = pieces(text, at + open, context)
        .or_else(|| Some(Item { day: Some(days::day(text, context)?.shifted(at + open)), ..Item::new(end) }))?;
    Some(Item { end, bracketed: true, ..item })
}

/// The pieces between the commas of what stands in brackets.
fn pieces(text: &str, at: usize, context: &Context<'_>) -> Option<Item> {
    const MOST_PIECES: usize = 4;
    let mut item = Item::new(at);
    if is_agency(text.trim_matches(is_blank)) {
        item.agency = true;
        return Some(item);
    }
    let mut from = 0;
    for (index, piece) in text.split(|c: char| is_comma(c) || matches!(c, '|' | ';')).enumerate() {
        let start = from;
        from += piece.len() + text.get(from + piece.len()..)?.chars().next().map_or(0, char::len_utf8);
        let name = piece.trim_matches(is_blank);
        if index >= MOST_PIECES {
            return None;
        }
        if name.is_empty() {
            // A comma at the end.
        } else if signs(name) {
            item.agency = true;
        } else if let Some(day) = days::day(piece, context) {
            item.day.get_or_insert(day.shifted(at + start));
        } else if let Some((day, offset)) = with_day(piece, context) {
            item.agency = true;
            item.day.get_or_insert(day.shifted(at + start + offset));
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

/// "TTXVN 2/9": an agency and a day without a mark between them, and where the day starts.
fn with_day(piece: &str, context: &Context<'_>) -> Option<(Reading, usize)> {
    let digit = piece.find(is_number)?;
    let (name, day) = piece.split_at_checked(digit)?;
    let day = is_agency(name.trim_matches(is_blank)).then(|| days::day(day, context))??;
    Some((day, digit))
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
    let last = text
        .match_indices(' ')
        .any(|(at, _)| text.get(at + 1..).is_some_and(|end| !end.starts_with(is_lowercase) && is_agency(end)));
    // "dpa/lby": who else had a hand in it.
    let shared =
        text.split_once(['/', '+']).is_some_and(|(one, other)| is_agency(one.trim()) || is_agency(other.trim()));
    let joined =
        || text.split_once(['-', '=']).is_some_and(|(one, other)| is_agency(one.trim()) && is_agency(other.trim()));
    // "Корр. ТАСС Иван Петров", "dpa-AFX Broker".
    let inner = || {
        let loud = |word: &str| word.chars().nth(2).is_some() && word.starts_with(|c: char| !is_lowercase(c));
        let first = text.split_once(' ').is_some_and(|(first, _)| is_agency(first));
        first || text.split(' ').any(|word| loud(word) && Case::of(word) == Case::Capitals && is_agency(word))
    };
    last || shared || joined() || inner()
}

/// What may stand in brackets as a source: up to four words with a capital, and no kicker.
fn is_source(text: &str) -> bool {
    text.split_whitespace().nth(4).is_none()
        && text.chars().nth(40).is_none()
        && !text.starts_with(is_lowercase)
        && (is_acronym(text) || !flags(text).has(Flags::KICKER))
        && text.chars().any(char::is_alphabetic)
        && !text.contains(['.', '!', '?', ':']) | is_initials(text)
}

/// WHO
fn is_acronym(text: &str) -> bool {
    (2..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// T.A.K
fn is_initials(text: &str) -> bool {
    text.split('.').all(|letter| letter.chars().nth(2).is_none())
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
    let (mut end, mut previous, mut blanks) = (rest.len(), ' ', 0);
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
        blanks += usize::from(c == ' ' && previous != ' ');
        if blanks > MOST_WORDS || is_number(c) || matches!(c, '"' | '«' | '?' | '!' | ';' | ')') {
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
    let named = Case::of(name) != Case::None
        && name.split_whitespace().all(|word| !word.starts_with(is_lowercase) || word.len() <= 3);
    (before.comma && !before.dash && !before.day && named).then(|| Item { unknown: true, ..Item::new(end) })
}

/// Is the point at a byte that of a short form, "Calif. (AP)", "St. Paul"?
fn is_abbreviated(text: &str, at: usize) -> bool {
    let start = text.get(..at).and_then(|t| t.rfind([' ', '.'])).map_or(0, |start| start + 1);
    text.get(start..at).is_some_and(|word| word.chars().nth(6).is_none() && word.is_ascii())
}
