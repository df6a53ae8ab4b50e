//! Exit codes, in one place. They follow `sysexits.h` where it has a word for it.

/// All went well; for `run`: stopped in order.
pub const OK: u8 = 0;
/// An article, or a question of `dates`, was refused. `check`, `topics`: something that `run` needs is missing. `offsets`: a
/// partition would stall, or the group has members. `dead-letters replay`: at least one was replayed before.
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
/// successor and the articles are read again (EX_TEMPFAIL). `dead-letters replay`, `feed`: interrupted before the end.
pub const CUT_SHORT: u8 = 75;
/// `run`: refused or fenced, because another process runs with the same group and instance name (EX_PROTOCOL).
pub const FENCED: u8 = 76;

/// Every code with its meaning, in the order of the documentation.
pub const ALL: &[(u8, &str)] = &[
    (
        OK,
        "all went well; `run` was stopped in order (SIGTERM, SIGINT or SIGHUP); `feed`: every article was acknowledged, or there was none; `tail` and `feed --repeat` were ended by Ctrl-C",
    ),
    (
        REFUSED,
        "`clean`, `inspect`: at least one payload was refused; `dates`: at least one question could not be read; `feed`: at least one article was left out, being larger than `limits.payload`; `check` and `topics`: something that `run` needs is missing; `offsets`: a partition would stall, or offsets can't be set because the group has members; `dead-letters replay`: at least one was left out, having been replayed before",
    ),
    (
        USAGE,
        "bad command line or configuration; `clean`: a file would be read and written at once; `health`: the admin port is off",
    ),
    (
        UNAVAILABLE,
        "the broker or a topic is not there, or says no; `feed`: at least one article was not acknowledged; `dead-letters show` and `replay`: there is no such dead letter, or it could not be sent; `health`: the worker is not well, or nobody listens",
    ),
    (INTERNAL, "a bug in copydesk"),
    (
        IO,
        "reading or writing failed (a file is missing, a disk is full, an input has no end), or the admin address is taken",
    ),
    (
        CUT_SHORT,
        "`run`: the grace period passed or a second signal came; nothing is lost, the articles are read again; `dead-letters replay`: interrupted, whole up to there; `feed`: interrupted before the end, the last line says how many were sent",
    ),
    (
        FENCED,
        "`run`: another process runs with the same group and instance name: on this machine, where it was there first, or anywhere, where it is the newer one",
    ),
];
