//! Gather: polls until the batch is full or the queue is empty. The only place that polls the consumer.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use tracing::debug;

use crate::telemetry::events;

use super::batch::{Batch, Work};
use super::dead_letter::HEADER_FRAME;
use super::failure::Failure;
use super::native;
use super::rebalance::Membership;
use super::transaction::is_about_topic;

/// How long the first poll waits: a stop is seen after so long at the latest.
const IDLE: Duration = Duration::from_millis(100);

/// Most articles in a batch, however small they are.
pub(super) const MOST: usize = 10_000;

/// What a batch may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Bytes of articles in all: values, keys and headers.
    pub(super) bytes: usize,
    /// Bytes of what is sent for them in all, as far as can be told.
    pub(super) sent: usize,
    /// Bytes of what is sent for those of one partition.
    pub(super) sent_of_partition: usize,
    /// Articles.
    pub(super) articles: usize,
    /// Bytes of a record's value for each byte of an article's.
    pub(super) growth: f64,
}

/// An article, and what it weighs.
struct Weighed<'c> {
    message: BorrowedMessage<'c>,
    weight: Weight,
}

/// Bytes of an article.
#[derive(Debug, Clone, Copy)]
struct Weight {
    value: usize,
    /// Key and headers, which are sent as they came.
    carried: usize,
}

impl<'c> Weighed<'c> {
    fn new(message: BorrowedMessage<'c>) -> Weighed<'c> {
        let headers: usize = native::headers(&message)
            .iter()
            .map(|(name, value)| name.len() + value.map_or(0, <[u8]>::len) + HEADER_FRAME)
            .sum();
        let weight = Weight { value: message.payload_len(), carried: message.key_len() + headers };
        Weighed { message, weight }
    }
}

impl Weight {
    fn all(self) -> usize {
        self.value + self.carried
    }
}

/// Gathers batches, and holds what a batch has no room for until the next one: articles come in runs of one partition.
#[derive(Default)]
pub(super) struct Gatherer<'c> {
    held: VecDeque<Weighed<'c>>,
    held_bytes: usize,
}

/// What gathering brought.
pub(super) struct Gathered<'c> {
    pub(super) batch: Batch<'c>,
    /// Time from the first article to the end.
    pub(super) took: Duration,
}

impl<'c> Gatherer<'c> {
    /// Gathers until there is no more room, or nothing more to gather. An empty batch means that nothing came for a while,
    /// or that nothing is there now, if a batch is `ready`: that one does not wait.
    pub(super) fn gather(
        &mut self,
        consumer: &'c BaseConsumer<Membership>,
        lane: &str,
        room: Room,
        ready: &mut Option<Work<'c>>,
    ) -> Result<Gathered<'c>, Failure> {
        let mut batch = Batch::default();
        let mut taken = Taken { room, of_partition: HashMap::new(), bytes: 0, sent: 0, articles: 0 };
        let mut started = Instant::now();
        self.held_bytes = 0;
        for weighed in std::mem::take(&mut self.held) {
            self.put(weighed, &mut batch, &mut taken);
        }
        let mut emptied = false;
        let mut wait = if ready.is_some() || !batch.is_empty() { Duration::ZERO } else { IDLE };
        while !taken.is_full() && self.held_bytes < room.bytes {
            let polled = consumer.poll(wait);
            let revoked = consumer.context().take_revoked();
            if !revoked.is_empty() {
                let forgotten = self.forget(&revoked, &mut batch, ready);
                if forgotten > 0 {
                    events::forgotten(lane, forgotten);
                }
            }
            match polled {
                Some(Ok(message)) => {
                    if batch.is_empty() {
                        started = Instant::now();
                    }
                    self.put(Weighed::new(message), &mut batch, &mut taken);
                }
                Some(Err(error)) => judge(lane, consumer, &error)?,
                None => {
                    emptied = true;
                    break;
                }
            }
            wait = Duration::ZERO;
        }
        consumer.context().polled(emptied);
        if !batch.is_empty() {
            consumer.context().given(batch.next_offsets().into_iter());
            let held = self.held.iter().map(|weighed| &weighed.message);
            consumer.context().given(held.map(|message| (message.partition(), message.offset() + 1)));
        }
        Ok(Gathered { batch, took: started.elapsed() })
    }

    /// Into the batch where it has room for it, else behind what is held. Once one article of a partition is held, so are
    /// all that follow it.
    fn put(&mut self, weighed: Weighed<'c>, batch: &mut Batch<'c>, taken: &mut Taken) {
        if taken.take(weighed.message.partition(), weighed.weight) {
            batch.push(weighed.message, weighed.weight.all());
        } else {
            self.held_bytes += weighed.weight.all();
            self.held.push_back(weighed);
        }
    }

    fn forget(&mut self, revoked: &BTreeSet<i32>, batch: &mut Batch<'c>, ready: &mut Option<Work<'c>>) -> usize {
        let is_gone = |partition| revoked.contains(&partition);
        let before = self.held.len();
        self.drop_held(is_gone);
        let of_ready = ready.as_mut().map_or(0, |work| work.forget(is_gone));
        ready.take_if(|work| work.batch.is_empty());
        batch.forget(is_gone) + of_ready + before - self.held.len()
    }

    /// Drops what is held of some partitions.
    pub(super) fn drop_held(&mut self, is_gone: impl Fn(i32) -> bool) {
        self.held.retain(|weighed| !is_gone(weighed.message.partition()));
        self.held_bytes = self.held.iter().map(|weighed| weighed.weight.all()).sum();
    }

    /// Forgets what is held, which will be read again; answers for each of its partitions the first offset.
    pub(super) fn let_go(&mut self) -> BTreeMap<i32, i64> {
        self.held_bytes = 0;
        let places = self.held.drain(..).rev();
        places.map(|Weighed { message, .. }| (message.partition(), message.offset())).collect()
    }
}

