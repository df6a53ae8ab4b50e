//! The commands, one file each.
pub mod check;
pub mod dead_letters;
pub mod demo;
pub mod exit;
pub mod feed;
pub mod health;
mod interrupt;
mod line;
pub mod run;
pub mod tail;
pub mod topics;
