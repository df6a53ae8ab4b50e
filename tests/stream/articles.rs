//! Articles for the tests: generated from a seed, in several languages, with repeats, date lines and a few that are refused;
//! and what the pure function makes of each.

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use copydesk::worker::writer::Outgoing;
use copydesk_core::memory::NoMemory;
use copydesk_core::pipeline::{Cleaner, Limits, Payload};

use crate::kafka::Seen;

/// One article with its place in the input.
#[derive(Debug, Clone)]
pub struct Article {
    pub key: String,
    pub partition: i32,
    pub timestamp: i64,
    pub payload: Vec<u8>,
}

impl Article {
    pub fn outgoing(&self) -> Outgoing<'_> {
        Outgoing {
            key: Some(self.key.as_bytes()),
            value: Some(&self.payload),
            headers: &[("feed", Some(b"test"))],
            timestamp: Some(self.timestamp),
            partition: Some(self.partition),
        }
    }

    /// What the pure function makes of it: the record, or the error code.
    pub fn expected(&self) -> Result<Vec<u8>, &'static str> {
        let mut out = Vec::new();
        let payload =
            Payload { value: Some(&self.payload), headers: &[("feed", b"test")], timestamp: Some(self.timestamp) };
        let cleaned = Cleaner::new(Limits::default()).clean(payload, &NoMemory, &mut out);
        cleaned.map(|_| out).map_err(|reject| reject.code())
    }
}

/// A small generator of pseudo-random numbers (splitmix64): the same seed, the same articles.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % limit as u64).expect("small")
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

const LANGUAGES: &[(&str, &[&str], &str)] = &[
    (
        "en",
        &[
            "harbour",
            "council",
            "river",
            "said",
            "opened",
            "the",
            "old",
            "lighthouse",
            "again",
            "market",
            "on",
            "Tuesday",
        ],
        "14 March 2024",
    ),
    (
        "ar",
        &["المدينة", "قال", "الجسر", "الجديد", "السوق", "افتتحت", "البلدية", "اليوم", "النهر", "بعد", "سنوات"],
        "17 يناير 2024",
    ),
    (
        "ru",
        &["город", "река", "открыли", "мост", "сказал", "мэр", "вчера", "рынок", "новый", "после", "ремонта"],
        "11 марта 2024 г.",
    ),
    ("zh", &["城市", "市场", "重新", "开放", "游客", "周四", "表示", "官员", "桥梁", "夜间"], "2024年5月2日"),
    ("hi", &["गाँव", "पुस्तकालय", "नदी", "बच्चे", "सोमवार", "किताबें", "पुराना", "नया", "खुला"], "5 फ़रवरी 2024"),
    ("el", &["πόλη", "λιμάνι", "νησί", "πλοίο", "άνοιξε", "κάτοικοι", "είπαν", "καλοκαίρι"], "20 Ιουνίου 2024"),
];

/// The project's sample article and `count` generated ones, spread over `partitions` partitions.
pub fn generate(seed: u64, count: usize, partitions: i32) -> Vec<Article> {
    let sample = include_bytes!("../../samples/02-arabic.txt").to_vec();
    let mut random = Random(seed);
    let mut payloads = vec![sample];
    payloads.extend((0..count).map(|number| payload(&mut random, seed, number)));
    // Kafka deletes by the records' own timestamps: old ones would be gone at its next look (seven days, by default).
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_millis();
    let start = i64::try_from(now).expect("in range") - 3_600_000;
    (payloads.into_iter().enumerate())
        .map(|(number, payload)| Article {
            key: format!("{seed}-{number}"),
            partition: i32::try_from(number).expect("small") % partitions,
            timestamp: start + i64::try_from(number).expect("small"),
            payload,
        })
        .collect()
}

