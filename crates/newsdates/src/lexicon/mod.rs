//! The lexicon: one table of words for all languages, from text (folded) to all that it may mean.
//!
//! It has two sources: `cldr.txt`, generated from Unicode CLDR by `scripts/generate-words`, and `words/*.txt`, written by
//! hand: what newspapers say and CLDR does not. [`Meaning`] says what their codes and classes stand for. What is read at the first use is `table.bin`, which [`compile`] makes of them: folding and sorting eighteen
//! thousand words would take longer than cleaning a hundred articles. A word may have several meanings; the rest of the
//! line, then the language, settles which one counts, so that no language is needed to look a word up.

#[cfg(test)]
mod compile;
#[cfg(test)]
mod lint;
mod lists;
mod meaning;
mod numbers;
mod table;
mod trie;
#[cfg(test)]
pub(crate) mod words;

pub(crate) use lists::{List, ends_with, has_char, is_in, number_of, occurs_in, prefix};
pub(super) use meaning::{Meaning, Unit};

use hashbrown::HashMap;
use std::sync::LazyLock;
use trie::{Cursor, Trie};

/// Stands for a number within a text: "\u{1} hours ago".
pub(super) const NUMBER: u8 = 1;

/// The table, decoded at the first use (well under a millisecond).
pub(super) static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| table::decode(include_bytes!("table.bin")));

static ORDERS: LazyLock<HashMap<&'static str, &'static str>> =
    LazyLock::new(|| include_str!("orders.txt").lines().filter_map(|line| line.split_once('\t')).collect());

/// CLDR's order of a numeric date in a language: `DMY`, `MDY`, `YMD`.
pub(super) fn language_order(language: &str) -> &'static str {
    let language = language.replace('_', "-");
    let mut tag = language.as_str();
    loop {
        if let Some(order) = ORDERS.get(tag) {
            return order;
        }
        match tag.rfind('-') {
            Some(at) => tag = tag.get(..at).unwrap_or_default(),
            None => return "DMY",
        }
    }
}

/// A meaning, and the languages in which it holds (`|` between them; empty for all).
#[derive(Debug, Clone, Copy)]
pub(super) struct Sense {
    pub(super) meaning: Meaning,
    pub(super) languages: &'static str,
    widespread: bool,
}

/// What a word means that introduces a name here, whatever else it means elsewhere.
pub(super) static BYLINE: [Sense; 1] = [Sense { meaning: Meaning::By, languages: "", widespread: true }];

impl Sense {
    /// Does it hold in a language that carries much news? Where the language is not known, the names of small ones
    /// (mar, may, jan mean many things in the world) give way to these.
    pub(super) fn is_widespread(&self) -> bool {
        self.widespread
    }

    /// Does it hold in this language (the primary subtag)?
    pub(super) fn holds_in(&self, language: &str) -> bool {
        self.languages.is_empty() || self.languages.split('|').any(|l| l == language)
    }
}

/// A word of the lexicon found in a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// One past its end.
    pub(super) end: usize,
    /// Which entry it is.
    pub(super) entry: u32,
    /// The number within, of a pattern that has one.
    pub(super) number: Option<u32>,
}

/// The table: a trie over the folded words, and the senses of each.
#[derive(Debug)]
pub(super) struct Lexicon {
    trie: Trie,
    /// Where the senses of an entry start; those of the next start where they end.
    starts: Vec<u32>,
    senses: Vec<Sense>,
}

impl Lexicon {
    /// The senses of an entry.
    pub(super) fn senses(&self, entry: u32) -> &[Sense] {
        let start = |entry: usize| self.starts.get(entry).map(|&start| start as usize);
        let entry = entry as usize;
        start(entry).zip(start(entry + 1)).and_then(|(from, to)| self.senses.get(from..to)).unwrap_or_default()
    }

    /// An entry by its whole text.
    pub(super) fn exact(&self, mut text: impl Iterator<Item = u8>) -> Option<u32> {
        let cursor = text.try_fold(Cursor::ROOT, |cursor, byte| self.trie.step(cursor, byte))?;
        self.trie.entry(cursor)
    }

    /// The longest entry at a place of a folded text that ends where a word may end.
    pub(super) fn longest(&self, text: &str, start: usize) -> Option<Found> {
        self.walk(text, start, Cursor::ROOT, start, None)
    }

    /// Goes on from a place in the trie and in the text.
    fn walk(
        &self,
        text: &str,
        start: usize,
        mut cursor: Cursor,
        mut at: usize,
        mut number: Option<u32>,
    ) -> Option<Found> {
        let bytes = text.as_bytes();
        // What a number in words leads to: "vor zwei Wochen".
        let mut in_words: Option<Found> = None;
        let mut best: Option<Found> = None;
        while let Some(&byte) = bytes.get(at) {
            let opens_word = at == start || !byte.is_ascii() || bytes.get(at - 1) == Some(&b' ');
            if number.is_none()
                && opens_word
                && in_words.is_none()
                && let Some(next) = self.trie.step(cursor, NUMBER)
                && let Some((value, length)) = text.get(at..).and_then(numbers::number)
            {
                let end = at + length;
                in_words = self.walk(text, start, next, end, Some(value));
                // "สองสัปดาห์ที่ผ่านมา": digits have a space behind them where words have none.
                let is_glued = text.get(..end).and_then(|t| t.chars().next_back()).is_some_and(unspaced);
                if in_words.is_none()
                    && is_glued
                    && let Some(spaced) = self.trie.step(next, b' ')
                {
                    in_words = self.walk(text, start, spaced, end, Some(value));
                }
            }
            let byte = if byte.is_ascii_digit() {
                let digits = bytes.get(at..)?.iter().take_while(|b| b.is_ascii_digit()).count();
                // A digit that is part of a name: g1, ك2, 뉴스1.
                if digits == 1
                    && at > start
                    && let Some(next) = self.trie.step(cursor, byte)
                    && let Some(entry) = self.trie.entry(next)
                    && self.may_end(text, start, at + 1, entry)
                {
                    return Some(Found { end: at + 1, entry, number });
                }
                number = text.get(at..at + digits.min(6)).and_then(|d| d.parse().ok());
                at += digits;
                NUMBER
            } else {
                at += 1;
                byte
            };
            let Some(next) = self.trie.step(cursor, byte) else { break };
            cursor = next;
            if let Some(entry) = self.trie.entry(cursor)
                && self.may_end(text, start, at, entry)
            {
                best = Some(Found { end: self.with_suffix(text, at), entry, number });
            }
        }
        match (in_words, best) {
            (Some(words), Some(best)) if best.end >= words.end => Some(best),
            (words, best) => words.or(best),
        }
    }

