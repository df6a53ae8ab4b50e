//! The `copydesk` command: arguments → configuration → telemetry → command → exit code.

use std::process::ExitCode;

use copydesk::cli::Cli;

fn main() -> ExitCode {
    match Cli::read(std::env::args_os()) {
        Ok(cli) => cli.execute(),
        Err(code) => code,
    }
}
