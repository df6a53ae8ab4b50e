//! How long a group's offsets are kept, and how long the input: a group whose offsets are forgotten before the input is
//! does not know where it was.

use std::time::Duration;

use crate::worker::topics::Retention;

/// What is to be warned of and what to do about it, if anything. `offsets`: how long the brokers keep the offsets of a group
/// without members, `None` where nobody may know.
pub(super) fn warning(offsets: Option<Duration>, input: Retention) -> Option<(String, String)> {
    let days = |period: Duration| format!("{:.1} days", period.as_secs() as f64 / 86_400.0);
    let forgotten = match offsets {
        Some(offsets) => format!("a group without members is forgotten after {}", days(offsets)),
        None => "after how long a group without members is forgotten is unknown".to_owned(),
    };
    let kept = match input {
        Retention::For(input) if offsets.is_some_and(|offsets| input <= offsets) => return None,
        Retention::For(input) => format!("the input is kept for {}", days(input)),
        Retention::Forever => "the input is kept for ever".to_owned(),
        Retention::Unknown => "how long the input is kept is unknown".to_owned(),
    };
    let advice = match (offsets, input) {
        (None, _) => "grant DescribeConfigs on the cluster to have it checked (offsets.retention.minutes)",
        (_, Retention::Unknown) => "grant DescribeConfigs on the input topic to have it checked (retention.ms)",
        _ => "raise the brokers' offsets.retention.minutes above the input's retention.ms",
    };
    let advice = format!(
        "after a longer stop nobody knows what was published, and the worker stalls (`stream.on-offset-reset`): {advice}"
    );
    Some((format!("{forgotten}, {kept}"), advice))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_told() {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        let told = |offsets, input| warning(offsets, input).map(|(what, advice)| format!("{what}; {advice}"));
        assert_eq!(told(Some(days(7)), Retention::For(days(7))), None);
        for (offsets, input, words) in [
            (
                Some(days(7)),
                Retention::For(days(8)),
                ["forgotten after 7.0 days, the input is kept for 8.0 days", "raise"],
            ),
            (Some(days(7)), Retention::Forever, ["the input is kept for ever", "raise"]),
            (Some(days(7)), Retention::Unknown, ["how long the input is kept is unknown", "on the input topic"]),
            (None, Retention::For(days(7)), ["forgotten is unknown, the input is kept for 7.0 days", "on the cluster"]),
            (
                None,
                Retention::Unknown,
                ["forgotten is unknown, how long the input is kept is unknown", "on the cluster"],
            ),
        ] {
            let told = told(offsets, input).unwrap();
            assert!(words.iter().all(|word| told.contains(word)), "{told}");
        }
    }
}
