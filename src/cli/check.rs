//! `copydesk check`: will `run` work here, and are its guarantees kept?

mod retention;

use std::process::ExitCode;
use std::time::Duration;

use owo_colors::OwoColorize;

use crate::cli::print::say_coloured;
use crate::cli::topics::in_words;
use crate::cli::{color, escape, exit, resolve};
use crate::config::{Delivery, OffsetReset, Settings, Stream};
use crate::worker::instance_lock::is_held;
use crate::worker::topics::{Admin, Retention, Topic, TopicState};
use crate::worker::{offsets, probe};

/// Checks the configuration and, unless --offline, everything that `run` will need of the brokers.
///
/// Topics, partitions, permissions, transactions, message sizes, replication: it says what is missing, and what to do about
/// it. It changes nothing, and does not disturb a running worker. Exit code 0: `run` will work; 3: something is missing; 69:
/// no broker answers.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Check the configuration only.
    #[arg(long)]
    offline: bool,
}

/// Kafka's default. The fault suite has seen abort markers lost with 1 s (`docs/guarantees.md`).
const SAFE_INTERVAL: Duration = Duration::from_secs(10);
const BROKER_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs the checks, one after the other.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut report = Report { colour: color::stdout(), brokers: 0, missing: 0 };
    // An invalid configuration ends the program earlier.
    report.good("the configuration is valid");
    if args.offline {
        return Ok(ExitCode::from(exit::OK));
    }
    let stream = &settings.stream;
    if is_held(stream) {
        let advice = "this is fine if it is the worker that you check; a second `run` with this name would not start";
        report.warn(
            &format!("instance `{}` of group `{}` is running on this machine", stream.instance, stream.group),
            advice,
        );
    }
    if !report.hosts(&stream.brokers) {
        return Ok(ExitCode::from(exit::UNAVAILABLE));
    }
    let Some(admin) = report.connected(stream) else { return Ok(ExitCode::from(exit::UNAVAILABLE)) };
    let mut partitions = Vec::new();
    let mut input_kept = Retention::Unknown;
    let mut topics = Vec::new();
    for (role, name) in [("input", &stream.input), ("output", &stream.output), ("dead letters", &stream.dead_letters)] {
        match admin.describe(name, BROKER_TIMEOUT) {
            Ok(topic) => {
                partitions.push(topic.partitions());
                if let ("input", TopicState::Present { retention, .. }) = (role, &topic.state) {
                    input_kept = *retention;
                }
                report.topic(role, &topic);
                topics.push((role, topic));
            }
            Err(trouble) => report.bad(&trouble.to_string(), "try again when the broker answers"),
        }
    }
    report.records(&topics);
    if let [Some(input), Some(output), ..] = partitions[..] {
        report.partitions(input, output, stream.lanes);
    }
    // Kafka's own topics for offsets and transactions. Absent until first used, and often not to be described.
    for (role, name) in [("offsets of groups", "__consumer_offsets"), ("transactions", "__transaction_state")] {
        if let Ok(topic) = admin.describe(name, BROKER_TIMEOUT) {
            report.safety(role, &topic);
        }
    }
    let broker = admin.broker_settings(BROKER_TIMEOUT);
    if let Some((what, advice)) = retention::warning(broker.map(|broker| broker.offsets_retention), input_kept) {
        report.warn(&what, &advice);
    }
    if broker.and_then(|broker| broker.abort_interval).is_some_and(|interval| interval < SAFE_INTERVAL) {
        let advice = "a broker that is still starting may lose the abort of a transaction that timed out while it was down: leave \
                      transaction.abort.timed.out.transaction.cleanup.interval.ms at its default";
        report.warn("the brokers look for timed-out transactions more often than every 10 s", advice);
    }
    match probe::group(stream, BROKER_TIMEOUT) {
        Ok(()) => {
            report.good(&format!("this user may use group `{}`", stream.group));
            // Offsets are compared with the topics.
            if let [Some(_), Some(_), ..] = partitions[..] {
                report.offsets(stream);
            }
        }
        Err(trouble) => report.bad(&trouble.to_string(), "grant Read on the group"),
    }
    if stream.delivery == Delivery::ExactlyOnce {
        match probe::transactions(stream, BROKER_TIMEOUT) {
            Ok(()) => report.good("transactions work"),
            Err(trouble) => report.bad(
                &trouble.to_string(),
                "grant Write and Describe on transactional ids with the prefix `<group>-<instance>-`; a single broker needs \
                 transaction.state.log.replication.factor=1; without transactions there is `delivery = \"at-least-once\"`",
            ),
        }
    }
    Ok(ExitCode::from(if report.missing == 0 { exit::OK } else { exit::REFUSED }))
}

