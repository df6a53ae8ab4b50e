//! What is sent for an article: its record, or its dead letter, with a timestamp that the topic takes and the article's
//! headers as they came.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Header, Message, OwnedHeaders};
use rdkafka::producer::BaseRecord;

use crate::config::RecordTimestamp;
use crate::telemetry::traces::with_traceparent;
use copydesk_core::record::Reject;

use super::batch::Outcome;
use super::dead_letter::{self, KEY_ADDED, Original, TIMESTAMP_INPUT, framed};
use super::failure::AbortReason;
use super::native::{self, RawHeader};
use super::publish::{Abort, Publisher, Unpublished};
use super::refusals::{Place, Sent, Tag};

/// Headers that copydesk adds.
pub(super) type Added = Vec<(&'static str, String)>;

/// An article that is about to be sent.
struct Article<'m> {
    message: &'m BorrowedMessage<'m>,
    number: usize,
    place: Place,
    headers: Vec<RawHeader<'m>>,
    /// The `traceparent` that its record must have.
    traceparent: Option<String>,
}

/// One record for the producer.
struct Outgoing<'r> {
    tag: Tag,
    key: Option<&'r [u8]>,
    value: Option<&'r [u8]>,
    timestamp: Option<i64>,
    headers: Option<OwnedHeaders>,
}

impl Publisher<'_> {
    /// Sends what became of an article, and answers the bytes of its record. The outcome changes where the record turns out
    /// to be what its topic does not take.
    pub(super) fn send(
        &mut self,
        number: usize,
        message: &BorrowedMessage<'_>,
        outcome: &mut Outcome,
        out: &[u8],
    ) -> Result<u64, Unpublished> {
        let place = (message.partition(), message.offset());
        let is_record = matches!(outcome, Outcome::Clean(..));
        // Whatever is read of a message, a message may be wrong in: it is not to stop its partition.
        let read = catch_unwind(AssertUnwindSafe(|| {
            let headers = native::headers(message);
            let traceparent = self.trace.article(&headers, place, is_record);
            (headers, traceparent)
        }));
        let (headers, traceparent) = read.unwrap_or_else(|_| {
            *outcome = Outcome::Refused(Reject::Internal { reason: "panic while reading the headers".to_owned() });
            Default::default()
        });
        let article = Article { message, number, place, headers, traceparent };
        if let Outcome::Clean(cleaned) = outcome {
            let (mut bytes, mut refused) = (0, None);
            for part in &cleaned.parts {
                let value = out.get(part.record.clone()).unwrap_or_default();
                bytes += value.len() as u64;
                if let Err(reject) = self.send_record(&article, part.uri.as_bytes(), value)? {
                    refused = Some(reject);
                }
            }
            match refused {
                None => return Ok(bytes),
                Some(reject) => *outcome = Outcome::Refused(reject),
            }
        }
        if let Outcome::Refused(reject) = outcome {
            self.send_dead_letter(&article, reject)?;
        }
        Ok(0)
    }

    /// Sends the record, or answers why its topic does not take it.
    fn send_record(
        &mut self,
        article: &Article<'_>,
        uri: &[u8],
        value: &[u8],
    ) -> Result<Result<(), Reject>, Unpublished> {
        let Article { message, number, place, .. } = *article;
        let treatment = self.refusals.of(place, Sent::Record);
        if let Some(reason) = treatment.rejected {
            return Ok(Err(Reject::RefusedByTopic { reason }));
        }
        let now = treatment.restamped || self.stream.timestamp == RecordTimestamp::Now;
        let (timestamp, added) = self.stamp(Sent::Record, message, now);
        let headers = changed(&article.headers, article.traceparent.as_deref());
        let key = message.key().unwrap_or(uri);
        let bytes = framed(Some(key), Some(value), sizes(headers.as_deref().unwrap_or(&article.headers), &added));
        let limit = self.survey.output_bytes;
        let outgoing = Outgoing {
            tag: Tag { number, sent: Sent::Record },
            key: Some(key),
            value: Some(value),
            timestamp,
            headers: with_added(native::carried(message, headers.as_deref()), &added),
        };
        if bytes <= limit && !treatment.too_large && self.enqueue(message.partition(), outgoing)? {
            return Ok(Ok(()));
        }
        Ok(Err(Reject::OutputTooLarge { bytes, limit }))
    }

    fn send_dead_letter(&mut self, article: &Article<'_>, reject: &Reject) -> Result<(), Unpublished> {
        let Article { message, number, place, .. } = *article;
        let treatment = self.refusals.of(place, Sent::DeadLetter);
        let (timestamp, mut added) = self.stamp(Sent::DeadLetter, message, treatment.restamped);
        // A compacted topic takes no record without a key.
        let coordinates = format!("{}/{}/{}", self.stream.input, place.0, place.1);
        let keyed = (treatment.keyed && message.key().is_none()).then_some(coordinates.as_bytes());
        added.extend(keyed.map(|_| (KEY_ADDED, "true".to_owned())));
        let changed = changed(&article.headers, None);
        let original = Original {
            topic: &self.stream.input,
            partition: place.0,
            offset: place.1,
            key: message.key().or(keyed),
            value: message.payload(),
            headers: changed.as_deref().unwrap_or(&article.headers),
            added: &added,
        };
        // Cut shorter each time that it is too large, so that it ends.
        let mut limit = if treatment.too_large { 4096 } else { self.survey.dead_bytes };
        loop {
            let letter = dead_letter::write(original, reject, limit);
            let carried = if letter.keeps_headers { native::carried(message, changed.as_deref()) } else { None };
            let outgoing = Outgoing {
                tag: Tag { number, sent: Sent::DeadLetter },
                key: letter.key.or(keyed),
                value: letter.value,
                timestamp,
                headers: with_added(carried, &letter.added),
            };
            if self.enqueue(place.0, outgoing)? {
                return Ok(());
            }
            if limit < 1024 {
                let error = "the dead-letter topic takes no record of 1 KB";
                return Err(Abort::for_topics(AbortReason::TooLarge, error));
            }
            limit /= 2;
        }
    }

    /// The timestamp to send with, `None` for the time of sending; and the header that then carries the article's own.
    fn stamp(&mut self, sent: Sent, message: &BorrowedMessage<'_>, now: bool) -> (Option<i64>, Added) {
        match message.timestamp().to_millis() {
            Some(own) if now || !self.refusals.take(sent, own, self.now) => {
                (None, vec![(TIMESTAMP_INPUT, own.to_string())])
            }
            own => (own, Vec::new()),
        }
    }

    /// Hands a record to the producer. `false`: it is too large.
    fn enqueue(&mut self, input_partition: i32, outgoing: Outgoing<'_>) -> Result<bool, Unpublished> {
        let (topic, partition) = match outgoing.tag.sent {
            Sent::Record => (&self.stream.output, self.output_partition(input_partition)),
            Sent::DeadLetter => (&self.stream.dead_letters, self.dead_partition(input_partition)),
        };
        let mut record = BaseRecord {
            topic,
            partition,
            payload: outgoing.value,
            key: outgoing.key,
            timestamp: outgoing.timestamp,
            headers: outgoing.headers,
            delivery_opaque: outgoing.tag.to_opaque(),
        };
        let started = Instant::now();
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(true),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    // Not for ever: records that can't be delivered are given up after message.timeout.ms.
                    if started.elapsed() > self.transaction_timeout {
                        let error = "the producer's queue stays full";
                        return Err(Abort::at_once(AbortReason::Delivery, error));
                    }
                    record = back;
                    self.producer.poll(Duration::ZERO);
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge), _)) => return Ok(false),
                // What was sent before it may have been refused, which says more.
                Err((error, _)) => {
                    return Err(match self.failed_deliveries() {
                        true => self.undelivered(),
                        false => self.failed(AbortReason::Delivery, &error),
                    });
                }
            }
        }
    }

    /// A record keeps its partition number where both topics have the same number of partitions, so that ordering per
    /// partition is preserved; else it goes where its key says.
    fn output_partition(&self, input: i32) -> Option<i32> {
        (self.survey.output_partitions == self.survey.input_partitions).then_some(input)
    }

    fn dead_partition(&self, input: i32) -> Option<i32> {
        let partitions = i32::try_from(self.survey.dead_partitions).unwrap_or(i32::MAX).max(1);
        Some(input % partitions)
    }
}

