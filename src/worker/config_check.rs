//! What librdkafka itself says of the properties, before a client is made: for the commands, which then end with the key
//! and the reason in place of a client that is tried for ever.
//!
//! `config::catalogue` has judged them already, by names and forms. What is left is what only the library knows: what it was
//! built with, and whether a pattern is one. Its own words are shown where they don't quote the value.

use rdkafka::config::ClientConfig;
use rdkafka::error::KafkaError;

use crate::config::{Stream, is_secret};

/// A property that librdkafka refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its name.
    pub key: String,
    /// Why, without the value.
    pub reason: String,
}

/// Has librdkafka judge every property. Nothing is connected.
pub fn properties(stream: &Stream) -> Vec<Refusal> {
    let judged =
        |(key, value): (&String, &String)| judge(key, value).err().map(|reason| Refusal { key: key.clone(), reason });
    stream.properties.iter().filter_map(judged).collect()
}

fn judge(key: &str, value: &str) -> Result<(), String> {
    let mut config = ClientConfig::new();
    config.set(key, value);
    match config.create_native_config() {
        Ok(_) => Ok(()),
        Err(KafkaError::ClientConfig(_, reason, ..)) => Err(reason_without_value(&reason, key, value)),
        Err(_) => Err("it can't be used".to_owned()),
    }
}

/// librdkafka's reason, where it does not quote the value.
pub(super) fn reason_without_value(reason: &str, key: &str, value: &str) -> String {
    let reason = reason.trim();
    // Its name, or that of which it is an alias.
    let named = reason.strip_prefix("Configuration property \"").and_then(|rest| rest.split_once("\" "));
    let reason = named.map_or(reason, |(_, rest)| rest);
    if let Some((_, why)) = reason.strip_prefix("Unsupported value ").and_then(|rest| rest.rsplit_once("\": ")) {
        return format!("not supported in this build: {why}");
    }
    if is_secret(key) && !reason.starts_with("not supported in this build") || reason.contains(value.trim()) {
        return "the value can't be used".to_owned();
    }
    reason.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::catalogue::{self, Form, PROPERTIES};

    /// What this build leaves out: what fetches a token over HTTP (a command does it), and OpenSSL's old engines.
    fn is_left_out(reason: &str) -> bool {
        reason.starts_with("not supported in this build: ")
    }

    /// A value of each form that is right, and some that are wrong.
    fn samples(form: Form, name: &str) -> (Vec<String>, Vec<String>) {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        match form {
            Form::Whole(least, most) => {
                let outside = [least - 1, most + 1].into_iter().filter(|number| i32::try_from(*number).is_ok());
                let wrong = outside.map(|number| number.to_string()).chain(texts(&["lots", ""])).collect();
                (vec![least.to_string(), most.to_string()], wrong)
            }
            Form::Fraction(least, most) => (vec![least.to_string(), most.to_string()], vec![(most + 1.0).to_string()]),
            Form::Flag => (texts(&["true", "false", "T", "0"]), texts(&["yes", "", "2"])),
            Form::OneOf(names) => (texts(names), texts(&["hunter2"])),
            Form::Flags(names) => (vec![names.join(",")], texts(&["hunter2"])),
            Form::Patterns => (texts(&["^a.*"]), Vec::new()),
            Form::Call => (Vec::new(), texts(&["hunter2"])),
            Form::Text => match name {
                "sasl.mechanism" | "sasl.mechanisms" => (texts(&["SCRAM-SHA-512"]), Vec::new()),
                "partition.assignment.strategy" => (texts(&["range,roundrobin"]), Vec::new()),
                "broker.version.fallback" => (texts(&["0.10.0"]), Vec::new()),
                "partitioner" => (texts(&["murmur2_random"]), Vec::new()),
                "builtin.features" => (texts(&["ssl"]), Vec::new()),
                // It loads what is named.
                "plugin.library.paths" => (Vec::new(), Vec::new()),
                pem if pem.ends_with(".pem") => (texts(&["-----BEGIN X-----"]), Vec::new()),
                _ => (texts(&["text"]), Vec::new()),
            },
        }
    }

    /// The table is librdkafka's own: it takes what the table calls right, and refuses what the table calls wrong.
    #[test]
    fn librdkafka_judges_as_the_table_does() {
        for property in PROPERTIES {
            let name = property.name;
            let (right, wrong) = samples(property.form, name);
            for value in right {
                let ours = catalogue::check_value(name, &value);
                assert!(ours.is_ok(), "{name} = {value}: {ours:?}");
                let theirs = judge(name, &value);
                assert!(theirs.as_ref().err().is_none_or(|reason| is_left_out(reason)), "{name} = {value}: {theirs:?}");
                let again = judge(name, &ours.unwrap());
                assert_eq!(again, theirs, "{name} = {value}");
            }
            for value in wrong {
                assert!(catalogue::check_value(name, &value).is_err(), "{name} = {value}");
                assert!(judge(name, &value).is_err() || value.is_empty(), "{name} = {value}");
            }
        }
    }

    #[test]
    fn a_reason_never_quotes_the_value() {
        assert_eq!(
            reason_without_value("Invalid value for configuration property \"x\": hunter2", "x", "hunter2"),
            "the value can't be used"
        );
        for (key, value) in
            [("broker.version.fallback", "hunter2"), ("topic.blacklist", "(hunter2"), ("ssl.engine.id", "hunter2")]
        {
            let said = judge(key, value).err().unwrap_or_default();
            assert!(!said.contains("hunter2"), "{said}");
        }
        assert!(judge("sasl.oauthbearer.method", "oidc").is_err_and(|reason| is_left_out(&reason)));
        assert!(judge("sasl.oauthbearer.client.secret", "hunter2").is_err_and(|reason| is_left_out(&reason)));
    }
}
