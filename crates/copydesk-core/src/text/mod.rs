//! Text before meaning: splitting a body into lines, unwrapping hard-wrapped text, scanning for bytes, making text safe to
//! be looked at.

pub mod hex;
mod lines;
mod printable;
pub(crate) mod scan;
mod shortened;
mod unwrap;

pub use lines::{Line, split};
pub use printable::{Escape, escaped, is_bidi_control, is_unprintable, printable};
pub use shortened::{REASON_BYTES, shortened};
pub use unwrap::unwrap;
