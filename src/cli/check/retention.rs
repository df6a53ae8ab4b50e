//! Retention of a group's offsets against that of the input: a group whose offsets expire before the input does has lost
//! its position.

use std::time::Duration;

use crate::worker::topics::Retention;

/// The warning, and what to do about it, if any. `offsets`: how long the brokers keep the offsets of a group without
/// members, `None` where that can't be read.
pub(super) fn warning(offsets: Option<Duration>, input: Retention) -> Option<(String, String)> {
    let days = |period: Duration| format!("{:.1} days", period.as_secs() as f64 / 86_400.0);
    let expiry = match offsets {
        Some(offsets) => format!("offsets of a group without members expire after {}", days(offsets)),
        None => "it is unknown when offsets of a group without members expire".to_owned(),
    };
    let kept = match input {
        Retention::For(input) if offsets.is_some_and(|offsets| input <= offsets) => return None,
        Retention::For(input) => format!("the input is kept for {}", days(input)),
        Retention::Forever => "the input is kept for ever".to_owned(),
        Retention::Unknown => "the retention of the input is unknown".to_owned(),
    };
    let advice = match (offsets, input) {
        (None, _) => "grant DescribeConfigs on the cluster to have it checked (offsets.retention.minutes)",
        (_, Retention::Unknown) => "grant DescribeConfigs on the input topic to have it checked (retention.ms)",
        _ => "raise the brokers' offsets.retention.minutes above the input's retention.ms",
    };
    let advice =
        format!("after a longer stop the position is lost, and the worker stalls (`stream.on-offset-reset`): {advice}");
    Some((format!("{expiry}, {kept}"), advice))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_retention_is_a_warning() {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        let warn = |offsets, input| warning(offsets, input).map(|(what, advice)| format!("{what}; {advice}"));
        assert_eq!(warn(Some(days(7)), Retention::For(days(7))), None);
        for (offsets, input, words) in [
            (
                Some(days(7)),
                Retention::For(days(8)),
                ["expire after 7.0 days, the input is kept for 8.0 days", "raise"],
            ),
            (Some(days(7)), Retention::Forever, ["the input is kept for ever", "raise"]),
            (Some(days(7)), Retention::Unknown, ["the retention of the input is unknown", "on the input topic"]),
            (None, Retention::For(days(7)), ["members expire, the input is kept for 7.0 days", "on the cluster"]),
            (None, Retention::Unknown, ["members expire, the retention of the input is unknown", "on the cluster"]),
        ] {
            let warning = warn(offsets, input).unwrap();
            assert!(words.iter().all(|word| warning.contains(word)), "{warning}");
        }
    }
}
