//! `copydesk topics`: shows the three topics, and creates those that are missing.

use std::process::ExitCode;
use std::time::Duration;

use crate::cli::{exit, note, say};
use crate::config::Settings;
use crate::worker::topics::{Admin, Topic, TopicState};

/// Shows the input, output and dead-letter topics; with --create creates those that are missing.
///
/// Existing topics are never changed, so it is safe to run again. The output topic gets as many partitions as the input
/// topic: then each record keeps its partition, and ordering per partition is preserved.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Create missing topics.
    #[arg(long)]
    create: bool,
    /// Partitions of the input topic, if it is created (the output topic gets as many as the input topic has).
    #[arg(long, value_name = "N", default_value_t = 4)]
    partitions: usize,
    /// Replicas of each partition of created topics [default: the broker's]
    #[arg(long, value_name = "N")]
    replicas: Option<usize>,
}

/// A clean record may be larger than its article: it carries a hash for each paragraph.
const OUTPUT_BYTES: &str = "4194304";
/// A dead letter is its payload and some headers.
const DEAD_BYTES: &str = "2097152";

const BROKER_TIMEOUT: Duration = Duration::from_secs(10);

/// Shows the topics, and creates them where asked.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    match show(args, settings) {
        Ok(true) => Ok(ExitCode::from(exit::OK)),
        Ok(false) => {
            note(format_args!("copydesk: `copydesk topics --create` creates missing topics"));
            Ok(ExitCode::from(exit::REFUSED))
        }
        Err(error) => {
            note(format_args!("copydesk: {error:#}"));
            Ok(ExitCode::from(exit::UNAVAILABLE))
        }
    }
}

fn show(args: &Args, settings: &Settings) -> anyhow::Result<bool> {
    let stream = &settings.stream;
    let admin = Admin::new(stream)?;
    let mut input_partitions = args.partitions;
    let mut complete = true;
    let topics = [
        ("input", &stream.input, None),
        ("output", &stream.output, Some(OUTPUT_BYTES)),
        ("dead letters", &stream.dead_letters, Some(DEAD_BYTES)),
    ];
    for (role, name, bytes) in topics {
        let topic = admin.describe(name, BROKER_TIMEOUT)?;
        if role == "input" {
            input_partitions = topic.partitions().unwrap_or(input_partitions);
        }
        if topic.state == TopicState::Missing && args.create {
            let partitions = if role == "dead letters" { 1 } else { input_partitions };
            let settings: Vec<_> = bytes.map(|bytes| ("max.message.bytes", bytes)).into_iter().collect();
            let made = admin.create(name, partitions, args.replicas, &settings)?;
            let what = if made { format!("created, {partitions} partitions") } else { "exists".to_owned() };
            say(format_args!("{role}: `{name}` {what}"));
            continue;
        }
        complete &= matches!(topic.state, TopicState::Present { .. });
        say(format_args!("{role}: {}", in_words(&topic)));
    }
    Ok(complete)
}

/// One topic in words.
pub fn in_words(topic: &Topic) -> String {
    let name = &topic.name;
    match &topic.state {
        TopicState::Missing => format!("`{name}` does not exist"),
        TopicState::Denied => format!("`{name}` may not be described by this user"),
        TopicState::Present { partitions, replicas, message_bytes, min_insync, .. } => {
            let number = |value: &Option<usize>| value.map_or("unknown".to_owned(), |value| value.to_string());
            format!(
                "`{name}` has {partitions} partitions, {replicas} replicas (min.insync.replicas {}), records up to {} bytes",
                number(min_insync),
                number(message_bytes)
            )
        }
    }
}
