//! Lines for people on standard output and standard error, with secrets redacted and terminal controls escaped. Either may
//! have no reader any more: `println!` and `eprintln!` would panic then, so clippy forbids them (`src/lib.rs`).

use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::config::redact;

use super::{color, escape};

/// Was a line lost though there may be a reader?
static LOST: AtomicBool = AtomicBool::new(false);

/// A line on standard output. A closed pipe is no error; any other, such as a full disk, is reported at the end.
pub fn say(line: std::fmt::Arguments<'_>) {
    keep(writeln!(io::stdout(), "{}", shown(line)));
}

/// As [`say`], for a line with our own colours.
pub fn say_coloured(line: std::fmt::Arguments<'_>) {
    keep(writeln!(io::stdout(), "{}", redact::text(&line.to_string())));
}

/// A line on standard error.
pub fn note(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{}", shown(line));
}

/// The last line of a command that failed.
pub fn failure(line: std::fmt::Arguments<'_>) {
    let (red, plain) = if color::stderr() { ("\x1b[1;31m", "\x1b[0m") } else { ("", "") };
    let _ = writeln!(io::stderr(), "{red}error:{plain} {}", shown(line));
}

/// The line with secrets redacted and terminal controls escaped.
fn shown(line: std::fmt::Arguments<'_>) -> String {
    escape::lines(&redact::text(&line.to_string()))
}

/// Stores a failure to write to standard output.
pub fn keep(written: io::Result<()>) {
    if written.is_err_and(|error| error.kind() != ErrorKind::BrokenPipe) {
        LOST.store(true, Relaxed);
    }
}

/// Was a line lost on standard output, other than by a closed pipe?
pub fn lost() -> bool {
    LOST.load(Relaxed)
}
