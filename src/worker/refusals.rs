//! What a topic refuses for good, and what is sent in its place.
//!
//! A broker that takes a request refuses it whole, and names the records that it would not take. The transaction is aborted
//! and the batch published again: a record that was named is sent with another timestamp, or becomes a dead letter with
//! the broker's code; a dead letter that was named is sent with another timestamp, cut shorter, or with a key. The others
//! of the request go as before. Where a broker names no record, or not why, records are sent one by one until it is known.

use std::collections::{BTreeMap, HashMap};

use rdkafka::error::RDKafkaErrorCode;

use super::partition::{Coordinates, Partition};
use super::publish::{Tag, Target};
use super::timestamps::TimestampBounds;
use super::topics::Survey;

/// A record that was not delivered, by the tag that it was sent with.
#[derive(Debug, Clone, Copy)]
pub(super) struct FailedDelivery<T> {
    pub(super) tag: T,
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
    /// Its topic refused the record, for this reason: it becomes a dead letter.
    pub(super) rejected: Option<String>,
    /// A dead letter gets a key where it has none.
    pub(super) keyed: bool,
}

/// What the refusals of a batch lead to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RefusalOutcome {
    /// No broker refused a record: something else went wrong.
    NoRefusal,
    /// The batch published again will fare better.
    Retry,
    /// A topic refuses what can't be changed about a record: wait, and say so.
    Blocked(String),
}

/// What was not delivered of a batch.
pub(super) struct Failures<'a> {
    pub(super) deliveries: &'a [FailedDelivery<Tag>],
    /// Articles of the batch, and each by its number.
    pub(super) articles: usize,
    pub(super) article: &'a dyn Fn(usize) -> Option<Failed>,
    /// The time, in milliseconds since 1970.
    pub(super) now: i64,
}

/// A request of which records were not delivered.
#[derive(Default)]
struct Request<'a> {
    /// Did the broker name the records that it refuses?
    named: bool,
    refused: Vec<(&'a FailedDelivery<Tag>, Cause)>,
}

/// An article whose record or dead letter was not delivered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failed {
    pub(super) coordinates: Coordinates,
    pub(super) timestamp: Option<i64>,
    pub(super) has_key: bool,
}

/// Refusals that were met, by the article's coordinates, until the articles that met them are committed; and the timestamps that
/// the topics take.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    output: TimestampBounds,
    dead_letters: TimestampBounds,
    /// The dead-letter topic takes no record without a key.
    keyed: bool,
    treatments: HashMap<(Coordinates, Target), Treatment>,
    /// So many articles are still sent one by one.
    one_by_one: usize,
}

/// Most articles of a batch while records are sent one by one.
const FEW: usize = 100;

impl Refusals {
    /// The topics were asked what they take. What was learned of a topic that does not say stays.
    pub(super) fn surveyed(&mut self, survey: &Survey) {
        self.keyed |= survey.dead_compacted;
        let stated = [(&mut self.output, survey.output_timestamps), (&mut self.dead_letters, survey.dead_timestamps)];
        for (known, stated) in stated {
            if stated.known || !known.known && *known == TimestampBounds::default() {
                *known = stated;
            }
        }
    }

