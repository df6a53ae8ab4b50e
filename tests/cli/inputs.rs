//! Input that is too large, without an end, or the very file that is written.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::streams::{end, signal};
use super::{code, copydesk, err, out, run};

/// A command line in a shell, which may have 2 GB of addresses.
fn bounded(folder: &Path, line: &str) -> Output {
    let line = line.replace("copydesk", &format!("'{}'", env!("CARGO_BIN_EXE_copydesk")));
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -v 2000000; {line}")]).current_dir(folder).stdin(Stdio::null());
    command.output().unwrap()
}

#[test]
fn input_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let file = fs::File::create(folder.path().join("huge")).unwrap();
    file.set_len(30 << 30).unwrap();
    for (line, expected, said) in [
        ("copydesk inspect huge", 3, "too_large: the payload has 32212254720 bytes, the limit is"),
        ("copydesk inspect - < huge", 74, "has no end within 1024 MiB"),
        ("copydesk inspect /dev/zero", 74, "has no end within 1024 MiB"),
        ("copydesk inspect /dev/full", 74, "has no end within 1024 MiB"),
        ("head -c 200000000 /dev/zero | copydesk inspect -", 3, "the payload has 200000000 bytes"),
        ("copydesk clean huge", 3, "the payload has 32212254720 bytes"),
        ("copydesk clean /dev/zero", 74, "has no end within 1024 MiB"),
        ("copydesk clean --lines /dev/zero", 74, "has no end within 1024 MiB"),
        ("copydesk dates < /dev/zero", 74, "has no end within 1024 MiB"),
        ("head -c 20000000 /dev/zero | copydesk dates", 3, "line 1: a text of 20000000 bytes: at most 65536"),
        ("head -c 20000000 /dev/zero | copydesk dates --json", 3, "line 1: a text of 20000000 bytes"),
    ] {
        let output = bounded(folder.path(), line);
        let told = out(&output) + &err(&output);
        assert_eq!(code(&output), expected, "{line}: {told}");
        assert!(told.contains(said), "{line}: {told}");
    }
    // Questions and answers stay in step.
    let line = "(echo 17 January 2024; head -c 100000 /dev/zero; echo; printf '\\377\\n'; echo 18 January 2024) | copydesk dates";
    let output = bounded(folder.path(), line);
    assert_eq!(code(&output), 3, "{}", err(&output));
    let answers: Vec<serde_json::Value> =
        out(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 4);
    assert_eq!((&answers[0]["value"], &answers[3]["value"]), (&"2024-01-17".into(), &"2024-01-18".into()));
    assert!(err(&output).contains("line 3: not UTF-8 from byte 0 on"), "{}", err(&output));
}

/// What would be overwritten is told, and whole afterwards.
#[test]
fn a_file_is_not_read_and_written_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let text = "A paragraph that is long enough to count as one.\n";
    let at = |name: &str| folder.path().join(name);
    fs::write(at("x"), text).unwrap();
    symlink("x", at("link")).unwrap();
    fs::hard_link(at("x"), at("hard")).unwrap();
    for line in [
        "copydesk clean --dead-letters x x",
        "copydesk clean --dead-letters x ./x",
        "copydesk clean --dead-letters link x",
        "copydesk clean --dead-letters x link",
        "copydesk clean --dead-letters hard x",
        "copydesk clean --lines --dead-letters x - < x",
        "copydesk clean --lines --dead-letters x < x",
        "copydesk clean --dead-letters x /dev/null hard",
        "copydesk clean --lines x >> x",
        "copydesk clean --dead-letters x /dev/null >> x",
    ] {
        let output = bounded(folder.path(), line);
        assert_eq!(code(&output), 64, "{line}: {}", err(&output));
        assert!(err(&output).contains('`') && out(&output).is_empty(), "{line}: {}", err(&output));
        assert_eq!(fs::read_to_string(at("x")).unwrap(), text, "{line}");
    }
    for line in [
        "copydesk clean --dead-letters new x > records",
        "copydesk clean --dead-letters /dev/null /dev/null > /dev/null",
        "copydesk clean x x > /dev/null",
    ] {
        assert_ne!(code(&bounded(folder.path(), line)), 64, "{line}");
    }
}

/// Nobody listens there.
const NOBODY: &str = "127.0.0.1:1";

#[test]
fn feed_to_a_dead_broker_answers_ctrl_c_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for files in [&["-"][..], &["--lines", "/dev/zero"], &["--repeat", "Cargo.toml"]] {
        fs::write(folder.path().join("Cargo.toml"), "text").unwrap();
        let mut feed = copydesk(folder.path());
        feed.args(["feed", "--brokers", NOBODY]).args(files);
        let mut child = feed.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_secs(1));
        let pressed = Instant::now();
        signal("-INT", child.id());
        assert_eq!(end(&mut child, Duration::from_secs(20)), Some(75), "{files:?}");
        assert!(pressed.elapsed() < Duration::from_secs(2), "{files:?}: {:?}", pressed.elapsed());
        let told = err(&child.wait_with_output().unwrap());
        assert!(told.contains("interrupted: nothing was sent"), "{told}");
    }
    // And by itself it says why it can't.
    let output = copydesk(folder.path()).args(["feed", "--brokers", NOBODY, "Cargo.toml"]).output().unwrap();
    assert_eq!(code(&output), 69);
    assert!(err(&output).contains("refused") && err(&output).contains(NOBODY), "{}", err(&output));
}

#[test]
fn unknown_words_in_selections_are_refused() {
    for (arguments, said) in [
        (&["list", "--code", "nobody"][..], "unknown code `nobody`: did you mean `no_body`? (one of invalid_utf8, "),
        (&["replay", "--code", "NO-BODY"], "(one of invalid_utf8, "),
        (&["list", "--where", "cod = no_body"], "unknown field `cod`: did you mean `code`?"),
        (&["list", "--where", "code = nobody"], "did you mean `no_body`?"),
        (&["list", "--where", "offset > many"], "`offset` is a number, and `many` is not"),
        (&["list", "17"], "expected coordinates as printed"),
        (&["show", "news.raw/3"], "expected coordinates as printed"),
        (&["show", "0", "x"], "expected coordinates as printed"),
    ] {
        let output = run(&[&["dead-letters"], arguments].concat());
        assert_eq!(code(&output), 64, "{arguments:?}: {}", err(&output));
        assert!(err(&output).contains(said), "{arguments:?}: {}", err(&output));
    }
}

#[test]
fn brokers_stand_before_the_sub_command_and_behind_it() {
    for arguments in [
        &["dead-letters", "--brokers", NOBODY, "list"][..],
        &["dead-letters", "list", "--brokers", NOBODY],
        &["dead-letters", "show", "0/1", "--brokers", NOBODY],
    ] {
        let output = run(arguments);
        assert_eq!(code(&output), 69, "{arguments:?}: {}", err(&output));
        assert!(err(&output).contains(NOBODY), "{arguments:?}: {}", err(&output));
    }
    for sub in ["list", "show", "replay"] {
        assert!(out(&run(&["dead-letters", sub, "--help"])).contains("--brokers <HOST:PORT,…>"), "{sub}");
    }
}
