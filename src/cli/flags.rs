//! Flags that several commands share, and how they become configuration.

use std::path::PathBuf;

use clap::{ArgMatches, Args, Command, FromArgMatches, ValueEnum};

use crate::config::Flag;

/// Flags of every command.
#[derive(Debug, Clone, Args)]
pub struct GlobalFlags {
    /// Read the configuration from FILE instead of `copydesk.toml` in the working folder
    #[arg(long, value_name = "FILE", global = true, help_heading = "Global options")]
    pub config: Option<PathBuf>,
    /// When to use colour: auto (on a terminal, unless NO_COLOR is set), always, never
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto", hide_possible_values = true)]
    #[arg(help_heading = "Global options")]
    pub color: When,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Flags of every command that talks to Kafka. They override the environment and the configuration file.
///
/// All are text and parsed by [`crate::config`], so that a wrong value is reported in the same words from every source.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Kafka (overrides COPYDESK__… variables and copydesk.toml)")]
pub struct StreamFlags {
    /// Bootstrap brokers, separated by commas [default: localhost:9092]
    #[arg(long, value_name = "HOST:PORT,…")]
    pub brokers: Option<String>,
    /// Topic of raw articles [default: news.raw]
    #[arg(long, value_name = "TOPIC")]
    pub input: Option<String>,
    /// Topic of clean records [default: news.clean]
    #[arg(long, value_name = "TOPIC")]
    pub output: Option<String>,
    /// Topic of dead letters [default: news.dead]
    #[arg(long, value_name = "TOPIC")]
    pub dead_letters: Option<String>,
    /// Consumer group [default: copydesk]
    #[arg(long, value_name = "NAME")]
    pub group: Option<String>,
    /// Name of this process, unique in the group and the same after a restart [default: the host name]
    #[arg(long, value_name = "NAME")]
    pub instance: Option<String>,
    /// Lanes (consumer + producer + thread) in this process [default: the cores it may use]
    #[arg(long, value_name = "N")]
    pub lanes: Option<String>,
    /// Address of the admin page, /livez, /readyz and /metrics, or `off` [default: off]
    #[arg(long, value_name = "ADDR:PORT")]
    pub admin: Option<String>,
}

impl StreamFlags {
    /// The flags that were given, as configuration.
    pub fn given(&self) -> Vec<Flag> {
        [
            ("--brokers", "stream", "brokers", &self.brokers),
            ("--input", "stream", "input", &self.input),
            ("--output", "stream", "output", &self.output),
            ("--dead-letters", "stream", "dead-letters", &self.dead_letters),
            ("--group", "stream", "group", &self.group),
            ("--instance", "stream", "instance", &self.instance),
            ("--lanes", "stream", "lanes", &self.lanes),
            ("--admin", "admin", "listen", &self.admin),
        ]
        .into_iter()
        .filter_map(|(flag, section, key, value)| value.clone().map(|value| Flag { flag, section, key, value }))
        .collect()
    }
}

/// A command that talks to Kafka: its own arguments and the stream's flags.
#[derive(Debug, Clone)]
pub struct OnStream<A> {
    /// The command's own.
    pub args: A,
    /// The stream's.
    pub stream: StreamFlags,
}

// By hand: the derived `flatten` drops the help of the command's own arguments, and a command may have a flag of the same
// name with another meaning (`tail --dead-letters`), which replaces the stream's.
impl<A: Args> Args for OnStream<A> {
    fn augment_args(command: Command) -> Command {
        let with_own = A::augment_args(command);
        let of_stream = StreamFlags::augment_args(Command::new("stream"));
        let taken: Vec<clap::Id> = with_own.get_arguments().map(|argument| argument.get_id().clone()).collect();
        // Before and after its sub-commands, and in their help.
        let everywhere = with_own.has_subcommands();
        let of_stream = of_stream.get_arguments().filter(|argument| !taken.contains(argument.get_id()));
        with_own.args(of_stream.map(|argument| argument.clone().global(everywhere)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<A: FromArgMatches> FromArgMatches for OnStream<A> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        // An error means that the command has its own flag of that name, of another type.
        let text = |name: &str| matches.try_get_one::<String>(name).ok().flatten().cloned();
        let stream = StreamFlags {
            brokers: text("brokers"),
            input: text("input"),
            output: text("output"),
            dead_letters: text("dead_letters"),
            group: text("group"),
            instance: text("instance"),
            lanes: text("lanes"),
            admin: text("admin"),
        };
        Ok(OnStream { args: A::from_arg_matches(matches)?, stream })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
