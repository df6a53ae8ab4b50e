//! Text that quotes a payload is shortened before it goes where a long text has no place: a header, a log line.

/// Most bytes of a reason: in the header of a dead letter, in a log line, on a page.
pub const REASON_BYTES: usize = 1000;

/// The text; of a longer one its beginning, at most `most` bytes, and an ellipsis.
pub fn shortened(mut text: String, most: usize) -> String {
    if text.len() > most {
        let end = (0..=most).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        text.truncate(end);
        text.shrink_to_fit();
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(shortened("abc".to_owned(), 3), "abc");
        assert_eq!(shortened("abcd".to_owned(), 3), "abc…");
        assert_eq!(shortened("aбб".to_owned(), 4), "aб…");
        assert_eq!(shortened("б".to_owned(), 1), "…");
    }
}
