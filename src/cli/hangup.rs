//! SIGHUP, when the terminal is closed: a stop in order, as by SIGTERM, unless the process was started with SIGHUP ignored
//! (`nohup copydesk run`) so that it survives the terminal.

/// Does SIGHUP stop this process?
pub fn is_listened_for() -> bool {
    // Without /proc only unsafe code could find out; then it does.
    std::fs::read_to_string("/proc/self/status").map_or(true, |status| !ignored(&status))
}

/// Does the mask of ignored signals contain signal 1?
fn ignored(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 != 0)
}

#[cfg(test)]
mod tests {
    use super::ignored;

    #[test]
    fn the_mask_says_what_is_ignored() {
        assert!(ignored("Name:\tcopydesk\nSigIgn:\t0000000000001001\n"));
        assert!(!ignored("SigIgn:\t0000000000001000\n"));
        assert!(!ignored(""));
    }
}
