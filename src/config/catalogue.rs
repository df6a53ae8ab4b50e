//! librdkafka's properties: their names, the form of their values, and suggestions for wrong ones.
//!
//! librdkafka itself checks a property only when a client is created, and then quotes the value, even a password. So names
//! and values are checked here first, by the table of the built-in librdkafka (`table.rs`, generated). No reason given here
//! quotes a value.

mod table;

use super::problem::{is_secret, nearest};
use super::properties::REFUSED;

pub use table::{PROPERTIES, VERSION};

/// The clients that have a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clients {
    /// Consumers and producers.
    All,
    /// Consumers only.
    Consumer,
    /// Producers only.
    Producer,
}

/// The form of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    /// Any text.
    Text,
    /// A whole number within these bounds.
    Whole(i64, i64),
    /// A number within these bounds.
    Fraction(f64, f64),
    /// `true` or `false`.
    Flag,
    /// One of these names.
    OneOf(&'static [&'static str]),
    /// Some of these names, separated by commas.
    Flags(&'static [&'static str]),
    /// Regular expressions, separated by commas.
    Patterns,
    /// Not text: the program sets it by a call.
    Call,
}

/// A librdkafka property.
#[derive(Debug, Clone, Copy)]
pub struct Property {
    /// Its name.
    pub name: &'static str,
    /// The clients that have it.
    pub clients: Clients,
    /// The form of its values.
    pub form: Form,
}

const fn property(name: &'static str, clients: Clients, form: Form) -> Property {
    Property { name, clients, form }
}

/// The built-in mechanisms, beside the weak `SCRAM-SHA-1`. librdkafka accepts any text, and fails later.
const MECHANISMS: &[&str] = &["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"];
/// The built-in assignors. librdkafka accepts any text, and fails later.
const ASSIGNORS: &[&str] = &["cooperative-sticky", "range", "roundrobin"];

/// Names of other clients' properties, mostly of Kafka's Java clients, with the equivalent.
const FOREIGN: &[(&str, &str)] = &[
    ("buffer.memory", "librdkafka has `queue.buffering.max.kbytes`"),
    ("fetch.max.wait.ms", "librdkafka has `fetch.wait.max.ms`"),
    ("interceptor.classes", "there are no Java classes here"),
    ("key.deserializer", "leave it out: copydesk reads and writes bytes"),
    ("key.serializer", "leave it out: copydesk reads and writes bytes"),
    ("max.poll.records", "set `stream.batch-bytes` for the size of a batch"),
    ("max.request.size", "librdkafka has `message.max.bytes`"),
    ("receive.buffer.bytes", "librdkafka has `socket.receive.buffer.bytes`"),
    ("sasl.client.callback.handler.class", "a token comes from `oauth.token-file` or `oauth.token-command`"),
    ("sasl.jaas.config", "there is no JAAS here: set `sasl.mechanism`, `sasl.username` and `sasl.password`"),
    ("sasl.login.callback.handler.class", "a token comes from `oauth.token-file` or `oauth.token-command`"),
    ("sasl.login.class", "a token comes from `oauth.token-file` or `oauth.token-command`"),
    ("security.providers", "there are no Java providers here: OpenSSL is built in"),
    ("send.buffer.bytes", "librdkafka has `socket.send.buffer.bytes`"),
    ("ssl.enabled.protocols", "OpenSSL agrees with the broker on the newest"),
    (
        "ssl.keystore.certificate.chain",
        "librdkafka has `ssl.certificate.pem`, or `ssl.certificate.location` for a file",
    ),
    ("ssl.keystore.key", "librdkafka has `ssl.key.pem`, or `ssl.key.location` for a file"),
    ("ssl.keystore.type", "leave it out: `ssl.keystore.location` is PKCS#12; PEM files go into `ssl.key.location`"),
    ("ssl.protocol", "OpenSSL agrees with the broker on the newest"),
    ("ssl.truststore.certificates", "librdkafka has `ssl.ca.pem`, or `ssl.ca.location` for a file"),
    ("ssl.truststore.location", "librdkafka has `ssl.ca.location`: a file of certificates in PEM, or a folder"),
    ("ssl.truststore.password", "leave it out: `ssl.ca.location` names a file in PEM, which has no password"),
    ("ssl.truststore.type", "leave it out: `ssl.ca.location` names a file in PEM"),
    ("value.deserializer", "leave it out: copydesk reads and writes bytes"),
    ("value.serializer", "leave it out: copydesk reads and writes bytes"),
];

