//! Trying what `run` will do, without doing it: for `check`.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, Producer};
use rdkafka::topic_partition_list::TopicPartitionList;

use crate::config::{Delivery, Stream};

use super::clients;
use super::context::{CommandContext, DeliveryReports};
use super::failure::{KafkaTrouble, in_words};
use super::ids;
use super::login::{LoggedIn, NoClient};
use super::reader;
use super::timestamps::TimestampBounds;
use super::token;
use super::topics::{DEFAULT_MESSAGE_BYTES, Survey};

/// Whether there is a token for the brokers: whom it names and how long it is still good. `None`: they want none.
///
/// # Errors
/// In words, where there is none.
pub fn token(stream: &Stream) -> Option<Result<(String, Duration), KafkaTrouble>> {
    let found = token::fetch(stream.oauth.as_ref()?);
    Some(
        found
            .map(|token| (token.principal.clone(), token.left()))
            .map_err(|error| NoClient::Login(error.to_string()).into()),
    )
}

/// Asks whether a topic is there, before anything is sent to it.
///
/// # Errors
/// In words, where it is not, or this user may not see it, or no broker answers within `timeout`.
pub fn topic(stream: &Stream, name: &str, timeout: Duration) -> Result<(), KafkaTrouble> {
    reader::connect(&clients::reader(stream), stream, name, timeout).map(drop)
}

/// Initialises a transactional producer under a name of its own, so that a worker at work is not fenced.
///
/// The name begins with `<group>-<instance>-check`: an ACL on the prefix `<group>-` covers it like the lanes' own names.
///
/// # Errors
/// In words, where the broker refuses transactions or this name.
pub fn transactions(stream: &Stream, timeout: Duration) -> Result<(), KafkaTrouble> {
    let id = ids::check_id(stream);
    let doing = format!("initialising transactions as `{id}`");
    let limit = DEFAULT_MESSAGE_BYTES;
    let survey = Survey {
        input_partitions: 1,
        output_partitions: 1,
        dead_partitions: 1,
        output_bytes: limit,
        dead_bytes: limit,
        output_timestamps: TimestampBounds::default(),
        dead_timestamps: TimestampBounds::default(),
        dead_compacted: false,
    };
    let stream = Stream { delivery: Delivery::ExactlyOnce, ..stream.clone() };
    let mut config = clients::producer(&stream, 0, &survey);
    config.set("transactional.id", id);
    let producer: LoggedIn<BaseProducer<DeliveryReports<()>>> =
        LoggedIn::new(&config, DeliveryReports::new("check".to_owned()), &stream)?;
    producer.init_transactions(timeout).map_err(|error| KafkaTrouble { doing, what: in_words(&error) })
}

/// Will the group's coordinator be there in a moment?
fn is_coming(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{CoordinatorLoadInProgress, CoordinatorNotAvailable, NotCoordinator};
    matches!(error.rdkafka_error_code(), Some(CoordinatorLoadInProgress | CoordinatorNotAvailable | NotCoordinator))
}

/// Asks for the group's offsets, which takes the same permission as joining it.
///
/// # Errors
/// In words, where the broker refuses the group.
pub fn group(stream: &Stream, timeout: Duration) -> Result<(), KafkaTrouble> {
    let doing = format!("asking for the offsets of group `{}`", stream.group);
    let consumer: LoggedIn<BaseConsumer<CommandContext>> =
        LoggedIn::new(&clients::reader(stream), CommandContext::default(), stream)?;
    let mut list = TopicPartitionList::new();
    list.add_partition(&stream.input, 0);
    let end = Instant::now() + timeout;
    let answer = loop {
        let asked = consumer.committed_offsets(list.clone(), end.saturating_duration_since(Instant::now()));
        match asked {
            // A cluster that was never asked for a group makes ready for groups first.
            Err(error) if is_coming(&error) && Instant::now() < end => std::thread::sleep(Duration::from_millis(200)),
            asked => break asked.map_err(|error| KafkaTrouble { doing: doing.clone(), what: in_words(&error) })?,
        }
    };
    for element in answer.elements() {
        element.error().map_err(|error| KafkaTrouble { doing: doing.clone(), what: in_words(&error) })?;
    }
    Ok(())
}
