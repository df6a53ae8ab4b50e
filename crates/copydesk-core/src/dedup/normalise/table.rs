//! Both steps of key v1 for each code point of the Basic Multilingual Plane whose result needs no neighbour.
//!
//! The table is computed from ICU when it is first used rather than committed, so that it can't drift from the slow
//! path, which asks the same ICU.

use std::sync::{LazyLock, OnceLock};

use icu_normalizer::properties::{
    CanonicalCombiningClassMap, CanonicalCombiningClassMapBorrowed, CanonicalComposition, CanonicalDecomposition,
    Decomposed,
};

use super::block::may_start;
use super::decode;
use super::fold::{Fold, NfkcCasefold};

/// No code point's entry is longer than this many times its own UTF-8: 2 bytes can become 5.
pub(super) const GROWTH: usize = 3;
/// Longest result that an entry holds, in bytes.
const LONGEST: usize = 5;

/// What is to be done with a code point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Write the entry's bytes. A boundary: nothing before it is changed by it, and it is changed by marks at most.
    Emit,
    /// Write a space, unless one was just written. A boundary.
    Space,
    /// Write nothing. A boundary (tatweel: a letter to NFC, gone only in the second step).
    Delete,
    /// As if it were not there: default-ignorable code points, harakat.
    Ignore,
    /// A mark that composes with nothing: write it, if it stands in canonical order after the last one.
    Mark,
    /// The table can't decide.
    Ask,
}

impl Action {
    /// Can a piece for ICU end before such a code point?
    pub(super) fn is_boundary(self) -> bool {
        matches!(self, Action::Emit | Action::Space | Action::Delete)
    }
}

/// One code point: up to five bytes of result, its length, its combining class, its action.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry([u8; 8]);

impl Entry {
    const ASK: Entry = Entry([0, 0, 0, 0, 0, 0, 0, 5]);
    const SAME_FOUR_BYTES: u8 = 4;

    fn new(action: Action, result: &str, class: u8) -> Entry {
        let mut entry = [0; 8];
        entry.iter_mut().zip(result.bytes()).for_each(|(to, from)| *to = from);
        entry[5] = result.len() as u8;
        entry[6] = class;
        entry[7] = match action {
            Action::Emit => 0,
            Action::Space => 1,
            Action::Delete => 2,
            Action::Ignore => 3,
            Action::Mark => 4,
            Action::Ask => 5,
        };
        Entry(entry)
    }

    #[inline(always)]
    pub(super) fn action(self) -> Action {
        match self.0[7] {
            0 => Action::Emit,
            1 => Action::Space,
            2 => Action::Delete,
            3 => Action::Ignore,
            4 => Action::Mark,
            _ => Action::Ask,
        }
    }

    /// The result, and three bytes that don't count behind it.
    #[inline(always)]
    pub(super) fn bytes(self) -> [u8; 8] {
        self.0
    }

    #[inline(always)]
    pub(super) fn len(self) -> usize {
        usize::from(self.0[5])
    }

    #[inline(always)]
    pub(super) fn class(self) -> u8 {
        self.0[6]
    }
}

/// The table: one entry for each code point of the BMP, by pages that are made when text first needs them. (All of it
/// costs 30 ms, and one feed needs a twentieth.)
#[derive(Debug)]
pub(super) struct Table([OnceLock<Box<CodePointPage>>; 256]);

/// 256 code points.
#[derive(Debug)]
struct CodePointPage {
    entries: [Entry; 256],
    /// One bit a code point: it stands in the key as it is, and is a boundary.
    plain: Bits,
    /// One bit a code point: a mark that stands in the key as it is. In the middle of plain text one such mark is plain
    /// too; where there are more of them, their order has to be looked at.
    marks: Bits,
    /// One bit a code point: its result starts with what nothing before it changes and what changes nothing before it.
    starts: Bits,
}

/// A set of code points of a page.
type Bits = [u64; 4];

#[inline(always)]
fn has(bits: &Bits, code: u32) -> bool {
    (bits[(code as usize / 64) % 4] >> (code % 64)) & 1 != 0
}

