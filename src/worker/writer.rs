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
pub struct Undelivered<L = usize> {
    /// What it was sent with, for whoever sent it to know it again.
    pub label: L,
    /// Why.
    pub reason: String,
}

/// Whether a record was taken.
#[derive(Debug, PartialEq, Eq)]
pub enum Offered<L> {
    /// It is queued, and will be delivered or reported.
    Queued,
    /// The queue is full, and the label comes back: later perhaps.
    Full(L),
}

/// Sends records to one topic. Each carries a label `L`, by which it is reported where it is not delivered.
pub struct Writer<L: Send + Sync + 'static = usize> {
    producer: LoggedIn<BaseProducer<Reports<L>>>,
    topic: String,
}

#[derive(Debug)]
struct Reports<L> {
    delivered: AtomicU64,
    failed: Mutex<VecDeque<Undelivered<L>>>,
    last: Mutex<Option<String>>,
}

impl<L: Send + Sync + 'static> ClientContext for Reports<L> {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        debug!(target: "librdkafka", facility, "{message}");
    }

    fn error(&self, _error: KafkaError, reason: &str) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
    }
}

impl<L: Send + Sync + 'static> ProducerContext for Reports<L> {
    type DeliveryOpaque = Box<L>;

    fn delivery(&self, result: &DeliveryResult<'_>, label: Box<L>) {
        match result {
            Ok(_) => {
                self.delivered.fetch_add(1, Relaxed);
            }
            Err((error, _)) => {
                let undelivered = Undelivered { label: *label, reason: in_words(error) };
                self.failed.lock().unwrap_or_else(PoisonError::into_inner).push_back(undelivered);
            }
        }
    }
}

impl<L: Send + Sync + 'static> Writer<L> {
    /// A writer to `topic`.
    ///
    /// # Errors
    /// Where librdkafka refuses a property, or there is no token for the brokers.
    pub fn new(stream: &Stream, topic: &str) -> Result<Writer<L>, KafkaTrouble> {
        let reports = Reports { delivered: AtomicU64::new(0), failed: Mutex::default(), last: Mutex::default() };
        let producer = LoggedIn::new(&clients::writer(stream), reports, stream)?;
        Ok(Writer { producer, topic: topic.to_owned() })
    }

    /// Sends a record; waits while the queue is full. The label comes back where it is not delivered.
    ///
    /// # Errors
    /// Where the record can't even be queued: it is too large.
    pub fn send(&self, label: L, outgoing: Outgoing<'_>) -> Result<(), KafkaTrouble> {
        let mut label = label;
        while let Offered::Full(back) = self.offer(label, outgoing)? {
            label = back;
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Sends a record unless the queue is full. The label comes back where it is not delivered.
    ///
    /// # Errors
    /// Where the record can't even be queued: it is too large.
    pub fn offer(&self, label: L, outgoing: Outgoing<'_>) -> Result<Offered<L>, KafkaTrouble> {
        let headers = (!outgoing.headers.is_empty()).then(|| {
            let empty = OwnedHeaders::new_with_capacity(outgoing.headers.len());
            outgoing.headers.iter().fold(empty, |headers, (key, value)| headers.insert(Header { key, value: *value }))
        });
        let record = BaseRecord {
            topic: &self.topic,
            partition: outgoing.partition,
            payload: outgoing.value,
            key: outgoing.key,
            timestamp: outgoing.timestamp,
            headers,
            delivery_opaque: Box::new(label),
        };
        self.producer.poll(Duration::ZERO);
        match self.producer.send(record) {
            Ok(()) => Ok(Offered::Queued),
            // One that finds no room in an empty queue never will.
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) if self.in_flight() > 0 => {
                Ok(Offered::Full(*back.delivery_opaque))
            }
            Err((error, _)) => Err(KafkaTrouble::new(format!("sending to `{}`", self.topic), &error)),
        }
    }

    /// How many records were acknowledged.
    pub fn delivered(&self) -> u64 {
        self.producer.poll(Duration::ZERO);
        self.producer.client().context().delivered.load(Relaxed)
    }

    /// Records not delivered since the last call.
    pub fn undelivered(&self) -> Vec<Undelivered<L>> {
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
                return Err(self.unacknowledged());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
    /// What the client last complained of, where it did: why nothing is acknowledged.
    pub fn complaint(&self) -> Option<String> {
        self.producer.client().context().last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The trouble of waiting in vain for acknowledgements.
    pub fn unacknowledged(&self) -> KafkaTrouble {
        let what = self.complaint().unwrap_or_else(|| "no acknowledgement".to_owned());
        KafkaTrouble { doing: format!("sending to `{}`", self.topic), what }
    }
}
