//! Reading of files named in the configuration, with a bound on their size.
//!
//! A configuration file, a file that holds a secret, a token. An endless device, a file of gigabytes, a folder and a pipe
//! without a writer are refused at once, and need no more memory than the bound.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use super::units::Size;

/// Most bytes of a configuration file.
pub const CONFIGURATION: usize = 1 << 20;
/// Most bytes of a file that holds one value. Kafka refuses longer tokens.
pub const VALUE: usize = 256 << 10;

/// How long a pipe with a writer may take (`--config <(…)`).
const PIPE_TIMEOUT: Duration = Duration::from_secs(5);

/// Reads the whole file.
///
/// # Errors
/// What is wrong with it, as a part of a sentence.
pub fn read(path: &Path, most: usize) -> Result<Vec<u8>, String> {
    // Opening a pipe without a writer would block.
    let opened = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path);
    let file = opened.map_err(|error| error.to_string())?;
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    let kind = metadata.file_type();
    if kind.is_dir() {
        return Err("it is a folder, not a file".to_owned());
    }
    if kind.is_block_device() {
        return Err("it is a device, not a file".to_owned());
    }
    let too_large = || format!("it is too large: it has more than {}", Size(most));
    if kind.is_file() && metadata.len() > most as u64 {
        return Err(too_large());
    }
    let bytes = if kind.is_fifo() { from_pipe(&file, most) } else { within(&file, most) }?;
    if bytes.len() > most { Err(too_large()) } else { Ok(bytes) }
}

/// Can this be a file that is read repeatedly? One that does not exist yet can.
pub fn check_rereadable(path: &Path, most: usize) -> Result<(), String> {
    let Ok(metadata) = std::fs::metadata(path) else { return Ok(()) };
    match () {
        () if metadata.is_dir() => Err("it is a folder, not a file".to_owned()),
        () if !metadata.is_file() => Err("it is a device or a pipe: expected a file".to_owned()),
        () if metadata.len() > most as u64 => Err(format!("it is too large: it has more than {}", Size(most))),
        () => Ok(()),
    }
}

/// The same, as text.
pub fn read_text(path: &Path, most: usize) -> Result<String, String> {
    // The error of the conversion would contain the bytes.
    String::from_utf8(read(path, most)?).map_err(|_| "it is not text in UTF-8".to_owned())
}

/// At most one byte more than the bound.
fn within(file: &File, most: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(|error| match error.kind() {
        ErrorKind::WouldBlock => "it is a terminal or a device without data".to_owned(),
        _ => error.to_string(),
    })?;
    Ok(bytes)
}

fn from_pipe(mut file: &File, most: usize) -> Result<Vec<u8>, String> {
    let end = Instant::now() + PIPE_TIMEOUT;
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    while bytes.len() <= most {
        match file.read(&mut piece) {
            Ok(0) if bytes.is_empty() => return Err("it is a pipe without a writer".to_owned()),
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock && Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                return Err(format!("it is a pipe whose writer did not finish within {} s", PIPE_TIMEOUT.as_secs()));
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endless_and_other_than_regular_files_are_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let large = folder.path().join("large");
        File::create(&large).unwrap().set_len(8 << 30).unwrap();
        let start = Instant::now();
        let error = |path: &Path| read(path, 1000).unwrap_err();
        assert_eq!(error(Path::new("/dev/zero")), "it is too large: it has more than 1 kB");
        assert_eq!(error(&large), "it is too large: it has more than 1 kB");
        assert_eq!(error(folder.path()), "it is a folder, not a file");
        assert!(error(&folder.path().join("none")).starts_with("No such file"));
        assert!(start.elapsed() < Duration::from_secs(1));
        assert_eq!(read(Path::new("/dev/null"), 1000), Ok(Vec::new()));
        std::fs::write(folder.path().join("bytes"), b"\xff").unwrap();
        assert_eq!(read_text(&folder.path().join("bytes"), 1000).unwrap_err(), "it is not text in UTF-8");
        std::fs::write(folder.path().join("right"), vec![b'x'; 1000]).unwrap();
        assert_eq!(read(&folder.path().join("right"), 1000).map(|bytes| bytes.len()), Ok(1000));
    }
}
