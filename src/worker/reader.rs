//! Reading records outside the worker: `tail`, `dead-letters`. Committed records only; joins no group, commits nothing.

use std::collections::HashSet;
use std::time::Duration;

use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Headers, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::config::Stream;

use super::clients;
use super::context::Quiet;
use super::failure::{KafkaTrouble, in_words};

/// A record as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Topic.
    pub topic: String,
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
    /// Kafka's timestamp in milliseconds since 1970.
    pub timestamp: Option<i64>,
    /// Key.
    pub key: Option<Vec<u8>>,
    /// Value.
    pub value: Option<Vec<u8>>,
    /// Headers, in order.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Record {
    /// The last header of this name, as text.
    pub fn header(&self, name: &str) -> Option<String> {
        let value = self.headers.iter().rev().find(|(key, _)| key == name).and_then(|(_, value)| value.as_deref());
        value.map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }
}

/// Where to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// At the first record of each partition.
    Start,
    /// After the last one: only what comes from now on.
    End,
    /// At an offset of one partition; the others are not read.
    At(i32, i64),
}

/// What reading brought.
#[derive(Debug)]
pub enum Next {
    /// A record.
    Record(Record),
    /// Nothing for now; there may be more.
    Nothing,
    /// Every partition was read to its end.
    AtEnd,
}

/// Reads one topic.
pub struct Reader {
    consumer: BaseConsumer<Quiet>,
    topic: String,
    partitions: usize,
    at_end: HashSet<i32>,
}

impl Reader {
    /// Opens `topic`.
    ///
    /// # Errors
    /// Where no broker answers, or the topic does not exist or is denied.
    pub fn open(stream: &Stream, topic: &str, from: From, timeout: Duration) -> Result<Reader, KafkaTrouble> {
        let doing = || format!("opening topic `{topic}`");
        let consumer = BaseConsumer::from_config_and_context(&clients::reader(stream), Quiet::default())
            .map_err(|error| KafkaTrouble::new("starting the client", &error))?;
        let metadata = consumer.fetch_metadata(Some(topic), timeout).map_err(|error| {
            let what = consumer.client().context().last().unwrap_or_else(|| in_words(&error));
            KafkaTrouble { doing: format!("asking the brokers at `{}`", stream.brokers), what }
        })?;
        let described = metadata.topics().iter().find(|found| found.name() == topic);
        if let Some(error) = described.and_then(rdkafka::metadata::MetadataTopic::error) {
            let what = match RDKafkaErrorCode::from(error) {
                RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic => {
                    "it does not exist (`copydesk topics --create` makes it)".to_owned()
                }
                code => code.to_string(),
            };
            return Err(KafkaTrouble { doing: doing(), what });
        }
        let ids: Vec<i32> = described
            .map(|found| found.partitions().iter().map(|partition| partition.id()).collect())
            .unwrap_or_default();
        let mut list = TopicPartitionList::new();
        for id in ids {
            let offset = match from {
                From::Start => Offset::Beginning,
                From::End => {
                    // Settled now, so that what comes after this call is read.
                    let (_, high) = consumer
                        .fetch_watermarks(topic, id, timeout)
                        .map_err(|error| KafkaTrouble::new(doing(), &error))?;
                    Offset::Offset(high)
                }
                From::At(partition, offset) if partition == id => Offset::Offset(offset),
                From::At(..) => continue,
            };
            list.add_partition_offset(topic, id, offset).map_err(|error| KafkaTrouble::new(doing(), &error))?;
        }
        if list.count() == 0 {
            return Err(KafkaTrouble { doing: doing(), what: "it has no such partition".to_owned() });
        }
        consumer.assign(&list).map_err(|error| KafkaTrouble::new(doing(), &error))?;
        Ok(Reader { consumer, topic: topic.to_owned(), partitions: list.count(), at_end: HashSet::new() })
    }

    /// The next record, waiting at most `wait`.
    ///
    /// # Errors
    /// Where reading on makes no sense: the topic is gone or denied.
    pub fn next(&mut self, wait: Duration) -> Result<Next, KafkaTrouble> {
        match self.consumer.poll(wait) {
            None => Ok(Next::Nothing),
            Some(Ok(message)) => {
                self.at_end.remove(&message.partition());
                let headers = message.headers().map(|headers| {
                    headers.iter().map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect()
                });
                Ok(Next::Record(Record {
                    topic: message.topic().to_owned(),
                    partition: message.partition(),
                    offset: message.offset(),
                    timestamp: message.timestamp().to_millis(),
                    key: message.key().map(<[u8]>::to_vec),
                    value: message.payload().map(<[u8]>::to_vec),
                    headers: headers.unwrap_or_default(),
                }))
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                self.at_end.insert(partition);
                Ok(if self.at_end.len() >= self.partitions { Next::AtEnd } else { Next::Nothing })
            }
            Some(Err(error)) => {
                let code = error.rdkafka_error_code();
                let lasting = code.is_some_and(super::transaction::is_about_topic)
                    || matches!(code, Some(RDKafkaErrorCode::OffsetOutOfRange | RDKafkaErrorCode::AutoOffsetReset));
                if lasting {
                    Err(KafkaTrouble::new(format!("reading `{}`", self.topic), &error))
                } else {
                    Ok(Next::Nothing)
                }
            }
        }
    }
}
