//! Memory of `copydesk clean`: what one hostile payload costs while it is cleaned, and that it is given back.
//!
//! The process is fed through a pipe, and looked at from outside (`/proc/PID/status`) while it waits for more: first with
//! ordinary articles, then behind the hostile one, then behind thousands of ordinary ones more.

#![cfg(target_os = "linux")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on fails, helpers included"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const MIB: usize = 1 << 20;
/// What an allocator and a page may add to any figure.
const SLACK: usize = 12 * MIB;

/// Some of a kilobyte, with nothing to drop.
fn ordinary(number: usize) -> String {
    let paragraph =
        |n: usize| format!("Paragraph {n} of article {number}, which says that the ferry left the pier at noon.\\n");
    format!(r#"{{"title": "Article {number}", "text": "{}"}}"#, (0..12).map(paragraph).collect::<String>())
}

struct Process {
    child: Child,
    lines: Receiver<usize>,
}

impl Process {
    fn start() -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_copydesk"));
        command.args(["clean", "--lines", "--threads", "1"]).current_dir(std::env::temp_dir());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        for stream in [Box::new(out) as Box<dyn Read + Send>, Box::new(err)] {
            let sender = sender.clone();
            std::thread::spawn(move || count_lines(stream, &sender));
        }
        Process { child, lines }
    }

    /// Sends payloads, one a line.
    fn send(&mut self, payloads: impl Iterator<Item = String>) {
        let mut input = self.child.stdin.take().unwrap();
        for payload in payloads {
            input.write_all(payload.as_bytes()).unwrap();
            input.write_all(b"\n").unwrap();
        }
        self.child.stdin = Some(input);
    }

    /// Waits until so many answers have come: records, or refusals.
    fn wait_for(&self, answers: &mut usize, least: usize) {
        while *answers < least {
            *answers += self.lines.recv_timeout(Duration::from_secs(300)).unwrap();
        }
    }

    /// A figure of the process's status, in bytes.
    fn memory(&self, name: &str) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
    }
}

fn count_lines(stream: impl Read, sender: &std::sync::mpsc::Sender<usize>) {
    let mut reader = BufReader::with_capacity(1 << 16, stream);
    while let Ok(read) = reader.fill_buf().map(<[u8]>::to_vec) {
        if read.is_empty() {
            return;
        }
        reader.consume(read.len());
        let _ = sender.send(read.iter().filter(|byte| **byte == b'\n').count());
    }
}

/// Cleans ordinary articles, the hostile payload, and ordinary ones again. `factor`: so many times its size it may take.
fn costs_at_most(name: &str, hostile: &str, factor: usize, more: usize) {
    const ORDINARY: usize = 4000;
    // The output is written in blocks: the last records may still be held back.
    const HELD_BACK: usize = 200;
    let mut process = Process::start();
    let mut answers = 0;
    process.send((0..ORDINARY).map(ordinary));
    process.wait_for(&mut answers, ORDINARY - HELD_BACK);
    let base = process.memory("VmHWM");
    process.send(std::iter::once(hostile.to_owned()).chain((0..ORDINARY).map(ordinary)));
    process.wait_for(&mut answers, 2 * ORDINARY + 1 - HELD_BACK);
    let (peak, after) = (process.memory("VmHWM"), process.memory("VmRSS"));
    process.child.stdin = None;
    process.child.wait().unwrap();
    let mib = |bytes: usize| bytes / MIB;
    let (grown, kept) = (peak.saturating_sub(base), after.saturating_sub(base));
    println!("{name}: {} MiB; base {} MiB, peak +{}, after +{}", mib(hostile.len()), mib(base), mib(grown), mib(kept));
    assert!(
        grown <= factor * hostile.len() + more + SLACK,
        "{name}: {} MiB more for {} MiB",
        mib(grown),
        mib(hostile.len())
    );
    // glibc keeps what it was given back below its threshold, which a large block has raised.
    assert!(kept <= 2 * SLACK, "{name}: {} MiB are kept", mib(kept));
}

fn in_json(text: &str) -> String {
    format!(r#"{{"title": "T", "text": "{text}"}}"#)
}

const SIZE: usize = 12 * MIB;

/// Text that becomes larger in its key.
#[test]
fn text_that_grows_is_bounded() {
    for (name, text) in [
        ("U+FDFA", "\u{FDFA}".repeat(SIZE / 3)),
        ("U+FDFA among letters", "\u{FDFA}\u{628}x ".repeat(SIZE / 7)),
        ("one line", "x".repeat(SIZE)),
        ("Hangul", "\u{1112}\u{1161}\u{11AB}".repeat(SIZE / 9)),
        ("vowels of Hangul", "\u{1161}".repeat(SIZE / 3)),
        ("ligatures", "\u{FB03}\u{33A1}\u{3300}".repeat(SIZE / 9)),
    ] {
        costs_at_most(name, &text, 3, 0);
        costs_at_most(&format!("{name} in JSON"), &in_json(&text), 3, 0);
    }
}

/// A run of marks has to be put in order as a whole.
#[test]
fn marks_in_a_row_are_bounded() {
    costs_at_most("marks", &format!("a{}", "\u{301}\u{316}".repeat(SIZE / 4)), 5, 0);
}

/// JSON and HTML whose parts are many or deep.
#[test]
fn structure_is_bounded() {
    let short = MIB;
    for (name, payload) in [
        ("escaped control characters", in_json(&r"\u0001".repeat(SIZE / 6))),
        ("escaped letters", in_json(&r"\u0041".repeat(SIZE / 6))),
        ("escaped quotes", in_json(&r#"\""#.repeat(SIZE / 2))),
        ("entities", format!(r#"{{"body_html": "{}"}}"#, "&nGt;".repeat(SIZE / 5))),
        ("tags", format!(r#"{{"body_html": "{}x"}}"#, "<div>".repeat(SIZE / 5))),
        ("deep JSON", format!(r#"{{"text": "x", "deep": {}{}}}"#, "[".repeat(SIZE / 2), "]".repeat(SIZE / 2))),
        ("a deep array", "[".repeat(SIZE / 2) + &"]".repeat(SIZE / 2)),
        ("deep body", format!(r#"{{"text": {}{}}}"#, "[".repeat(SIZE / 2), "]".repeat(SIZE / 2))),
        ("an array", format!("[{}0]", "0,".repeat(SIZE / 2))),
    ] {
        costs_at_most(name, &payload, 4, short);
    }
    // Each field and each line takes some hundred bytes, and both have limits.
    costs_at_most("fields", &format!(r#"{{{}"text": "x"}}"#, r#""":0,"#.repeat(SIZE / 5)), 4, 80 * MIB);
    costs_at_most("line ends", &in_json(&r"x\n".repeat(190_000)), 4, 120 * MIB);
    let blocks = format!(r#"{{"text": [{}"x"]}}"#, r#""y","#.repeat(100_000));
    costs_at_most("an array of blocks", &blocks, 4, 80 * MIB);
    costs_at_most("too many line ends", &in_json(&r"\n".repeat(SIZE / 2)), 4, short);
}

/// A control character is six bytes in a record: refused before they are written.
#[test]
fn what_is_too_large_for_the_output_is_known_before_it_is_written() {
    costs_at_most("control characters", &format!("{}\u{1}", "x \u{1}yzabcdefghijk".repeat(SIZE / 16)), 4, 0);
    costs_at_most(
        "a headline of quotes",
        &format!(r#"{{"title": "{}", "text": "x"}}"#, r"\u0001".repeat(SIZE / 6)),
        4,
        0,
    );
}
