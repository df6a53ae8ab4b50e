//! Scanning for the first byte of a set, thirty-two bytes at a time.
//!
//! Every byte of an article is looked at several times (where does the string end, where the line, what is to be
//! escaped?), and nearly none of them is what is looked for.

use std::marker::PhantomData;

/// A set of bytes.
pub(crate) trait Bytes: Copy {
    /// Is the byte in it?
    fn has(byte: u8) -> bool;

    /// The same for thirty-two of them: each byte of the answer has its upper bit set, or is zero.
    #[cfg(target_arch = "x86_64")]
    fn have(block: x86::Block) -> x86::Block;
}

/// Finds the first byte that is in the set `B`. Costs nothing to make: it only knows what the processor can do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scan<B>(pulp::Arch, PhantomData<B>);

impl<B> Default for Scan<B> {
    fn default() -> Self {
        Scan(pulp::Arch::new(), PhantomData)
    }
}

impl<B: Bytes> Scan<B> {
    /// Index of the first byte in the set; the length, where there is none.
    #[inline]
    pub(crate) fn first(self, bytes: &[u8]) -> usize {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            pulp::Arch::V3(simd) => simd.vectorize(x86::First::<B> { simd, bytes, set: PhantomData }),
            _ => portable::<B>(bytes),
        }
    }
}

/// For any processor: the fold over a block is vectorised by the compiler.
fn portable<B: Bytes>(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<32>();
    let others = blocks.iter().take_while(|block| !block.iter().fold(false, |any, byte| any | B::has(*byte)));
    let at = others.count() * 32;
    bytes[at..].iter().position(|byte| B::has(*byte)).map_or(bytes.len(), |offset| at + offset)
}

#[cfg(target_arch = "x86_64")]
pub(crate) mod x86 {
    use std::arch::x86_64::__m256i;
    use std::marker::PhantomData;

    use pulp::x86::V3;

    use super::Bytes;

    /// Thirty-two bytes, and what the processor can do with them.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Block(V3, __m256i);

    impl Block {
        /// Which are `byte`?
        #[inline(always)]
        pub(crate) fn is(self, byte: u8) -> Block {
            let Block(simd, bytes) = self;
            Block(simd, simd.avx2._mm256_cmpeq_epi8(bytes, simd.avx._mm256_set1_epi8(byte.cast_signed())))
        }

        /// Which are from `first` to `last`?
        #[inline(always)]
        pub(crate) fn is_in(self, first: u8, last: u8) -> Block {
            let Block(simd, bytes) = self;
            let from_first = simd.avx2._mm256_sub_epi8(bytes, simd.avx._mm256_set1_epi8(first.cast_signed()));
            let width = simd.avx._mm256_set1_epi8((last - first).cast_signed());
            Block(simd, simd.avx2._mm256_cmpeq_epi8(simd.avx2._mm256_min_epu8(from_first, width), from_first))
        }

        /// Those of either.
        #[inline(always)]
        pub(crate) fn or(self, other: Block) -> Block {
            Block(self.0, self.0.avx2._mm256_or_si256(self.1, other.1))
        }

        #[inline(always)]
        fn bits(self) -> u32 {
            self.0.avx2._mm256_movemask_epi8(self.1).cast_unsigned()
        }
    }

    pub(super) struct First<'a, B> {
        pub(super) simd: V3,
        pub(super) bytes: &'a [u8],
        pub(super) set: PhantomData<B>,
    }

    impl<B: Bytes> First<'_, B> {
        /// A bit for each byte in the set. (No closure: those are compiled without what the processor can do.)
        #[inline(always)]
        fn bits(&self, block: &[u8; 32]) -> u32 {
            B::have(Block(self.simd, pulp::cast(*block))).bits()
        }
    }

    impl<B: Bytes> pulp::NullaryFnOnce for First<'_, B> {
        type Output = usize;

        #[inline(always)]
        fn call(self) -> usize {
            let (blocks, rest) = self.bytes.as_chunks::<32>();
            for (index, block) in blocks.iter().enumerate() {
                let found = self.bits(block);
                if found != 0 {
                    return index * 32 + found.trailing_zeros() as usize;
                }
            }
            if rest.is_empty() {
                return self.bytes.len();
            }
            // The last bytes: as the end of a block that was looked at in part, or behind nothing.
            let found = match self.bytes.last_chunk() {
                Some(last) => u64::from(self.bits(last) >> (32 - rest.len())),
                None => {
                    let mut short = [0; 32];
                    short[..rest.len()].copy_from_slice(rest);
                    u64::from(self.bits(&short))
                }
            };
            blocks.len() * 32 + rest.len().min(found.trailing_zeros() as usize)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A set that has what there is to get wrong: a range, its edges, and a byte beyond ASCII.
    #[derive(Debug, Clone, Copy)]
    struct Some4;

    impl Bytes for Some4 {
        fn has(byte: u8) -> bool {
            matches!(byte, b'\n'..=b'\r' | b'"' | 0xE2)
        }

        #[cfg(target_arch = "x86_64")]
        fn have(block: x86::Block) -> x86::Block {
            block.is_in(b'\n', b'\r').or(block.is(b'"')).or(block.is(0xE2))
        }
    }

    #[test]
    fn every_byte_at_every_place() {
        for byte in 0..=u8::MAX {
            for length in [1, 15, 31, 32, 33, 63, 64, 70] {
                for at in 0..length {
                    let mut bytes = vec![b'x'; length];
                    bytes[at] = byte;
                    let expected = if Some4::has(byte) { at } else { length };
                    assert_eq!(Scan::<Some4>::default().first(&bytes), expected, "byte {byte:#x} at {at} of {length}");
                    assert_eq!(portable::<Some4>(&bytes), expected, "byte {byte:#x} at {at} of {length}");
                }
            }
        }
        assert_eq!(Scan::<Some4>::default().first(b""), 0);
    }
}