struct Report {
    colour: bool,
    brokers: usize,
    missing: usize,
}

impl Report {
    /// A client, and a report on the brokers; `None` where none answers.
    fn connected(&mut self, stream: &Stream) -> Option<Admin> {
        match probe::token(stream) {
            None => {}
            Some(Ok((principal, left))) => {
                self.good(&format!("there is a token of `{principal}`, valid for {} s", left.as_secs()));
            }
            Some(Err(trouble)) => {
                self.bad(&trouble.to_string(), "check what writes the token, and the keys under `[oauth]`");
                return None;
            }
        }
        let admin = Admin::new(stream)
            .map_err(|trouble| self.bad(&trouble.to_string(), "check the properties under `[kafka]`"))
            .ok()?;
        match admin.brokers(BROKER_TIMEOUT) {
            Ok(brokers) => {
                self.brokers = brokers.len();
                self.good(&format!("{} brokers answer: {}", brokers.len(), brokers.join(", ")));
                self.one_broker();
                Some(admin)
            }
            Err(trouble) => {
                let advice = "check the address (`stream.brokers`), that the broker is up, and that both use the same security protocol";
                self.bad(&trouble.to_string(), advice);
                None
            }
        }
    }

    fn good(&self, what: &str) {
        let ok = if self.colour { "ok".green().to_string() } else { "ok".to_owned() };
        say_coloured(format_args!("{ok}   {}", escape::lines(what)));
    }

    fn warn(&self, what: &str, advice: &str) {
        let warn = if self.colour { "warn".yellow().to_string() } else { "warn".to_owned() };
        say_coloured(format_args!("{warn} {}\n     {}", escape::lines(what), escape::lines(advice)));
    }

    fn bad(&mut self, what: &str, advice: &str) {
        self.missing += 1;
        let fail = if self.colour { "FAIL".red().to_string() } else { "FAIL".to_owned() };
        say_coloured(format_args!("{fail} {}\n     {}", escape::lines(what), escape::lines(advice)));
    }

    /// Reports the brokers' host names that do not resolve. Gives whether any does.
    fn hosts(&mut self, brokers: &str) -> bool {
        let (unresolved, any) = resolve::unresolved(brokers, BROKER_TIMEOUT);
        for (host, error) in unresolved {
            let what = format!("the host `{host}` does not resolve: {error}");
            let advice = "check the name (`stream.brokers`), and the DNS of this machine";
            if any { self.warn(&what, advice) } else { self.bad(&what, advice) }
        }
        any
    }

    fn topic(&mut self, role: &str, topic: &Topic) {
        let words = format!("{role}: {}", in_words(topic));
        match &topic.state {
            TopicState::Missing => self.bad(&words, "`copydesk topics --create` creates it"),
            TopicState::Denied => self.bad(&words, "grant Describe, and Read (input) or Write (output, dead letters)"),
            TopicState::Present { message_bytes, .. } => {
                self.good(&words);
                if message_bytes.is_none() {
                    let advice = "Kafka's default of 1 MB is assumed; grant DescribeConfigs on the topic to use the actual limit";
                    self.warn(&format!("{role}: this user may not read the topic's configuration"), advice);
                }
                self.safety(role, topic);
            }
        }
    }

