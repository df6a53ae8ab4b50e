//! The redactor: no text leaves the process with a secret in it.
//!
//! Log lines, errors on standard error, what the admin server says of the process, and the status of spans go through
//! [`text`], which takes out the secrets that were configured ([`learn`]) and whatever looks like one: PEM blocks, the user in
//! a URL, tokens, values of names such as `password`. Records do not: they are data. [`Secrets`] is the function itself,
//! without a process around it.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::ops::Range;
use std::sync::{PoisonError, RwLock};

use super::problem::{REDACTED, is_secret};

/// Shorter ones are found by what stands around them only: every other word would be one.
const SHORTEST: usize = 4;
/// Shorter ones are found as whole words only.
const WORD: usize = 12;
/// Most that are remembered of those that come while the process runs: tokens, one after the other.
const PASSING: usize = 64;

/// Words of the program's own. A secret that is one of them can't be told apart from it.
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

/// From now on, this is a secret.
pub fn learn(secret: &str) {
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).learn(secret);
}

/// The same for one that will have had its day, such as a token: the oldest are forgotten.
pub fn learn_passing(secret: &str) {
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).learn_passing(secret);
}

/// The text without secrets.
pub fn text(text: &str) -> Cow<'_, str> {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).redact(text)
}

/// The same for a page with names and code of its own (HTML, JSON, metrics): its structure stays as it is.
///
/// A secret that is a short word of letters only is not looked for: it may be the name of a tag. (What is put into pages has
/// been through [`text`] before.)
pub fn page(page: &str) -> Cow<'_, str> {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).redact_page(page)
}

/// A writer that takes out secrets. What is written in one call is looked at as a whole: a log line, an error.
#[derive(Debug)]
pub struct Redacting<W>(pub W);

