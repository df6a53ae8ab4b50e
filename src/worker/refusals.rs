//! What a topic refuses for good, and what is sent in its place.
//!
//! A broker that takes a request refuses it whole, and names the records that it would not take. The transaction is aborted
//! and the batch published again: a record that was named is sent with another timestamp, or becomes a dead letter with
//! the broker's code; a dead letter that was named is sent with another timestamp, cut shorter, or with a key. The others
//! of the request go as before. Where a broker names no record, or not why, records are sent one by one until it is known.

use std::collections::{BTreeMap, HashMap};

use rdkafka::error::RDKafkaErrorCode;

use super::timestamps::TimestampBounds;
use super::topics::Survey;

/// An article's place in the input topic: partition and offset.
pub(super) type Place = (i32, i64);

/// What was sent for an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Sent {
    /// Its record, to the output topic.
    Record,
    /// Its dead letter.
    DeadLetter,
}

/// What a delivery report is about: the article, by its number in the batch, and what was sent for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) number: usize,
    pub(super) sent: Sent,
}

impl Tag {
    /// As the number that librdkafka keeps with a record.
    pub(super) fn to_opaque(self) -> usize {
        self.number * 2 + usize::from(self.sent == Sent::DeadLetter)
    }

    pub(super) fn from_opaque(opaque: usize) -> Tag {
        let sent = if opaque % 2 == 1 { Sent::DeadLetter } else { Sent::Record };
        Tag { number: opaque / 2, sent }
    }
}

/// A record that was not delivered.
#[derive(Debug, Clone, Copy)]
pub(super) struct FailedDelivery {
    pub(super) opaque: usize,
    /// The partition that it was sent to: requests are by topic and partition.
    pub(super) partition: i32,
    pub(super) code: RDKafkaErrorCode,
}

/// What a broker's code says about a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// It, or the request, is larger than the topic takes.
    Size,
    /// Its timestamp is out of the topic's bounds.
    Timestamp,
    /// The record itself: a null key for a compacted topic, a broker's own rules.
    Record,
    /// One of several records of a request that were named: librdkafka says of each that it is invalid, and not why.
    Unclear,
}

/// The codes with which a broker refuses a record for good. Never a time-out, a missing topic, a permission or a fence.
fn cause(code: RDKafkaErrorCode) -> Option<Cause> {
    use RDKafkaErrorCode::{
        InvalidMessageSize, InvalidRecord, InvalidTimestamp, MessageBatchTooLarge, MessageSizeTooLarge, PolicyViolation,
    };
    match code {
        MessageSizeTooLarge | MessageBatchTooLarge | InvalidMessageSize => Some(Cause::Size),
        InvalidTimestamp => Some(Cause::Timestamp),
        InvalidRecord | PolicyViolation => Some(Cause::Record),
        _ => None,
    }
}

/// Is this the code of a record that was refused, or of one that was in the same request?
pub(super) fn is_refusal(code: RDKafkaErrorCode) -> bool {
    cause(code).is_some() || code == RDKafkaErrorCode::InvalidDifferentRecord
}

/// How an article's record or dead letter is sent after it was refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Treatment {
    /// With the time of sending.
    pub(super) restamped: bool,
    /// Its topic called it too large: a record becomes a dead letter, and a dead letter is cut to the least.
    pub(super) too_large: bool,
    /// Its topic refused the record, and this is what it was told: it becomes a dead letter.
    pub(super) rejected: Option<String>,
    /// A dead letter gets a key where it has none.
    pub(super) keyed: bool,
}

/// What the refusals of a batch lead to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lesson {
    /// No broker refused a record: something else went wrong.
    None,
    /// The batch published again will fare better.
    Again,
    /// A topic refuses what can't be changed about a record: wait, and say so.
    Hopeless(String),
}

/// What was not delivered of a batch.
pub(super) struct Failures<'a> {
    pub(super) deliveries: &'a [FailedDelivery],
    /// Articles of the batch, and each by its number.
    pub(super) articles: usize,
    pub(super) article: &'a dyn Fn(usize) -> Option<Article>,
    /// The time, in milliseconds since 1970.
    pub(super) now: i64,
}

