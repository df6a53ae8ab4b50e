//! What a character is, told without tables for the letters of most news: most paragraphs are turned away by these.

/// White space, and what is not seen at all.
#[inline]
pub(super) fn is_blank(c: char) -> bool {
    c == ' '
        || !is_letter_of_many(c) && c.is_whitespace()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

pub(super) fn is_dash(c: char) -> bool {
    matches!(c, '-' | '‐' | '‑' | '–' | '—' | '―' | '−')
}

/// A comma of any script.
pub(super) fn is_comma(c: char) -> bool {
    matches!(c, ',' | '،' | '፣' | '、' | '，')
}

/// What a colon is in some script.
pub(super) fn is_colon(c: char) -> bool {
    matches!(c, ':' | '：' | '៖' | '፦' | '፡' | '։')
}

/// A letter of the alphabets of most news (some signs between them do not matter here).
pub(super) fn is_letter_of_many(c: char) -> bool {
    c.is_ascii_alphabetic()
        || matches!(c, '\u{C0}'..='\u{24F}' | '\u{386}'..='\u{52F}' | '\u{5D0}'..='\u{5EA}' | '\u{620}'..='\u{64A}')
}

/// As `char::is_numeric`, but most letters are told without its tables: there is no number from ¿ to the Arabic digits,
/// nor among the Arabic letters.
pub(super) fn is_number(c: char) -> bool {
    !matches!(c, '\u{BF}'..='\u{65F}' | '\u{66A}'..='\u{6EF}') && c.is_numeric()
}

/// Is the character of a script without upper and lower case (from Hebrew to Burmese, East Asian)?
pub(super) fn is_caseless(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{109F}' | '\u{10D0}'..='\u{10FF}' | '\u{1100}'..='\u{139F}' | '\u{1780}'..='\u{17FF}' | '\u{2E80}'..='\u{A63F}' | '\u{AC00}'..='\u{D7A3}')
}

pub(super) fn is_lowercase(c: char) -> bool {
    !is_caseless(c) && c.is_lowercase()
}

/// As `char::is_alphabetic`, with the letters of most news told without its tables.
pub(super) fn is_alphabetic(c: char) -> bool {
    c.is_ascii_alphabetic()
        || matches!(c, '\u{410}'..='\u{44F}' | '\u{620}'..='\u{63F}' | '\u{641}'..='\u{64A}')
        || c.is_alphabetic()
}

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// BAGHDAD.
    Capitals,
    /// Baghdad.
    Mixed,
    /// بغداد.
    None,
}

impl Case {
    pub(super) fn of(text: &str) -> Case {
        let (mut capitals, mut others) = (0, 0);
        for c in text.chars().filter(|c| !is_caseless(*c)) {
            capitals += usize::from(c.is_uppercase());
            others += usize::from(c.is_lowercase());
        }
        match (capitals, others) {
            (0, 0) => Case::None,
            (2.., 0) => Case::Capitals,
            _ => Case::Mixed,
        }
    }
}

/// Can a sentence start with this? (No small letter.)
pub(super) fn may_start(c: char) -> bool {
    is_caseless(c) && is_alphabetic(c)
        || c.is_uppercase()
        || c.is_numeric()
        || matches!(c, '"' | '\'' | '“' | '”' | '„' | '‘' | '’' | '‚' | '«' | '»' | '¿' | '¡' | '(' | '[' | '「' | '《')
}
