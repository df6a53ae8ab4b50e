//! What librdkafka reports to its clients by itself: log lines, errors, delivery reports.

use std::sync::{Mutex, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::producer::{DeliveryResult, ProducerContext};
use tracing::{debug, error, info};

use crate::config::redact;
use crate::telemetry::events;

use super::refusals::FailedDelivery;

/// librdkafka's log line, among ours.
pub(super) fn log(level: RDKafkaLogLevel, client: &str, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
            error!(target: "librdkafka", client, facility, "{message}");
        }
        // Its words for a connection that was closed: it opens it again.
        RDKafkaLogLevel::Error | RDKafkaLogLevel::Warning => events::client_log(client, facility, message, true),
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info if facility == "FAIL" => {
            events::client_log(client, facility, message, false);
        }
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => info!(target: "librdkafka", client, facility, "{message}"),
        RDKafkaLogLevel::Debug => debug!(target: "librdkafka", client, facility, "{message}"),
    }
}

/// A client of a one-shot command: its errors are reported by the calls that fail.
#[derive(Debug, Default)]
pub(super) struct CommandContext {
    last: Mutex<Option<String>>,
    /// Why the last connection failed.
    connection: Mutex<Option<String>>,
}

impl CommandContext {
    /// The last thing the client complained about by itself ("connection refused"), which says more than "timed out".
    pub(super) fn last(&self) -> Option<String> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // That all are down says nothing, and why the last of them is, is only logged.
        let last = last.filter(|last| connection.is_none() || !last.ends_with("brokers are down")).or(connection);
        last.map(|reason| redact::text(&reason).into_owned())
    }
}

impl ClientContext for CommandContext {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        if facility == "FAIL" {
            let text = message.split_once("]: ").map_or(message, |(_, text)| text);
            *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = Some(text.to_owned());
        }
        debug!(target: "librdkafka", facility, "{message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        debug!(target: "librdkafka", "{error}: {reason}");
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
    }
}

impl rdkafka::consumer::ConsumerContext for CommandContext {}

/// A producer's side of the conversation: which records were not delivered, by the tag that each was sent with.
#[derive(Debug)]
pub(super) struct DeliveryReports<T> {
    lane: String,
    failed: Mutex<Vec<FailedDelivery<T>>>,
    /// Why the transaction failed, where librdkafka has said so: the records then only say that they were purged.
    transaction: Mutex<Option<String>>,
}

impl<T: Clone> DeliveryReports<T> {
    pub(super) fn new(lane: String) -> DeliveryReports<T> {
        DeliveryReports { lane, failed: Mutex::default(), transaction: Mutex::default() }
    }

    /// Forgets the failures of the last batch.
    pub(super) fn clear(&self) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clear();
        *self.transaction.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The records that failed.
    pub(super) fn failed(&self) -> Vec<FailedDelivery<T>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why the transaction failed, in librdkafka's words.
    pub(super) fn transaction(&self) -> Option<String> {
        self.transaction.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has a record waited for its acknowledgement for as long as `message.timeout.ms`?
    pub(super) fn any_timed_out(&self) -> bool {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.iter().any(|failed| failed.code == RDKafkaErrorCode::MessageTimedOut)
    }

    pub(super) fn any_failed(&self) -> bool {
        !self.failed.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

impl<T: Send + Sync> ClientContext for DeliveryReports<T> {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        // Its API reports this only at the next call, and with another text.
        if facility == "TXNERR" {
            let text = message.split_once("]: ").map_or(message, |(_, text)| text);
            *self.transaction.lock().unwrap_or_else(PoisonError::into_inner) = Some(text.to_owned());
        }
        log(level, "producer", facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let text = format!("{error}: {reason}");
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::AllBrokersDown) => events::client_down(&self.lane, "producer", &text),
            Some(RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::Resolve) => {
                events::client_trouble("producer", &text);
            }
            _ => events::broker_error(&self.lane, "producer", &text),
        }
    }
}

impl<T: Send + Sync + 'static> ProducerContext for DeliveryReports<T> {
    type DeliveryOpaque = Box<T>;

    fn delivery(&self, result: &DeliveryResult<'_>, tag: Box<T>) {
        if let Err((error, message)) = result {
            let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail);
            let failed = FailedDelivery { tag: *tag, partition: message.partition(), code };
            self.failed.lock().unwrap_or_else(PoisonError::into_inner).push(failed);
        }
    }
}