/// The property of this name.
pub fn find(name: &str) -> Option<&'static Property> {
    PROPERTIES.binary_search_by(|property| property.name.cmp(name)).ok().and_then(|at| PROPERTIES.get(at))
}

/// Is it a property that only these clients have?
pub fn is_of(name: &str, clients: Clients) -> bool {
    find(name).is_some_and(|property| property.clients == clients)
}

/// A name from an environment variable, in which underscores became periods: a few names do have underscores.
pub(super) fn of_variable(name: String) -> String {
    if find(&name).is_some() {
        return name;
    }
    let underscored = PROPERTIES.iter().find(|property| property.name.replace('_', ".") == name);
    underscored.map_or(name, |property| property.name.to_owned())
}

/// Is it a known name under `[kafka]`, even one that may not be set?
pub(super) fn is_known(name: &str) -> bool {
    find(name).is_some() || REFUSED.iter().any(|refused| refused.key == name)
}

/// Must its value be redacted? That of a secret, and of an unknown name, which may be a mistyped secret's.
pub(super) fn is_redacted(name: &str) -> bool {
    is_secret(name) || !is_known(name)
}

/// A suggestion for an unknown name; `spell` writes a name as its source does.
pub(super) fn hint(name: &str, spell: impl Fn(&str) -> String) -> String {
    let lower = name.to_ascii_lowercase();
    let foreign = FOREIGN.iter().find(|(other, _)| *other == lower || *other == lower.replace('_', "."));
    if let Some((_, instead)) = foreign {
        return format!("librdkafka has no such property; {instead}");
    }
    let refused = REFUSED.iter().map(|refused| refused.key);
    let all = PROPERTIES.iter().filter(|property| property.form != Form::Call).map(|property| property.name);
    match nearest(&lower, all.chain(refused)) {
        Some(meant) => format!("did you mean `{}`?", spell(meant)),
        None => format!("librdkafka {VERSION} has no such property (its CONFIGURATION.md lists them)"),
    }
}

/// Checks a value, and gives it in the form that librdkafka reads. A name that is not in the table passes: it is checked
/// elsewhere.
///
/// # Errors
/// What is expected; the value is not quoted.
pub(crate) fn check_value(name: &str, value: &str) -> Result<String, String> {
    let Some(property) = find(name) else { return Ok(value.to_owned()) };
    if value.contains('\0') {
        return Err("it can't contain the character NUL".to_owned());
    }
    let trimmed = value.trim();
    match property.form {
        // librdkafka distinguishes their case.
        Form::Text if is_mechanism(name) => mechanism(trimmed).map(str::to_owned),
        Form::Text => text(name, value).map(|()| value.to_owned()),
        Form::Patterns => Ok(value.to_owned()),
        Form::Call => Err("it can't be set by text: leave it out".to_owned()),
        Form::Whole(least, most) => {
            let expected = || format!("expected a whole number from {least} to {most}");
            let number = whole(trimmed).ok_or_else(expected)?;
            if (least..=most).contains(&number) { Ok(number.to_string()) } else { Err(expected()) }
        }
        Form::Fraction(least, most) => {
            let number = trimmed.parse::<f64>().ok().filter(|number| (least..=most).contains(number));
            number.map(|_| trimmed.to_owned()).ok_or_else(|| format!("expected a number from {least} to {most}"))
        }
        Form::Flag => match trimmed.to_ascii_lowercase().as_str() {
            "true" | "t" | "1" | "false" | "f" | "0" => Ok(trimmed.to_owned()),
            _ => Err("expected `true` or `false`".to_owned()),
        },
        Form::OneOf(names) => one_of(trimmed, names).map(|_| trimmed.to_owned()),
        Form::Flags(names) => {
            for flag in trimmed.split(',').map(str::trim).filter(|flag| !flag.is_empty()) {
                one_of(flag.trim_start_matches(['+', '-']), names)?;
            }
            Ok(trimmed.to_owned())
        }
    }
}

/// May a refused value be quoted? Only one that can't be a misplaced secret.
pub(super) fn may_be_quoted(name: &str, value: &str) -> bool {
    if is_redacted(name) {
        return false;
    }
    let trimmed = value.trim();
    match find(name).map(|property| property.form) {
        Some(Form::Whole(..) | Form::Fraction(..)) => {
            trimmed.len() < 20 && trimmed.parse::<f64>().is_ok_and(f64::is_finite)
        }
        Some(Form::Flag) => trimmed.len() < 6 && trimmed.chars().all(|letter| letter.is_ascii_alphanumeric()),
        Some(Form::OneOf(names) | Form::Flags(names)) => meant(trimmed, names).is_some(),
        _ if is_mechanism(name) => meant(trimmed, MECHANISMS).is_some(),
        _ => trimmed.len() < 120 && !trimmed.contains("-----BEGIN"),
    }
}

