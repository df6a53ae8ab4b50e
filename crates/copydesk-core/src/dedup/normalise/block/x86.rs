//! Blocks for x86-64 with AVX2 (nearly all since 2013): sets of bytes as products of their two halves, looked up thirty-two
//! bytes at a time, as simdjson's UTF-8 check does it (Keiser and Lemire, "Validating UTF-8 In Less Than One Instruction
//! Per Byte", 2021).
//!
//! A set of bytes with the same upper half is a bit: set in the table of upper halves and in the table of lower ones,
//! and a byte is in the set where both have it. The text is valid UTF-8, and a block ends at its first byte that is not
//! plain: so what follows a lead that is refused here need not be decided right.

use std::arch::x86_64::__m256i;

use pulp::x86::V3;

use super::{BLOCK, Blocks, last_block};

/// ASCII but for control characters, and the first bytes of two- and three-byte code points.
mod first {
    const TO_6: u8 = 1;
    const IN_7: u8 = 2;
    const IN_C: u8 = 4;
    const IN_D: u8 = 8;
    const IN_E: u8 = 16;
    pub(super) const BY_UPPER: [u8; 16] = [0, 0, TO_6, TO_6, TO_6, TO_6, TO_6, IN_7, 0, 0, 0, 0, IN_C, IN_D, IN_E, 0];
    pub(super) const BY_LOWER: [u8; 16] = {
        let mut table = [TO_6 | IN_7; 16];
        table[0xF] = TO_6; // not DEL
        table[0x3] |= IN_C; // C3: à to ÿ
        let mut lead = 0;
        while lead < 16 {
            // D0, D1: Cyrillic. D7: Hebrew. D8 to DB: Arabic.
            if matches!(lead, 0x0 | 0x1 | 0x7..=0xB) {
                table[lead] |= IN_D;
            }
            // E4 to E9: U+4000 to U+9FFF, Han. EB, EC: U+B000 to U+CFFF, Hangul.
            if matches!(lead, 0x4..=0x9 | 0xB | 0xC) {
                table[lead] |= IN_E;
            }
            lead += 1;
        }
        table
    };
}

/// The second bytes of two-byte code points, by the lower half of the first one: no two leads share it.
mod second {
    const IN_8: u8 = 1;
    const IN_9: u8 = 2;
    const IN_A: u8 = 4;
    const IN_B: u8 = 8;
    const A0_TO_AA: u8 = 16;
    const ONLY_8C: u8 = 32;
    const X81_TO_8A: u8 = 64;
    const X90_TO_94: u8 = 128;
    pub(super) const BY_LEAD: [u8; 16] = {
        let mut table = [0; 16];
        table[0x0] = IN_B; // D0: а to п
        table[0x1] = IN_8 | IN_9; // D1: р to џ
        table[0x3] = IN_A | IN_B; // C3: à to ÿ
        table[0x7] = IN_9 | A0_TO_AA; // D7: alef to tav
        table[0x8] = IN_A | IN_B | ONLY_8C; // D8: U+0620 to U+063F, the comma
        table[0x9] = X81_TO_8A; // D9: feh to yeh: neither tatweel nor harakat
        table[0xA] = IN_8 | IN_9 | IN_A | IN_B; // DA: U+0680 to U+06BF
        table[0xB] = IN_8 | X90_TO_94; // DB: U+06C0 to the Urdu full stop
        table
    };
    pub(super) const BY_UPPER: [u8; 16] = {
        let mut table = [0; 16];
        table[0x8] = IN_8 | ONLY_8C | X81_TO_8A;
        table[0x9] = IN_9 | X90_TO_94;
        table[0xA] = IN_A | A0_TO_AA;
        table[0xB] = IN_B;
        table
    };
    pub(super) const BY_LOWER: [u8; 16] = {
        let mut table = [IN_8 | IN_9 | IN_A | IN_B; 16];
        let mut half = 0;
        while half < 16 {
            if half <= 0xA {
                table[half] |= A0_TO_AA;
            }
            if half == 0xC {
                table[half] |= ONLY_8C;
            }
            if matches!(half, 0x1..=0xA) {
                table[half] |= X81_TO_8A;
            }
            if half <= 0x4 {
                table[half] |= X90_TO_94;
            }
            half += 1;
        }
        table
    };
}

impl Blocks for V3 {
    #[inline(always)]
    fn plain(self, text: &[u8], spaced: bool, out: &mut [u8]) -> usize {
        let mut before = Before { block: splat(self, b'x'), spaced: u32::from(spaced), leads: 0 };
        let mut at = 0;
        while let (Some(rest), Some(out)) = (text.get(at..), out.get_mut(at..).and_then(|out| out.first_chunk_mut())) {
            let Some(whole) = rest.first_chunk() else {
                let plain = block(self, &last_block(rest), &mut before, out);
                return at + plain.min(rest.len());
            };
            let plain = block(self, whole, &mut before, out);
            if plain < BLOCK {
                return at + plain;
            }
            at += BLOCK;
        }
        at
    }
}

