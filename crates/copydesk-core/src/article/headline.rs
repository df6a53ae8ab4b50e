//! The headline, where no field of the input holds one: the first line of the text, if it looks like one.

use super::Dates;

/// A line longer than this, in characters, is no headline.
const LONGEST: usize = 160;

/// Does the first line of the text look like a headline: short, no sentence that ends in a full stop, and no dateline?
pub(super) fn looks_like_headline(text: &str, dates: &Dates<'_>) -> bool {
    let ends_like_prose = text.ends_with(['.', '。', '।', '۔', '։', '።', ';', ':', '：', ',', '،', '、']);
    let is_elided = text.ends_with("...");
    let is_short = text.len() <= LONGEST || text.chars().nth(LONGEST).is_none();
    (!ends_like_prose || is_elided) && is_short && !dates.opens_with_dateline(text)
}
