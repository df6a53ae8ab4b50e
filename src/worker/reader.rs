//! Reading records outside the worker: `tail`, `dead-letters`. Committed records only; joins no group, commits nothing.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::time::{Duration, Instant};

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::config::Stream;

use super::clients;
use super::context::CommandContext;
use super::diagnose;
use super::failure::{KafkaTrouble, in_words};
use super::login::LoggedIn;
use super::native;

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
    pub headers: Vec<(HeaderName, Option<Vec<u8>>)>,
}

/// The name of a header: text as a rule, but Kafka takes any bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderName(Vec<u8>);

impl HeaderName {
    /// The name as it came.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The name as text; bytes that are none are U+FFFD.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

impl std::convert::From<&str> for HeaderName {
    fn from(name: &str) -> HeaderName {
        HeaderName(name.as_bytes().to_vec())
    }
}

impl PartialEq<str> for HeaderName {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl fmt::Debug for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().fmt(f)
    }
}

impl Record {
    /// The last header of this name, as text.
    pub fn header(&self, name: &str) -> Option<String> {
        let value = self.headers.iter().rev().find(|(key, _)| *key == *name).and_then(|(_, value)| value.as_deref());
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
    consumer: LoggedIn<BaseConsumer<CommandContext>>,
    topic: String,
    partitions: usize,
    at_end: HashSet<i32>,
    /// Where to stop, for what reads a [`Snapshot`].
    ends: BTreeMap<i32, i64>,
}

impl Reader {
    /// Opens `topic`.
    ///
    /// # Errors
    /// Where no broker answers, or the topic does not exist or is denied.
    pub fn open(stream: &Stream, topic: &str, from: From, timeout: Duration) -> Result<Reader, KafkaTrouble> {
        let doing = || format!("opening topic `{topic}`");
        let (consumer, ids) = connect(&clients::reader(stream), stream, topic, timeout)?;
        let mut starts = BTreeMap::new();
        for id in ids {
            let offset = match from {
                From::Start => Offset::Beginning,
                From::End => {
                    // Fixed now, so that what comes after this call is read.
                    let (_, high) = consumer
                        .fetch_watermarks(topic, id, timeout)
                        .map_err(|error| KafkaTrouble::new(doing(), &error))?;
                    Offset::Offset(high)
                }
                From::At(partition, offset) if partition == id => Offset::Offset(offset),
                From::At(..) => continue,
            };
            starts.insert(id, offset);
        }
        Reader::assigned(consumer, topic, &starts)
    }

    fn assigned(
        consumer: LoggedIn<BaseConsumer<CommandContext>>,
        topic: &str,
        starts: &BTreeMap<i32, Offset>,
    ) -> Result<Reader, KafkaTrouble> {
        let doing = || format!("opening topic `{topic}`");
        let mut list = TopicPartitionList::new();
        for (&id, &offset) in starts {
            list.add_partition_offset(topic, id, offset).map_err(|error| KafkaTrouble::new(doing(), &error))?;
        }
        if list.count() == 0 {
            return Err(no_such_partition(topic));
        }
        consumer.assign(&list).map_err(|error| KafkaTrouble::new(doing(), &error))?;
        let partitions = list.count();
        Ok(Reader { consumer, topic: topic.to_owned(), partitions, at_end: HashSet::new(), ends: BTreeMap::new() })
    }

