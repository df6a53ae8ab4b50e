//! Dead letters: the original bytes, key and headers, with the reason in headers that follow Kafka Connect's.
//!
//! A dead letter that is larger than its topic takes is cut, and carries the SHA-256 and the size of the whole value: with
//! the coordinates the whole can be found in the input topic.

use sha2::{Digest, Sha256};

use copydesk_core::record::Reject;
use copydesk_core::text::hex;

use super::native::RawHeader;
use super::outgoing::Added;
use super::partition::Coordinates;

/// The input topic.
pub const TOPIC: &str = "__connect.errors.topic";
/// The input partition.
pub const PARTITION: &str = "__connect.errors.partition";
/// The input offset.
pub const OFFSET: &str = "__connect.errors.offset";
/// Where in the pipeline the payload was refused.
pub const STAGE: &str = "__connect.errors.stage";
/// The reason in words.
pub const MESSAGE: &str = "__connect.errors.exception.message";
/// The stable error code.
pub const CODE: &str = "copydesk.error.code";
/// Size of the whole value in bytes, where it was cut.
pub const CUT_BYTES: &str = "copydesk.value.bytes";
/// SHA-256 of the whole value in hex digits, where it was cut.
pub const CUT_SHA256: &str = "copydesk.value.sha256";
/// `true` where the original headers or key were too large as well and were left out.
pub const CUT_HEADERS: &str = "copydesk.headers.cut";

/// The article's own Kafka timestamp in milliseconds since 1970, where its record or dead letter has another: the topic does
/// not take it, or `output.timestamp` is `now`.
pub const TIMESTAMP_INPUT: &str = "copydesk.timestamp.input";
/// `true` where the payload had no key, and its dead letter has one because the topic takes none without.
pub const KEY_ADDED: &str = "copydesk.key.added";

/// Header of a replayed payload: the dead letter it was, `topic/partition/offset`. Where the payload is refused again, its
/// dead letter has it too.
pub const REPLAYED: &str = "copydesk.replayed.from";
/// Header of a mark: a record without key and value that says which dead letter of its own partition was replayed, by
/// offset. It is written in the transaction that replays.
///
/// A mark stands behind its letter in the letter's own partition, so that retention takes the letter first, and topic and
/// marks go together where the topic is recreated.
pub const MARK: &str = "copydesk.replayed.offset";

/// Every header that a dead letter may have for being one.
pub const HEADERS: [&str; 11] =
    [TOPIC, PARTITION, OFFSET, STAGE, MESSAGE, CODE, CUT_BYTES, CUT_SHA256, CUT_HEADERS, TIMESTAMP_INPUT, KEY_ADDED];

/// Bytes that Kafka's record batch adds to a record at most, headers aside.
const FRAME: usize = 128;
/// Bytes that Kafka adds to a header at most.
pub(super) const HEADER_FRAME: usize = 10;

/// Size of a record as a topic's `max.message.bytes` counts it, rounded up.
///
/// `headers`: of each the bytes of its name and of its value.
pub(super) fn framed(key: Option<&[u8]>, value: Option<&[u8]>, headers: impl Iterator<Item = (usize, usize)>) -> usize {
    let headers: usize = headers.map(|(name, value)| name + value + HEADER_FRAME).sum();
    key.map_or(0, <[u8]>::len) + value.map_or(0, <[u8]>::len) + headers + FRAME
}

/// A refused payload as it came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Original<'a> {
    pub(super) coordinates: Coordinates,
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
    pub(super) headers: &'a [RawHeader<'a>],
    /// Headers that are added beside the reason.
    pub(super) added: &'a Added,
}

/// The dead letter of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DeadLetter<'a> {
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
    /// Are the original headers carried?
    pub(super) keeps_headers: bool,
    /// Headers that are added to them.
    pub(super) added: Vec<(&'static str, String)>,
    pub(super) cut: bool,
}

