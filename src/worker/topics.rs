//! What the broker says about the three topics, and making them.

use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::config::Stream;

use super::clients;
use super::context::CommandContext;
use super::diagnose;
use super::failure::{KafkaTrouble, in_words};
use super::login::{LoggedIn, NoClient};
use super::timestamps::TimestampBounds;

/// How long the brokers may take to answer before a lane says that it waits.
pub(super) const ASK: Duration = Duration::from_secs(10);

/// Kafka's own default of `max.message.bytes`: assumed where a topic's configuration may not be read.
pub const DEFAULT_MESSAGE_BYTES: usize = 1_048_588;

/// What the broker says about one topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Whether it is there.
    pub state: TopicState,
}

/// Whether a topic is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopicState {
    /// It is there, and may be described.
    Present {
        /// Number of partitions.
        partitions: usize,
        /// Replicas of each partition (the smallest number).
        replicas: usize,
        /// `max.message.bytes`, `None` where its configuration may not be read.
        message_bytes: Option<usize>,
        /// `min.insync.replicas`, `None` where its configuration may not be read.
        min_insync: Option<usize>,
        /// Is unclean leader election on? It can lose committed records.
        unclean: Option<bool>,
        /// How long records are kept.
        retention: Retention,
        /// Which timestamps it takes.
        timestamps: TimestampBounds,
        /// Is it compacted? `None` where its configuration may not be read.
        compacted: Option<bool>,
    },
    /// It does not exist.
    Missing,
    /// This user may not describe it.
    Denied,
}

/// How long a topic keeps its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// Its configuration may not be read.
    Unknown,
    /// For ever, unless a size bounds it.
    Forever,
    /// For so long.
    For(Duration),
}

impl Retention {
    /// Reads `retention.ms`, of which -1 stands for no limit.
    fn read(value: Option<String>) -> Retention {
        match value.and_then(|value| value.parse::<i64>().ok()) {
            None => Retention::Unknown,
            Some(millis) => {
                u64::try_from(millis).map_or(Retention::Forever, |millis| Retention::For(Duration::from_millis(millis)))
            }
        }
    }
}

/// Settings of a broker that the promise depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokerSettings {
    /// For how long a group's offsets are kept after its last member left.
    pub offsets_retention: Duration,
    /// How often transactions that timed out are looked for; `None` where the broker does not say.
    pub abort_interval: Option<Duration>,
}

impl Topic {
    /// Number of partitions where the topic is there.
    pub fn partitions(&self) -> Option<usize> {
        match self.state {
            TopicState::Present { partitions, .. } => Some(partitions),
            _ => None,
        }
    }

    /// Which timestamps it takes, as far as its configuration may be read.
    pub fn timestamps(&self) -> TimestampBounds {
        match self.state {
            TopicState::Present { timestamps, .. } => timestamps,
            _ => TimestampBounds::default(),
        }
    }

    /// Is it known to be compacted?
    pub fn is_compacted(&self) -> bool {
        matches!(self.state, TopicState::Present { compacted: Some(true), .. })
    }

    pub(super) fn message_bytes(&self) -> usize {
        match self.state {
            TopicState::Present { message_bytes: Some(bytes), .. } => bytes,
            _ => DEFAULT_MESSAGE_BYTES,
        }
    }
}

/// The three topics of a stream, all there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Survey {
    pub(super) input_partitions: usize,
    pub(super) output_partitions: usize,
    pub(super) dead_partitions: usize,
    /// Largest record that the output topic takes.
    pub(super) output_bytes: usize,
    /// Largest record that the dead-letter topic takes.
    pub(super) dead_bytes: usize,
    /// Timestamps that the output topic takes.
    pub(super) output_timestamps: TimestampBounds,
    /// Timestamps that the dead-letter topic takes.
    pub(super) dead_timestamps: TimestampBounds,
    /// The dead-letter topic is compacted, so it takes no record without a key.
    pub(super) dead_compacted: bool,
}

impl Survey {
    pub(super) fn largest_limit(&self) -> usize {
        self.output_bytes.max(self.dead_bytes)
    }

    pub(super) fn smallest_limit(&self) -> usize {
        self.output_bytes.min(self.dead_bytes)
    }
}

/// Why a survey found the stream unfit.
#[derive(Debug)]
pub(super) enum Unfit {
    /// A topic is missing or denied.
    Topics(String),
    /// There is no token for the brokers, in words.
    NoLogin(String),
    /// No broker answered.
    NoBroker(KafkaTrouble),
}

