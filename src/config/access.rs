//! `[admin]`: the host names and the token of the admin server.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::problem::REDACTED;
use super::raw::RawAdmin;

/// Who may use the admin server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Its further host names (`admin.hosts`), in lower case, beside IP addresses, `localhost` and the host's own name.
    pub hosts: Vec<String>,
    /// The token that everything but the probes requires; `None`: none is required.
    pub token: Option<Secret>,
}

/// Text that is never shown: it is printed, and serialized, as [`REDACTED`].
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
        json_schema!({ "description": "A secret: never shown.", "type": "string" })
    }
}

/// Validates `[admin]`. `set_outside_file`: the token comes from a variable or a flag, where an empty one is a mistake that
/// would leave the server open.
///
/// # Errors
/// Keys, values and reasons; the token itself is not among them.
pub(super) fn resolve(
    written: &RawAdmin,
    set_outside_file: bool,
) -> Result<Access, Vec<(&'static str, String, &'static str)>> {
    let mut refusals = Vec::new();
    let mut hosts = Vec::new();
    for name in &written.hosts.0 {
        let usable = host_name(name);
        if usable.is_none() {
            let reason = "expected a host name such as `desk.example.org`, without scheme, port or path";
            refusals.push(("hosts", name.clone(), reason));
        }
        hosts.extend(usable);
    }
    let token = written.token.reveal();
    if token.is_empty() && set_outside_file {
        refusals.push(("token", String::new(), "expected a token; unset the variable to have none"));
    }
    if token == REDACTED {
        refusals.push(("token", String::new(), "this is the placeholder for a redacted token: set the token itself"));
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let reason = "expected printable ASCII characters without spaces, such as `openssl rand -hex 32` prints";
        refusals.push(("token", REDACTED.to_owned(), reason));
    }
    let token = Some(written.token.clone()).filter(|token| !token.reveal().is_empty());
    if refusals.is_empty() { Ok(Access { hosts, token }) } else { Err(refusals) }
}

/// A host name in the form that is compared, in lower case and without the final period; `None`: it is not one.
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
