//! Asks Kafka what [`super::positions`] has to know of a partition, and does what its verdict says.
//!
//! A batch is checked when it was gathered, before any of it is cleaned. Mostly there is nothing to ask: the records follow
//! those before them. The first records after an assignment cost one question for the group's offsets and one for the
//! topic's id; a partition without records is looked at while the lane is idle. Every two seconds the topic's id is asked
//! for again, and the lane goes on meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tracing::debug;

use crate::config::{OffsetReset, Stream};
use crate::telemetry::{DECIDE, LaneHealth, events};

use super::batch::Batch;
use super::failure::Failure;
use super::group_offsets::{committed, list, topic_id, why_no_offset};
use super::login::LoggedIn;
use super::offset_metadata::OffsetMetadata;
use super::partition::{Partition, TopicName};
use super::positions::{Committed, Doubt, Facts, NoOffset, Positions, Suspect, Verdict, judge};
use super::reader;
use super::rebalance::Membership;
use super::session::LaneConfig;
use super::topic_id::{Question, TopicId};
use super::topics::ASK;

/// How often the topic's id is asked for.
const TOPIC_ID: Duration = Duration::from_secs(2);
/// How long an answer may take while the lane has nothing else to do, and the pause before the question is asked again. (The
/// group's offsets are not answered while a transaction with some of them is open.)
const IDLE: Duration = Duration::from_secs(1);
/// A busy lane looks after so long at partitions that have brought no record.
const BUSY: Duration = Duration::from_secs(5);
/// How long a first offset is tried to be committed before the lane goes on without it: a rebalance refuses it for a moment.
const FIRST_COMMIT: Duration = Duration::from_secs(1);

/// What [`PositionChecker`] was doing when Kafka did not answer.
const DOING: &str = "asking where the input is to be read from";

/// Checks the positions of one lane.
pub(super) struct PositionChecker<'a> {
    consumer: &'a LoggedIn<BaseConsumer<Membership>>,
    stream: &'a Stream,
    topic: TopicName,
    health: &'a LaneHealth,
    lane: &'a str,
    /// An embedded broker begins with nothing, and has no past.
    embedded: bool,
    /// For the topic's id, while an answer is waited for.
    question: Option<Question<'a>>,
    /// When it was asked last.
    asked: Instant,
    /// When partitions without records are looked at again.
    look_at: Instant,
}

