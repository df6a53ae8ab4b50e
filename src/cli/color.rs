//! Colour: on a terminal, unless a flag or a variable says otherwise.
//!
//! `--color` decides; at `auto`, `NO_COLOR` (set, and not empty) and `TERM=dumb` turn it off, `CLICOLOR_FORCE` (set, and
//! not 0) turns it on, and otherwise the stream has to be a terminal. Commands ask [`stdout`] or [`stderr`].

use std::io::IsTerminal;
use std::sync::OnceLock;

use super::flags::When;

static CHOICE: OnceLock<When> = OnceLock::new();

/// Stores the value of `--color`, once, before a command runs.
pub fn set(when: When) {
    let _ = CHOICE.set(when);
}

/// May standard output have colour?
pub fn stdout() -> bool {
    decide(chosen(), std::io::stdout().is_terminal(), &|name| std::env::var(name).ok())
}

/// May standard error have a progress bar? Only on a terminal that can move its cursor.
pub fn redraws() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}

/// May standard error have colour?
pub fn stderr() -> bool {
    decide(chosen(), std::io::stderr().is_terminal(), &|name| std::env::var(name).ok())
}

fn chosen() -> When {
    CHOICE.get().copied().unwrap_or(When::Auto)
}

fn decide(when: When, terminal: bool, variable: &dyn Fn(&str) -> Option<String>) -> bool {
    match when {
        When::Always => return true,
        When::Never => return false,
        When::Auto => {}
    }
    if variable("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        return false;
    }
    if variable("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0") {
        return true;
    }
    terminal && variable("TERM").as_deref() != Some("dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_overrides_the_environment_and_the_environment_the_terminal() {
        let none = |_: &str| None;
        let no_color = |name: &str| (name == "NO_COLOR").then(|| "1".to_owned());
        let empty_no_color = |name: &str| (name == "NO_COLOR").then(String::new);
        let force = |name: &str| (name == "CLICOLOR_FORCE").then(|| "1".to_owned());
        let dumb = |name: &str| (name == "TERM").then(|| "dumb".to_owned());
        assert!(decide(When::Auto, true, &none));
        assert!(!decide(When::Auto, false, &none));
        assert!(!decide(When::Auto, true, &no_color));
        assert!(decide(When::Auto, true, &empty_no_color));
        assert!(decide(When::Auto, false, &force));
        assert!(!decide(When::Auto, true, &dumb));
        assert!(decide(When::Always, false, &no_color));
        assert!(!decide(When::Never, true, &force));
    }
}
