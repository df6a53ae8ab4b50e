//! feed: hostile files, dead brokers, topics that are not there.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::kafka::{Kafka, Names, wait};
use crate::process::{Running, copydesk, err, once, out};

/// A command line in a shell, with 1.5 GB of addresses; `copydesk` stands for the binary.
fn bounded(kafka: &Kafka, names: &Names, line: &str) -> Output {
    let flags = format!("--brokers {} --input {}", kafka.brokers, names.input);
    let line = line.replace("copydesk feed", &format!("'{}' feed {flags}", env!("CARGO_BIN_EXE_copydesk")));
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -v 1500000; {line}")]).current_dir(env!("CARGO_TARGET_TMPDIR"));
    command.stdin(Stdio::null()).output().expect("a shell")
}

#[test]
fn what_is_fed_is_read_with_bounded_memory() {
    let (kafka, names) = (Kafka::shared(), Names::new("hostile"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let folder = tempfile::tempdir().expect("a folder");
    let file = std::fs::File::create(folder.path().join("huge")).expect("a file");
    file.set_len(30 << 30).expect("a hole");
    let huge = folder.path().join("huge").display().to_string();
    for (line, code, said) in [
        (format!("copydesk feed {huge}"), 3, "is skipped: it has 32212254720 bytes, the limit is"),
        ("copydesk feed /dev/zero".to_owned(), 74, "has no end within 1024 MiB"),
        ("copydesk feed /dev/full".to_owned(), 74, "has no end within 1024 MiB"),
        ("copydesk feed --lines /dev/zero".to_owned(), 74, "a line has no end within 1024 MiB"),
        (
            "head -c 200000000 /dev/zero | copydesk feed".to_owned(),
            3,
            "`standard input` is skipped: it has 200000000 bytes",
        ),
    ] {
        let fed = bounded(kafka, &names, &line);
        assert_eq!(fed.status.code(), Some(code), "{line}: {}", err(&fed));
        assert!(err(&fed).contains(said), "{line}: {}", err(&fed));
        assert!(out(&fed).contains("0 of "), "what was sent is told: {}", out(&fed));
    }
    // One line among others: they are sent, and it is told.
    let line = "(echo one article; head -c 200000000 /dev/zero; echo; echo another article) | copydesk feed --lines";
    let fed = bounded(kafka, &names, line);
    assert_eq!(fed.status.code(), Some(3), "{}", err(&fed));
    assert!(err(&fed).contains("`standard input:2` is skipped: it has 200000000 bytes"), "{}", err(&fed));
    assert!(out(&fed).starts_with("2 of 3 articles sent"), "{}", out(&fed));
    assert_eq!(kafka.count(&names, &names.input), 2);
}

#[test]
fn of_nothing_nothing_is_sent() {
    let (kafka, names) = (Kafka::shared(), Names::new("nothing"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    for line in [
        "copydesk feed </dev/null",
        "copydesk feed --lines </dev/null",
        "copydesk feed /dev/null",
        "echo | copydesk feed",
        "printf '\\n \\n' | copydesk feed --lines -",
    ] {
        let fed = bounded(kafka, &names, line);
        assert_eq!(fed.status.code(), Some(0), "{line}: {}", err(&fed));
        assert!(err(&fed).contains("no article in the input: nothing was sent"), "{line}: {}", err(&fed));
        assert!(out(&fed).starts_with("0 of 0 articles sent"), "{line}: {}", out(&fed));
    }
    assert_eq!(kafka.count(&names, &names.input), 0);
}

#[test]
fn an_unknown_topic_is_reported_at_once() {
    let (kafka, names) = (Kafka::shared(), Names::new("unknown"));
    let begun = Instant::now();
    let fed = once(kafka, &names, &["feed", "/dev/zero"]);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(fed.status.code(), Some(69), "{}", err(&fed));
    assert!(err(&fed).contains(&names.input) && err(&fed).contains("does not exist"), "{}", err(&fed));
    // Nor was it made by asking.
    assert_eq!(once(kafka, &names, &["tail", "--count", "1"]).status.code(), Some(69));
}

/// The queue is full: whoever waits for room in it hears of Ctrl-C all the same.
#[test]
fn ctrl_c_is_answered_when_the_broker_has_died() {
    let (kafka, names) = (Kafka::start("feed"), Names::new("dies"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("lines");
    std::fs::write(&file, format!("{}\n", "word ".repeat(2000)).repeat(100)).expect("a file");
    for signal in ["-INT", "-HUP"] {
        let mut feed = Command::new("env");
        feed.args(["--default-signal=HUP", env!("CARGO_BIN_EXE_copydesk"), "feed", "--lines"]);
        feed.args(["--repeat=1000", "--rate=2000"]);
        feed.arg(&file).args(["--brokers", &kafka.brokers, "--input", &names.input]);
        feed.env("COPYDESK__KAFKA__QUEUE_BUFFERING_MAX_MESSAGES", "1000").current_dir(folder.path());
        let before = kafka.end(&names.input, "read_uncommitted");
        let child = Running::spawn(feed.stdout(Stdio::piped()).stderr(Stdio::piped()));
        wait("some articles", Duration::from_secs(30), || kafka.end(&names.input, "read_uncommitted") > before);
        kafka.script(&["kill", "1"]);
        std::thread::sleep(Duration::from_secs(2));
        let pressed = Instant::now();
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill runs").success());
        let fed = child.output();
        assert!(pressed.elapsed() < Duration::from_secs(3), "{:?}", pressed.elapsed());
        assert_eq!(fed.status.code(), Some(75), "{}", err(&fed));
        assert!(err(&fed).contains("were not acknowledged: each may or may not have arrived"), "{}", err(&fed));
        assert!(out(&fed).contains(" articles sent to "), "{}", out(&fed));
        kafka.script(&["resume", "1"]);
    }
}

/// Interrupted in order: what was read is acknowledged, and the code says that it was not all.
#[test]
fn an_interrupted_feed_says_so() {
    let (kafka, names) = (Kafka::shared(), Names::new("cut"));
    kafka.topics(&names, [1, 1, 1], [&[], &[], &[]]);
    let mut feed = copydesk(kafka, &names, &["feed", "--lines", "--rate", "20", "-"]);
    let mut child = Running::spawn(feed.stdin(Stdio::piped()).stdout(Stdio::piped()));
    // Standard input stays open: nothing more may come, and Ctrl-C is answered.
    let mut stdin = child.stdin.take().expect("its input");
    std::io::Write::write_all(&mut stdin, b"one article\nanother article\n").expect("written");
    wait("both", Duration::from_secs(30), || kafka.count(&names, &names.input) == 2);
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs").success());
    let fed = child.output();
    drop(stdin);
    assert_eq!(fed.status.code(), Some(75));
    assert!(out(&fed).starts_with("2 of 2 articles sent"), "{}", out(&fed));
}
