//! Makes `places.bin` of `places.txt` and `words.txt`, and finds out when it was not made of them.
//!
//! `COPYDESK_WRITE_PLACES=1 cargo test --no-default-features --lib dateline` writes it. That a test does it keeps the
//! definition of folding in one place.

use super::places::{ENTRY, FLAG_BITS, Flags, HASH_BITS, RUN_BITS, find, flags, hash};
use crate::fold::fold;
use std::collections::BTreeMap;

const PLACES: &str = include_str!("places.txt");
const WORDS: &str = include_str!("words.txt");

fn entries() -> BTreeMap<u64, u8> {
    let mut entries = BTreeMap::new();
    let lines = |text: &'static str, between: &'static str| {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(move |line| line.split_once(between).unwrap_or_else(|| panic!("no code: {line}")))
    };
    for (code, names) in lines(PLACES, "\t").chain(lines(WORDS, ": ")) {
        for name in names.split("; ") {
            let folded = fold(name).text;
            assert!(folded.chars().any(char::is_alphanumeric), "no name: {name:?}");
            let entry: &mut u8 = entries.entry(hash(&folded)).or_default();
            match code {
                "b" | "pl" => *entry |= Flags::PLACE | Flags::CITY | Flags::BIG,
                "c" => *entry |= Flags::PLACE | Flags::CITY,
                "r" | "rg" => *entry |= Flags::PLACE,
                "ag" => *entry |= Flags::AGENCY,
                "ki" => *entry |= Flags::KICKER,
                "xp" => *entry &= !(Flags::CITY | Flags::BIG),
                "xc" => *entry &= !Flags::BIG,
                _ => panic!("no such code: {code}"),
            }
        }
    }
    entries.retain(|_, flags| *flags != 0);
    entries
}

fn encode(entries: &BTreeMap<u64, u8>) -> Vec<u8> {
    let ends = (0..1u64 << RUN_BITS).map(|run| entries.range(..(run + 1) << (HASH_BITS - RUN_BITS)).count() as u32);
    let number = |(hash, flags): (&u64, &u8)| hash << FLAG_BITS | u64::from(*flags);
    let numbers = entries.iter().map(number).flat_map(|number| number.to_be_bytes().into_iter().skip(8 - ENTRY));
    ends.flat_map(u32::to_be_bytes).chain(numbers).collect()
}

#[test]
fn the_table_is_what_its_sources_say() {
    let table = encode(&entries());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/dateline/places.bin");
    if std::env::var_os("COPYDESK_WRITE_PLACES").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    assert!(
        std::fs::read(path).unwrap() == table,
        "places.bin is not made of these sources: see the head of compile.rs"
    );
}

#[test]
fn every_name_is_found_with_its_flags_and_nothing_else_is() {
    let entries = entries();
    let table = encode(&entries);
    for (hash, wanted) in &entries {
        assert_eq!(find(&table, *hash).0, *wanted);
    }
    for (name, flag) in [
        ("Baghdad", Flags::BIG),
        ("BAGHDAD", Flags::BIG),
        ("بغداد", Flags::BIG),
        ("Port-au-Prince", Flags::BIG),
        ("ST. LOUIS", Flags::CITY),
        ("Calif.", Flags::PLACE),
        ("أ ف ب", Flags::AGENCY),
        ("ИНТЕРВЮ", Flags::KICKER),
    ] {
        assert!(flags(name).has(flag), "{name}: {:?}", flags(name));
    }
    for name in ["", "Nowhere-upon-Nothing", "the", "said", "وقال", "но"] {
        assert_eq!(flags(name), Flags::default(), "{name}");
    }
    assert!(!flags("Split").has(Flags::CITY) && flags("Split").has(Flags::PLACE));
    assert!(table.len() < 400_000, "{} bytes", table.len());
}

#[test]
fn a_table_that_is_cut_short_harms_nobody() {
    let table = encode(&entries());
    for length in (0..table.len()).step_by(table.len() / 40) {
        let _ = find(&table[..length], hash("baghdad"));
    }
}
