//! Problems of a configuration, in words.
//!
//! Each problem names the key, the value and its origin, and says what is expected. All problems are reported together, so
//! that nobody has to correct a file line by line.

use std::fmt;
use std::path::PathBuf;

use super::{brokers, catalogue, redact};

/// The origin of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Not set. The text describes the default: `default`, `default: the host name`.
    Default(&'static str),
    /// A configuration file, and the line in it where that is known.
    File {
        /// Path of the file.
        path: PathBuf,
        /// Line, counted from 1.
        line: Option<usize>,
    },
    /// An environment variable.
    Environment {
        /// Name of the variable.
        name: String,
        /// The file that the value was read from, where the variable is `…_FILE`.
        file: Option<PathBuf>,
    },
    /// A flag of the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default(what) => f.write_str(what),
            Origin::File { path, line: Some(line) } => write!(f, "{}:{line}", path.display()),
            Origin::File { path, line: None } => write!(f, "{}", path.display()),
            Origin::Environment { name, file: None } => write!(f, "environment variable {name}"),
            Origin::Environment { name, file: Some(file) } => {
                write!(f, "environment variable {name}, file {}", file.display())
            }
            Origin::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// An invalid value of a known key.
    #[error("{key} = `{value}` ({origin}): {reason}")]
    Value {
        /// The key, `section.key`.
        key: String,
        /// The value as given; secrets are redacted.
        value: String,
        /// Its origin.
        origin: Origin,
        /// What is expected.
        reason: String,
    },
    /// A key that does not exist.
    #[error("unknown key {key} ({origin}): {hint}")]
    UnknownKey {
        /// The key, `section.key`.
        key: String,
        /// Its origin.
        origin: Origin,
        /// The nearest known one, or all known ones.
        hint: String,
    },
    /// A configuration file, or a file named by a `…_FILE` variable, that can't be read or is not TOML.
    #[error("{0}")]
    File(String),
}

/// All problems, at least one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [only] => write!(f, "configuration: {only}"),
            all => {
                write!(f, "configuration: {} problems", all.len())?;
                all.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}

/// The known name that is most similar to `name`, if any is similar.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Two typing errors in a short name, a third of the letters in a long one.
    let tolerated = 2.max(name.chars().count() / 3);
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= tolerated && *distance < candidate.chars().count())
        .min()
        .map(|(_, candidate)| candidate)
}

/// Is this the name of a secret?
pub fn is_secret(key: &str) -> bool {
    const PARTS: [&str; 11] = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        ".pem",
        "jaas",
        "apikey",
        "api_key",
        "api-key",
        "api.key",
        "sasl.oauthbearer.config",
    ];
    // These name the place or the kind of a secret, and not the secret.
    const ABOUT: [&str; 7] = ["file", "location", "path", "type", "command", "lifetime", "url"];
    let name = key.to_ascii_lowercase();
    let last = name.rsplit(['.', '_', '-']).next().unwrap_or_default();
    let is_about = last.len() < name.len() && ABOUT.contains(&last);
    !is_about && (last == "token" || name == "ssl_key" || PARTS.iter().any(|part| name.contains(part)))
}

/// The value of `section.key` for an error message, redacted where it may be a secret.
pub fn quoted(section: &str, key: &str, value: &str) -> String {
    const MOST: usize = 200;
    let hidden = match section {
        "kafka" => !catalogue::may_be_quoted(key, value),
        "oauth" => key != "token-command" && looks_like_a_token(value),
        _ => is_secret(&format!("{section}.{key}")),
    };
    if hidden {
        return REDACTED.to_owned();
    }
    if (section, key) == ("stream", "brokers") && brokers::contains_user(value) {
        let host = value.rsplit('@').next().unwrap_or_default();
        return format!("{REDACTED}@{host}");
    }
    let text = redact::text(value);
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

/// Is this more likely a token than the path of its file?
pub(super) fn looks_like_a_token(value: &str) -> bool {
    let is_no_path = !value.contains('/') && (value.len() > 64 || value.contains(' '));
    value.starts_with("eyJ") || value.contains('\n') || is_no_path
}

/// The placeholder for a secret.
pub const REDACTED: &str = "(redacted)";
