//! Key v1: the normalised form of a paragraph, which is hashed.
//!
//! `docs/key-v1.md` defines the key by code point, with test vectors; this module computes it at the speed of a copy. The
//! definition is two steps, NFKC_Casefold and then a [`Fold`] of single code points, and both are put into one table
//! for the Basic Multilingual Plane ([`Table`]). A code point whose result depends on its neighbours (a mark that
//! composes, jamo) is not decided by the table: the piece of text from the last *boundary* (a code point that nothing
//! after it can change) to the next one is then computed by ICU, as the definition says. So the fast path never
//! decides anything that the definition would decide otherwise; `tests` below hold them against each other.

mod block;
mod fold;
mod pieces;
mod table;

use block::{BLOCK, Blocks, Portable, plain_blocks};
use fold::{Fold, NfkcCasefold};
pub use pieces::Hashed;
use table::{Action, Table};

/// The version of the key's definition, published in each record as `processor.keyVersion`.
pub const KEY_VERSION: u32 = 1;

static TABLE: Table = Table::new();

/// Computes keys. Keeps its buffers between calls: one per thread, no allocation per line.
#[derive(Debug)]
pub struct Normaliser {
    table: &'static Table,
    /// The key, and spare bytes behind it.
    key: Vec<u8>,
    /// The key's length.
    len: usize,
    /// Was the last byte written a space (or is there none yet)? The next space is then left out.
    spaced: bool,
    icu: NfkcCasefold,
    mapped: String,
    /// What this processor can do.
    arch: pulp::Arch,
}

impl Default for Normaliser {
    fn default() -> Self {
        Normaliser {
            table: &TABLE,
            key: Vec::new(),
            len: 0,
            spaced: true,
            icu: NfkcCasefold::default(),
            mapped: String::new(),
            arch: pulp::Arch::new(),
        }
    }
}

/// One key, in the form that pulp needs: compiled once for any processor and once for those with AVX2, chosen at run time.
struct Compute<'a, B> {
    normaliser: &'a mut Normaliser,
    text: &'a str,
    blocks: B,
}

impl<B: Blocks> pulp::NullaryFnOnce for Compute<'_, B> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.normaliser.compute(self.text, self.blocks);
    }
}

/// The last place in text and key that nothing after it can change.
#[derive(Clone, Copy)]
struct Boundary {
    at: usize,
    len: usize,
    spaced: bool,
}

impl Normaliser {
    /// The key of a paragraph: UTF-8, valid until the next call. Of a long one it may be large: see [`Normaliser::hash`].
    pub fn key(&mut self, text: &str) -> &[u8] {
        self.begin();
        self.go_on(text);
        self.end();
        self.key.get(..self.len).unwrap_or_default()
    }

    fn begin(&mut self) {
        self.len = 0;
        self.spaced = true;
    }

    /// No space stands at the end of a key.
    fn end(&mut self) {
        if self.spaced && self.len > 0 {
            self.len -= 1;
        }
    }

    /// Goes on with text that starts where a piece may.
    fn go_on(&mut self, text: &str) {
        match self.arch {
            #[cfg(target_arch = "x86_64")]
            pulp::Arch::V3(simd) => simd.vectorize(Compute { normaliser: self, text, blocks: simd }),
            arch => arch.dispatch(Compute { normaliser: self, text, blocks: Portable }),
        }
    }

    #[inline(always)]
    fn compute(&mut self, text: &str, blocks: impl Blocks) {
        let bytes = text.as_bytes();
        // No code point in the table grows by more than this; the slow path makes its own room.
        self.reserve(bytes.len());

        let mut boundary = Boundary { at: 0, len: self.len, spaced: self.spaced };
        let mut last_class = 0_u8;
        let mut at = 0;
        loop {
            let plain = self.plain(blocks, bytes, at);
            if plain > at {
                boundary = self.boundary_before(bytes, plain);
                at = plain;
                last_class = 0;
            }
            if at >= bytes.len() {
                break;
            }
            let (code, width) = decode(bytes, at);
            let entry = self.table.entry(code);
            match entry.action() {
                Action::Ignore => {}
                Action::Mark if entry.class() >= last_class => {
                    last_class = entry.class();
                    self.put(entry.bytes(), entry.len());
                }
                Action::Mark | Action::Ask => {
                    at = self.ask(text, boundary, at + width);
                    boundary = Boundary { at, len: self.len, spaced: self.spaced };
                    last_class = 0;
                    continue;
                }
                action => {
                    boundary = Boundary { at, len: self.len, spaced: self.spaced };
                    last_class = 0;
                    match action {
                        Action::Emit => self.put(entry.bytes(), entry.len()),
                        Action::Space => self.space(),
                        _ => {}
                    }
                }
            }
            at += width;
        }
    }

