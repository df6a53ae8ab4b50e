//! The pure core, tested through its one door: bytes of an article in, bytes of a record or a refusal out.
//!
//! One binary, so that it links once. No test here depends on which dates are read: articles carry no date lines, and
//! date fields may end up in `dates[]` or stay under `extra` (see [`support::extra_without_dates`]). Needs no Kafka and no
//! network: `cargo test -p copydesk-core --test core`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails, helpers included")]

mod containers;
mod hostile;
mod key_v1;
mod properties;
mod record;
mod refusals;
mod rooms;
mod shapes;
mod support;
