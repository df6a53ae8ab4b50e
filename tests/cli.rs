//! The real binary: help, versions, exit codes, errors on standard error, colour, broken pipes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails, helpers included")]

#[path = "cli/codes.rs"]
mod codes;
#[path = "cli/inputs.rs"]
mod inputs;
#[path = "cli/ports.rs"]
mod ports;
#[path = "cli/streams.rs"]
mod streams;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The binary in a folder of its own, with an environment in which nobody configured anything.
fn copydesk(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copydesk"));
    command.current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy().to_ascii_uppercase();
        if name_text.starts_with("COPYDESK") || name_text == "NO_COLOR" || name_text == "CLICOLOR_FORCE" {
            command.env_remove(&name);
        }
    }
    command
}

fn run(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    copydesk(folder.path()).args(arguments).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn version_and_help_go_to_standard_output_and_exit_with_0() {
    let version = run(&["--version"]);
    assert_eq!((code(&version), out(&version)), (0, format!("copydesk {}\n", env!("CARGO_PKG_VERSION"))));
    let help = run(&["--help"]);
    assert_eq!(code(&help), 0);
    assert!(out(&help).contains("Usage: copydesk"), "{}", out(&help));
}

/// Every command has a help that says what it does in a sentence, and takes the flags of every command.
#[test]
fn every_command_has_help() {
    let commands = commands();
    assert!(commands.contains(&"config".to_owned()), "{commands:?}");
    for command in commands {
        let help = run(&[&command, "--help"]);
        let text = out(&help);
        assert_eq!(code(&help), 0, "{command}");
        assert!(text.contains(&format!("Usage: copydesk {command}")), "{command}: {text}");
        assert!(text.contains("--color <WHEN>") && text.contains("--config <FILE>"), "{command}: {text}");
        assert!(text.lines().next().is_some_and(|first| first.len() > 20), "{command}: {text}");
    }
}

/// The commands, read from the help.
fn commands() -> Vec<String> {
    let help = out(&run(&["--help"]));
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')))
        .filter_map(|rest| rest.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_wrong_command_line_exits_with_64_and_says_what_is_wrong() {
    for (arguments, said) in [
        (&[][..], "Usage: copydesk"),
        (&["frobnicate"], "unrecognized subcommand 'frobnicate'"),
        (&["confg"], "'config'"),
        (&["config", "--broker", "a"], "'--brokers'"),
        (&["config", "--color", "sometimes"], "invalid value 'sometimes'"),
    ] {
        let output = run(arguments);
        assert_eq!(code(&output), 64, "{arguments:?}");
        assert_eq!(out(&output), "", "{arguments:?}");
        assert!(err(&output).contains(said), "{arguments:?}: {}", err(&output));
    }
}

#[test]
fn a_wrong_configuration_exits_with_64_and_names_key_value_and_origin() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("desk.toml"), "[stream]\ngroop = \"a\"\n").unwrap();
    let output = copydesk(folder.path())
        .args(["config", "--config", "desk.toml", "--lanes", "none"])
        .env("COPYDESK__LIMITS__LINES", "few")
        .output()
        .unwrap();
    assert_eq!((code(&output), out(&output)), (64, String::new()));
    assert_eq!(
        err(&output),
        "error: configuration: 3 problems\n  \
         limits.lines = `few` (environment variable COPYDESK__LIMITS__LINES): expected a whole number, such as `4`\n  \
         unknown key stream.groop (desk.toml:2): did you mean `group`?\n  \
         stream.lanes = `none` (flag --lanes): expected a whole number, such as `4`\n"
    );
}

#[test]
fn the_file_in_the_working_folder_is_read_and_config_names_another() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("copydesk.toml"), "[stream]\ngroup = \"here\"\n").unwrap();
    fs::write(folder.path().join("other.toml"), "[stream]\ngroup = \"there\"\n").unwrap();
    let here = out(&copydesk(folder.path()).arg("config").output().unwrap());
    assert!(here.contains("group = \"here\"") && here.contains("# copydesk.toml:2"), "{here}");
    let there = out(&copydesk(folder.path()).args(["--config", "other.toml", "config"]).output().unwrap());
    assert!(there.contains("group = \"there\"") && there.contains("# other.toml:2"), "{there}");
    let missing = copydesk(folder.path()).args(["config", "--config", "none.toml"]).output().unwrap();
    assert_eq!(code(&missing), 64);
    assert!(err(&missing).contains("can't read none.toml (flag --config): "), "{}", err(&missing));
}

