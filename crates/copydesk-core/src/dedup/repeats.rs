//! Repeats within one article: the first occurrence of each key.

use std::hash::{BuildHasherDefault, Hasher};

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

/// Keys shorter than this, in bytes, are never dropped by themselves: refrains, "Advertisement", "Yes.". (One in a
/// thousand repeated paragraphs is so short; most of those stand in a block that is repeated, and go with it.)
pub const LEAST_KEY: usize = 40;

/// Where a key was seen first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// In the headline.
    Headline,
    /// In the paragraph of this index (the caller's own numbering).
    Paragraph(u32),
}

/// The keys of one article so far. Kept between articles for its memory only: call [`Repeats::clear`].
#[derive(Debug, Default)]
pub struct Repeats {
    seen: HashMap<u128, First, BuildHasherDefault<Prefix>>,
}

/// A table that one huge article has grown is freed rather than cleared again for each small one.
const LARGEST_KEPT: usize = 1 << 14;

impl Repeats {
    /// Forgets the last article.
    pub fn clear(&mut self) {
        self.shrink();
        self.seen.clear();
    }

    /// Frees what an extraordinary article has grown.
    pub fn shrink(&mut self) {
        if self.seen.capacity() > LARGEST_KEPT {
            self.seen = HashMap::default();
        }
    }

    /// Notes a fingerprint's first 128 bits at `place`; answers where it stood first, if this is a repeat.
    pub fn note(&mut self, fingerprint: u128, place: First) -> Option<First> {
        match self.seen.entry(fingerprint) {
            Entry::Occupied(first) => Some(*first.get()),
            Entry::Vacant(free) => {
                free.insert(place);
                None
            }
        }
    }
}

/// A fingerprint is a hash already: its first 64 bits serve.
#[derive(Debug, Default)]
struct Prefix(u64);

impl Hasher for Prefix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u128(&mut self, fingerprint: u128) {
        self.0 = (fingerprint >> 64) as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_occurrence_wins() {
        let mut repeats = Repeats::default();
        assert_eq!(repeats.note(7, First::Headline), None);
        assert_eq!(repeats.note(8, First::Paragraph(0)), None);
        assert_eq!(repeats.note(7, First::Paragraph(1)), Some(First::Headline));
        assert_eq!(repeats.note(8, First::Paragraph(2)), Some(First::Paragraph(0)));
        assert_eq!(repeats.note(8, First::Paragraph(3)), Some(First::Paragraph(0)));
        repeats.clear();
        assert_eq!(repeats.note(8, First::Paragraph(0)), None);
    }
}
