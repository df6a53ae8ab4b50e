//! Finds the secrets among the values that are set, for the redactor, before any of them is printed.

use figment::value::Value;

use super::load::{Given, shown, text_of};
use super::problem::{is_secret, nearest};
use super::{catalogue, redact};

/// Adds every secret that is set to the redactor, even one that a later source overrides.
pub(super) fn learn(given: &[Given]) {
    let text = |one: &Given| text_of(&one.value).map_or_else(|| shown(&one.value), str::to_owned);
    let texts = |one: &Given| leaves(&one.value);
    // A secret that equals a public value can't be redacted.
    let public = |one: &&Given| one.section == "stream" || (one.section == "kafka" && one.key == "sasl.username");
    let public: Vec<String> = given.iter().filter(public).flat_map(texts).collect();
    for one in given {
        let is_near = || {
            let known = catalogue::PROPERTIES.iter().map(|property| property.name);
            one.section == "kafka" && nearest(&one.key, known).is_some_and(is_secret)
        };
        match (one.section.as_str(), one.key.as_str()) {
            ("traces", "endpoint") => user_of_url(&text(one)).into_iter().for_each(redact::learn),
            ("oauth", "token-command") => {
                secrets_of_command(&one.value).iter().for_each(|secret| redact::learn(secret))
            }
            (section, key) if is_secret(&format!("{section}.{key}")) || is_near() => {
                for secret in texts(one).iter().filter(|secret| !public.contains(secret)) {
                    redact::learn(secret);
                }
            }
            _ => {}
        }
    }
}

/// Every text and number in a value, even in a list in place of a text.
fn leaves(value: &Value) -> Vec<String> {
    match value {
        Value::Array(_, items) => items.iter().flat_map(leaves).collect(),
        Value::Dict(_, keys) => keys.values().flat_map(leaves).collect(),
        other => vec![shown(other)],
    }
}

/// The password in a URL, or its user where there is no password.
fn user_of_url(url: &str) -> Option<&str> {
    let (user, _) = url.split_once("://")?.1.rsplit_once('@')?;
    Some(user.split_once(':').map_or(user, |(_, password)| password))
}

/// Arguments that are secrets by their name: `--password x`, `--client-secret=x`.
fn secrets_of_command(value: &Value) -> Vec<String> {
    let words: Vec<String> = match value {
        Value::Array(_, items) => items.iter().filter_map(|item| text_of(item).map(str::to_owned)).collect(),
        other => text_of(other).unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
    };
    let mut secrets = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1).filter(|next| !next.starts_with('-'));
        match (word.split_once('='), next) {
            (Some((name, value)), _) if is_secret(name) => secrets.push(value.to_owned()),
            (None, Some(next)) if word.starts_with('-') && is_secret(word) => secrets.push(next.clone()),
            _ => {}
        }
    }
    secrets
}
