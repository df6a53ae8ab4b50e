//! The shape of the source: no circle among its modules, no function that needs a scroll bar, and a paragraph at the head
//! of each file.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails, helpers included")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Lines of a function, signature and closing brace included.
const LONGEST_FUNCTION: usize = 80;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Each file of `src` by the path of its module, and its lines without comments. (`dateline::days`; `lib.rs` is empty.)
fn sources() -> BTreeMap<Vec<String>, Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&root, &mut found);
    let source = |path: PathBuf| {
        let inside = path.strip_prefix(&root).unwrap().with_extension("");
        let mut module: Vec<String> = inside.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
            module.pop();
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = |line: &&str| !line.trim_start().starts_with("//");
        (module, text.lines().filter(code).map(str::to_owned).collect())
    };
    let mut sources: BTreeMap<Vec<String>, Vec<String>> = found.into_iter().map(source).collect();
    for module in of_tests(&sources) {
        sources.remove(&module);
    }
    sources
}

/// The modules that are compiled for tests only.
fn of_tests(sources: &BTreeMap<Vec<String>, Vec<String>>) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (module, lines) in sources {
        for pair in lines.windows(2) {
            let name = pair[1].strip_suffix(';').and_then(|line| line.split("mod ").nth(1));
            if let Some(name) = name.filter(|_| pair[0] == "#[cfg(test)]") {
                found.push(module.iter().cloned().chain([name.to_owned()]).collect());
            }
        }
    }
    found
}

/// The modules that the source of a module names by `super::` and `crate::`, those of its tests left out.
fn imports(module: &[String], is_folder: bool, lines: &[String]) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    let text = lines.iter().take_while(|line| line.as_str() != "#[cfg(test)]" || is_folder).map(String::as_str);
    let text = text.collect::<Vec<_>>().join(" ");
    let parent = if is_folder { module } else { &module[..module.len().saturating_sub(1)] };
    let above = if is_folder { &module[..module.len().saturating_sub(1)] } else { parent };
    for (start, base) in [("super::", above), ("crate::", &[])] {
        for (at, _) in text.match_indices(start) {
            let rest = &text[at + start.len()..];
            // `use super::{counts, machine}` and `use super::fold::Folded`.
            let (names, end) = match rest.strip_prefix('{') {
                Some(list) => (list, list.find('}').unwrap_or(0)),
                None => (rest, rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').unwrap_or(0)),
            };
            for name in names[..end].split(',') {
                let path = name.trim().split("::").map(str::to_owned);
                found.insert(base.iter().cloned().chain(path).collect());
            }
        }
    }
    found
}

/// A circle among modules, if there is one.
fn circle(arrows: &BTreeMap<String, BTreeSet<String>>) -> Option<String> {
    fn visit(
        at: &str,
        arrows: &BTreeMap<String, BTreeSet<String>>,
        path: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> Option<String> {
        if let Some(start) = path.iter().position(|module| module == at) {
            return Some(format!("{} -> {at}", path[start..].join(" -> ")));
        }
        if !done.insert(at.to_owned()) {
            return None;
        }
        path.push(at.to_owned());
        let found = arrows.get(at).into_iter().flatten().find_map(|next| visit(next, arrows, path, done));
        path.pop();
        found
    }
    let mut done = BTreeSet::new();
    arrows.keys().find_map(|module| visit(module, arrows, &mut Vec::new(), &mut done))
}

#[test]
fn a_circle_is_found() {
    let arrows = |pairs: &[(&str, &str)]| {
        let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in pairs {
            arrows.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        arrows
    };
    assert_eq!(circle(&arrows(&[("a", "b"), ("a", "c"), ("b", "c")])), None);
    assert_eq!(circle(&arrows(&[("a", "b"), ("b", "c"), ("c", "b")])).as_deref(), Some("b -> c -> b"));
}

/// Between the modules of the crate, and between the files of each folder.
#[test]
fn no_module_imports_itself_by_way_of_another() {
    let sources = sources();
    let folders: BTreeSet<&[String]> = sources.keys().filter(|m| m.len() > 1).map(|m| &m[..m.len() - 1]).collect();
    let rooms = std::iter::once(&[][..]).chain(folders.iter().copied());
    let mut arrows_in_all = 0;
    for room in rooms {
        let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (module, lines) in &sources {
            // What stands outside of the room, and its own head, which declares the rest.
            if module.len() <= room.len() || module[..room.len()] != *room {
                continue;
            }
            let is_folder = folders.contains(module.as_slice());
            let own = &module[room.len()];
            for import in imports(module, is_folder, lines) {
                let is_inside = import.len() > room.len() && import[..room.len()] == *room;
                let target = import.get(room.len()).filter(|_| is_inside);
                let is_module = |name: &String| {
                    let path = [room, std::slice::from_ref(name)].concat();
                    sources.contains_key(&path)
                };
                if let Some(target) = target.filter(|target| *target != own && is_module(target)) {
                    arrows.entry(own.clone()).or_default().insert(target.clone());
                }
            }
        }
        arrows_in_all += arrows.values().map(BTreeSet::len).sum::<usize>();
        assert_eq!(circle(&arrows), None, "in {room:?}");
    }
    assert!(arrows_in_all > 100, "only {arrows_in_all} imports found: does this test still read the source?");
}

#[test]
fn no_function_is_longer_than_a_screen() {
    let mut long = Vec::new();
    let mut functions = 0;
    for (module, lines) in sources() {
        for (at, line) in lines.iter().enumerate() {
            let bare = line.trim_start();
            let indent = &line[..line.len() - bare.len()];
            let is_function =
                bare.split(['(', '<']).next().is_some_and(|head| head.split(' ').any(|word| word == "fn"));
            if !is_function || bare.ends_with(';') {
                continue;
            }
            functions += 1;
            let closing = format!("{indent}}}");
            let is_short = bare.ends_with('}');
            let end = lines[at..].iter().position(|line| *line == closing).filter(|_| !is_short).unwrap_or(0);
            if end + 1 > LONGEST_FUNCTION {
                long.push(format!("{} {} lines: {bare}", module.join("::"), end + 1));
            }
        }
    }
    assert!(functions > 200, "only {functions} functions found: does this test still read the source?");
    assert!(long.is_empty(), "longer than {LONGEST_FUNCTION} lines:\n{}", long.join("\n"));
}

#[test]
fn each_file_says_what_it_is_for() {
    let mut found = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    let is_bare = |path: &&PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        !text.starts_with("//! ") && !text.starts_with("#![doc")
    };
    let bare: Vec<&PathBuf> = found.iter().filter(is_bare).collect();
    assert!(bare.is_empty(), "no paragraph at the head of {bare:?}");
}