    /// The next record, waiting at most `wait`.
    ///
    /// # Errors
    /// Where reading on makes no sense: the topic is gone or denied.
    pub fn next(&mut self, wait: Duration) -> Result<Next, KafkaTrouble> {
        if !self.ends.is_empty() && self.at_end.len() >= self.partitions {
            return Ok(Next::AtEnd);
        }
        match self.consumer.poll(wait) {
            None => Ok(Next::Nothing),
            Some(Ok(message)) => {
                if let Some(&end) = self.ends.get(&message.partition()) {
                    if message.offset() + 1 >= end {
                        self.at_end.insert(message.partition());
                    }
                    if message.offset() >= end {
                        return Ok(Next::Nothing);
                    }
                } else {
                    self.at_end.remove(&message.partition());
                }
                let headers = native::headers(&message);
                let headers =
                    headers.iter().map(|(name, value)| (HeaderName(name.to_vec()), value.map(<[u8]>::to_vec)));
                let headers = headers.collect();
                Ok(Next::Record(Record {
                    topic: message.topic().to_owned(),
                    partition: message.partition(),
                    offset: message.offset(),
                    timestamp: message.timestamp().to_millis(),
                    key: message.key().map(<[u8]>::to_vec),
                    value: message.payload().map(<[u8]>::to_vec),
                    headers,
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

impl Reader {
    /// As [`Reader::next`], for those who know that there is more to come: silence is an error, and never an answer.
    ///
    /// # Errors
    /// As there, and where nothing comes for as long as `timeout`.
    pub fn next_within(&mut self, timeout: Duration) -> Result<Next, KafkaTrouble> {
        let until = Instant::now() + timeout;
        loop {
            match self.next(Duration::from_millis(100))? {
                Next::Nothing => {}
                there => return Ok(there),
            }
            if Instant::now() > until {
                let silence = format!("nothing came for {} s", timeout.as_secs());
                let what = self.consumer.client().context().last().unwrap_or(silence);
                return Err(KafkaTrouble { doing: format!("reading `{}`", self.topic), what });
            }
        }
    }
}

impl Reader {
    /// Reads on in another place: one partition, from an offset up to another, which is left out. [`Next::AtEnd`] comes at
    /// its end, and for ever.
    ///
    /// # Errors
    /// Where librdkafka refuses.
    pub fn turn_to(&mut self, partition: i32, from: i64, to: i64) -> Result<(), KafkaTrouble> {
        let trouble = |error| KafkaTrouble::new(format!("reading `{}`", self.topic), &error);
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.topic, partition, Offset::Offset(from)).map_err(trouble)?;
        self.consumer.assign(&list).map_err(trouble)?;
        self.partitions = 1;
        self.at_end.clear();
        self.ends = BTreeMap::from([(partition, to)]);
        Ok(())
    }
}

/// What a topic, or one partition of it, holds at one moment. It can be read more than once; what comes later is not read.
pub struct Snapshot<'a> {
    stream: &'a Stream,
    topic: &'a str,
    /// First offset, and the one behind the last, open transactions included.
    spans: BTreeMap<i32, (i64, i64)>,
    timeout: Duration,
}

impl<'a> Snapshot<'a> {
    /// Asks where each partition begins and ends.
    ///
    /// # Errors
    /// Where no broker answers, or the topic or the partition does not exist or is denied.
    pub fn take(
        stream: &'a Stream,
        topic: &'a str,
        partition: Option<i32>,
        timeout: Duration,
    ) -> Result<Snapshot<'a>, KafkaTrouble> {
        let (client, ids) = connect(&uncommitted(stream), stream, topic, timeout)?;
        let mut spans = BTreeMap::new();
        for id in ids.into_iter().filter(|id| partition.is_none_or(|partition| partition == *id)) {
            spans.insert(id, watermarks(&client, topic, id, timeout)?);
        }
        if spans.is_empty() {
            return Err(no_such_partition(topic));
        }
        Ok(Snapshot { stream, topic, spans, timeout })
    }

    /// Waits until no open transaction hides a part of it.
    ///
    /// # Errors
    /// Where one stays open for longer than `timeout`, or no broker answers.
    pub fn wait_until_stable(&self, timeout: Duration) -> Result<(), KafkaTrouble> {
        let (client, _) = connect(&clients::reader(self.stream), self.stream, self.topic, self.timeout)?;
        let until = Instant::now() + timeout;
        for (&id, &(_, end)) in &self.spans {
            // For a reader of committed records a partition ends where the first open transaction begins.
            while watermarks(&client, self.topic, id, self.timeout)?.1 < end {
                if Instant::now() > until {
                    let what = format!("partition {id} has had an open transaction for {} s", timeout.as_secs());
                    return Err(KafkaTrouble { doing: format!("reading `{}`", self.topic), what });
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        Ok(())
    }

    /// Reads it, from its first record or from an offset on. [`Next::AtEnd`] comes once, and for ever.
    ///
    /// # Errors
    /// Where no broker answers.
    pub fn read(&self, from: Option<i64>) -> Result<Reader, KafkaTrouble> {
        let (consumer, _) = connect(&clients::reader(self.stream), self.stream, self.topic, self.timeout)?;
        let start = |begin: i64, end: i64| Offset::Offset(from.unwrap_or(begin).clamp(begin, end));
        let starts = self.spans.iter().map(|(&id, &(begin, end))| (id, start(begin, end))).collect();
        let ends = self.spans.iter().map(|(&id, &(_, end))| (id, end)).collect();
        Ok(Reader { ends, ..Reader::assigned(consumer, self.topic, &starts)? })
    }

    /// A reader that stands nowhere yet: for [`Reader::turn_to`].
    ///
    /// # Errors
    /// Where no broker answers.
    pub fn reader(&self) -> Result<Reader, KafkaTrouble> {
        let (consumer, _) = connect(&clients::reader(self.stream), self.stream, self.topic, self.timeout)?;
        let topic = self.topic.to_owned();
        Ok(Reader { consumer, topic, partitions: 0, at_end: HashSet::new(), ends: BTreeMap::new() })
    }

    /// Of each partition the first offset, and the one behind the last.
    pub fn spans(&self) -> &BTreeMap<i32, (i64, i64)> {
        &self.spans
    }

    /// How many offsets it spans: no fewer than it has records.
    pub fn offsets(&self) -> u64 {
        self.spans.values().map(|(begin, end)| u64::try_from(end - begin).unwrap_or(0)).sum()
    }
}

/// To see as far as the log goes, and not only to where the first open transaction begins.
fn uncommitted(stream: &Stream) -> ClientConfig {
    let mut config = clients::reader(stream);
    config.set("isolation.level", "read_uncommitted");
    config
}

/// First offset of a partition, and the one behind the last, open transactions included.
pub(super) fn span(
    stream: &Stream,
    topic: &str,
    partition: i32,
    timeout: Duration,
) -> Result<(i64, i64), KafkaTrouble> {
    let (client, _) = connect(&uncommitted(stream), stream, topic, timeout)?;
    watermarks(&client, topic, partition, timeout)
}

fn watermarks(
    client: &BaseConsumer<CommandContext>,
    topic: &str,
    partition: i32,
    timeout: Duration,
) -> Result<(i64, i64), KafkaTrouble> {
    let asked = client.fetch_watermarks(topic, partition, timeout);
    asked.map_err(|error| KafkaTrouble::new(format!("asking where `{topic}` ends"), &error))
}

fn no_such_partition(topic: &str) -> KafkaTrouble {
    KafkaTrouble { doing: format!("opening topic `{topic}`"), what: "it has no such partition".to_owned() }
}

/// A client, and the topic's partitions.
pub(super) fn connect(
    config: &ClientConfig,
    stream: &Stream,
    topic: &str,
    timeout: Duration,
) -> Result<(LoggedIn<BaseConsumer<CommandContext>>, Vec<i32>), KafkaTrouble> {
    let doing = || format!("opening topic `{topic}`");
    let consumer: LoggedIn<BaseConsumer<CommandContext>> = LoggedIn::new(config, CommandContext::default(), stream)?;
    let metadata = consumer.fetch_metadata(Some(topic), timeout).map_err(|error| {
        // The reason is reported only to whoever polls.
        let _ = consumer.poll(Duration::from_millis(100));
        let what =
            diagnose::why(consumer.client().context().last(), &stream.brokers).unwrap_or_else(|| in_words(&error));
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
    let ids: Vec<i32> =
        described.map(|found| found.partitions().iter().map(|partition| partition.id()).collect()).unwrap_or_default();
    Ok((consumer, ids))
}
