//! Properties: what holds for every payload, on random bytes and on random articles in many scripts.
//!
//! The oracle of "nothing lost" splits lines by itself, by UAX #14's list of mandatory breaks, and looks for each line
//! in the record only: it shares no code with the pipeline.

use copydesk_core::pipeline::Cleaner;
use copydesk_core::record::Reject;
use copydesk_core::text;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{clean_bytes, record};

/// Sentences in ten scripts, each long enough to be dropped where it comes again.
const SENTENCES: [&str; 12] = [
    "The ferry left the pier before the last of the market women had come aboard.",
    "La vieille horloge de la mairie sonne treize heures depuis l’orage de mardi.",
    "Старый мельник починил колесо, и река снова работает на всю деревню.",
    "أصلح الطحّان العجوز العجلة فعاد النهر يعمل للقرية كلها من جديد.",
    "בית הקפה הקטן שליד התחנה נפתח מחדש אחרי שיפוץ ארוך מאוד.",
    "बूढ़े घड़ीसाज़ ने १२ साल बाद मीनार की घड़ी फिर चला दी।",
    "老钟表匠花了十二年时间，终于让塔楼上的大钟重新走了起来。",
    "時計職人は十二年をかけて、塔の大時計をふたたび動かした。",
    "마을 사람들은 오래된 다리를 건너며 등불을 하나씩 켰다.",
    "ชาวประมงกลับมาที่ท่าเรือเก่าหลังพายุสงบลงเมื่อคืนนี้",
    "Ο φαροφύλακας άναψε ξανά το φως ύστερα από τριάντα χρόνια.",
    "Տարեց ժամագործը տասներկու տարի անց վերանորոգեց աշտարակի ժամացույցը։",
];

const LINE_ENDS: [&str; 8] = ["\n", "\r\n", "\r", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}"];

/// One way of writing a sentence: as it is, or a variant that has the same key.
fn written() -> impl Strategy<Value = String> {
    (prop::sample::select(&SENTENCES[..]), 0..6_u8).prop_map(|(sentence, variant)| match variant {
        0 => sentence.to_uppercase(),
        1 => sentence.replace(' ', "\u{a0} "),
        2 => format!("\u{3000}{sentence}\t"),
        3 => sentence.replace(' ', " \u{200b}"),
        _ => sentence.to_owned(),
    })
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => written(),
        1 => prop::sample::select(&["", "", " \t", "Yes.", "[1]", "{", "\"", "\\", "\u{feff}x", "\u{0}"][..]).prop_map(str::to_owned),
        1 => "\\PC{0,60}",
        1 => "[a-z ,\"\\\\]{30,120}",
        1 => "[\\u{300}-\\u{36F}\\u{640}-\\u{670}\\u{1100}-\\u{11FF}a-c ]{1,50}",
    ]
}

fn body() -> impl Strategy<Value = String> {
    prop::collection::vec((line(), prop::sample::select(&LINE_ENDS[..])), 0..14)
        .prop_map(|lines| lines.into_iter().flat_map(|(line, end)| [line, end.to_owned()]).collect())
}

fn headline() -> impl Strategy<Value = Option<String>> {
    prop::option::of(prop_oneof![written(), Just("Ferry\nand mill".to_owned()), Just("  ".to_owned())])
}

/// An article: its bytes, its body, and whether a field holds its headline.
fn article() -> impl Strategy<Value = (Vec<u8>, String, bool)> {
    (body(), headline(), any::<bool>()).prop_map(|(body, headline, plain)| {
        if plain {
            return (body.clone().into_bytes(), body, false);
        }
        let has_headline = headline.as_ref().is_some_and(|headline| !headline.trim().is_empty());
        (json!({"text": body, "title": headline, "n": 1}).to_string().into_bytes(), body, has_headline)
    })
}

/// Payloads that look like something: bytes, text, broken and whole JSON.
fn anything() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        "\\PC{0,200}".prop_map(String::into_bytes),
        "\\{[\\[\\]{}\",:a-z0-9\\\\ud8]{0,80}".prop_map(String::into_bytes),
        "\\{\"(text|body|body_html|bodies|data|title|date)\": ?[\\[{\"]?[a-z<>/&;\\\\\" :{}]{0,60}[\\]}\"]{0,2}\\}"
            .prop_map(String::into_bytes),
        article().prop_map(|(bytes, _, _)| bytes),
        (article(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|((mut bytes, _, _), at, byte)| {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes
        }),
    ]
}

/// The lines of a body, with their numbers, by the list of mandatory breaks.
fn lines_by_definition(body: &str) -> Vec<(u64, String)> {
    let unified = body.replace("\r\n", "\n").replace(|c: char| "\r\u{b}\u{c}\u{85}\u{2028}\u{2029}".contains(c), "\n");
    let lines = unified.split('\n').map(|line| line.trim().to_owned());
    (0..).zip(lines).filter(|(_, line)| !line.is_empty()).collect()
}

fn is_hard_wrapped(body: &str) -> bool {
    let mut lines = Vec::new();
    text::split(body, usize::MAX, &mut lines) && text::unwrap(body, &mut lines, &mut String::new())
}

