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

/// The step that a batch was aborted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AbortReason {
    /// The transaction could not begin.
    Begin,
    /// Records were not delivered.
    Delivery,
    /// A topic called a record, or a request, too large.
    TooLarge,
    /// A topic refused a record for good.
    Refused,
    /// The offsets were not taken.
    Offsets,
    /// The commit failed.
    Commit,
}

impl AbortReason {
    #[cfg(test)]
    const ALL: [AbortReason; 6] = {
        use AbortReason::{Begin, Commit, Delivery, Offsets, Refused, TooLarge};
        [Delivery, TooLarge, Refused, Offsets, Commit, Begin]
    };

    /// The label of the metric.
    pub(super) fn label(self) -> &'static str {
        match self {
            AbortReason::Begin => "begin",
            AbortReason::Delivery => "delivery",
            AbortReason::TooLarge => "too_large",
            AbortReason::Refused => "refused",
            AbortReason::Offsets => "offsets",
            AbortReason::Commit => "commit",
        }
    }

    /// Was something learned by which the batch fares better the next time? Such aborts are no reason for new clients.
    pub(super) fn is_progress(self) -> bool {
        matches!(self, AbortReason::TooLarge | AbortReason::Refused)
    }

    /// May the topics have changed?
    pub(super) fn is_about_topics(self) -> bool {
        matches!(self, AbortReason::Delivery | AbortReason::TooLarge | AbortReason::Refused)
    }
}

/// Why a lane's clients are dropped.
#[derive(Debug, Error)]
pub(super) enum Failure {
    /// Another process uses this lane's transactional id, or it seems so. Disposition: restart, and the second time the process
    /// ends.
    #[error("fenced: by a duplicate instance, or by its own session before an outage")]
    Fenced,
    /// Another process has joined the group under this lane's name. Disposition: [`super::replaced`] says whose it is.
    #[error("replaced in the group")]
    Replaced,
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
            Failure::Fatal { .. } | Failure::Unavailable { .. } if topics => Failure::Topics(earlier.to_owned()),
            Failure::Fatal { doing, error } => Failure::Fatal { doing, error: format!("{error}, after {earlier}") },
            Failure::Unavailable { doing, error } => {
                Failure::Unavailable { doing, error: format!("{error}, after {earlier}") }
            }
            other => other,
        }
    }

    /// The label of the restart's metric.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Failure::Fenced => "fenced",
            Failure::Replaced => "replaced",
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
    use crate::telemetry::names::{LANE_RESTARTS, TRANSACTIONS_ABORTED, values};

    /// Those that make a lane start anew; of the others one is waited for, and one ends the process.
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
    fn every_reason_of_an_abort_is_counted_from_zero() {
        assert_eq!(AbortReason::ALL.map(AbortReason::label), values(TRANSACTIONS_ABORTED, "reason").unwrap());
    }
}
