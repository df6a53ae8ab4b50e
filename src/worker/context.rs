//! What librdkafka tells its clients by itself: log lines, errors, delivery reports.

use std::sync::{Mutex, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{DeliveryResult, ProducerContext};
use tracing::{debug, error, info, warn};

use crate::config::redact;
use crate::telemetry::events;

/// librdkafka's log line, among ours.
pub(super) fn log(level: RDKafkaLogLevel, client: &str, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
            error!(target: "librdkafka", client, facility, "{message}");
        }
        // "error" and "warning" are librdkafka's words for a connection that was closed: it opens it again.
        RDKafkaLogLevel::Error | RDKafkaLogLevel::Warning => warn!(target: "librdkafka", client, facility, "{message}"),
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => info!(target: "librdkafka", client, facility, "{message}"),
        RDKafkaLogLevel::Debug => debug!(target: "librdkafka", client, facility, "{message}"),
    }
}

/// A client of a one-shot command: its errors are told by the calls that fail.
#[derive(Debug, Default)]
pub(super) struct Quiet {
    last: Mutex<Option<String>>,
}

impl Quiet {
    /// The last thing the client complained about by itself ("connection refused"), which says more than "timed out".
    pub(super) fn last(&self) -> Option<String> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        last.map(|reason| redact::text(&reason).into_owned())
    }
}

impl ClientContext for Quiet {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        debug!(target: "librdkafka", facility, "{message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        debug!(target: "librdkafka", "{error}: {reason}");
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
    }
}

impl rdkafka::consumer::ConsumerContext for Quiet {}

/// A producer's side of the conversation: which records were not delivered.
#[derive(Debug)]
pub(super) struct Deliveries {
    lane: String,
    failed: Mutex<Vec<(usize, RDKafkaErrorCode)>>,
    /// Why the transaction failed, where librdkafka has said so: the records then only say that they were purged.
    transaction: Mutex<Option<String>>,
}

impl Deliveries {
    pub(super) fn new(lane: String) -> Deliveries {
        Deliveries { lane, failed: Mutex::default(), transaction: Mutex::default() }
    }

    /// Forgets the failures of the last batch.
    pub(super) fn clear(&self) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clear();
        *self.transaction.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The records that failed, by the number they were sent with.
    pub(super) fn failed(&self) -> Vec<(usize, RDKafkaErrorCode)> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why the transaction failed, in librdkafka's words.
    pub(super) fn transaction(&self) -> Option<String> {
        self.transaction.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn any_failed(&self) -> bool {
        !self.failed.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        // Its API tells of this only at the next call, and with another text.
        if facility == "TXNERR" {
            let text = message.split_once("]: ").map_or(message, |(_, text)| text);
            *self.transaction.lock().unwrap_or_else(PoisonError::into_inner) = Some(text.to_owned());
        }
        log(level, "producer", facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        events::broker_error(&self.lane, "producer", &format!("{error}: {reason}"));
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, number: usize) {
        if let Err((error, _)) = result {
            let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail);
            self.failed.lock().unwrap_or_else(PoisonError::into_inner).push((number, code));
        }
    }
}
