//! Redaction: no text leaves the process with a secret in it.
//!
//! Log lines, errors on standard error, the admin server's answers about the process, and the status of spans go through
//! [`text`], which removes the configured secrets ([`learn`]) and whatever looks like one (`patterns`). Records do not: they
//! are data. [`Secrets`] is the function itself, without a process around it.

mod patterns;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::{PoisonError, RwLock};

use super::problem::REDACTED;
use patterns::{is_alphanumeric, is_word_start, json_web_token, named_value, pem, user_of_url};

/// Shorter secrets are found by their context only: too many words would match.
const SHORTEST: usize = 4;
/// Shorter secrets are found as whole words only.
const WORD: usize = 12;
/// Most temporary secrets that are kept: tokens, one after the other.
const TEMPORARY: usize = 64;

/// Words of the program. A secret that equals one of them is indistinguishable from it.
const OWN_WORDS: &[&str] = &[
    "admin",
    "brokers",
    "config",
    "copydesk",
    "default",
    "error",
    "false",
    "group",
    "info",
    "input",
    "instance",
    "kafka",
    "lane",
    "lanes",
    "localhost",
    "news",
    "output",
    "password",
    "plain",
    "ready",
    "secret",
    "stream",
    "test",
    "text",
    "token",
    "topic",
    "true",
    "user",
    "username",
    "warn",
    "worker",
];

static KNOWN: RwLock<Secrets> = RwLock::new(Secrets::new());

/// Adds a secret.
pub fn learn(secret: &str) {
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).learn(secret);
}

/// Adds a temporary secret, such as a token; the oldest ones are dropped.
pub fn learn_temporary(secret: &str) {
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).learn_temporary(secret);
}

/// The text without secrets.
pub fn text(text: &str) -> Cow<'_, str> {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).redact(text)
}

/// The same for HTML, JSON or metrics, whose structure is kept.
///
/// A secret that is a short word of letters only is not replaced: it may be the name of a tag. (Text in pages has been through
/// [`text`] before.)
pub fn page(page: &str) -> Cow<'_, str> {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).redact_page(page)
}

/// Known secrets, each in all its encodings.
#[derive(Debug, Default)]
pub struct Secrets {
    permanent: Vec<String>,
    temporary: VecDeque<String>,
}

impl Secrets {
    /// None yet.
    pub const fn new() -> Secrets {
        Secrets { permanent: Vec::new(), temporary: VecDeque::new() }
    }

    /// Adds one.
    pub fn learn(&mut self, secret: &str) {
        for form in encodings(secret) {
            if !self.permanent.contains(&form) {
                self.permanent.push(form);
            }
        }
    }

    /// Adds a temporary one.
    pub fn learn_temporary(&mut self, secret: &str) {
        for form in encodings(secret) {
            if !self.temporary.contains(&form) {
                self.temporary.push_back(form);
            }
        }
        while self.temporary.len() > TEMPORARY {
            self.temporary.pop_front();
        }
    }

    /// The longest first, since one may be part of another.
    fn all(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.permanent.iter().chain(&self.temporary).map(String::as_str).collect();
        all.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        all
    }

    /// A page without them, and without patterns that are safe to replace in markup.
    pub fn redact_page<'a>(&self, page: &'a str) -> Cow<'a, str> {
        let mut page = Cow::Borrowed(page);
        let is_word = |secret: &str| secret.len() < WORD && secret.bytes().all(|byte| byte.is_ascii_alphabetic());
        for secret in self.all().into_iter().filter(|secret| !is_word(secret)) {
            replace(&mut page, |page, from| known(page, from, secret));
        }
        replace(&mut page, pem);
        replace(&mut page, user_of_url);
        replace(&mut page, json_web_token);
        page
    }

    /// The text without them, and without what looks like a secret.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for secret in self.all() {
            replace(&mut text, |text, from| known(text, from, secret));
        }
        replace(&mut text, pem);
        replace(&mut text, user_of_url);
        replace(&mut text, json_web_token);
        replace(&mut text, named_value);
        text
    }
}

