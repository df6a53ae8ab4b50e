//! Memory across articles: what earlier articles of a feed have shown, and what an article leaves to be remembered.
//!
//! The pure function only reads a [`Memory`] and answers what is to be added to it ([`Remember`]). When that is added, and
//! that it is taken back where a transaction is aborted, is the business of whoever owns the memory.

/// What earlier articles have shown.
pub trait Memory {
    /// Has a paragraph with this fingerprint (its first 128 bits) been seen in an earlier article of `source`?
    fn has_seen(&self, source: &str, fingerprint: u128) -> bool;

    /// Is anything to be remembered? Where not, [`Remember::paragraphs`] stays empty, and costs nothing.
    fn remembers(&self) -> bool {
        true
    }
}

/// The memory that is empty and stays so: repeats are looked for within one article only.
#[derive(Debug, Default, Clone, Copy)]
pub struct NoMemory;

impl Memory for NoMemory {
    fn has_seen(&self, _source: &str, _fingerprint: u128) -> bool {
        false
    }

    fn remembers(&self) -> bool {
        false
    }
}

/// What one article leaves to be remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remember {
    /// Who published it; empty where the article does not say, or nothing is to be remembered.
    pub source: String,
    /// The first 128 bits of its paragraphs' fingerprints, each once, in order; paragraphs that earlier articles have shown
    /// are among them, and those that are too short to be dropped by themselves are not.
    pub paragraphs: Vec<u128>,
}
