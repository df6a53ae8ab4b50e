//! The rooms of the crate: each may know those below it, and no other, so that there is no circle among them.
//!
//! A lint of the sources: comments are taken away, and each path that leads to another room is looked at, whether it is
//! written from the top (`crate::text::…`, `crate::{text, dedup}`) or climbs there (`super::super::text`).

use std::path::{Path, PathBuf};

/// From the bottom to the top, as in `lib.rs`.
const ROOMS: [&str; 7] = ["text", "dedup", "memory", "record", "input", "article", "pipeline"];

#[test]
fn no_room_knows_one_above_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&src);
    assert!(files.len() > 30, "only {} files", files.len());
    let mut upwards = Vec::new();
    for file in files {
        let path = file.strip_prefix(&src).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        upwards.extend(upward_arrows(path, &text).into_iter().map(|room| format!("{} → {room}", path.display())));
    }
    assert_eq!(upwards, [""; 0], "these know a room above their own (order: {ROOMS:?})");
}

#[test]
fn every_file_stands_in_a_room() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in sources(&src) {
        let path = file.strip_prefix(&src).unwrap();
        assert!(path == Path::new("lib.rs") || room_of(path).is_some(), "{} has no room", path.display());
    }
}

#[test]
fn an_upward_arrow_is_seen() {
    for (path, text, expected) in [
        ("text/hex.rs", "use crate::record::Reject;", &["record"][..]),
        ("text/hex.rs", "fn f() { crate::pipeline::f() }", &["pipeline"]),
        (
            "text/hex.rs",
            "use crate::{\n    dedup::{Fingerprint, First},\n    text,\n    input,\n};",
            &["dedup", "input"],
        ),
        ("text/json/raw.rs", "use super::super::super::memory::Memory;", &["memory"]),
        ("record/mod.rs", "use super::article;", &["article"]),
        ("article/body.rs", "use crate::record::Reject; use crate::text; // crate::pipeline", &[]),
        ("record/encode.rs", "use super::{Reason, Reject};\nuse super::input_of;\nuse crate::record::Reason;", &[]),
    ] {
        assert_eq!(upward_arrows(Path::new(path), text), expected, "{path}: {text}");
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The room of a file, by its place in [`ROOMS`].
fn room_of(path: &Path) -> Option<usize> {
    let first = path.iter().next()?.to_str()?;
    ROOMS.iter().position(|room| *room == first.trim_end_matches(".rs"))
}

/// The rooms above its own that a file names, in order.
fn upward_arrows(path: &Path, text: &str) -> Vec<&'static str> {
    let Some(own) = room_of(path) else { return Vec::new() };
    let code: String =
        text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    // `super` so many times leads out of the room.
    let depth = path.iter().count() - usize::from(path.ends_with("mod.rs"));
    let from_top = code.split("crate::").skip(1).collect::<Vec<_>>();
    let climb = "super::".repeat(depth);
    let climbing = code.split(climb.as_str()).skip(1);
    let named: Vec<&str> = from_top.into_iter().chain(climbing).flat_map(first_names).collect();
    let above = ROOMS.iter().enumerate().filter(|(index, room)| *index > own && named.contains(room));
    above.map(|(_, room)| *room).collect()
}

/// The first name of a path, or of each path in braces.
fn first_names(path: &str) -> Vec<&str> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let name = |path: &'_ str| path.find(|c| !is_name(c)).unwrap_or(path.len());
    let Some(inside) = path.strip_prefix('{') else { return vec![&path[..name(path)]] };
    let (mut depth, mut start, mut names) = (0_usize, 0, Vec::new());
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                let one = inside[start..at].trim_start();
                names.push(&one[..name(one)]);
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names
}