    /// Warns where acknowledged records can be lost with one broker.
    fn safety(&self, role: &str, topic: &Topic) {
        let TopicState::Present { replicas, min_insync, unclean, .. } = &topic.state else { return };
        if *replicas == 1 && self.brokers > 1 {
            let advice = "acknowledged records can be lost with one broker: give it three replicas";
            self.warn(&format!("{role}: `{}` has one replica", topic.name), advice);
        }
        if *replicas > 1 && *min_insync == Some(1) {
            let advice = "acknowledged records can be lost with one broker: set min.insync.replicas=2";
            self.warn(&format!("{role}: min.insync.replicas of `{}` is 1", topic.name), advice);
        }
        if *unclean == Some(true) {
            let advice = "acknowledged records can be lost: set unclean.leader.election.enable=false";
            self.warn(&format!("{role}: unclean leader election of `{}` is on", topic.name), advice);
        }
    }

    /// Reports partitions whose committed offset can't be used.
    fn offsets(&mut self, stream: &Stream) {
        let ledger = match offsets::look(stream, BROKER_TIMEOUT) {
            Ok(ledger) => ledger,
            Err(trouble) => return self.bad(&trouble.to_string(), "try again when the broker answers"),
        };
        for place in &ledger.places {
            let partition = place.partition;
            match (&place.doubt, stream.on_offset_reset) {
                (Some(doubt), OffsetReset::Stall) => self.bad(
                    &format!("input: partition {partition} stalls: {doubt}"),
                    "`copydesk offsets` shows the offsets of the group, `copydesk offsets reset` sets them",
                ),
                (Some(doubt), OffsetReset::Earliest) => self.warn(
                    &format!("input: partition {partition} is read from its beginning: {doubt}"),
                    "because of `stream.on-offset-reset`: articles published before are published again",
                ),
                (None, _) if place.lost > 0 => self.warn(
                    &format!("input: retention has deleted {} unread offsets of partition {partition}", place.lost),
                    "they are lost; the worker continues at the first record that is left",
                ),
                (None, _) => {}
            }
        }
    }

    /// A cluster of one broker loses acknowledged records with its disk, whatever its topics are set to.
    fn one_broker(&self) {
        if self.brokers == 1 {
            self.warn(
                "there is one broker, so every topic has one replica (replication factor 1)",
                "acknowledged records are lost with its disk: use three brokers in production, and three replicas of each topic",
            );
        }
    }

    /// Warns where output and dead-letter topic refuse what the input topic accepts.
    fn records(&self, topics: &[(&str, Topic)]) {
        let [(_, input), written @ ..] = topics else { return };
        for (role, topic) in written {
            if !topic.timestamps().covers(&input.timestamps()) {
                let advice = "such a record gets the time of publishing, with its article's in the header `copydesk.timestamp.input`: give \
                              both topics the same message.timestamp.before.max.ms and message.timestamp.after.max.ms";
                self.warn(&format!("{role}: `{}` refuses timestamps that the input accepts", topic.name), advice);
            }
        }
        if let Some((_, Topic { name, .. })) = written.get(1).filter(|(_, topic)| topic.is_compacted()) {
            let advice = "only the last dead letter of each key is kept: set cleanup.policy=delete";
            self.warn(&format!("dead letters: `{name}` is compacted"), advice);
        }
    }

    fn partitions(&self, input: usize, output: usize, lanes: usize) {
        if input != output {
            self.warn(
                &format!("the input has {input} partitions, the output {output}"),
                "records are partitioned by key: ordering is preserved for each key, and for each input partition within an output partition",
            );
        }
        if lanes > input {
            self.warn(
                &format!("{lanes} lanes for {input} partitions"),
                "lanes without a partition are idle: fewer lanes are enough",
            );
        }
    }
}
