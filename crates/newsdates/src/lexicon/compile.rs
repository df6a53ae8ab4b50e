//! Makes `table.bin` of `cldr.txt` and `words/*.txt`, and finds out when it was not made of them.
//!
//! `scripts/generate-words --compile` writes it, and the other tables. That a test does it keeps the definition of folding
//! in one place: what is looked up and what is in the table went through the same function.

use super::table::{SECTIONS, decode};
use super::trie::{Cursor, NO_ENTRY};
use super::words::{Row, assert_made, code, rank, rows};
use super::{LEXICON, Meaning, Sense};
use crate::fold::fold;
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

const CLDR: &str = include_str!("cldr.txt");

/// Languages that carry much news.
const WIDESPREAD: &str = "af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fil fr ga gl gu ha he hi hr hu hy \
    id ig is it ja ka kk km kn ko ku ky lo lt lv mk ml mn mr ms mt my nb ne nl nn no or pa pl ps pt ro ru sd si sk sl so \
    sq sr sv sw ta te tg th ti tk tr ug uk ur uz vi yo zh zu";

/// Words, folded, with their meanings as codes and languages, in order.
type Words = BTreeMap<String, Vec<(&'static str, &'static str)>>;

fn words() -> Words {
    let mut words = from_cldr();
    for (key, senses) in by_hand(&words) {
        words.entry(key).or_default().extend(senses);
    }
    words
}

fn from_cldr() -> Words {
    let mut words = Words::new();
    for line in CLDR.lines() {
        let mut cells = line.split('\t');
        let text = cells.next().unwrap();
        for cell in cells {
            let (code, languages) = cell.split_once(':').unwrap_or((cell, ""));
            add(&mut words, text, code, languages);
        }
    }
    words
}

/// What people wrote and CLDR has not: the languages of one meaning as one set, and meanings by their rank, so that neither
/// files nor lines have an order that counts.
fn by_hand(cldr: &Words) -> Words {
    let mut words = Words::new();
    for row in rows() {
        if let Some(code) = code(&row.class) {
            let language = if row.only { row.language.as_str() } else { "" };
            add(&mut words, &row.word, code.leak(), language);
        }
    }
    for (key, senses) in &mut words {
        senses.retain(|(code, language)| !cldr.get(key).is_some_and(|there| is_covered(there, code, language)));
        unite(senses);
    }
    words
}

fn unite(senses: &mut Vec<(&'static str, &'static str)>) {
    let mut sets: BTreeMap<&'static str, BTreeSet<&'static str>> = BTreeMap::new();
    for (code, language) in senses.drain(..) {
        sets.entry(code).or_default().insert(language);
    }
    for (code, mut set) in sets {
        if set.remove("") {
            senses.push((code, ""));
        }
        if !set.is_empty() {
            senses.push((code, Vec::from_iter(set).join("|").leak()));
        }
    }
    senses.sort_by_key(|(code, set)| (rank(code), *set));
}

/// Does CLDR say so already, of all languages or of this one?
fn is_covered(cldr: &[(&str, &str)], code: &str, language: &str) -> bool {
    let says =
        |set: &str| if language.is_empty() { set.is_empty() } else { set.split('|').any(|known| known == language) };
    cldr.iter().any(|(of, set)| *of == code && says(set))
}

fn add<'r>(words: &mut BTreeMap<String, Vec<(&'r str, &'r str)>>, text: &str, code: &'r str, languages: &'r str) {
    let meaning = Meaning::parse(code).unwrap_or_else(|| panic!("no such meaning: {code}"));
    let key = key(text);
    if key.is_empty() {
        return;
    }
    let mut put = |key: String| {
        let senses = words.entry(key).or_default();
        if !senses.contains(&(code, languages)) {
            senses.push((code, languages));
        }
    };
    let without = key.replace(['.', ' '], "");
    let bare = (key.contains('.') && without.len() > 1 && !without.contains('\u{1}')).then_some(without);
    for key in [Some(key), bare].into_iter().flatten() {
        if matches!(meaning, Meaning::Month(..)) && key.starts_with(|c| ('א'..='ת').contains(&c)) {
            for prefix in ["ב", "ל", "ב-", "ל-"] {
                put(format!("{prefix}{key}"));
            }
        }
        put(key);
    }
}

/// The key of a text: folded, without the point at its end, with a mark where a number goes.
fn key(text: &str) -> String {
    let folded = fold(&text.replace("{0}", "\u{1}")).text;
    let trimmed = folded.trim();
    if trimmed.chars().all(|c| c == '.') {
        return String::new();
    }
    trimmed.trim_end_matches(['.', ':']).trim_end().to_owned()
}

/// The rows that say what CLDR says: of a meaning the same word in all languages, or in this one.
pub(crate) fn redundant() -> Vec<String> {
    let cldr = from_cldr();
    let is_known = |row: &&Row| {
        let Some(code) = code(&row.class) else { return false };
        let language = if row.only { row.language.as_str() } else { "" };
        let mut one = Words::new();
        add(&mut one, &row.word, code.leak(), language);
        one.iter().all(|(key, senses)| {
            cldr.get(key).is_some_and(|there| senses.iter().all(|(code, set)| is_covered(there, code, set)))
        })
    };
    rows().iter().filter(is_known).map(|row| format!("{}: {}\t{}", row.place, row.class, row.word)).collect()
}