    fn reserve(&mut self, input: usize) {
        let needed = self.len + input * table::GROWTH + 2 * BLOCK;
        if self.key.len() < needed {
            self.key.resize(needed, 0);
        }
    }

    /// Writes a table entry. Eight bytes are always written, `len` count.
    #[inline(always)]
    fn put(&mut self, bytes: [u8; 8], len: usize) {
        if let Some(room) = self.key.get_mut(self.len..self.len + 8) {
            room.copy_from_slice(&bytes);
        }
        self.len += len;
        self.spaced = false;
    }

    /// Writes what the second step of the definition makes of a code point that the first has left.
    fn put_folded(&mut self, c: char) {
        match Fold::of(c) {
            Fold::Keep(c) => {
                let mut utf8 = [0; 8];
                let len = c.encode_utf8(&mut utf8).len();
                self.put(utf8, len);
            }
            Fold::Space => self.space(),
            Fold::Delete => {}
        }
    }

    #[inline(always)]
    fn space(&mut self) {
        if !self.spaced {
            if let Some(room) = self.key.get_mut(self.len) {
                *room = b' ';
            }
            self.len += 1;
            self.spaced = true;
        }
    }

    /// Takes all from `at` on that needs no decision, in blocks first, then by the table.
    /// Answers where that ends.
    #[inline(always)]
    fn plain(&mut self, blocks: impl Blocks, bytes: &[u8], mut at: usize) -> usize {
        loop {
            if let (Some(text), Some(room)) = (bytes.get(at..), self.key.get_mut(self.len..)) {
                let count = plain_blocks(blocks, text, self.spaced, room);
                if count > 0 {
                    self.len += count;
                    at += count;
                    self.spaced = self.key.get(self.len - 1) == Some(&b' ');
                }
            }
            let end = self.table.plain_run(bytes, at, self.spaced);
            if end == at {
                return at;
            }
            let run = bytes.get(at..end).unwrap_or_default();
            if let Some(room) = self.key.get_mut(self.len..self.len + run.len()) {
                room.copy_from_slice(run);
            }
            self.len += run.len();
            self.spaced = run.ends_with(b" ");
            at = end;
        }
    }

    /// The boundary before the last code point of the plain text that ends at `end`.
    #[inline(always)]
    fn boundary_before(&self, bytes: &[u8], end: usize) -> Boundary {
        if self.spaced {
            // Nothing composes with a space: the boundary may as well lie behind it.
            return Boundary { at: end, len: self.len, spaced: true };
        }
        let is_inside = |at: &usize| bytes.get(*at).is_some_and(|byte| byte & 0xC0 == 0x80);
        let width = (1..=4).find(|width| !is_inside(&(end - width))).unwrap_or(1);
        let before = self.len - width;
        let spaced = before == 0 || self.key.get(before - 1) == Some(&b' ');
        Boundary { at: end - width, len: before, spaced }
    }

    /// The slow path: computes the text from `boundary` to the next boundary after `at` by the definition itself.
    #[cold]
    fn ask(&mut self, text: &str, boundary: Boundary, at: usize) -> usize {
        let bytes = text.as_bytes();
        let mut end = at;
        while end < bytes.len() {
            let (code, width) = decode(bytes, end);
            if self.table.entry(code).action().is_boundary() {
                break;
            }
            end += width;
        }
        self.len = boundary.len;
        self.spaced = boundary.spaced;

        let mut mapped = std::mem::take(&mut self.mapped);
        self.icu.map(text.get(boundary.at..end).unwrap_or_default(), &mut mapped);
        self.reserve(bytes.len() - end + mapped.len());
        for c in mapped.chars() {
            self.put_folded(c);
        }
        self.mapped = mapped;
        end
    }
}

/// The code point at `at` of valid UTF-8, and its width in bytes. ASCII included.
#[inline(always)]
fn decode(bytes: &[u8], at: usize) -> (u32, usize) {
    let byte = |offset: usize| u32::from(bytes.get(at + offset).copied().unwrap_or_default());
    let tail = |offset: usize| byte(offset) & 0x3F;
    let first = byte(0);
    match first {
        0..0x80 => (first, 1),
        0x80..0xE0 => ((first & 0x1F) << 6 | tail(1), 2),
        0xE0..0xF0 => ((first & 0x0F) << 12 | tail(1) << 6 | tail(2), 3),
        _ => ((first & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 4),
    }
}

#[cfg(test)]
mod tests;
