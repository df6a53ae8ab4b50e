//! Log lines on standard error: text for people, or one JSON object a line for collectors. What is logged can be changed
//! while the process runs; but from then on no filter keeps back an error of copydesk's own, since whoever reaches the
//! admin port could hide with it what they do.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use thiserror::Error;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, LevelFilter, ParseError, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use super::stderr::Form;
use crate::config::{Log, log_filter};

/// The filter in force; the process has one, as it has one standard error.
static FILTER: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();
/// The filter in force is not that of the configuration, whose own `off` is taken at its word.
static CHANGED: AtomicBool = AtomicBool::new(false);

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

/// Starts logging as configured, with `colour` where lines are for people. Call once; a second call changes nothing.
///
/// # Errors
/// Where the filter can't be parsed.
pub fn init(log: &Log, colour: bool) -> Result<(), ParseError> {
    let (filter, handle) = reload::Layer::new(EnvFilter::try_new(&log.filter)?);
    let errors =
        filter_fn(|event| CHANGED.load(Relaxed) && is_own_error(event)).with_max_level_hint(LevelFilter::ERROR);
    let filter = filter.or(errors);
    let form = match (log.json, colour) {
        (true, _) => Form::Json,
        (false, true) => Form::Coloured,
        (false, false) => Form::Plain,
    };
    // Without telling of its own errors, which it would do by `eprintln!`: that panics where nobody reads.
    let lines = fmt::layer().with_writer(form).log_internal_errors(false);
    let lines = if log.json {
        lines.json().flatten_event(true).with_current_span(false).boxed()
    } else {
        lines.with_ansi(colour).boxed()
    };
    // A subscriber that is already there (a test's) is kept.
    if tracing_subscriber::registry().with(lines.with_filter(filter)).try_init().is_ok() {
        let _ = FILTER.set(handle);
    }
    Ok(())
}

/// The filter in force.
pub fn filter() -> Option<String> {
    FILTER.get()?.with_current(ToString::to_string).ok()
}

fn is_own_error(event: &Metadata<'_>) -> bool {
    *event.level() == Level::ERROR && event.target().split("::").next() == Some(env!("CARGO_CRATE_NAME"))
}

/// Puts another in its place, until the process ends. Errors of copydesk's own are logged whatever it says.
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
    // Before the reload, which has every place that logs asked anew.
    CHANGED.store(true, Relaxed);
    handle.reload(new).map_err(|_| Unchanged::Foreign)?;
    if !told {
        tracing::info!(filter = wanted, "what is logged has changed");
    }
    Ok(())
}