/// How much of its room a batch has taken.
struct Taken {
    room: Room,
    /// Bytes sent for each partition; `None`: it has no room left.
    of_partition: HashMap<i32, Option<usize>>,
    bytes: usize,
    sent: usize,
    articles: usize,
}

impl Taken {
    /// Room for an article of so many bytes? The first one of a partition always has it.
    fn take(&mut self, partition: i32, weight: Weight) -> bool {
        let is_full = self.is_full();
        let of_partition = self.of_partition.entry(partition).or_insert(Some(0));
        let Some(before) = *of_partition else { return false };
        let sent = (weight.value as f64 * self.room.growth) as usize + weight.carried;
        if is_full || before > 0 && before + sent > self.room.sent_of_partition {
            *of_partition = None;
            return false;
        }
        *of_partition = Some(before + sent);
        self.bytes += weight.all();
        self.sent += sent;
        self.articles += 1;
        true
    }

    fn is_full(&self) -> bool {
        self.bytes >= self.room.bytes || self.sent >= self.room.sent || self.articles >= self.room.articles
    }
}

/// Most errors that poll returns are news about connections, which librdkafka mends itself.
fn judge(lane: &str, consumer: &BaseConsumer<Membership>, error: &KafkaError) -> Result<(), Failure> {
    use RDKafkaErrorCode::{
        BadCompression, BadMessage, Fatal, FencedInstanceId, GroupAuthorizationFailed, InvalidMessage, PollExceeded,
    };
    let code = error.rdkafka_error_code();
    match error {
        KafkaError::PartitionEOF(_) => return Ok(()),
        // A client that is not usable any more says only that; what has happened is asked for.
        KafkaError::MessageConsumptionFatal(_) | KafkaError::MessageConsumption(Fatal) => {
            return Err(match consumer.client().fatal_error() {
                Some((FencedInstanceId, _)) => Failure::Replaced,
                Some((_, text)) => Failure::Fatal { doing: "reading the input", error: text },
                None => Failure::fatal("reading the input", error),
            });
        }
        _ => {}
    }
    match code {
        // Reading on would step over what could not be read: stall and say so instead.
        Some(BadMessage | BadCompression | InvalidMessage) => Err(Failure::fatal("reading the input", error)),
        Some(code) if is_about_topic(code) => Err(Failure::Topics(format!("reading the input: {error}"))),
        Some(GroupAuthorizationFailed) => Err(Failure::unavailable("joining the group", error)),
        // The group has taken the partitions; the next poll says so and joins again.
        Some(PollExceeded) => {
            events::broker_error(lane, "consumer", "a batch took longer than max.poll.interval.ms");
            Ok(())
        }
        Some(RDKafkaErrorCode::AllBrokersDown) => {
            events::client_down(lane, "consumer", &error.to_string());
            Ok(())
        }
        Some(RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::Resolve) => {
            debug!(lane, "{error}");
            Ok(())
        }
        _ => {
            events::broker_error(lane, "consumer", &error.to_string());
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_that_finds_no_room_takes_the_room_of_those_behind_it() {
        let room = Room { bytes: 1000, sent: usize::MAX, sent_of_partition: 600, articles: 100, growth: 2.0 };
        let mut taken = Taken { room, of_partition: HashMap::new(), bytes: 0, sent: 0, articles: 0 };
        let value = |value| Weight { value, carried: 0 };
        assert!(taken.take(0, value(200)));
        assert!(!taken.take(0, value(200)));
        assert!(!taken.take(0, value(1)), "or it would overtake the one before it");
        assert!(taken.take(1, value(900)), "however large the first one of a partition is");
        assert!(taken.is_full());
        assert!(!taken.take(2, value(1)));
    }

    #[test]
    fn keys_and_headers_take_room_as_values_do() {
        let room = Room { bytes: 1000, sent: 1500, sent_of_partition: 1000, articles: 100, growth: 2.0 };
        let mut taken = Taken { room, of_partition: HashMap::new(), bytes: 0, sent: 0, articles: 0 };
        assert!(taken.take(0, Weight { value: 1, carried: 900 }));
        assert!(!taken.take(0, Weight { value: 1, carried: 900 }), "they are sent as they came");
        assert!(!taken.is_full());
        assert!(taken.take(1, Weight { value: 1, carried: 99 }));
        assert!(taken.is_full(), "1001 bytes of articles");
    }
}
