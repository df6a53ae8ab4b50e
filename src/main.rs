//! The `copydesk` command (a stand-in until the real one is merged: settings from the environment only).
use std::process::ExitCode;
use std::time::Duration;

use copydesk::cli::{exit, run};
use copydesk::config::{Delivery, Log, Settings, Stream};

fn main() -> ExitCode {
    let get = |key: &str, default: &str| std::env::var(key).unwrap_or(default.to_owned());
    let settings = Settings {
        stream: Stream {
            brokers: get("B", "127.0.0.1:19192"),
            input: get("IN", "news.raw"),
            output: get("OUT", "news.clean"),
            dead_letters: get("DEAD", "news.dead"),
            group: get("G", "copydesk"),
            instance: get("I", "one"),
            lanes: get("L", "2").parse().unwrap_or(2),
            delivery: if get("ALO", "").is_empty() { Delivery::ExactlyOnce } else { Delivery::AtLeastOnce },
            batch_bytes: 3_000_000,
            grace: Duration::from_secs(25),
            backoff: (Duration::from_millis(500), Duration::from_secs(10)),
            properties: Default::default(),
        },
        limits: Default::default(),
        admin: get("ADMIN", "").parse().ok(),
        log: Log { filter: get("LOG", "info"), json: false },
    };
    let _ = copydesk::telemetry::logs::init(&settings.log);
    run::run(&run::Args {}, &settings).unwrap_or_else(|error| {
        eprintln!("copydesk: {error:#}");
        ExitCode::from(exit::INTERNAL)
    })
}