fn payload(random: &mut Random, seed: u64, number: usize) -> Vec<u8> {
    if random.below(50) == 0 {
        return match random.below(3) {
            0 => vec![b'x', 0xFF, 0xFE, number as u8],
            1 => format!("{{\"uri\": \"urn:broken:{number}\", ").into_bytes(),
            _ => format!("{{\"uri\": \"urn:empty:{number}\"}}").into_bytes(),
        };
    }
    let (language, words, date) = LANGUAGES[random.below(LANGUAGES.len())];
    let mut lines = vec![date.to_owned()];
    for paragraph in 0..1 + random.below(6) {
        let text: Vec<_> = (0..8 + random.below(30)).map(|_| random.one_of(words)).collect();
        lines.push(format!("{} {number}-{paragraph}.", text.join(" ")));
    }
    if random.below(2) == 0 {
        let again = lines[1 + random.below(lines.len() - 1)].clone();
        lines.push(again);
    }
    if random.below(4) == 0 {
        return format!("{} {number}\n{}\n", random.one_of(words), lines.join("\n")).into_bytes();
    }
    let body = serde_json::to_string(&lines.join("\n")).expect("a JSON string");
    format!("{{\"uri\":\"urn:test:{seed}:{number}\",\"language\":\"{language}\",\"headline\":\"№ {number}\",\"body_text\":{body}}}").into_bytes()
}

/// The promise: output and dead letters are exactly the function of the input, each article once, in partition order.
pub fn verify(articles: &[Article], clean: &[Seen], dead: &[Seen]) {
    let mut records: HashMap<&[u8], Vec<&Seen>> = HashMap::new();
    for seen in clean.iter().chain(dead) {
        records.entry(&seen.key).or_default().push(seen);
    }
    let (mut refused, mut lost, mut doubled) = (0, Vec::new(), Vec::new());
    for article in articles {
        let found = records.get(article.key.as_bytes()).map(Vec::as_slice).unwrap_or_default();
        match found {
            [] => lost.push(&article.key),
            [seen] => {
                assert_eq!(seen.timestamp, article.timestamp, "timestamp of {}", article.key);
                assert_eq!(seen.header("feed"), Some(&b"test"[..]), "header of {}", article.key);
                match article.expected() {
                    Ok(record) => assert_eq!(String::from_utf8_lossy(&seen.value), String::from_utf8_lossy(&record)),
                    Err(code) => {
                        refused += 1;
                        assert_eq!(seen.value, article.payload, "payload of {}", article.key);
                        assert_eq!(seen.text("copydesk.error.code"), code);
                        assert_eq!(seen.text("__connect.errors.partition"), article.partition.to_string());
                    }
                }
            }
            _ => doubled.push(&article.key),
        }
    }
    let strange: Vec<_> = (clean.iter().chain(dead))
        .filter(|seen| !articles.iter().any(|article| article.key.as_bytes() == seen.key))
        .map(|seen| format!("{}/{} {}", seen.partition, seen.offset, String::from_utf8_lossy(&seen.key)))
        .collect();
    assert!(strange.is_empty(), "nothing of the input: {strange:?}");
    let counts = format!("of {}, with {} clean and {} dead letters", articles.len(), clean.len(), dead.len());
    assert!(lost.is_empty(), "lost {} {counts}: {lost:?}", lost.len());
    assert!(doubled.is_empty(), "doubled {}: {doubled:?}", doubled.len());
    assert_eq!(clean.len() + dead.len(), articles.len(), "nothing else is there");
    assert_eq!(dead.len(), refused);
    assert!(articles.len() < 500 || refused > 5, "the generator must make some that are refused");
    in_order(articles, clean, true);
    in_order(articles, dead, false);
}

/// In each partition of `seen`, the articles of an input partition stand in their order.
pub fn in_order(articles: &[Article], seen: &[Seen], same_partition: bool) {
    let places: HashMap<&[u8], (i32, usize)> =
        articles.iter().enumerate().map(|(at, article)| (article.key.as_bytes(), (article.partition, at))).collect();
    let mut sorted: Vec<_> = seen.iter().collect();
    sorted.sort_by_key(|record| (record.partition, record.offset));
    let mut last: HashMap<(i32, i32), usize> = HashMap::new();
    for record in sorted {
        let &(input, at) = places.get(record.key.as_slice()).expect("a key that was sent");
        if same_partition {
            assert_eq!(record.partition, input, "a record keeps its partition");
        }
        if let Some(before) = last.insert((record.partition, input), at) {
            assert!(before < at, "out of order in partition {}: article {at} after {before}", record.partition);
        }
    }
}
