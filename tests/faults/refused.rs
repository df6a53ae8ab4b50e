//! What one record holds must not stop a partition: names of headers that are no text, timestamps that the output does not
//! take though the input did, and articles without a key where a topic wants one.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::cluster::Names;
use crate::feed::{Article, Random, article};
use crate::run::Run;
use crate::scenario::Scenario;
use crate::wire::{RawRecord, Wire};
use crate::worker::Worker;

const DAY: i64 = 86_400_000;
/// 7 September 2015.
const OLD: i64 = 1_441_584_000_000;
const PARTITIONS: i32 = 4;
/// Any of the records of an act is there so long after it was sent.
const THERE: Duration = Duration::from_secs(60);

/// Every scenario of this file.
pub fn all() -> Vec<Scenario> {
    let new = |name, number, articles: fn(usize) -> Vec<Article>| {
        Scenario::new(name, number, vec![]).special(articles).feed(1200, 200)
    };
    vec![
        Scenario::new("header-names-that-are-no-text", 1, vec![]).before(odd_headers).feed(400, 400).quick(),
        new("timestamps-the-output-refuses", 2, odd_timestamps).prepare(bounds).quick(),
        new("null-keys-into-compacted-topics", 2, no_keys).prepare(compact).quick(),
    ]
}

fn usual(count: usize) -> Vec<Article> {
    let mut random = Random(13);
    (0..count).map(|number| article(&mut random, number, PARTITIONS)).collect()
}

/// The input takes any time; the others have a broker's bound for what is to come, and one of a week for what is past.
fn bounds(run: &mut Run) -> Result<String, String> {
    run.cluster.configure(&run.names.input, "message.timestamp.after.max.ms", "9223372036854775807");
    for topic in [&run.names.output, &run.names.dead] {
        run.cluster.configure(topic, "message.timestamp.before.max.ms", &(7 * DAY).to_string());
    }
    Ok("the input takes any time, the other topics a week's".to_owned())
}

/// Ordinary articles, some in two days, some of 2015; refused ones among all of them.
fn odd_timestamps(count: usize) -> Vec<Article> {
    let mut articles = usual(count);
    for (number, article) in articles.iter_mut().enumerate() {
        match number % 9 {
            2 => article.timestamp += 2 * DAY,
            5 => article.timestamp = OLD + i64::try_from(number).expect("small"),
            _ => {}
        }
        if number % 18 == 2 || number % 18 == 14 {
            article.payload = Some(b"\xFF\xFE no text".to_vec());
        }
    }
    articles
}

fn compact(run: &mut Run) -> Result<String, String> {
    for topic in [&run.names.output, &run.names.dead] {
        run.cluster.configure(topic, "cleanup.policy", "compact");
    }
    Ok("both topics are compacted, and take no record without a key".to_owned())
}

/// Ordinary articles and refused ones, some with and some without a key.
fn no_keys(count: usize) -> Vec<Article> {
    let mut articles = usual(count);
    for (number, article) in articles.iter_mut().enumerate() {
        article.keyed = number % 3 == 0;
        if number % 20 == 7 {
            article.payload = Some(format!("{{\"uri\": \"urn:broken:{number}\", ").into_bytes());
        }
    }
    articles
}

/// Names of headers that no string can hold, and some that are only rare.
fn names() -> Vec<Vec<u8>> {
    let mut names: Vec<Vec<u8>> = [
        &b"caf\xE9"[..],
        b"\xFF",
        b"\xFF\xFE\x80name",
        b"\xED\xA0\x80",
        b"\xC0\xAF",
        b"name\xF0\x9F",
        "größe".as_bytes(),
        b"",
        b" ",
        b"__connect.errors.topic",
    ]
    .map(<[u8]>::to_vec)
    .to_vec();
    names.push([b"long\xE9".as_slice(), &[b'x'; 1000]].concat());
    names
}

