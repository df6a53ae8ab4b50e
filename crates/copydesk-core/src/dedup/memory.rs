//! Memory across articles: the seam for feed memory (repeats across articles of one source within a window).
//!
//! Today every lane uses [`Forgetful`]. The trait is here so that `process` and the lane are already built around it:
//! the lane owns one memory per partition, `mark`s it when a transaction begins and `roll_back`s it on abort.

/// What earlier articles of the same source have shown.
pub trait Memory {
    /// Has a paragraph with this fingerprint (its first 128 bits) been seen in an earlier article of `source`?
    fn seen(&mut self, source: &str, fingerprint: u128) -> bool;
}

/// A memory that remembers nothing: repeats are looked for within one article only.
#[derive(Debug, Default, Clone, Copy)]
pub struct Forgetful;

impl Memory for Forgetful {
    fn seen(&mut self, _source: &str, _fingerprint: u128) -> bool {
        false
    }
}
