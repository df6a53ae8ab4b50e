//! Lines for people, without secrets, on standard output and standard error: neither need have a reader any more, and both may be a
//! terminal that the text of a stranger must not steer. `println!` and `eprintln!` panic where nobody reads, so that clippy
//! forbids them here (`src/lib.rs`).

use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::config::redact;

use super::{color, safe};

/// Was a line lost that somebody may have wanted?
static LOST: AtomicBool = AtomicBool::new(false);

/// A line on standard output. A reader that has gone away wants no more; that a disk is full is told at the end.
pub fn say(line: std::fmt::Arguments<'_>) {
    keep(writeln!(io::stdout(), "{}", shown(line)));
}

/// As [`say`], for a line with colours of our own.
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

/// The line without secrets, and without what steers a terminal.
fn shown(line: std::fmt::Arguments<'_>) -> String {
    safe::text(&redact::text(&line.to_string()), true)
}

/// Remembers a failure to write to standard output.
pub fn keep(written: io::Result<()>) {
    if written.is_err_and(|error| error.kind() != ErrorKind::BrokenPipe) {
        LOST.store(true, Relaxed);
    }
}

/// Could a line not be written to standard output, though somebody may have wanted it?
pub fn lost() -> bool {
    LOST.load(Relaxed)
}
