//! Terminals, pipes, closed streams: what the text of an article may do to them, and what they may do to a command.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::{code, copydesk, err, out};

/// C1 controls (a terminal takes U+009B for ESC [), bidi controls, a separator.
const STEERING: [char; 6] = ['\u{1b}', '\u{9b}', '\u{202e}', '\u{2066}', '\u{85}', '\u{2028}'];
const HOSTILE: &str =
    "The harbour \u{9b}2Jferry \u{202e}company\u{2066} said on Monday that its oldest ship would leave.";

/// A nested field whose name is longer than a log line should be: the reason of its refusal quotes the name.
fn refused_with_a_long_reason() -> String {
    let name = format!("\u{202e}\u{9b}2J{}", "x".repeat(800_000));
    format!("{{\"text\":\"body\",\"{name}\":{}{}}}", "[".repeat(400), "]".repeat(400))
}

/// Runs a command line in a terminal, and answers what the terminal was sent.
fn in_terminal(folder: &Path, line: &str, environment: &[(&str, &str)]) -> Output {
    let mut command = copydesk(folder);
    let binary = command.get_program().to_owned();
    let script = format!("'{}' {line}", Path::new(&binary).display());
    command = Command::new("script");
    command.args(["-qec", &script, "/dev/null"]).current_dir(folder).stdin(Stdio::null());
    for name in ["NO_COLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command.env("TERM", "xterm-256color").envs(environment.iter().copied()).output().unwrap()
}

#[test]
fn an_article_steers_no_terminal_and_records_are_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let article =
        serde_json::json!({ "headline": HOSTILE, "text": format!("{HOSTILE}\nMore text of the story follows here.") });
    fs::write(folder.path().join("a.json"), article.to_string()).unwrap();
    let shown = in_terminal(folder.path(), "clean a.json", &[]);
    assert!(!out(&shown).contains(STEERING), "{:?}", out(&shown));
    assert!(out(&shown).contains("harbour \\u009b2Jferry \\u202ecompany\\u2066"), "{:?}", out(&shown));
    let piped = copydesk(folder.path()).args(["clean", "a.json"]).output().unwrap();
    assert!(out(&piped).contains("harbour \u{9b}2Jferry \u{202e}company\u{2066}"), "{:?}", out(&piped));
    let [shown, piped] =
        [&shown, &piped].map(|output| serde_json::from_str::<serde_json::Value>(&out(output)).unwrap());
    assert_eq!(shown, piped, "the same record");

    fs::write(folder.path().join("line"), "17 \u{9b}2J\u{202e} \u{1b}[31m January 2024\n").unwrap();
    for flag in ["", "--explain"] {
        let shown = in_terminal(folder.path(), &format!("dates {flag} < line"), &[]);
        assert!(!out(&shown).contains(STEERING), "{flag}: {:?}", out(&shown));
        assert!(out(&shown).contains("\\u009b2J\\u202e"), "{flag}: {:?}", out(&shown));
        let sh = format!("'{}' dates {flag} < line", env!("CARGO_BIN_EXE_copydesk"));
        let piped = Command::new("sh").args(["-c", &sh]).current_dir(folder.path()).output().unwrap();
        assert!(out(&piped).contains("17 \u{9b}2J\u{202e}"), "{flag}: {:?}", out(&piped));
    }

    // A date line, its explanation, a dateline, a name: wherever it stands.
    let body = format!("Published: 14 March \u{9b}2J2024\u{202e}\n\n{HOSTILE}\nA{HOSTILE}\n");
    fs::write(folder.path().join("a\u{9b}2J.txt"), body).unwrap();
    let shown = in_terminal(folder.path(), "inspect --color never --explain *.txt", &[]);
    assert_eq!(code(&shown), 0, "{:?}", out(&shown));
    assert!(!out(&shown).contains(STEERING), "{:?}", out(&shown));
}

#[test]
fn a_reason_that_quotes_a_payload_is_short_and_steers_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.json"), refused_with_a_long_reason()).unwrap();
    let refused = copydesk(folder.path()).args(["clean", "a.json", "a\u{202e}"]).output().unwrap();
    assert_eq!(code(&refused), 74, "{}", err(&refused).len());
    let refused = copydesk(folder.path()).args(["clean", "a.json"]).output().unwrap();
    assert_eq!(code(&refused), 3);
    assert!(err(&refused).len() < 3000, "{} bytes", err(&refused).len());
    assert!(!err(&refused).contains(STEERING));
    let told: serde_json::Value = serde_json::from_str(&err(&refused)).unwrap();
    assert!(told["reason"].as_str().unwrap().contains("\u{202e}\u{9b}2Jxxx"), "{told}");
}

/// `2>&1 | head`, a collector that died, a disk that is full: the command goes on, and its exit code is its own.
#[test]
fn nobody_reads_standard_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bad"), b"\xff").unwrap();
    fs::write(folder.path().join("good"), "A paragraph that is long enough to count as one.\n").unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (arguments, expected) in [
        (&["frobnicate"][..], 64),
        (&["config", "--lanes", "none"], 64),
        (&["clean", "bad"], 3),
        (&["clean", "good"], 0),
        (&["clean", "missing"], 74),
        (&["clean", "--dead-letters", "good", "good"], 64),
        (&["inspect", "missing"], 74),
        (&["dates", "--json", "nonsense"], 3),
        (&["feed", "--repeat", "-"], 64),
        (&["feed", "missing"], 74),
        (&["health"], 64),
        (&["health", "--admin", "127.0.0.1:1"], 69),
        (&["dead-letters", "show", "nowhere"], 64),
        (&["run", "--admin", &taken], 74),
        (&["check", "--brokers", "127.0.0.1:1"], 69),
        (&["topics", "--brokers", "127.0.0.1:1"], 69),
        (&["schema", "none"], 64),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        for (kind, closed) in [("closed", Stdio::from(writer)), ("full", Stdio::from(full))] {
            let output = copydesk(folder.path()).args(arguments).stderr(closed).output().unwrap();
            assert_eq!(output.status.code(), Some(expected), "{arguments:?}, {kind}");
        }
    }
}

