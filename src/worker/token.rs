//! Tokens of SASL OAUTHBEARER: read from a file or printed by a command, and distinguished from what is none.
//!
//! A JWT says itself when it ends and whom it names; nothing of it is verified, that is the broker's business. Of any other
//! token nothing is known. No token is ever shown: not in an error, not in a log, not by `Debug`.

use std::fmt;
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use thiserror::Error;

use crate::config::{Oauth, TokenSource, bounded, redact};

/// So long a command may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A larger one is a mistake: Kafka refuses it before it reads it (`sasl.server.max.receive.size` is 512 KiB).
const LARGEST: u64 = 256 << 10;
/// So much of a command's complaint is shown.
const COMPLAINT: usize = 500;
/// What a command has said holds for all who ask at the same time: a lane has three clients, and a process many lanes.
const AT_ONCE: Duration = Duration::from_secs(10);
/// The same for its failure.
const AT_ONCE_FAILED: Duration = Duration::from_secs(1);

/// A token that has not expired.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) text: String,
    /// Whom it names, for log lines; the broker reads it from the token.
    pub(super) principal: String,
    pub(super) expires: SystemTime,
}

impl Token {
    /// How long it is still good.
    pub(super) fn left(&self) -> Duration {
        self.expires.duration_since(SystemTime::now()).unwrap_or_default()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("principal", &self.principal)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// Why there is no token, by the key that names its source.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum NoToken {
    /// The file is not there, or not for us.
    #[error("{key} = `{source_name}`: it can't be read: {error}")]
    Unreadable { key: &'static str, source_name: String, error: String },
    /// The command can't be started, failed, or took too long.
    #[error("{key} = `{source_name}`: it {what}")]
    Command { key: &'static str, source_name: String, what: String },
    /// What came is no token.
    #[error("{key} = `{source_name}`: no token: {what}")]
    Unfit { key: &'static str, source_name: String, what: &'static str },
    /// It was one.
    #[error("{key} = `{source_name}`: the token of `{principal}` has expired, {ago} s ago")]
    Expired { key: &'static str, source_name: String, principal: String, ago: u64 },
}

/// The token that stands now.
pub(super) fn fetch(oauth: &Oauth) -> Result<Token, NoToken> {
    static COMMAND: Shared = Shared(Mutex::new(None));
    match oauth.source {
        TokenSource::File(_) => read(oauth),
        TokenSource::Command(..) => COMMAND.fetch(oauth),
    }
}

/// What a command says, for all who ask within a few seconds: it is run once, and they wait for each other here.
struct Shared(Mutex<Option<Last>>);

impl Shared {
    fn fetch(&self, oauth: &Oauth) -> Result<Token, NoToken> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_ref().filter(|last| last.oauth == *oauth && Instant::now() < last.until) {
            return last.answer.clone();
        }
        let answer = read(oauth);
        // Of a short lifetime not much is given away.
        let holds = answer.as_ref().map_or(AT_ONCE_FAILED, |token| AT_ONCE.min(token.left() / 10));
        *last = Some(Last { oauth: oauth.clone(), until: Instant::now() + holds, answer: answer.clone() });
        answer
    }
}

/// What a command said last.
struct Last {
    oauth: Oauth,
    until: Instant,
    answer: Result<Token, NoToken>,
}

fn read(oauth: &Oauth) -> Result<Token, NoToken> {
    let key = oauth.source.key();
    let (source_name, text) = match &oauth.source {
        TokenSource::File(path) => {
            let source_name = path.display().to_string();
            let text = bounded::read(path, bounded::VALUE).map_err(|error| NoToken::Unreadable {
                key,
                source_name: source_name.clone(),
                error,
            })?;
            (source_name, text)
        }
        TokenSource::Command(program, arguments) => {
            let text = run(program, arguments, TIMEOUT).map_err(|what| NoToken::Command {
                key,
                source_name: program.clone(),
                what,
            })?;
            (program.clone(), text)
        }
    };
    let now = SystemTime::now();
    let token = parse(text, oauth.lifetime, now).map_err(|what| NoToken::Unfit {
        key,
        source_name: source_name.clone(),
        what,
    })?;
    redact::learn_temporary(&token.text);
    match now.duration_since(token.expires) {
        Ok(ago) => Err(NoToken::Expired { key, source_name, principal: token.principal, ago: ago.as_secs() }),
        Err(_) => Ok(token),
    }
}

/// At most one byte more than a token may have.
fn all_of(from: impl Read) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    from.take(LARGEST + 1).read_to_end(&mut text)?;
    Ok(text)
}

/// Runs a command and answers what it printed; `Err` follows the word "it".
fn run(program: &str, arguments: &[String], timeout: Duration) -> Result<Vec<u8>, String> {
    let end = Instant::now() + timeout;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("can't be started: {error}"))?;
    let (printed, complained) = (aside(child.stdout.take()), aside(child.stderr.take()));
    let status = wait(&mut child, end)?.ok_or_else(|| timed_out(timeout))?;
    if !status.success() {
        // Whoever it has left behind may hold the pipe open: its last words are not waited for.
        let complaint =
            complained.recv_timeout(Duration::from_millis(200)).ok().and_then(Result::ok).unwrap_or_default();
        // What it printed before it failed may be a token nevertheless, and stand in its complaint.
        let token = printed.recv_timeout(Duration::from_millis(50)).ok().and_then(Result::ok).unwrap_or_default();
        String::from_utf8_lossy(&token).split_whitespace().take(16).for_each(redact::learn_temporary);
        let complaint = String::from_utf8_lossy(&complaint);
        let complaint = redact::text(&complaint);
        let complaint: String =
            complaint.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(COMPLAINT).collect();
        let said = if complaint.is_empty() { "said nothing".to_owned() } else { format!("said: {complaint}") };
        return Err(format!("ended with {status}, and {said}"));
    }
    match printed.recv_timeout(end.saturating_duration_since(Instant::now())) {
        Ok(text) => text.map_err(|error| format!("can't be read: {error}")),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Err(timed_out(timeout)),
    }
}

/// Reads a pipe on a thread of its own, so that a full one never stops the command.
fn aside(pipe: Option<impl Read + Send + 'static>) -> Receiver<io::Result<Vec<u8>>> {
    let (answer, read) = channel();
    if let Some(pipe) = pipe {
        // Without a thread the other end is gone, and the wait for it ends.
        let _ = std::thread::Builder::new().name("token".to_owned()).spawn(move || answer.send(all_of(pipe)));
    }
    read
}

/// `None`: it took too long, and is gone.
fn wait(child: &mut Child, end: Instant) -> Result<Option<ExitStatus>, String> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(Some(status)),
            Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(10)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Ok(None);
            }
            Err(error) => return Err(format!("can't be waited for: {error}")),
        }
    }
}

