#![doc = include_str!("../README.md")]
//!
//! # The rooms
//!
//! From the bottom to the top; each may know those above it in this list, and no other:
//!
//! 1. [`text`]: lines, JSON as text, hex, what is printable
//! 2. [`dedup`]: the key of a paragraph, its fingerprint, repeats
//! 3. [`memory`]: what earlier articles have shown
//! 4. [`record`]: the contract of what goes out, its encoding, the codes of refusals
//! 5. [`input`]: formats; a payload becomes raw articles
//! 6. `article`: headline, dates, paragraphs
//! 7. [`pipeline`]: all of it, one after another
//!
//! Dates are read by the crate [`newsdates`]. `tests/core/rooms.rs` fails on an arrow that runs upwards.

mod article;
pub mod dedup;
pub mod input;
pub mod memory;
pub mod pipeline;
pub mod record;
pub mod text;
