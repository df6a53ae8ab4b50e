//! The commands.
pub mod clean;
pub mod exit;
