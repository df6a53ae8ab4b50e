//! The fast path against the definition, and against vectors that other implementations compute too.

use proptest::prelude::*;

use super::*;
use crate::dedup::fingerprint::Fingerprint;

/// Key v1 by its definition, without table or shortcut.
fn by_definition(text: &str) -> String {
    let mut mapped = String::new();
    NfkcCasefold::default().map(text, &mut mapped);
    let mut folded = String::new();
    for c in mapped.chars() {
        match Fold::of(c) {
            Fold::Keep(c) => folded.push(c),
            Fold::Space => folded.push(' '),
            Fold::Delete => {}
        }
    }
    folded.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn key(text: &str) -> String {
    String::from_utf8(Normaliser::default().key(text).to_vec()).unwrap()
}

/// The key as a processor without the instructions of `block/x86.rs` computes it.
fn portable_key(text: &str) -> String {
    let mut normaliser = Normaliser { arch: pulp::Arch::Scalar, ..Normaliser::default() };
    String::from_utf8(normaliser.key(text).to_vec()).unwrap()
}

#[test]
fn every_code_point_alone_and_between_letters() {
    let mut normaliser = Normaliser::default();
    for c in '\0'..='\u{3FFFF}' {
        for text in [c.to_string(), format!("a{c}b"), format!("e{c}\u{301}x"), format!("\u{627}{c}\u{654} {c}")] {
            assert_eq!(normaliser.key(&text), by_definition(&text).as_bytes(), "U+{:04X} in {text:?}", u32::from(c));
        }
    }
}

#[test]
fn variants_in_writing_have_one_key() {
    for (text, same) in [
        ("Hello  World", "hello world"),
        ("\u{FEFF}Hello\u{A0}World\u{3000}", "hello world"),
        ("caf\u{e9}", "CAFE\u{301}"),
        ("٧٥ ۷۵ ७५ ７５", "75 75 75 75"),
        ("“so” ‘it’ «is»", "\"so\" 'it' \"is\""),
        ("3–1 3—1 3−1", "3-1 3-1 3-1"),
        ("محـــمد", "محمد"),
        ("مُحَمَّدٌ", "محمد"),
        ("ﻻ", "لا"),
        ("Straße ﬁn", "STRASSE fin"),
        ("soft\u{AD}hyphen zero\u{200B}width", "softhyphen zerowidth"),
    ] {
        assert_eq!(key(text), key(same), "{text:?} and {same:?}");
    }
}

#[test]
fn near_misses_have_two() {
    for (text, other) in [("3-1", "2-0"), ("he won.", "he won"), ("resume", "résumé"), ("كتاب", "كتب")] {
        assert_ne!(key(text), key(other), "{text:?} and {other:?}");
    }
}

#[test]
fn a_long_run_of_marks_takes_the_slow_path_once() {
    let text = format!("a{}", "\u{301}\u{316}".repeat(50_000));
    assert_eq!(key(&text), by_definition(&text));
}

/// Text that is full of what the fast path has to leave to ICU.
fn thorny() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z ]{1,12}",
        2 => "[\\u{600}-\\u{6FF}]{1,6}",
        2 => "[\\u{900}-\\u{97F}]{1,6}",
        1 => "[\\u{300}-\\u{36F}]{1,3}",
        1 => "[\\u{1100}-\\u{11FF}]{1,4}",
        1 => "[\\u{E00}-\\u{E7F}]{1,6}",
        1 => "[\\u{590}-\\u{5FF}]{1,6}",
        1 => "[\\u{2000}-\\u{206F}]{1,3}",
        1 => "[\\u{FB00}-\\u{FEFF}]{1,3}",
        1 => "\\PC{1,4}",
        1 => ".{1,2}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Text of many blocks, most of it plain, so that code points and spaces lie across their ends.
