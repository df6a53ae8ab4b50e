//! Lists: words that only one rule asks for, and that no token has as a meaning (the small words inside a name, what
//! opens a telegram).
//!
//! They stand with all other words in `words/*.txt`, a class a list; what is read at the first use is `lists.tsv`, which
//! a test makes of them (see `compile.rs`). A question costs a look at two bit sets (first byte, length) and, where both
//! say "perhaps", a binary search: no more than a comparison with each word of a short array, and no allocation.

use std::sync::LazyLock;

/// A list of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    /// Joins two names: and, und.
    And,
    /// First word of a city with two, in scripts without capitals: New, San, Abu, Tel.
    CityStart,
    /// Belongs to a name though it is small: Rio de Janeiro, Dar es Salaam.
    Connector,
    /// A weekday in English, whole or short.
    EnglishWeekday,
    /// Introduces a section of the page: "8. Januar 2020 · in Gefühle".
    InSection,
    /// How the labels of English start: publish, updat.
    LabelStart,
    /// Joins a law and its day: the act of, das Gesetz vom.
    LawOf,
    /// The Chinese calendar, in front of its own day.
    LunarCalendar,
    /// In front of the number of something that is no date: No. 17.
    NumberLabel,
    /// Between a place and its day: dne, dnia.
    OnTheDay,
    /// Last sign of the name of a paper, site or agency, in Chinese.
    PaperEnd,
    /// "Source", as pages and charts write it.
    SourceLabel,
    /// Last sign of a telegram: 电. (電話 and 会社 are no agencies.)
    TelegramEnd,
    /// Signs a dateline in brackets.
    TelegramSigner,
    /// Opens a dateline without brackets.
    TelegramStart,
    /// The shortest names of the days, numbered: จ. is 1.
    WeekdayShort,
    /// A day in brackets by one sign, numbered: (月) is 1.
    WeekdaySign,
    /// Zones of those who write the day first.
    ZoneDayFirst,
    /// Zones of those who write the month first.
    ZoneMonthFirst,
}

impl List {
    /// All lists, in the order of the enum.
    pub(super) const ALL: [List; 19] = [
        List::And,
        List::CityStart,
        List::Connector,
        List::EnglishWeekday,
        List::InSection,
        List::LabelStart,
        List::LawOf,
        List::LunarCalendar,
        List::NumberLabel,
        List::OnTheDay,
        List::PaperEnd,
        List::SourceLabel,
        List::TelegramEnd,
        List::TelegramSigner,
        List::TelegramStart,
        List::WeekdayShort,
        List::WeekdaySign,
        List::ZoneDayFirst,
        List::ZoneMonthFirst,
    ];

    /// The class of its words in `words/*.txt`.
    pub(super) const fn class(self) -> &'static str {
        match self {
            List::And => "and",
            List::CityStart => "city-start",
            List::Connector => "connector",
            List::EnglishWeekday => "english-weekday",
            List::InSection => "in-section",
            List::LabelStart => "label-start",
            List::LawOf => "law-of",
            List::LunarCalendar => "lunar-calendar",
            List::NumberLabel => "number-label",
            List::OnTheDay => "on-the-day",
            List::PaperEnd => "paper-end",
            List::SourceLabel => "source-label",
            List::TelegramEnd => "telegram-end",
            List::TelegramSigner => "telegram-signer",
            List::TelegramStart => "telegram-start",
            List::WeekdayShort => "weekday-short",
            List::WeekdaySign => "weekday-sign",
            List::ZoneDayFirst => "zone-day-first",
            List::ZoneMonthFirst => "zone-month-first",
        }
    }

    /// Is it asked about the text as it was written, rather than as it is folded?
    #[cfg(test)]
    pub(super) const fn is_of_source(self) -> bool {
        matches!(self, List::PaperEnd | List::TelegramEnd | List::TelegramSigner | List::TelegramStart)
    }
}

/// A word of a list, and its number in lists that have them (else 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) word: &'static str,
    pub(crate) number: u8,
}

/// The words of a list in order, and what tells that another word is not among them.
#[derive(Debug, Default)]
struct Words {
    words: Vec<Listed>,
    /// Bit `b`: some word starts with the byte `b`.
    first: [u64; 4],
    /// Bit `l`: some word has `l` bytes (63: so many or more).
    lengths: u64,
}

impl Words {
    fn push(&mut self, word: &'static str, number: u8) {
        let Some(&first) = word.as_bytes().first() else { return };
        if let Some(bits) = self.first.get_mut(usize::from(first / 64)) {
            *bits |= 1 << (first % 64);
        }
        self.lengths |= 1 << word.len().min(63);
        self.words.push(Listed { word, number });
    }

    #[inline]
    fn may_start(&self, text: &str) -> bool {
        let Some(&first) = text.as_bytes().first() else { return false };
        self.first[usize::from(first / 64)] >> (first % 64) & 1 == 1
    }