/// A request of which records were not delivered.
#[derive(Default)]
struct Request<'a> {
    /// Did the broker name the records that it refuses?
    named: bool,
    refused: Vec<(&'a FailedDelivery, Cause)>,
}

/// What is known of an article whose record or dead letter failed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Article {
    pub(super) place: Place,
    pub(super) timestamp: Option<i64>,
    pub(super) has_key: bool,
}

/// Refusals that were met, by the article's place, until the articles that met them are committed; and the timestamps that
/// the topics take.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    output: TimestampBounds,
    dead_letters: TimestampBounds,
    /// The dead-letter topic takes no record without a key.
    keyed: bool,
    treatments: HashMap<(Place, Sent), Treatment>,
    /// So many articles are still sent one by one.
    one_by_one: usize,
}

/// Most articles of a batch while records are sent one by one.
const FEW: usize = 100;

impl Refusals {
    /// The topics were asked what they take. What was learned of a topic that does not tell it stays.
    pub(super) fn surveyed(&mut self, survey: &Survey) {
        self.keyed |= survey.dead_compacted;
        let told = [(&mut self.output, survey.output_timestamps), (&mut self.dead_letters, survey.dead_timestamps)];
        for (known, told) in told {
            if told.known || !known.known && *known == TimestampBounds::default() {
                *known = told;
            }
        }
    }

    fn bounds(&mut self, sent: Sent) -> &mut TimestampBounds {
        match sent {
            Sent::Record => &mut self.output,
            Sent::DeadLetter => &mut self.dead_letters,
        }
    }

    /// Most articles to gather.
    pub(super) fn most_at_once(&self) -> usize {
        if self.one_by_one > 0 { FEW } else { usize::MAX }
    }

    /// Is each record sent and acknowledged by itself?
    pub(super) fn one_by_one(&self) -> bool {
        self.one_by_one > 0
    }

    /// How an article's record or dead letter is to be sent.
    pub(super) fn of(&self, place: Place, sent: Sent) -> Treatment {
        let treatment = self.treatments.get(&(place, sent)).cloned().unwrap_or_default();
        Treatment { keyed: self.keyed, ..treatment }
    }

    /// Does its topic take this timestamp now, as far as is known?
    pub(super) fn take(&mut self, sent: Sent, timestamp: i64, now: i64) -> bool {
        self.bounds(sent).take(timestamp, now)
    }

    /// So many articles were committed, up to these offsets by partition.
    pub(super) fn committed(&mut self, articles: usize, next: &BTreeMap<i32, i64>) {
        self.one_by_one = self.one_by_one.saturating_sub(articles);
        let is_open = |(partition, offset): Place| next.get(&partition).is_none_or(|next| offset >= *next);
        self.treatments.retain(|(place, _), _| is_open(*place));
    }

    /// Learns from what was not delivered of a batch.
    pub(super) fn learn(&mut self, failures: &Failures<'_>) -> Lesson {
        let mut requests: BTreeMap<(bool, i32), Request<'_>> = BTreeMap::new();
        for failed in failures.deliveries {
            let sent = Tag::from_opaque(failed.opaque).sent;
            let request = requests.entry((sent == Sent::Record, failed.partition)).or_default();
            request.named |= failed.code == RDKafkaErrorCode::InvalidDifferentRecord;
            request.refused.extend(cause(failed.code).map(|cause| (failed, cause)));
        }
        let alone = self.one_by_one();
        let mut lesson = Lesson::None;
        for Request { named, refused } in requests.into_values().filter(|request| !request.refused.is_empty()) {
            lesson = Lesson::Again;
            // A request that is too large names no record.
            if !alone && (!named || refused.iter().any(|(_, cause)| *cause == Cause::Size)) {
                self.one_by_one = failures.articles;
                continue;
            }
            let unclear = refused.len() > 1;
            for (failed, cause) in refused {
                let cause = if unclear && cause == Cause::Record { Cause::Unclear } else { cause };
                if let Err(why) = self.refused(failed, cause, failures) {
                    return Lesson::Hopeless(why);
                }
            }
        }
        lesson
    }

