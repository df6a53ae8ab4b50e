//! Asks Kafka what [`super::positions`] has to know of a partition, and does what its verdict says.
//!
//! A batch is examined when it was gathered, before any of it is cleaned. Mostly there is nothing to ask: the records follow
//! those before them. The first records after an assignment cost one question for the group's offsets and one for the
//! topic's id; a partition without records is looked at while the lane is idle. Every two seconds the topic's id is asked
//! for again, and the lane goes on meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList, TopicPartitionListElem};
use tracing::debug;

use crate::config::{OffsetReset, Stream};
use crate::telemetry::{DECIDE, LaneHealth, events};

use super::batch::Batch;
use super::failure::{Failure, KafkaTrouble};
use super::life::Orders;
use super::login::LoggedIn;
use super::note::Note;
use super::positions::{Committed, Doubt, Facts, Positions, Suspect, Verdict, Without, judge};
use super::reader;
use super::rebalance::Membership;
use super::topic_id::{Question, TopicId};
use super::topics::ASK;

/// How often the topic's id is asked for.
const WATCH: Duration = Duration::from_secs(2);
/// How long an answer may take while the lane has nothing else to do, and the pause before the question is asked again. (The
/// group's offsets are not told while a transaction with some of them is open.)
const GLANCE: Duration = Duration::from_secs(1);
/// A busy lane looks after so long at partitions that have brought no record.
const BUSY: Duration = Duration::from_secs(5);
/// How long a first offset is tried to be committed before the lane goes on without it: a rebalance refuses it for a moment.
const INSIST: Duration = Duration::from_secs(1);

/// What [`Examiner`] was doing when Kafka did not answer.
const DOING: &str = "asking where the input is to be read from";

/// Looks after the positions of one lane.
pub(super) struct Examiner<'a> {
    consumer: &'a LoggedIn<BaseConsumer<Membership>>,
    stream: &'a Stream,
    health: &'a LaneHealth,
    lane: &'a str,
    /// An embedded broker begins with nothing, and has no past.
    embedded: bool,
    watch: Option<Question<'a>>,
    watched: Instant,
    /// When partitions without records are looked at again.
    look_at: Instant,
}

