//! Whose is a lane's name, when another process has joined the group under it?
//!
//! Of two processes under one name the newer goes on. It has initialised its producer before it joined, so the older one's
//! producer is fenced as well: that one ends. But an older process can take the place in the group back: frozen past its
//! session, librdkafka joins again by itself, and Kafka gives the place to whoever joins last. Then the newer process hears
//! that it was replaced, and its producer is sound: it takes its place again, by a restart, and the older one ends.
//!
//! So the producer is asked, by offsets that are never committed: the coordinator refuses them from a producer that is
//! fenced before it looks at what they are.

use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::producer::Producer;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::failure::{Failure, in_words};
use super::publish::Publisher;
use super::transaction::{Verdict, is_fenced, judge};

const DOING: &str = "keeping the place in the group";
/// How long an answer is waited for, and asked for again.
const ANSWER: Duration = Duration::from_secs(30);
/// The pause before a question is repeated.
const PAUSE: Duration = Duration::from_millis(100);

/// Judges a lane whose consumer was replaced in its group. No transaction is open.
pub(super) fn judge_replacement(publisher: &Publisher<'_>) -> Failure {
    let Publisher { config, consumer, producer, .. } = publisher;
    // At least once: nothing distinguishes the two, and the later to join goes on.
    let Some(offset_sender) = &publisher.offset_sender else { return Failure::Fenced };
    let fatal = |error: String| Failure::Fatal { doing: DOING, error };
    if let Err(error) = producer.begin_transaction() {
        return if judge(&error) == Verdict::Fenced { Failure::Fenced } else { fatal(in_words(&error)) };
    }
    let mut offsets = TopicPartitionList::new();
    if let Err(error) = offsets.add_partition_offset(&config.settings.stream.input, 0, Offset::Offset(0)) {
        return fatal(in_words(&error));
    }
    let end = Instant::now() + ANSWER;
    loop {
        config.health.tick();
        let Some(metadata) = consumer.group_metadata() else { return fatal("the consumer has no group".to_owned()) };
        let Some(answer) = offset_sender.send(&offsets, metadata, ANSWER) else {
            return fatal("librdkafka does not answer any more".to_owned());
        };
        let fenced = producer.client().fatal_error().is_some_and(|(code, _)| is_fenced(code));
        match answer {
            Err(error) if fenced || judge(&error) == Verdict::Fenced => return Failure::Fenced,
            Err(error) if judge(&error) == Verdict::Retry && Instant::now() < end => std::thread::sleep(PAUSE),
            // Never committed: the next session aborts what was begun.
            _ => return fatal("an older process under this name has joined the group: taking its place".to_owned()),
        }
    }
}
