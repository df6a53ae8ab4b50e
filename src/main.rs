//! The `copydesk` command.
use clap::Parser;
#[derive(Parser)]
enum C {
    Clean(copydesk::cli::clean::Args),
}
fn main() -> std::process::ExitCode {
    let C::Clean(args) = C::parse();
    let settings = copydesk::config::Settings {
        stream: copydesk::config::Stream {
            brokers: String::new(),
            input: String::new(),
            output: String::new(),
            dead_letters: String::new(),
            group: String::new(),
            instance: String::new(),
            lanes: 1,
            delivery: copydesk::config::Delivery::ExactlyOnce,
            batch_bytes: 0,
            grace: std::time::Duration::ZERO,
            backoff: (std::time::Duration::ZERO, std::time::Duration::ZERO),
            properties: Default::default(),
        },
        limits: Default::default(),
        admin: None,
        log: copydesk::config::Log { filter: String::new(), json: false },
    };
    copydesk::cli::clean::run(&args, &settings).unwrap()
}
