//! Replaying dead letters: each goes back to the input topic, and a mark that it did to the dead-letter topic, in one
//! transaction. A batch is sent and marked, or neither.
//!
//! All replays of a group have one transactional id. So a replay that starts ends the one before it (its open transaction
//! is aborted, and it can't commit any more), and whoever reads the marks after [`Replayer::open`] knows of everything
//! that was ever replayed: no letter is sent twice because two people had the same idea, or because a process died.
//!
//! With `delivery = "at-least-once"` there are no transactions: a batch is marked when all of it was acknowledged, and a
//! replay that dies in between leaves letters that were sent and are not marked.

use std::collections::HashSet;
use std::time::Duration;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, PurgeConfig};
use rdkafka::util::Timeout;
use thiserror::Error;

use crate::config::{Delivery, Stream};

use super::clients;
use super::context::DeliveryReports;
use super::dead_letter::{self, MARK, REPLAYED};
use super::failure::{KafkaTrouble, in_words};
use super::login::LoggedIn;
use super::native;
use super::reader::{HeaderName, Next, Record, Snapshot};
use super::refusals::is_refusal;
use super::timestamps::TimestampBounds;
use super::topics::{Admin, Survey};
use super::transaction::{Verdict, is_fenced, judge};

/// A dead letter, and the payload that it was before it was refused.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// The dead letter.
    pub letter: Record,
    /// The payload: the letter itself, or where that was cut, the record of the input topic.
    pub whole: Record,
}

impl Parcel {
    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.whole.value.as_ref().map_or(0, Vec::len)
    }

    /// The payload's own timestamp: a dead letter may have another.
    fn timestamp(&self) -> Option<i64> {
        let own = self.whole.header(dead_letter::TIMESTAMP_INPUT).and_then(|own| own.parse().ok());
        own.or(self.whole.timestamp)
    }

    /// The payload's own key: a dead letter may have one where it had none.
    fn key(&self) -> Option<&[u8]> {
        self.whole.key.as_deref().filter(|_| self.whole.header(dead_letter::KEY_ADDED).is_none())
    }

    /// The payload's own headers, then where it comes from. Reasons why it was refused are not carried.
    fn headers(&self) -> OwnedHeaders {
        let own = |name: &HeaderName| dead_letter::HEADERS.iter().chain([&REPLAYED]).any(|own| *name == **own);
        let kept = self.whole.headers.iter().filter(|(name, _)| !own(name));
        let kept: Vec<_> = kept.map(|(name, value)| (name.as_bytes(), value.as_deref())).collect();
        let headers = native::owned(&kept);
        let Record { topic, partition, offset, .. } = &self.letter;
        headers.insert(Header { key: REPLAYED, value: Some(&format!("{topic}/{partition}/{offset}")) })
    }
}