/// What stands before a block.
struct Before {
    /// The block before it.
    block: __m256i,
    /// Bit 0: the last byte is a space.
    spaced: u32,
    /// Bits 0 and 1: these bytes of the block belong to a code point of three.
    leads: u32,
}

/// How many bytes of the block are plain.
#[inline(always)]
fn block(simd: V3, block: &[u8; BLOCK], before: &mut Before, out: &mut [u8; BLOCK]) -> usize {
    let bytes: __m256i = pulp::cast(*block);
    *out = pulp::cast(lower_case(simd, bytes));

    let spaces = mask(simd, equal(simd, bytes, splat(simd, b' ')));
    let mut bad = spaces & (spaces << 1 | before.spaced);
    if mask(simd, bytes) == 0 {
        bad |= mask(simd, is_control(simd, bytes));
        before.leads = 0;
    } else {
        let leads = mask(simd, is_lead_of_three(simd, bytes));
        // What follows a lead of three bytes that is not refused belongs to it.
        bad |= other_than_two_bytes(simd, bytes, before.block) & !(leads << 1 | leads << 2 | before.leads);
        before.leads = leads >> 31 | leads >> 30;
    }
    before.block = bytes;
    before.spaced = spaces >> 31;
    bad.trailing_zeros() as usize
}

#[inline(always)]
fn splat(simd: V3, byte: u8) -> __m256i {
    simd.avx._mm256_set1_epi8(byte.cast_signed())
}

#[inline(always)]
fn equal(simd: V3, one: __m256i, other: __m256i) -> __m256i {
    simd.avx2._mm256_cmpeq_epi8(one, other)
}

/// The upper bit of each byte.
#[inline(always)]
fn mask(simd: V3, bytes: __m256i) -> u32 {
    simd.avx2._mm256_movemask_epi8(bytes).cast_unsigned()
}

#[inline(always)]
fn lower_case(simd: V3, bytes: __m256i) -> __m256i {
    // A to Z become the largest signed bytes.
    let shifted = simd.avx2._mm256_add_epi8(bytes, splat(simd, 0x7F - b'Z'));
    let is_upper = simd.avx2._mm256_cmpgt_epi8(shifted, splat(simd, 0x7F - 26));
    simd.avx2._mm256_add_epi8(bytes, simd.avx2._mm256_and_si256(is_upper, splat(simd, 0x20)))
}

/// In ASCII.
#[inline(always)]
fn is_control(simd: V3, bytes: __m256i) -> __m256i {
    // DEL becomes the least signed byte.
    simd.avx2._mm256_cmpgt_epi8(splat(simd, 0x21), simd.avx2._mm256_add_epi8(bytes, splat(simd, 1)))
}

#[inline(always)]
fn is_lead_of_three(simd: V3, bytes: __m256i) -> __m256i {
    equal(simd, simd.avx2._mm256_max_epu8(bytes, splat(simd, 0xE0)), bytes)
}

/// One bit for each byte that is neither a plain first byte nor the second one of a plain two-byte code point.
#[inline(always)]
fn other_than_two_bytes(simd: V3, bytes: __m256i, before: __m256i) -> u32 {
    let avx2 = simd.avx2;
    let nibble = splat(simd, 0x0F);
    let table = |half: [u8; 16]| -> __m256i { pulp::cast([half, half]) };
    let upper = avx2._mm256_and_si256(avx2._mm256_srli_epi16::<4>(bytes), nibble);
    let lower = avx2._mm256_and_si256(bytes, nibble);
    // Each byte's neighbour to the left; shifts stay within a half, so the half before goes with each.
    let halves_before = avx2._mm256_permute2x128_si256::<0x21>(before, bytes);
    let lead = avx2._mm256_and_si256(avx2._mm256_alignr_epi8::<15>(bytes, halves_before), nibble);

    let first = avx2._mm256_and_si256(
        avx2._mm256_shuffle_epi8(table(first::BY_UPPER), upper),
        avx2._mm256_shuffle_epi8(table(first::BY_LOWER), lower),
    );
    let second = avx2._mm256_and_si256(
        avx2._mm256_shuffle_epi8(table(second::BY_UPPER), upper),
        avx2._mm256_shuffle_epi8(table(second::BY_LOWER), lower),
    );
    let second = avx2._mm256_and_si256(second, avx2._mm256_shuffle_epi8(table(second::BY_LEAD), lead));
    let plain = avx2._mm256_or_si256(first, second);
    mask(simd, equal(simd, plain, simd.avx._mm256_setzero_si256()))
}
