//! Exit codes: a public contract, listed in `docs/exit-codes.md`.

/// All went well.
pub const OK: u8 = 0;
/// Something failed that has no code of its own; standard error says what.
pub const FAILURE: u8 = 1;
/// The work was done, and at least one payload was refused.
pub const REFUSED: u8 = 3;
/// The command line or the configuration is wrong.
pub const USAGE: u8 = 64;
/// A file or a stream could not be read or written.
pub const IO: u8 = 74;
