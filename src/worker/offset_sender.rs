//! Offsets into the transaction, sent by a thread of its own, since the call may never return.
//!
//! librdkafka 2.12.1 sends them by a request to the group's coordinator (`rdkafka_coord.c`) whose time-out is noted and never
//! looked at: it waits for a broker to change its state, and where the coordinator has moved and all brokers are up already,
//! none does. A lane that waits with it would stand still for ever. So it waits for a while, leaves the call and both clients
//! behind, and starts a new session, which fences the old one. (Found by `group-coordinator-killed`.)

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, Producer};
use rdkafka::topic_partition_list::TopicPartitionList;

use super::context::DeliveryReports;
use super::publish::Tag;
use super::session::LaneConfig;
use super::stop::Deadline;

/// So long an answer is waited for: longer than a cluster takes to find another coordinator.
const ANSWER: Duration = Duration::from_secs(30);

struct Request {
    offsets: TopicPartitionList,
    metadata: ConsumerGroupMetadata,
    timeout: Duration,
}

/// The thread that sends offsets.
pub(super) struct OffsetSender<'a> {
    config: &'a LaneConfig,
    requests: SyncSender<Request>,
    answers: Receiver<Result<(), KafkaError>>,
}

impl<'a> OffsetSender<'a> {
    /// Starts the thread; it ends with the sender, or when the call that hangs returns at last.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub(super) fn start(
        producer: Arc<BaseProducer<DeliveryReports<Tag>>>,
        config: &'a LaneConfig,
    ) -> io::Result<OffsetSender<'a>> {
        let (requests, asked) = sync_channel::<Request>(1);
        let (answer, answers) = sync_channel(1);
        std::thread::Builder::new().name(format!("offsets-{}", config.number)).spawn(move || {
            while let Ok(Request { offsets, metadata, timeout }) = asked.recv() {
                let answered = producer.send_offsets_to_transaction(&offsets, &metadata, timeout);
                if answer.send(answered).is_err() {
                    return;
                }
            }
        })?;
        Ok(OffsetSender { config, requests, answers })
    }

    /// Sends offsets into the open transaction. `None`: there was no answer, and neither client is of use any more.
    pub(super) fn send(
        &self,
        offsets: &TopicPartitionList,
        metadata: ConsumerGroupMetadata,
        timeout: Duration,
    ) -> Option<Result<(), KafkaError>> {
        let mut deadline = Deadline::after(ANSWER);
        self.requests.send(Request { offsets: offsets.clone(), metadata, timeout }).ok()?;
        loop {
            match self.answers.recv_timeout(Duration::from_millis(500)) {
                Ok(answer) => return Some(answer),
                Err(RecvTimeoutError::Timeout) if !deadline.is_over(&self.config.stop) => self.config.health.tick(),
                Err(_) => return None,
            }
        }
    }
}