impl<W: Write> Write for Redacting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(text(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Secrets that are known, each in every form in which it may be written.
#[derive(Debug, Default)]
pub struct Secrets {
    lasting: Vec<String>,
    passing: VecDeque<String>,
}

impl Secrets {
    /// None yet.
    pub const fn new() -> Secrets {
        Secrets { lasting: Vec::new(), passing: VecDeque::new() }
    }

    /// Takes one in.
    pub fn learn(&mut self, secret: &str) {
        for form in forms(secret) {
            if !self.lasting.contains(&form) {
                self.lasting.push(form);
            }
        }
    }

    /// Takes one in for a while.
    pub fn learn_passing(&mut self, secret: &str) {
        for form in forms(secret) {
            if !self.passing.contains(&form) {
                self.passing.push_back(form);
            }
        }
        while self.passing.len() > PASSING {
            self.passing.pop_front();
        }
    }

    /// The longest first: one may be a part of another.
    fn all(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.lasting.iter().chain(&self.passing).map(String::as_str).collect();
        all.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        all
    }

    /// A page without them, and without what looks like one by itself.
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

    /// The text without them, and without what looks like one.
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

/// A secret as it is, and as JSON, HTML, a URL and `{:?}` write it; of one with several lines, each line as well.
fn forms(secret: &str) -> Vec<String> {
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

/// Replaces whatever `find` finds, from the start of the text to its end.
fn replace(text: &mut Cow<'_, str>, find: impl Fn(&str, usize) -> Option<Range<usize>>) {
    let mut from = 0;
    while let Some(found) = find(text, from) {
        from = found.start + REDACTED.len();
        text.to_mut().replace_range(found, REDACTED);
    }
}

fn known(text: &str, from: usize, secret: &str) -> Option<Range<usize>> {
    text.get(from..)?.match_indices(secret).map(|(at, _)| from + at..from + at + secret.len()).find(|found| {
        secret.len() >= WORD || (ends_before(text, found.start) && !text[found.end..].starts_with(is_alphanumeric))
    })
}

fn is_alphanumeric(letter: char) -> bool {
    letter.is_alphanumeric()
}

/// Does no word lead up to this place? The `n` of `\n` is no word.
fn ends_before(text: &str, at: usize) -> bool {
    let before = &text[..at];
    !before.ends_with(is_alphanumeric) || ["\\n", "\\r", "\\t"].iter().any(|escape| before.ends_with(escape))
}

/// A PEM block, be its end missing and its line ends escaped.
fn pem(text: &str, from: usize) -> Option<Range<usize>> {
    const BEGIN: &str = "-----BEGIN ";
    const END: &str = "-----END ";
    let start = from + text.get(from..)?.find(BEGIN)?;
    let rest = &text[start..];
    if let Some(end) = rest.find(END) {
        let label = end + END.len();
        let length = rest[label..].find("-----").map_or(rest.len(), |dashes| label + dashes + 5);
        return Some(start..start + length);
    }
    let of_pem =
        |letter: char| letter.is_ascii_alphanumeric() || letter.is_ascii_whitespace() || "+/=\\-:,".contains(letter);
    let length = rest.find(|letter: char| !of_pem(letter)).unwrap_or(rest.len());
    Some(start..start + length)
}

/// The user and the password in `scheme://user:password@host`.
fn user_of_url(text: &str, from: usize) -> Option<Range<usize>> {
    let mut at = from;
    loop {
        let start = at + text.get(at..)?.find("://")? + 3;
        let rest = &text[start..];
        let ends = |letter: char| letter.is_whitespace() || "\"'`<>\\".contains(letter);
        let token = &rest[..rest.find(ends).unwrap_or(rest.len())];
        let authority = &token[..token.find(['/', '?', '#']).unwrap_or(token.len())];
        // A password may hold a slash where nobody encoded it: then what looks like a port is none.
        let port = authority.rsplit_once(':').map(|(_, port)| port);
        let broken = port.is_some_and(|port| port.is_empty() || !port.bytes().all(|digit| digit.is_ascii_digit()))
            && !authority.ends_with(']');
        let user = if authority.contains('@') || !broken { authority } else { token };
        match user.rfind('@') {
            Some(end) if &user[..end] != REDACTED => return Some(start..start + end),
            _ => at = start,
        }
    }
}

/// A JSON Web Token: `eyJ…` in parts with points between them.
fn json_web_token(text: &str, from: usize) -> Option<Range<usize>> {
    let mut at = from;
    loop {
        let start = at + text.get(at..)?.find("eyJ")?;
        let of_token = |letter: char| letter.is_ascii_alphanumeric() || "-_.=".contains(letter);
        let rest = &text[start..];
        let length = rest.find(|letter: char| !of_token(letter)).unwrap_or(rest.len());
        if length >= 20 && rest[..length].contains('.') && ends_before(text, start) {
            return Some(start..start + length);
        }
        at = start + 3;
    }
}

/// The value of a name that says that it is a secret: `sasl.password = x`, `"client_secret": "x"`, `?token=x`.
fn named_value(text: &str, from: usize) -> Option<Range<usize>> {
    let mut at = from;
    loop {
        let sign = at + text.get(at..)?.find(['=', ':'])?;
        at = sign + 1;
        let before = text[..sign].trim_end_matches([' ', '"', '\'', '`', '\\']);
        let of_name = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
        let name = &before[before
            .rfind(|letter: char| !of_name(letter))
            .map_or(0, |end| end + before[end..].chars().next().map_or(0, char::len_utf8))..];
        if name.is_empty() || !is_secret(name) {
            continue;
        }
        let value = value_after(text, at, text.as_bytes().get(sign) == Some(&b'='));
        match value {
            Some(value) if !text[value.clone()].starts_with(REDACTED) => return Some(value),
            _ => {}
        }
    }
}

/// The value that stands here, without its quotes; one without quotes counts only after an equals sign.
fn value_after(text: &str, at: usize, bare: bool) -> Option<Range<usize>> {
    let rest = text.get(at..)?;
    let start = at + (rest.len() - rest.trim_start_matches([' ', '\t', '=', '>']).len());
    let rest = &text[start..];
    for quote in ["\\\"", "\"\"\"", "'''", "\"", "'", "`", "&quot;"] {
        if let Some(inner) = rest.strip_prefix(quote) {
            let length = inner.find(quote).unwrap_or_else(|| inner.find(['\n', '"']).unwrap_or(inner.len()));
            return (length > 0).then(|| start + quote.len()..start + quote.len() + length);
        }
    }
    let ends = |letter: char| letter.is_whitespace() || ",;&)]}\"'`<>\\".contains(letter);
    let length = rest.find(ends).unwrap_or(rest.len());
    (bare && length > 0).then_some(start..start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(text: &str) -> String {
        Secrets::new().redact(text).into_owned()
    }

    #[test]
    fn known_secrets_go_in_every_form() {
        let mut secrets = Secrets::new();
        secrets.learn("hunter2");
        secrets.learn("p\"ä s&s<word/that is long");
        secrets.learn_passing("token-1");
        secrets.learn_passing("opaque-token-1-opaque");
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
    fn each_line_of_a_secret_goes() {
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
    fn tokens_that_pass_are_forgotten_in_the_end() {
        let mut secrets = Secrets::new();
        for number in 0..10_000 {
            secrets.learn_passing(&format!("token-number-{number}"));
        }
        assert!(secrets.passing.len() <= PASSING);
        assert_eq!(secrets.redact("token-number-9999"), REDACTED);
    }

    #[test]
    fn what_looks_like_a_secret_goes() {
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
    fn what_does_not_is_left_alone() {
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

    #[test]
    fn a_writer_takes_secrets_out_of_each_line() {
        let mut written = Vec::new();
        Redacting(&mut written).write_all(b"WARN sasl.password=hunter2\n").unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), "WARN sasl.password=(redacted)\n");
    }
}
