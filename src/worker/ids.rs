//! The names by which Kafka knows a lane: its transactional id, its static membership, its client id.
//!
//! A transactional id is one string for the whole cluster, and ACLs are on its prefix `<group>-`. Group and instance may
//! both hold a `-`, so `<group>-<instance>-<lane>` alone would be the same for group `news-a` with instance `b` and for
//! group `news` with instance `a-b`: two workers that fence each other for ever. The number at the end, the length of the
//! group's name in bytes, says where the group ends, so that no other group, instance and lane make the same id.
//!
//! A static membership (`group.instance.id`) is a name within its group, and Kafka takes only letters, digits, `.`, `_`
//! and `-`, 249 at most.

use sha2::{Digest, Sha256};

use crate::config::Stream;
use copydesk_core::text::hex;

use super::sabotage;

/// Longest instance name that leaves room for the number of a lane.
const LONGEST: usize = 240;

/// The transactional id that fences a lane's predecessor: `<group>-<instance>-<lane>.<length of the group>`.
pub(super) fn transactional_id(stream: &Stream, lane: usize) -> String {
    if sabotage::asked(sabotage::OLD_IDS) {
        return client_id(stream, &lane.to_string());
    }
    of_cluster(stream, &format!("{}-{lane}", stream.instance))
}

/// The transactional id of `check`, which must fence no lane: theirs have a number in place of `check`.
pub(super) fn check_id(stream: &Stream) -> String {
    of_cluster(stream, &format!("{}-check", stream.instance))
}

/// One id for the whole group, so that of two replays at once the later fences the earlier. It ends in no number, as the
/// ids of lanes and checks do.
pub(super) fn replay_id(stream: &Stream) -> String {
    format!("{}-replay", stream.group)
}

/// The name of a client that joins no group and opens no transaction: it is only shown in the brokers' logs.
pub(super) fn client_id(stream: &Stream, role: &str) -> String {
    format!("{}-{}-{role}", stream.group, stream.instance)
}

/// A lane's static membership in its group: `<instance>-<lane>`.
///
/// An instance whose name Kafka would refuse is named by its SHA-256. So is one that looks like a SHA-256, or it could be
/// taken for the other.
pub(super) fn member_id(stream: &Stream, lane: usize) -> String {
    let instance = &stream.instance;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let hashed = instance.len() == 64 && instance.bytes().all(|byte| byte.is_ascii_hexdigit());
    if instance.len() <= LONGEST && !hashed && instance.bytes().all(allowed) {
        return format!("{instance}-{lane}");
    }
    format!("{}-{lane}", hex::encode(&Sha256::digest(instance)))
}

fn of_cluster(stream: &Stream, rest: &str) -> String {
    format!("{}-{rest}.{}", stream.group, stream.group.len())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::config::{Delivery, OffsetReset, RecordTimestamp};

    fn stream(group: &str, instance: &str) -> Stream {
        Stream {
            brokers: "kafka:9092".to_owned(),
            input: "news.raw".to_owned(),
            output: "news.clean".to_owned(),
            dead_letters: "news.dead".to_owned(),
            group: group.to_owned(),
            instance: instance.to_owned(),
            lanes: 2,
            delivery: Delivery::ExactlyOnce,
            on_offset_reset: OffsetReset::Stall,
            timestamp: RecordTimestamp::Input,
            batch_bytes: 1_000_000,
            grace: Duration::from_secs(1),
            backoff: (Duration::from_secs(1), Duration::from_secs(1)),
            oauth: None,
            properties: BTreeMap::new(),
        }
    }

    /// Every name of up to four parts that a `-` joins.
    fn names() -> Vec<String> {
        let parts = ["a", "0", "1", "check", "replay", "a.1", "0.3", "é", "admin"];
        let mut all: Vec<String> = parts.map(str::to_owned).to_vec();
        for _ in 0..2 {
            let longer: Vec<String> = all.iter().flat_map(|name| parts.map(|part| format!("{name}-{part}"))).collect();
            all.extend(longer);
        }
        all.sort();
        all.dedup();
        all
    }

    #[test]
    fn no_two_of_group_instance_and_lane_make_one_transactional_id() {
        let mut owners: BTreeMap<String, (String, String, String)> = BTreeMap::new();
        let names = names();
        // Groups and instances that can be cut in more than one place.
        let short: Vec<&String> = names.iter().filter(|name| name.matches('-').count() < 2).collect();
        for group in &short {
            let replay = replay_id(&stream(group, "any"));
            owners.insert(replay, ((*group).clone(), String::new(), "replay".to_owned()));
        }
        for group in &short {
            for instance in &short {
                let stream = stream(group, instance);
                let lanes = [0, 1, 10].map(|lane| (transactional_id(&stream, lane), lane.to_string()));
                for (id, role) in lanes.into_iter().chain([(check_id(&stream), "check".to_owned())]) {
                    assert!(id.starts_with(&format!("{group}-")), "ACLs are on this prefix: {id}");
                    let owner = ((*group).clone(), (*instance).clone(), role);
                    if let Some(other) = owners.insert(id.clone(), owner.clone()) {
                        panic!("`{id}` is {owner:?} and {other:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_two_workers_of_the_report_do_not_fence_each_other() {
        assert_ne!(transactional_id(&stream("news-a", "b"), 0), transactional_id(&stream("news", "a-b"), 0));
        assert_eq!(transactional_id(&stream("news", "a-b"), 0), "news-a-b-0.4");
    }

    /// Old ids end in `-<lane>`, new ones in `.<length>`: workers of two versions never fence each other by accident.
    #[test]
    fn no_id_of_the_old_form_is_one_of_the_new() {
        for name in names() {
            let new = transactional_id(&stream("news", &name), 3);
            let digits = new.trim_end_matches(|letter: char| letter.is_ascii_digit());
            assert!(digits.ends_with('.'), "{new}");
        }
    }

    #[test]
    fn a_static_membership_is_one_lane_s_and_kafka_takes_it() {
        let long = "x".repeat(300);
        let longer = "x".repeat(301);
        let odd = ["é", "a b", "a/b", "a:b", "ü", long.as_str(), longer.as_str()];
        let hashes: Vec<String> = odd.iter().map(|name| hex::encode(&Sha256::digest(name))).collect();
        let all = names().into_iter().chain(odd.map(str::to_owned)).chain(hashes);
        let mut owners: BTreeMap<String, (String, usize)> = BTreeMap::new();
        for instance in all {
            for lane in [0, 1, 10, 1023] {
                let id = member_id(&stream("news", &instance), lane);
                let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
                assert!(id.len() <= 249 && id.chars().all(allowed), "{id}");
                let owner = (instance.clone(), lane);
                if let Some(other) = owners.insert(id.clone(), owner.clone())
                    && other != owner
                {
                    panic!("`{id}` is {owner:?} and {other:?}");
                }
            }
        }
        assert_eq!(member_id(&stream("news", "copydesk-0"), 1), "copydesk-0-1");
    }
}
