//! Names: which words of a line are names, whatever else they are in some language.
//!
//! The lexicon holds the short words of two hundred languages, and many a given name or town is one of them. What a
//! byline word introduces, and what stands beside an unknown name, is taken for a name before any date is looked for.

use super::fold::Folded;
use super::lexicon::{LEXICON, Meaning, Sense, unspaced};
use super::tokens::{Kind, Token};

/// Words that belong to a name though they are small: Rio de Janeiro, Dar es Salaam, Jan van der Berg.
pub(super) const CONNECTORS: [&str; 34] = [
    "de", "da", "do", "dos", "das", "del", "della", "di", "du", "des", "la", "le", "les", "van", "von", "der", "den",
    "al", "el", "bin", "ibn", "ben", "y", "e", "es", "sur", "ter", "ten", "zu", "ul", "ur", "ap", "st", "abu",
];

/// Bytes of an initial, or of a title that is written like one: A., Dr.
const LONGEST_INITIAL: usize = 2;

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
    let connects = start > 0 && folded.text.get(start..end).is_some_and(|word| CONNECTORS.contains(&word));
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

/// Words that are names here though they are something else elsewhere ("Door Jan de Vries", "Ana Popescu", "Hà Nội"):
/// what a byline word introduces, and what stands beside an unknown name and is no month or weekday of a language that
/// carries news.
pub(super) fn name(source: &str, folded: &Folded, tokens: &mut [Token]) {
    // "Von Jan Mai": all of it is known.
    let opens_with_by = tokens.first().is_some_and(|t| t.means(|m| m == Meaning::By));
    if !opens_with_by && tokens.iter().all(|t| t.kind != Kind::Unknown) {
        return;
    }
    for at in 0..tokens.len() {
        let Some(&token) = tokens.get(at) else { continue };
        let Kind::Word { .. } = token.kind else { continue };
        let kind = |i: usize| tokens.get(i).map(|t| t.kind);
        let is_mark = |i: usize| matches!(kind(i), Some(Kind::Mark(_)));
        let is_number = |i: usize| matches!(kind(i), Some(Kind::Number { .. }));
        let before = at.checked_sub(1);
        let capital_at = |at: usize| {
            let written = folded.source.get(at).and_then(|&s| source.get(s as usize..));
            written.is_some_and(|written| written.starts_with(char::is_uppercase))
        };
        let capital = |i: usize| tokens.get(i).is_some_and(|t| capital_at(t.start));
        let connects = |i: usize| {
            tokens.get(i).is_some_and(|t| folded.text.get(t.start..t.end).is_some_and(|w| CONNECTORS.contains(&w)))
        };
        let unknown = |i: usize| kind(i) == Some(Kind::Unknown);
        // 张三: the second sign of a name that a byline word introduced.
        let sign = tokens.get(at).is_some_and(|t| t.end - t.start == 3 && !t.spaced)
            && tokens.get(at + 1).is_none_or(|t| t.spaced)
            && folded.text.get(token.start..).is_some_and(|t| t.starts_with(unspaced));
        if sign && before.is_some_and(unknown) && tokens.get(..at).is_some_and(is_introduced) {
            if let Some(token) = tokens.get_mut(at) {
                token.kind = Kind::Unknown;
            }
            continue;
        }
        // "A. Ostrovsky", "Dr. Konrad Voge", "By M. Z. Adnan".
        let stopped = kind(at + 1) == Some(Kind::Mark('.')) && !before.is_some_and(is_number);
        let is_initial = token.end - token.start <= LONGEST_INITIAL && capital(at) && stopped;
        let is_second =
            |i: usize| kind(i + 1) == Some(Kind::Mark('.')) && tokens.get(i).is_some_and(|t| t.end - t.start == 1);
        let named = at + if is_second(at + 2) { 4 } else { 2 };
        // "ElVallenc.cat": the end of a domain.
        let is_domain = at > 1
            && !token.spaced
            && !capital(at)
            && tokens.get(at - 1).is_some_and(|t| t.kind == Kind::Mark('.') && !t.spaced)
            && unknown(at - 2);
        if is_domain {
            if let Some(token) = tokens.get_mut(at) {
                token.kind = Kind::Unknown;
            }
            continue;
        }
        // "by B.R."
        let signs = before.is_some_and(|i| kind(i) == Some(Kind::Byline))
            || at > 1 && kind(at - 1) == Some(Kind::Mark('.')) && unknown(at - 2);
        if is_initial && (unknown(named) && capital(named) || signs && token.end - token.start == 1) {
            if let Some(token) = tokens.get_mut(at) {
                token.kind = Kind::Unknown;
            }
            continue;
        }
        if connects(at) && before.is_some_and(unknown) && unknown(at + 1) {
            if let Some(token) = tokens.get_mut(at) {
                token.kind = Kind::Unknown;
            }
            continue;
        }
        let next = at + 1 + usize::from(kind(at + 1) == Some(Kind::Mark(':')));
        let starts = before.is_none_or(|i| {
            is_mark(i)
                || tokens.get(i).is_some_and(|t| t.means(|m| is_label(m) || ends_time(m)))
                || is_number(i) && (kind(next) == Some(Kind::Unknown) || unknown(next + 1) && capital(next))
        });
        // "de Ana Popescu": at the start only, and anything but a byline word elsewhere.
        let de = at == 0 && folded.text.get(token.start..token.end) == Some("de");
        let user = unknown(next)
            && tokens.get(next).is_some_and(|t| is_user(tokens.get(..=at).unwrap_or_default(), &folded.text, t.end));
        if (de || token.means(|m| m == Meaning::By)) && starts && (capital(next) || user) && !is_mark(next) {
            if let Some(token) = tokens.get_mut(at) {
                token.kind = Kind::Byline;
            }
            continue;
        }
        let introduced = before
            .is_some_and(|i| kind(i) == Some(Kind::Byline) || i > 0 && is_mark(i) && kind(i - 1) == Some(Kind::Byline));
        // The short names of agencies are written in capitals: AFP, STA.
        let in_capitals = || (token.start..token.end).all(capital_at);
        let keeps = token.end - token.start > 3
            && token.means(|m| matches!(m, Meaning::Agency | Meaning::Published | Meaning::Updated | Meaning::By))
            || token.end - token.start == 3 && token.means(|m| m == Meaning::Agency) && in_capitals();
        let is_name_of_date = |s: &Sense| matches!(s.meaning, Meaning::Month(..) | Meaning::Weekday(_));
        let dates = token.senses().iter().any(|s| is_name_of_date(s) && s.is_widespread());
        let near = [before, Some(at + 1), Some(at + 2).filter(|_| connects(at + 1))];
        let beside_stranger = near.into_iter().flatten().any(|i| kind(i) == Some(Kind::Unknown));
        let beside_number = is_number(at + 1) || before.is_some_and(is_number);
        let is_part_of_day = |m| matches!(m, Meaning::Am | Meaning::Pm | Meaning::Noon | Meaning::Night);
        let known = token.senses().iter().any(|s| {
            is_name_of_date(s)
                || is_part_of_day(s.meaning) && token.end - token.start > LONGEST_INITIAL
                || matches!(s.meaning, Meaning::Ago(..) | Meaning::Last(_) | Meaning::Era(_) | Meaning::Event)
        });
        // "Baltimore Sun | Dec 23, 2020", "Santo Domingo - abr. 22, 2022": a weekday is no end of a name, unless a mark
        // parts both from a date that has a month of its own.
        let is_end = token.means(|m| matches!(m, Meaning::Weekday(_)))
            && before.is_some_and(unknown)
            && matches!(kind(at + 1), Some(Kind::Mark('|' | '-')));
        // "Jan Kowalski, 17 stycznia": a short month before a name is one itself.
        let given = token.end - token.start <= 5 && unknown(at + 1) && capital(at + 1);
        // "10.11.2022 - The Mountain Goats - WUK": the last piece, behind another name, is no weekday of the date.
        let is_last = at > 1 && at + 1 == tokens.len() && is_mark(at - 1) && unknown(at - 2);
        // "Maud Marshall | January 17", "August Whitfield, January 17": a month that another month makes idle, or that the
        // lexicon has only with an ending (mars, august), at either end of a name. (Elizabeth II is no author.)
        let ends_name =
            before.is_some_and(unknown) && matches!(kind(at + 1), None | Some(Kind::Mark('|' | '-' | ',' | '/' | '·')));
        let starts_name = before.is_none_or(is_mark) && unknown(at + 1) && capital(at + 1);
        // "Anna-Maria Stadler".
        let is_hyphened = kind(at + 1) == Some(Kind::Mark('-'))
            && !tokens.get(at + 1).is_some_and(|t| t.spaced)
            && tokens.get(at + 2).is_some_and(|t| t.kind == Kind::Unknown && !t.spaced)
            && capital(at + 2);
        let is_idle = (ends_name || starts_name)
            && !folded.text.get(token.start..token.end).is_some_and(is_roman)
            && token.means(|m| matches!(m, Meaning::Month(..)))
            && (is_grown(&folded.text, &token) || has_other_month(tokens, at));
        let stands = introduced || given || is_hyphened || is_end || is_last || is_idle || !dates && beside_stranger;
        let is_name = capital(at) && known && !keeps && !beside_number && stands;
        // "By Mark Law,", "By Theresa May,": the rest of a name that a byline word introduced, up to the next mark.
        let rest = before.is_some_and(unknown)
            && !keeps
            && (!is_number(at + 1 + usize::from(kind(at + 1) == Some(Kind::Mark('.'))))
                || token.means(|m| m == Meaning::Event) && capital(at))
            && (capital(at) || token.means(|m| m == Meaning::Event))
            && tokens.get(..at).is_some_and(is_introduced);
        if rest {
            if let Some(token) = tokens.get_mut(at) {
                token.kind = Kind::Unknown;
            }
            continue;
        }
        let is_event = token.means(|m| m == Meaning::Event) && !introduced;
        if is_name
            && !is_event
            && let Some(token) = tokens.get_mut(at)
        {
            token.kind = Kind::Unknown;
        }
    }
}

