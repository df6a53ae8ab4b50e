//! Thirty-two bytes at a time: the scripts of most news, where nothing in them needs a decision.
//!
//! Most text is ASCII, Arabic, Cyrillic, Hebrew, accented Latin or Han, and nearly all of it stands in the key as it is,
//! ASCII in lower case. Whether that holds for a byte follows from itself and the two before it, without a branch, so a
//! block is decided without one. (Going letter by letter costs a mispredicted branch a word.) What this file accepts is
//! a subset of what the table accepts; `normalise/tests.rs` holds both against the definition.

#[cfg(target_arch = "x86_64")]
mod x86;

/// Bytes of a block.
pub(super) const BLOCK: usize = 32;

/// Takes plain text block by block.
pub(super) trait Blocks: Copy {
    /// Writes `text`, at the start of a code point, as it stands in the key to `out`; answers how many of its first bytes
    /// are plain (perhaps ending within a code point). `spaced`: a space stands before it, and another one is not plain.
    /// What is written behind those bytes means nothing; `out` is a block longer than `text`.
    fn plain(self, text: &[u8], spaced: bool, out: &mut [u8]) -> usize;
}

/// As [`Blocks::plain`], whole code points only.
#[inline(always)]
pub(super) fn plain_blocks(blocks: impl Blocks, text: &[u8], spaced: bool, out: &mut [u8]) -> usize {
    let plain = blocks.plain(text, spaced, out);
    let last = |count: usize| plain.checked_sub(count).and_then(|at| text.get(at).copied());
    match (last(2), last(1)) {
        (_, Some(0xC0..)) => plain - 1,
        (Some(0xE0..), _) => plain - 2,
        _ => plain,
    }
}

/// The last block of a text that ends within it: letters stand for what is not there.
#[inline(always)]
fn last_block(rest: &[u8]) -> [u8; BLOCK] {
    let mut block = [b'x'; BLOCK];
    if let Some(room) = block.get_mut(..rest.len()) {
        room.copy_from_slice(rest);
    }
    block
}

/// For any processor: comparisons without a branch, of which the compiler makes vector code.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portable;

impl Blocks for Portable {
    #[inline(always)]
    fn plain(self, text: &[u8], spaced: bool, out: &mut [u8]) -> usize {
        let mut before = [b'x', if spaced { b' ' } else { b'x' }];
        let mut at = 0;
        while let (Some(rest), Some(out)) = (text.get(at..), out.get_mut(at..).and_then(|out| out.first_chunk_mut())) {
            let block = rest.first_chunk().copied().unwrap_or_else(|| last_block(rest));
            let plain = plain_block(before, &block, out);
            if plain < BLOCK || rest.len() < BLOCK {
                return at + plain.min(rest.len());
            }
            before = [block[BLOCK - 2], block[BLOCK - 1]];
            at += BLOCK;
        }
        at
    }
}

#[inline(always)]
fn plain_block(before: [u8; 2], block: &[u8; BLOCK], out: &mut [u8; BLOCK]) -> usize {
    let mut window = [0; BLOCK + 2];
    window[..2].copy_from_slice(&before);
    window[2..].copy_from_slice(block);
    let mut bad = [0_u8; BLOCK];
    for index in 0..BLOCK {
        let (before, last, byte) = (window[index], window[index + 1], window[index + 2]);
        bad[index] = u8::from(!is_plain(before, last, byte));
        out[index] = byte + (u8::from(is_in(byte, b'A', b'Z')) << 5);
    }
    first_bad(&bad)
}

/// Does a code point start with this byte that this file may accept?
#[inline(always)]
pub(super) fn may_start(byte: u8) -> bool {
    is_lead(byte) | is_in(byte, 0xE4, 0xE9)
}

#[inline(always)]
fn is_in(byte: u8, first: u8, last: u8) -> bool {
    byte.wrapping_sub(first) <= last - first
}

/// First bytes of the two-byte code points below.
#[inline(always)]
fn is_lead(byte: u8) -> bool {
    (byte == 0xC3) | is_in(byte, 0xD0, 0xD1) | is_in(byte, 0xD7, 0xDB)
}

/// Is this byte plain after these two? A first byte is; the bytes after it decide.
#[inline(always)]
fn is_plain(before: u8, last: u8, byte: u8) -> bool {
    let ascii = is_in(byte, 0x21, 0x7E) | ((byte == b' ') & (last != b' '));
    let first = is_lead(byte) | is_in(byte, 0xE4, 0xE9);
    let second = ((last == 0xC3) & is_in(byte, 0xA0, 0xBF)) // à to ÿ
        | ((last == 0xD0) & is_in(byte, 0xB0, 0xBF)) // а to п
        | ((last == 0xD1) & is_in(byte, 0x80, 0x9F)) // р to џ
        | ((last == 0xD7) & is_in(byte, 0x90, 0xAA)) // alef to tav
        | ((last == 0xD8) & (is_in(byte, 0xA0, 0xBF) | (byte == 0x8C))) // U+0620 to U+063F, the comma
        | ((last == 0xD9) & is_in(byte, 0x81, 0x8A)) // feh to yeh: neither tatweel nor harakat
        | ((last == 0xDA) & is_in(byte, 0x80, 0xBF)) // U+0680 to U+06BF
        | ((last == 0xDB) & is_in(byte, 0x80, 0x94)); // U+06C0 to the Urdu full stop
    let han = is_in(byte, 0x80, 0xBF) & (is_in(last, 0xE4, 0xE9) | is_in(before, 0xE4, 0xE9)); // U+4000 to U+9FFF
    ascii | first | second | han
}

/// Index of the first byte that is not zero.
#[inline(always)]
fn first_bad(bad: &[u8; BLOCK]) -> usize {
    let (eights, _) = bad.as_chunks::<8>();
    for (index, eight) in eights.iter().enumerate() {
        let eight = u64::from_le_bytes(*eight);
        if eight != 0 {
            return index * 8 + eight.trailing_zeros() as usize / 8;
        }
    }
    BLOCK
}
