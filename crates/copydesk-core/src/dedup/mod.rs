//! Repeats: the key of a paragraph, its fingerprint, and what was seen before.

mod fingerprint;
mod memory;
mod normalise;
mod repeats;

pub use fingerprint::Fingerprint;
pub use memory::{Forgetful, Memory};
pub use normalise::{Hashed, KEY_VERSION, Normaliser};
pub use repeats::{First, LEAST_KEY, Repeats};