/// Asks for all three topics; `Err` says which is missing, or that nobody answered.
///
/// An `embedded` broker is not asked about sizes: it never answers that question.
pub(super) fn survey(stream: &Stream, embedded: bool, timeout: Duration) -> Result<Survey, Unfit> {
    let admin = Admin::connect(stream, !embedded).map_err(|error| match error {
        NoClient::Login(error) => Unfit::NoLogin(error),
        other @ NoClient::Refused(_) => Unfit::NoBroker(other.into()),
    })?;
    let describe = |topic| admin.describe(topic, timeout).map_err(Unfit::NoBroker);
    let topics = [describe(&stream.input)?, describe(&stream.output)?, describe(&stream.dead_letters)?];
    let complaints: Vec<String> = topics.iter().filter_map(complaint).collect();
    if !complaints.is_empty() {
        return Err(Unfit::Topics(complaints.join("; ")));
    }
    let [input, output, dead] = &topics;
    Ok(Survey {
        input_partitions: input.partitions().unwrap_or_default(),
        output_partitions: output.partitions().unwrap_or_default(),
        dead_partitions: dead.partitions().unwrap_or_default(),
        output_bytes: output.message_bytes(),
        dead_bytes: dead.message_bytes(),
        output_timestamps: output.timestamps(),
        dead_timestamps: dead.timestamps(),
        dead_compacted: dead.is_compacted(),
    })
}

fn complaint(topic: &Topic) -> Option<String> {
    match topic.state {
        TopicState::Present { partitions: 0, .. } | TopicState::Missing => {
            Some(format!("topic `{}` does not exist (`copydesk topics --create` makes it)", topic.name))
        }
        TopicState::Denied => Some(format!("topic `{}`: this user may not describe it (ACL: Describe)", topic.name)),
        TopicState::Present { .. } => None,
    }
}

/// A client that asks about topics and makes them.
pub struct Admin {
    client: LoggedIn<AdminClient<CommandContext>>,
    stream: Stream,
    asks_configuration: bool,
}

impl Admin {
    /// A client for the stream's brokers. Connects when it is first asked something.
    ///
    /// # Errors
    /// Where librdkafka refuses a property, or there is no token for the brokers.
    pub fn new(stream: &Stream) -> Result<Admin, KafkaTrouble> {
        Ok(Admin::connect(stream, true)?)
    }

    fn connect(stream: &Stream, asks_configuration: bool) -> Result<Admin, NoClient> {
        let client = LoggedIn::new(&clients::admin(stream), CommandContext::default(), stream)?;
        Ok(Admin { client, stream: stream.clone(), asks_configuration })
    }

    /// Names of the cluster's brokers, `host:port`.
    ///
    /// # Errors
    /// Where no broker answers within `timeout`.
    pub fn brokers(&self, timeout: Duration) -> Result<Vec<String>, KafkaTrouble> {
        // An unknown topic's metadata is as small as an answer gets.
        let metadata = self.client.inner().fetch_metadata(Some("__consumer_offsets"), timeout);
        let metadata = metadata.map_err(|error| self.trouble(&error))?;
        Ok(metadata.brokers().iter().map(|broker| format!("{}:{}", broker.host(), broker.port())).collect())
    }

