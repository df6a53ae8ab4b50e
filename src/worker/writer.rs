//! Sending records outside the worker: `feed`. Idempotent, acknowledged by all replicas.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext};
use tracing::debug;

use crate::config::Stream;

use super::clients;
use super::failure::{KafkaTrouble, in_words};
use super::login::LoggedIn;

/// A record to be sent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outgoing<'a> {
    /// The key; its hash chooses the partition.
    pub key: Option<&'a [u8]>,
    /// The value.
    pub value: Option<&'a [u8]>,
    /// The headers.
    pub headers: &'a [(&'a str, Option<&'a [u8]>)],
    /// Milliseconds since 1970, or the time of sending.
    pub timestamp: Option<i64>,
    /// The partition, or the one that the key chooses.
    pub partition: Option<i32>,
}

/// A record that was not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    /// The number that it was sent with.
    pub number: usize,
    /// Why.
    pub reason: String,
}

/// Sends records to one topic.
pub struct Writer {
    producer: LoggedIn<BaseProducer<Reports>>,
    topic: String,
}

#[derive(Debug, Default)]
struct Reports {
    delivered: AtomicU64,
    failed: Mutex<VecDeque<Undelivered>>,
    last: Mutex<Option<String>>,
}

impl ClientContext for Reports {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        debug!(target: "librdkafka", facility, "{message}");
    }

    fn error(&self, _error: KafkaError, reason: &str) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, number: usize) {
        match result {
            Ok(_) => {
                self.delivered.fetch_add(1, Relaxed);
            }
            Err((error, _)) => {
                let undelivered = Undelivered { number, reason: in_words(error) };
                self.failed.lock().unwrap_or_else(PoisonError::into_inner).push_back(undelivered);
            }
        }
    }
}

impl Writer {
    /// A writer to `topic`.
    ///
    /// # Errors
    /// Where librdkafka refuses a property, or there is no token for the brokers.
    pub fn new(stream: &Stream, topic: &str) -> Result<Writer, KafkaTrouble> {
        let producer = LoggedIn::new(&clients::writer(stream), Reports::default(), stream)?;
        Ok(Writer { producer, topic: topic.to_owned() })
    }

    /// Sends a record; waits while the queue is full. The number comes back where it is not delivered.
    ///
    /// # Errors
    /// Where the record can't even be queued: it is too large.
    pub fn send(&self, number: usize, outgoing: Outgoing<'_>) -> Result<(), KafkaTrouble> {
        let headers = (!outgoing.headers.is_empty()).then(|| {
            let empty = OwnedHeaders::new_with_capacity(outgoing.headers.len());
            outgoing.headers.iter().fold(empty, |headers, (key, value)| headers.insert(Header { key, value: *value }))
        });
        let mut record = BaseRecord {
            topic: &self.topic,
            partition: outgoing.partition,
            payload: outgoing.value,
            key: outgoing.key,
            timestamp: outgoing.timestamp,
            headers,
            delivery_opaque: number,
        };
        loop {
            self.producer.poll(Duration::ZERO);
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    record = back;
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err((error, _)) => return Err(KafkaTrouble::new(format!("sending to `{}`", self.topic), &error)),
            }
        }
    }

    /// How many records were acknowledged.
    pub fn delivered(&self) -> u64 {
        self.producer.poll(Duration::ZERO);
        self.producer.client().context().delivered.load(Relaxed)
    }

    /// Records not delivered since the last call.
    pub fn undelivered(&self) -> Vec<Undelivered> {
        self.producer.poll(Duration::ZERO);
        self.producer.client().context().failed.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }

    /// How many records are neither.
    pub fn in_flight(&self) -> usize {
        usize::try_from(self.producer.in_flight_count()).unwrap_or(0)
    }

    /// Waits until every record was acknowledged or given up, calling `tick` meanwhile.
    ///
    /// # Errors
    /// Where that takes longer than `timeout`.
    pub fn drain(&self, timeout: Duration, mut tick: impl FnMut()) -> Result<(), KafkaTrouble> {
        let end = Instant::now() + timeout;
        while self.in_flight() > 0 {
            self.producer.poll(Duration::ZERO);
            tick();
            if Instant::now() > end {
                let last = self.producer.client().context().last.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let what = last.unwrap_or_else(|| "no acknowledgement".to_owned());
                return Err(KafkaTrouble { doing: format!("sending to `{}`", self.topic), what });
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}
