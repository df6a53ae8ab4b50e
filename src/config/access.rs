//! `[admin]`: by which names the admin server is asked, and with which token.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::problem::REDACTED;
use super::raw::RawAdmin;

/// Who may ask the admin server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Names by which it is asked (`admin.hosts`), in lower case; beside them it answers to IP addresses, `localhost` and
    /// the host's own name.
    pub hosts: Vec<String>,
    /// The token that everything but the probes asks for; `None`: nothing asks for one.
    pub token: Option<Secret>,
}

/// Text that is never shown: it prints, and is serialized, as [`REDACTED`].
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "" } else { REDACTED })
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{self:?}"))
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Secret)
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "A secret: shown nowhere.", "type": "string" })
    }
}

/// Names: a list, or text that is split at commas and white space.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Names(pub Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrList;

        impl<'de> Visitor<'de> for TextOrList {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, or a list of texts,")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Names, E> {
                let names = text.split(|letter: char| letter == ',' || letter.is_whitespace());
                Ok(Names(names.filter(|name| !name.is_empty()).map(str::to_owned).collect()))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<Names, A::Error> {
                Vec::deserialize(de::value::SeqAccessDeserializer::new(list)).map(Names)
            }
        }

        deserializer.deserialize_any(TextOrList)
    }
}

impl JsonSchema for Names {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Names".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Names: a list, or text that is split at commas and white space.",
            "type": ["string", "array"],
            "items": { "type": "string" }
        })
    }
}

/// What came of `[admin]`. `named` says that somebody set a token outside the file, where an empty one is a variable or a
/// file that was left empty, and would leave the server open.
///
/// # Errors
/// Keys, values and reasons; the token itself is not among them.
pub(super) fn resolve(written: &RawAdmin, named: bool) -> Result<Access, Vec<(&'static str, String, &'static str)>> {
    let mut refusals = Vec::new();
    let mut hosts = Vec::new();
    for name in &written.hosts.0 {
        let usable = host_name(name);
        if usable.is_none() {
            let reason = "the name of a host is wanted, such as `desk.example.org`, without scheme, port or path";
            refusals.push(("hosts", name.clone(), reason));
        }
        hosts.extend(usable);
    }
    let token = written.token.reveal();
    if token.is_empty() && named {
        refusals.push(("token", String::new(), "a token is wanted; without one, leave the variable out"));
    }
    if token == REDACTED {
        refusals.push(("token", String::new(), "this is what is shown in place of a token"));
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let reason =
            "letters, digits and signs of ASCII without spaces are wanted, such as `openssl rand -hex 32` prints";
        refusals.push(("token", REDACTED.to_owned(), reason));
    }
    let token = Some(written.token.clone()).filter(|token| !token.reveal().is_empty());
    if refusals.is_empty() { Ok(Access { hosts, token }) } else { Err(refusals) }
}

/// The name of a host as it is compared, in lower case and without the period at its end; `None`: it is none.
pub fn host_name(name: &str) -> Option<String> {
    let name = name.trim();
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let labels = || name.split('.').all(|label| !label.is_empty());
    (name.len() <= 253 && name.chars().all(allowed) && labels()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_nowhere() {
        let secret = Secret("hunter2".to_owned());
        assert_eq!(format!("{secret:?} {}", serde_json::to_string(&secret).unwrap()), "(redacted) \"(redacted)\"");
        assert_eq!(format!("{:?}", Secret::default()), "");
    }
}
