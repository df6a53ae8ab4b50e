//! What is sent for an article: its record, or its dead letter, with a timestamp that the topic takes and the article's
//! headers as they came.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, Message, OwnedHeaders};
use rdkafka::producer::BaseRecord;

use crate::config::RecordTimestamp;
use crate::telemetry::traces::{BatchTrace, with_traceparent};
use copydesk_core::pipeline::Part;
use copydesk_core::record::Reject;

use super::abort::{Abort, AbortReason};
use super::batch::{Article, ArticleOutcome, Batch};
use super::dead_letter::{self, KEY_ADDED, Original, TIMESTAMP_INPUT, framed};
use super::native::{self, RawHeader};
use super::partition::Partition;
use super::publish::{Publisher, Tag, Target, Unpublished};

/// Headers that copydesk adds.
pub(super) type Added = Vec<(&'static str, String)>;

/// A batch that is being sent.
pub(super) struct Sending<'s, 'c> {
    pub(super) batch: &'s Batch<'c>,
    /// The records of the batch, one after the other.
    pub(super) out: &'s [u8],
    /// The time, in milliseconds since 1970.
    pub(super) now: i64,
}

/// An article that is about to be sent.
struct Draft<'s, 'c> {
    sending: &'s Sending<'s, 'c>,
    article: &'s Article<'c>,
    /// Its index in the batch.
    message: usize,
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

/// Whether the producer has taken a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Enqueued {
    Yes,
    /// It is larger than the producer takes.
    TooLarge,
}

/// What became of an article's records.
enum Sent {
    /// All are handed to the producer: so many bytes.
    All { bytes: u64 },
    /// None is, since the topic does not take one of them.
    Refused(Reject),
}

impl Publisher<'_> {
    /// Sends what became of an article, and answers the bytes of its records. The outcome changes where one turns out to be
    /// what its topic does not take.
    pub(super) fn send(
        &mut self,
        sending: &Sending<'_, '_>,
        message: usize,
        outcome: &mut ArticleOutcome,
        trace: &mut BatchTrace,
    ) -> Result<u64, Unpublished> {
        let Some(article) = sending.batch.articles.get(message) else { return Ok(0) };
        let is_record = matches!(outcome, ArticleOutcome::Clean(..));
        let (partition, offset) = (article.partition().number, article.coordinates.offset);
        // Whatever is read of a message, a message may be wrong in: it is not to stop its partition.
        let read = catch_unwind(AssertUnwindSafe(|| trace.article(article.headers(), (partition, offset), is_record)));
        let traceparent = read.unwrap_or_else(|_| {
            *outcome =
                ArticleOutcome::Refused(Reject::Internal { reason: "panic while reading the headers".to_owned() });
            None
        });
        let draft = Draft { sending, article, message, traceparent };
        if let ArticleOutcome::Clean(cleaned) = outcome {
            match self.send_records(&draft, &cleaned.parts)? {
                Sent::All { bytes } => return Ok(bytes),
                Sent::Refused(reject) => *outcome = ArticleOutcome::Refused(reject),
            }
        }
        if let ArticleOutcome::Refused(reject) = outcome {
            self.send_dead_letter(&draft, reject)?;
        }
        Ok(0)
    }

    /// Sends the records of all parts of an article, or none where the topic does not take one of them.
    fn send_records(&mut self, draft: &Draft<'_, '_>, parts: &[Part]) -> Result<Sent, Unpublished> {
        let article = draft.article;
        let treatment = self.refusals.of(article.coordinates, Target::Output);
        if let Some(reason) = treatment.rejected {
            return Ok(Sent::Refused(Reject::RefusedByTopic { reason }));
        }
        let now = treatment.restamped || self.stream().timestamp == RecordTimestamp::Now;
        let (timestamp, added) = self.stamp(Target::Output, draft, now);
        let headers = changed(article.headers(), draft.traceparent.as_deref());
        let value = |part: &Part| draft.sending.out.get(part.record.clone()).unwrap_or_default();
        let limit = self.survey.output_bytes;
        let too_large = |bytes: usize| Sent::Refused(Reject::OutputTooLarge { bytes, limit });
        let framed_bytes = |part: &Part| {
            framed(
                Some(key(article, part)),
                Some(value(part)),
                sizes(headers.as_deref().unwrap_or(article.headers()), &added),
            )
        };
        // Before the first is sent.
        for bytes in parts.iter().map(framed_bytes) {
            if bytes > limit || treatment.too_large {
                return Ok(too_large(bytes));
            }
        }
        let mut bytes = 0;
        for (number, part) in parts.iter().enumerate() {
            let outgoing = Outgoing {
                tag: Tag::Record { message: draft.message, part: number },
                key: Some(key(article, part)),
                value: Some(value(part)),
                timestamp,
                headers: with_added(native::carried(article.message(), headers.as_deref()), &added),
            };
            match self.enqueue(draft, outgoing)? {
                Enqueued::Yes => bytes += value(part).len() as u64,
                Enqueued::TooLarge if number == 0 => return Ok(too_large(framed_bytes(part))),
                // Those before it are in the transaction already: the next one has the dead letter in their place.
                Enqueued::TooLarge => {
                    self.refusals.too_large(article.coordinates);
                    let error = format!("part {number} of {} is larger than the producer takes", article.coordinates);
                    return Err(Unpublished::aborted(AbortReason::TooLarge, error));
                }
            }
        }
        Ok(Sent::All { bytes })
    }

    fn send_dead_letter(&mut self, draft: &Draft<'_, '_>, reject: &Reject) -> Result<(), Unpublished> {
        let Draft { article, message, .. } = *draft;
        let treatment = self.refusals.of(article.coordinates, Target::DeadLetters);
        let (timestamp, mut added) = self.stamp(Target::DeadLetters, draft, treatment.restamped);
        // A compacted topic takes no record without a key.
        let coordinates = article.coordinates.to_string();
        let keyed = (treatment.keyed && article.message().key().is_none()).then_some(coordinates.as_bytes());
        added.extend(keyed.map(|_| (KEY_ADDED, "true".to_owned())));
        let changed = changed(article.headers(), None);
        let original = Original {
            coordinates: article.coordinates,
            key: article.message().key().or(keyed),
            value: article.message().payload(),
            headers: changed.as_deref().unwrap_or(article.headers()),
            added: &added,
        };
        // Cut shorter each time that it is too large, so that it ends.
        let mut limit = if treatment.too_large { 4096 } else { self.survey.dead_bytes };
        loop {
            let letter = dead_letter::write(original, reject, limit);
            let carried =
                if letter.keeps_headers { native::carried(article.message(), changed.as_deref()) } else { None };
            let outgoing = Outgoing {
                tag: Tag::DeadLetter { message },
                key: letter.key.or(keyed),
                value: letter.value,
                timestamp,
                headers: with_added(carried, &letter.added),
            };
            if self.enqueue(draft, outgoing)? == Enqueued::Yes {
                return Ok(());
            }
            if limit < 1024 {
                let error = "the dead-letter topic takes no record of 1 KB";
                return Err(Unpublished::Aborted(Abort::waiting_for_topics(AbortReason::TooLarge, error)));
            }
            limit /= 2;
        }
    }

    /// The timestamp to send with, `None` for the time of sending; and the header that then carries the article's own.
    fn stamp(&mut self, target: Target, draft: &Draft<'_, '_>, now: bool) -> (Option<i64>, Added) {
        match draft.article.timestamp() {
            Some(own) if now || !self.refusals.take(target, own, draft.sending.now) => {
                (None, vec![(TIMESTAMP_INPUT, own.to_string())])
            }
            own => (own, Vec::new()),
        }
    }

    /// Hands a record to the producer.
    fn enqueue(&mut self, draft: &Draft<'_, '_>, outgoing: Outgoing<'_>) -> Result<Enqueued, Unpublished> {
        let input = draft.article.partition();
        let (topic, partition) = match outgoing.tag.target() {
            Target::Output => (&self.stream().output, self.output_partition(input)),
            Target::DeadLetters => (&self.stream().dead_letters, self.dead_letter_partition(input)),
        };
        let mut record = BaseRecord {
            topic,
            partition,
            payload: outgoing.value,
            key: outgoing.key,
            timestamp: outgoing.timestamp,
            headers: outgoing.headers,
            delivery_opaque: Box::new(outgoing.tag),
        };
        let started = Instant::now();
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(Enqueued::Yes),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    // Not for ever: records that can't be delivered are given up after message.timeout.ms.
                    if started.elapsed() > self.transaction_timeout {
                        let error = "the producer's queue stays full";
                        return Err(Unpublished::aborted(AbortReason::Delivery, error));
                    }
                    record = back;
                    self.producer.poll(Duration::ZERO);
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge), _)) => {
                    return Ok(Enqueued::TooLarge);
                }
                // What was sent before it may have been refused, which says more.
                Err((error, _)) => {
                    return Err(match self.wait_for_failures() {
                        true => self.undelivered(draft.sending),
                        false => self.failed(AbortReason::Delivery, &error),
                    });
                }
            }
        }
    }

    /// A record keeps its partition number where both topics have the same number of partitions, so that ordering per
    /// partition is preserved; else it goes where its key says.
    fn output_partition(&self, input: Partition) -> Option<i32> {
        (self.survey.output_partitions == self.survey.input_partitions).then_some(input.number)
    }

    fn dead_letter_partition(&self, input: Partition) -> Option<i32> {
        let partitions = i32::try_from(self.survey.dead_partitions).unwrap_or(i32::MAX).max(1);
        Some(input.number % partitions)
    }
}

/// The key of a part's record: the article's, where it has one.
fn key<'a>(article: &'a Article<'_>, part: &'a Part) -> &'a [u8] {
    article.message().key().unwrap_or(part.uri.as_bytes())
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