impl CodePointPage {
    #[cold]
    fn build(number: u32) -> Box<CodePointPage> {
        let classes = CanonicalCombiningClassMap::new();
        let icu = NfkcCasefold::default();
        let mut mapped = String::new();
        let mut page =
            Box::new(CodePointPage { entries: [Entry::ASK; 256], plain: [0; 4], marks: [0; 4], starts: [0; 4] });
        for (code, index) in (number << 8..).zip(0..256) {
            let Some(c) = char::from_u32(code) else { continue };
            let entry = Table::decide(c, &classes, &icu, &mut mapped);
            page.entries[index] = entry;
            if starts(&mapped, &classes) {
                page.starts[index / 64] |= 1 << (index % 64);
            }
            if entry.0.get(..entry.len()) == Some(c.encode_utf8(&mut [0; 4]).as_bytes()) {
                match entry.action() {
                    Action::Emit => page.plain[index / 64] |= 1 << (index % 64),
                    Action::Mark => page.marks[index / 64] |= 1 << (index % 64),
                    _ => {}
                }
            }
        }
        page
    }
}

impl Table {
    pub(super) const fn new() -> Table {
        Table([const { OnceLock::new() }; 256])
    }

    #[inline(always)]
    fn page(&self, code: u32) -> Option<&CodePointPage> {
        let number = code >> 8;
        Some(self.0.get(number as usize)?.get_or_init(|| CodePointPage::build(number)))
    }

    /// The entry of a code point.
    #[inline(always)]
    pub(super) fn entry(&self, code: u32) -> Entry {
        match self.page(code) {
            Some(page) => page.entries[(code & 0xFF) as usize],
            None => Self::beyond(code),
        }
    }

    /// May a piece start with this code point: does nothing before it change what becomes of it, nor it what stands there?
    pub(super) fn starts(&self, code: u32) -> bool {
        match self.page(code) {
            Some(page) => has(&page.starts, code),
            None if Self::beyond(code).action() == Action::Emit => true,
            None => {
                let mut mapped = String::new();
                if let Some(c) = char::from_u32(code) {
                    NfkcCasefold::default().code_point(c, &mut mapped);
                }
                starts(&mapped, &CanonicalCombiningClassMap::new())
            }
        }
    }

    /// Beyond the BMP: pictographs and Han are themselves, ICU knows the rest.
    fn beyond(code: u32) -> Entry {
        match (code, char::from_u32(code)) {
            (0x1_F300..=0x1_FAFF | 0x2_0000..=0x2_A6DF, Some(c)) => {
                let mut utf8 = [0; 4];
                let mut entry = Entry::new(Action::Emit, c.encode_utf8(&mut utf8), 0);
                entry.0[5] = Entry::SAME_FOUR_BYTES;
                entry
            }
            _ => Entry::ASK,
        }
    }

    /// The end of the run of plain text that starts at `start`, or earlier where blocks can take over. `spaced`: the key
    /// ends in a space.
    #[inline(always)]
    pub(super) fn plain_run(&self, bytes: &[u8], start: usize, mut spaced: bool) -> usize {
        let mut at = start;
        // Where the run ends if the mark that was taken last turns out not to be alone.
        let mut before_mark = None;
        // A mark is plain after a letter of the run only: before the run there may be another mark.
        let mut after_letter = false;
        while let Some(&first) = bytes.get(at) {
            // What a block can take, it takes faster; but the first one it has just refused.
            if at > start && before_mark.is_none() && (may_start(first) || is_ascii_word(bytes, at)) {
                return at;
            }
            if first < 0x80 {
                let is_space = first == b' ';
                if is_space && spaced
                    || !is_space && !self.page(0).is_some_and(|page| has(&page.plain, u32::from(first)))
                {
                    return before_mark.unwrap_or(at);
                }
                spaced = is_space;
                after_letter = !is_space;
                before_mark = None;
                at += 1;
                continue;
            }
            let (code, width) = decode(bytes, at);
            let Some(page) = self.page(code) else { return before_mark.unwrap_or(at) };
            if has(&page.plain, code) {
                before_mark = None;
                after_letter = true;
            } else if after_letter && has(&page.marks, code) {
                before_mark = Some(at);
                after_letter = false;
            } else {
                return before_mark.unwrap_or(at);
            }
            spaced = false;
            at += width;
        }
        before_mark.unwrap_or(at)
    }

