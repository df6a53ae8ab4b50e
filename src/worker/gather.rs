//! Gather: polls until the batch is full or the queue is empty. The only place that polls the consumer.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tracing::debug;

use crate::telemetry::events;

use super::batch::{Batch, Work};
use super::failure::Failure;
use super::rebalance::Membership;
use super::transaction::is_about_topic;

/// How long the first poll waits: a stop is seen after so long at the latest.
const IDLE: Duration = Duration::from_millis(100);

/// Most articles in a batch, however small they are.
const MOST: usize = 10_000;

/// What gathering brought.
pub(super) struct Gathered<'c> {
    pub(super) batch: Batch<'c>,
    /// Time from the first article to the end.
    pub(super) took: Duration,
}

/// Gathers about `bytes` bytes. An empty batch means that nothing came for a while, or that nothing is there now, if a
/// batch is `ready`: that one does not wait.
pub(super) fn gather<'c>(
    consumer: &'c BaseConsumer<Membership>,
    lane: &str,
    bytes: usize,
    most: usize,
    ready: &mut Option<Work<'c>>,
) -> Result<Gathered<'c>, Failure> {
    let mut batch = Batch::default();
    let mut wait = if ready.is_some() { Duration::ZERO } else { IDLE };
    let mut started = Instant::now();
    loop {
        let polled = consumer.poll(wait);
        let revoked = consumer.context().take_revoked();
        if !revoked.is_empty() {
            let is_gone = |partition| revoked.contains(&partition);
            let of_ready = ready.as_mut().map_or(0, |work| work.forget(is_gone));
            ready.take_if(|work| work.batch.is_empty());
            let forgotten = batch.forget(is_gone) + of_ready;
            if forgotten > 0 {
                events::forgotten(lane, forgotten);
            }
        }
        match polled {
            Some(Ok(message)) => {
                if batch.is_empty() {
                    started = Instant::now();
                }
                batch.push(message);
            }
            Some(Err(error)) => judge(lane, &error)?,
            None => break,
        }
        if batch.bytes >= bytes || batch.messages.len() >= most.min(MOST) {
            break;
        }
        wait = Duration::ZERO;
    }
    Ok(Gathered { batch, took: started.elapsed() })
}

/// Most errors that poll returns are news about connections, which librdkafka mends itself.
fn judge(lane: &str, error: &KafkaError) -> Result<(), Failure> {
    use RDKafkaErrorCode::{
        BadCompression, BadMessage, FencedInstanceId, GroupAuthorizationFailed, InvalidMessage, PollExceeded,
    };
    let code = error.rdkafka_error_code();
    match error {
        KafkaError::PartitionEOF(_) => return Ok(()),
        KafkaError::MessageConsumptionFatal(FencedInstanceId) => return Err(Failure::Fenced),
        KafkaError::MessageConsumptionFatal(_) => return Err(Failure::fatal("reading the input", error)),
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
