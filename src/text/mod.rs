//! Text before meaning: splitting a body into lines, unwrapping hard-wrapped text.

mod lines;
mod unwrap;

pub use lines::{Line, split};
pub use unwrap::unwrap;
