//! Thirty-two bytes at a time: the scripts of most news, where nothing in them needs a decision.
//!
//! Most text is ASCII, Arabic, Cyrillic, Hebrew, accented Latin or Han, and nearly all of it stands in the key as it is,
//! ASCII in lower case. Whether that holds for a byte is told by itself and the two before it, without a branch, so the
//! compiler makes vector code of it. (Going letter by letter costs a mispredicted branch a word.) What this room says
//! yes to is a subset of what the table says; `normalise/tests.rs` holds both against the definition.

/// Bytes of a block.
pub(super) const BLOCK: usize = 32;

/// A block after the two bytes before it.
type Window = [u8; BLOCK + 2];

/// How many bytes from `at` on are plain, whole code points only, at most [`BLOCK`]; `out` holds them as they stand in
/// the key. A space is plain only after something else.
#[inline(always)]
pub(super) fn plain_block(bytes: &[u8], at: usize, out: &mut [u8; BLOCK]) -> usize {
    let edge;
    let window = match at.checked_sub(2).and_then(|start| bytes.get(start..)?.first_chunk()) {
        Some(whole) => whole,
        None => {
            edge = window_at_edge(bytes, at);
            &edge
        }
    };
    let mut bad = [0_u8; BLOCK];
    for index in 0..BLOCK {
        let (before, last, byte) = (window[index], window[index + 1], window[index + 2]);
        bad[index] = u8::from(!is_plain(before, last, byte));
        out[index] = byte + (u8::from(is_in(byte, b'A', b'Z')) << 5);
    }
    let plain = first_bad(&bad).min(bytes.len() - at);
    // Not within a code point: its last bytes were not looked at yet.
    match (plain.checked_sub(2).map(|last| out[last]), plain.checked_sub(1).map(|last| out[last])) {
        (_, Some(0xC0..)) => plain - 1,
        (Some(0xE0..), _) => plain - 2,
        _ => plain,
    }
}

/// Does a code point start with this byte that this room may say yes to?
#[inline(always)]
pub(super) fn may_start(byte: u8) -> bool {
    is_lead(byte) | is_in(byte, 0xE4, 0xE9)
}

/// The window where two bytes before it or some of the block are not there: letters stand for them.
#[inline(never)]
fn window_at_edge(bytes: &[u8], at: usize) -> Window {
    let mut window = [b'x'; BLOCK + 2];
    let (start, end) = (at.saturating_sub(2), bytes.len().min(at + BLOCK));
    let shift = start + 2 - at;
    if let (Some(to), Some(from)) = (window.get_mut(shift..shift + end - start), bytes.get(start..end)) {
        to.copy_from_slice(from);
    }
    window
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
