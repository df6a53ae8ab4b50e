//! The bytes that JSON writes by escapes: quotes, backslashes and control characters.

#[cfg(target_arch = "x86_64")]
use crate::text::scan::x86::Block;
use crate::text::scan::{Bytes, Scan};

/// Finds the first byte that can't stand in a JSON string as it is.
pub(crate) type Escapes = Scan<MustEscape>;

/// The bytes that can't.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MustEscape;

impl Bytes for MustEscape {
    fn has(byte: u8) -> bool {
        (byte < 0x20) | (byte == b'"') | (byte == b'\\')
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn have(block: Block) -> Block {
        block.is_in(0, 0x1F).or(block.is(b'"')).or(block.is(b'\\'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte() {
        for byte in 0..=u8::MAX {
            let first = Escapes::default().first(&[b'x', byte]);
            assert_eq!(first == 1, byte < 0x20 || byte == b'"' || byte == b'\\', "{byte:#x}");
        }
    }
}
