//! Makes `places.bin` of `places.txt` and the classes `dateline-…` of `words/*.txt`, and finds out when it was not made of them.
//!
//! `scripts/generate-words --compile` writes it. That a test does it keeps the definition of folding in one place.

use super::places::{ENTRY, FLAG_BITS, Flags, HASH_BITS, RUN_BITS, find, flags, hash};
use crate::fold::fold;
use crate::lexicon::words::{assert_made, rows};
use std::collections::BTreeMap;

const PLACES: &str = include_str!("places.txt");

fn entries() -> BTreeMap<u64, u8> {
    let mut entries: BTreeMap<u64, u8> = BTreeMap::new();
    let entry = |name: &str| -> u64 {
        let folded = fold(name).text;
        assert!(folded.chars().any(char::is_alphanumeric), "no name: {name:?}");
        hash(&folded)
    };
    for line in PLACES.lines().filter(|line| !line.starts_with('#')) {
        let (code, names) = line.split_once('\t').unwrap_or_else(|| panic!("no code: {line}"));
        let flags = match code {
            "b" => Flags::PLACE | Flags::CITY | Flags::BIG,
            "c" => Flags::PLACE | Flags::CITY,
            "r" => Flags::PLACE,
            _ => panic!("no such code: {code}"),
        };
        for name in names.split("; ") {
            *entries.entry(entry(name)).or_default() |= flags;
        }
    }
    for row in rows() {
        if let Some(flags) = given(&row.class) {
            *entries.entry(entry(&row.word)).or_default() |= flags;
        }
    }
    // What a name is not goes before what it is.
    for row in rows() {
        if let Some(flags) = taken(&row.class) {
            *entries.entry(entry(&row.word)).or_default() &= !flags;
        }
    }
    entries.retain(|_, flags| *flags != 0);
    entries
}

/// What a name of a class is.
fn given(class: &str) -> Option<u8> {
    Some(match class {
        "dateline-city" => Flags::PLACE | Flags::CITY | Flags::BIG,
        "dateline-region" => Flags::PLACE,
        "dateline-agency" => Flags::AGENCY,
        "dateline-kicker" => Flags::KICKER,
        _ => return None,
    })
}

/// What a name of a class is not, whatever else is said of it.
fn taken(class: &str) -> Option<u8> {
    Some(match class {
        "dateline-weak-place" => Flags::CITY | Flags::BIG,
        "dateline-person-city" => Flags::BIG,
        _ => return None,
    })
}

fn encode(entries: &BTreeMap<u64, u8>) -> Vec<u8> {
    let ends = (0..1u64 << RUN_BITS).map(|run| entries.range(..(run + 1) << (HASH_BITS - RUN_BITS)).count() as u32);
    let number = |(hash, flags): (&u64, &u8)| hash << FLAG_BITS | u64::from(*flags);
    let numbers = entries.iter().map(number).flat_map(|number| number.to_be_bytes().into_iter().skip(8 - ENTRY));
    ends.flat_map(u32::to_be_bytes).chain(numbers).collect()
}

#[test]
fn the_table_is_what_its_sources_say() {
    assert_made("src/dateline/places.bin", &encode(&entries()));
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