#[test]
fn secrets_are_redacted() {
    let folder = tempfile::tempdir().unwrap();
    let output = copydesk(folder.path())
        .arg("config")
        .env("COPYDESK__KAFKA__SASL_PASSWORD", "hunter2")
        .env("COPYDESK__KAFKA__SASL_USERNAME", "desk")
        .output()
        .unwrap();
    let shown = out(&output);
    assert!(shown.contains("\"sasl.password\" = \"(redacted)\""), "{shown}");
    assert!(shown.contains("\"sasl.username\" = \"desk\""), "{shown}");
    assert!(!shown.contains("hunter2") && !err(&output).contains("hunter2"));
}

/// Every flag of the stream reaches the configuration, under the key that it stands for.
#[test]
fn the_flags_of_the_stream_are_configuration() {
    let output = run(&[
        "config",
        "--brokers",
        "b:1",
        "--input",
        "i",
        "--output",
        "o",
        "--dead-letters",
        "d",
        "--group",
        "g",
        "--instance",
        "n",
        "--lanes",
        "9",
        "--admin",
        "[::1]:9",
    ]);
    let shown = out(&output);
    for (flag, key, value) in [
        ("--brokers", "brokers", "\"b:1\""),
        ("--input", "input", "\"i\""),
        ("--output", "output", "\"o\""),
        ("--dead-letters", "dead-letters", "\"d\""),
        ("--group", "group", "\"g\""),
        ("--instance", "instance", "\"n\""),
        ("--lanes", "lanes", "9"),
        ("--admin", "listen", "\"[::1]:9\""),
    ] {
        let line = shown.lines().find(|line| line.starts_with(&format!("{key} = ")));
        assert!(line.is_some_and(|line| line.contains(value) && line.ends_with(&format!("# flag {flag}"))), "{shown}");
    }
}

/// What needs no configuration works whatever is wrong with it: that is when a reference is wanted.
#[test]
fn the_reference_and_completions_do_not_mind_a_wrong_configuration() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("copydesk.toml"), "nonsense").unwrap();
    for arguments in [&["config", "--reference"][..], &["completions", "bash"]] {
        let output = copydesk(folder.path()).args(arguments).output().unwrap();
        assert_eq!(code(&output), 0, "{}", err(&output));
        assert!(out(&output).len() > 500);
    }
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&["completions", shell]);
        assert_eq!(code(&output), 0, "{shell}");
        for command in commands() {
            assert!(out(&output).contains(&command), "{shell} lacks {command}");
        }
    }
}

#[test]
fn colour_only_where_it_is_wanted() {
    let piped = run(&["frobnicate"]);
    assert!(!err(&piped).contains('\x1b'), "{}", err(&piped));
    let always = run(&["--color", "always", "frobnicate"]);
    assert!(err(&always).contains('\x1b'), "{}", err(&always));
    let ours = run(&["config", "--color=always", "--lanes", "none"]);
    assert!(err(&ours).starts_with("\x1b[1;31merror:\x1b[0m"), "{}", err(&ours));
    let never = run(&["config", "--color=never", "--lanes", "none"]);
    assert!(!err(&never).contains('\x1b'), "{}", err(&never));
}

/// `copydesk config --reference | true` is no failure, and prints nothing on standard error.
#[test]
fn a_reader_that_goes_away_is_no_error() {
    for arguments in [&["config", "--reference"][..], &["completions", "bash"], &["--help"]] {
        let folder = tempfile::tempdir().unwrap();
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = copydesk(folder.path()).args(arguments).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((code(&output), err(&output)), (0, String::new()), "{arguments:?}");
    }
}

