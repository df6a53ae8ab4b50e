//! The id of a topic: Kafka gives it when the topic is made, so a topic that was deleted and made again has another.
//!
//! librdkafka answers it (`rd_kafka_DescribeTopics`), and rdkafka 0.39 does not wrap that call. This file does, and nothing
//! else: a question is sent, and its answer waits in a queue of its own until it is taken.

#![allow(unsafe_code)]

use std::ffi::CString;
use std::fmt;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rdkafka::bindings::{
    rd_kafka_DescribeTopics, rd_kafka_DescribeTopics_result_topics, rd_kafka_TopicCollection_destroy,
    rd_kafka_TopicCollection_of_topic_names, rd_kafka_TopicDescription_error, rd_kafka_TopicDescription_topic_id,
    rd_kafka_Uuid_least_significant_bits, rd_kafka_Uuid_most_significant_bits, rd_kafka_error_code,
    rd_kafka_event_DescribeTopics_result, rd_kafka_event_destroy, rd_kafka_event_error, rd_kafka_event_t,
    rd_kafka_queue_destroy, rd_kafka_queue_new, rd_kafka_queue_poll, rd_kafka_queue_t,
};
use rdkafka::client::{Client, ClientContext};
use rdkafka::error::RDKafkaErrorCode;

/// A topic's id as Kafka's own tools print it: 16 bytes in URL-safe base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicId(String);

impl TopicId {
    /// As it is printed, and read back.
    pub(super) fn from_text(text: &str) -> TopicId {
        TopicId(text.to_owned())
    }

    fn from_bits(most: i64, least: i64) -> Option<TopicId> {
        let bytes = [most.to_be_bytes(), least.to_be_bytes()].concat();
        ((most, least) != (0, 0)).then(|| TopicId(URL_SAFE_NO_PAD.encode(bytes)))
    }
}

impl fmt::Display for TopicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What came of a question: `Ok(None)` from brokers that give topics no ids (Kafka before 2.8).
pub(super) type Answer = Result<Option<TopicId>, RDKafkaErrorCode>;

/// A question for a topic's id that is under way. It never makes the topic come into being.
pub(super) struct Question<'c> {
    queue: NonNull<rd_kafka_queue_t>,
    /// The queue belongs to the client, and must be gone before it.
    client: PhantomData<&'c ()>,
}

impl<'c> Question<'c> {
    /// Sends it. `None`: there can't be a topic of this name.
    pub(super) fn ask<C: ClientContext>(client: &'c Client<C>, topic: &str) -> Option<Question<'c>> {
        let topic = CString::new(topic).ok().filter(|topic| !topic.is_empty())?;
        let mut names = [topic.as_ptr()];
        // SAFETY: The client is borrowed for longer than the queue lives, so its native pointer is alive. The name is copied
        // into the collection, and the collection's names into the request, before either is freed. Without options
        // librdkafka takes its defaults.
        unsafe {
            let queue = NonNull::new(rd_kafka_queue_new(client.native_ptr()))?;
            let topics = rd_kafka_TopicCollection_of_topic_names(names.as_mut_ptr(), names.len());
            rd_kafka_DescribeTopics(client.native_ptr(), topics, ptr::null(), queue.as_ptr());
            rd_kafka_TopicCollection_destroy(topics);
            Some(Question { queue, client: PhantomData })
        }
    }

    /// The answer, waiting at most so long for it. It comes once; `None`: not yet.
    pub(super) fn answer(&self, wait: Duration) -> Option<Answer> {
        let millis = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: The queue is alive until `self` is dropped. The event is this function's own, and freed after the last look
        // at what it holds.
        unsafe {
            let event = NonNull::new(rd_kafka_queue_poll(self.queue.as_ptr(), millis))?;
            let answer = read(event.as_ptr());
            rd_kafka_event_destroy(event.as_ptr());
            answer
        }
    }
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        // SAFETY: The queue is this struct's own and not used any more. An answer that is still to come is dropped by
        // librdkafka, which holds its own reference to the queue until then.
        unsafe { rd_kafka_queue_destroy(self.queue.as_ptr()) }
    }
}

/// What an event says; `None`: it is no answer to this question.
///
/// # Safety
/// `event` is alive.
unsafe fn read(event: *mut rd_kafka_event_t) -> Option<Answer> {
    // SAFETY: The result, the description and the id belong to the event, which is alive. The list holds `count` pointers; an
    // event of another kind has no result.
    unsafe {
        let result = rd_kafka_event_DescribeTopics_result(event);
        if result.is_null() {
            return None;
        }
        let code = RDKafkaErrorCode::from(rd_kafka_event_error(event));
        if code != RDKafkaErrorCode::NoError {
            return Some(Err(code));
        }
        let mut count = 0;
        let descriptions = rd_kafka_DescribeTopics_result_topics(result, &mut count);
        if count == 0 || (*descriptions).is_null() {
            return Some(Err(RDKafkaErrorCode::UnknownTopicOrPartition));
        }
        let error = rd_kafka_TopicDescription_error(*descriptions);
        if !error.is_null() {
            return Some(Err(RDKafkaErrorCode::from(rd_kafka_error_code(error))));
        }
        let id = rd_kafka_TopicDescription_topic_id(*descriptions);
        if id.is_null() {
            return Some(Ok(None));
        }
        let (most, least) = (rd_kafka_Uuid_most_significant_bits(id), rd_kafka_Uuid_least_significant_bits(id));
        Some(Ok(TopicId::from_bits(most, least)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_written_as_kafkas_own_tools_do() {
        // org.apache.kafka.common.Uuid: `new Uuid(1L, -2L).toString()`.
        assert_eq!(TopicId::from_bits(1, -2).map(|id| id.to_string()).as_deref(), Some("AAAAAAAAAAH__________g"));
        assert_eq!(TopicId::from_bits(0, 0), None, "no id");
    }
}
