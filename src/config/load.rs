//! Loading: file, then environment, then flags; later sources override earlier ones.
//!
//! Everything outside the process is passed in as [`Inputs`], so that the tests need neither an environment nor a working
//! folder. Each value that is set is kept with its [`Origin`]; figment merges the sources and reads them into [`Raw`], first
//! each value by itself (so that every wrong one is reported, not only the first), then all of them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use figment::error::Kind;
use figment::providers::Serialized;
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::problem::{Origin, Problem, Problems, nearest, quoted};
use super::raw::Raw;
use super::settings::Settings;
use super::{bounded, catalogue, file, secrets};

/// Name of the configuration file that is read from the working folder where `--config` names none.
pub const FILE: &str = "copydesk.toml";

/// Environment variables with this prefix are configuration, and an unknown one is an error. (The two underscores avoid the
/// variables that Kubernetes sets for a service named `copydesk`, such as `COPYDESK_SERVICE_HOST`.)
pub const PREFIX: &str = "COPYDESK__";

/// All sources of the configuration.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// The file named by `--config`; it must exist.
    pub file: Option<PathBuf>,
    /// The working folder, where [`FILE`] is read if it exists and `file` is not given.
    pub folder: PathBuf,
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// Values given by flags.
    pub flags: Vec<Flag>,
    /// The host's name: the default of `stream.instance`.
    pub host: String,
    /// The cores that the process may use: the default of `stream.lanes`.
    pub cores: usize,
}

/// A value given by a flag of the command line.
#[derive(Debug, Clone)]
pub struct Flag {
    /// The flag as typed, `--brokers`.
    pub flag: &'static str,
    /// Section of the key that it sets.
    pub section: &'static str,
    /// The key that it sets.
    pub key: &'static str,
    /// The value.
    pub value: String,
}

/// A valid configuration.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// As validated.
    pub settings: Settings,
    /// Before validation, with defaults.
    pub raw: Raw,
    /// The origin of each value that is not a default, by section and key.
    pub origins: BTreeMap<(String, String), Origin>,
}

/// A value that is set.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) section: String,
    /// Empty where a value is in the place of a section.
    pub(super) key: String,
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// Loads and validates the configuration.
pub fn load(inputs: &Inputs) -> Result<Loaded, Problems> {
    let mut problems = Vec::new();
    let mut given = Vec::new();
    file::read(inputs, &mut given, &mut problems);
    from_environment(inputs, &mut given, &mut problems);
    given.extend(inputs.flags.iter().map(from_flag));
    secrets::learn(&given);

    let mut winners: BTreeMap<(String, String), Given> = BTreeMap::new();
    for one in given {
        winners.insert((one.section.clone(), one.key.clone()), one);
    }
    let mut figment = Figment::from(Serialized::defaults(Raw::default()));
    for one in winners.values() {
        match check(one) {
            Ok(()) => figment = figment.merge(Layer(one)),
            Err(problem) => problems.push(problem),
        }
    }
    let origins: BTreeMap<_, _> = winners.into_iter().map(|(key, one)| (key, one.origin)).collect();
    let raw: Raw = match figment.extract() {
        Ok(raw) => raw,
        Err(error) => {
            problems.extend(error.into_iter().map(|one| Problem::File(one.to_string())));
            return Err(Problems(problems));
        }
    };
    match Settings::validate(&raw, inputs, &origins) {
        Ok(settings) if problems.is_empty() => Ok(Loaded { settings, raw, origins }),
        Ok(_) => Err(Problems(problems)),
        Err(more) => Err(Problems(problems.into_iter().chain(more).collect())),
    }
}

/// One value as a figment provider.
struct Layer<'a>(&'a Given);

impl Provider for Layer<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.0.origin.to_string())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let Given { section, key, value, .. } = self.0;
        let inner =
            if key.is_empty() { value.clone() } else { Value::from(Dict::from([(key.clone(), value.clone())])) };
        Ok(Profile::Default.collect(Dict::from([(section.clone(), inner)])))
    }
}