fn is_mechanism(name: &str) -> bool {
    matches!(name, "sasl.mechanism" | "sasl.mechanisms")
}

/// The mechanism, as librdkafka spells it.
fn mechanism(text: &str) -> Result<&'static str, String> {
    match text.to_ascii_uppercase().as_str() {
        "SCRAM-SHA-1" => Ok("SCRAM-SHA-1"),
        "GSSAPI" => Err(format!("Kerberos is not built in: expected one of {}", list(MECHANISMS))),
        _ => one_of(text, MECHANISMS),
    }
}

/// Checks texts of a certain form.
fn text(name: &str, value: &str) -> Result<(), String> {
    let is_pem = value.contains("-----BEGIN");
    if name == "partition.assignment.strategy" {
        let names: Vec<&str> = value.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        for assignor in &names {
            match one_of(assignor, ASSIGNORS)? {
                exact if exact == *assignor => {}
                exact => return Err(format!("write `{exact}`")),
            }
        }
        if names.is_empty() {
            return Err(format!("expected some of {}", list(ASSIGNORS)));
        }
        if names.len() > 1 && names.contains(&"cooperative-sticky") {
            return Err("`cooperative-sticky` can't be mixed with the others".to_owned());
        }
        return Ok(());
    }
    if name.ends_with(".pem") && !is_pem {
        let location = name.replace(".pem", ".location");
        let instead = find(&location).map(|there| format!("; set `{}` to the path of a file", there.name));
        return Err(format!("expected a PEM block (`-----BEGIN …`){}", instead.unwrap_or_default()));
    }
    let is_path = [".location", ".file", ".keytab"].iter().any(|end| name.ends_with(end));
    if is_path && (is_pem || value.contains('\n')) {
        let pem = name.replace(".location", ".pem").replace(".file", ".pem");
        let instead = find(&pem).filter(|_| pem != name).map(|there| format!("; set `{}` to PEM itself", there.name));
        return Err(format!("expected the path of a file, not its content{}", instead.unwrap_or_default()));
    }
    Ok(())
}

/// Whole numbers as librdkafka reads them, except for those with a leading zero, which it reads as octal.
fn whole(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let number = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) if hex.chars().all(|digit| digit.is_ascii_hexdigit()) => i64::from_str_radix(hex, 16).ok()?,
        Some(_) => return None,
        None if digits.len() > 1 && digits.starts_with('0') => return None,
        None if digits.chars().all(|digit| digit.is_ascii_digit()) => digits.parse().ok()?,
        None => return None,
    };
    Some(if negative { -number } else { number })
}

/// The one of `names` that equals the text; `Err` lists them, with a suggestion.
fn one_of(text: &str, names: &'static [&'static str]) -> Result<&'static str, String> {
    if let Some(exact) = names.iter().find(|name| name.eq_ignore_ascii_case(text)) {
        return Ok(exact);
    }
    match meant(text, names) {
        Some(meant) => Err(format!("did you mean `{meant}`? (one of {})", list(names))),
        None => Err(format!("expected one of {}", list(names))),
    }
}

