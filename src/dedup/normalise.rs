//! Key v1: the normalised form of a paragraph, which is hashed.
//!
//! `docs/key-v1.md` defines the key by code point, with test vectors; this room computes it at the speed of a copy. The
//! definition is two steps, NFKC_Casefold and then a [`Fold`] of single code points, and both are put into one table
//! for the Basic Multilingual Plane ([`Table`]). A code point whose result depends on its neighbours (a mark that
//! composes, jamo) is not decided by the table: the piece of text from the last *boundary* (a code point that nothing
//! after it can change) to the next one is then computed by ICU, as the definition says. So the fast path never
//! decides anything that the definition would decide otherwise; `tests` below hold them against each other.

mod fold;
mod table;

use std::sync::LazyLock;

use fold::{Fold, NfkcCasefold};
use table::{Action, Table};

/// The version of the key's definition, published in each record as `processor.keyVersion`.
pub const KEY_VERSION: u32 = 1;

static TABLE: LazyLock<Table> = LazyLock::new(Table::build);

/// Computes keys. Keeps its buffers between calls: one per thread, no allocation per line.
#[derive(Debug)]
pub struct Normaliser {
    table: &'static Table,
    /// The key, and room behind it.
    key: Vec<u8>,
    /// The key's length.
    len: usize,
    /// Was the last byte written a space (or is there none yet)? The next space is then left out.
    spaced: bool,
    icu: NfkcCasefold,
    mapped: String,
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
        }
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
    /// The key of a paragraph: UTF-8, valid until the next call.
    pub fn key(&mut self, text: &str) -> &[u8] {
        let bytes = text.as_bytes();
        self.len = 0;
        self.spaced = true;
        // No code point in the table grows by more than this; the slow path makes its own room.
        self.reserve(bytes.len());

        let mut boundary = Boundary { at: 0, len: 0, spaced: true };
        let mut last_class = 0_u8;
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if byte < 0x80 {
                let end = self.ascii(bytes, at);
                // The last ASCII byte may still compose with what follows.
                boundary = self.boundary_before(bytes, end - 1);
                at = end;
                last_class = 0;
                continue;
            }
            let (code, width) = decode(bytes, at);
            let entry = self.table.entry(code);
            match entry.action() {
                Action::Emit => {
                    boundary = Boundary { at, len: self.len, spaced: self.spaced };
                    self.put(entry.bytes(), entry.len());
                    last_class = 0;
                }
                Action::Ignore => {}
                Action::Space => {
                    boundary = Boundary { at, len: self.len, spaced: self.spaced };
                    self.space();
                    last_class = 0;
                }
                Action::Delete => {
                    boundary = Boundary { at, len: self.len, spaced: self.spaced };
                    last_class = 0;
                }
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
            }
            at += width;
        }
        if self.spaced && self.len > 0 {
            self.len -= 1;
        }
        self.key.get(..self.len).unwrap_or_default()
    }

    fn reserve(&mut self, input: usize) {
        let needed = self.len + input * table::GROWTH + 16;
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

    /// Takes the run of ASCII that starts at `at`; answers where it ends.
    #[inline(always)]
    fn ascii(&mut self, bytes: &[u8], mut at: usize) -> usize {
        // Eight bytes at a time while nothing is to be collapsed or replaced.
        while let Some(eight) = bytes.get(at..at + 8).and_then(|eight| <[u8; 8]>::try_from(eight).ok()) {
            let Some((lower, spaced)) = lower_eight(u64::from_le_bytes(eight), self.spaced) else { break };
            if let Some(room) = self.key.get_mut(self.len..self.len + 8) {
                room.copy_from_slice(&lower.to_le_bytes());
            }
            self.len += 8;
            self.spaced = spaced;
            at += 8;
        }
        // One at a time to the end of a word or run, so that a double space costs no more than itself.
        let mut left = 8;
        while let Some(&byte) = bytes.get(at).filter(|byte| **byte < 0x80 && left > 0) {
            match byte {
                b'\t'..=b'\r' | b' ' => self.space(),
                _ => self.put([byte.to_ascii_lowercase(), 0, 0, 0, 0, 0, 0, 0], 1),
            }
            at += 1;
            left -= 1;
        }
        at
    }

    /// The boundary before the ASCII byte at `at`, which was written last.
    #[inline(always)]
    fn boundary_before(&self, bytes: &[u8], at: usize) -> Boundary {
        match bytes.get(at) {
            // After white space a boundary may as well lie behind it: nothing composes with a space.
            Some(b'\t'..=b'\r' | b' ') => Boundary { at: at + 1, len: self.len, spaced: self.spaced },
            _ => {
                let before = self.len - 1;
                let spaced = before == 0 || self.key.get(before - 1) == Some(&b' ');
                Boundary { at, len: before, spaced }
            }
        }
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

/// Eight ASCII bytes in lower case, and whether they end in a space. `None` where one of them is no ASCII, a control
/// character, or a space that follows a space.
#[inline(always)]
fn lower_eight(eight: u64, spaced: bool) -> Option<(u64, bool)> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    if eight & HIGH != 0 {
        return None;
    }
    // For bytes below 0x80, `byte + (0x80 - n)` has its high bit set where byte >= n, and no carry leaves the byte.
    let at_least = |n: u8| (eight + ONES * u64::from(0x80 - n)) & HIGH;
    let controls = !at_least(b' ') & HIGH;
    let spaces = at_least(b' ') & !at_least(b' ' + 1);
    let follow = spaces << 8 | if spaced { 0x80 } else { 0 };
    if controls != 0 || spaces & follow != 0 {
        return None;
    }
    let upper = at_least(b'A') & !at_least(b'Z' + 1);
    Some((eight + (upper >> 2), spaces >> 63 != 0))
}

#[cfg(test)]
mod tests;
