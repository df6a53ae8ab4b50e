//! Why a batch was aborted, and what has to happen before it is read again.

/// The step that a batch was aborted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AbortReason {
    /// The transaction could not begin.
    Begin,
    /// Records were not delivered.
    Delivery,
    /// A topic called a record, or a request, too large.
    TooLarge,
    /// A topic refused a record for good.
    Refused,
    /// The offsets were not taken.
    Offsets,
    /// The commit failed.
    Commit,
}

impl AbortReason {
    #[cfg(test)]
    const ALL: [AbortReason; 6] = {
        use AbortReason::{Begin, Commit, Delivery, Offsets, Refused, TooLarge};
        [Delivery, TooLarge, Refused, Offsets, Commit, Begin]
    };

    /// The label of the metric. For people and metrics only: what follows from a reason is said by the methods below.
    pub(super) fn label(self) -> &'static str {
        match self {
            AbortReason::Begin => "begin",
            AbortReason::Delivery => "delivery",
            AbortReason::TooLarge => "too_large",
            AbortReason::Refused => "refused",
            AbortReason::Offsets => "offsets",
            AbortReason::Commit => "commit",
        }
    }

    /// Does the abort count among those in a row after which the lane restarts? Not where something was learned by which the
    /// batch fares better the next time: new clients would not help.
    pub(super) fn counts(self) -> bool {
        match self {
            AbortReason::Begin | AbortReason::Delivery | AbortReason::Offsets | AbortReason::Commit => true,
            AbortReason::TooLarge | AbortReason::Refused => false,
        }
    }

    fn remedy(self) -> Remedy {
        match self {
            AbortReason::Delivery | AbortReason::TooLarge | AbortReason::Refused => Remedy::SurveyTopics,
            AbortReason::Begin | AbortReason::Offsets | AbortReason::Commit => Remedy::Retry,
        }
    }
}

/// What has to happen before an aborted batch is published again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Nothing.
    Retry,
    /// The topics may have changed, and are to be surveyed.
    SurveyTopics,
    /// A topic has to change first: the session ends, and waits for it.
    WaitForTopics,
}

/// An aborted batch.
#[derive(Debug)]
pub(super) struct Abort {
    pub(super) reason: AbortReason,
    pub(super) remedy: Remedy,
    /// What was said.
    pub(super) error: String,
}

impl Abort {
    /// An abort with the remedy that its reason suggests.
    pub(super) fn new(reason: AbortReason, error: impl Into<String>) -> Abort {
        Abort { reason, remedy: reason.remedy(), error: error.into() }
    }

    /// An abort after which a topic has to change first.
    pub(super) fn waiting_for_topics(reason: AbortReason, error: impl Into<String>) -> Abort {
        Abort { reason, remedy: Remedy::WaitForTopics, error: error.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::names::{TRANSACTIONS_ABORTED, values};

    #[test]
    fn every_reason_of_an_abort_is_counted_from_zero() {
        assert_eq!(AbortReason::ALL.map(AbortReason::label), values(TRANSACTIONS_ABORTED, "reason").unwrap());
    }

    #[test]
    fn an_abort_that_taught_something_asks_the_topics_and_costs_no_restart() {
        for reason in [AbortReason::TooLarge, AbortReason::Refused] {
            assert!(!reason.counts());
            assert_eq!(Abort::new(reason, "too large").remedy, Remedy::SurveyTopics);
        }
        assert!(AbortReason::Commit.counts());
        assert_eq!(Abort::new(AbortReason::Commit, "no answer").remedy, Remedy::Retry);
    }
}
