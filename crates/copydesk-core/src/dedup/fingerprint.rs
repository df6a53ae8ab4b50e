//! Fingerprints: SHA-256 of a key.

use sha2::block_api::compress256;
use sha2::{Digest, Sha256};

/// SHA-256 of a paragraph's key. The record carries the whole, state keeps the first 128 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

/// A key that comes in parts, being hashed.
#[derive(Debug, Default)]
pub(super) struct Feed {
    sha: Sha256,
    length: usize,
}

impl Feed {
    /// The next part.
    pub(super) fn update(&mut self, part: &[u8]) {
        self.sha.update(part);
        self.length += part.len();
    }

    /// Bytes so far.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// The fingerprint of all parts, one after another.
    pub(super) fn finish(self) -> Fingerprint {
        Fingerprint(self.sha.finalize().into())
    }
}

/// FIPS 180-4, 5.3.3.
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

impl Fingerprint {
    /// The fingerprint of a key (or of any bytes: the `uri` of an article without one is that of its payload).
    pub fn of(key: &[u8]) -> Self {
        // Straight to the compression function: sha2's own front door costs as much as a third of a short paragraph.
        let (blocks, rest) = key.as_chunks::<64>();
        let mut state = INITIAL;
        compress256(&mut state, blocks);
        // The rest, one bit, zeros, and the length in bits (FIPS 180-4, 5.1.1).
        let mut last = [[0; 64]; 2];
        let count = if rest.len() < 64 - 8 { 1 } else { 2 };
        let bytes = last.as_flattened_mut();
        bytes[..rest.len()].copy_from_slice(rest);
        bytes[rest.len()] = 0x80;
        bytes[count * 64 - 8..count * 64].copy_from_slice(&(key.len() as u64 * 8).to_be_bytes());
        compress256(&mut state, &last[..count]);

        let mut digest = [0; 32];
        for (bytes, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(state) {
            *bytes = word.to_be_bytes();
        }
        Fingerprint(digest)
    }

    /// The first 128 bits, big-endian: what is kept in state.
    pub fn short(&self) -> u128 {
        self.0.first_chunk().map_or(0, |half| u128::from_be_bytes(*half))
    }

    /// 64 lower-case hex digits.
    pub fn hex(&self) -> [u8; 64] {
        match pulp::Arch::new() {
            #[cfg(target_arch = "x86_64")]
            pulp::Arch::V3(simd) => simd.vectorize(x86::Hex { simd, digest: &self.0 }),
            _ => self.hex_portable(),
        }
    }

    fn hex_portable(&self) -> [u8; 64] {
        let mut hex = [0; 64];
        for (eight, four) in hex.as_chunks_mut::<8>().0.iter_mut().zip(self.0.as_chunks::<4>().0) {
            // Four bytes become eight, each with four of their bits; those from ten on are 39 further, at the letters.
            let mut bits = u64::from(u32::from_be_bytes(*four));
            bits = (bits << 16 | bits) & 0x0000_FFFF_0000_FFFF;
            bits = (bits << 8 | bits) & 0x00FF_00FF_00FF_00FF;
            bits = (bits << 4 | bits) & 0x0F0F_0F0F_0F0F_0F0F;
            let letters = ((bits + 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101;
            *eight = (bits + 0x3030_3030_3030_3030 + letters * 39).to_be_bytes();
        }
        hex
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::__m256i;

    use pulp::x86::V3;

    pub(super) struct Hex<'a> {
        pub(super) simd: V3,
        pub(super) digest: &'a [u8; 32],
    }

    impl pulp::NullaryFnOnce for Hex<'_> {
        type Output = [u8; 64];

        /// Each half of a byte looks its digit up.
        #[inline(always)]
        fn call(self) -> [u8; 64] {
            let V3 { avx, avx2, .. } = self.simd;
            let digits: __m256i = pulp::cast([*b"0123456789abcdef"; 2]);
            let half = avx._mm256_set1_epi8(0x0F);
            let bytes: __m256i = pulp::cast(*self.digest);
            let upper = avx2._mm256_and_si256(avx2._mm256_srli_epi16::<4>(bytes), half);
            let upper = avx2._mm256_shuffle_epi8(digits, upper);
            let lower = avx2._mm256_shuffle_epi8(digits, avx2._mm256_and_si256(bytes, half));
            // Bytes 0 to 7 and 16 to 23 of the digest, and those after them.
            let first = avx2._mm256_unpacklo_epi8(upper, lower);
            let second = avx2._mm256_unpackhi_epi8(upper, lower);
            pulp::cast([
                avx2._mm256_permute2x128_si256::<0x20>(first, second),
                avx2._mm256_permute2x128_si256::<0x31>(first, second),
            ])
        }
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nist_test_vector() {
        // FIPS 180-2, appendix B.1.
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let fingerprint = Fingerprint::of(b"abc");
        assert_eq!(fingerprint.to_string(), digest);
        assert_eq!(fingerprint.hex(), digest.as_bytes());
        assert_eq!(fingerprint.short(), 0xba7816bf8f01cfea414140de5dae2223);
    }

    #[test]
    fn the_same_as_sha2s_own_of_every_length() {
        let bytes: Vec<u8> = (0..700_u32).map(|n| (n * 7 % 251) as u8).collect();
        for length in 0..bytes.len() {
            let fingerprint = Fingerprint::of(&bytes[..length]);
            assert_eq!(fingerprint.0, <[u8; 32]>::from(Sha256::digest(&bytes[..length])), "{length} bytes");
            assert_eq!(std::str::from_utf8(&fingerprint.hex()).unwrap(), fingerprint.to_string());
            assert_eq!(fingerprint.hex(), fingerprint.hex_portable());
        }
    }
}
