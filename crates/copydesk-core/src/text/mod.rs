//! Text before meaning: splitting a body into lines, unwrapping hard-wrapped text, scanning for bytes, JSON as text, hex,
//! and making text safe to be looked at.

mod body;
pub mod hex;
pub(crate) mod json;
mod lines;
mod printable;
pub(crate) mod scan;
mod shortened;
mod unwrap;

pub(crate) use body::{Body, BodyLines};
pub use lines::{LineSpan, split};
pub use printable::{Escape, escaped, is_unprintable, printable};
pub use shortened::{REASON_BYTES, shortened};
pub use unwrap::unwrap;
