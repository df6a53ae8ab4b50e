//! Why a lane's life ended, and what becomes of it.

use rdkafka::error::KafkaError;
use thiserror::Error;

use crate::config::redact;

use super::proof;

/// An error of Kafka's or of the client library's, in words, for the commands that only show it.
#[derive(Debug, Clone, Error)]
#[error("{doing}: {what}")]
pub struct KafkaTrouble {
    /// What was being done.
    pub doing: String,
    /// What was said.
    pub what: String,
}

impl KafkaTrouble {
    pub(super) fn new(doing: impl Into<String>, error: &KafkaError) -> KafkaTrouble {
        KafkaTrouble { doing: doing.into(), what: in_words(error) }
    }
}

/// The error with the most telling of its texts.
pub(super) fn in_words(error: &KafkaError) -> String {
    match error {
        KafkaError::Transaction(inner) => format!("{inner} ({})", inner.name()),
        // Its own text has the value in it.
        KafkaError::ClientConfig(_, reason, key, value) => {
            format!("librdkafka refuses `{key}`: {}", proof::without(reason, key, value))
        }
        other => redact::text(&other.to_string()).into_owned(),
    }
}

/// Why a lane's clients are dropped.
#[derive(Debug, Error)]
pub(super) enum Failure {
    /// Another process uses this lane's transactional id. Disposition: the process ends.
    #[error("fenced by a namesake")]
    Fenced,
    /// A topic is missing, denied, or unfit. Disposition: wait, then a new life.
    #[error("{0}")]
    Topics(String),
    /// The broker can't be reached, or says no for the time being. Disposition: wait, then a new life.
    #[error("{doing}: {error}")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// What was said.
        error: String,
    },
    /// The client is not usable any more, or the outcome of a call is not known. Disposition: a new life after a pause.
    #[error("{doing}: {error}")]
    Fatal {
        /// What was being done.
        doing: &'static str,
        /// What was said.
        error: String,
    },
    /// The lane's own code panicked. Disposition: a new life after a pause.
    #[error("panic: {0}")]
    Panic(String),
}

impl Failure {
    pub(super) fn fatal(doing: &'static str, error: &KafkaError) -> Failure {
        Failure::Fatal { doing, error: in_words(error) }
    }

    pub(super) fn unavailable(doing: &'static str, error: &KafkaError) -> Failure {
        Failure::Unavailable { doing, error: in_words(error) }
    }

    /// The failure of an abort, with what the batch had failed of before.
    pub(super) fn after(self, earlier: &str, topics: bool) -> Failure {
        match self {
            Failure::Fatal { .. } if topics => Failure::Topics(earlier.to_owned()),
            Failure::Fatal { doing, error } => Failure::Fatal { doing, error: format!("{error}, after {earlier}") },
            other => other,
        }
    }

    /// The label of the restart's metric.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Failure::Fenced => "fenced",
            Failure::Topics(_) => "topics",
            Failure::Unavailable { .. } => "unavailable",
            Failure::Fatal { .. } => "fatal",
            Failure::Panic(_) => "panic",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::names::{LANE_RESTARTS, values};

    /// Those that make a lane start anew; of the others one is waited for, and one ends the process.
    #[test]
    fn every_reason_of_a_restart_is_counted_from_zero() {
        let text = || "text".to_owned();
        let restarts = [
            Failure::Fatal { doing: "testing", error: text() },
            Failure::Unavailable { doing: "testing", error: text() },
            Failure::Panic(text()),
        ];
        assert_eq!(restarts.map(|failure| failure.reason()), values(LANE_RESTARTS, "reason").unwrap());
    }
}