/// Reads this value, with defaults for all others.
fn check(one: &Given) -> Result<(), Problem> {
    let Given { section, key, value, origin } = one;
    let name = if key.is_empty() { section.clone() } else { format!("{section}.{key}") };
    let wrong = |reason: String| Problem::Value {
        key: name.clone(),
        value: quoted(section, key, &shown(value)),
        origin: origin.clone(),
        reason,
    };
    if section == "kafka" && !key.is_empty() && !catalogue::is_known(key) {
        return Err(Problem::UnknownKey { key: name, origin: origin.clone(), hint: unknown_property(one) });
    }
    if section == "kafka" && !key.is_empty() && matches!(value, Value::Dict(..) | Value::Array(..) | Value::Empty(..)) {
        return Err(wrong("expected text, a number, `true` or `false`".to_owned()));
    }
    // A property that may not be set is refused later, with its own reason.
    if section == "kafka" && super::properties::REFUSED.iter().all(|refused| refused.key != key) {
        catalogue::check_value(key, &shown(value)).map_err(&wrong)?;
    }
    let figment = Figment::from(Serialized::defaults(Raw::default())).merge(Layer(one));
    let Err(error) = figment.extract::<Raw>() else { return Ok(()) };
    match error.kind {
        Kind::UnknownField(_, known) => {
            Err(Problem::UnknownKey { key: name, origin: origin.clone(), hint: hint(one, known) })
        }
        Kind::UnknownVariant(_, known) => {
            let meant = text_of(value).and_then(|text| nearest(text, known.iter().copied()));
            Err(wrong(match meant {
                Some(meant) => format!("did you mean `{meant}`? (one of {})", list(known)),
                None => format!("expected one of {}", list(known)),
            }))
        }
        Kind::Message(reason) => Err(wrong(reason)),
        Kind::InvalidType(_, _) if key.is_empty() => {
            Err(wrong(format!("this is a section: write its keys under `[{section}]`")))
        }
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => Err(wrong(format!("expected {expected}"))),
        other => Err(wrong(other.to_string())),
    }
}

/// A suggestion for an unknown name under `[kafka]`.
fn unknown_property(one: &Given) -> String {
    if let Some(section) = keys_of("").iter().find(|section| keys_of(section).contains(&one.key.as_str())) {
        return format!("`{}` belongs under `[{section}]`", one.key);
    }
    let in_environment = matches!(one.origin, Origin::Environment { .. });
    catalogue::hint(&one.key, |name| {
        if in_environment { format!("{PREFIX}KAFKA__{}", variable(name)) } else { name.to_owned() }
    })
}

/// A suggestion for an unknown key, spelled as in its source.
fn hint(one: &Given, known: &'static [&'static str]) -> String {
    let in_environment = matches!(one.origin, Origin::Environment { .. });
    let spell = |section: &str, key: &str| match (in_environment, key) {
        (true, "") => format!("{PREFIX}{}__…", variable(section)),
        (true, _) => format!("{PREFIX}{}__{}", variable(section), variable(key)),
        (false, "") => format!("[{section}]"),
        (false, _) => key.to_owned(),
    };
    let sections = keys_of("");
    let section_is_known = sections.contains(&one.section.as_str());
    if section_is_known {
        if let Some(meant) = nearest(&one.key, known.iter().copied()) {
            return format!("did you mean `{}`?", spell(&one.section, meant));
        }
    } else if let Some(meant) = nearest(&one.section, sections.iter().copied()) {
        return format!("did you mean the section `{}`?", spell(meant, ""));
    }
    let word = if one.key.is_empty() { &one.section } else { &one.key };
    let elsewhere = sections.iter().find(|section| keys_of(section).contains(&word.as_str()));
    match elsewhere {
        Some(section) if in_environment => format!("did you mean `{}`?", spell(section, word)),
        Some(section) => format!("`{word}` belongs under `[{section}]`"),
        None if section_is_known => format!("the keys of `[{}]` are {}", one.section, list(known)),
        None => format!("the sections are {}", list(sections)),
    }
}

