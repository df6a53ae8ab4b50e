//! The checker is checked: a sound history passes, and each way of breaking the promise is caught, and named.

mod checker;

use checker::{History, Role, Seen, Sent, Violation, check};

/// Two input partitions of six articles; every third is refused.
fn sound() -> History {
    let mut history = History { same_partition: true, ..History::default() };
    let mut ends = [0; 4];
    for sequence in 0..6 {
        for partition in 0..2 {
            let role = if sequence % 3 == 2 { Role::Dead } else { Role::Clean };
            let id = format!("{partition}-{sequence}");
            let digest = (partition * 100 + sequence) as u64;
            history.sent.push(Sent {
                id: id.clone(),
                partition,
                offset: i64::from(sequence),
                expected: (role, digest),
            });
            let end = &mut ends[usize::from(role == Role::Dead) * 2 + usize::try_from(partition).unwrap_or(0)];
            history.last.push(Seen { role, partition, offset: *end, id, digest });
            *end += 1;
        }
    }
    history.live.clone_from(&history.last);
    history.committed = [(0, 6), (1, 6)].into();
    history
}

/// Applies a change to both readers' views.
fn both(change: impl Fn(&mut Vec<Seen>)) -> History {
    let mut history = sound();
    change(&mut history.live);
    change(&mut history.last);
    history
}

#[test]
fn a_sound_history_passes() {
    assert_eq!(check(&sound()), []);
}

#[test]
fn one_lost_is_caught() {
    let history = both(|seen| drop(seen.remove(3)));
    let lost = |reader| Violation::Lost { reader, id: "1-1".to_owned(), partition: 1, offset: 1 };
    assert_eq!(check(&history), [lost("live"), lost("last")]);
}

#[test]
fn one_doubled_is_caught() {
    let history = both(|seen| {
        let again = Seen { offset: 40, ..seen[2].clone() };
        seen.push(again);
    });
    let found = check(&history);
    assert!(found.contains(&Violation::Doubled { reader: "last", id: "0-1".to_owned(), times: 2 }), "{found:?}");
}

#[test]
fn two_swapped_are_caught() {
    let history = both(|seen| {
        let (first, second) = (seen[0].clone(), seen[2].clone());
        seen[0] = Seen { offset: first.offset, ..second.clone() };
        seen[2] = Seen { offset: second.offset, ..first };
    });
    let found = check(&history);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(
        |violation| matches!(violation, Violation::Order { earlier, later, .. } if earlier == "0-0" && later == "0-1")
    ));
}

#[test]
fn an_aborted_record_that_was_visible_for_a_while_is_caught() {
    let mut history = sound();
    // The live reader saw a record of an aborted transaction, and then the same article where it was committed.
    let unknown = Seen { offset: 99, ..history.live[4].clone() };
    history.live.insert(4, unknown);
    let found = check(&history);
    assert!(
        found.iter().any(|violation| matches!(violation, Violation::Readers { offset: 99, last: None, .. })),
        "{found:?}"
    );
    assert!(found.iter().any(|violation| matches!(violation, Violation::Doubled { reader: "live", .. })), "{found:?}");
    assert!(!found.iter().any(|violation| matches!(violation, Violation::Doubled { reader: "last", .. })), "{found:?}");
}

#[test]
fn a_record_that_was_never_put_in_is_caught() {
    let history = both(|seen| {
        seen.push(Seen { role: Role::Clean, partition: 0, offset: 50, id: "unknown".to_owned(), digest: 1 })
    });
    let strange = |reader| Violation::Strange { reader, id: "unknown".to_owned() };
    assert_eq!(check(&history), [strange("live"), strange("last")]);
}

#[test]
fn another_content_or_topic_is_caught() {
    let changed = both(|seen| seen[1].digest += 1);
    let wrong = |reader| Violation::Wrong { reader, id: "1-0".to_owned() };
    assert_eq!(check(&changed), [wrong("live"), wrong("last")]);
    let moved = both(|seen| (seen[1].role, seen[1].offset) = (Role::Dead, 70));
    assert!(check(&moved).contains(&wrong("last")));
}

#[test]
fn another_partition_is_caught_where_it_must_be_the_same() {
    let mut history = both(|seen| (seen[0].partition, seen[0].offset) = (1, 60));
    assert!(check(&history).contains(&Violation::Moved { id: "0-0".to_owned(), from: 0, to: 1 }));
    history.same_partition = false;
    assert_eq!(check(&history), []);
}

#[test]
fn an_offset_that_is_not_committed_is_caught() {
    let mut history = sound();
    history.committed.insert(1, 5);
    assert_eq!(check(&history), [Violation::Uncommitted { id: "1-5".to_owned(), partition: 1, offset: 5 }]);
    history.committed.remove(&1);
    assert_eq!(check(&history).len(), 6);
}