fn long() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z ]{1,40}",
        4 => "[\u{620}-\u{63F}\u{641}-\u{64A} ]{1,30}",
        3 => "[\u{4E00}-\u{9FFF}]{1,20}",
        2 => "[\u{B000}-\u{CFFF} ]{1,20}",
        2 => "[\u{410}-\u{44F} ]{1,20}",
        1 => "[\u{C0}-\u{17F}]{1,4}",
        1 => "[\u{1F300}-\u{1F6FF}]{1,2}",
        1 => "[\u{2010}-\u{2020}]{1,2}",
    ];
    prop::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn blocks_and_definition_agree(text in long()) {
        prop_assert_eq!(&key(&text), &by_definition(&text));
        prop_assert_eq!(&portable_key(&text), &by_definition(&text));
    }

    #[test]
    fn fast_path_and_definition_agree(text in thorny()) {
        prop_assert_eq!(&key(&text), &by_definition(&text));
        prop_assert_eq!(&portable_key(&text), &by_definition(&text));
    }

    #[test]
    fn a_key_has_no_outer_or_double_space(text in thorny()) {
        let key = key(&text);
        prop_assert_eq!(key.trim_matches(' '), &key);
        prop_assert!(!key.contains("  "));
    }
}

/// The hash of the whole key, by the definition.
fn hash_by_definition(text: &str) -> Hashed {
    let key = by_definition(text);
    Hashed { hash: Fingerprint::of(key.as_bytes()), length: key.len() }
}

#[test]
fn every_code_point_where_pieces_meet() {
    let mut normaliser = Normaliser::default();
    for c in '\0'..='\u{3FFFF}' {
        let text = format!("a{c}{c}e{c}\u{301}{c}\u{1100}{c}\u{1161}{c} {c}");
        let whole = hash_by_definition(&text);
        for piece in [1, 5] {
            assert_eq!(normaliser.hash_in_pieces(&text, piece), whole, "U+{:04X} in pieces of {piece}", u32::from(c));
        }
    }
}

#[test]
fn long_paragraphs_have_the_hash_of_their_key() {
    let mut normaliser = Normaliser::default();
    for part in [
        "x",
        "Hello  World ",
        "\u{FDFA}",
        "\u{FDFA} \u{628}",
        "\u{301}\u{316}",
        "\u{1161}",
        "\u{1112}\u{1161}\u{11AB}",
        "\u{200D}",
        "\u{640}\u{64B}",
        " \u{3000}",
        "\u{10330}",
        "\u{1D165}\u{1D16E}",
        "é\u{301}",
        "\u{9BE}",
        "\u{3099}か",
        "\u{110BA}\u{11099}",
    ] {
        let text = part.repeat(3 * pieces::PIECE / part.len());
        assert_eq!(normaliser.hash(&text), hash_by_definition(&text), "{part:?}");
        let text = format!("a{text} b");
        assert_eq!(normaliser.hash(&text), hash_by_definition(&text), "{part:?} between letters");
        normaliser.shrink();
        assert!(normaliser.key.capacity() <= 4 * pieces::PIECE);
    }
}

/// Text that is full of runs without a place to cut.
fn runs() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        2 => "[\\u{300}-\\u{345}]{1,30}",
        2 => "[\\u{1100}-\\u{11FF}]{1,12}",
        1 => "[\\u{64B}-\\u{655}\\u{640}\\u{670}]{1,20}",
        1 => "[\\u{9BE}\\u{9C7}\\u{9D7}\\u{B3E}\\u{B47}\\u{B56}\\u{B57}]{1,10}",
        1 => "[\\u{11099}\\u{110BA}\\u{11131}\\u{11127}\\u{1D15E}\\u{1D165}\\u{1D16D}]{1,10}",
        1 => "[\\u{FDFA}\\u{FDFB}\\u{3300}\\u{FB03}\\u{200D}\\u{AD}]{1,10}",
        1 => "[ \\u{A0}\\u{3000}a-c]{1,10}",
        1 => "\\PC{1,8}",
    ];
    prop::collection::vec(part, 0..10).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn pieces_and_whole_agree(text in prop_oneof![runs(), thorny(), long()], piece in 1..60_usize) {
        prop_assert_eq!(Normaliser::default().hash_in_pieces(&text, piece), hash_by_definition(&text));
        let mut portable = Normaliser { arch: pulp::Arch::Scalar, ..Normaliser::default() };
        prop_assert_eq!(portable.hash_in_pieces(&text, piece), hash_by_definition(&text));
    }
}
