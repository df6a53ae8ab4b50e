//! Repeats: the key of a paragraph, its fingerprint, and what was seen before.

mod memory;

pub use memory::{Forgetful, Memory};
