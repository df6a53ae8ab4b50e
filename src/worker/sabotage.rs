//! Deliberate bugs and pauses, so that the fault suite can show that it would find them.
//!
//! Only a build with the feature `sabotage` has them, and only where `COPYDESK_SABOTAGE` asks for one; in every other
//! build [`asked`] is `false` at compile time and nothing of this is left.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// Offsets are committed by themselves, before the records.
pub(super) const OFFSETS_OUTSIDE: &str = "offsets-outside";
/// An aborted batch is not read again.
pub(super) const NO_REWIND: &str = "no-rewind";
/// Once in a process, a batch that holds the marker takes [`PAUSE`] to process, or stays so long in an open transaction.
pub(super) const SLOW_TO_PROCESS: &str = "slow-to-process";
/// See [`SLOW_TO_PROCESS`].
pub(super) const SLOW_TO_PUBLISH: &str = "slow-to-publish";
/// Transactional ids as they were before 0.1.0, `<group>-<instance>-<lane>`, and no static membership.
pub(super) const OLD_IDS: &str = "old-ids";

/// Longer than the suite's `max.poll.interval.ms` and `transaction.timeout.ms`.
const PAUSE: Duration = Duration::from_secs(9);
const MARKER: &[u8] = b"SABOTAGE-SLOW";

/// Is this sabotage asked for?
pub(super) fn asked(what: &str) -> bool {
    cfg!(feature = "sabotage") && std::env::var("COPYDESK_SABOTAGE").is_ok_and(|asked| asked == what)
}

/// Pauses where `what` is asked for and the payload has the marker.
pub(super) fn pause(what: &str, payload: Option<&[u8]>) {
    static DONE: AtomicBool = AtomicBool::new(false);
    let is_marked = |payload: &[u8]| payload.windows(MARKER.len()).any(|part| part == MARKER);
    if asked(what) && payload.is_some_and(is_marked) && !DONE.swap(true, Relaxed) {
        tracing::warn!(what, "sabotage: pausing");
        std::thread::sleep(PAUSE);
    }
}
