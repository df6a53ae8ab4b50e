//! The files to send.

use std::path::PathBuf;

use anyhow::Context;

/// Files in the order given, folders replaced by their files, sorted by name. In folders only regular files count (a pipe
/// would block), and links to folders are skipped, since they may form a loop.
pub fn find(given: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in given {
        if !path.is_dir() {
            if path.as_os_str() != "-" && !path.exists() {
                anyhow::bail!("`{}`: no such file or folder", path.display());
            }
            files.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).with_context(|| format!("reading the folder `{}`", path.display()))?;
        let mut inside = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
        inside.retain(|path| {
            let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            !hidden && (path.is_file() || path.is_dir() && !path.is_symlink())
        });
        inside.sort();
        files.extend(find(&inside)?);
    }
    Ok(files)
}