    fn bounds(&mut self, target: Target) -> &mut TimestampBounds {
        match target {
            Target::Output => &mut self.output,
            Target::DeadLetters => &mut self.dead_letters,
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
    pub(super) fn of(&self, coordinates: Coordinates, target: Target) -> Treatment {
        let treatment = self.treatments.get(&(coordinates, target)).cloned().unwrap_or_default();
        Treatment { keyed: self.keyed, ..treatment }
    }

    /// Does its topic take this timestamp now, as far as is known?
    pub(super) fn take(&mut self, target: Target, timestamp: i64, now: i64) -> bool {
        self.bounds(target).take(timestamp, now)
    }

    /// One of the article's records is too large for the output: it is sent as a dead letter.
    pub(super) fn too_large(&mut self, coordinates: Coordinates) {
        self.treatments.entry((coordinates, Target::Output)).or_default().too_large = true;
    }

    /// So many articles were committed, up to these offsets by partition.
    pub(super) fn committed(&mut self, articles: usize, next: &BTreeMap<Partition, i64>) {
        self.one_by_one = self.one_by_one.saturating_sub(articles);
        let is_open = |place: Coordinates| next.get(&place.partition).is_none_or(|next| place.offset >= *next);
        self.treatments.retain(|(coordinates, _), _| is_open(*coordinates));
    }

    /// Learns from what was not delivered of a batch.
    pub(super) fn learn(&mut self, failures: &Failures<'_>) -> RefusalOutcome {
        let mut requests: BTreeMap<(Target, i32), Request<'_>> = BTreeMap::new();
        for failed in failures.deliveries {
            let request = requests.entry((failed.tag.target(), failed.partition)).or_default();
            request.named |= failed.code == RDKafkaErrorCode::InvalidDifferentRecord;
            request.refused.extend(cause(failed.code).map(|cause| (failed, cause)));
        }
        let one_by_one = self.one_by_one();
        let mut outcome = RefusalOutcome::NoRefusal;
        for Request { named, refused } in requests.into_values().filter(|request| !request.refused.is_empty()) {
            outcome = RefusalOutcome::Retry;
            // A request that is too large names no record.
            if !one_by_one && (!named || refused.iter().any(|(_, cause)| *cause == Cause::Size)) {
                self.one_by_one = failures.articles;
                continue;
            }
            let unclear = refused.len() > 1;
            for (failed, cause) in refused {
                let cause = if unclear && cause == Cause::Record { Cause::Unclear } else { cause };
                if let Err(why) = self.refused(failed, cause, failures) {
                    return RefusalOutcome::Blocked(why);
                }
            }
        }
        outcome
    }

    /// A record or dead letter was refused by itself, and for this cause.
    fn refused(&mut self, failed: &FailedDelivery<Tag>, cause: Cause, failures: &Failures<'_>) -> Result<(), String> {
        let target = failed.tag.target();
        let Some(article) = (failures.article)(failed.tag.message()) else { return Ok(()) };
        let now = failures.now;
        let mut treatment = self.of(article.coordinates, target);
        let words = failed.code.to_string();
        let is_record = matches!(cause, Cause::Record | Cause::Unclear);
        match (cause, target) {
            (_, Target::DeadLetters) if is_record && !article.has_key && !self.keyed => self.keyed = true,
            (Cause::Unclear, _) if !treatment.restamped && article.timestamp.is_some() => treatment.restamped = true,
            (Cause::Timestamp, _) => match article.timestamp {
                Some(timestamp) if !treatment.restamped && self.take(target, timestamp, now) => {
                    self.bounds(target).refused(timestamp, now);
                    treatment.restamped = true;
                }
                _ => return Err(format!("a topic refuses records with this machine's time: {words}")),
            },
            (Cause::Size, _) if !treatment.too_large => treatment.too_large = true,
            (_, Target::Output) if is_record && treatment.rejected.is_none() => treatment.rejected = Some(words),
            _ => return Err(format!("the dead-letter topic refuses a dead letter: {words}")),
        }
        self.treatments.insert((article.coordinates, target), treatment);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;
    const DAY: i64 = 86_400_000;

    fn failed(message: usize, target: Target, code: RDKafkaErrorCode) -> FailedDelivery<Tag> {
        let tag = match target {
            Target::Output => Tag::Record { message, part: 0 },
            Target::DeadLetters => Tag::DeadLetter { message },
        };
        FailedDelivery { tag, partition: 0, code }
    }

    fn at(offset: i64) -> Coordinates {
        Coordinates { partition: Partition::new("raw", 0), offset }
    }

    fn learn(refusals: &mut Refusals, deliveries: &[FailedDelivery<Tag>]) -> RefusalOutcome {
        let article = |number: usize| {
            let timestamp = Some(NOW + i64::try_from(number).unwrap() * DAY);
            Some(Failed { coordinates: at(i64::try_from(number).unwrap()), timestamp, has_key: false })
        };
        refusals.learn(&Failures { deliveries, articles: 3, article: &article, now: NOW })
    }

    #[test]
    fn timeouts_fences_and_missing_topics_are_no_refusals() {
        use RDKafkaErrorCode::*;
        for code in [MessageTimedOut, UnknownTopicOrPartition, TopicAuthorizationFailed, ProducerFenced, PurgeQueue] {
            assert_eq!(
                learn(&mut Refusals::default(), &[failed(0, Target::Output, code)]),
                RefusalOutcome::NoRefusal,
                "{code:?}"
            );
        }
    }

    #[test]
    fn only_the_record_that_is_named_becomes_a_dead_letter() {
        let mut refusals = Refusals::default();
        let neighbour = failed(0, Target::Output, RDKafkaErrorCode::InvalidDifferentRecord);
        let named = failed(1, Target::Output, RDKafkaErrorCode::InvalidRecord);
        assert_eq!(learn(&mut refusals, &[neighbour, named]), RefusalOutcome::Retry);
        assert!(refusals.of(at(1), Target::Output).rejected.is_some_and(|words| words.contains("validate record")));
        assert_eq!(refusals.of(at(0), Target::Output), Treatment::default());
        assert!(!refusals.one_by_one());
        refusals.committed(1, &BTreeMap::from([(at(0).partition, 1)]));
        assert!(refusals.of(at(1), Target::Output).rejected.is_some(), "it is still to be published");
        refusals.committed(2, &BTreeMap::from([(at(0).partition, 3)]));
        assert_eq!(refusals.of(at(1), Target::Output), Treatment::default());
    }

    #[test]
    fn what_one_request_names_says_nothing_of_another() {
        let mut refusals = Refusals::default();
        let neighbour = failed(0, Target::Output, RDKafkaErrorCode::InvalidDifferentRecord);
        let named = failed(1, Target::Output, RDKafkaErrorCode::InvalidRecord);
        let other = failed(2, Target::Output, RDKafkaErrorCode::MessageSizeTooLarge);
        let other = FailedDelivery { partition: 1, ..other };
        assert_eq!(learn(&mut refusals, &[neighbour, named, other]), RefusalOutcome::Retry);
        assert!(refusals.of(at(1), Target::Output).rejected.is_some());
        assert!(!refusals.of(at(2), Target::Output).too_large && refusals.one_by_one());
    }

    #[test]
    fn where_none_is_named_records_are_sent_one_by_one_first() {
        let mut refusals = Refusals::default();
        let all: Vec<_> = (0..3).map(|n| failed(n, Target::Output, RDKafkaErrorCode::MessageSizeTooLarge)).collect();
        assert_eq!(learn(&mut refusals, &all), RefusalOutcome::Retry);
        assert!(refusals.one_by_one() && !refusals.of(at(0), Target::Output).too_large);
        assert_eq!(learn(&mut refusals, &all[1..2]), RefusalOutcome::Retry);
        assert!(refusals.of(at(1), Target::Output).too_large && !refusals.of(at(0), Target::Output).too_large);
    }

    #[test]
    fn an_article_of_which_one_part_is_too_large_is_a_dead_letter_when_it_is_sent_again() {
        let mut refusals = Refusals::default();
        refusals.too_large(at(1));
        assert!(refusals.of(at(1), Target::Output).too_large && !refusals.of(at(1), Target::DeadLetters).too_large);
        refusals.committed(2, &BTreeMap::from([(at(0).partition, 2)]));
        assert_eq!(refusals.of(at(1), Target::Output), Treatment::default());
    }

    #[test]
    fn a_refused_timestamp_tightens_the_bound_and_a_second_refusal_blames_the_clock() {
        let mut refusals = Refusals::default();
        let neighbour = failed(0, Target::Output, RDKafkaErrorCode::InvalidDifferentRecord);
        let named = failed(2, Target::Output, RDKafkaErrorCode::InvalidTimestamp);
        assert_eq!(learn(&mut refusals, &[neighbour, named]), RefusalOutcome::Retry);
        assert!(refusals.of(at(2), Target::Output).restamped);
        assert!(!refusals.take(Target::Output, NOW + 3 * DAY, NOW) && refusals.take(Target::Output, NOW + DAY, NOW));
        assert!(refusals.take(Target::DeadLetters, NOW + 3 * DAY, NOW), "the other topic has bounds of its own");
        assert!(matches!(learn(&mut refusals, &[neighbour, named]), RefusalOutcome::Blocked(_)));
    }

    #[test]
    fn a_dead_letter_gets_a_key_and_is_blocked_then() {
        let mut refusals = Refusals::default();
        let neighbour = failed(0, Target::DeadLetters, RDKafkaErrorCode::InvalidDifferentRecord);
        let named = failed(1, Target::DeadLetters, RDKafkaErrorCode::InvalidRecord);
        assert_eq!(learn(&mut refusals, &[neighbour, named]), RefusalOutcome::Retry);
        assert!(refusals.of(at(1), Target::DeadLetters).keyed);
        assert!(matches!(learn(&mut refusals, &[neighbour, named]), RefusalOutcome::Blocked(_)));
    }

    #[test]
    fn several_that_are_named_get_another_timestamp_first_and_are_dead_letters_then() {
        let mut refusals = Refusals::default();
        let all = [
            failed(0, Target::Output, RDKafkaErrorCode::InvalidDifferentRecord),
            failed(1, Target::Output, RDKafkaErrorCode::InvalidRecord),
            failed(2, Target::Output, RDKafkaErrorCode::InvalidRecord),
        ];
        assert_eq!(learn(&mut refusals, &all), RefusalOutcome::Retry);
        let treatment = |refusals: &Refusals, number| refusals.of(at(number), Target::Output);
        assert!(
            [1, 2].iter().all(|n| treatment(&refusals, *n).restamped && treatment(&refusals, *n).rejected.is_none())
        );
        assert_eq!(learn(&mut refusals, &all[..2]), RefusalOutcome::Retry);
        assert!(treatment(&refusals, 1).rejected.is_some() && treatment(&refusals, 2).rejected.is_none());
    }
}
