//! Exit codes. They follow `sysexits.h` where it has a matching one.

/// Success; for `run`: stopped by a signal, in order.
pub const OK: u8 = 0;
/// An article, or a question of `dates`, was refused. `check`, `topics`: something that `run` needs is missing. `offsets`: a
/// partition would stall, or the group has members. `dead-letters replay`: at least one was replayed before.
pub const REFUSED: u8 = 3;
/// A wrong command line or configuration (EX_USAGE).
pub const USAGE: u8 = 64;
/// The broker or a topic is unavailable, or denies access (EX_UNAVAILABLE).
pub const UNAVAILABLE: u8 = 69;
/// A bug in copydesk (EX_SOFTWARE).
pub const INTERNAL: u8 = 70;
/// Reading or writing failed, or the admin address is taken (EX_IOERR).
pub const IO: u8 = 74;
/// `run`: a lane did not stop within the grace period, or there was a second signal. Its open transaction is aborted, and the
/// articles are read again (EX_TEMPFAIL). `dead-letters replay`, `feed`: interrupted before the end.
pub const CUT_SHORT: u8 = 75;
/// `run`: not started or fenced, because of a duplicate instance: same group, same instance name (EX_PROTOCOL).
pub const FENCED: u8 = 76;

/// Every code with its meaning, in the order of the documentation.
pub const ALL: &[(u8, &str)] = &[
    (
        OK,
        "success; `run` was stopped in order (SIGTERM, SIGINT or SIGHUP); `feed`: every article was acknowledged, or there was none; `tail` and `feed --repeat` were stopped by Ctrl-C",
    ),
    (
        REFUSED,
        "`clean`, `inspect`: at least one payload was refused; `dates`: at least one question could not be read; `feed`: at least one article was skipped, being larger than `limits.payload`; `check` and `topics`: something that `run` needs is missing; `offsets`: a partition would stall, or offsets can't be set because the group has members; `dead-letters replay`: at least one was skipped, having been replayed before",
    ),
    (
        USAGE,
        "wrong command line or configuration; `clean`: a file is both input and output; `health`: the admin port is off",
    ),
    (
        UNAVAILABLE,
        "the broker or a topic is unavailable, or denies access; `feed`: at least one article was not acknowledged; `dead-letters show` and `replay`: there is no such dead letter, or it could not be sent; `health`: the worker is not live (or not ready), or nothing listens",
    ),
    (INTERNAL, "a bug in copydesk"),
    (
        IO,
        "reading or writing failed (a file is missing, a disk is full, an input has no end), or the admin address is taken",
    ),
    (
        CUT_SHORT,
        "`run`: the grace period passed or there was a second signal; nothing is lost, the articles are read again; `dead-letters replay`: interrupted, what was sent is marked; `feed`: interrupted before the end, the last line says how many were sent",
    ),
    (
        FENCED,
        "`run`: a duplicate instance, with the same group and instance name: on this machine the one that was started first keeps running, on different machines the newer one",
    ),
];
