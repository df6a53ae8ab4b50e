//! `copydesk check`: will `run` work, and does its promise hold here?

mod keeping;

use std::process::ExitCode;
use std::time::Duration;

use owo_colors::OwoColorize;

use crate::cli::print::say_coloured;
use crate::cli::topics::in_words;
use crate::cli::{color, exit, names, safe};
use crate::config::{Delivery, OffsetReset, Settings, Stream};
use crate::worker::instance_lock::is_held;
use crate::worker::topics::{Admin, Retention, Topic, TopicState};
use crate::worker::{offsets, probe};

/// Checks the configuration and, unless --offline, asks the broker for everything that `run` will need.
///
/// Topics, partitions, permissions, transactions, message sizes, replication: what is missing is said in words, with what
/// to do about it. Nothing is changed, and a worker at work is not disturbed. Exit code 0: `run` will work; 3:
/// something is missing; 69: no broker answers.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Check the configuration only.
    #[arg(long)]
    offline: bool,
}

/// Kafka's default. The suite has seen abort markers lost with 1 s (`docs/guarantees.md`).
const SAFE_INTERVAL: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(10);

/// Checks one thing after the other.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut report = Report { colour: color::stdout(), brokers: 0, missing: 0 };
    // A configuration that is not valid does not come this far.
    report.good("the configuration is valid");
    if args.offline {
        return Ok(ExitCode::from(exit::OK));
    }
    let stream = &settings.stream;
    if is_held(stream) {
        let advice =
            "leave it at that if it is the worker that you check; a second `run` under this name would not start";
        report.warn(&format!("`{}` of group `{}` runs on this machine", stream.instance, stream.group), advice);
    }
    if !report.hosts(&stream.brokers) {
        return Ok(ExitCode::from(exit::UNAVAILABLE));
    }
    let Some(admin) = report.connected(stream) else { return Ok(ExitCode::from(exit::UNAVAILABLE)) };
    let mut partitions = Vec::new();
    let mut input_kept = Retention::Unknown;
    let mut topics = Vec::new();
    for (role, name) in [("input", &stream.input), ("output", &stream.output), ("dead letters", &stream.dead_letters)] {
        match admin.describe(name, PATIENCE) {
            Ok(topic) => {
                partitions.push(topic.partitions());
                if let ("input", TopicState::Present { retention, .. }) = (role, &topic.state) {
                    input_kept = *retention;
                }
                report.topic(role, &topic);
                topics.push((role, topic));
            }
            Err(trouble) => report.bad(&trouble.to_string(), "ask again when the broker answers"),
        }
    }
    report.records(&topics);
    if let [Some(input), Some(output), ..] = partitions[..] {
        report.partitions(input, output, stream.lanes);
    }
    // Where Kafka keeps offsets and transactions. Absent until they are first used, and often not to be described.
    for (role, name) in [("offsets of groups", "__consumer_offsets"), ("transactions", "__transaction_state")] {
        if let Ok(topic) = admin.describe(name, PATIENCE) {
            report.safety(role, &topic);
        }
    }
    let broker = admin.broker_settings(PATIENCE);
    if let Some((what, advice)) = keeping::warning(broker.map(|broker| broker.offsets_retention), input_kept) {
        report.warn(&what, &advice);
    }
    if broker.and_then(|broker| broker.abort_interval).is_some_and(|interval| interval < SAFE_INTERVAL) {
        let advice = "a broker that is still starting may lose the abort of a transaction that timed out while it was away: \
                      leave transaction.abort.timed.out.transaction.cleanup.interval.ms at its default";
        report.warn("transactions that timed out are looked for more often than every 10 s", advice);
    }
    match probe::group(stream, PATIENCE) {
        Ok(()) => {
            report.good(&format!("group `{}` may be used", stream.group));
            // Without the topics there is nothing to be compared with.
            if let [Some(_), Some(_), ..] = partitions[..] {
                report.offsets(stream);
            }
        }
        Err(trouble) => report.bad(&trouble.to_string(), "grant Read on the group"),
    }
    if stream.delivery == Delivery::ExactlyOnce {
        match probe::transactions(stream, PATIENCE) {
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
    /// A client of brokers that answer; `None` where none does, which was told.
    fn connected(&mut self, stream: &Stream) -> Option<Admin> {
        match probe::token(stream) {
            None => {}
            Some(Ok((principal, left))) => {
                self.good(&format!("there is a token of `{principal}`, good for {} s", left.as_secs()));
            }
            Some(Err(trouble)) => {
                self.bad(&trouble.to_string(), "look at what writes the token, and at the keys under `[oauth]`");
                return None;
            }
        }
        let admin = Admin::new(stream)
            .map_err(|trouble| self.bad(&trouble.to_string(), "look at the properties under `[kafka]`"))
            .ok()?;
        match admin.brokers(PATIENCE) {
            Ok(brokers) => {
                self.brokers = brokers.len();
                self.good(&format!("{} brokers answer: {}", brokers.len(), brokers.join(", ")));
                self.one_broker();
                Some(admin)
            }
            Err(trouble) => {
                let advice = "is the address right (`stream.brokers`), the broker up, the security protocol the same?";
                self.bad(&trouble.to_string(), advice);
                None
            }
        }
    }

    fn good(&self, what: &str) {
        let ok = if self.colour { "ok".green().to_string() } else { "ok".to_owned() };
        say_coloured(format_args!("{ok}   {}", safe::text(what, true)));
    }

    fn warn(&self, what: &str, advice: &str) {
        let warn = if self.colour { "warn".yellow().to_string() } else { "warn".to_owned() };
        say_coloured(format_args!("{warn} {}\n     {}", safe::text(what, true), safe::text(advice, true)));
    }

    fn bad(&mut self, what: &str, advice: &str) {
        self.missing += 1;
        let fail = if self.colour { "FAIL".red().to_string() } else { "FAIL".to_owned() };
        say_coloured(format_args!("{fail} {}\n     {}", safe::text(what, true), safe::text(advice, true)));
    }

    /// Does each broker's name resolve? Gives whether one does.
    fn hosts(&mut self, brokers: &str) -> bool {
        let (unresolved, any) = names::unresolved(brokers, PATIENCE);
        for (host, error) in unresolved {
            let what = format!("the host `{host}` does not resolve: {error}");
            let advice = "is its name right (`stream.brokers`), and known where this runs?";
            if any { self.warn(&what, advice) } else { self.bad(&what, advice) }
        }
        any
    }

    fn topic(&mut self, role: &str, topic: &Topic) {
        let words = format!("{role}: {}", in_words(topic));
        match &topic.state {
            TopicState::Missing => self.bad(&words, "`copydesk topics --create` makes it"),
            TopicState::Denied => self.bad(&words, "grant Describe, and Read (input) or Write (output, dead letters)"),
            TopicState::Present { message_bytes, .. } => {
                self.good(&words);
                if message_bytes.is_none() {
                    let advice =
                        "Kafka's default of 1 MB is assumed; grant DescribeConfigs on the topic to have the true one";
                    self.warn(&format!("{role}: its configuration may not be read"), advice);
                }
                self.safety(role, topic);
            }
        }
    }

    /// Can what was acknowledged be lost with one broker?
    fn safety(&self, role: &str, topic: &Topic) {
        let TopicState::Present { replicas, min_insync, unclean, .. } = &topic.state else { return };
        if *replicas == 1 && self.brokers > 1 {
            let advice = "what was acknowledged can be lost with one broker: give it three replicas";
            self.warn(&format!("{role}: `{}` has one replica", topic.name), advice);
        }
        if *replicas > 1 && *min_insync == Some(1) {
            let advice = "what was acknowledged can be lost with one broker: set min.insync.replicas=2";
            self.warn(&format!("{role}: min.insync.replicas of `{}` is 1", topic.name), advice);
        }
        if *unclean == Some(true) {
            let advice = "what was acknowledged can be lost: set unclean.leader.election.enable=false";
            self.warn(&format!("{role}: unclean leader election of `{}` is on", topic.name), advice);
        }
    }

    /// Can each partition be read from where the group's offset says?
    fn offsets(&mut self, stream: &Stream) {
        let ledger = match offsets::look(stream, PATIENCE) {
            Ok(ledger) => ledger,
            Err(trouble) => return self.bad(&trouble.to_string(), "ask again when the broker answers"),
        };
        for place in &ledger.places {
            let partition = place.partition;
            match (&place.doubt, stream.on_offset_reset) {
                (Some(doubt), OffsetReset::Stall) => self.bad(
                    &format!("input: partition {partition} stalls: {doubt}"),
                    "`copydesk offsets` shows where the group stands, `copydesk offsets reset` decides",
                ),
                (Some(doubt), OffsetReset::Earliest) => self.warn(
                    &format!("input: partition {partition} is read from its beginning: {doubt}"),
                    "`stream.on-offset-reset` says so: what was published before is published a second time",
                ),
                (None, _) if place.lost > 0 => self.warn(
                    &format!("input: retention has deleted {} unread offsets of partition {partition}", place.lost),
                    "they are lost; the worker goes on at the first record that is left",
                ),
                (None, _) => {}
            }
        }
    }

    /// A cluster of one can't keep what it acknowledged when its disk is gone, whatever its topics are set to.
    fn one_broker(&self) {
        if self.brokers == 1 {
            self.warn(
                "there is one broker, so that every topic has one replica (replication factor 1)",
                "what was acknowledged is lost with its disk: for production three brokers, and three replicas of each topic",
            );
        }
    }

    /// Will the topics that are written take what the input topic takes?
    fn records(&self, topics: &[(&str, Topic)]) {
        let [(_, input), written @ ..] = topics else { return };
        for (role, topic) in written {
            if !topic.timestamps().covers(&input.timestamps()) {
                let advice = "a record that it would refuse has the time of publishing, and its article's in the header \
                              `copydesk.timestamp.input`: give both topics the same message.timestamp.before.max.ms and \
                              message.timestamp.after.max.ms";
                self.warn(&format!("{role}: `{}` refuses timestamps that the input takes", topic.name), advice);
            }
        }
        if let Some((_, Topic { name, .. })) = written.get(1).filter(|(_, topic)| topic.is_compacted()) {
            let advice = "of dead letters with the same key only the last is kept: set cleanup.policy=delete";
            self.warn(&format!("dead letters: `{name}` is compacted"), advice);
        }
    }

    fn partitions(&self, input: usize, output: usize, lanes: usize) {
        if input != output {
            self.warn(
                &format!("the input has {input} partitions, the output {output}"),
                "records are spread by key: order holds for each key, and for each input partition within an output partition",
            );
        }
        if lanes > input {
            self.warn(
                &format!("{lanes} lanes for {input} partitions"),
                "a lane without a partition idles: fewer lanes do",
            );
        }
    }
}
