//! Keys of long paragraphs, in pieces: a code point can become eighteen, and a payload is as large as its limit, so the
//! key of one paragraph is never in memory as a whole. It is computed and hashed piece by piece.
//!
//! A piece ends before a code point that nothing before it can change and that changes nothing before it. Where there is
//! none for long (a run of combining marks, of jamo), the run goes through ICU's streaming normaliser, which holds no more
//! of it than has to be put in order. The pieces' keys, one after another, are the key of the whole: `tests` hold the two
//! against each other.

use super::{BLOCK, Normaliser, decode};
use crate::dedup::fingerprint::{Feed, Fingerprint};

/// Longer paragraphs go in pieces of about this many bytes.
pub(super) const PIECE: usize = 1 << 16;
/// Buffers that a paragraph of [`PIECE`] bytes does not need are freed.
const KEPT: usize = 4 * PIECE;

/// What is kept of a key: its hash, and how long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashed {
    /// Its fingerprint.
    pub hash: Fingerprint,
    /// Its length in bytes.
    pub length: usize,
}

/// What comes next.
enum Cut {
    /// A piece up to here.
    Piece(usize),
    /// A run without a place to cut, up to here.
    Run(usize),
}

impl Normaliser {
    /// The fingerprint of a paragraph's key, and the key's length. Takes no more memory for a long paragraph than for a
    /// short one, but for four bytes for each of more than 64 KiB of combining marks in a row.
    pub fn hash(&mut self, text: &str) -> Hashed {
        if text.len() > PIECE {
            return self.hash_in_pieces(text, PIECE);
        }
        let key = self.key(text);
        Hashed { hash: Fingerprint::of(key), length: key.len() }
    }

    pub(super) fn hash_in_pieces(&mut self, text: &str, piece: usize) -> Hashed {
        let mut feed = Feed::default();
        self.begin();
        let mut from = 0;
        while from < text.len() {
            let end = match self.cut(text, from, piece) {
                Cut::Piece(end) => {
                    self.go_on(text.get(from..end).unwrap_or_default());
                    end
                }
                Cut::Run(end) => {
                    self.run(text.get(from..end).unwrap_or_default(), &mut feed);
                    end
                }
            };
            self.feed(&mut feed);
            from = end;
        }
        self.end();
        feed.update(self.key.get(..self.len).unwrap_or_default());
        let length = feed.length();
        Hashed { hash: feed.finish(), length }
    }

    /// Frees what an extraordinary paragraph has grown.
    pub fn shrink(&mut self) {
        if self.key.capacity() > KEPT {
            self.key = Vec::new();
        }
        if self.mapped.capacity() > KEPT {
            self.mapped = String::new();
        }
        self.icu.shrink(KEPT);
    }

    /// Hashes the key as far as it is known, but for its last byte: the next piece has to know whether that is a space.
    fn feed(&mut self, feed: &mut Feed) {
        let Some(last) = self.len.checked_sub(1) else { return };
        feed.update(self.key.get(..last).unwrap_or_default());
        self.key.copy_within(last..=last, 0);
        self.len = 1;
    }

    /// Where the piece that starts at `from` ends.
    fn cut(&self, text: &str, from: usize, piece: usize) -> Cut {
        if text.len() - from <= piece {
            return Cut::Piece(text.len());
        }
        let bytes = text.as_bytes();
        let is_start = |at: usize| text.is_char_boundary(at);
        let may_cut = |at: usize| self.table.starts(decode(bytes, at).0);
        let last = (from + 1..=from + piece).rev().filter(|&at| is_start(at)).find(|&at| may_cut(at));
        if let Some(at) = last {
            return Cut::Piece(at);
        }
        let next = (from + piece..text.len()).filter(|&at| is_start(at)).find(|&at| may_cut(at));
        Cut::Run(next.unwrap_or(text.len()))
    }

    /// A run without a place to cut, by the definition, code point by code point.
    fn run(&mut self, text: &str, feed: &mut Feed) {
        let mut icu = std::mem::take(&mut self.icu);
        for c in icu.stream(text) {
            if self.key.len() < self.len + 2 * BLOCK {
                self.key.resize(self.len + PIECE, 0);
            }
            self.put_folded(c);
            if self.len > PIECE {
                self.feed(feed);
            }
        }
        self.icu = icu;
    }
}
