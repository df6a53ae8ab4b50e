//! The gate: lines that cannot be date lines, known by their bytes.

/// Longest line in bytes; lines without a digit are date lines only where they are short ("yesterday").
const LONGEST: usize = super::line::LONGEST;
const LONGEST_WITHOUT_DIGIT: usize = 72;

/// See [`super::may_be_date_line`].
pub(super) fn may_be_date_line(line: &str) -> bool {
    let bytes = line.as_bytes();
    if bytes.len() > LONGEST || bytes.len() < 2 {
        return false;
    }
    bytes.len() <= LONGEST_WITHOUT_DIGIT || bytes.iter().any(u8::is_ascii_digit) || has_other_digit(bytes)
}

/// Native digits, Kanji and Hebrew numerals: by the lead bytes of their blocks.
fn has_other_digit(bytes: &[u8]) -> bool {
    bytes.windows(3).any(|w| match *w {
        [0xD9, b, _] => (0xA0..=0xA9).contains(&b),
        [0xDB, b, _] => (0xB0..=0xB9).contains(&b),
        [0xD7, b, _] => b == 0xB3 || b == 0xB4,
        // Indic, Thai, Lao, Tibetan, Burmese, Khmer digits lie in E0 A5–BD xx and E1 81, E1 9F; full width in EF BC.
        [0xE0, b, c] => matches!(
            (b, c),
            (0xA5 | 0xA7 | 0xA9 | 0xAB | 0xAD | 0xAF | 0xB1 | 0xB3 | 0xB5, 0xA6..=0xAF)
                | (0xB9 | 0xBB, 0x90..=0x99)
                | (0xBC, 0xA0..=0xA9)
        ),
        [0xE1, b, c] => matches!((b, c), (0x81, 0x80..=0x89) | (0x9F, 0xA0..=0xA9) | (0xA0, 0x90..=0x99)),
        [0xEF, 0xBC, c] => (0x90..=0x99).contains(&c),
        // 年, 月.
        [0xE5, 0xB9, 0xB4] | [0xE6, 0x9C, 0x88] => true,
        _ => false,
    })
}
