//! Exit codes, in one place. They follow `sysexits.h` where it has a word for it.

/// All went well; for `run`: stopped in order.
pub const OK: u8 = 0;
/// `clean`: at least one payload was refused. `check`, `topics`: something that `run` needs is missing. `offsets`: a partition
/// would stall, or the group has members. `dead-letters replay`: at least one was replayed before.
pub const REFUSED: u8 = 3;
/// A bad command line or configuration (EX_USAGE).
pub const USAGE: u8 = 64;
/// The broker or a topic is not there, or says no (EX_UNAVAILABLE).
pub const UNAVAILABLE: u8 = 69;
/// A bug in copydesk (EX_SOFTWARE).
pub const INTERNAL: u8 = 70;
/// Reading or writing failed, or the admin address is taken (EX_IOERR).
pub const IO: u8 = 74;
/// `run`: a lane did not end within the grace period, or a second signal came. Its open transaction is aborted by its
/// successor and the articles are read again (EX_TEMPFAIL). `dead-letters replay`: interrupted between two batches.
pub const CUT_SHORT: u8 = 75;
/// `run`: refused or fenced, because another process runs with the same group and instance name (EX_PROTOCOL).
pub const FENCED: u8 = 76;

/// Every code with its meaning, in the order of the documentation.
pub const ALL: &[(u8, &str)] = &[
    (OK, "all went well; `run` was stopped in order"),
    (
        REFUSED,
        "`clean`: at least one payload was refused; `check` and `topics`: something that `run` needs is missing; `offsets`: a partition would stall, or offsets can't be set because the group has members; `dead-letters replay`: at least one was left out, having been replayed before",
    ),
    (USAGE, "bad command line or configuration"),
    (UNAVAILABLE, "the broker or a topic is not there, or says no"),
    (INTERNAL, "a bug in copydesk"),
    (IO, "reading or writing failed, or the admin address is taken"),
    (
        CUT_SHORT,
        "`run`: the grace period passed or a second signal came; nothing is lost, the articles are read again; `dead-letters replay`: interrupted, whole up to there",
    ),
    (
        FENCED,
        "`run`: another process runs with the same group and instance name: on this machine, where it was there first, or anywhere, where it is the newer one",
    ),
];
