//! The bytes that JSON writes by escapes: quotes, backslashes and control characters.
//!
//! Every byte of an article passes here twice, when its strings are read and when they are written, and nearly none of
//! them is to be escaped: so they are looked for thirty-two at a time.

/// Finds the bytes that have to be escaped. One per thread costs nothing: it only knows what the processor can do.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Escapes(pulp::Arch);

impl Escapes {
    /// Index of the first byte that can't stand in a JSON string as it is; the length, where all can.
    #[inline]
    pub(super) fn first(self, bytes: &[u8]) -> usize {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            pulp::Arch::V3(simd) => simd.vectorize(x86::First { simd, bytes }),
            _ => portable(bytes),
        }
    }
}

fn must_escape(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

/// For any processor: the fold over a block is vectorised by the compiler.
fn portable(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<32>();
    let clean = blocks.iter().take_while(|block| !block.iter().fold(false, |any, byte| any | must_escape(*byte)));
    let at = clean.count() * 32;
    bytes[at..].iter().position(|byte| must_escape(*byte)).map_or(bytes.len(), |offset| at + offset)
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::__m128i;

    use pulp::x86::V3;

    pub(super) struct First<'a> {
        pub(super) simd: V3,
        pub(super) bytes: &'a [u8],
    }

    impl pulp::NullaryFnOnce for First<'_> {
        type Output = usize;

        #[inline(always)]
        fn call(self) -> usize {
            let (blocks, rest) = self.bytes.as_chunks::<32>();
            for (index, block) in blocks.iter().enumerate() {
                let [low, high]: [__m128i; 2] = pulp::cast(*block);
                let found = self.mask(low) | self.mask(high) << 16;
                if found != 0 {
                    return index * 32 + found.trailing_zeros() as usize;
                }
            }
            rest.iter()
                .position(|byte| super::must_escape(*byte))
                .map_or(self.bytes.len(), |offset| blocks.len() * 32 + offset)
        }
    }

    impl First<'_> {
        /// A bit for each byte that must be escaped.
        #[inline(always)]
        fn mask(&self, half: __m128i) -> u32 {
            let sse2 = self.simd.sse2;
            let splat = |byte: u8| sse2._mm_set1_epi8(byte.cast_signed());
            let control = sse2._mm_cmpeq_epi8(sse2._mm_min_epu8(half, splat(0x1F)), half);
            let quote = sse2._mm_cmpeq_epi8(half, splat(b'"'));
            let backslash = sse2._mm_cmpeq_epi8(half, splat(b'\\'));
            let any = sse2._mm_or_si128(sse2._mm_or_si128(control, quote), backslash);
            sse2._mm_movemask_epi8(any).cast_unsigned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place() {
        for byte in 0..=u8::MAX {
            for length in [1, 15, 31, 32, 33, 70] {
                for at in 0..length {
                    let mut bytes = vec![b'x'; length];
                    bytes[at] = byte;
                    let expected = if must_escape(byte) { at } else { length };
                    assert_eq!(Escapes::default().first(&bytes), expected, "byte {byte:#x} at {at} of {length}");
                    assert_eq!(portable(&bytes), expected, "byte {byte:#x} at {at} of {length}");
                }
            }
        }
        assert_eq!(Escapes::default().first(b""), 0);
    }
}
