//! The words for one to twenty, in all languages at once: "vor zwei Wochen", "hace dos semanas", "二週間前".
//!
//! They count only where a pattern of the lexicon has a number in it: by itself "sei" or "on" is no number. Sources:
//! `numbers.txt`, generated from CLDR, and the class `number` of `words/*.txt`; what is read is `numbers.tsv`, which the test
//! below makes of them. No word means two numbers, so that no language is needed.

use std::sync::LazyLock;

use super::{is_word, unspaced};

/// Words as they are folded, in order, with their numbers.
static NUMBERS: LazyLock<Vec<(&'static str, u32)>> = LazyLock::new(|| {
    let row = |line: &'static str| line.split_once('\t').and_then(|(word, number)| Some((word, number.parse().ok()?)));
    include_str!("numbers.tsv").lines().filter_map(row).collect()
});

/// For each pair of first bytes, may a word start with them? Nearly all words of a line start otherwise.
static FIRST: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let mut first = vec![0; 1 << 10];
    for (word, _) in NUMBERS.iter() {
        if let Some(pair) = pair(word)
            && let Some(bits) = first.get_mut(pair / 64)
        {
            *bits |= 1 << (pair % 64);
        }
    }
    first
});

fn pair(text: &str) -> Option<usize> {
    let [first, second, ..] = text.as_bytes() else { return None };
    Some(usize::from(*first) << 8 | usize::from(*second))
}

/// The number that the word (or words) at the start of a folded text is, and how long it is.
pub(super) fn number(text: &str) -> Option<(u32, usize)> {
    let pair = pair(text)?;
    if FIRST.get(pair / 64)? >> (pair % 64) & 1 == 0 {
        return None;
    }
    let mut end = text.len();
    loop {
        let start = text.get(..end)?;
        let (word, number) = *NUMBERS.get(NUMBERS.partition_point(|(word, _)| *word <= start).checked_sub(1)?)?;
        if start.starts_with(word) {
            return may_end(text, word).then_some((number, word.len()));
        }
        // What is in order before `start` and no part of it: only what the two share can be.
        let shared = word.bytes().zip(start.bytes()).take_while(|(a, b)| a == b).count();
        end = (0..=shared).rev().find(|&at| text.is_char_boundary(at)).filter(|&at| at > 0)?;
    }
}

fn may_end(text: &str, word: &str) -> bool {
    let next = text.get(word.len()..).and_then(|rest| rest.chars().next());
    let last = word.chars().next_back();
    !next.is_some_and(is_word) || last.is_some_and(|last| unspaced(last) && !('\u{1100}'..='\u{11FF}').contains(&last))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::fold::fold;
    use crate::lexicon::words::{assert_made, rows};

    fn sources() -> BTreeMap<String, u32> {
        let mut words: BTreeMap<String, (u32, String)> = BTreeMap::new();
        let mut put = |text: &str, number: &str, place: &str| {
            let number: u32 = number.parse().unwrap();
            let key = fold(text).text.trim().to_owned();
            if let Some((other, of)) = words.get(&key) {
                assert_eq!(*other, number, "{place}: {of}");
            }
            words.insert(key, (number, place.to_owned()));
        };
        for line in include_str!("numbers.txt").lines() {
            let (number, text) = line.split_once(": ").unwrap_or_else(|| panic!("not a line: {line}"));
            let (number, _) = number.split_once('@').unwrap_or_else(|| panic!("no language: {line}"));
            put(text, number, line);
        }
        for row in rows() {
            if let Some(number) = row.class.strip_prefix("number-").filter(|number| number.parse::<u8>().is_ok()) {
                put(&row.word, number, &row.place);
            }
        }
        words.into_iter().map(|(word, (number, _))| (word, number)).collect()
    }

    #[test]
    fn the_table_is_what_its_sources_say() {
        let table: String = sources().iter().map(|(word, number)| format!("{word}\t{number}\n")).collect();
        assert_made("src/lexicon/numbers.tsv", table.as_bytes());
    }

    #[test]
    fn every_word_is_found_and_its_beginning_is_not() {
        for (word, expected) in sources() {
            let text = format!("{word} weeks");
            assert_eq!(number(&text).map(|(number, _)| number), Some(expected), "{word}");
        }
        assert_eq!(number("twofold"), None);
        assert_eq!(number("seventeenth"), None);
        assert_eq!(number("seven days"), Some((7, 5)));
        assert_eq!(number("三天前"), Some((3, 3)));
        for other in ["", "t", "tw", "twi", "zweifel", "x"] {
            assert_eq!(number(other), None, "{other}");
        }
    }
}
