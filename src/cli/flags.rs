//! Flags that several commands share, and how they become configuration.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::config::Flag;

/// Flags of every command.
#[derive(Debug, Clone, Args)]
pub struct GlobalFlags {
    /// Read the configuration from FILE instead of `copydesk.toml` in the working folder
    #[arg(long, value_name = "FILE", global = true, help_heading = "Global options")]
    pub config: Option<PathBuf>,
    /// When to use colour; `auto` means on a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto", help_heading = "Global options")]
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

/// Flags of every command that talks to Kafka. They go before the environment and the configuration file.
///
/// All are taken as text and read by [`crate::config`], so that a wrong value is reported in the same words wherever it
/// came from.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Kafka (before COPYDESK__… variables and copydesk.toml)")]
pub struct StreamFlags {
    /// Brokers to start from, separated by commas [default: localhost:9092]
    #[arg(long, value_name = "HOST:PORT,…")]
    pub brokers: Option<String>,
    /// Topic of raw articles [default: news.raw]
    #[arg(long, value_name = "TOPIC")]
    pub input: Option<String>,
    /// Topic of clean records [default: news.clean]
    #[arg(long, value_name = "TOPIC")]
    pub output: Option<String>,
    /// Topic of what could not be cleaned [default: news.dead]
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
    /// Where /livez, /readyz and /metrics listen, or `off` [default: off]
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
