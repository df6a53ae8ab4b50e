//! Which timestamps a topic takes, and which one a record gets.
//!
//! A topic with `message.timestamp.type=CreateTime` refuses records that are too old or too far ahead of the broker's clock
//! (`message.timestamp.before.max.ms`, `message.timestamp.after.max.ms`: one hour by default since Kafka 4). An input topic
//! may be wider than an output topic. A record that its topic would refuse is given the time of sending, and carries its
//! own in the header [`INPUT`](super::dead_letter::TIMESTAMP_INPUT).

use std::time::{SystemTime, UNIX_EPOCH};

/// How far from the broker's clock a topic's timestamps may be, in milliseconds. `None`: any distance, or not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimestampBounds {
    /// Was the topic's configuration read?
    pub known: bool,
    /// Into the past.
    pub before: Option<i64>,
    /// Into the future.
    pub after: Option<i64>,
}

impl TimestampBounds {
    /// Reads them from a topic's configuration.
    pub(super) fn read(key: impl Fn(&str) -> Option<String>) -> TimestampBounds {
        let kind = key("message.timestamp.type");
        let known = kind.is_some();
        if kind.is_some_and(|kind| kind == "LogAppendTime") {
            return TimestampBounds { known, ..TimestampBounds::default() };
        }
        let limit = |name: &str| key(name)?.parse().ok().filter(|&limit| limit < i64::MAX);
        // Kafka before 3.6 has one bound for both.
        let both = limit("message.timestamp.difference.max.ms");
        TimestampBounds {
            known,
            before: limit("message.timestamp.before.max.ms").or(both),
            after: limit("message.timestamp.after.max.ms").or(both),
        }
    }

    /// Does a topic take this timestamp at this time?
    pub(super) fn take(&self, timestamp: i64, now: i64) -> bool {
        let ahead = timestamp.saturating_sub(now);
        self.after.is_none_or(|after| ahead <= after) && self.before.is_none_or(|before| -ahead <= before)
    }

    /// The topic has refused this timestamp at this time, so it refuses what is further off as well.
    pub(super) fn refused(&mut self, timestamp: i64, now: i64) {
        let ahead = timestamp.saturating_sub(now);
        let (bound, limit) = if ahead > 0 { (&mut self.after, ahead - 1) } else { (&mut self.before, -ahead - 1) };
        *bound = Some(bound.unwrap_or(i64::MAX).min(limit).max(0));
    }

    /// Does this topic take everything that `other` takes?
    pub fn covers(&self, other: &TimestampBounds) -> bool {
        let wider = |ours: Option<i64>, theirs: Option<i64>| match (ours, theirs) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(ours), Some(theirs)) => ours >= theirs,
        };
        wider(self.before, other.before) && wider(self.after, other.after)
    }
}

/// This machine's time, in milliseconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;
    const NOW: i64 = 1_800_000_000_000;

    fn of(pairs: &[(&str, &str)]) -> TimestampBounds {
        TimestampBounds::read(|key| pairs.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn kafka_4_takes_what_is_an_hour_ahead_and_any_age() {
        let bounds = of(&[
            ("message.timestamp.type", "CreateTime"),
            ("message.timestamp.before.max.ms", "9223372036854775807"),
            ("message.timestamp.after.max.ms", "3600000"),
        ]);
        assert_eq!(bounds, TimestampBounds { known: true, before: None, after: Some(HOUR) });
        assert!(bounds.take(NOW + HOUR, NOW) && !bounds.take(NOW + HOUR + 1, NOW) && bounds.take(0, NOW));
        assert!(!bounds.take(i64::MAX, -1));
    }

    #[test]
    fn the_time_of_appending_has_no_bounds_and_older_brokers_have_one_for_both() {
        let appended = of(&[("message.timestamp.type", "LogAppendTime"), ("message.timestamp.after.max.ms", "1")]);
        assert_eq!(appended, TimestampBounds { known: true, before: None, after: None });
        let older = of(&[("message.timestamp.difference.max.ms", "1000")]);
        assert_eq!(older, TimestampBounds { known: false, before: Some(1000), after: Some(1000) });
    }

    #[test]
    fn a_refusal_tightens_the_bound_on_its_side_only() {
        let mut bounds = TimestampBounds::default();
        bounds.refused(NOW + 5000, NOW);
        assert!(!bounds.take(NOW + 5000, NOW) && bounds.take(NOW + 4999, NOW) && bounds.take(0, NOW));
        bounds.refused(NOW - 7000, NOW);
        assert!(!bounds.take(NOW - 7000, NOW) && bounds.take(NOW - 6999, NOW));
    }

    #[test]
    fn a_narrower_topic_does_not_cover_a_wider_one() {
        let wide = TimestampBounds { known: true, before: None, after: Some(2 * HOUR) };
        let narrow = TimestampBounds { known: true, before: None, after: Some(HOUR) };
        assert!(wide.covers(&narrow) && !narrow.covers(&wide) && wide.covers(&wide));
    }
}
