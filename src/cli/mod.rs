//! The commands, one file each.
pub mod exit;
pub mod run;