fn encode(words: &Words) -> Vec<u8> {
    let mut sections: [Vec<u8>; SECTIONS] = Default::default();
    let [codes, languages, nodes, labels, tails, starts, senses, widespread] = &mut sections;
    let all = || words.values().flatten();
    let known_codes: Vec<&str> = distinct(all().map(|sense| sense.0));
    let known_languages: Vec<&str> = distinct(all().map(|sense| sense.1));
    *codes = known_codes.join("\n").into_bytes();
    *languages = known_languages.join("\n").into_bytes();
    let news: HashSet<&str> = WIDESPREAD.split_whitespace().collect();
    *widespread = known_languages
        .iter()
        .map(|set| u8::from(set.is_empty() || set.split('|').any(|language| news.contains(language))))
        .collect();
    let mut first = 0u16;
    for of_word in words.values() {
        starts.extend(first.to_le_bytes());
        for (code, set) in of_word {
            senses.extend((known_codes.binary_search(code).unwrap() as u16).to_le_bytes());
            senses.extend((known_languages.binary_search(set).unwrap() as u16).to_le_bytes());
            first = first.checked_add(1).expect("too many senses for two bytes");
        }
    }
    starts.extend(first.to_le_bytes());
    trie(&words.keys().map(|key| key.as_bytes()).collect::<Vec<_>>(), nodes, labels, tails);
    let lengths = sections.iter().flat_map(|section| (section.len() as u32).to_le_bytes());
    lengths.chain(sections.iter().flatten().copied()).collect()
}

fn distinct<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut texts: Vec<&str> = texts.collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// Lays the trie out breadth first.
fn trie(keys: &[&[u8]], nodes: &mut Vec<u8>, labels: &mut Vec<u8>, tails: &mut Vec<u8>) {
    assert!(keys.len() < usize::from(NO_ENTRY), "too many words for two bytes");
    labels.push(0);
    let mut known = 1u32;
    // The keys below a node, and its depth.
    let mut open = VecDeque::from([(0, keys.len(), 0)]);
    while let Some((mut low, high, depth)) = open.pop_front() {
        let (mut first, mut children, mut tail, mut entry) = (known, 0u8, 0u8, NO_ENTRY);
        if high - low == 1 && depth > 0 {
            let rest = &keys[low][depth..];
            (first, tail, entry) = (tails.len() as u32, u8::try_from(rest.len()).unwrap(), low as u16);
            tails.extend(rest);
            low = high;
        } else if keys[low].len() == depth {
            entry = low as u16;
            low += 1;
        }
        while low < high {
            let byte = keys[low][depth];
            let end = low + keys[low..high].iter().take_while(|key| key[depth] == byte).count();
            open.push_back((low, end, depth + 1));
            labels.push(byte);
            children = children.checked_add(1).expect("too many children for a byte");
            known += 1;
            low = end;
        }
        nodes.extend_from_slice(&first.to_le_bytes()[..3]);
        nodes.push(children);
        nodes.extend(entry.to_le_bytes());
        nodes.push(tail);
    }
}

#[test]
fn the_table_is_what_its_sources_say() {
    assert_made("src/lexicon/table.bin", &encode(&words()));
}

#[test]
fn every_word_is_found_with_all_its_meanings_and_nothing_else_is() {
    let table: &'static [u8] = encode(&words()).leak();
    let lexicon = decode(table);
    for (word, senses) in words() {
        let entry = lexicon.exact(word.bytes()).unwrap_or_else(|| panic!("{word} is not found"));
        let found: Vec<(Meaning, &str)> = lexicon.senses(entry).iter().map(|s| (s.meaning, s.languages)).collect();
        let wanted: Vec<(Meaning, &str)> = senses.iter().map(|(c, l)| (Meaning::parse(c).unwrap(), *l)).collect();
        assert_eq!(found, wanted, "{word}");
    }
    for other in ["", "januar y", "janu", "januaryy", "published o"] {
        assert_eq!(lexicon.exact(other.bytes()), None, "{other}");
    }
}

#[test]
fn a_table_that_is_cut_short_holds_less_and_harms_nobody() {
    let table: &'static [u8] = encode(&words()).leak();
    for length in (0..table.len()).step_by(table.len() / 40) {
        let lexicon = decode(&table[..length]);
        let cursor = b"january".iter().try_fold(Cursor::ROOT, |cursor, &byte| lexicon.trie.step(cursor, byte));
        let senses: &[Sense] = cursor.and_then(|c| lexicon.trie.entry(c)).map_or(&[], |e| lexicon.senses(e));
        assert!(senses.len() <= 8);
    }
    assert!(LEXICON.exact("january".bytes()).is_some());
}

#[test]
fn a_tagged_word_holds_in_its_languages_only() {
    let entry = LEXICON.exact(key("jiyè").bytes()).expect("July in Haitian");
    let [july] = LEXICON.senses(entry) else { panic!("one meaning") };
    assert!(july.meaning == Meaning::parse("g7").unwrap());
    assert!(july.holds_in("ht") && !july.holds_in("fr") && !july.is_widespread());
}
