//! The `copydesk` command (a stand-in until the real one is merged: settings from the environment only).
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use copydesk::cli::{check, dead_letters, demo, exit, feed, health, run, tail, topics};
use copydesk::config::{Delivery, Log, Settings, Stream};

#[derive(Parser)]
struct Cli {
    #[arg(long, global = true, default_value = "127.0.0.1:9092")]
    brokers: String,
    #[arg(long, global = true, default_value = "news.raw")]
    input: String,
    #[arg(long, global = true, default_value = "news.clean")]
    output: String,
    #[arg(long = "dead-letters", id = "dead-letter-topic", global = true, default_value = "news.dead")]
    dead_letters: String,
    #[arg(long, global = true, default_value = "copydesk")]
    group: String,
    #[arg(long, global = true, default_value = "one")]
    instance: String,
    #[arg(long, global = true, default_value_t = 2)]
    lanes: usize,
    #[arg(long, global = true)]
    admin: Option<std::net::SocketAddr>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Args),
    Feed(feed::Args),
    Tail(tail::Args),
    Topics(topics::Args),
    Check(check::Args),
    DeadLetters(dead_letters::Args),
    Demo(demo::Args),
    Health(health::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let get = |key: &str, default: &str| std::env::var(key).unwrap_or(default.to_owned());
    let properties = get("PROPS", "");
    let properties = properties.split(',').filter_map(|pair| pair.split_once('='));
    let settings = Settings {
        stream: Stream {
            brokers: cli.brokers,
            input: cli.input,
            output: cli.output,
            dead_letters: cli.dead_letters,
            group: cli.group,
            instance: cli.instance,
            lanes: cli.lanes,
            delivery: if get("ALO", "").is_empty() { Delivery::ExactlyOnce } else { Delivery::AtLeastOnce },
            batch_bytes: get("BATCH", "3000000").parse().unwrap_or(3_000_000),
            grace: Duration::from_secs(25),
            backoff: (Duration::from_millis(500), Duration::from_secs(10)),
            properties: properties.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        },
        limits: Default::default(),
        admin: cli.admin,
        log: Log {
            filter: get("LOG", if matches!(cli.command, Command::Run(_)) { "info" } else { "error" }),
            json: false,
        },
    };
    let _ = copydesk::telemetry::logs::init(&settings.log);
    let done = match &cli.command {
        Command::Run(args) => run::run(args, &settings),
        Command::Feed(args) => feed::run(args, &settings),
        Command::Tail(args) => tail::run(args, &settings),
        Command::Topics(args) => topics::run(args, &settings),
        Command::Check(args) => check::run(args, &settings),
        Command::DeadLetters(args) => dead_letters::run(args, &settings),
        Command::Demo(args) => demo::run(args, &settings),
        Command::Health(args) => health::run(args, &settings),
    };
    done.unwrap_or_else(|error| {
        eprintln!("copydesk: {error:#}");
        ExitCode::from(exit::INTERNAL)
    })
}
