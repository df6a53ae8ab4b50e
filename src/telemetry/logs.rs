//! Log lines on standard error: text for people, or one JSON object a line for collectors. What is logged can be changed
//! while the process runs; but from then on no filter keeps back an error of copydesk's own, since whoever reaches the
//! admin port could hide with it what they do.

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
    if tracing_subscriber::registry().with(OrOwnErrors(filter)).with(lines).try_init().is_ok() {
        let _ = FILTER.set(handle);
    }
    Ok(())
}

/// A filter, and errors of copydesk's own whatever it says, once it was changed.
///
/// It stands before all layers. As the filter of one layer it would eat events: a record of the crate `log` (rdkafka's) that
/// such a filter refuses leaves its mark on the thread, and the next event is refused for it (tracing-subscriber 0.3.23).
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
