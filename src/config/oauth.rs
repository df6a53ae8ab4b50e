//! `[oauth]`: the source of the token for SASL OAUTHBEARER, and the librdkafka properties that go with it.
//!
//! With a token but not the mechanism, or the mechanism but no token, a client would wait for ever; so either is refused
//! here, by its key.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::bounded;
use super::problem::looks_like_a_token;
use super::raw::RawOauth;

/// The mechanism that sends a token.
const MECHANISM: &str = "OAUTHBEARER";
/// Both of librdkafka's names for it.
const MECHANISM_KEYS: [&str; 2] = ["sasl.mechanism", "sasl.mechanisms"];
/// Properties with which librdkafka makes or fetches a token itself.
const OTHER_SOURCES: [(&str, &str); 2] =
    [("enable.sasl.oauthbearer.unsecure.jwt", "true"), ("sasl.oauthbearer.method", "oidc")];

/// The source and the lifetime of the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oauth {
    /// Its source.
    pub source: TokenSource,
    /// The lifetime of a token that does not carry its own expiry.
    pub lifetime: Duration,
}

/// The source of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// `oauth.token-file`
    File(PathBuf),
    /// `oauth.token-command`: a program, and its arguments.
    Command(String, Vec<String>),
}

impl TokenSource {
    /// The key that names it.
    pub fn key(&self) -> &'static str {
        match self {
            TokenSource::File(_) => "oauth.token-file",
            TokenSource::Command(..) => "oauth.token-command",
        }
    }
}

/// An invalid value, with the reason.
pub(super) struct InvalidValue {
    pub(super) section: &'static str,
    pub(super) key: String,
    pub(super) value: String,
    pub(super) reason: String,
}

/// Validates `[oauth]`; adds the properties that it needs, where they are not set.
pub(super) fn resolve(
    written: &RawOauth,
    properties: &mut BTreeMap<String, String>,
) -> Result<Option<Oauth>, Vec<InvalidValue>> {
    let source = match (written.token_file.as_str(), written.token_command.0.split_first()) {
        ("", None) => return check_without_source(properties).map(|()| None).map_err(|refusal| vec![refusal]),
        (_, Some((program, arguments))) => TokenSource::Command(program.clone(), arguments.to_vec()),
        (path, None) => TokenSource::File(PathBuf::from(path)),
    };
    let mut refusals = Vec::new();
    let mut refuse = |section, key: &str, value: &str, reason: String| {
        refusals.push(InvalidValue { section, key: key.to_owned(), value: value.to_owned(), reason });
    };
    if !written.token_file.is_empty() && !written.token_command.0.is_empty() {
        let reason = "`oauth.token-file` is set as well: leave out one of them".to_owned();
        refuse("oauth", "token-command", &written.token_command.to_string(), reason);
    }
    if !written.token_file.is_empty() && looks_like_a_token(&written.token_file) {
        let reason = "expected the path of a file, not the token itself".to_owned();
        refuse("oauth", "token-file", &written.token_file, reason);
    } else if let Err(reason) = bounded::check_rereadable(Path::new(&written.token_file), bounded::VALUE) {
        refuse("oauth", "token-file", &written.token_file, reason);
    }
    if written.token_lifetime.0.is_zero() {
        let reason = "expected a duration above 0".to_owned();
        refuse("oauth", "token-lifetime", &written.token_lifetime.to_string(), reason);
    }
    let set = source.key();
    for (key, value) in properties.iter() {
        let value = value.as_str();
        if MECHANISM_KEYS.contains(&key.as_str()) && !value.eq_ignore_ascii_case(MECHANISM) {
            refuse("kafka", key, value, format!("`{set}` is set, which requires `{MECHANISM}`"));
        }
        if key == "security.protocol" && !value.to_ascii_uppercase().starts_with("SASL_") {
            let reason =
                format!("`{set}` is set, which requires `SASL_SSL` (or `SASL_PLAINTEXT`: the token in clear text)");
            refuse("kafka", key, value, reason);
        }
        if OTHER_SOURCES.iter().any(|(other, on)| key == other && value.eq_ignore_ascii_case(on)) {
            refuse("kafka", key, value, format!("`{set}` is set: leave out one of the sources of tokens"));
        }
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    if !MECHANISM_KEYS.iter().any(|key| properties.contains_key(*key)) {
        properties.insert("sasl.mechanism".to_owned(), MECHANISM.to_owned());
    }
    properties.entry("security.protocol".to_owned()).or_insert_with(|| "SASL_SSL".to_owned());
    Ok(Some(Oauth { source, lifetime: written.token_lifetime.0 }))
}

/// Refuses the mechanism without a source of tokens.
fn check_without_source(properties: &BTreeMap<String, String>) -> Result<(), InvalidValue> {
    let other = |(key, on): &(&str, &str)| properties.get(*key).is_some_and(|value| value.eq_ignore_ascii_case(on));
    // librdkafka's own sources: it checks them itself.
    if OTHER_SOURCES.iter().any(other) {
        return Ok(());
    }
    let found = MECHANISM_KEYS.iter().find_map(|key| Some((*key, properties.get(*key)?)));
    match found {
        Some((key, value)) if value.eq_ignore_ascii_case(MECHANISM) => Err(InvalidValue {
            section: "kafka",
            key: key.to_owned(),
            value: value.clone(),
            reason: "it needs a token: set `oauth.token-file` or `oauth.token-command`".to_owned(),
        }),
        _ => Ok(()),
    }
}
