//! Why a lane's session ends, and what follows.

use rdkafka::error::KafkaError;
use thiserror::Error;

use crate::config::redact;

use super::abort::{Abort, Remedy};
use super::config_check;

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
            format!("librdkafka refuses `{key}`: {}", config_check::reason_without_value(reason, key, value))
        }
        other => redact::text(&other.to_string()).into_owned(),
    }
}

/// Why a lane's session ends.
#[derive(Debug, Error)]
pub(super) enum Failure {
    /// Another process uses this lane's transactional id, or it seems so. What follows: a restart, and the second time the end of
    /// the process.
    #[error("fenced: by a duplicate instance, or by its own session before an outage")]
    Fenced,
    /// Another process has joined the group under this lane's name. What follows: [`super::duplicate_member`] says whose it is.
    #[error("replaced in the group")]
    Replaced,
    /// A topic is missing, denied, or unfit. What follows: a restart after a pause.
    #[error("{0}")]
    Topics(String),
    /// No broker answers. What follows: a restart after a pause.
    #[error("looking for the topics: {0}")]
    NoBroker(String),
    /// A broker says no for the time being, or does not answer a call. What follows: a restart after a pause.
    #[error("{doing}: {error}")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// What was said.
        error: String,
    },
    /// The client is not usable any more, or the outcome of a call is not known. What follows: a restart after a pause.
    #[error("{doing}: {error}")]
    Fatal {
        /// What was being done.
        doing: &'static str,
        /// What was said.
        error: String,
    },
    /// The lane's own code panicked. What follows: a restart after a pause.
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

    /// The failure to end a transaction, with why it had to be aborted, which says more.
    pub(super) fn after(self, abort: &Abort) -> Failure {
        let earlier = &abort.error;
        match (self, abort.remedy) {
            (Failure::Fatal { .. } | Failure::Unavailable { .. }, Remedy::WaitForTopics) => {
                Failure::Topics(earlier.clone())
            }
            (Failure::Fatal { doing, error }, _) => {
                Failure::Fatal { doing, error: format!("{error}, after {earlier}") }
            }
            (Failure::Unavailable { doing, error }, _) => {
                Failure::Unavailable { doing, error: format!("{error}, after {earlier}") }
            }
            (other, _) => other,
        }
    }

    /// The label of the restart's metric.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Failure::Fenced => "fenced",
            Failure::Replaced => "replaced",
            Failure::Topics(_) => "topics",
            Failure::NoBroker(_) | Failure::Unavailable { .. } => "unavailable",
            Failure::Fatal { .. } => "fatal",
            Failure::Panic(_) => "panic",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::abort::AbortReason;
    use super::*;
    use crate::telemetry::names::{LANE_RESTARTS, values};

    /// Those that are counted as restarts; of the others one is waited for, and one ends the process.
    #[test]
    fn every_reason_of_a_restart_is_counted_from_zero() {
        let text = || "text".to_owned();
        let restarts = [
            Failure::Fenced,
            Failure::Fatal { doing: "testing", error: text() },
            Failure::Unavailable { doing: "testing", error: text() },
            Failure::Panic(text()),
        ];
        assert_eq!(restarts.map(|failure| failure.reason()), values(LANE_RESTARTS, "reason").unwrap());
    }

    #[test]
    fn what_the_batch_failed_of_is_named_with_what_its_abort_failed_of() {
        let failed = || Failure::Unavailable { doing: "abort", error: "no answer".to_owned() };
        let delivery = Abort::new(AbortReason::Delivery, "not delivered");
        assert_eq!(failed().after(&delivery).to_string(), "abort: no answer, after not delivered");
        let topics = Abort::waiting_for_topics(AbortReason::Delivery, "denied");
        assert!(matches!(failed().after(&topics), Failure::Topics(what) if what == "denied"));
        assert!(matches!(Failure::Fenced.after(&topics), Failure::Fenced));
    }
}