/// `> /dev/full`: a disk that is full is an I/O error with its own code.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_exits_with_74() {
    let folder = tempfile::tempdir().unwrap();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = copydesk(folder.path()).args(["config", "--reference"]).stdout(full).output().unwrap();
    assert_eq!(code(&output), 74);
    assert!(err(&output).starts_with("error: "), "{}", err(&output));
}

/// Before any broker is asked: nothing listens at this address.
#[test]
fn check_says_what_is_wrong_with_a_token_and_never_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let check = |token: Option<&str>, source: &str| {
        if let Some(token) = token {
            fs::write(folder.path().join("token"), token).unwrap();
        }
        fs::write(folder.path().join("copydesk.toml"), format!("[oauth]\n{source}\n")).unwrap();
        copydesk(folder.path()).args(["check", "--brokers", "127.0.0.1:1"]).output().unwrap()
    };
    let file = "token-file = \"token\"";
    // {"alg":"none"}.{"sub":"desk","exp":1000000000}.
    let expired = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJkZXNrIiwiZXhwIjoxMDAwMDAwMDAwfQ.";
    for (token, source, expected) in [
        (None, file, "FAIL logging in: oauth.token-file = `token`: it can't be read: No such file"),
        (Some(" \n"), file, "FAIL logging in: oauth.token-file = `token`: no token: it is empty"),
        (Some(expired), file, "FAIL logging in: oauth.token-file = `token`: the token of `desk` has expired, "),
        (
            None,
            "token-command = \"cat other\"",
            "FAIL logging in: oauth.token-command = `cat`: it ended with exit status",
        ),
    ] {
        let output = check(token, source);
        assert_eq!(code(&output), 69, "{}", out(&output));
        assert!(out(&output).contains(expected), "not said: {expected}\n{}", out(&output));
        assert!(!out(&output).contains("eyJ"), "{}", out(&output));
    }
    let offline = copydesk(folder.path()).args(["check", "--offline"]).output().unwrap();
    assert_eq!(code(&offline), 0, "{}", err(&offline));
}

/// Nobody has to reach a broker to learn that a list of brokers is none, and `run` does not wait for it to become one.
#[test]
fn check_offline_and_run_refuse_what_can_never_work() {
    for (name, value, said) in [
        ("COPYDESK__STREAM__BROKERS", "a:9092 b:9092", "write `a:9092,b:9092`"),
        ("COPYDESK__STREAM__BROKERS", "a:9092;b:9092", "write `a:9092,b:9092`"),
        ("COPYDESK__STREAM__BROKERS", "kafka://a:9092", "write `a:9092`"),
        ("COPYDESK__STREAM__BROKERS", "$(BROKERS)", "placeholder"),
        ("COPYDESK__STREAM__BROKERS", "a:9092,", "write `a:9092`"),
        ("COPYDESK__KAFKA__SASL_MECHANISM", "SCRAM-512", "did you mean `SCRAM-SHA-512`?"),
        ("COPYDESK__KAFKA__FETCH_MIN_BYTES", "lots", "a whole number from 1 to 100000000"),
        ("COPYDESK__KAFKA__TOPIC_BLACKLIST", "^(", "kafka.topic.blacklist"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for arguments in [&["check", "--offline"][..], &["run"], &["check"]] {
            let output = copydesk(folder.path()).args(arguments).env(name, value).output().unwrap();
            assert_eq!(code(&output), 64, "{value}: {}", err(&output));
            assert!(err(&output).contains(said) && err(&output).contains(name), "{value}: {}", err(&output));
        }
    }
    for brokers in ["localhost", "a:9092,b:9092", "PLAINTEXT://a:9092", "SASL_SSL://a:9092", "[::1]:9092"] {
        let output = run(&["check", "--offline", "--brokers", brokers]);
        assert_eq!(code(&output), 0, "{brokers}: {}", err(&output));
    }
}

#[test]
fn check_says_which_host_does_not_resolve() {
    let output = run(&["check", "--brokers", "no-such-host.invalid:9092"]);
    assert_eq!(code(&output), 69, "{}", err(&output));
    assert!(out(&output).contains("FAIL the host `no-such-host.invalid` does not resolve"), "{}", out(&output));
}