/// Every line that can be read back out of the record: number and text. A headline out of the body has no number.
fn lines_of(record: &Value) -> Vec<(u64, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let number = |value: &Value| value["line"].as_u64().unwrap();
    let body = text(&record["bodyText"]);
    let kept: Vec<(u64, String)> = record["paragraphs"]
        .as_array()
        .unwrap()
        .iter()
        .zip(body.split('\n'))
        .map(|(paragraph, text)| (number(paragraph), text.to_owned()))
        .collect();
    let dropped = record["dropped"].as_array().unwrap().iter().map(|dropped| {
        let written = match (&dropped["text"], &dropped["repeatOf"]) {
            (Value::String(text), _) => text.clone(),
            (_, Value::String(_)) => text(&record["headline"]),
            (_, first) => kept.iter().find(|(line, _)| Some(*line) == first.as_u64()).unwrap().1.clone(),
        };
        (number(dropped), written)
    });
    // One line may carry several dates.
    let mut dates: Vec<(u64, String)> = Vec::new();
    for date in record["dates"].as_array().unwrap().iter().filter(|date| !date["line"].is_null()) {
        dates.push((number(date), text(&date["text"])));
    }
    dates.dedup();
    let mut all: Vec<(u64, String)> = kept.iter().cloned().chain(dropped).chain(dates).collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_payload_is_a_panic(payload in anything()) {
        match clean_bytes(&mut Cleaner::default(), &payload, &[]) {
            Ok(record) => prop_assert!(serde_json::from_slice::<Value>(&record).is_ok()),
            Err(refusal) => prop_assert!(!matches!(refusal, Reject::Internal { .. }), "{}", refusal),
        }
    }

    #[test]
    fn same_bytes_in_same_bytes_out(payloads in prop::collection::vec(anything(), 1..5)) {
        let mut used = Cleaner::default();
        for payload in &payloads {
            let first = clean_bytes(&mut Cleaner::default(), payload, &[]);
            prop_assert_eq!(clean_bytes(&mut used, payload, &[]), first.clone());
            prop_assert_eq!(clean_bytes(&mut used, payload, &[]), first);
        }
    }

    #[test]
    fn a_cleaned_body_has_nothing_to_drop((bytes, _, _) in article()) {
        let Ok(once) = clean_bytes(&mut Cleaner::default(), &bytes, &[]) else { return Ok(()) };
        let once: Value = serde_json::from_slice(&once).unwrap();
        if once["bodyText"] == "" {
            return Ok(());
        }
        let again = record(json!({"text": once["bodyText"], "title": once["headline"]}).to_string().as_bytes());
        prop_assert_eq!(&again["dropped"], &json!([]));
        prop_assert_eq!(&again["bodyText"], &once["bodyText"]);
    }

    #[test]
    fn nothing_is_lost((bytes, body, has_headline) in article()) {
        let Ok(out) = clean_bytes(&mut Cleaner::default(), &bytes, &[]) else { return Ok(()) };
        prop_assume!(!is_hard_wrapped(&body));
        let record: Value = serde_json::from_slice(&out).unwrap();
        let body = if bytes.starts_with(b"\xEF\xBB\xBF") { body.trim_start_matches('\u{feff}') } else { &body };
        let mut expected = lines_by_definition(body);
        let found = lines_of(&record);
        if !has_headline && !record["headline"].is_null() {
            // The headline is a line of the body: the one that is not found elsewhere.
            let at = expected.iter().position(|line| !found.contains(line));
            prop_assert!(at.is_some(), "the headline was taken, and stays in the body");
            let (_, line) = expected.remove(at.unwrap());
            prop_assert_eq!(&record["headline"], &line);
        }
        prop_assert_eq!(found, expected);
    }

    /// Which line end is used changes nothing but the bytes that are counted.
    #[test]
    fn line_ends_are_alike(lines in prop::collection::vec(written(), 1..8)) {
        let with = |end: &str| {
            let mut record = record(json!({"text": lines.join(end), "uri": "x"}).to_string().as_bytes());
            record["stats"]["bytesIn"] = Value::Null;
            record
        };
        let by_lf = with("\n");
        for end in &LINE_ENDS[1..] {
            prop_assert_eq!(with(end), by_lf.clone(), "{:?}", end);
        }
    }
}

/// The strategies do reach what they are made for: without this, a property may hold because nothing happens.
#[test]
fn the_strategies_make_repeats_headlines_and_refusals() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut dropped, mut variants, mut lifted, mut refused) = (0, 0, 0, 0);
    for _ in 0..300 {
        let (bytes, _, has_headline) = article().new_tree(&mut runner).unwrap().current();
        let Ok(out) = clean_bytes(&mut Cleaner::default(), &bytes, &[]) else { continue };
        let record: Value = serde_json::from_slice(&out).unwrap();
        dropped += record["dropped"].as_array().unwrap().len();
        variants += record["dropped"].as_array().unwrap().iter().filter(|dropped| dropped["text"].is_string()).count();
        lifted += usize::from(!has_headline && record["headline"].is_string());
        let payload = anything().new_tree(&mut runner).unwrap().current();
        refused += usize::from(clean_bytes(&mut Cleaner::default(), &payload, &[]).is_err());
    }
    let seen = [dropped, variants, lifted, refused];
    assert!(seen.iter().all(|count| *count >= 30), "dropped, variants, headlines, refused: {seen:?}");
}
