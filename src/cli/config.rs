//! `config`: what the program would run with, and where each value came from.

use std::io::Write;
use std::process::ExitCode;

use crate::config::{self, Loaded};

/// Print the effective configuration, each value with where it came from
///
/// As TOML, secrets redacted. The file is read first (--config, else `copydesk.toml` in the working folder), then
/// COPYDESK__SECTION__KEY variables, then flags; each goes before the ones before it.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  copydesk config                                   what `copydesk run` would run with here
  copydesk config --brokers kafka-1:9092            … and with this flag
  copydesk config --reference > copydesk.toml       every key, documented, to start a file from")]
pub struct Args {
    /// Print the commented reference of every key instead
    #[arg(long)]
    pub reference: bool,
}

/// Prints the effective configuration as TOML, secrets redacted.
pub fn run(loaded: &Loaded) -> anyhow::Result<ExitCode> {
    print(&config::effective(loaded))
}

/// Prints the reference. It depends on nothing that could be configured wrongly.
pub fn reference() -> anyhow::Result<ExitCode> {
    print(&config::reference())
}

fn print(text: &str) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
