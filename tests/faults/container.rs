//! A memory cgroup for one process, so that it has as much memory as it would have in a container of that size, and the
//! kernel kills it where it wants more.
//!
//! Version 2 of cgroups as well as version 1; the file system has to be writable, so the suite must run as root. Where no such
//! group can be made, the scenario fails and says so: a limit that is not there proves nothing.

use std::path::{Path, PathBuf};

/// Removed when it is dropped; its process must have ended.
pub struct Container {
    folder: PathBuf,
}

impl Container {
    /// A group of at most `mb` megabytes.
    pub fn new(name: &str, mb: usize) -> Result<Container, String> {
        make(name, mb).map_err(|why| {
            format!(
                "no container of {mb} MB: {why}. The scenario needs a memory cgroup: run the suite as root where \
                 /sys/fs/cgroup is writable"
            )
        })
    }

    /// A process belongs to the group once its number is written here.
    pub fn procs(&self) -> PathBuf {
        self.folder.join("cgroup.procs")
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // Busy for a moment after its process has ended.
        for _ in 0..50 {
            if std::fs::remove_dir(&self.folder).is_ok() || !self.folder.exists() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        eprintln!("   {} could not be removed", self.folder.display());
    }
}

fn make(name: &str, mb: usize) -> Result<Container, String> {
    let mounts = std::fs::read_to_string("/proc/self/mounts").map_err(|error| format!("/proc/self/mounts: {error}"))?;
    let mounted = |kind: &str, option: &str| {
        mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>()).find_map(|words| match words.as_slice() {
            [_, at, fs, options, ..]
                if *fs == kind && options.split(',').any(|one| one == option || option.is_empty()) =>
            {
                Some(PathBuf::from(at))
            }
            _ => None,
        })
    };
    let bytes = (mb << 20).to_string();
    let name = format!("copydesk-faults-{}-{name}", std::process::id());
    if let Some(root) = mounted("cgroup", "memory") {
        let container = at(root.join(name))?;
        write(&container.folder, "memory.limit_in_bytes", &bytes)?;
        // Not every kernel counts swap.
        let _ = write(&container.folder, "memory.memsw.limit_in_bytes", &bytes);
        return Ok(container);
    }
    let root = mounted("cgroup2", "").ok_or("no cgroup file system is mounted")?;
    let given = |file: &str| std::fs::read_to_string(root.join(file)).unwrap_or_default();
    if !given("cgroup.controllers").split_whitespace().any(|controller| controller == "memory") {
        return Err(format!("{} has no memory controller", root.display()));
    }
    if !given("cgroup.subtree_control").split_whitespace().any(|controller| controller == "memory") {
        write(&root, "cgroup.subtree_control", "+memory")?;
    }
    let container = at(root.join(name))?;
    write(&container.folder, "memory.max", &bytes)?;
    let _ = write(&container.folder, "memory.swap.max", "0");
    Ok(container)
}

fn at(folder: PathBuf) -> Result<Container, String> {
    std::fs::create_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(Container { folder })
}

fn write(folder: &Path, file: &str, text: &str) -> Result<(), String> {
    let path = folder.join(file);
    std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
}