/// Topics and a worker of its own, since the suite's readers can't read such names.
fn odd_headers(run: &mut Run) -> Result<String, String> {
    let names = Names::new(&format!("{}-odd", run.names.group));
    let [input, output, dead] = [&names.input, &names.output, &names.dead];
    for topic in [input, output, dead] {
        run.cluster.create(topic, PARTITIONS, &[]);
    }
    let mut wire = Wire::open(&run.cluster.direct)?;
    let sent = odd_records();
    for partition in 0..PARTITIONS {
        wire.produce(input, partition, &sent[&partition])?;
    }
    let mut worker = Worker::new("odd", run.folder.join("worker-odd.log"));
    worker.start(run.cluster, &names, run.scenario.settings);
    let all: usize = sent.values().map(Vec::len).sum();
    let end = Instant::now() + THERE;
    let (clean, letters) = loop {
        let mut read = |topic: &str| -> Result<Vec<RawRecord>, String> {
            let all: Result<Vec<_>, _> = (0..PARTITIONS).map(|partition| wire.committed(topic, partition)).collect();
            Ok(all?.concat())
        };
        let (clean, letters) = (read(output)?, read(dead)?);
        if clean.len() + letters.len() >= all {
            break (clean, letters);
        }
        if Instant::now() > end {
            let (clean, letters) = (clean.len(), letters.len());
            return Err(format!("I4 of {all} articles {clean} became records and {letters} dead letters in {THERE:?}"));
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    let restarts = worker.metric("copydesk_lane_restarts_total");
    worker.signal("TERM");
    let code = worker.wait(Duration::from_secs(25))?;
    if restarts > 0.0 || code != 0 {
        return Err(format!("{restarts} lanes restarted, and the worker ended with {code}"));
    }
    let carried = each_once(&sent, &clean, &letters)?;
    Ok(format!("{all} articles: {} records, {} dead letters, {carried} with such names", clean.len(), letters.len()))
}

/// By partition; each odd one has ordinary neighbours on both sides.
fn odd_records() -> BTreeMap<i32, Vec<RawRecord>> {
    let mut sent: BTreeMap<i32, Vec<RawRecord>> = BTreeMap::new();
    let ordinary = vec![(b"feed".to_vec(), Some(b"faults".to_vec())), (b"none".to_vec(), None)];
    for (number, name) in names().into_iter().enumerate() {
        let partition = i32::try_from(number).expect("few") % PARTITIONS;
        let records = sent.entry(partition).or_default();
        let mut push = |what: &str, headers: Vec<_>, value: Vec<u8>| {
            let key = Some(format!("{what}-{number}").into_bytes());
            let timestamp = crate::feed::now();
            records.push(RawRecord { key, value: Some(value), headers, timestamp });
        };
        let text =
            |what: &str| format!("Headline {number}\nThe {what} of the harbour is opened on Monday.\n").into_bytes();
        push("before", ordinary.clone(), text("bridge"));
        let odd =
            [ordinary.clone(), vec![(name.clone(), Some(b"\xFF value".to_vec())), (name, None)], ordinary.clone()];
        push("odd", odd.concat(), text("lighthouse"));
        // Refused: its dead letter has the same headers.
        push("refused", odd.concat(), b"\xFF\xFE no text".to_vec());
        push("after", ordinary.clone(), text("market"));
    }
    sent
}

/// Each is there once; ordinary ones are records; headers that are carried are what they were. Answers how many odd ones are.
fn each_once(
    sent: &BTreeMap<i32, Vec<RawRecord>>,
    clean: &[RawRecord],
    letters: &[RawRecord],
) -> Result<usize, String> {
    let mut carried = 0;
    for record in sent.values().flatten() {
        let of = |records: &[RawRecord]| -> Vec<RawRecord> {
            records.iter().filter(|found| found.key == record.key).cloned().collect()
        };
        let name = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned();
        let (records, dead) = (of(clean), of(letters));
        let is_refused = name.starts_with("refused");
        let is_ordinary = name.starts_with("before") || name.starts_with("after");
        match (records.as_slice(), dead.as_slice()) {
            ([found], []) if !is_refused && found.headers == record.headers => carried += usize::from(!is_ordinary),
            ([], [found]) if is_refused && found.headers.starts_with(&record.headers) => carried += 1,
            // Where its names can't be carried, it is a dead letter, which says so.
            ([], [found]) if !is_ordinary && found.value == record.value => {}
            (records, dead) => {
                return Err(format!(
                    "I1 {name}: {record:?} became the records {records:?} and the dead letters {dead:?}"
                ));
            }
        }
    }
    Ok(carried)
}