impl<'a> Examiner<'a> {
    pub(super) fn new(
        orders: &'a Orders,
        lane: &'a str,
        consumer: &'a LoggedIn<BaseConsumer<Membership>>,
    ) -> Examiner<'a> {
        let (stream, health, embedded) = (&orders.settings.stream, orders.health.as_ref(), orders.embedded);
        let now = Instant::now();
        Examiner { consumer, stream, health, lane, embedded, watch: None, watched: now, look_at: now }
    }

    fn positions(&self) -> &'a Positions {
        self.consumer.context().positions()
    }

    /// Notes which topic is read in this life.
    pub(super) fn begin(&mut self) -> Result<(), Failure> {
        if !self.embedded {
            self.positions().set_topic(self.topic_now()?);
        }
        Ok(())
    }

    /// Leaves in a batch only what may be published. `idle`: no other batch is on the way. Answers the partitions of which
    /// nothing that was gathered besides may be published either.
    pub(super) fn admit(&mut self, batch: &mut Batch<'_>, idle: bool) -> Result<BTreeSet<i32>, Failure> {
        if self.embedded {
            return Ok(BTreeSet::new());
        }
        self.watch()?;
        let suspects =
            self.positions().follow(batch.messages.iter().map(|message| (message.partition(), message.offset())));
        let cuts = if suspects.is_empty() { BTreeMap::new() } else { self.examine(&suspects)? };
        let positions = self.positions();
        batch.keep(|place, partition| match cuts.get(&partition) {
            Some(&cut) => place < cut,
            None => !positions.is_stalled(partition),
        });
        self.look(idle && batch.is_empty())?;
        Ok(cuts.into_keys().collect())
    }

    /// A topic that is another one now ends this life: what was gathered may be of either.
    fn watch(&mut self) -> Result<(), Failure> {
        if let Some(question) = &self.watch {
            let Some(answer) = question.answer(Duration::ZERO) else { return Ok(()) };
            self.watch = None;
            if let (Ok(Some(now)), Some(before)) = (answer, self.positions().topic())
                && now != before
            {
                return Err(self.made_anew());
            }
        } else if self.watched.elapsed() > WATCH {
            self.watched = Instant::now();
            self.watch = Question::ask(self.consumer.client(), &self.stream.input);
        }
        Ok(())
    }

    fn made_anew(&self) -> Failure {
        Failure::Topics(format!("topic `{}` was deleted and made anew", self.stream.input))
    }

    /// Judges partitions at records that do not follow those before them, or that nothing came before. Answers where to cut
    /// the batch: by partition the place of the first record that is not to be published.
    fn examine(&self, suspects: &[Suspect]) -> Result<BTreeMap<i32, usize>, Failure> {
        let topic = self.topic_now()?;
        if topic != self.positions().topic() {
            return Err(self.made_anew());
        }
        let mut partitions: Vec<i32> = suspects.iter().map(|suspect| suspect.partition).collect();
        partitions.sort_unstable();
        partitions.dedup();
        let offsets = committed(self.consumer, self.stream, &partitions, ASK).map_err(|error| unavailable(&error))?;
        let mut without = None;
        let mut firsts = Vec::new();
        let mut cuts = BTreeMap::new();
        for suspect in suspects {
            if cuts.contains_key(&suspect.partition) {
                continue;
            }
            let known = self.known(&offsets, suspect.partition, &mut without)?;
            let expected = known.as_ref().map(|known| known.offset.max(suspect.next.unwrap_or(0)));
            let follows = expected.is_ok_and(|expected| expected == suspect.first);
            let span = match (follows, expected.ok().or(suspect.next)) {
                (false, Some(expected)) => Some(self.span(suspect.partition, expected)?),
                _ => None,
            };
            let facts = Facts {
                topic: topic.as_ref(),
                committed: known.as_ref().map_err(|without| *without),
                next: suspect.next,
                first: Some(suspect.first),
                span,
            };
            match judge(facts) {
                // Not where reading had begun: what was read is on its way, and its offset with it.
                Verdict::Go if known.is_err() && suspect.next.is_none() => {
                    firsts.push((suspect.partition, suspect.first));
                }
                Verdict::Go => {}
                Verdict::Lost { from, to } => events::records_lost(&self.stream.input, suspect.partition, from, to),
                Verdict::Stall(doubt) => {
                    self.doubt(suspect.partition, &doubt)?;
                    cuts.insert(suspect.partition, suspect.at);
                }
            }
        }
        self.remember(&firsts);
        Ok(cuts)
    }

    /// Judges partitions that have brought no record, and notes beside an offset that it was found beyond the end.
    fn look(&mut self, idle: bool) -> Result<(), Failure> {
        let now = Instant::now();
        let unjudged = self.positions().unjudged();
        let nothing = unjudged.is_empty() && (!idle || self.positions().unmarked().is_empty());
        if nothing && idle {
            self.look_at = now;
        }
        if nothing || now < self.look_at || !idle && now < self.look_at + BUSY {
            return Ok(());
        }
        self.look_at = now + GLANCE;
        let looked = self.look_at_idle(&unjudged);
        // At once: the partition may move to another lane, and grow past the offset.
        let marked = if idle { self.mark(&self.positions().unmarked()) } else { Ok(()) };
        match looked.and(marked) {
            // What can't be had now is asked for again; what is read meanwhile is examined anyway.
            Err(failure) if !matches!(failure, Failure::Topics(_)) => {
                debug!(lane = self.lane, "{failure}");
                Ok(())
            }
            done => done,
        }
    }

    fn look_at_idle(&self, unjudged: &[i32]) -> Result<(), Failure> {
        if unjudged.is_empty() {
            return Ok(());
        }
        let topic = self.topic_now()?;
        if topic != self.positions().topic() {
            return Err(self.made_anew());
        }
        let offsets = committed(self.consumer, self.stream, unjudged, GLANCE).map_err(|error| unavailable(&error))?;
        let mut without = None;
        let mut firsts = Vec::new();
        for &partition in unjudged {
            let known = self.known(&offsets, partition, &mut without)?;
            let span = self.span(partition, known.as_ref().map_or(0, |known| known.offset))?;
            let committed = known.as_ref().map_err(|without| *without);
            let facts = Facts { topic: topic.as_ref(), committed, next: None, first: None, span: Some(span) };
            let next = known.as_ref().map_or(span.0, |known| known.offset.max(span.0));
            match judge(facts) {
                Verdict::Stall(doubt) => {
                    self.doubt(partition, &doubt)?;
                    continue;
                }
                Verdict::Lost { from, to } => events::records_lost(&self.stream.input, partition, from, to),
                Verdict::Go if known.is_err() => firsts.push((partition, next)),
                Verdict::Go => {}
            }
            if self.positions().good(partition, next) {
                let paused = self.consumer.resume(&self.list([(partition, Offset::Invalid)])?);
                paused.map_err(|error| unavailable(&error))?;
            }
        }
        self.remember(&firsts);
        Ok(())
    }

    /// A partition's committed offset, or why there is none. The latter is found out once.
    fn known(
        &self,
        offsets: &BTreeMap<i32, Committed>,
        partition: i32,
        without: &mut Option<Without>,
    ) -> Result<Result<Committed, Without>, Failure> {
        if let Some(known) = offsets.get(&partition) {
            return Ok(Ok(known.clone()));
        }
        let found = match *without {
            Some(found) => found,
            None => self::without(self.consumer, self.stream, offsets, self.positions().topic().as_ref())
                .map_err(|error| unavailable(&error))?,
        };
        *without = Some(found);
        Ok(Err(found))
    }

    /// Stalls the partition, or goes back to its beginning, as configured.
    fn doubt(&self, partition: i32, doubt: &Doubt) -> Result<(), Failure> {
        let topic = &self.stream.input;
        match self.stream.on_offset_reset {
            OffsetReset::Stall => {
                self.positions().stall(partition, doubt);
                // A record that comes all the same is dropped.
                let _ = self.consumer.pause(&self.list([(partition, Offset::Invalid)])?);
                self.health.stall(partition, doubt.to_string());
                events::partition_stalls(self.lane, topic, partition, &doubt.to_string(), DECIDE);
            }
            OffsetReset::Earliest => {
                events::offset_reset(self.lane, topic, partition, &doubt.to_string());
                let sought = self.consumer.seek_partitions(self.list([(partition, Offset::Beginning)])?, ASK);
                let sought = sought.map_err(|error| unavailable(&error))?;
                for element in sought.elements() {
                    element.error().map_err(|error| unavailable(&error))?;
                }
                self.positions().good(partition, 0);
                if matches!(doubt, Doubt::Forgotten | Doubt::MadeAnew { offset: None }) {
                    self.remember(&[(partition, self.span(partition, 0)?.0)]);
                }
            }
        }
        Ok(())
    }

    /// Commits where partitions begin of which the group had no offset: from now on it has one. Else a worker that died in its
    /// first transaction would leave records that were given up in the output, and no offsets.
    fn remember(&self, firsts: &[(i32, i64)]) {
        let offsets = firsts.iter().map(|&(partition, offset)| (partition, Offset::Offset(offset)));
        let Ok(list) = self.list(offsets) else { return };
        if list.count() == 0 {
            return;
        }
        self.positions().sign(&list);
        let end = Instant::now() + INSIST;
        while Instant::now() < end {
            self.health.tick();
            match self.consumer.commit(&list, CommitMode::Sync) {
                Ok(()) => return,
                Err(error) => debug!(lane = self.lane, "committing the first offsets: {error}"),
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Notes beside offsets that they were found beyond the end of their partition, so that they are refused still when it has
    /// grown past them.
    fn mark(&self, partitions: &[i32]) -> Result<(), Failure> {
        if partitions.is_empty() {
            return Ok(());
        }
        let offsets = committed(self.consumer, self.stream, partitions, GLANCE).map_err(|error| unavailable(&error))?;
        for &partition in partitions {
            if let Some(Committed { offset, note }) = offsets.get(&partition) {
                let list = self.list([(partition, Offset::Offset(*offset))])?;
                let note = Note { beyond: true, ..note.clone() };
                list.elements().iter_mut().for_each(|element| element.set_metadata(note.text()));
                self.consumer.commit(&list, CommitMode::Sync).map_err(|error| unavailable(&error))?;
            }
            self.positions().marked(partition);
        }
        Ok(())
    }

    fn topic_now(&self) -> Result<Option<TopicId>, Failure> {
        topic_id(self.consumer, &self.stream.input, ASK)
            .map_err(|error| Failure::Unavailable { doing: DOING, error: error.what })
    }

    /// First offset and end of a partition. A reader of committed records sees the end only where it lies behind `expected`.
    fn span(&self, partition: i32, expected: i64) -> Result<(i64, i64), Failure> {
        let asked = self.consumer.fetch_watermarks(&self.stream.input, partition, ASK);
        let (begin, stable) = asked.map_err(|error| unavailable(&error))?;
        if stable >= expected {
            return Ok((begin, stable));
        }
        let whole = reader::span(self.stream, &self.stream.input, partition, ASK);
        whole.map_err(|trouble| Failure::Unavailable { doing: DOING, error: trouble.to_string() })
    }

    fn list(&self, places: impl IntoIterator<Item = (i32, Offset)>) -> Result<TopicPartitionList, Failure> {
        list(&self.stream.input, places).map_err(|error| Failure::fatal(DOING, &error))
    }
}

fn unavailable(error: &KafkaError) -> Failure {
    Failure::unavailable(DOING, error)
}

/// Partitions of a topic with offsets.
pub(super) fn list(
    topic: &str,
    places: impl IntoIterator<Item = (i32, Offset)>,
) -> Result<TopicPartitionList, KafkaError> {
    let mut list = TopicPartitionList::new();
    for (partition, offset) in places {
        list.add_partition_offset(topic, partition, offset)?;
    }
    Ok(list)
}

/// A topic's id, waited for.
pub(super) fn topic_id<C: ConsumerContext + 'static>(
    consumer: &LoggedIn<BaseConsumer<C>>,
    topic: &str,
    timeout: Duration,
) -> Result<Option<TopicId>, KafkaTrouble> {
    let trouble = |what: String| KafkaTrouble { doing: format!("asking for the id of topic `{topic}`"), what };
    let question = Question::ask(consumer.client(), topic).ok_or_else(|| trouble("it can't have this name".into()))?;
    match question.answer(timeout) {
        Some(answer) => answer.map_err(|code| trouble(code.to_string())),
        None => Err(trouble("no answer in time".to_owned())),
    }
}

/// The group's offsets of these partitions, where it has any.
pub(super) fn committed<C: ConsumerContext + 'static>(
    consumer: &LoggedIn<BaseConsumer<C>>,
    stream: &Stream,
    partitions: &[i32],
    timeout: Duration,
) -> Result<BTreeMap<i32, Committed>, KafkaError> {
    let asked = list(&stream.input, partitions.iter().map(|&partition| (partition, Offset::Invalid)))?;
    let mut found = BTreeMap::new();
    for element in consumer.committed_offsets(asked, timeout)?.elements() {
        element.error()?;
        if let Offset::Offset(offset) = element.offset() {
            found.insert(element.partition(), Committed { offset, note: note(&element) });
        }
    }
    Ok(found)
}

