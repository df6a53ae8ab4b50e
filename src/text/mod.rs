//! Text before meaning: splitting a body into lines, unwrapping hard-wrapped text, scanning for bytes.

mod lines;
pub(crate) mod scan;
mod unwrap;

pub use lines::{Line, split};
pub use unwrap::unwrap;