    /// A record or dead letter was refused by itself, and for this cause.
    fn refused(&mut self, failed: &FailedDelivery, cause: Cause, failures: &Failures<'_>) -> Result<(), String> {
        let Tag { number, sent } = Tag::from_opaque(failed.opaque);
        let Some(article) = (failures.article)(number) else { return Ok(()) };
        let now = failures.now;
        let mut treatment = self.of(article.place, sent);
        let words = failed.code.to_string();
        let is_record = matches!(cause, Cause::Record | Cause::Unclear);
        match (cause, sent) {
            (_, Sent::DeadLetter) if is_record && !article.has_key && !self.keyed => self.keyed = true,
            (Cause::Unclear, _) if !treatment.restamped && article.timestamp.is_some() => treatment.restamped = true,
            (Cause::Timestamp, _) => match article.timestamp {
                Some(timestamp) if !treatment.restamped && self.take(sent, timestamp, now) => {
                    self.bounds(sent).refused(timestamp, now);
                    treatment.restamped = true;
                }
                _ => return Err(format!("a topic refuses records with this machine's time: {words}")),
            },
            (Cause::Size, _) if !treatment.too_large => treatment.too_large = true,
            (_, Sent::Record) if is_record && treatment.rejected.is_none() => treatment.rejected = Some(words),
            _ => return Err(format!("the dead-letter topic refuses a dead letter: {words}")),
        }
        self.treatments.insert((article.place, sent), treatment);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;
    const DAY: i64 = 86_400_000;

    fn failed(number: usize, sent: Sent, code: RDKafkaErrorCode) -> FailedDelivery {
        FailedDelivery { opaque: Tag { number, sent }.to_opaque(), partition: 0, code }
    }

    fn learn(refusals: &mut Refusals, deliveries: &[FailedDelivery]) -> Lesson {
        let article = |number: usize| {
            let timestamp = Some(NOW + i64::try_from(number).unwrap() * DAY);
            Some(Article { place: (0, i64::try_from(number).unwrap()), timestamp, has_key: false })
        };
        refusals.learn(&Failures { deliveries, articles: 3, article: &article, now: NOW })
    }

    #[test]
    fn a_tag_is_a_number_and_back() {
        for tag in [Tag { number: 0, sent: Sent::DeadLetter }, Tag { number: 77, sent: Sent::Record }] {
            assert_eq!(Tag::from_opaque(tag.to_opaque()), tag);
        }
    }

    #[test]
    fn timeouts_fences_and_missing_topics_are_no_refusals() {
        use RDKafkaErrorCode::*;
        for code in [MessageTimedOut, UnknownTopicOrPartition, TopicAuthorizationFailed, ProducerFenced, PurgeQueue] {
            assert_eq!(learn(&mut Refusals::default(), &[failed(0, Sent::Record, code)]), Lesson::None, "{code:?}");
        }
    }

    #[test]
    fn only_the_record_that_is_named_becomes_a_dead_letter() {
        let mut refusals = Refusals::default();
        let neighbour = failed(0, Sent::Record, RDKafkaErrorCode::InvalidDifferentRecord);
        let named = failed(1, Sent::Record, RDKafkaErrorCode::InvalidRecord);
        assert_eq!(learn(&mut refusals, &[neighbour, named]), Lesson::Again);
        assert!(refusals.of((0, 1), Sent::Record).rejected.is_some_and(|words| words.contains("validate record")));
        assert_eq!(refusals.of((0, 0), Sent::Record), Treatment::default());
        assert!(!refusals.one_by_one());
        refusals.committed(1, &BTreeMap::from([(0, 1)]));
        assert!(refusals.of((0, 1), Sent::Record).rejected.is_some(), "it is still to be published");
        refusals.committed(2, &BTreeMap::from([(0, 3)]));
        assert_eq!(refusals.of((0, 1), Sent::Record), Treatment::default());
    }

    #[test]
    fn what_one_request_names_says_nothing_of_another() {
        let mut refusals = Refusals::default();
        let neighbour = failed(0, Sent::Record, RDKafkaErrorCode::InvalidDifferentRecord);
        let named = failed(1, Sent::Record, RDKafkaErrorCode::InvalidRecord);
        let other = failed(2, Sent::Record, RDKafkaErrorCode::MessageSizeTooLarge);
        let other = FailedDelivery { partition: 1, ..other };
        assert_eq!(learn(&mut refusals, &[neighbour, named, other]), Lesson::Again);
        assert!(refusals.of((0, 1), Sent::Record).rejected.is_some());
        assert!(!refusals.of((0, 2), Sent::Record).too_large && refusals.one_by_one());
    }

    #[test]
    fn where_none_is_named_records_are_sent_one_by_one_first() {
        let mut refusals = Refusals::default();
        let all: Vec<_> = (0..3).map(|n| failed(n, Sent::Record, RDKafkaErrorCode::MessageSizeTooLarge)).collect();
        assert_eq!(learn(&mut refusals, &all), Lesson::Again);
        assert!(refusals.one_by_one() && !refusals.of((0, 0), Sent::Record).too_large);
        assert_eq!(learn(&mut refusals, &all[1..2]), Lesson::Again);
        assert!(refusals.of((0, 1), Sent::Record).too_large && !refusals.of((0, 0), Sent::Record).too_large);
    }

    #[test]
    fn a_refused_timestamp_teaches_the_bound_and_a_second_refusal_blames_the_clock() {
        let mut refusals = Refusals::default();
        let neighbour = failed(0, Sent::Record, RDKafkaErrorCode::InvalidDifferentRecord);
        let named = failed(2, Sent::Record, RDKafkaErrorCode::InvalidTimestamp);
        assert_eq!(learn(&mut refusals, &[neighbour, named]), Lesson::Again);
        assert!(refusals.of((0, 2), Sent::Record).restamped);
        assert!(!refusals.take(Sent::Record, NOW + 3 * DAY, NOW) && refusals.take(Sent::Record, NOW + DAY, NOW));
        assert!(refusals.take(Sent::DeadLetter, NOW + 3 * DAY, NOW), "the other topic has bounds of its own");
        assert!(matches!(learn(&mut refusals, &[neighbour, named]), Lesson::Hopeless(_)));
    }

    #[test]
    fn a_dead_letter_gets_a_key_then_is_hopeless() {
        let mut refusals = Refusals::default();
        let neighbour = failed(0, Sent::DeadLetter, RDKafkaErrorCode::InvalidDifferentRecord);
        let named = failed(1, Sent::DeadLetter, RDKafkaErrorCode::InvalidRecord);
        assert_eq!(learn(&mut refusals, &[neighbour, named]), Lesson::Again);
        assert!(refusals.of((0, 1), Sent::DeadLetter).keyed);
        assert!(matches!(learn(&mut refusals, &[neighbour, named]), Lesson::Hopeless(_)));
    }

    #[test]
    fn several_that_are_named_get_another_timestamp_first_and_are_dead_letters_then() {
        let mut refusals = Refusals::default();
        let all = [
            failed(0, Sent::Record, RDKafkaErrorCode::InvalidDifferentRecord),
            failed(1, Sent::Record, RDKafkaErrorCode::InvalidRecord),
            failed(2, Sent::Record, RDKafkaErrorCode::InvalidRecord),
        ];
        assert_eq!(learn(&mut refusals, &all), Lesson::Again);
        let treatment = |refusals: &Refusals, number| refusals.of((0, number), Sent::Record);
        assert!(
            [1, 2].iter().all(|n| treatment(&refusals, *n).restamped && treatment(&refusals, *n).rejected.is_none())
        );
        assert_eq!(learn(&mut refusals, &all[..2]), Lesson::Again);
        assert!(treatment(&refusals, 1).rejected.is_some() && treatment(&refusals, 2).rejected.is_none());
    }
}