/// A secret as it is, and as encoded in JSON, HTML, a URL and `{:?}`; if it has several lines, each line as well.
fn encodings(secret: &str) -> Vec<String> {
    let mut forms = Vec::new();
    let mut add = |form: String| {
        if !forms.contains(&form) {
            forms.push(form);
        }
    };
    let lines = secret.lines().filter(|line| line.trim().len() >= WORD && !line.starts_with("-----"));
    for part in std::iter::once(secret.trim()).chain(lines.map(str::trim)) {
        if part.len() < SHORTEST || OWN_WORDS.iter().any(|word| word.eq_ignore_ascii_case(part)) {
            continue;
        }
        add(part.to_owned());
        let quoted = serde_json::to_string(part).unwrap_or_default();
        add(quoted.trim_matches('"').to_owned());
        add(part.escape_debug().to_string());
        add(part.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;"));
        add(form_urlencoded::byte_serialize(part.as_bytes()).collect());
        add(part.bytes().fold(String::new(), |mut encoded, byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                encoded.push(char::from(byte));
            } else {
                let _ = write!(encoded, "%{byte:02X}");
            }
            encoded
        }));
    }
    forms.retain(|form| form.len() >= SHORTEST);
    forms
}

/// Replaces all that `find` finds, from the start of the text to its end.
fn replace(text: &mut Cow<'_, str>, find: impl Fn(&str, usize) -> Option<Range<usize>>) {
    let mut from = 0;
    while let Some(found) = find(text, from) {
        from = found.start + REDACTED.len();
        text.to_mut().replace_range(found, REDACTED);
    }
}

