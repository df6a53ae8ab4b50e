//! The gate: lines that cannot be date lines, known by their bytes.

/// Longest line in bytes.
const LONGEST: usize = super::line::LONGEST;
/// A line without a digit is a date line only where it is very short ("Published yesterday"): bytes, and spaces in it.
const LONGEST_WITHOUT_DIGIT: usize = 72;
const MOST_SPACES_WITHOUT_DIGIT: usize = 4;
/// Two dates with times, zones and labels have about twenty words.
const MOST_SPACES: usize = 20;
const MOST_SPACES_BEFORE_STOP: usize = 11;

/// See [`super::may_be_date_line`].
pub(super) fn may_be_date_line(line: &str) -> bool {
    let bytes = line.as_bytes();
    if bytes.len() > LONGEST || bytes.len() < 2 {
        return false;
    }
    let spaces = spaces(bytes);
    // So many words are a sentence, most of all with a full stop behind them.
    if spaces > MOST_SPACES || spaces > MOST_SPACES_BEFORE_STOP && line.ends_with(['.', '।', '۔']) {
        return false;
    }
    let is_tiny = bytes.len() <= LONGEST_WITHOUT_DIGIT && spaces <= MOST_SPACES_WITHOUT_DIGIT;
    is_tiny || bytes.iter().fold(false, |any, byte| any | byte.is_ascii_digit()) || has_other_digit(bytes)
}

fn spaces(bytes: &[u8]) -> usize {
    // In blocks whose count fits a byte: the compiler then counts in vectors of bytes.
    let count = |block: &[u8]| usize::from(block.iter().fold(0_u8, |count, byte| count + u8::from(*byte == b' ')));
    let (blocks, rest) = bytes.as_chunks::<32>();
    blocks.iter().map(|block| count(block)).sum::<usize>() + count(rest)
}

/// Native digits, Kanji and Hebrew numerals: by the lead bytes of their blocks.
fn has_other_digit(bytes: &[u8]) -> bool {
    // None of these blocks begins with another byte: most lines are told by one look.
    if bytes
        .iter()
        .fold(true, |none, byte| none & !matches!(byte, 0xD7 | 0xD9 | 0xDB | 0xE0 | 0xE1 | 0xE5 | 0xE6 | 0xEF))
    {
        return false;
    }
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