/// Why a batch was not sent. Nothing of it is to be seen, but for `delivery = "at-least-once"`.
#[derive(Debug, Error)]
pub enum Unsent {
    /// One of its records is larger than its topic takes. The next batch can be sent.
    #[error("it is larger than the topic takes")]
    TooLarge,
    /// Another replay of this group was started. This one is over.
    #[error("another replay of this group was started meanwhile, which ends this one")]
    Fenced,
    /// This one is over.
    #[error(transparent)]
    Trouble(#[from] KafkaTrouble),
}

/// How often a transaction is tried. One that was refused for a record that was too large makes the next one fail once, until
/// librdkafka has renumbered its records.
const ATTEMPTS: u64 = 5;

/// Sends dead letters back.
pub struct Replayer {
    producer: LoggedIn<BaseProducer<DeliveryReports<()>>>,
    stream: Stream,
    /// Partitions of the input topic.
    partitions: i32,
    /// The dead-letter topic is compacted: a mark needs a key of its own, and a value, to be taken and to last.
    keyed_marks: bool,
}

impl Replayer {
    /// Makes ready to send. With transactions, every other replay of the group is over when this returns.
    ///
    /// # Errors
    /// Where no broker answers within `timeout`, a topic is missing, or this user may not do this.
    pub fn open(stream: &Stream, timeout: Duration) -> Result<Replayer, KafkaTrouble> {
        let admin = Admin::new(stream)?;
        let input = admin.describe(&stream.input, timeout)?;
        let dead = admin.describe(&stream.dead_letters, timeout)?;
        let partitions = input.partitions().and_then(|count| i32::try_from(count).ok()).unwrap_or(0);
        // What the lanes know of their output is here true of the input, which is where records go.
        let survey = Survey {
            input_partitions: input.partitions().unwrap_or(0),
            output_partitions: input.partitions().unwrap_or(0),
            dead_partitions: dead.partitions().unwrap_or(0),
            output_bytes: input.message_bytes(),
            dead_bytes: dead.message_bytes(),
            output_timestamps: TimestampBounds::default(),
            dead_timestamps: TimestampBounds::default(),
            dead_compacted: dead.is_compacted(),
        };
        let context = DeliveryReports::new("replay".to_owned());
        let producer = LoggedIn::new(&clients::replayer(stream, &survey), context, stream)?;
        let keyed_marks = survey.dead_compacted;
        let replayer = Replayer { producer, stream: stream.clone(), partitions, keyed_marks };
        if replayer.exactly_once() {
            let begun = replayer.producer.init_transactions(timeout);
            begun.map_err(|error| KafkaTrouble::new("initialising transactions", &error))?;
        }
        Ok(replayer)
    }

    fn exactly_once(&self) -> bool {
        self.stream.delivery == Delivery::ExactlyOnce
    }

    /// Sends a batch and marks it. A transaction that had to be aborted is tried again, a few times.
    ///
    /// # Errors
    /// Where it was not sent, or (without transactions) perhaps not whole.
    pub fn send(&self, parcels: &[Parcel]) -> Result<(), Unsent> {
        if !self.exactly_once() {
            return self.in_order(parcels).inspect_err(|_| self.forget());
        }
        let mut attempt = 1;
        loop {
            self.producer.client().context().clear();
            let Err(unsent) = self.in_transaction(parcels) else { return Ok(()) };
            self.forget();
            if matches!(unsent, Unsent::Fenced) || self.producer.client().fatal_error().is_some() {
                return Err(unsent);
            }
            // A broker that is gone aborts it by itself, after transaction.timeout.ms.
            let aborted = self.producer.abort_transaction(clients::transaction_timeout(&self.stream));
            aborted.map_err(|error| self.failed("aborting a transaction", &error))?;
            if matches!(unsent, Unsent::TooLarge) || attempt == ATTEMPTS {
                return Err(unsent);
            }
            std::thread::sleep(Duration::from_millis(200 * attempt));
            attempt += 1;
        }
    }

