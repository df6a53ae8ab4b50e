//! Fingerprints: SHA-256 of a key.

use sha2::block_api::compress256;
use sha2::{Digest, Sha256};

use crate::text::hex;

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
        // Straight to the compression function: sha2's own entry point costs as much as a third of a short paragraph.
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
        hex::of_digest(&self.0)
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(&self.0))
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
        }
    }
}
