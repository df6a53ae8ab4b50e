//! `config`: the effective configuration, and the origin of each value.

use std::io::Write;
use std::process::ExitCode;

use crate::config::{self, Loaded};

/// Print the effective configuration, each value with its origin
///
/// As TOML, secrets redacted. The file is read first (--config, else `copydesk.toml` in the working folder), then
/// COPYDESK__SECTION__KEY variables, then flags; later sources override earlier ones.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  copydesk config                                   the configuration of `copydesk run` here
  copydesk config --brokers kafka-1:9092            … and with this flag
  copydesk config --reference > copydesk.toml       every key with its documentation, as a start")]
pub struct Args {
    /// Print the commented reference of every key instead
    #[arg(long)]
    pub reference: bool,
}

/// Prints the effective configuration as TOML, secrets redacted.
pub fn run(loaded: &Loaded) -> anyhow::Result<ExitCode> {
    print(&config::effective(loaded))
}

/// Prints the reference. It does not depend on the configuration.
pub fn reference() -> anyhow::Result<ExitCode> {
    print(&config::reference())
}

fn print(text: &str) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