    fn in_transaction(&self, parcels: &[Parcel]) -> Result<(), Unsent> {
        self.producer.begin_transaction().map_err(|error| self.failed("beginning a transaction", &error))?;
        for parcel in parcels {
            self.replay(parcel)?;
            self.mark(parcel)?;
        }
        self.drain()?;
        loop {
            let Err(error) = self.producer.commit_transaction(Timeout::Never) else { return Ok(()) };
            if judge(&error) != Verdict::Retry {
                return Err(self.failed("committing", &error));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn in_order(&self, parcels: &[Parcel]) -> Result<(), Unsent> {
        self.producer.client().context().clear();
        parcels.iter().try_for_each(|parcel| self.replay(parcel))?;
        self.drain()?;
        parcels.iter().try_for_each(|parcel| self.mark(parcel))?;
        self.drain()
    }

    fn replay(&self, parcel: &Parcel) -> Result<(), Unsent> {
        let whole = &parcel.whole;
        // To where it was, so that it is cleaned by whoever cleans its key; the topic may have been recreated since.
        let partition = parcel.letter.header(dead_letter::PARTITION).and_then(|partition| partition.parse().ok());
        self.enqueue(BaseRecord {
            topic: &self.stream.input,
            partition: partition.filter(|partition| (0..self.partitions).contains(partition)),
            payload: whole.value.as_deref(),
            key: parcel.key(),
            timestamp: parcel.timestamp(),
            headers: Some(parcel.headers()),
            delivery_opaque: Box::new(()),
        })
    }

    fn mark(&self, parcel: &Parcel) -> Result<(), Unsent> {
        let offset = parcel.letter.offset.to_string();
        let key = format!("replayed/{}/{offset}", parcel.letter.partition);
        self.enqueue(BaseRecord {
            topic: &parcel.letter.topic,
            partition: Some(parcel.letter.partition),
            payload: self.keyed_marks.then_some(&[]),
            key: self.keyed_marks.then_some(key.as_bytes()),
            timestamp: None,
            headers: Some(OwnedHeaders::new().insert(Header { key: MARK, value: Some(&offset) })),
            delivery_opaque: Box::new(()),
        })
    }

    fn enqueue(&self, mut record: BaseRecord<'_, [u8], [u8], Box<()>>) -> Result<(), Unsent> {
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    // Not for ever: what can't be delivered is given up after message.timeout.ms.
                    record = back;
                    self.producer.poll(Duration::ZERO);
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err((error, _)) => return Err(self.failed("sending", &error)),
            }
        }
    }

    /// Waits until everything sent was acknowledged.
    fn drain(&self) -> Result<(), Unsent> {
        while self.producer.in_flight_count() > 0 {
            self.producer.poll(Duration::ZERO);
            std::thread::sleep(Duration::from_millis(1));
        }
        let failed = self.producer.client().context().failed();
        // Records that are purged with one that was too large only say that they were purged.
        let refused = failed.iter().find(|failed| is_refusal(failed.code));
        let too_large = failed.iter().find(|failed| failed.code == RDKafkaErrorCode::MessageSizeTooLarge);
        let Some(first) = too_large.or(refused).or_else(|| failed.first()) else { return Ok(()) };
        Err(self.failed("sending", &KafkaError::MessageProduction(first.code)))
    }

    fn failed(&self, doing: &str, error: &KafkaError) -> Unsent {
        let fatal = self.producer.client().fatal_error();
        let fenced = judge(error) == Verdict::Fenced
            || matches!(error, KafkaError::MessageProduction(code) if is_fenced(*code))
            || fatal.as_ref().is_some_and(|(code, _)| is_fenced(*code));
        match error {
            _ if fenced => Unsent::Fenced,
            KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge) => Unsent::TooLarge,
            _ => {
                let reported = fatal.map(|(_, text)| text).or_else(|| self.producer.client().context().transaction());
                let what = reported.unwrap_or_else(|| in_words(error));
                Unsent::Trouble(KafkaTrouble { doing: format!("{doing} to `{}`", self.stream.input), what })
            }
        }
    }

    /// Drops what is not acknowledged. (An abort does not poll, so it would wait in vain for what is still queued.)
    fn forget(&self) {
        self.producer.purge(PurgeConfig::default().queue().inflight());
        while self.producer.in_flight_count() > 0 {
            self.producer.poll(Duration::ZERO);
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// The dead letter that a record marks as replayed: partition and offset in the same topic. `None`: it is no mark.
///
/// A dead letter is never a mark, whatever headers its payload had: it has a code.
pub fn marked(record: &Record) -> Option<(i32, i64)> {
    if record.header(dead_letter::CODE).is_some() {
        return None;
    }
    let offset = record.header(MARK)?.parse().ok()?;
    Some((record.partition, offset))
}

/// The dead letters that a snapshot has marks for, those before the offset `from` aside.
///
/// # Errors
/// Where no broker answers for as long as `timeout`.
pub fn marks(
    snapshot: &Snapshot<'_>,
    from: Option<i64>,
    timeout: Duration,
) -> Result<HashSet<(i32, i64)>, KafkaTrouble> {
    let mut found = HashSet::new();
    // A mark stands behind its letter.
    let mut reader = snapshot.read(from)?;
    loop {
        match reader.next_within(timeout)? {
            Next::Record(record) => found.extend(marked(&record)),
            Next::Nothing => {}
            Next::AtEnd => return Ok(found),
        }
    }
}
