//! Repeats: the key of a paragraph, its fingerprint, and where in the article it stood first.

mod fingerprint;
mod normalise;
mod repeats;

pub use fingerprint::Fingerprint;
pub use normalise::{Hashed, KEY_VERSION, Normaliser};
pub use repeats::{First, LEAST_KEY, Repeats};
