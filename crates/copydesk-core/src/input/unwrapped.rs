//! Buffers for what a payload carries inside a JSON string (an article in a string, the data of a CloudEvent): the raw
//! article borrows from them, so they live beside it. Their number bounds how deep strings may nest.

use std::cell::OnceCell;

/// What was unwrapped on the way to an article. Make a new one for each payload.
#[derive(Debug, Default)]
pub struct Unwrapped([OnceCell<Vec<u8>>; Unwrapped::DEEPEST]);

impl Unwrapped {
    /// JSON may stand in a string of JSON this many times.
    pub(super) const DEEPEST: usize = 2;

    /// Keeps `bytes` for as long as the article needs them; `None` where all buffers are taken.
    pub(super) fn keep(&self, bytes: Vec<u8>) -> Option<&[u8]> {
        let free = self.0.iter().find(|cell| cell.get().is_none())?;
        Some(free.get_or_init(|| bytes))
    }
}