/// The one of `names` that was probably meant: the nearest one, or the only one that has these letters in this order
/// (`SCRAM-512`, `scram_sha_512`).
fn meant<'a>(text: &str, names: &'a [&'a str]) -> Option<&'a str> {
    let bare = |name: &str| -> String {
        name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
    };
    let written = bare(text);
    if let Some(same) = names.iter().find(|name| bare(name) == written) {
        return Some(same);
    }
    if written == "tls" || written == "sasltls" {
        let other = written.replace("tls", "ssl");
        return names.iter().find(|name| bare(name) == other).copied();
    }
    let within = |name: &&&str| {
        let name = bare(name);
        let mut rest = name.chars();
        written.len() >= 3 && written.chars().all(|letter| rest.any(|other| other == letter))
    };
    let mut containing = names.iter().filter(within);
    if let (Some(only), None) = (containing.next(), containing.next()) {
        return Some(only);
    }
    if names.iter().filter(within).count() > 1 {
        return None;
    }
    let lower: Vec<String> = names.iter().map(|name| bare(name)).collect();
    let found = nearest(&written, lower.iter().map(String::as_str))?;
    names.iter().find(|name| bare(name) == found).copied()
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_has_no_foreign_name() {
        assert!(PROPERTIES.is_sorted_by_key(|property| property.name));
        assert_eq!(find("linger.ms").unwrap().clients, Clients::Producer);
        assert!(find("linger").is_none());
        for (name, _) in FOREIGN {
            assert!(find(name).is_none(), "{name} is a property");
        }
        assert_eq!(of_variable("log.level".to_owned()), "log_level");
    }

    #[test]
    fn similar_names_are_suggested_and_java_names_explained() {
        let hint = |name| hint(name, str::to_owned);
        assert_eq!(hint("sasl.pasword"), "did you mean `sasl.password`?");
        assert_eq!(hint("Sasl.Password"), "did you mean `sasl.password`?");
        assert!(hint("sasl.jaas.config").contains("`sasl.username` and `sasl.password`"));
        assert!(hint("ssl.truststore.location").contains("`ssl.ca.location`"));
        assert!(hint("proxy.of.my.own.making").contains("no such property"));
    }

    #[test]
    fn values_are_checked_by_their_form_and_never_quoted() {
        for (name, value, read) in [
            ("batch.size", " 0x10 ", "16"),
            ("linger.ms", "0.5", "0.5"),
            ("socket.keepalive.enable", "T", "T"),
            ("security.protocol", "SASL_SSL", "SASL_SSL"),
            ("sasl.mechanism", "plain", "PLAIN"),
            ("debug", "broker, topic,+msg", "broker, topic,+msg"),
            ("sasl.mechanism", "SCRAM-SHA-512", "SCRAM-SHA-512"),
            ("ssl.ca.location", "probe", "probe"),
            ("partition.assignment.strategy", "range,roundrobin", "range,roundrobin"),
        ] {
            assert_eq!(check_value(name, value).as_deref(), Ok(read), "{name}");
        }
        for (name, value, said) in [
            ("batch.size", "lots", "expected a whole number from 1 to 2147483647"),
            ("batch.size", "0", "expected a whole number from 1 to 2147483647"),
            ("batch.size", "5 s", "a whole number"),
            ("batch.size", "010", "a whole number"),
            ("batch.size", "99999999999999999999", "a whole number"),
            ("linger.ms", "nan", "expected a number from 0 to 900000"),
            ("socket.keepalive.enable", "yes", "expected `true` or `false`"),
            ("security.protocol", "TLS", "did you mean `ssl`?"),
            ("security.protocol", "sasl-ssl", "did you mean `sasl_ssl`?"),
            ("security.protocol", "", "expected one of `plaintext`"),
            ("compression.type", "gz", "one of `none`"),
            ("compression.type", "zst", "did you mean `zstd`?"),
            ("sasl.mechanism", "SCRAM-512", "did you mean `SCRAM-SHA-512`?"),
            ("sasl.mechanism", "SHA-256", "did you mean `SCRAM-SHA-256`?"),
            ("sasl.mechanism", "SCRAM", "one of `PLAIN`"),
            ("sasl.mechanism", "GSSAPI", "Kerberos is not built in"),
            ("sasl.mechanism", "hunter2", "one of `PLAIN`"),
            ("partition.assignment.strategy", "sticky", "did you mean `cooperative-sticky`?"),
            ("partition.assignment.strategy", "range,cooperative-sticky", "can't be mixed"),
            ("ssl.key.location", "-----BEGIN PRIVATE KEY-----\nhunter2", "set `ssl.key.pem` to PEM itself"),
            ("ssl.key.pem", "/hunter2", "set `ssl.key.location` to the path"),
            ("sasl.password", "hunter2\0", "NUL"),
            ("error_cb", "hunter2", "can't be set by text"),
        ] {
            let reason = check_value(name, value).unwrap_err();
            assert!(reason.contains(said) && !reason.contains("hunter2"), "{name} = {value}: {reason}");
        }
    }

    #[test]
    fn only_values_that_can_not_be_secrets_are_quoted() {
        assert!(may_be_quoted("batch.size", "0") && may_be_quoted("sasl.mechanism", "SCRAM-512"));
        assert!(may_be_quoted("security.protocol", "SSL") && may_be_quoted("client.rack", "[ … ]"));
        assert!(may_be_quoted("enable.auto.commit", "true") && may_be_quoted("transactional.id", "mine"));
        for (name, value) in [
            ("sasl.password", "1"),
            ("sasl.pasword", "1"),
            ("batch.size", "hunter2"),
            ("sasl.mechanism", "hunter2"),
            ("security.protocol", "hunter2"),
            ("enable.auto.commit", "hunter2"),
            ("ssl.key.location", "-----BEGIN PRIVATE KEY-----"),
        ] {
            assert!(!may_be_quoted(name, value), "{name} = {value}");
        }
    }
}