fn timed_out(timeout: Duration) -> String {
    format!("gave no answer within {} s", timeout.as_secs())
}

/// What of a JWT's claims matters here. `exp` is a number of seconds since 1970, perhaps with a fraction (RFC 7519).
#[derive(Deserialize)]
struct Claims {
    exp: Option<f64>,
    sub: Option<String>,
}

/// The text as a token, expired or not.
fn parse(text: Vec<u8>, lifetime: Duration, now: SystemTime) -> Result<Token, &'static str> {
    if text.len() as u64 > LARGEST {
        return Err("it is larger than 256 KiB");
    }
    let text = String::from_utf8(text).map_err(|_| "it is not text")?;
    let text = text.trim().to_owned();
    if text.is_empty() {
        return Err("it is empty");
    }
    // RFC 6750 allows less; this keeps out what would end the message that carries it (RFC 7628).
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("white space or a letter that no token has stands in it");
    }
    let claims = claims(&text);
    let ends = |claims: &Claims| UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(claims.exp?.max(0.0)).ok()?);
    let expires = claims.as_ref().and_then(ends).or_else(|| now.checked_add(lifetime)).unwrap_or(now);
    let principal = claims.and_then(|claims| claims.sub).unwrap_or_else(|| "unknown".to_owned());
    // It goes to log lines, and as C text to librdkafka.
    let principal = principal.chars().filter(|letter| !letter.is_control()).take(200).collect();
    Ok(Token { text, principal, expires })
}