impl<'a> PositionChecker<'a> {
    pub(super) fn new(
        config: &'a LaneConfig,
        lane: &'a str,
        consumer: &'a LoggedIn<BaseConsumer<Membership>>,
    ) -> PositionChecker<'a> {
        let (stream, health, embedded) = (&config.settings.stream, config.health.as_ref(), config.embedded);
        let (topic, now) = (TopicName::new(&stream.input), Instant::now());
        PositionChecker { consumer, stream, topic, health, lane, embedded, question: None, asked: now, look_at: now }
    }

    fn positions(&self) -> &'a Positions {
        self.consumer.context().positions()
    }

    /// Notes which topic is read in this session.
    pub(super) fn begin(&mut self) -> Result<(), Failure> {
        if !self.embedded {
            self.positions().set_topic_id(self.topic, self.topic_id_now()?);
        }
        Ok(())
    }

    /// Leaves in a batch only what may be published. `idle`: no other batch is on the way. Answers the partitions of which
    /// nothing that was gathered besides may be published either.
    pub(super) fn admit(&mut self, batch: &mut Batch<'_>, idle: bool) -> Result<BTreeSet<Partition>, Failure> {
        if self.embedded {
            return Ok(BTreeSet::new());
        }
        self.watch_topic_id()?;
        let suspects = self.positions().follow(batch.articles.iter().map(|article| article.coordinates));
        let cuts = if suspects.is_empty() { BTreeMap::new() } else { self.check(&suspects)? };
        let positions = self.positions();
        batch.retain(|index, partition| match cuts.get(&partition) {
            Some(&cut) => index < cut,
            None => !positions.is_stalled(partition),
        });
        self.check_idle(idle && batch.is_empty())?;
        Ok(cuts.into_keys().collect())
    }

    /// A topic that is another one now ends this session: what was gathered may be of either.
    fn watch_topic_id(&mut self) -> Result<(), Failure> {
        if let Some(question) = &self.question {
            let Some(answer) = question.answer(Duration::ZERO) else { return Ok(()) };
            self.question = None;
            if let (Ok(Some(now)), Some(before)) = (answer, self.positions().topic_id(self.topic))
                && now != before
            {
                return Err(self.topic_recreated());
            }
        } else if self.asked.elapsed() > TOPIC_ID {
            self.asked = Instant::now();
            self.question = Question::ask(self.consumer.client(), &self.stream.input);
        }
        Ok(())
    }

    fn topic_recreated(&self) -> Failure {
        Failure::Topics(format!("topic `{}` was deleted and recreated", self.stream.input))
    }

    /// Judges partitions at records that do not follow those before them, or that nothing came before. Answers where to cut
    /// the batch: by partition the index of the first record that is not to be published.
    fn check(&self, suspects: &[Suspect]) -> Result<BTreeMap<Partition, usize>, Failure> {
        let topic = self.topic_id_now()?;
        if topic != self.positions().topic_id(self.topic) {
            return Err(self.topic_recreated());
        }
        let mut partitions: Vec<Partition> = suspects.iter().map(|suspect| suspect.partition).collect();
        partitions.sort_unstable();
        partitions.dedup();
        let offsets = committed(self.consumer, &partitions, ASK).map_err(|error| unavailable(&error))?;
        let mut no_offset = None;
        let mut firsts = Vec::new();
        let mut cuts = BTreeMap::new();
        for suspect in suspects {
            if cuts.contains_key(&suspect.partition) {
                continue;
            }
            let known = self.known(&offsets, suspect.partition, &mut no_offset)?;
            let expected = known.as_ref().map(|known| known.offset.max(suspect.next.unwrap_or(0)));
            let follows = expected.is_ok_and(|expected| expected == suspect.first);
            let span = match (follows, expected.ok().or(suspect.next)) {
                (false, Some(expected)) => Some(self.span(suspect.partition, expected)?),
                _ => None,
            };
            let facts = Facts {
                topic: topic.as_ref(),
                committed: known.as_ref().map_err(|reason| *reason),
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
                Verdict::Lost { from, to } => records_lost(suspect.partition, from, to),
                Verdict::Stall(doubt) => {
                    self.act_on(suspect.partition, &doubt)?;
                    cuts.insert(suspect.partition, suspect.at);
                }
            }
        }
        self.commit_first_offsets(&firsts);
        Ok(cuts)
    }

    /// Judges partitions that have brought no record, and notes beside an offset that it was found beyond the end.
    fn check_idle(&mut self, idle: bool) -> Result<(), Failure> {
        let now = Instant::now();
        let unjudged = self.positions().unjudged();
        let nothing = unjudged.is_empty() && (!idle || self.positions().unmarked().is_empty());
        if nothing && idle {
            self.look_at = now;
        }
        if nothing || now < self.look_at || !idle && now < self.look_at + BUSY {
            return Ok(());
        }
        self.look_at = now + IDLE;
        let checked = self.check_unjudged(&unjudged);
        // At once: the partition may move to another lane, and grow past the offset.
        let marked = if idle { self.mark_beyond_end(&self.positions().unmarked()) } else { Ok(()) };
        match checked.and(marked) {
            // What can't be had now is asked for again; what is read meanwhile is checked anyway.
            Err(failure) if !matches!(failure, Failure::Topics(_)) => {
                debug!(lane = self.lane, "{failure}");
                Ok(())
            }
            done => done,
        }
    }

    fn check_unjudged(&self, unjudged: &[Partition]) -> Result<(), Failure> {
        if unjudged.is_empty() {
            return Ok(());
        }
        let topic = self.topic_id_now()?;
        if topic != self.positions().topic_id(self.topic) {
            return Err(self.topic_recreated());
        }
        let offsets = committed(self.consumer, unjudged, IDLE).map_err(|error| unavailable(&error))?;
        let mut no_offset = None;
        let mut firsts = Vec::new();
        for &partition in unjudged {
            let known = self.known(&offsets, partition, &mut no_offset)?;
            let span = self.span(partition, known.as_ref().map_or(0, |known| known.offset))?;
            let committed = known.as_ref().map_err(|reason| *reason);
            let facts = Facts { topic: topic.as_ref(), committed, next: None, first: None, span: Some(span) };
            let next = known.as_ref().map_or(span.0, |known| known.offset.max(span.0));
            match judge(facts) {
                Verdict::Stall(doubt) => {
                    self.act_on(partition, &doubt)?;
                    continue;
                }
                Verdict::Lost { from, to } => records_lost(partition, from, to),
                Verdict::Go if known.is_err() => firsts.push((partition, next)),
                Verdict::Go => {}
            }
            if self.positions().set_good(partition, next) {
                let paused = self.consumer.resume(&places([(partition, Offset::Invalid)])?);
                paused.map_err(|error| unavailable(&error))?;
            }
        }
        self.commit_first_offsets(&firsts);
        Ok(())
    }

    /// A partition's committed offset, or why there is none. The latter is found out once.
    fn known(
        &self,
        offsets: &BTreeMap<Partition, Committed>,
        partition: Partition,
        no_offset: &mut Option<NoOffset>,
    ) -> Result<Result<Committed, NoOffset>, Failure> {
        if let Some(known) = offsets.get(&partition) {
            return Ok(Ok(known.clone()));
        }
        let reason = match *no_offset {
            Some(reason) => reason,
            None => why_no_offset(self.consumer, self.stream, offsets, self.positions().topic_id(self.topic).as_ref())
                .map_err(|error| unavailable(&error))?,
        };
        *no_offset = Some(reason);
        Ok(Err(reason))
    }

    /// Stalls the partition, or goes back to its beginning, as configured.
    fn act_on(&self, partition: Partition, doubt: &Doubt) -> Result<(), Failure> {
        let (topic, number) = (partition.topic.as_str(), partition.number);
        match self.stream.on_offset_reset {
            OffsetReset::Stall => {
                self.positions().stall(partition, doubt);
                // A record that comes all the same is dropped.
                let _ = self.consumer.pause(&places([(partition, Offset::Invalid)])?);
                self.health.stall(number, doubt.to_string());
                events::partition_stalls(self.lane, topic, number, &doubt.to_string(), DECIDE);
            }
            OffsetReset::Earliest => {
                events::offset_reset(self.lane, topic, number, &doubt.to_string());
                let sought = self.consumer.seek_partitions(places([(partition, Offset::Beginning)])?, ASK);
                let sought = sought.map_err(|error| unavailable(&error))?;
                for element in sought.elements() {
                    element.error().map_err(|error| unavailable(&error))?;
                }
                self.positions().set_good(partition, 0);
                if matches!(doubt, Doubt::Expired | Doubt::TopicRecreated { offset: None }) {
                    self.commit_first_offsets(&[(partition, self.span(partition, 0)?.0)]);
                }
            }
        }
        Ok(())
    }

    /// Commits where partitions begin of which the group had no offset: from now on it has one. Else a worker that died in its
    /// first transaction would leave records that were given up in the output, and no offsets.
    fn commit_first_offsets(&self, firsts: &[(Partition, i64)]) {
        let offsets = firsts.iter().map(|&(partition, offset)| (partition, Offset::Offset(offset)));
        let Ok(list) = places(offsets) else { return };
        if list.count() == 0 {
            return;
        }
        self.positions().sign(&list);
        let end = Instant::now() + FIRST_COMMIT;
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
    fn mark_beyond_end(&self, partitions: &[Partition]) -> Result<(), Failure> {
        if partitions.is_empty() {
            return Ok(());
        }
        let offsets = committed(self.consumer, partitions, IDLE).map_err(|error| unavailable(&error))?;
        for &partition in partitions {
            if let Some(Committed { offset, metadata }) = offsets.get(&partition) {
                let list = places([(partition, Offset::Offset(*offset))])?;
                let metadata = OffsetMetadata { beyond_end: true, ..metadata.clone() };
                list.elements().iter_mut().for_each(|element| element.set_metadata(metadata.text()));
                self.consumer.commit(&list, CommitMode::Sync).map_err(|error| unavailable(&error))?;
            }
            self.positions().marked(partition);
        }
        Ok(())
    }

    fn topic_id_now(&self) -> Result<Option<TopicId>, Failure> {
        topic_id(self.consumer, &self.stream.input, ASK)
            .map_err(|error| Failure::Unavailable { doing: DOING, error: error.what })
    }

    /// First offset and end of a partition. A reader of committed records sees the end only where it lies behind `expected`.
    fn span(&self, partition: Partition, expected: i64) -> Result<(i64, i64), Failure> {
        let asked = self.consumer.fetch_watermarks(partition.topic.as_str(), partition.number, ASK);
        let (begin, stable) = asked.map_err(|error| unavailable(&error))?;
        if stable >= expected {
            return Ok((begin, stable));
        }
        let whole = reader::span(self.stream, partition.topic.as_str(), partition.number, ASK);
        whole.map_err(|trouble| Failure::Unavailable { doing: DOING, error: trouble.to_string() })
    }
}

fn places(places: impl IntoIterator<Item = (Partition, Offset)>) -> Result<TopicPartitionList, Failure> {
    list(places).map_err(|error| Failure::fatal(DOING, &error))
}

fn records_lost(partition: Partition, from: i64, to: i64) {
    events::records_lost(partition.topic.as_str(), partition.number, from, to);
}

fn unavailable(error: &KafkaError) -> Failure {
    Failure::unavailable(DOING, error)
}
