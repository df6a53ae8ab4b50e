//! Unwrapping hard-wrapped text.
//!
//! Agencies that still send IPTC 7901 style break lines at 60 to 80 columns and part paragraphs by blank lines. There a
//! paragraph is a block of lines, and hashing single lines would find no repeat that is wrapped otherwise. A body is
//! taken for hard-wrapped only where its own lines prove it: blank lines part its blocks, no line is wider than 80
//! columns, and nearly every line that is followed by another of its block is *full*, that is, the next line's first
//! word would not have fitted. Poems, lists and transcripts fail that proof and stay as they are.

use super::LineSpan;

/// No line of hard-wrapped text is wider, in columns (here: code points).
const WIDEST: usize = 80;
/// The widest line of hard-wrapped text is at least so wide: narrower ones are verse or tables.
const NARROWEST: usize = 50;
/// So many line breaks have to be there before they prove anything.
const LEAST_BREAKS: usize = 3;

/// Joins the lines of hard-wrapped paragraphs by one space, into `buffer`; `lines` then lie in `buffer`, each paragraph
/// with the number of its first line. Answers `false`, and changes nothing, where `body` is not hard-wrapped.
pub fn unwrap(body: &str, lines: &mut Vec<LineSpan>, buffer: &mut String) -> bool {
    // Cheap reasons first: one long line, or no blank line between text, and nothing else is looked at.
    if lines.iter().any(|line| line.end - line.start > WIDEST * 4) || !has_blocks(body, lines) {
        return false;
    }
    let Some(width) = wrap_width(body, lines) else { return false };

    buffer.clear();
    let mut joined: Vec<LineSpan> = Vec::with_capacity(lines.len());
    let mut open: Option<LineSpan> = None;
    for (index, line) in lines.iter().enumerate() {
        let text = line.of(body).trim();
        let continues = index > 0 && open.is_some() && breaks_at(body, &lines[index - 1], line, width);
        match &mut open {
            Some(paragraph) if continues => {
                buffer.push(' ');
                buffer.push_str(text);
                paragraph.end = buffer.len();
            }
            _ => {
                joined.extend(open.take());
                let start = buffer.len();
                buffer.push_str(text);
                open = Some(LineSpan { number: line.number, start, end: buffer.len() });
            }
        }
    }
    joined.extend(open);
    *lines = joined;
    true
}

fn has_blocks(body: &str, lines: &[LineSpan]) -> bool {
    lines.windows(3).any(|three| {
        let [above, blank, below] = three else { return false };
        is_blank(body, blank) && !is_blank(body, above) && !is_blank(body, below)
    })
}

fn is_blank(body: &str, line: &LineSpan) -> bool {
    line.of(body).trim().is_empty()
}

fn columns(text: &str) -> usize {
    text.chars().count()
}

/// The width at which the body was wrapped, where it was.
fn wrap_width(body: &str, lines: &[LineSpan]) -> Option<usize> {
    let width = lines.iter().map(|line| columns(line.of(body).trim_end())).max()?;
    if !(NARROWEST..=WIDEST).contains(&width) {
        return None;
    }
    let (mut full, mut short) = (0_usize, 0_usize);
    for pair in lines.windows(2) {
        let [line, next] = pair else { continue };
        if is_blank(body, line) || is_blank(body, next) {
            continue;
        }
        if breaks_at(body, line, next, width) { full += 1 } else { short += 1 }
    }
    (full >= LEAST_BREAKS && full >= 4 * short).then_some(width)
}

/// Was the break between these two lines made by wrapping? Only where the next word would not have fitted.
fn breaks_at(body: &str, line: &LineSpan, next: &LineSpan, width: usize) -> bool {
    let (text, below) = (line.of(body).trim_end(), next.of(body).trim());
    if text.trim().is_empty() || below.is_empty() {
        return false;
    }
    let word = below.split_whitespace().next().unwrap_or_default();
    columns(text) + 1 + columns(word) > width
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::split;

    const WIRE: &str = "FLOOD WATERS FALL IN NORTHERN VALLEY\n\n\
        The river that had covered the lower town for nine days fell by half a\n\
        metre on Tuesday, and the first families were allowed to go back to\n\
        their houses under the eyes of the fire brigade.\n\n\
        \"We have seen worse, but never for so long,\" said the mayor, who has\n\
        slept in the town hall since the dyke broke, and who expects the bridge\n\
        to open again on Friday.\n";

    fn unwrapped(body: &str) -> Option<Vec<(u32, String)>> {
        let (mut lines, mut buffer) = (Vec::new(), String::new());
        split(body, usize::MAX, &mut lines);
        unwrap(body, &mut lines, &mut buffer)
            .then(|| lines.iter().map(|line| (line.number, line.of(&buffer).to_owned())).collect())
    }

    #[test]
    fn wire_copy_becomes_paragraphs_with_the_number_of_their_first_line() {
        let lines = unwrapped(WIRE).unwrap();
        let text: Vec<_> = lines.iter().filter(|(_, text)| !text.is_empty()).collect();
        assert_eq!(text.len(), 3);
        assert_eq!(text[0], &(0, "FLOOD WATERS FALL IN NORTHERN VALLEY".to_owned()));
        assert_eq!(text[1].0, 2);
        assert!(text[1].1.ends_with("half a metre on Tuesday, and the first families were allowed to go back to their houses under the eyes of the fire brigade."));
        assert_eq!(text[2].0, 6);
    }

    #[test]
    fn text_with_one_line_a_paragraph_stays() {
        let long = "The river that had covered the lower town for nine days fell by half a metre on Tuesday, and the first families went back.";
        assert_eq!(unwrapped(&format!("Flood waters fall\n\n{long}\n\n{long}\n")), None);
    }

    #[test]
    fn verse_stays() {
        let verse = "The river came by night and took the mill,\nthe cows, the fence,\nthe road below the hill that led us to the town and to the fair\n\nand when it fell\nthe mill was never there.\nWe built it up\nand wait for water still.\n";
        assert_eq!(unwrapped(verse), None);
    }

    #[test]
    fn wrapped_text_without_blank_lines_stays() {
        assert_eq!(unwrapped(&WIRE.replace("\n\n", "\n")), None);
    }
}