/// II, VIII
fn is_roman(word: &str) -> bool {
    word.bytes().all(|byte| matches!(byte, b'i' | b'v' | b'x'))
}

/// Is a word longer than the entry it was found by?
fn is_grown(text: &str, token: &Token) -> bool {
    text.get(token.start..token.end).is_some_and(|word| LEXICON.exact(word.bytes()).is_none())
}

/// Does another month stand beside a number, or a whole date in numbers in the line?
fn has_other_month(tokens: &[Token], at: usize) -> bool {
    let is_number = |i: usize| tokens.get(i).is_some_and(|t| matches!(t.kind, Kind::Number { .. }));
    let is_whole = |[day, first, month, second, year]: &[Token; 5]| {
        let numbers = [day, month, year].iter().all(|t| matches!(t.kind, Kind::Number { .. }));
        numbers && first.kind == second.kind && matches!(first.kind, Kind::Mark('/' | '.' | '-'))
    };
    if tokens.array_windows().any(is_whole) {
        return true;
    }
    let is_point = |i: usize| tokens.get(i).is_some_and(|t| t.kind == Kind::Mark('.'));
    tokens.iter().enumerate().any(|(i, token)| {
        let beside = is_number(i + 1) || is_point(i + 1) && is_number(i + 2) || i > 0 && is_number(i - 1);
        i != at && beside && token.means(|m| matches!(m, Meaning::Month(..)))
    })
}

/// Does a byline word stand before the unknown words at the end?
fn is_introduced(tokens: &[Token]) -> bool {
    let before = tokens.iter().rev().find(|t| !matches!(t.kind, Kind::Unknown | Kind::Mark(':')));
    before.is_some_and(|t| t.kind == Kind::Byline || t.means(|m| m == Meaning::By))
}

pub(super) fn is_label(meaning: Meaning) -> bool {
    matches!(meaning, Meaning::Published | Meaning::Updated)
}

/// What a time of day may end in: "6:15 PM by Jane Doe".
fn ends_time(meaning: Meaning) -> bool {
    matches!(meaning, Meaning::HourMark | Meaning::Am | Meaning::Pm | Meaning::Zone(_))
}

/// A piece of a Hangul syllable: Korean puts spaces between its words.
pub(super) fn is_jamo(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11FF}')
}