/// The keys of a section in the order of their declaration; with an empty name, the sections. `[kafka]` has none of its
/// own.
pub fn keys_of(section: &str) -> &'static [&'static str] {
    // serde's error about an unknown field lists the known ones, so that no second list is needed.
    let unknown = Dict::from([("?".to_owned(), Value::from(0))]);
    let dict = if section.is_empty() { unknown } else { Dict::from([(section.to_owned(), Value::from(unknown))]) };
    match Figment::new().merge(Serialized::defaults(dict)).extract::<Raw>().map_err(|error| error.kind) {
        Err(Kind::UnknownField(_, known)) => known,
        _ => &[],
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn variable(name: &str) -> String {
    name.to_ascii_uppercase().replace(['-', '.'], "_")
}

pub(super) fn text_of(value: &Value) -> Option<&str> {
    match value {
        Value::String(_, text) => Some(text),
        _ => None,
    }
}

/// A value in an error message.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(_, text) => text.clone(),
        Value::Char(_, letter) => letter.to_string(),
        Value::Bool(_, flag) => flag.to_string(),
        Value::Num(_, number) => match (number.to_i128(), number.to_u128_lossy()) {
            (Some(whole), _) => whole.to_string(),
            (None, Some(whole)) if number.to_f64().is_none() => whole.to_string(),
            _ => number.to_f64().map(|fraction| fraction.to_string()).unwrap_or_default(),
        },
        Value::Empty(..) => "nothing".to_owned(),
        Value::Dict(..) => "{ … }".to_owned(),
        Value::Array(..) => "[ … ]".to_owned(),
    }
}

fn from_flag(flag: &Flag) -> Given {
    Given {
        section: flag.section.to_owned(),
        key: flag.key.to_owned(),
        value: Value::from(flag.value.clone()),
        origin: Origin::Flag(flag.flag),
    }
}

fn from_environment(inputs: &Inputs, given: &mut Vec<Given>, problems: &mut Vec<Problem>) {
    for (name, text) in &inputs.environment {
        // In any case, since a shell allows it and a silent default would be a trap.
        let upper = name.to_ascii_uppercase();
        let Some(rest) = upper.strip_prefix(PREFIX) else { continue };
        let (section, key) = rest.split_once("__").unwrap_or((rest, ""));
        let section = section.to_ascii_lowercase().replace('_', "-");
        let (key, from_file) = match key.strip_suffix("_FILE") {
            Some(stem) if !is_file_property(&section, key) => (stem, true),
            _ => (key, false),
        };
        let separator = if section == "kafka" { "." } else { "-" };
        let key = key.to_ascii_lowercase().replace("__", separator).replace('_', separator);
        let key = if section == "kafka" { catalogue::of_variable(key) } else { key };
        if !from_file {
            let origin = Origin::Environment { name: name.clone(), file: None };
            given.push(Given { section, key, value: Value::from(text.clone()), origin });
            continue;
        }
        let stem = &name[..name.len() - "_FILE".len()];
        if inputs.environment.contains_key(stem) {
            problems.push(Problem::File(format!("both {stem} and {name} are set: unset one of them")));
            continue;
        }
        let path = PathBuf::from(text);
        match bounded::read_text(&path, bounded::VALUE) {
            Ok(content) => given.push(Given {
                section,
                key,
                // Editors and `echo` end a file with a line end, which is not part of the secret.
                value: Value::from(content.trim_end_matches(['\n', '\r']).to_owned()),
                origin: Origin::Environment { name: name.clone(), file: Some(path) },
            }),
            Err(error) if is_surely_a_path(text) => {
                problems.push(Problem::File(format!("{name} is the path `{text}`, which can't be read: {error}")));
            }
            Err(error) => problems.push(Problem::File(format!(
                "{name} must be the path of a file (its value is not shown, since it may be the secret itself): {error}"
            ))),
        }
    }
}

/// Is this certainly a path, and not a secret in its place?
fn is_surely_a_path(text: &str) -> bool {
    let in_paths = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    let is_rooted = ["/", "./", "../"].iter().any(|start| text.starts_with(start));
    is_rooted && text.len() < 200 && text.matches('/').count() > 1 && text.chars().all(in_paths)
}

/// Keys whose own name ends in `file` (librdkafka's, and `oauth.token-file`): their value is the path itself.
fn is_file_property(section: &str, key: &str) -> bool {
    let ends: &[&str] = match section {
        "kafka" => &["PRIVATE_KEY_FILE", "ASSERTION_FILE", "TEMPLATE_FILE"],
        "oauth" => &["TOKEN_FILE"],
        _ => &[],
    };
    ends.iter().any(|end| key.ends_with(end))
}
