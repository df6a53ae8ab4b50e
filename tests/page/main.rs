//! The admin port as a whole: its page in a real Chromium, its answers, and its limits under a flood.
//!
//! The worker is that of `copydesk demo --keep`, on the embedded broker, since nothing here depends on transactions. The
//! browser is Debian's `chromium`, which `scripts/setup test` installs; without one the tests fail and say so.

// A test that can't go on fails, and says why.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod access;
mod answers;
mod browser;
mod chromium;
mod demo;
mod flood;
mod sign_in;
mod untaken_answers;

use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The worker shared by all tests that don't disturb it.
fn shared() -> &'static demo::Demo {
    static SHARED: OnceLock<demo::Demo> = OnceLock::new();
    SHARED.get_or_init(|| demo::Demo::start().ended_with_the_tests())
}

/// A static is never dropped, so the shared worker needs another end: here the tests run once more as a process of their
/// own, marked by a variable that the worker inherits.
#[test]
fn the_shared_worker_ends_with_the_tests() {
    const MARK: &str = "COPYDESK_TEST_OF_SHARED_WORKER";
    let mark = format!("{MARK}={}", std::process::id());
    let workers = || {
        let marked = |process: &std::path::Path| {
            let environment = std::fs::read(process.join("environ")).unwrap_or_default();
            let command = std::fs::read(process.join("cmdline")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
                && command.split(|byte| *byte == 0).any(|argument| argument == b"--keep")
        };
        std::fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| marked(path))
            .count()
    };
    let mut tests = Command::new(std::env::current_exe().unwrap());
    tests.args(["--exact", "flood::a_kept_connection_serves_many_requests"]);
    let mut tests = tests.env(MARK, std::process::id().to_string()).stdout(Stdio::null()).spawn().unwrap();
    demo::wait("the worker to start", || workers() == 1);
    assert!(tests.wait().unwrap().success());
    let end = Instant::now() + Duration::from_secs(20);
    while workers() > 0 {
        assert!(Instant::now() < end, "the worker is still running");
        std::thread::sleep(Duration::from_millis(100));
    }
}