/// The claims of a JWT (header, claims and signature, in Base64 and with periods between); `None`: it is none.
fn claims(token: &str) -> Option<Claims> {
    let mut parts = token.split('.');
    let (Some(_), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    let json = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn jwt(claims: &str) -> String {
        format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(claims))
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn from_file(text: &str) -> Result<Token, NoToken> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, text).unwrap();
        let answer = fetch(&Oauth { source: TokenSource::File(path.clone()), lifetime: MINUTE });
        answer.map_err(|error| match error {
            NoToken::Unfit { key, what, .. } => NoToken::Unfit { key, source_name: "T".to_owned(), what },
            other => other,
        })
    }

    fn by_shell(script: &str) -> Result<Token, NoToken> {
        let arguments = vec!["-c".to_owned(), script.to_owned()];
        fetch(&Oauth { source: TokenSource::Command("sh".to_owned(), arguments), lifetime: MINUTE })
    }

    #[test]
    fn a_jwt_says_when_it_ends_and_whom_it_names() {
        let token = parse(jwt(r#"{"sub":"desk","exp":1000.5,"iat":3}"#).into_bytes(), MINUTE, at(5)).unwrap();
        assert_eq!(token.expires, at(1000) + Duration::from_millis(500));
        assert_eq!(token.principal, "desk");
        let endless = parse(jwt(r#"{"sub":"desk"}"#).into_bytes(), MINUTE, at(5)).unwrap();
        assert_eq!(endless.expires, at(65), "without `exp` the configured lifetime");
        for odd in [r#"{"exp":1e300}"#, r#"{"exp":-5}"#, r#"{"sub":"a\u0000b"}"#] {
            let token = parse(jwt(odd).into_bytes(), MINUTE, at(5)).unwrap();
            assert!(!token.principal.contains('\0'));
        }
    }

    #[test]
    fn any_other_text_is_a_token_of_the_configured_life() {
        for opaque in ["s3cret", "a.b.c", "a.b", "eyJ.eyJ.x.y.z"] {
            let token = parse(format!("{opaque}\n").into_bytes(), MINUTE, at(5)).unwrap();
            assert_eq!((token.text.as_str(), token.expires), (opaque, at(65)));
        }
    }

    #[test]
    fn what_is_no_token_is_said_by_its_key_and_never_shown() {
        let large = from_file(&"s3cret".repeat(50 << 10)).unwrap_err().to_string();
        assert!(large.contains("it has more than 256 KiB") && !large.contains("s3cret"), "{large}");
        for text in ["", " \n", "two words", "s3cret\u{e9}", "a\0b"] {
            let error = from_file(text).unwrap_err().to_string();
            assert!(error.starts_with("oauth.token-file = `T`: no token: "), "{error}");
            assert!(!error.contains("s3cret") && error.len() < 200, "{error}");
        }
        let expired = from_file(&jwt(r#"{"sub":"desk","exp":1000}"#)).unwrap_err().to_string();
        assert!(expired.contains("the token of `desk` has expired, "), "{expired}");
        let missing =
            fetch(&Oauth { source: TokenSource::File("/no/such/token".into()), lifetime: MINUTE }).unwrap_err();
        let said = missing.to_string();
        assert!(said.starts_with("oauth.token-file = `/no/such/token`: it can't be read: No such file"), "{said}");
        assert!(!format!("{:?}", from_file("s3cret")).contains("s3cret"));
    }

    #[test]
    fn a_command_prints_the_token_or_says_why_not() {
        assert_eq!(by_shell("echo from-command").unwrap().text, "from-command");
        let failed = by_shell("echo s3cret; echo no key at hand >&2; exit 3").unwrap_err().to_string();
        let expected = "oauth.token-command = `sh`: it ended with exit status: 3, and said: no key at hand";
        assert_eq!(failed, expected);
        let traced = by_shell("set -x; echo opaque-s3cret-token; exit 3").unwrap_err().to_string();
        assert!(traced.contains("said: + echo (redacted)"), "{traced}");
        assert!(by_shell("kill -9 $$").unwrap_err().to_string().contains("signal: 9"));
        assert!(by_shell("true").unwrap_err().to_string().ends_with("no token: it is empty"));
        // More than a pipe holds, on both ends.
        assert!(
            by_shell("head -c 100000 /dev/zero | tr '\\0' x | tee /dev/stderr")
                .is_ok_and(|token| token.text.len() == 100_000)
        );
        let nobody =
            Oauth { source: TokenSource::Command("/no/such/program".to_owned(), Vec::new()), lifetime: MINUTE };
        assert!(fetch(&nobody).unwrap_err().to_string().contains("it can't be started: No such file"));
    }

    #[test]
    fn a_command_that_hangs_is_ended() {
        let arguments = ["-c".to_owned(), "exec sleep 60".to_owned()];
        let started = Instant::now();
        assert!(
            run("sh", &arguments, Duration::from_millis(300)).is_err_and(|what| what.starts_with("gave no answer"))
        );
        // So is the wait for one that went and left somebody at the pipe.
        let arguments = ["-c".to_owned(), "sleep 5 & echo x".to_owned()];
        assert!(run("sh", &arguments, Duration::from_millis(300)).is_err());
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    /// Lanes that start together run the command once; later it is run again.
    #[test]
    fn those_who_ask_at_once_share_an_answer() {
        let folder = tempfile::tempdir().unwrap();
        let script = format!("echo x >> {0}/runs; echo token", folder.path().display());
        let oauth = |lifetime| {
            let arguments = vec!["-c".to_owned(), script.clone()];
            Oauth { source: TokenSource::Command("sh".to_owned(), arguments), lifetime }
        };
        let runs = || std::fs::read_to_string(folder.path().join("runs")).unwrap().lines().count();
        let shared = Shared(Mutex::new(None));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| shared.fetch(&oauth(MINUTE)).unwrap());
            }
        });
        assert_eq!(runs(), 1);
        let short = oauth(Duration::from_millis(50));
        shared.fetch(&short).unwrap();
        std::thread::sleep(Duration::from_millis(20));
        shared.fetch(&short).unwrap();
        assert_eq!(runs(), 3);
    }
}
