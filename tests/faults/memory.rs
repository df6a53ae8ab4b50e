//! Memory by all bytes: workers with the settings that they come with, in containers of 1 GiB, and records that are small by
//! one measure and large by another: headers, keys, what compression makes of a payload, what normalisation makes of it.
//!
//! The container's limit is the assertion while they are read: the kernel kills a worker that wants more. Afterwards its
//! memory must be given back.

use std::time::{Duration, Instant};

use crate::feed::{Article, Random, article};
use crate::run::Run;
use crate::scenario::Fault::{Do, Start};
use crate::scenario::Scenario;

const CONTAINER_MB: usize = 1024;
/// Resident memory so many seconds after the last record was published, in MB.
const AFTERWARDS_MB: usize = 150;
const MILLIONS: usize = 10_000_000;

/// Every scenario of memory. All records are there when the worker starts, so that fetches are full.
pub fn all() -> Vec<Scenario> {
    let new = |name, articles: fn(usize) -> Vec<Article>, count: usize, rate: usize| {
        let faults = vec![(1.6, Do("fed", all_is_there)), (1.7, Start(0))];
        let scenario = Scenario::new(name, 3, faults).special(articles).feed(count, rate).by_default();
        scenario.contained(CONTAINER_MB, AFTERWARDS_MB)
    };
    vec![
        new("memory-of-headers", headers, 2400, 200),
        new("memory-of-keys", keys, 1600, 200),
        new("memory-of-dead-letters", poison, 1600, 200),
        new("memory-of-expansion-zstd", expansions, 80, 40).compression("zstd"),
        new("memory-of-expansion-gzip", expansions, 80, 40).compression("gzip"),
    ]
}

fn all_is_there(run: &mut Run) -> Result<String, String> {
    let end = Instant::now() + Duration::from_secs(180);
    loop {
        let ends = run.cluster.ends(&run.names.input, run.scenario.partitions[0]);
        let there: i64 = ends.iter().map(|(_, end)| end).sum();
        if usize::try_from(there).is_ok_and(|there| there >= run.scenario.articles) {
            return Ok(format!("{there} records in the input"));
        }
        if Instant::now() > end {
            return Err(format!("the feeder is too slow: {there} records after three minutes"));
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn usual(count: usize) -> Vec<Article> {
    let mut random = Random(11);
    (0..count).map(|number| article(&mut random, number, 4)).collect()
}

/// Ordinary articles, and behind each one with headers of 800 kB.
fn headers(count: usize) -> Vec<Article> {
    let mut articles = usual(count);
    for article in articles.iter_mut().skip(1).step_by(2) {
        article.padding = 800_000;
    }
    spread(articles)
}

/// The same with keys of 700 kB.
fn keys(count: usize) -> Vec<Article> {
    let mut articles = usual(count);
    for article in articles.iter_mut().skip(1).step_by(2) {
        article.long_key = 700_000;
    }
    spread(articles)
}

/// The same with headers, and payloads that are refused: the dead letters carry them.
fn poison(count: usize) -> Vec<Article> {
    let mut articles = headers(count);
    for article in articles.iter_mut().filter(|article| article.padding > 0) {
        article.payload = Some(b"\xFF\xFE no text".to_vec());
    }
    articles
}

/// One in eight is some kilobytes on the wire, 30 MB in memory, and more where normalisation composes or decomposes it. More
/// of them in one fetch are a limit that `docs/guarantees.md` tells: librdkafka unpacks a fetch whole.
fn expansions(count: usize) -> Vec<Article> {
    let grows = ["\u{FDFA}", "\u{FDFB}", "\u{FDFA} ", "e\u{301}", "\u{3300}"];
    let mut articles = usual(count);
    for (number, article) in articles.iter_mut().skip(1).step_by(8).enumerate() {
        // The first are those of the report; the others are of other letters.
        let grows = if number < 4 { grows[0] } else { grows[number % grows.len()] };
        article.payload = Some(grows.repeat(MILLIONS * 3 / grows.len()).into_bytes());
        article.too_large = true;
    }
    spread(articles)
}

/// Over all partitions, ordinary and other ones.
fn spread(mut articles: Vec<Article>) -> Vec<Article> {
    for (number, article) in articles.iter_mut().enumerate() {
        article.partition = i32::try_from(number / 2 % 4).expect("small");
    }
    articles
}
