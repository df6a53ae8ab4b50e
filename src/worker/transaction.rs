//! What an error of a transactional call asks for. librdkafka says it itself; this file only reads it.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// What to do about a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The same call again, with the same arguments.
    Retry,
    /// Abort the transaction, rewind to the committed offsets, go on.
    Abort,
    /// Drop both clients, start the lane anew.
    Restart,
    /// The producer was fenced: by a namesake, or by the coordinator after the transaction had timed out.
    Fenced,
}

/// Judges an error of `init_transactions`, `begin`, `send_offsets`, `commit` or `abort`.
pub(super) fn judge(error: &KafkaError) -> Verdict {
    match error {
        // The flush inside the commit: records are still in flight, so the transaction is not complete.
        KafkaError::Flush(_) => Verdict::Abort,
        KafkaError::Transaction(inner) if is_fenced(inner.code()) => Verdict::Fenced,
        KafkaError::Transaction(inner) if inner.is_fatal() => Verdict::Restart,
        KafkaError::Transaction(inner) if inner.txn_requires_abort() => Verdict::Abort,
        KafkaError::Transaction(inner) if inner.is_retriable() => Verdict::Retry,
        // The member was thrown out of its group: the offsets are refused, the producer is sound.
        KafkaError::Transaction(inner) if is_stale_member(inner.code()) => Verdict::Abort,
        _ => Verdict::Restart,
    }
}

/// Does this code say that a newer producer has the transactional id?
pub(super) fn is_fenced(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode::{Fenced, InvalidProducerEpoch, ProducerFenced};
    matches!(code, Fenced | ProducerFenced | InvalidProducerEpoch)
}

/// Does this code say that the consumer is not a member of its group any more?
pub(super) fn is_stale_member(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode::{FencedInstanceId, IllegalGeneration, RebalanceInProgress, UnknownMemberId};
    matches!(code, IllegalGeneration | UnknownMemberId | FencedInstanceId | RebalanceInProgress)
}

/// Does this code say that a topic is missing or denied, so that trying again at once can't help?
pub(super) fn is_about_topic(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode::{
        TopicAuthorizationFailed, UnknownPartition, UnknownTopic, UnknownTopicId, UnknownTopicOrPartition,
    };
    matches!(
        code,
        UnknownTopicOrPartition | UnknownTopic | UnknownPartition | UnknownTopicId | TopicAuthorizationFailed
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_flush_aborts_and_the_unknown_restarts() {
        assert_eq!(judge(&KafkaError::Flush(RDKafkaErrorCode::OperationTimedOut)), Verdict::Abort);
        assert_eq!(judge(&KafkaError::Canceled), Verdict::Restart);
    }
}
