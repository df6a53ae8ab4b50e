//! Folding: one spelling for all the ways in which a word of a date is written.
//!
//! The folded text is NFKD, lower case, without accents, points, harakat, tatweel, bidi marks and joiners, with ASCII
//! digits, plain dashes and apostrophes, and single spaces; letters that differ only by font or keyboard (Arabic yeh
//! and kaf, Turkish dotless i, final sigma, ø and ł) are one letter. Every folded byte knows the source byte that it
//! comes from. The lexicon is folded by the same function, so both sides always agree.

use icu_normalizer::{DecomposingNormalizer, DecomposingNormalizerBorrowed};
use std::cell::Cell;
use std::sync::LazyLock;

/// A folded text and where its bytes come from.
#[derive(Debug, Clone, Default)]
pub(super) struct Folded {
    pub(super) text: String,
    /// For each byte of `text` (and one past its end), the byte of the source at which its character starts.
    pub(super) source: Vec<u32>,
}

impl Folded {
    fn push(&mut self, c: char, at: usize) {
        if c == ' ' && (self.text.is_empty() || self.text.ends_with(' ')) {
            return;
        }
        self.text.push(c);
        for _ in 0..c.len_utf8() {
            self.source.push(at as u32);
        }
    }
}

/// Folds a text.
pub(super) fn fold(text: &str) -> Folded {
    let mut folded = Folded::default();
    folded.fold(text);
    folded
}

thread_local! {
    static SHORT: Cell<Folded> = Cell::default();
}

/// What a short text says once it is folded: without the allocations of [`fold`].
pub(super) fn with_folded<T>(text: &str, read: impl FnOnce(&str) -> T) -> T {
    let mut folded = SHORT.take();
    folded.fold(text);
    let read = read(&folded.text);
    SHORT.set(folded);
    read
}

impl Folded {
    /// Folds a text in place of the last one: a line costs no allocation that an earlier one has made.
    pub(super) fn fold(&mut self, text: &str) {
        self.text.clear();
        self.source.clear();
        if is_simple(text) {
            self.text.push_str(text);
            self.text.make_ascii_lowercase();
            self.source.extend(0..=text.len() as u32);
            return;
        }
        let normalizer = DecomposingNormalizer::new_nfkd();
        for (at, c) in text.char_indices() {
            match FOLDED.get(c as usize) {
                Some(&DROPPED) => {}
                Some(&folded) if folded != OTHERWISE => self.push(folded, at),
                _ if is_plain(c) => self.push(c, at),
                _ => decomposed(c, at, &normalizer, self),
            }
        }
        if self.text.ends_with(' ') {
            self.text.pop();
            self.source.pop();
        }
        self.source.push(text.len() as u32);
    }
}

/// ASCII of which only the case has to be folded.
fn is_simple(text: &str) -> bool {
    let odd = |byte: u8| !byte.is_ascii() || byte < b' ' || matches!(byte, b'`' | b'[' | b']' | b'{' | b'}');
    let bytes = text.as_bytes();
    !bytes.iter().fold(false, |any, &byte| any | odd(byte))
        && !bytes.windows(2).fold(false, |any, pair| any | (pair == b"  "))
        && !text.starts_with(' ')
        && !text.ends_with(' ')
}

/// Characters below this are looked up: Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic.
const LOOKED_UP: usize = 0x700;
/// Folded to nothing.
const DROPPED: char = '\u{0}';
/// Folded to more than one character.
const OTHERWISE: char = '\u{1}';

static FOLDED: LazyLock<[char; LOOKED_UP]> = LazyLock::new(|| {
    let normalizer = DecomposingNormalizer::new_nfkd();
    let mut one = Folded::default();
    std::array::from_fn(|code| {
        let Some(c) = char::from_u32(code as u32) else { return OTHERWISE };
        if c.is_ascii() {
            return ascii(c);
        }
        one.text.clear();
        // A space at the start of a line is left out: there has to be something before it.
        one.text.push('x');
        decomposed(c, 0, &normalizer, &mut one);
        let mut folded = one.text.chars().skip(1);
        match (folded.next(), folded.next()) {
            (None, _) => DROPPED,
            (Some(folded), None) => folded,
            _ => OTHERWISE,
        }
    })
});

fn ascii(c: char) -> char {
    match c {
        '\0' | '\u{1}' => OTHERWISE,
        '\t' | '\n' | '\r' => ' ',
        '`' => '\'',
        '[' | '{' => '(',
        ']' | '}' => ')',
        _ => c.to_ascii_lowercase(),
    }
}

