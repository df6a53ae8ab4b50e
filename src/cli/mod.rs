//! The command line: one file per command, and here the tree of commands.
//!
//! A command is a file with `Args` (clap's, with its help) and `run(&Args, &Settings)`. To add one: its `mod` line, its
//! variant in [`Command`], its arm in [`Command::run`]. A command that talks to Kafka is wrapped in [`OnStream`], which adds
//! the stream's flags; these are configuration, and reach the command as settings.

mod admin_runtime;
pub mod check;
pub mod clean;
pub mod color;
pub mod completions;
pub mod config;
pub mod dates;
pub mod dead_letters;
pub mod demo;
mod escape;
pub mod exit;
pub mod feed;
pub mod flags;
mod hangup;
pub mod health;
mod input;
pub mod inspect;
mod interrupt;
pub mod man;
pub mod offsets;
mod print;
mod record_line;
mod resolve;
pub mod run;
pub mod schema;
pub mod tail;
pub mod topics;

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::{Inputs, Loaded, Origin, Problem, Problems, load, quoted, redact};
use crate::telemetry::logs;
use crate::worker::{KafkaTrouble, config_check};
use flags::{GlobalFlags, OnStream, StreamFlags};
use print::{note, say};

/// The copy desk of a news stream: drops repeated paragraphs, reads dates in every language, and publishes clean records
/// exactly once through Kafka.
#[derive(Debug, Parser)]
#[command(
    name = "copydesk",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    max_term_width = 100,
    after_help = "Configuration: copydesk.toml, then COPYDESK__SECTION__KEY variables, then flags (`copydesk config`).
Exit codes: 0 done, 3 refused, 64 wrong command line or configuration, 69 broker or topic unavailable, 70 a bug, 74 I/O error, 75 interrupted, 76 duplicate instance (docs/exit-codes.md)."
)]
pub struct Cli {
    /// Flags of every command.
    #[command(flatten)]
    pub global: GlobalFlags,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands. The help of each is the comment at its `Args`.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "a comment here would replace the command's own help")]
pub enum Command {
    Run(OnStream<run::Args>),
    Clean(clean::Args),
    Inspect(inspect::Args),
    Dates(dates::Args),
    Demo(demo::Args),
    Feed(OnStream<feed::Args>),
    Tail(OnStream<tail::Args>),
    Topics(OnStream<topics::Args>),
    Check(OnStream<check::Args>),
    DeadLetters(OnStream<dead_letters::Args>),
    Offsets(OnStream<offsets::Args>),
    Health(OnStream<health::Args>),
    Schema(schema::Args),
    Config(OnStream<config::Args>),
    Completions(completions::Args),
    Man(man::Args),
}

impl Command {
    /// The stream's flags, where the command has them.
    fn stream(&self) -> StreamFlags {
        match self {
            Command::Run(command) => command.stream.clone(),
            Command::Feed(command) => command.stream.clone(),
            Command::Tail(command) => command.stream.clone(),
            Command::Topics(command) => command.stream.clone(),
            Command::Check(command) => command.stream.clone(),
            Command::DeadLetters(command) => command.stream.clone(),
            Command::Offsets(command) => command.stream.clone(),
            Command::Health(command) => command.stream.clone(),
            Command::Config(command) => command.stream.clone(),
            Command::Clean(_)
            | Command::Inspect(_)
            | Command::Dates(_)
            | Command::Schema(_)
            | Command::Demo(_)
            | Command::Completions(_)
            | Command::Man(_) => StreamFlags::default(),
        }
    }

    /// Runs the command. Those that need no configuration do not call `load`, so that they work with a wrong one.
    fn run(&self, load: impl FnOnce() -> anyhow::Result<Loaded>) -> anyhow::Result<ExitCode> {
        match self {
            Command::Schema(args) => schema::run(args),
            Command::Dates(args) => dates::run(args),
            Command::Completions(args) => completions::run(args),
            Command::Man(args) => man::run(args),
            Command::Config(command) if command.args.reference => config::reference(),
            Command::Config(_) => config::run(&load()?),
            Command::Run(command) => run::run(&command.args, &load()?.settings),
            Command::Clean(args) => clean::run(args, &load()?.settings),
            Command::Inspect(args) => inspect::run(args, &load()?.settings),
            Command::Demo(args) => demo::run(args, &load()?.settings),
            Command::Feed(command) => feed::run(&command.args, &load()?.settings),
            Command::Tail(command) => tail::run(&command.args, &load()?.settings),
            Command::Topics(command) => topics::run(&command.args, &load()?.settings),
            Command::Check(command) => check::run(&command.args, &load()?.settings),
            Command::DeadLetters(command) => dead_letters::run(&command.args, &load()?.settings),
            Command::Offsets(command) => offsets::run(&command.args, &load()?.settings),
            Command::Health(command) => health::run(&command.args, &load()?.settings),
        }
    }
}

