//! Names: what tells, by a word's spelling and its place, that it may be a name.
//!
//! Asked of unknown words while a line is cut into tokens; [`super::name_tokens`] then looks at the known ones.

use super::fold::Folded;
use super::lexicon::{LEXICON, List, Meaning, is_in};
use super::token::{Kind, Token};

/// Bytes of an initial, or of a title that is written like one: A., Dr.
pub(super) const LONGEST_INITIAL: usize = 2;

/// Does a word start like a name: with a capital, in scripts that have them? (Georgian letters count as small ones, and
/// have no capitals in names. detikNews has its capital inside.)
pub(super) fn is_small(word: &str) -> bool {
    let mut letters = word.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii());
    word.starts_with(|c: char| c.is_lowercase() && !matches!(c, '\u{10D0}'..='\u{10FF}'))
        && !letters.any(|byte| byte.is_ascii_uppercase())
}

/// Can the word that starts at a byte of the folded text not be part of a name?
pub(super) fn is_no_name(source: &str, folded: &Folded, start: usize, end: usize) -> bool {
    let at = folded.source.get(start).map_or(0, |&source| source as usize);
    let Some((before, word)) = source.split_at_checked(at) else { return false };
    let connects = start > 0 && folded.text.get(start..end).is_some_and(|word| is_in(List::Connector, word));
    is_small(word) && !connects && !before.ends_with(['\'', '’', '-', '.', '/', '@'])
}

/// "Posted on 17/01/2024 by admin", "Submitted by admin on 17/01/2024": the last word of a line, behind a byline word
/// and a label, is whoever posted it; so is the third word, where these two open the line.
pub(super) fn is_user(before: &[Token], text: &str, end: usize) -> bool {
    let by = before.last().is_some_and(|t| t.means(|m| m == Meaning::By));
    let labelled = before.first().is_some_and(|t| t.means(is_label) && t.end - t.start > 3);
    let ends = end == text.trim_end().len() && before.iter().any(|t| matches!(t.kind, Kind::Number { .. }));
    by && labelled && (ends || before.len() == 2)
}

/// "india Updated: Apr 26, 2020": the section of a page, in front of a label.
pub(super) fn is_section(before: &[Token], text: &str, end: usize) -> bool {
    const LONGEST_LABEL: usize = 24;
    // Cheap questions first: most lines end here.
    let rest = text.as_bytes().get(end..).unwrap_or_default();
    let near = rest.get(..LONGEST_LABEL.min(rest.len())).unwrap_or_default();
    if !before.is_empty() || rest.first() != Some(&b' ') || memchr::memchr(b':', near).is_none() {
        return false;
    }
    LEXICON.longest(text, end + 1).is_some_and(|found| {
        let known = LEXICON.senses(found.entry).iter().any(|s| is_label(s.meaning));
        known && found.end > end + 1 + LONGEST_INITIAL * 2 && text.as_bytes().get(found.end) == Some(&b':')
    })
}

/// A label: published, updated.
pub(super) fn is_label(meaning: Meaning) -> bool {
    matches!(meaning, Meaning::Published | Meaning::Updated)
}

/// What a time of day may end in: "6:15 PM by Jane Doe".
pub(super) fn ends_time(meaning: Meaning) -> bool {
    matches!(meaning, Meaning::HourMark | Meaning::Am | Meaning::Pm | Meaning::Zone(_))
}

/// A piece of a Hangul syllable: Korean puts spaces between its words.
pub(super) fn is_jamo(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11FF}')
}
