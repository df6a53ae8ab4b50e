//! The admin port as a whole: its page in a real Chromium, its answers, and its manners under a flood.
//!
//! The worker is that of `copydesk demo --keep`, on the embedded broker, since nothing here depends on transactions. The
//! browser is Debian's `chromium`, which `scripts/setup test` installs; where there is none the tests fail and say so.

// A test that can't go on says why and fails.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod access;
mod answers;
mod browser;
mod chromium;
mod demo;
mod flood;
mod sign_in;
mod unread;

use std::sync::OnceLock;

/// The worker that all gentle tests share.
fn shared() -> &'static demo::Demo {
    static SHARED: OnceLock<demo::Demo> = OnceLock::new();
    SHARED.get_or_init(|| demo::Demo::start().ended_with_the_tests())
}
