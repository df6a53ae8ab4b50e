//! No file may be both input and output: its articles would be overwritten before they are read, or the output read again.
//! Files are compared by device and inode, whatever they are called.

use std::fs::{File, Metadata};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Says which file is input and output, if one is.
pub(super) fn conflict(inputs: &[PathBuf], dead_letters: Option<&Path>) -> Option<String> {
    let from_stdin = inputs.is_empty() || inputs.iter().any(|path| path == Path::new("-"));
    let stdin = if from_stdin { of_stream(io::stdin().as_fd()) } else { None };
    let files = inputs.iter().filter_map(|path| Some((path.display().to_string(), identity(&path.metadata().ok()?)?)));
    let inputs: Vec<(String, Identity)> =
        files.chain(stdin.map(|stdin| ("standard input".to_owned(), stdin))).collect();
    let reads = |file: Identity| inputs.iter().find(|(_, input)| *input == file).map(|(name, _)| name);
    let records = of_stream(io::stdout().as_fd());
    let refusals = dead_letters.and_then(|path| identity(&path.metadata().ok()?));
    if let (Some(path), Some(refusals)) = (dead_letters, refusals) {
        let path = path.display();
        if let Some(name) = reads(refusals) {
            return Some(format!(
                "`{name}` is an input: `--dead-letters {path}` would overwrite it; name another file"
            ));
        }
        if records == Some(refusals) {
            return Some(format!("standard output goes to `{path}`, and so would `--dead-letters`: name another file"));
        }
    }
    let name = records.and_then(reads)?;
    Some(format!("`{name}` is both input and standard output: the output would be read again"))
}

/// Device and inode.
type Identity = (u64, u64);

/// Of regular files only: a device or a pipe may be both.
fn identity(metadata: &Metadata) -> Option<Identity> {
    metadata.is_file().then(|| (metadata.dev(), metadata.ino()))
}

fn of_stream(stream: BorrowedFd<'_>) -> Option<Identity> {
    let file = File::from(stream.try_clone_to_owned().ok()?);
    identity(&file.metadata().ok()?)
}
