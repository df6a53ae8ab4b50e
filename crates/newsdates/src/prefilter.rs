//! The prefilter: lines that cannot be date stamps, known by their bytes, without allocation.
//!
//! Most lines of an article end here, so its questions are few and cheap; the first that is answered names the rule.

use super::rules::RuleId;

/// Longest line that may be a date stamp, in bytes (99 % of real ones have at most 92 characters).
pub(super) const LONGEST: usize = 220;
/// Shortest, in bytes.
const SHORTEST: usize = 2;
/// A line without a digit is a date stamp only where it is very short ("Published yesterday"): bytes, and spaces in it.
const LONGEST_WITHOUT_DIGIT: usize = 72;
const MOST_SPACES_WITHOUT_DIGIT: usize = 4;
/// Two dates with times, zones and labels have up to two dozen words.
const MOST_SPACES: usize = 24;
const MOST_SPACES_BEFORE_STOP: usize = 11;

/// May this line be a date stamp? See [`super::may_be_date_line`].
#[inline]
pub(super) fn check(line: &str) -> Result<(), RuleId> {
    let bytes = line.as_bytes();
    if bytes.len() > LONGEST || bytes.len() < SHORTEST {
        return Err(RuleId::LineLength);
    }
    let spaces = spaces(bytes);
    if spaces > MOST_SPACES {
        return Err(RuleId::TooManyWords);
    }
    // So many words are a sentence, with a full stop behind them.
    if spaces > MOST_SPACES_BEFORE_STOP && ends_in_stop(line) {
        return Err(RuleId::SentenceWithStop);
    }
    if goes_on_after_stop(bytes) {
        return Err(RuleId::SentenceGoesOn);
    }
    let is_tiny = bytes.len() <= LONGEST_WITHOUT_DIGIT && spaces <= MOST_SPACES_WITHOUT_DIGIT;
    if is_tiny || bytes.iter().fold(false, |any, byte| any | byte.is_ascii_digit()) || has_other_digit(bytes) {
        return Ok(());
    }
    Err(RuleId::NoDigit)
}

/// A full stop, and not that of an abbreviation: "UPDATED: April 24, 2020 at 9:26 a.m.", "Temps de lecture 3 min."
fn ends_in_stop(line: &str) -> bool {
    let is_unit = |length: usize| {
        line.len()
            .checked_sub(length + 3)
            .and_then(|at| line.as_bytes().get(at..at + 2))
            .is_some_and(|before| matches!(before, [digit, b' '] if digit.is_ascii_digit()))
    };
    let is_abbreviated = matches!(line.as_bytes(), [.., b'.' | b' ', _, b'.']) || (2..=4).any(is_unit);
    line.ends_with(['.', '।', '۔']) && !is_abbreviated
}

fn spaces(bytes: &[u8]) -> usize {
    // In blocks whose count fits a byte: the compiler then counts in vectors of bytes.
    let count = |block: &[u8]| usize::from(block.iter().fold(0_u8, |count, byte| count + u8::from(*byte == b' ')));
    let (blocks, rest) = bytes.as_chunks::<32>();
    blocks.iter().map(|block| count(block)).sum::<usize>() + count(rest)
}

/// Chinese and Japanese have no spaces to count, but a full stop in the middle tells a sentence as well.
fn goes_on_after_stop(bytes: &[u8]) -> bool {
    const STOP: [u8; 3] = [0xE3, 0x80, 0x82];
    let inner = bytes.get(..bytes.len().saturating_sub(STOP.len())).unwrap_or_default();
    memchr::memchr_iter(STOP[0], inner).any(|at| bytes.get(at..at + STOP.len()) == Some(&STOP))
}

/// Native digits, Kanji and Hebrew numerals: by the first bytes of their code points. Without a branch inside, so that
/// the compiler makes vector code of it.
fn has_other_digit(bytes: &[u8]) -> bool {
    if bytes.iter().fold(0, |most: u8, byte| most.max(*byte)) < 0xD7 {
        return false;
    }
    let (second, third) = (bytes.get(1..).unwrap_or_default(), bytes.get(2..).unwrap_or_default());
    let of_two = bytes.iter().zip(second).fold(false, |any, (a, b)| {
        // Arabic, Persian; geresh and gershayim.
        any | ((*a == 0xD9) & is_in(*b, 0xA0, 0xA9))
            | ((*a == 0xDB) & is_in(*b, 0xB0, 0xB9))
            | ((*a == 0xD7) & is_in(*b, 0xB3, 0xB4))
    });
    of_two
        || bytes.iter().fold(false, |any, byte| any | (*byte >= 0xE0))
            && bytes.iter().zip(second).zip(third).fold(false, |any, ((a, b), c)| any | is_digit_of_three(*a, *b, *c))
}

#[inline(always)]
fn is_digit_of_three(a: u8, b: u8, c: u8) -> bool {
    // Indic, Thai, Lao, Tibetan, Burmese, Khmer and Mongolian digits; full width; 年 and 月.
    let indic = is_in(b, 0xA5, 0xB5) & (b & 1 == 1) & is_in(c, 0xA6, 0xAF);
    let thai = ((b == 0xB9) | (b == 0xBB)) & is_in(c, 0x90, 0x99);
    let tibetan = (b == 0xBC) & is_in(c, 0xA0, 0xA9);
    let burmese = (b == 0x81) & is_in(c, 0x80, 0x89);
    let khmer = (b == 0x9F) & is_in(c, 0xA0, 0xA9);
    let mongolian = (b == 0xA0) & is_in(c, 0x90, 0x99);
    ((a == 0xE0) & (indic | thai | tibetan))
        | ((a == 0xE1) & (burmese | khmer | mongolian))
        | ((a == 0xEF) & (b == 0xBC) & is_in(c, 0x90, 0x99))
        | ((a == 0xE5) & (b == 0xB9) & (c == 0xB4))
        | ((a == 0xE6) & (b == 0x9C) & (c == 0x88))
}

#[inline(always)]
fn is_in(byte: u8, first: u8, last: u8) -> bool {
    byte.wrapping_sub(first) <= last - first
}
