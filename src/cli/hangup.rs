//! SIGHUP: the terminal has gone, or an operator wants a stop in order. It is one like SIGTERM, unless the process was
//! started with SIGHUP ignored (`nohup copydesk run`), which is a wish to outlive the terminal.

/// Is SIGHUP to be listened for?
pub fn heeded() -> bool {
    // Where there is no /proc nobody can be asked without unsafe code; then it is.
    std::fs::read_to_string("/proc/self/status").map_or(true, |status| !ignored(&status))
}

/// Does the mask of ignored signals have signal 1?
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
