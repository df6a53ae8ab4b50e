//! The journalist's dateline that opens a story.

use super::reading::{Context, Dateline};

/// See [`super::read_dateline`].
pub(super) fn read(_paragraph: &str, _context: &Context<'_>) -> Option<Dateline> {
    None
}