    fn may_end(&self, text: &str, start: usize, at: usize, entry: u32) -> bool {
        let Some(rest) = text.get(at..) else { return false };
        let Some(next) = rest.chars().next() else { return true };
        let Some(last) = text.get(..at).and_then(|t| t.chars().next_back()) else { return false };
        if !is_word(next) || !is_word(last) || next.is_ascii_digit() {
            return !is_mark(next) || last.is_ascii_digit();
        }
        if last.is_ascii_digit() {
            return true;
        }
        if unspaced(last) && !is_jamo_tail(next) {
            return true;
        }
        // "2:05 PMZ", and the endings that a language glues to its month names (Mongolian сар-ын).
        let word = word_length(rest);
        let senses = self.senses(entry);
        let period = senses.iter().any(|s| matches!(s.meaning, Meaning::Am | Meaning::Pm));
        let timed =
            || text.get(..start).is_some_and(|before| before.trim_end().ends_with(|c: char| c.is_ascii_digit()));
        if period && rest.get(..word) == Some("z") && timed() {
            return true;
        }
        let month = senses.iter().any(|s| matches!(s.meaning, Meaning::Month(..)));
        // Not Jan-e and Gat-e.
        let long = at - start >= 5;
        month
            && rest
                .get(..word)
                .is_some_and(|ending| (long || !ending.is_ascii()) && ending.len() <= 8 && self.is_filler(ending))
    }

    fn with_suffix(&self, text: &str, at: usize) -> usize {
        let Some(rest) = text.get(at..) else { return at };
        let Some(last) = text.get(..at).and_then(|t| t.chars().next_back()) else { return at };
        let word = word_length(rest);
        let glued =
            word > 0 && is_word(last) && !last.is_ascii_digit() && !unspaced(last) && rest.get(..word) != Some("z");
        if glued && rest.get(..word).is_some_and(|w| !w.starts_with(|c: char| c.is_ascii_digit())) {
            at + word
        } else {
            at
        }
    }

    fn is_filler(&self, word: &str) -> bool {
        self.exact(word.bytes()).is_some_and(|e| self.senses(e).iter().any(|s| s.meaning == Meaning::Filler))
    }
}

/// A letter, digit or vowel sign.
pub(super) fn is_word(c: char) -> bool {
    // The letters of most lines first: the general question is a search.
    matches!(c, 'a'..='z' | '0'..='9' | 'а'..='я' | '\u{0620}'..='\u{064A}' | '\u{4E00}'..='\u{9FFF}')
        || !c.is_ascii() && (c.is_alphanumeric() || is_mark(c))
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{0900}'..='\u{0903}' | '\u{093A}'..='\u{094F}' | '\u{0981}'..='\u{0983}' | '\u{09BE}'..='\u{09CD}' | '\u{0A01}'..='\u{0A03}'
        | '\u{0A3E}'..='\u{0A4D}' | '\u{0A70}' | '\u{0A71}' | '\u{0ABE}'..='\u{0ACD}' | '\u{0B3E}'..='\u{0B57}' | '\u{0BBE}'..='\u{0BCD}'
        | '\u{0C3E}'..='\u{0C56}' | '\u{0CBE}'..='\u{0CD6}' | '\u{0D3E}'..='\u{0D4D}' | '\u{0DCA}'..='\u{0DDF}' | '\u{0E31}'
        | '\u{0E34}'..='\u{0E3A}' | '\u{0E47}'..='\u{0E4E}' | '\u{0EB1}' | '\u{0EB4}'..='\u{0EBC}' | '\u{0EC8}'..='\u{0ECD}'
        | '\u{102B}'..='\u{103E}' | '\u{17B4}'..='\u{17D3}' | '\u{0F71}'..='\u{0F84}')
}

/// Scripts that put no space between words.
pub(super) fn unspaced(c: char) -> bool {
    matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{0F00}'..='\u{0FFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{1100}'..='\u{11FF}'
        | '\u{3005}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{A000}'..='\u{A4CF}')
}

/// A Hangul vowel or final consonant: the syllable is not over before it.
fn is_jamo_tail(c: char) -> bool {
    matches!(c, '\u{1160}'..='\u{11FF}') || is_mark(c)
}

/// Bytes of the letters at the start of a text.
pub(super) fn word_length(text: &str) -> usize {
    text.find(|c: char| !is_word(c) || c.is_ascii_digit()).unwrap_or(text.len())
}
