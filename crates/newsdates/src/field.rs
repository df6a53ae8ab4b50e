//! A date field of the input: what a machine or a template wrote, so that no sentence has to be feared.

use super::reading::{Context, Reading, Role};
use super::rules::Trace;
use super::{machine, stamp};

/// See [`super::read_field`].
pub(super) fn read(text: &str, context: &Context<'_>) -> Option<Reading> {
    let text = text.trim();
    if let Some(reading) = machine::epoch(text) {
        return Some(reading);
    }
    if let Some(spelled) = machine::spelled(text)
        && let Ok(stamp) = stamp::read(&spelled, context, Trace::OFF)
        && let Some(reading) = stamp.dates.into_iter().next()
    {
        return Some(Reading { span: 0..text.len(), ..reading });
    }
    let stamp = stamp::read(text, context, Trace::OFF).ok()?;
    let published = stamp.dates.iter().position(|d| d.role == Role::Published).unwrap_or(0);
    stamp.dates.into_iter().nth(published)
}