    #[inline]
    fn find(&self, word: &str) -> Option<Listed> {
        if self.lengths >> word.len().min(63) & 1 == 0 || !self.may_start(word) {
            return None;
        }
        let at = self.words.binary_search_by(|listed| listed.word.cmp(word)).ok()?;
        self.words.get(at).copied()
    }
}

static LISTS: LazyLock<[Words; List::ALL.len()]> = LazyLock::new(|| {
    let mut lists: [Words; List::ALL.len()] = Default::default();
    for line in include_str!("lists.tsv").lines() {
        let mut cells = line.split('\t');
        let (Some(class), Some(word)) = (cells.next(), cells.next()) else { continue };
        let number = cells.next().and_then(|number| number.parse().ok()).unwrap_or_default();
        if let Some(list) = List::ALL.into_iter().find(|list| list.class() == class)
            && let Some(words) = lists.get_mut(list as usize)
        {
            words.push(word, number);
        }
    }
    lists
});

#[inline]
fn words_of(list: List) -> &'static Words {
    &LISTS[list as usize]
}

/// Is a word on a list? (Folded, where the list is of folded words.)
#[inline]
pub(crate) fn is_in(list: List, word: &str) -> bool {
    words_of(list).find(word).is_some()
}

/// Is a character, by itself, on a list?
#[inline]
pub(crate) fn has_char(list: List, c: char) -> bool {
    number_of(list, c).is_some()
}

/// The number of a character on a list of numbered signs (0 where the list has no numbers).
#[inline]
pub(crate) fn number_of(list: List, c: char) -> Option<u8> {
    words_of(list).find(c.encode_utf8(&mut [0; 4])).map(|listed| listed.number)
}

/// The longest word of a list that a text starts with.
pub(crate) fn prefix(list: List, text: &str) -> Option<Listed> {
    let words = words_of(list);
    if !words.may_start(text) {
        return None;
    }
    words.words.iter().filter(|listed| text.starts_with(listed.word)).max_by_key(|listed| listed.word.len()).copied()
}

/// Does a text end with a word of a list?
pub(crate) fn ends_with(list: List, text: &str) -> bool {
    words_of(list).words.iter().any(|listed| text.ends_with(listed.word))
}

/// Does a word of a list stand anywhere in a text?
pub(crate) fn occurs_in(list: List, text: &str) -> bool {
    words_of(list).words.iter().any(|listed| text.contains(listed.word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexicon::words::{Row, rows};

    fn table() -> String {
        let mut lines: Vec<String> = rows().iter().filter_map(line).collect();
        lines.sort_unstable();
        lines.dedup();
        lines.concat()
    }

    /// The line of a row, if it is one of a list: class, word, number.
    fn line(row: &Row) -> Option<String> {
        let numbered = || row.class.rsplit_once('-').filter(|(_, number)| number.parse::<u8>().is_ok());
        let of = |class: &str| List::ALL.into_iter().find(|list| list.class() == class);
        let (list, number) = match of(&row.class) {
            Some(list) => (list, None),
            None => numbered().and_then(|(class, number)| Some((of(class)?, Some(number))))?,
        };
        let word = if list.is_of_source() { row.word.clone() } else { crate::fold::fold(&row.word).text };
        Some(match number {
            Some(number) => format!("{}\t{word}\t{number}\n", list.class()),
            None => format!("{}\t{word}\n", list.class()),
        })
    }

    #[test]
    fn the_table_is_what_its_sources_say() {
        crate::lexicon::words::assert_made("src/lexicon/lists.tsv", table().as_bytes());
    }

    #[test]
    fn every_list_has_words_and_all_are_found() {
        for (at, list) in List::ALL.into_iter().enumerate() {
            assert_eq!(list as usize, at);
            assert!(!words_of(list).words.is_empty(), "{}", list.class());
            assert!(words_of(list).words.is_sorted_by(|a, b| a.word < b.word), "{}", list.class());
            for listed in &words_of(list).words {
                assert!(is_in(list, listed.word) && prefix(list, listed.word) == Some(*listed), "{}", listed.word);
                assert!(ends_with(list, listed.word) && occurs_in(list, listed.word));
                assert!(!is_in(list, &format!("{}x", listed.word)));
            }
            for other in ["", "x", "\u{10FFFF}", "qqqqqqqq"] {
                assert!(!is_in(list, other) && prefix(list, other).is_none(), "{other}");
            }
        }
        assert!(is_in(List::Connector, "von") && !is_in(List::Connector, "Von"));
        assert_eq!(prefix(List::WeekdayShort, "พฤ. 2").map(|listed| listed.number), Some(4));
        assert_eq!(number_of(List::WeekdaySign, '天'), Some(7));
        assert!(has_char(List::TelegramEnd, '电') && !has_char(List::TelegramEnd, '話'));
    }
}