/// Writes the dead letter so that it has at most `limit` bytes.
pub(super) fn write<'a>(original: Original<'a>, reject: &Reject, limit: usize) -> DeadLetter<'a> {
    let Coordinates { partition, offset } = original.coordinates;
    let mut added = vec![
        (TOPIC, partition.topic.to_string()),
        (PARTITION, partition.number.to_string()),
        (OFFSET, offset.to_string()),
        (STAGE, reject.stage().to_owned()),
        (MESSAGE, reject.message()),
        (CODE, reject.code().to_owned()),
    ];
    added.extend(original.added.iter().cloned());
    let own = |added: &[(&'static str, String)]| {
        added.iter().map(|(name, value)| name.len() + value.len() + HEADER_FRAME).sum::<usize>()
    };
    let carried = original.headers.iter().map(|(name, value)| (name.len(), value.map_or(0, <[u8]>::len)));
    let whole = framed(original.key, original.value, carried.clone()) + own(&added);
    if whole <= limit {
        return DeadLetter { key: original.key, value: original.value, keeps_headers: true, added, cut: false };
    }
    if let Some(value) = original.value {
        added.push((CUT_BYTES, value.len().to_string()));
        added.push((CUT_SHA256, hex::encode(&Sha256::digest(value))));
    }
    let around = framed(original.key, None, carried);
    let keeps_headers = around <= limit / 2;
    let (key, around) = if keeps_headers { (original.key, around) } else { (None, FRAME) };
    if !keeps_headers {
        added.push((CUT_HEADERS, "true".to_owned()));
    }
    let room = limit.saturating_sub(around + own(&added));
    let value = original.value.map(|value| value.get(..room).unwrap_or(value));
    DeadLetter { key, value, keeps_headers, added, cut: true }
}

#[cfg(test)]
mod tests {
    use super::super::partition::Partition;
    use super::*;

    const NONE: &Added = &Added::new();

    fn original<'a>(value: Option<&'a [u8]>, headers: &'a [RawHeader<'a>]) -> Original<'a> {
        let coordinates = Coordinates { partition: Partition::new("news.raw", 3), offset: 42 };
        Original { coordinates, key: Some(b"key"), value, headers, added: NONE }
    }

    fn size(letter: &DeadLetter<'_>, headers: &[RawHeader<'_>]) -> usize {
        let carried = headers.iter().filter(|_| letter.keeps_headers);
        let carried = carried.map(|(name, value)| (name.len(), value.map_or(0, <[u8]>::len)));
        let added = letter.added.iter().map(|(name, value)| (name.len(), value.len()));
        framed(letter.key, letter.value, carried.chain(added))
    }

    #[test]
    fn what_fits_is_carried_byte_for_byte() {
        let headers = [(&b"trace\xff"[..], Some(&b"\xff\x00"[..])), (b"none", None)];
        let letter = write(original(Some(b"\xff\xfe bad"), &headers), &Reject::InvalidUtf8 { at: 0 }, 1000);
        assert_eq!((letter.key, letter.value), (Some(&b"key"[..]), Some(&b"\xff\xfe bad"[..])));
        assert!(letter.keeps_headers && !letter.cut);
        let header = |name| letter.added.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
        assert_eq!(header(CODE), Some("invalid_utf8"));
        assert_eq!(header(STAGE), Some("decode"));
        assert_eq!((header(TOPIC), header(PARTITION), header(OFFSET)), (Some("news.raw"), Some("3"), Some("42")));
    }

    #[test]
    fn a_null_value_stays_null() {
        assert_eq!(write(original(None, &[]), &Reject::EmptyPayload, 1000).value, None);
    }

    #[test]
    fn what_is_too_large_is_cut_and_carries_the_whole_hash() {
        let value = vec![b'x'; 5000];
        let letter = write(original(Some(&value), &[]), &Reject::NoBody, 2000);
        assert!(letter.cut && letter.value.is_some_and(|value| value.len() > 1000));
        assert!(size(&letter, &[]) <= 2000);
        let header = |name| letter.added.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
        assert_eq!(header(CUT_BYTES).as_deref(), Some("5000"));
        assert_eq!(header(CUT_SHA256), Some(hex::encode(&Sha256::digest(&value))));
    }

    #[test]
    fn headers_that_leave_no_room_are_left_out() {
        let huge = vec![b'h'; 3000];
        let headers = [(&b"huge"[..], Some(&huge[..]))];
        let letter = write(original(Some(b"small"), &headers), &Reject::NoBody, 2000);
        assert!(!letter.keeps_headers && letter.key.is_none());
        assert_eq!(letter.value, Some(&b"small"[..]));
        assert!(size(&letter, &headers) <= 2000);
    }
}