/// The article's headers where they are not sent as they came: with another `traceparent`, and without a header that would
/// pass for copydesk's own.
fn changed<'a>(headers: &'a [RawHeader<'a>], traceparent: Option<&'a str>) -> Option<Vec<RawHeader<'a>>> {
    let own = |name: &[u8]| name == TIMESTAMP_INPUT.as_bytes();
    if traceparent.is_none() && !headers.iter().any(|(name, _)| own(name)) {
        return None;
    }
    let headers = with_traceparent(headers, traceparent);
    Some(headers.iter().filter(|(name, _)| !own(name)).copied().collect())
}

fn sizes<'a>(headers: &'a [RawHeader<'a>], added: &'a Added) -> impl Iterator<Item = (usize, usize)> + 'a {
    let carried = headers.iter().map(|(name, value)| (name.len(), value.map_or(0, <[u8]>::len)));
    carried.chain(added.iter().map(|(name, value)| (name.len(), value.len())))
}

fn with_added(carried: Option<OwnedHeaders>, added: &Added) -> Option<OwnedHeaders> {
    added.iter().fold(carried, |headers, (key, value)| {
        let headers = headers.unwrap_or_else(|| OwnedHeaders::new_with_capacity(added.len()));
        Some(headers.insert(Header { key, value: Some(value) }))
    })
}
