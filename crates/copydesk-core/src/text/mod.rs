//! Text before meaning: splitting a body into lines, unwrapping hard-wrapped text, scanning for bytes, making text safe to
//! be looked at.

mod lines;
mod printable;
pub(crate) mod scan;
mod shortened;
mod unwrap;

pub use lines::{Line, split};
pub use printable::{is_bidi_control, printable, steers};
pub use shortened::{REASON_BYTES, shortened};
pub use unwrap::unwrap;
