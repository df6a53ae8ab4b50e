//! The definition of key v1, one code point at a time: NFKC_Casefold by ICU, and the folds that follow it.

use std::str::Chars;

use hashbrown::HashMap;
use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_normalizer::{ComposingNormalizer, ComposingNormalizerBorrowed};
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, WhiteSpace};
use icu_properties::{CodePointMapData, CodePointMapDataBorrowed, CodePointSetData, CodePointSetDataBorrowed};

/// What the second step makes of one code point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fold {
    /// This code point stands in the key.
    Keep(char),
    /// White space: one space for a run of it, none at either end.
    Space,
    /// Nothing.
    Delete,
}

const WHITE_SPACE: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<WhiteSpace>();
const CATEGORY: CodePointMapDataBorrowed<'static, GeneralCategory> = CodePointMapData::<GeneralCategory>::new();

impl Fold {
    /// The fold of a code point that NFKC_Casefold has left.
    pub(super) fn of(c: char) -> Fold {
        match c {
            ' ' => Fold::Space,
            '\u{21}'..='\u{7E}' => Fold::Keep(c),
            // Tatweel and harakat.
            '\u{640}' | '\u{64B}'..='\u{652}' | '\u{670}' => Fold::Delete,
            '“' | '”' | '„' | '‟' | '«' | '»' => Fold::Keep('"'),
            '‘' | '’' | '‚' | '‛' | '‹' | '›' => Fold::Keep('\''),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => Fold::Keep('-'),
            _ if WHITE_SPACE.contains(c) => Fold::Space,
            _ => Fold::Keep(digit(c).unwrap_or(c)),
        }
    }
}

/// The ASCII digit of a decimal digit (general category Nd) of any script.
///
/// Unicode encodes decimal digits in runs of ten, from zero up, and where runs touch they do so in whole tens.
fn digit(c: char) -> Option<char> {
    let is_digit = |code: u32| CATEGORY.get32(code) == GeneralCategory::DecimalNumber;
    let code = u32::from(c);
    if !is_digit(code) {
        return None;
    }
    let before = (0..code).rev().take_while(|code| is_digit(*code)).count() as u32;
    char::from_digit(before % 10, 10)
}

/// Unicode's toNFKC_Casefold (R5 of section 3.13): each code point mapped by NFKC_Casefold, then NFC.
#[derive(Debug)]
pub(super) struct NfkcCasefold {
    nfc: ComposingNormalizerBorrowed<'static>,
    nfkc: ComposingNormalizerBorrowed<'static>,
    case: CaseMapperBorrowed<'static>,
    ignorable: CodePointSetDataBorrowed<'static>,
    mapped: String,
    /// The property of code points met before: asking ICU costs a hundred times as much.
    known: HashMap<char, Box<str>>,
}

/// At most this many of them are kept.
const MOST_KNOWN: usize = 1024;

impl Default for NfkcCasefold {
    fn default() -> Self {
        NfkcCasefold {
            nfc: ComposingNormalizer::new_nfc(),
            nfkc: ComposingNormalizer::new_nfkc(),
            case: CaseMapper::new(),
            ignorable: CodePointSetData::new::<DefaultIgnorableCodePoint>(),
            mapped: String::new(),
            known: HashMap::new(),
        }
    }
}

impl NfkcCasefold {
    /// Writes toNFKC_Casefold of `text` into `out` (emptied first).
    pub(super) fn map(&mut self, text: &str, out: &mut String) {
        let mut mapped = std::mem::take(&mut self.mapped);
        mapped.clear();
        for c in text.chars() {
            self.known_code_point(c, &mut mapped);
        }
        out.clear();
        out.push_str(&self.nfc.normalize(&mapped));
        self.mapped = mapped;
    }

    /// toNFKC_Casefold of `text`, code point by code point, holding no more of it than has to be put in order.
    pub(super) fn stream<'s>(&'s mut self, text: &'s str) -> impl Iterator<Item = char> + 's {
        ComposingNormalizer::new_nfc().normalize_iter(Mapped {
            icu: self,
            chars: text.chars(),
            mapped: String::new(),
            at: 0,
        })
    }

    /// Frees a buffer of more than `kept` bytes.
    pub(super) fn shrink(&mut self, kept: usize) {
        if self.mapped.capacity() > kept {
            self.mapped = String::new();
        }
    }

    fn known_code_point(&mut self, c: char, out: &mut String) {
        if let Some(mapped) = self.known.get(&c) {
            out.push_str(mapped);
            return;
        }
        let start = out.len();
        self.code_point(c, out);
        if self.known.len() >= MOST_KNOWN {
            self.known.clear();
        }
        self.known.insert(c, out.get(start..).unwrap_or_default().into());
    }

    /// The property NFKC_Casefold of one code point: casefolding, NFKC and the removal of default-ignorable code points
    /// until nothing changes any more (UAX #44, NFKC_CF). Appends it to `out`.
    pub(super) fn code_point(&self, c: char, out: &mut String) {
        if self.ignorable.contains(c) {
            return;
        }
        let mut utf8 = [0; 4];
        let mut now = std::borrow::Cow::Borrowed(&*c.encode_utf8(&mut utf8));
        loop {
            let folded = self.case.fold_string(&now);
            let mut next = self.nfkc.normalize(&folded).into_owned();
            next.retain(|c| !self.ignorable.contains(c));
            if next == *now {
                break;
            }
            now = std::borrow::Cow::Owned(next);
        }
        out.push_str(&now);
    }
}

/// The property NFKC_Casefold of a text's code points, one after another.
struct Mapped<'s> {
    icu: &'s mut NfkcCasefold,
    chars: Chars<'s>,
    mapped: String,
    at: usize,
}

impl Iterator for Mapped<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        loop {
            if let Some(c) = self.mapped.get(self.at..).and_then(|rest| rest.chars().next()) {
                self.at += c.len_utf8();
                return Some(c);
            }
            self.mapped.clear();
            self.at = 0;
            self.icu.known_code_point(self.chars.next()?, &mut self.mapped);
        }
    }
}