/// The worker logs all the time, and has work to do.
#[test]
fn a_worker_goes_on_when_nobody_reads_its_log() {
    let folder = tempfile::tempdir().unwrap();
    for format in ["text", "json"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = copydesk(folder.path());
        command
            .args(["run", "--brokers", "127.0.0.1:1", "--lanes", "1", "--group", "closed"])
            .env("COPYDESK__LOG__FILTER", "debug");
        command.env("COPYDESK__LOG__FORMAT", format).stdout(Stdio::null()).stderr(writer);
        let mut child = command.spawn().unwrap();
        std::thread::sleep(Duration::from_secs(3));
        assert_eq!(child.try_wait().unwrap().and_then(|status| status.code()), None, "it has ended");
        signal("-TERM", child.id());
        assert_eq!(end(&mut child, Duration::from_secs(30)), Some(0));
    }
}

/// `> /dev/full`: whatever a command prints, that it could not is told by 74; and `| head` is no failure.
#[test]
fn nobody_reads_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("good"), "A paragraph that is long enough to count as one.\n").unwrap();
    for arguments in [
        &["--help"][..],
        &["run", "--help"],
        &["--version"],
        &["config"],
        &["schema"],
        &["man"],
        &["completions", "zsh"],
        &["clean", "good"],
        &["inspect", "good"],
        &["dates", "17 January 2024"],
        &["check", "--offline"],
    ] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = copydesk(folder.path()).args(arguments).stdout(full).output().unwrap();
        assert_eq!(code(&output), 74, "{arguments:?}: {}", err(&output));
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = copydesk(folder.path()).args(arguments).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!((code(&output), err(&output)), (0, String::new()), "{arguments:?}");
    }
    // More than a buffer.
    let line = "17 January 2024\n".repeat(20_000);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut child = copydesk(folder.path()).arg("dates").stdin(Stdio::piped()).stdout(writer).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(line.as_bytes());
    assert_eq!(end(&mut child, Duration::from_secs(60)), Some(0));
}

#[test]
fn colour_is_honoured_by_every_command() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("good"), "A paragraph that is long enough to count as one.\n").unwrap();
    for line in ["check --offline", "inspect good", "config --lanes none"] {
        let colour = |line: &str, environment: &[(&str, &str)]| {
            let shown = out(&in_terminal(folder.path(), line, environment));
            assert!(!shown.is_empty(), "{line}");
            shown.contains('\x1b')
        };
        assert!(colour(line, &[]), "{line}");
        assert!(colour(&format!("{line} --color always"), &[("TERM", "dumb")]), "{line}");
        assert!(!colour(line, &[("TERM", "dumb")]), "{line}");
        assert!(!colour(line, &[("NO_COLOR", "1")]), "{line}");
        assert!(!colour(&format!("{line} --color never"), &[]), "{line}");
    }
    // The demo, from its first line on.
    for (flag, terminal, expected) in [("auto", "xterm", true), ("auto", "dumb", false), ("never", "xterm", false)] {
        let shown = out(&in_terminal(folder.path(), &format!("demo --color {flag}"), &[("TERM", terminal)]));
        assert!(shown.contains("sample articles"), "{shown}");
        assert_eq!(shown.contains('\x1b'), expected, "{flag}, {terminal}: {shown:?}");
    }
    // The log of a worker.
    for (flag, terminal, expected) in
        [("auto", "xterm", true), ("auto", "dumb", false), ("never", "xterm", false), ("always", "dumb", true)]
    {
        let line = format!(
            "run --lanes 1 --group colour --brokers 127.0.0.1:1 --color {flag} & sleep 2; kill -TERM $!; wait $!"
        );
        let shown = out(&in_terminal(folder.path(), &line, &[("TERM", terminal)]));
        assert!(shown.contains("started"), "{shown}");
        assert_eq!(shown.contains('\x1b'), expected, "{flag}, {terminal}: {shown:?}");
    }
}

#[test]
fn a_hangup_is_a_stop_in_order_unless_it_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let start = |how: &str| {
        let mut command = Command::new("env");
        let binary = copydesk(folder.path()).get_program().to_owned();
        command.arg(how).arg(binary).args(["run", "--brokers", "127.0.0.1:1", "--lanes", "1", "--group", "hangup"]);
        command.current_dir(folder.path()).stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut child = start("--default-signal=HUP");
    std::thread::sleep(Duration::from_secs(2));
    signal("-HUP", child.id());
    assert_eq!(end(&mut child, Duration::from_secs(30)), Some(0));
    assert!(err(&child.wait_with_output().unwrap()).contains("SIGHUP"));
    let mut child = start("--ignore-signal=HUP");
    std::thread::sleep(Duration::from_secs(2));
    signal("-HUP", child.id());
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(child.try_wait().unwrap(), None, "`nohup copydesk run` outlives its terminal");
    signal("-TERM", child.id());
    assert_eq!(end(&mut child, Duration::from_secs(30)), Some(0));
}

pub fn signal(name: &str, process: u32) {
    assert!(Command::new("kill").args([name, &process.to_string()]).status().unwrap().success());
}

/// Waits for the end of a process, and answers its exit code.
pub fn end(child: &mut std::process::Child, within: Duration) -> Option<i32> {
    let until = Instant::now() + within;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if Instant::now() > until {
            let _ = child.kill();
            panic!("it did not end within {} s", within.as_secs());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