/// Letters beyond the table that folding leaves alone, and that make up most of the text in their scripts.
fn is_plain(c: char) -> bool {
    matches!(c, '\0' | '\u{1}' | '\u{0E01}'..='\u{0E32}' | '\u{0E34}'..='\u{0E4E}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{0905}'..='\u{0928}' | '\u{092A}'..='\u{0930}' | '\u{0935}'..='\u{0939}' | '\u{093E}'..='\u{094D}')
}

fn decomposed(c: char, at: usize, normalizer: &DecomposingNormalizerBorrowed<'_>, folded: &mut Folded) {
    let mut buffer = [0; 4];
    let source: &str = c.encode_utf8(&mut buffer);
    for d in normalizer.normalize(source).chars() {
        for lower in d.to_lowercase() {
            if dropped(lower) {
                continue;
            }
            let multiple = match lower {
                'ß' => "ss",
                'æ' => "ae",
                'œ' => "oe",
                'þ' => "th",
                '։' => ":",
                '…' => "...",
                _ => "",
            };
            if multiple.is_empty() {
                folded.push(one(lower), at);
            } else {
                multiple.chars().for_each(|m| folded.push(m, at));
            }
        }
    }
}

fn dropped(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0487}' | '\u{0591}'..='\u{05BD}' | '\u{05BF}' | '\u{05C1}' | '\u{05C2}'
        | '\u{0610}'..='\u{061A}' | '\u{061C}' | '\u{0640}' | '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{06D6}'..='\u{06DC}'
        | '\u{06DF}'..='\u{06E8}' | '\u{06EA}'..='\u{06ED}' | '\u{093C}' | '\u{09BC}' | '\u{0A3C}' | '\u{0ABC}' | '\u{0B3C}'
        | '\u{00AD}' | '\u{180B}'..='\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
}

fn one(c: char) -> char {
    match c {
        '\t'
        | '\n'
        | '\r'
        | '\u{00A0}'
        | '\u{1680}'
        | '\u{2000}'..='\u{200A}'
        | '\u{202F}'
        | '\u{205F}'
        | '\u{3000}'
        | '\u{2028}'
        | '\u{2029}' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{05BE}' | '\u{FE58}' | '\u{2500}' => '-',
        '‘' | '’' | '‚' | '‛' | 'ʻ' | 'ʼ' | 'ʹ' | '´' | '′' | '׳' | '‹' | '›' => '\'',
        '“' | '”' | '„' | '‟' | '״' | '«' | '»' | '″' => '"',
        // (The Khmer colon sets a place apart, as a comma does.)
        '،' | '、' | '፣' | '，' | '၊' | '៖' => ',',
        '。' | '․' | '۔' | '။' | '។' => '.',
        '؛' => ';',
        '፡' | '՝' => ':',
        '؟' => '?',
        '•' | '●' | '∙' | '⋅' | '・' | '▪' | '■' | '◆' | '♦' | '◦' | '⚫' | '★' | '·' => '·',
        '¦' | '│' | '┃' | '‖' | '।' => '|',
        '⁄' | '∕' => '/',
        '【' | '〔' | '〖' | '「' | '〈' | '《' => '(',
        '】' | '〕' | '〗' | '」' | '〉' | '》' => ')',
        'ı' => 'i',
        'ς' => 'σ',
        'ø' => 'o',
        'ł' => 'l',
        'đ' | 'ð' => 'd',
        'ħ' => 'h',
        'ə' => 'e',
        'ی' | 'ى' | 'ې' | 'ۍ' | 'ے' => 'ي',
        'ک' | 'ڪ' => 'ك',
        'ة' | 'ە' | 'ہ' | 'ھ' | 'ۀ' | 'ۃ' | 'ۂ' => 'ه',
        'ٱ' => 'ا',
        'ء' => 'ا',
        'є' => 'е',
        _ => digit(c).map_or(c, |d| char::from(b'0' + d)),
    }
}

/// The value of a decimal digit (general category Nd) of the scripts that write dates with it.
fn digit(c: char) -> Option<u8> {
    const ZEROS: [char; 24] = [
        '\u{0660}',
        '\u{06F0}',
        '\u{07C0}',
        '\u{0966}',
        '\u{09E6}',
        '\u{0A66}',
        '\u{0AE6}',
        '\u{0B66}',
        '\u{0BE6}',
        '\u{0C66}',
        '\u{0CE6}',
        '\u{0D66}',
        '\u{0E50}',
        '\u{0ED0}',
        '\u{0F20}',
        '\u{1040}',
        '\u{17E0}',
        '\u{1810}',
        '\u{1C50}',
        '\u{A9D0}',
        '\u{ABF0}',
        '\u{1E950}',
        '\u{11136}',
        '\u{11066}',
    ];
    let code = u32::from(c);
    ZEROS.iter().find_map(|&zero| code.checked_sub(u32::from(zero)).filter(|&d| d < 10)).map(|d| d as u8)
}
