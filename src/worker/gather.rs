//! Gather: polls until the batch is full or the queue is empty. The only place that polls the consumer.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tracing::debug;

use crate::telemetry::events;

use super::batch::{Article, Batch, Size, next_offsets};
use super::failure::Failure;
use super::partition::Partition;
use super::pipeline::Pipeline;
use super::rebalance::Membership;
use super::transaction::is_about_topic;

/// How long the first poll waits: a stop is seen after so long at the latest.
const IDLE: Duration = Duration::from_millis(100);

/// Most articles in a batch, however small they are.
pub(super) const MOST_ARTICLES: usize = 10_000;

/// What a batch may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchLimits {
    /// Bytes of articles in all: values, keys and headers.
    pub(super) bytes: usize,
    /// Bytes of what is sent for them in all, as far as can be estimated.
    pub(super) sent: usize,
    /// Bytes of what is sent for those of one partition.
    pub(super) sent_of_partition: usize,
    /// Articles.
    pub(super) articles: usize,
    /// Bytes of a record's value for each byte of an article's.
    pub(super) output_ratio: f64,
}

impl<'c> Pipeline<'c> {
    /// Gathers until a limit is reached, or nothing more is there; answers the time from the first article to the end. A batch
    /// that stays empty means that nothing came for a while, or that nothing is there now, if another one is ready: that one
    /// does not wait.
    ///
    /// No transaction is open now, so a rebalance is welcome.
    pub(super) fn gather(
        &mut self,
        consumer: &'c BaseConsumer<Membership>,
        lane: &str,
        limits: BatchLimits,
    ) -> Result<Duration, Failure> {
        let mut fill = Fill::new(limits);
        let mut started = Instant::now();
        self.gathered = Batch::default();
        self.buffered_bytes = 0;
        for article in std::mem::take(&mut self.buffered) {
            self.put(article, &mut fill);
        }
        let mut emptied = false;
        let mut wait = if self.has_ready() || !self.gathered.is_empty() { Duration::ZERO } else { IDLE };
        while !fill.is_full() && self.buffered_bytes < limits.bytes {
            let polled = consumer.poll(wait);
            let revoked = consumer.context().take_revoked();
            if !revoked.is_empty() {
                let discarded = self.revoke(&revoked);
                if discarded > 0 {
                    events::forgotten(lane, discarded);
                }
            }
            match polled {
                Some(Ok(message)) => {
                    if self.gathered.is_empty() {
                        started = Instant::now();
                    }
                    self.put(Article::new(message), &mut fill);
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
        if !self.gathered.is_empty() {
            consumer.context().gathered(self.gathered.next_offsets());
            consumer.context().gathered(next_offsets(&self.buffered));
        }
        Ok(started.elapsed())
    }

    /// Into the batch where it has room for it, else behind what is buffered. Once one article of a partition is buffered, so
    /// are all that follow it.
    fn put(&mut self, article: Article<'c>, fill: &mut Fill) {
        if fill.take(article.partition(), article.size) {
            self.gathered.push(article);
        } else {
            self.buffered_bytes += article.size.total();
            self.buffered.push_back(article);
        }
    }
}

/// How far a batch is filled.
struct Fill {
    limits: BatchLimits,
    /// Bytes sent for each partition; `None`: it has no room left.
    of_partition: HashMap<Partition, Option<usize>>,
    bytes: usize,
    sent: usize,
    articles: usize,
}

impl Fill {
    fn new(limits: BatchLimits) -> Fill {
        Fill { limits, of_partition: HashMap::new(), bytes: 0, sent: 0, articles: 0 }
    }

    /// Is there room for an article of this size? The first one of a partition always has it.
    fn take(&mut self, partition: Partition, size: Size) -> bool {
        let is_full = self.is_full();
        let of_partition = self.of_partition.entry(partition).or_insert(Some(0));
        let Some(before) = *of_partition else { return false };
        let sent = (size.value as f64 * self.limits.output_ratio) as usize + size.carried;
        if is_full || before > 0 && before + sent > self.limits.sent_of_partition {
            *of_partition = None;
            return false;
        }
        *of_partition = Some(before + sent);
        self.bytes += size.total();
        self.sent += sent;
        self.articles += 1;
        true
    }

    fn is_full(&self) -> bool {
        self.bytes >= self.limits.bytes || self.sent >= self.limits.sent || self.articles >= self.limits.articles
    }
}

/// Most errors that poll returns are news about connections, which librdkafka restores by itself.
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

    fn partition(number: i32) -> Partition {
        Partition::new("raw", number)
    }

    #[test]
    fn an_article_that_finds_no_room_takes_the_room_of_those_behind_it() {
        let limits =
            BatchLimits { bytes: 1000, sent: usize::MAX, sent_of_partition: 600, articles: 100, output_ratio: 2.0 };
        let mut fill = Fill::new(limits);
        let value = |value| Size { value, carried: 0 };
        assert!(fill.take(partition(0), value(200)));
        assert!(!fill.take(partition(0), value(200)));
        assert!(!fill.take(partition(0), value(1)), "or it would overtake the one before it");
        assert!(fill.take(Partition::new("more", 0), value(1)), "a partition of another topic with the same number");
        assert!(fill.take(partition(1), value(900)), "however large the first one of a partition is");
        assert!(fill.is_full());
        assert!(!fill.take(partition(2), value(1)));
    }

    #[test]
    fn keys_and_headers_take_room_as_values_do() {
        let limits = BatchLimits { bytes: 1000, sent: 1500, sent_of_partition: 1000, articles: 100, output_ratio: 2.0 };
        let mut fill = Fill::new(limits);
        assert!(fill.take(partition(0), Size { value: 1, carried: 900 }));
        assert!(!fill.take(partition(0), Size { value: 1, carried: 900 }), "they are sent as they came");
        assert!(!fill.is_full());
        assert!(fill.take(partition(1), Size { value: 1, carried: 99 }));
        assert!(fill.is_full(), "1001 bytes of articles");
    }
}
