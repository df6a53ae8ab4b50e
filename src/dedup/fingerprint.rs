//! Fingerprints: SHA-256 of a key.

use sha2::{Digest, Sha256};

/// SHA-256 of a paragraph's key. The record carries the whole, state keeps the first 128 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of a key (or of any bytes: the `uri` of an article without one is that of its payload).
    pub fn of(key: &[u8]) -> Self {
        Fingerprint(Sha256::digest(key).into())
    }

    /// The first 128 bits, big-endian: what is kept in state.
    pub fn short(&self) -> u128 {
        self.0.iter().take(16).fold(0, |short, byte| short << 8 | u128::from(*byte))
    }

    /// 64 lower-case hex digits.
    pub fn hex(&self) -> [u8; 64] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = [0; 64];
        for (pair, byte) in hex.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            *pair = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
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
