//! Every command with every exit code that docs/exit-codes.md has for it, those aside that need brokers (`tests/stream`).

use std::fs;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use super::streams::{end, signal};
use super::{code, copydesk, err};

const NOBODY: &str = "127.0.0.1:1";

#[test]
fn exit_codes_are_as_documented() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("good", b"A paragraph that is long enough to count as one.\n");
    write("bad", b"\xff\xfe\xff");
    write("wrong.toml", b"[stream]\nlanes = 0\n");
    write("file", b"");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let all: &[(u8, &[&str])] = &[
        (0, &["--help"]),
        (0, &["clean", "good"]),
        (0, &["inspect", "good"]),
        (0, &["dates", "17 January 2024"]),
        (0, &["dates", "no date at all"]),
        (0, &["schema"]),
        (0, &["config"]),
        (0, &["completions", "bash"]),
        (0, &["man"]),
        (0, &["check", "--offline"]),
        (3, &["clean", "bad"]),
        (3, &["clean", "good", "bad"]),
        (3, &["clean", "--lines", "good", "bad"]),
        (3, &["inspect", "bad"]),
        (3, &["dates", "--json", "nonsense"]),
        (64, &[]),
        (64, &["frobnicate"]),
        (64, &["run", "--lanes", "0"]),
        (64, &["check", "--offline", "--config", "wrong.toml"]),
        (64, &["check", "--offline", "--config", "missing.toml"]),
        (64, &["clean", "--dead-letters", "good", "good"]),
        (64, &["clean", "--timestamp", "yesterday", "good"]),
        (64, &["inspect"]),
        (64, &["inspect", "--width", "7", "good"]),
        (64, &["dates", "--fetched-at", "yesterday", "x"]),
        (64, &["feed", "--repeat", "-"]),
        (64, &["feed", "--rate", "-1", "good"]),
        (64, &["feed", "--rate", "nan", "good"]),
        (64, &["tail", "--count", "many"]),
        (64, &["topics", "--partitions", "many"]),
        (64, &["dead-letters"]),
        (64, &["dead-letters", "list", "--code", "none"]),
        (64, &["dead-letters", "list", "--since", "yesterday"]),
        (64, &["dead-letters", "show", "here"]),
        (64, &["dead-letters", "replay", "--where", "code"]),
        (64, &["health"]),
        (64, &["schema", "none"]),
        (64, &["config", "--brokers"]),
        (64, &["completions", "none"]),
        (64, &["demo", "--rate", "1"]),
        (69, &["check", "--brokers", NOBODY]),
        (69, &["topics", "--brokers", NOBODY]),
        (69, &["topics", "--create", "--brokers", NOBODY]),
        (69, &["tail", "--brokers", NOBODY]),
        (69, &["feed", "--brokers", NOBODY, "good"]),
        (69, &["dead-letters", "list", "--brokers", NOBODY]),
        (69, &["dead-letters", "show", "0/1", "--brokers", NOBODY]),
        (69, &["dead-letters", "replay", "--brokers", NOBODY]),
        (69, &["health", "--admin", NOBODY]),
        (74, &["clean", "missing"]),
        (74, &["clean", "--dead-letters", "file/x", "good"]),
        (74, &["inspect", "missing"]),
        (74, &["inspect", "."]),
        (74, &["feed", "missing"]),
        (74, &["man", "file"]),
        (74, &["run", "--admin", &taken]),
        (74, &["demo", "--keep", "--admin", &taken]),
    ];
    let ended = std::thread::scope(|scope| {
        let folder = folder.path();
        let run = move |(expected, arguments): &(u8, &[&str])| {
            let output = copydesk(folder).args(*arguments).output().unwrap();
            (*expected, format!("{arguments:?}: {}", err(&output)), code(&output))
        };
        // Those that wait for a broker that is not there do so side by side.
        let running: Vec<_> = all.iter().map(|one| scope.spawn(move || run(one))).collect();
        running.into_iter().map(|running| running.join().unwrap()).collect::<Vec<_>>()
    });
    for (expected, what, code) in ended {
        assert_eq!(code, i32::from(expected), "{what}");
    }
}

/// The grace period of a stop passes, or a second signal ends it.
#[test]
fn a_second_signal_ends_run_with_75() {
    let folder = tempfile::tempdir().unwrap();
    // A program that gives the token takes its time, and a lane that waits for it can't be asked to stop.
    fs::write(folder.path().join("copydesk.toml"), "[oauth]\ntoken-command = \"sleep 20\"\n").unwrap();
    let mut run = copydesk(folder.path());
    run.args(["run", "--brokers", NOBODY, "--lanes", "1", "--group", "codes"]);
    let mut child = run.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(2));
    signal("-TERM", child.id());
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(child.try_wait().unwrap(), None);
    signal("-TERM", child.id());
    assert_eq!(end(&mut child, Duration::from_secs(10)), Some(75));
}
