//! `[oauth]`: where the token of SASL OAUTHBEARER comes from, and what that asks of librdkafka's properties.
//!
//! A token without the mechanism that sends it, or the mechanism without a token, would be a client that waits for ever;
//! so either is refused here, by its key.

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
/// Properties that have librdkafka make or get a token by itself.
const OTHER_SOURCES: [(&str, &str); 2] =
    [("enable.sasl.oauthbearer.unsecure.jwt", "true"), ("sasl.oauthbearer.method", "oidc")];

/// Where the token comes from, and how long it lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oauth {
    /// Where it is read.
    pub source: TokenSource,
    /// The life of a token that does not say itself when it ends.
    pub lifetime: Duration,
}

/// Where a token is read.
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

/// A value that can't be, with why.
pub(super) struct Refusal {
    pub(super) section: &'static str,
    pub(super) key: String,
    pub(super) value: String,
    pub(super) reason: String,
}

/// What came of `[oauth]`; `properties` get what it asks for, where they don't say it themselves.
pub(super) fn resolve(
    written: &RawOauth,
    properties: &mut BTreeMap<String, String>,
) -> Result<Option<Oauth>, Vec<Refusal>> {
    let source = match (written.token_file.as_str(), written.token_command.0.split_first()) {
        ("", None) => return without(properties).map(|()| None).map_err(|refusal| vec![refusal]),
        (_, Some((program, arguments))) => TokenSource::Command(program.clone(), arguments.to_vec()),
        (path, None) => TokenSource::File(PathBuf::from(path)),
    };
    let mut refusals = Vec::new();
    let mut refuse = |section, key: &str, value: &str, reason: String| {
        refusals.push(Refusal { section, key: key.to_owned(), value: value.to_owned(), reason });
    };
    if !written.token_file.is_empty() && !written.token_command.0.is_empty() {
        let reason = "`oauth.token-file` is set as well: one source is wanted".to_owned();
        refuse("oauth", "token-command", &written.token_command.to_string(), reason);
    }
    if !written.token_file.is_empty() && looks_like_a_token(&written.token_file) {
        let reason = "the path of a file is wanted, not the token itself".to_owned();
        refuse("oauth", "token-file", &written.token_file, reason);
    } else if let Err(reason) = bounded::judge(Path::new(&written.token_file), bounded::VALUE) {
        refuse("oauth", "token-file", &written.token_file, reason);
    }
    if written.token_lifetime.0.is_zero() {
        let reason = "more than nothing is wanted".to_owned();
        refuse("oauth", "token-lifetime", &written.token_lifetime.to_string(), reason);
    }
    let set = source.key();
    for (key, value) in properties.iter() {
        let value = value.as_str();
        if MECHANISM_KEYS.contains(&key.as_str()) && !value.eq_ignore_ascii_case(MECHANISM) {
            refuse("kafka", key, value, format!("`{set}` is set, which wants `{MECHANISM}`"));
        }
        if key == "security.protocol" && !value.to_ascii_uppercase().starts_with("SASL_") {
            let reason =
                format!("`{set}` is set, which wants `SASL_SSL` (or `SASL_PLAINTEXT`: the token in clear text)");
            refuse("kafka", key, value, reason);
        }
        if OTHER_SOURCES.iter().any(|(other, on)| key == other && value.eq_ignore_ascii_case(on)) {
            refuse("kafka", key, value, format!("`{set}` is set: one source of tokens is wanted"));
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

/// The mechanism without a source of tokens.
fn without(properties: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let other = |(key, on): &(&str, &str)| properties.get(*key).is_some_and(|value| value.eq_ignore_ascii_case(on));
    // librdkafka's own sources: it says itself what it makes of them.
    if OTHER_SOURCES.iter().any(other) {
        return Ok(());
    }
    let found = MECHANISM_KEYS.iter().find_map(|key| Some((*key, properties.get(*key)?)));
    match found {
        Some((key, value)) if value.eq_ignore_ascii_case(MECHANISM) => Err(Refusal {
            section: "kafka",
            key: key.to_owned(),
            value: value.clone(),
            reason: "it needs a token: set `oauth.token-file` or `oauth.token-command`".to_owned(),
        }),
        _ => Ok(()),
    }
}
