//! The checker: judges a history, and knows nothing of copydesk, of Kafka's clients or of the faults.
//!
//! A history is what was put in (each article with its place, and the digest of what must come of it), what a
//! read_committed reader that ran all the time saw, what a fresh reader found at the end, and the offsets that the
//! group committed. [`check`] answers with every way in which the promise was broken; an empty answer is the promise kept.

use std::collections::{BTreeMap, HashMap};

/// Where a record went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Clean,
    Dead,
}

/// An article as it was put in. An id that was put in twice is expected twice.
#[derive(Debug, Clone)]
pub struct Sent {
    pub id: String,
    pub partition: i32,
    pub offset: i64,
    /// What must come of it: where, and the digest of its key, headers and value.
    pub expected: (Role, u64),
}

/// A record as a reader saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub role: Role,
    pub partition: i32,
    pub offset: i64,
    pub id: String,
    pub digest: u64,
}

/// All that the checker is told.
#[derive(Debug, Clone, Default)]
pub struct History {
    pub sent: Vec<Sent>,
    /// Seen by the reader that ran all the time, in its order.
    pub live: Vec<Seen>,
    /// Found by a fresh reader at the end.
    pub last: Vec<Seen>,
    /// What the group committed, by input partition: the next offset to be read.
    pub committed: BTreeMap<i32, i64>,
    /// Do clean records keep the number of their input partition?
    pub same_partition: bool,
}

/// One way in which the promise was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// I1: put in, and never seen.
    Lost { reader: &'static str, id: String, partition: i32, offset: i64 },
    /// I1: seen more than once.
    Doubled { reader: &'static str, id: String, times: usize },
    /// I1: seen, and never put in.
    Strange { reader: &'static str, id: String },
    /// I1: not what the function makes of the input, or in the wrong topic.
    Wrong { reader: &'static str, id: String },
    /// I1: the reader that ran all the time saw what is not there, or missed what is: an aborted record was visible.
    Readers { role: Role, partition: i32, offset: i64, live: Option<String>, last: Option<String> },
    /// I2: a later article stands before an earlier one of its input partition.
    Order { reader: &'static str, role: Role, partition: i32, earlier: String, later: String },
    /// I2: a clean record is in another partition than its article.
    Moved { id: String, from: i32, to: i32 },
    /// I3: published, and its offset is not committed.
    Uncommitted { id: String, partition: i32, offset: i64 },
}

/// Every way in which the history breaks the promise.
pub fn check(history: &History) -> Vec<Violation> {
    let sent: HashMap<&str, &Sent> = history.sent.iter().map(|sent| (sent.id.as_str(), sent)).collect();
    let mut found = Vec::new();
    for (reader, seen) in [("live", &history.live), ("last", &history.last)] {
        each_once(reader, &sent, history, seen, &mut found);
        in_order(reader, &sent, history, seen, &mut found);
    }
    same_view(history, &mut found);
    for article in &history.sent {
        if history.committed.get(&article.partition).is_none_or(|next| article.offset >= *next) {
            let (id, partition, offset) = (article.id.clone(), article.partition, article.offset);
            found.push(Violation::Uncommitted { id, partition, offset });
        }
    }
    found
}

fn each_once(
    reader: &'static str,
    sent: &HashMap<&str, &Sent>,
    history: &History,
    seen: &[Seen],
    found: &mut Vec<Violation>,
) {
    let mut times: HashMap<&str, usize> = HashMap::new();
    for record in seen {
        *times.entry(&record.id).or_default() += 1;
        match sent.get(record.id.as_str()) {
            None => found.push(Violation::Strange { reader, id: record.id.clone() }),
            Some(article) if article.expected != (record.role, record.digest) => {
                found.push(Violation::Wrong { reader, id: record.id.clone() });
            }
            Some(_) => {}
        }
    }
    let put_in = times_put_in(history);
    for (id, article) in sent {
        let (seen, expected) = (times.get(id).copied().unwrap_or(0), put_in.get(id).copied().unwrap_or(0));
        if seen < expected {
            let (id, partition, offset) = (article.id.clone(), article.partition, article.offset);
            found.push(Violation::Lost { reader, id, partition, offset });
        } else if seen > expected {
            found.push(Violation::Doubled { reader, id: article.id.clone(), times: seen });
        }
    }
}

fn times_put_in(history: &History) -> HashMap<&str, usize> {
    let mut times: HashMap<&str, usize> = HashMap::new();
    for article in &history.sent {
        *times.entry(&article.id).or_default() += 1;
    }
    times
}

/// Within each partition of each topic, articles of one input partition stand in the order of their offsets.
fn in_order(
    reader: &'static str,
    sent: &HashMap<&str, &Sent>,
    history: &History,
    seen: &[Seen],
    found: &mut Vec<Violation>,
) {
    let put_in = times_put_in(history);
    // A reader's own order within a partition, which must be that of the offsets.
    let mut last: HashMap<(Role, i32, i32), &Sent> = HashMap::new();
    for record in seen {
        let Some(article) = sent.get(record.id.as_str()) else { continue };
        // Which of the two records belongs to which article can't be told.
        if put_in.get(record.id.as_str()).is_some_and(|times| *times > 1) {
            continue;
        }
        if history.same_partition && record.role == Role::Clean && record.partition != article.partition {
            let (from, to) = (article.partition, record.partition);
            found.push(Violation::Moved { id: record.id.clone(), from, to });
        }
        let place = (record.role, record.partition, article.partition);
        if let Some(before) = last.insert(place, article)
            && before.offset > article.offset
        {
            let (earlier, later) = (article.id.clone(), before.id.clone());
            found.push(Violation::Order { reader, role: record.role, partition: record.partition, earlier, later });
        }
    }
}

/// Both readers saw the same record at each place.
fn same_view(history: &History, found: &mut Vec<Violation>) {
    let places = |seen: &[Seen]| -> BTreeMap<(Role, i32, i64), String> {
        seen.iter().map(|record| ((record.role, record.partition, record.offset), record.id.clone())).collect()
    };
    let (live, last) = (places(&history.live), places(&history.last));
    for place in live.keys().chain(last.keys().filter(|place| !live.contains_key(place))) {
        let (in_live, in_last) = (live.get(place).cloned(), last.get(place).cloned());
        if in_live != in_last {
            let &(role, partition, offset) = place;
            found.push(Violation::Readers { role, partition, offset, live: in_live, last: in_last });
        }
    }
}
