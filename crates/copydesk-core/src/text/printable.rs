//! Text that is only looked at: nothing in an article may command a terminal, or make a page read otherwise than it is.

/// Control characters as pictures of themselves; bidi controls, which could make what stands around them read
/// otherwise, as U+FFFD.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            '\0'..='\u{1F}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{FFFD}'),
            '\u{7F}' => '\u{2421}',
            '\u{80}'..='\u{9F}' => '\u{FFFD}',
            other if is_bidi_control(other) => '\u{FFFD}',
            other => other,
        })
        .collect()
}

/// Would the character command a terminal, end a line, or turn the direction of writing? Control characters (C0 and C1, tab
/// and line feed among them), separators of lines and paragraphs, bidi controls.
pub fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || is_bidi_control(c)
}

/// Embeddings, overrides and isolates. The implicit marks (U+061C, U+200E, U+200F) are no such thing: Arabic and Hebrew text
/// needs them, and they turn nothing but themselves.
pub fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_commands_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\u{202e}c\u{9b}d\u{7f}"), "a␛[31mb\u{fffd}c\u{fffd}d␡");
    }
}
