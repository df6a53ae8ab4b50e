//! `table.bin`: the lexicon as it lies on disk, and how it is read.
//!
//! Eight sections, one behind the other, after the eight lengths in bytes; numbers are little-endian:
//!
//! | section | of |
//! |---|---|
//! | codes | the meanings that occur, by their codes, one a line |
//! | languages | the sets of languages that occur (`ar|fa`), one a line |
//! | nodes | 7 bytes: first child or start of the tail (3), children (1), entry (2, 0xFFFF none), length of the tail (1) |
//! | labels | for each node the byte that leads to it |
//! | tails | what is left of the words to which only one way leads |
//! | starts | for each entry, and one past the last, its first sense (2) |
//! | senses | index of the code (2), index of the languages (2) |
//! | widespread | for each set of languages 1, if one of them carries much news, else 0 |
//!
//! It is compiled into the program and checked against its sources by a test, so that a table which does not decode
//! never ships; still nothing here trusts it.

use super::trie::{Node, Trie};
use super::{Lexicon, Meaning, Sense};

/// How many sections there are.
pub(super) const SECTIONS: usize = 8;

/// Decodes the table.
pub(super) fn decode(table: &'static [u8]) -> Lexicon {
    let (lengths, mut rest) = table.split_at_checked(4 * SECTIONS).unwrap_or_default();
    let mut sections = [&[][..]; SECTIONS];
    for (section, length) in sections.iter_mut().zip(lengths.as_chunks::<4>().0) {
        (*section, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).unwrap_or_default();
    }
    let [codes, languages, nodes, labels, tails, starts, senses, widespread] = sections;
    let text = |bytes| std::str::from_utf8(bytes).unwrap_or_default();
    let meanings: Vec<Option<Meaning>> = text(codes).lines().map(Meaning::parse).collect();
    let languages: Vec<&'static str> = text(languages).split('\n').collect();
    let nodes = nodes.as_chunks::<7>().0.iter().map(|&[a, b, c, children, low, high, tail]| Node {
        first: u32::from_le_bytes([a, b, c, 0]),
        children,
        tail,
        entry: u16::from_le_bytes([low, high]),
    });
    let sense = |&[a, b, c, d]: &[u8; 4]| {
        let set = usize::from(u16::from_le_bytes([c, d]));
        Some(Sense {
            meaning: (*meanings.get(usize::from(u16::from_le_bytes([a, b])))?)?,
            languages: languages.get(set)?,
            widespread: *widespread.get(set)? == 1,
        })
    };
    Lexicon {
        trie: Trie::new(nodes.collect(), labels, tails),
        starts: starts.as_chunks::<2>().0.iter().map(|&start| u32::from(u16::from_le_bytes(start))).collect(),
        senses: senses.as_chunks::<4>().0.iter().filter_map(sense).collect(),
    }
}