    fn decide(
        c: char,
        classes: &CanonicalCombiningClassMapBorrowed<'_>,
        icu: &NfkcCasefold,
        mapped: &mut String,
    ) -> Entry {
        mapped.clear();
        // Han ideographs and Hangul syllables are themselves: half of the plane needs no ICU.
        if matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}') {
            mapped.push(c);
        } else {
            icu.code_point(c, mapped);
        }
        let mut chars = mapped.chars();
        let (first, second) = (chars.next(), chars.next());
        let class = first.map_or(0, |c| classes.get_u8(c));
        if let (Some(mark), None) = (first, second)
            && class != 0
        {
            return match Fold::of(mark) {
                Fold::Delete => Entry::new(Action::Ignore, "", 0),
                Fold::Keep(mark) if !composes_with_earlier(mark) => {
                    Entry::new(Action::Mark, mark.encode_utf8(&mut [0; 4]), class)
                }
                _ => Entry::ASK,
            };
        }
        if mapped.chars().any(|c| classes.get_u8(c) != 0 && Fold::of(c) != Fold::Delete || composes_with_earlier(c)) {
            return Entry::ASK;
        }
        if first.is_none() {
            return Entry::new(Action::Ignore, "", 0);
        }
        let mut result = String::new();
        let mut space = false;
        for fold in mapped.chars().map(Fold::of) {
            match fold {
                Fold::Keep(c) => result.push(c),
                Fold::Space => space = true,
                Fold::Delete => {}
            }
        }
        match (space, result.is_empty()) {
            (true, true) => Entry::new(Action::Space, "", 0),
            (false, true) => Entry::new(Action::Delete, "", 0),
            (false, false) if result.len() <= LONGEST && result.len() <= c.len_utf8() * GROWTH => {
                Entry::new(Action::Emit, &result, 0)
            }
            _ => Entry::ASK,
        }
    }
}

/// Does a result start with a code point that stands in no order with, and composes with, nothing before it?
fn starts(mapped: &str, classes: &CanonicalCombiningClassMapBorrowed<'_>) -> bool {
    mapped.chars().next().is_some_and(|first| {
        let composes =
            if first < '\u{10000}' { composes_with_earlier(first) } else { COMPOSING.binary_search(&first).is_ok() };
        classes.get_u8(first) == 0 && !composes
    })
}

/// Beyond the BMP, what can be the second half of a canonical composition.
static COMPOSING: LazyLock<Vec<char>> = LazyLock::new(|| {
    let (pairs, composition) = (CanonicalDecomposition::new(), CanonicalComposition::new());
    let second = |composed: char| match pairs.decompose(composed) {
        Decomposed::Expansion(first, second) if composition.compose(first, second) == Some(composed) => Some(second),
        _ => None,
    };
    let mut found: Vec<char> = ('\u{10000}'..='\u{3FFFF}').filter_map(second).collect();
    found.sort_unstable();
    found.dedup();
    found
});

/// Do eight ASCII bytes start here?
#[inline(always)]
fn is_ascii_word(bytes: &[u8], at: usize) -> bool {
    let eight = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>());
    eight.is_some_and(|eight| u64::from_le_bytes(*eight) & 0x8080_8080_8080_8080 == 0)
}

/// Can this code point be the second half of a canonical composition (NFC_Quick_Check=Maybe)? Nearly all that can are
/// marks in the combining blocks, so whole blocks are named where asking ICU needlessly costs little.
/// Source: DerivedNormalizationProps.txt, Unicode 17; `tests::what_composes` holds it against ICU.
fn composes_with_earlier(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{345}'
        | '\u{653}'..='\u{655}'
        | '\u{93C}' | '\u{9BE}' | '\u{9D7}' | '\u{B3E}' | '\u{B56}' | '\u{B57}' | '\u{BBE}' | '\u{BD7}' | '\u{C56}'
        | '\u{CC2}' | '\u{CD5}' | '\u{CD6}' | '\u{D3E}' | '\u{D57}' | '\u{DCA}' | '\u{DCF}' | '\u{DDF}'
        | '\u{102E}' | '\u{1161}'..='\u{1175}' | '\u{11A8}'..='\u{11C2}' | '\u{1B35}'
        | '\u{3099}' | '\u{309A}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use icu_normalizer::properties::{CanonicalComposition, CanonicalDecomposition, Decomposed};

    #[test]
    fn what_composes() {
        let (pairs, composition) = (CanonicalDecomposition::new(), CanonicalComposition::new());
        for composed in '\0'..=char::MAX {
            if let Decomposed::Expansion(first, second) = pairs.decompose(composed)
                && composition.compose(first, second) == Some(composed)
                && u32::from(second) < 0x1_0000
            {
                assert!(composes_with_earlier(second), "U+{:04X} composes", u32::from(second));
            }
        }
    }
}
