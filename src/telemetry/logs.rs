//! Log lines on standard error: text for people, or one JSON object a line for collectors. What is logged can be changed
//! while the process runs.

use std::io::IsTerminal;
use std::sync::OnceLock;

use thiserror::Error;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use crate::config::{Log, log_filter, redact};

/// The filter in force; the process has one, as it has one standard error.
static FILTER: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

/// Why what is logged was not changed.
#[derive(Debug, Error)]
pub enum Unchanged {
    /// The text is no filter.
    #[error("`{filter}`: {reason}")]
    Filter {
        /// The text.
        filter: String,
        /// What is wrong with it, and what is wanted.
        reason: String,
    },
    /// Logging was not started by [`init`].
    #[error("logging is not this program's to change here")]
    Foreign,
}

/// Starts logging as configured. Call once; a second call changes nothing.
///
/// # Errors
/// Where the filter can't be parsed.
pub fn init(log: &Log) -> Result<(), ParseError> {
    let (filter, handle) = reload::Layer::new(EnvFilter::try_new(&log.filter)?);
    let lines = fmt::layer().with_writer(|| redact::Redacting(std::io::stderr()));
    let lines = if log.json {
        lines.json().flatten_event(true).with_current_span(false).boxed()
    } else {
        lines.with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()).boxed()
    };
    // A subscriber that is already there (a test's) is kept.
    if tracing_subscriber::registry().with(filter).with(lines).try_init().is_ok() {
        let _ = FILTER.set(handle);
    }
    Ok(())
}

/// The filter in force.
pub fn filter() -> Option<String> {
    FILTER.get()?.with_current(ToString::to_string).ok()
}

/// Puts another in its place, until the process ends.
///
/// # Errors
/// Where `wanted` is no filter; then everything stays as it was.
pub fn set_filter(wanted: &str) -> Result<(), Unchanged> {
    let wanted = wanted.trim();
    let unfit = |reason| Unchanged::Filter { filter: wanted.to_owned(), reason };
    log_filter(wanted).map_err(unfit)?;
    let new = EnvFilter::try_new(wanted).map_err(|error| unfit(error.to_string()))?;
    let handle = FILTER.get().ok_or(Unchanged::Foreign)?;
    // Told by the old filter where that lets it through, since the new one may be silent.
    let told = tracing::enabled!(tracing::Level::INFO);
    if told {
        tracing::info!(filter = wanted, "what is logged changes");
    }
    handle.reload(new).map_err(|_| Unchanged::Foreign)?;
    if !told {
        tracing::info!(filter = wanted, "what is logged has changed");
    }
    Ok(())
}