/// The text beside an offset. rdkafka panics where it is not UTF-8; such a text is another tool's.
fn note(element: &TopicPartitionListElem<'_>) -> Note {
    catch_unwind(AssertUnwindSafe(|| Note::read(element.metadata()))).unwrap_or_default()
}

/// What the lack of an offset means. `offsets`: those that are known already.
///
/// The output is looked at before the offsets of other partitions: another lane publishes both in one transaction.
pub(super) fn without<C: ConsumerContext + 'static>(
    consumer: &LoggedIn<BaseConsumer<C>>,
    stream: &Stream,
    offsets: &BTreeMap<i32, Committed>,
    topic: Option<&TopicId>,
) -> Result<Without, KafkaError> {
    let judged = |known: &Committed| match (&known.note.topic, topic) {
        (Some(noted), Some(now)) if noted != now => Without::MadeAnew,
        _ => Without::Added,
    };
    if let Some(known) = offsets.values().next() {
        return Ok(judged(known));
    }
    let mut is_empty = true;
    for partition in partitions(consumer, &stream.output)? {
        is_empty &= consumer.fetch_watermarks(&stream.output, partition, ASK)?.1 <= 0;
    }
    if is_empty {
        return Ok(Without::First);
    }
    // One by one: those of a busy lane are not told while its transaction is open, which is most of the time for one of many.
    for partition in partitions(consumer, &stream.input)? {
        if let Some(known) = committed(consumer, stream, &[partition], ASK)?.values().next() {
            return Ok(judged(known));
        }
    }
    Ok(Without::Forgotten)
}

pub(super) fn partitions<C: ConsumerContext + 'static>(
    consumer: &LoggedIn<BaseConsumer<C>>,
    topic: &str,
) -> Result<Vec<i32>, KafkaError> {
    let metadata = consumer.fetch_metadata(Some(topic), ASK)?;
    let found = metadata.topics().iter().find(|found| found.name() == topic);
    Ok(found.map(|found| found.partitions().iter().map(|partition| partition.id()).collect()).unwrap_or_default())
}
