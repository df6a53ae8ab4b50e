//! Bytes as lower-case hex digits: one place for all of copydesk.

/// The two digits of a byte.
#[inline]
pub fn digits(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

/// Two digits for each byte: `[0x0a, 0xff]` is `0aff`.
pub fn encode(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| digits(*byte)).map(char::from).collect()
}

/// The same of a SHA-256, without a string: a record has one for each paragraph.
pub fn of_digest(digest: &[u8; 32]) -> [u8; 64] {
    match pulp::Arch::new() {
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V3(simd) => simd.vectorize(x86::Hex { simd, digest }),
        _ => portable(digest),
    }
}

fn portable(digest: &[u8; 32]) -> [u8; 64] {
    let mut hex = [0; 64];
    for (eight, four) in hex.as_chunks_mut::<8>().0.iter_mut().zip(digest.as_chunks::<4>().0) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_as_the_standard_library_writes_it() {
        for byte in 0..=u8::MAX {
            assert_eq!(encode(&[byte]), format!("{byte:02x}"));
            let mut digest = [byte; 32];
            digest[31] = !byte;
            assert_eq!(std::str::from_utf8(&of_digest(&digest)).unwrap(), encode(&digest));
            assert_eq!(of_digest(&digest), portable(&digest));
        }
        assert_eq!(encode(&[]), "");
    }
}
