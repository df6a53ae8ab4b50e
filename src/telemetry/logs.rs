//! Log lines on standard error: text for people, or one JSON object a line for collectors. The filter can be changed while
//! the process runs; from then on no filter suppresses copydesk's own errors, since whoever reaches the admin port could
//! hide their actions with one.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use thiserror::Error;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use super::stderr::Format;
use crate::config::{Log, log_filter};

/// The filter in force; the process has one, as it has one standard error.
static FILTER: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();
/// The filter was changed. (An `off` of the configuration's suppresses copydesk's own errors as well.)
static CHANGED: AtomicBool = AtomicBool::new(false);

/// Why the filter was not changed.
#[derive(Debug, Error)]
pub enum FilterError {
    /// The text is no filter.
    #[error("`{filter}`: {reason}")]
    Invalid {
        /// The text.
        filter: String,
        /// What is wrong with it, and what is expected.
        reason: String,
    },
    /// Logging was not started by [`init`].
    #[error("logging was not started by this program")]
    Foreign,
}

/// Starts logging as configured, with `colour` where lines are for people. Call once; a second call changes nothing.
///
/// # Errors
/// Where the filter can't be parsed.
pub fn init(log: &Log, colour: bool) -> Result<(), ParseError> {
    let (filter, handle) = reload::Layer::new(EnvFilter::try_new(&log.filter)?);
    let format = match (log.json, colour) {
        (true, _) => Format::Json,
        (false, true) => Format::Coloured,
        (false, false) => Format::Plain,
    };
    // Without reporting its own errors: it would by `eprintln!`, which panics where nobody reads.
    let lines = fmt::layer().with_writer(format).log_internal_errors(false);
    let lines = if log.json {
        lines.json().flatten_event(true).with_current_span(false).boxed()
    } else {
        lines.with_ansi(colour).boxed()
    };
    // A subscriber that is already there (a test's) is kept.
    if tracing_subscriber::registry().with(OrOwnErrors(filter)).with(lines).try_init().is_ok() {
        let _ = FILTER.set(handle);
    }
    Ok(())
}

/// A filter that lets copydesk's own errors through once it was changed.
///
/// It stands before all layers. As the filter of one layer it would lose events: a refused record of the crate `log`
/// (rdkafka's) marks the thread, and the next event is refused for it (tracing-subscriber 0.3.23).
struct OrOwnErrors<L>(L);

impl<S: Subscriber, L: Layer<S>> Layer<S> for OrOwnErrors<L> {
    fn register_callsite(&self, event: &'static Metadata<'static>) -> Interest {
        let interest = self.0.register_callsite(event);
        if is_own_error(event) && !interest.is_always() { Interest::sometimes() } else { interest }
    }

    fn enabled(&self, event: &Metadata<'_>, context: Context<'_, S>) -> bool {
        self.0.enabled(event, context) || CHANGED.load(Relaxed) && is_own_error(event)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.0.max_level_hint().map(|level| level.max(LevelFilter::ERROR))
    }

    fn on_new_span(&self, span: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        self.0.on_new_span(span, id, context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        self.0.on_record(id, values, context);
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        self.0.on_enter(id, context);
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        self.0.on_exit(id, context);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        self.0.on_close(id, context);
    }
}

/// The filter in force.
pub fn filter() -> Option<String> {
    FILTER.get()?.with_current(ToString::to_string).ok()
}

fn is_own_error(event: &Metadata<'_>) -> bool {
    *event.level() == Level::ERROR && event.target().split("::").next() == Some(env!("CARGO_CRATE_NAME"))
}

/// Replaces the filter until the process ends. copydesk's own errors are logged whatever it says.
///
/// # Errors
/// Where `filter` is no filter; then the old one stays.
pub fn set_filter(filter: &str) -> Result<(), FilterError> {
    let filter = filter.trim();
    let invalid = |reason| FilterError::Invalid { filter: filter.to_owned(), reason };
    log_filter(filter).map_err(invalid)?;
    let new = EnvFilter::try_new(filter).map_err(|error| invalid(error.to_string()))?;
    let handle = FILTER.get().ok_or(FilterError::Foreign)?;
    // Logged under the old filter where that lets it through, since the new one may not.
    let logged = tracing::enabled!(tracing::Level::INFO);
    if logged {
        tracing::info!(filter, "the log filter is about to change");
    }
    // Before the reload, which asks every place that logs again.
    CHANGED.store(true, Relaxed);
    handle.reload(new).map_err(|_| FilterError::Foreign)?;
    if !logged {
        tracing::info!(filter, "the log filter has changed");
    }
    Ok(())
}
