//! A body in its lines, hard-wrapped or not, with the buffers that this takes.

use super::{LineSpan, split, unwrap};

/// Buffers for the lines of a body, kept between articles.
#[derive(Debug, Default)]
pub(crate) struct BodyLines {
    lines: Vec<LineSpan>,
    unwrapped: String,
}

/// A body, split.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Body<'a> {
    /// The text that the lines lie in: as it came, or unwrapped.
    pub(crate) text: &'a str,
    /// Its lines; of an unwrapped one its paragraphs.
    pub(crate) lines: &'a [LineSpan],
    /// Lines of the body as it came.
    pub(crate) lines_in: usize,
}

impl BodyLines {
    /// Splits a body, and unwraps it where it is hard-wrapped; `None` where it has more than `limit` lines.
    pub(crate) fn split<'a>(&'a mut self, text: &'a str, limit: usize) -> Option<Body<'a>> {
        if !split(text, limit, &mut self.lines) {
            return None;
        }
        let lines_in = self.lines.len();
        let is_wrapped = unwrap(text, &mut self.lines, &mut self.unwrapped);
        Some(Body { text: if is_wrapped { &self.unwrapped } else { text }, lines: &self.lines, lines_in })
    }

    /// Frees what an extraordinary article has grown, so that it costs memory only while it is cleaned.
    pub(crate) fn shrink(&mut self) {
        const MOST_LINES: usize = 1 << 14;
        const MOST_BYTES: usize = 1 << 20;
        if self.lines.capacity() > MOST_LINES {
            self.lines = Vec::new();
        }
        if self.unwrapped.capacity() > MOST_BYTES {
            self.unwrapped = String::new();
        }
    }
}