impl Cli {
    /// Parses the command line. `Err` is the exit code, after help, version or an error was printed.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, ExitCode> {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        let parsed = Cli::command()
            .color(early_color(&arguments))
            .try_get_matches_from(arguments)
            .and_then(|matches| Cli::from_arg_matches(&matches));
        parsed.map_err(|error| {
            // The command line may hold a secret in the wrong place: then without colour, and without the secret.
            let printed = match redact::text(&error.render().to_string()) {
                Cow::Owned(redacted) if error.use_stderr() => std::io::stderr().write_all(redacted.as_bytes()),
                _ => error.print(),
            };
            if error.use_stderr() {
                return ExitCode::from(exit::USAGE);
            }
            print::keep(printed);
            ExitCode::from(if print::lost() { exit::IO } else { exit::OK })
        })
    }

    /// Loads the configuration, runs the command, and gives its exit code.
    pub fn execute(&self) -> ExitCode {
        color::set(self.global.color);
        let result = self.command.run(|| self.load());
        let code = result.unwrap_or_else(|error| report(&error));
        if code == ExitCode::from(exit::OK) && print::lost() {
            print::failure(format_args!("cannot write to standard output"));
            return ExitCode::from(exit::IO);
        }
        code
    }

    /// Loads and checks the configuration, and starts logging as it says.
    fn load(&self) -> anyhow::Result<Loaded> {
        let loaded = self.configure()?;
        check_properties(&loaded)?;
        // The worker logs what it does; the other commands print it, and log errors only.
        let mut log = loaded.settings.log.clone();
        if !matches!(self.command, Command::Run(_)) && log.filter == "info" {
            log.filter = "error".to_owned();
        }
        logs::init(&log, color::stderr())?;
        Ok(loaded)
    }

    /// Loads the configuration from file, environment and flags.
    fn configure(&self) -> Result<Loaded, Problems> {
        load(&Inputs {
            file: self.global.config.clone(),
            folder: std::env::current_dir().unwrap_or_default(),
            // A variable that is not Unicode is not one of ours, or is refused as unknown or wrong.
            environment: std::env::vars_os()
                .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
                .collect(),
            flags: self.command.stream().given(),
            host: gethostname::gethostname().to_string_lossy().into_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
        })
    }
}

/// `--color` has to be known before clap reports errors in the rest.
fn early_color(arguments: &[OsString]) -> clap::ColorChoice {
    let words: Vec<_> = arguments.iter().map(|word| word.to_string_lossy()).collect();
    let separate = words.windows(2).find(|pair| pair[0] == "--color").map(|pair| pair[1].to_string());
    let joined = words.iter().find_map(|word| word.strip_prefix("--color=").map(str::to_owned));
    match separate.or(joined).as_deref() {
        Some("always") => clap::ColorChoice::Always,
        Some("never") => clap::ColorChoice::Never,
        _ => clap::ColorChoice::Auto,
    }
}

/// Has librdkafka check its properties, before any client is created.
fn check_properties(loaded: &Loaded) -> Result<(), Problems> {
    let problem = |config_check::Refusal { key, reason }| {
        let place = ("kafka".to_owned(), key);
        let value = loaded.settings.stream.properties.get(&place.1).map(String::as_str).unwrap_or_default();
        Problem::Value {
            value: quoted("kafka", &place.1, value),
            origin: loaded.origins.get(&place).cloned().unwrap_or(Origin::Default("default")),
            key: format!("kafka.{}", place.1),
            reason,
        }
    };
    let problems: Vec<Problem> = config_check::properties(&loaded.settings.stream).into_iter().map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
}

/// Reports an error on standard error, and chooses the exit code.
fn report(error: &anyhow::Error) -> ExitCode {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    if io.is_some_and(|io| io.kind() == ErrorKind::BrokenPipe) {
        // `copydesk … | head`: the reader has read enough.
        return ExitCode::from(exit::OK);
    }
    print::failure(format_args!("{error:#}"));
    let code = match () {
        () if error.chain().any(|cause| cause.is::<Problems>()) => exit::USAGE,
        () if error.chain().any(|cause| cause.is::<KafkaTrouble>()) => exit::UNAVAILABLE,
        () if io.is_some() => exit::IO,
        () => exit::INTERNAL,
    };
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_sound() {
        Cli::command().debug_assert();
    }
}