/// The next occurrence of a known secret.
fn known(text: &str, from: usize, secret: &str) -> Option<Range<usize>> {
    text.get(from..)?.match_indices(secret).map(|(at, _)| from + at..from + at + secret.len()).find(|found| {
        secret.len() >= WORD || (is_word_start(text, found.start) && !text[found.end..].starts_with(is_alphanumeric))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(text: &str) -> String {
        Secrets::new().redact(text).into_owned()
    }

    #[test]
    fn known_secrets_are_redacted_in_every_encoding() {
        let mut secrets = Secrets::new();
        secrets.learn("hunter2");
        secrets.learn("p\"ä s&s<word/that is long");
        secrets.learn_temporary("token-1");
        secrets.learn_temporary("opaque-token-1-opaque");
        for text in [
            "x hunter2 y",
            "`hunter2`",
            "{\"a\":\"1\\nhunter2\"}",
            "xp\"ä s&s<word/that is longy",
            "p\\\"ä s&s<word/that is long",
            "p&quot;ä s&amp;s&lt;word/that is long",
            "p%22%C3%A4+s%26s%3Cword%2Fthat+is+long",
            "p%22%C3%A4%20s%26s%3Cword%2Fthat%20is%20long",
            "token opaque-token-1-opaque",
        ] {
            let out = secrets.redact(text);
            assert!(out.contains(REDACTED), "{text}: {out}");
            assert!(!out.contains("hunter2") && !out.contains("long") && !out.contains("opaque"), "{text}: {out}");
        }
        assert_eq!(secrets.redact("hunter21 huntsman"), "hunter21 huntsman");
    }

    #[test]
    fn each_line_of_a_secret_is_redacted() {
        let mut secrets = Secrets::new();
        secrets.learn("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END PRIVATE KEY-----");
        assert_eq!(secrets.redact("line 2 is MIIEvQIBADANBgkqhkiG9w0B"), "line 2 is (redacted)");
        assert_eq!(secrets.redact("-----END PRIVATE KEY----- is no secret"), "-----END PRIVATE KEY----- is no secret");
    }

    #[test]
    fn short_secrets_and_words_of_the_program_are_left_alone() {
        let mut secrets = Secrets::new();
        for secret in ["1", "abc", "kafka", "", "  "] {
            secrets.learn(secret);
        }
        assert_eq!(secrets.redact("kafka-1:9092 abc"), "kafka-1:9092 abc");
        assert_eq!(secrets.redact("sasl.password=abc"), "sasl.password=(redacted)");
    }

    #[test]
    fn old_temporary_secrets_are_dropped() {
        let mut secrets = Secrets::new();
        for number in 0..10_000 {
            secrets.learn_temporary(&format!("token-number-{number}"));
        }
        assert!(secrets.temporary.len() <= TEMPORARY);
        assert_eq!(secrets.redact("token-number-9999"), REDACTED);
    }

    #[test]
    fn what_looks_like_a_secret_is_redacted() {
        for (text, expected) in [
            ("a -----BEGIN RSA PRIVATE KEY-----\nMIIE\nhunter2==\n-----END RSA PRIVATE KEY----- b", "a (redacted) b"),
            ("key \"-----BEGIN PRIVATE KEY-----\\nhunter2\" is no file", "key \"(redacted)\" is no file"),
            ("http://user:hunter2@host:4318/v1", "http://(redacted)@host:4318/v1"),
            ("http://hunter2@host, http://a:b@c", "http://(redacted)@host, http://(redacted)@c"),
            ("http://user:hun/ter2@host/", "http://(redacted)@host/"),
            ("SASL_SSL://u:hunter2@[::1]:9092", "SASL_SSL://(redacted)@[::1]:9092"),
            ("took eyJhbGciOiJub25lIn0.eyJzdWIiOiJkZXNrIn0.hunter2", "took (redacted)"),
            ("sasl.password=hunter2, and more", "sasl.password=(redacted), and more"),
            ("COPYDESK__KAFKA__SASL_PASSWORD = 'hunter 2' x", "COPYDESK__KAFKA__SASL_PASSWORD = '(redacted)' x"),
            ("{\"client_secret\":\"hunter2\",\"a\":1}", "{\"client_secret\":\"(redacted)\",\"a\":1}"),
            ("\"text\":\"password=\\\"hunter2\\\" x\"", "\"text\":\"password=\\\"(redacted)\\\" x\""),
            ("?token=hunter2&x=1", "?token=(redacted)&x=1"),
            (
                "PlainLoginModule required username=\"u\" password=\"hunter2\";",
                "PlainLoginModule required username=\"u\" password=\"(redacted)\";",
            ),
            ("ssl.key.password = `(redacted)` (file:2): text", "ssl.key.password = `(redacted)` (file:2): text"),
        ] {
            assert_eq!(redacted(text), expected);
        }
    }

    #[test]
    fn other_text_is_left_alone() {
        for text in [
            "oauth.token-file = `/run/secrets/token`: it can't be read: No such file",
            "oauth.token-command = `gettoken`: it said nothing",
            "COPYDESK__KAFKA__SASL_PASSWORD_FILE = /run/x",
            "a wrong password: the broker refuses it",
            "http://host:4318/a@b and [::1]:9092",
            "http://[::1]/a@b",
            "set `sasl.username` and `sasl.password`",
            "{\"lanes\":[{\"lane\":0,\"state\":\"waiting\"}]}",
            "eyJ eyJust.a.word",
        ] {
            assert!(matches!(Secrets::new().redact(text), Cow::Borrowed(_)), "{text}: {}", redacted(text));
        }
    }

    #[test]
    fn a_page_keeps_its_tags_and_its_code() {
        let mut secrets = Secrets::new();
        secrets.learn("section");
        secrets.learn("hunter2");
        let page = "<section><script>const token = form.token.value;</script>hunter2</section>";
        assert_eq!(secrets.redact_page(page), page.replace("hunter2", REDACTED));
        assert_eq!(secrets.redact("the section"), "the (redacted)");
    }
}