    /// What the broker says about a topic.
    ///
    /// # Errors
    /// Where no broker answers within `timeout`.
    pub fn describe(&self, name: &str, timeout: Duration) -> Result<Topic, KafkaTrouble> {
        let metadata = self.client.inner().fetch_metadata(Some(name), timeout).map_err(|error| self.trouble(&error))?;
        let topic = metadata.topics().iter().find(|topic| topic.name() == name);
        let error = topic.and_then(rdkafka::metadata::MetadataTopic::error).map(RDKafkaErrorCode::from);
        let state = match (topic, error) {
            (Some(topic), None) => {
                let config = self.configuration(name, timeout);
                let read = |key: &str| config.as_ref().and_then(|config| config.get(key)?.value.clone());
                TopicState::Present {
                    partitions: topic.partitions().len(),
                    replicas: topic.partitions().iter().map(|partition| partition.replicas().len()).min().unwrap_or(0),
                    message_bytes: read("max.message.bytes").and_then(|value| value.parse().ok()),
                    min_insync: read("min.insync.replicas").and_then(|value| value.parse().ok()),
                    unclean: read("unclean.leader.election.enable").and_then(|value| value.parse().ok()),
                    retention: Retention::read(read("retention.ms")),
                    timestamps: TimestampBounds::read(read),
                    compacted: read("cleanup.policy").map(|policy| policy.contains("compact")),
                }
            }
            (_, Some(RDKafkaErrorCode::TopicAuthorizationFailed)) => TopicState::Denied,
            (None, _) | (_, Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic)) => {
                TopicState::Missing
            }
            (_, Some(code)) => return Err(self.trouble(&KafkaError::MetadataFetch(code))),
        };
        Ok(Topic { name: name.to_owned(), state })
    }

    /// A broker's own settings; `None` where they may not be read.
    pub fn broker_settings(&self, timeout: Duration) -> Option<BrokerSettings> {
        let metadata = self.client.inner().fetch_metadata(Some("__consumer_offsets"), timeout).ok()?;
        let broker = ResourceSpecifier::Broker(metadata.orig_broker_id());
        let options = AdminOptions::new().request_timeout(Some(timeout));
        let config = block_on(self.client.describe_configs([&broker], &options))?.ok()?.into_iter().next()?.ok()?;
        let read = |key: &str| config.get(key)?.value.as_ref()?.parse::<u64>().ok();
        Some(BrokerSettings {
            offsets_retention: Duration::from_secs(read("offsets.retention.minutes")? * 60),
            abort_interval: read("transaction.abort.timed.out.transaction.cleanup.interval.ms")
                .map(Duration::from_millis),
        })
    }

    fn configuration(&self, name: &str, timeout: Duration) -> Option<ConfigResource> {
        if !self.asks_configuration {
            return None;
        }
        let options = AdminOptions::new().request_timeout(Some(timeout));
        let topic = ResourceSpecifier::Topic(name);
        let asked = self.client.describe_configs([&topic], &options);
        block_on(asked)?.ok()?.into_iter().next()?.ok()
    }

    /// Makes a topic. `Ok(false)`: it exists already.
    ///
    /// # Errors
    /// In words, where the broker says no.
    pub fn create(
        &self,
        name: &str,
        partitions: usize,
        replicas: Option<usize>,
        settings: &[(&str, &str)],
    ) -> Result<bool, KafkaTrouble> {
        let trouble = |what: String| KafkaTrouble { doing: format!("making topic `{name}`"), what };
        let partitions = i32::try_from(partitions).map_err(|error| trouble(error.to_string()))?;
        // -1: as many as the broker's `default.replication.factor` says.
        let replicas = replicas.map_or(Ok(-1), i32::try_from).map_err(|error| trouble(error.to_string()))?;
        let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(replicas));
        let topic = settings.iter().fold(topic, |topic, (key, value)| topic.set(key, value));
        let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(15)));
        let created =
            block_on(self.client.create_topics([&topic], &options)).ok_or_else(|| trouble("no runtime".into()))?;
        match created.map_err(|error| trouble(in_words(&error)))?.into_iter().next() {
            Some(Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => Ok(false),
            Some(Err((_, code))) => Err(trouble(code.to_string())),
            Some(Ok(_)) | None => Ok(true),
        }
    }

    /// An admin client sees errors only in its log, since rdkafka polls nothing but its answers. A consumer is given them.
    fn with_reason(&self, what: &str) -> String {
        let complaint = self.client.inner().context().last().or_else(|| why_not(&self.stream));
        let reason = diagnose::why(complaint, &self.stream.brokers);
        reason.map_or_else(|| what.to_owned(), |reason| format!("{what}: {reason}"))
    }

    fn trouble(&self, error: &KafkaError) -> KafkaTrouble {
        let what = match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::AllBrokersDown) => {
                self.with_reason("none of them can be reached")
            }
            Some(RDKafkaErrorCode::OperationTimedOut) => self.with_reason("no answer in time"),
            _ => in_words(error),
        };
        KafkaTrouble { doing: format!("asking the brokers at `{}`", self.stream.brokers), what }
    }
}

/// How long a second client may take to find out why no broker answers.
const FIND_OUT: Duration = Duration::from_secs(3);

/// What librdkafka complains about (a refused connection, a bad certificate, a wrong password), or nothing.
fn why_not(stream: &Stream) -> Option<String> {
    let consumer: LoggedIn<BaseConsumer<CommandContext>> =
        LoggedIn::new(&clients::reader(stream), CommandContext::default(), stream).ok()?;
    let end = Instant::now() + FIND_OUT;
    while consumer.client().context().last().is_none() && Instant::now() < end {
        let _ = consumer.poll(Duration::from_millis(50));
    }
    consumer.client().context().last()
}

/// rdkafka's admin calls are futures, served by a thread of their own; here they are waited for.
fn block_on<F: Future>(future: F) -> Option<F::Output> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().ok()?;
    Some(runtime.block_on(future))
}
