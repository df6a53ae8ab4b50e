//! Fingerprints: SHA-256 of a key.

use sha2::{Digest, Sha256};

/// SHA-256 of a paragraph's key. The record carries the whole, state keeps the first 128 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

/// The two hex digits of each byte.
static PAIRS: [[u8; 2]; 256] = {
    let digits = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    pairs
};

impl Fingerprint {
    /// The fingerprint of a key (or of any bytes: the `uri` of an article without one is that of its payload).
    pub fn of(key: &[u8]) -> Self {
        Fingerprint(Sha256::digest(key).into())
    }

    /// The first 128 bits, big-endian: what is kept in state.
    pub fn short(&self) -> u128 {
        self.0.first_chunk().map_or(0, |half| u128::from_be_bytes(*half))
    }

    /// 64 lower-case hex digits.
    pub fn hex(&self) -> [u8; 64] {
        let mut hex = [0; 64];
        for (pair, byte) in hex.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            *pair = PAIRS[usize::from(byte)];
        }
        hex
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
}
