//! The lexicon: one table of words for all languages, from text (folded) to all that it may mean.
//!
//! Two sources are read once, at the first use: `cldr.txt`, generated from Unicode CLDR by
//! `scripts/generate-lexicon.py`, and `news.txt`, written by hand: what newspapers say and CLDR does not. Both name
//! meanings by short codes ([`Meaning`] says what they stand for). A word may have several meanings; the rest of the
//! line, then the language, settles which one counts, so that no language is needed to look a word up.

mod meaning;
mod trie;

pub(super) use meaning::{Meaning, Unit};

use super::fold::fold;
use hashbrown::{HashMap, HashSet};
use std::sync::LazyLock;
use trie::Trie;

/// Stands for a number within a text: "\u{1} hours ago".
pub(super) const NUMBER: u8 = 1;

/// The table, built at the first use (a few milliseconds).
pub(super) static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::new);

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

/// Languages that carry much news.
const WIDESPREAD: &str = " af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fil fr ga gl gu ha he hi hr hu hy id ig is it ja ka kk km kn ko ku ky lo \
            lt lv mk ml mn mr ms mt my nb ne nl nn no or pa pl ps pt ro ru sd si sk sl so sq sr sv sw ta te tg th ti tk tr ug uk ur uz vi yo zh zu ";

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

/// The table: folded keys in order, with their senses.
pub(super) struct Lexicon {
    keys: Vec<(Box<str>, Vec<Sense>)>,
    trie: Trie,
}

impl Lexicon {
    fn new() -> Self {
        let mut entries: HashMap<String, Vec<Sense>> = HashMap::with_capacity(24_000);
        let news: HashSet<&str> = WIDESPREAD.split_whitespace().collect();
        let mut add = |text: &str, meaning: Meaning, languages: &'static str| {
            let key = key(text);
            let widespread = languages.is_empty() || languages.split('|').any(|l| news.contains(l));
            if key.is_empty() {
                return;
            }
            let without = key.replace(['.', ' '], "");
            let bare = (key.contains('.') && without.len() > 1 && !without.contains('\u{1}')).then_some(without);
            for key in [Some(key), bare].into_iter().flatten() {
                let hebrew = matches!(meaning, Meaning::Month(..)) && key.starts_with(|c| ('א'..='ת').contains(&c));
                let mut put = |key: String| {
                    let senses = entries.entry(key).or_default();
                    if !senses.iter().any(|s| s.meaning == meaning && s.languages == languages) {
                        senses.push(Sense { meaning, languages, widespread });
                    }
                };
                if hebrew {
                    for prefix in ["ב", "ל", "ב-", "ל-"] {
                        put(format!("{prefix}{key}"));
                    }
                }
                put(key);
            }
        };
        for line in include_str!("cldr.txt").lines() {
            let mut cells = line.split('\t');
            let text = cells.next().unwrap_or_default();
            for cell in cells {
                let (code, languages) = cell.split_once(':').unwrap_or((cell, ""));
                if let Some(meaning) = Meaning::parse(code) {
                    add(text, meaning, languages);
                }
            }
        }
        for line in include_str!("news.txt").lines().filter(|line| !line.starts_with('#')) {
            let Some((code, texts)) = line.split_once(": ") else { continue };
            let Some(meaning) = Meaning::parse(code) else { continue };
            for text in texts.split("; ") {
                add(&text.replace("\\#", "{0}"), meaning, "");
            }
        }
        let mut keys: Vec<(Box<str>, Vec<Sense>)> = entries.into_iter().map(|(k, v)| (k.into_boxed_str(), v)).collect();
        keys.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let trie = Trie::new(keys.iter().map(|(key, _)| key.as_bytes()));
        Lexicon { keys, trie }
    }

    /// The senses of an entry.
    pub(super) fn senses(&self, entry: u32) -> &[Sense] {
        self.keys.get(entry as usize).map_or(&[], |(_, senses)| senses)
    }

    /// An entry by its whole text.
    pub(super) fn exact(&self, mut text: impl Iterator<Item = u8>) -> Option<u32> {
        let node = text.try_fold(0, |node, byte| self.trie.step(node, byte))?;
        self.trie.entry(node)
    }

    /// The longest entry at a place of a folded text that ends where a word may end.
    pub(super) fn longest(&self, text: &str, start: usize) -> Option<Found> {
        let bytes = text.as_bytes();
        let (mut node, mut at) = (0, start);
        let mut number = None;
        let mut best = None;
        while let Some(&byte) = bytes.get(at) {
            let byte = if byte.is_ascii_digit() {
                let digits = bytes.get(at..)?.iter().take_while(|b| b.is_ascii_digit()).count();
                number = text.get(at..at + digits.min(6)).and_then(|d| d.parse().ok());
                at += digits;
                NUMBER
            } else {
                at += 1;
                byte
            };
            let Some(next) = self.trie.step(node, byte) else { break };
            node = next;
            if let Some(entry) = self.trie.entry(node)
                && self.may_end(text, at, entry)
            {
                best = Some(Found { end: self.with_suffix(text, at), entry, number });
            }
        }
        best
    }

    fn may_end(&self, text: &str, at: usize, entry: u32) -> bool {
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
        if period && rest.get(..word) == Some("z") {
            return true;
        }
        let month = senses.iter().any(|s| matches!(s.meaning, Meaning::Month(..)));
        // Not Jan-e and Gat-e.
        let long = self.keys.get(entry as usize).is_some_and(|(key, _)| key.len() >= 5);
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

/// The key of a text: folded, without the point at its end, with a mark where a number goes.
fn key(text: &str) -> String {
    let folded = fold(&text.replace("{0}", "\u{1}")).text;
    let trimmed = folded.trim();
    if trimmed.chars().filter(|&c| c != '.').count() == 0 {
        String::new()
    } else {
        trimmed.trim_end_matches(['.', ':']).trim_end().to_owned()
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
