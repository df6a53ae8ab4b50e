//! Input in pieces for the threads: whole payloads, or about 128 KB of whole lines (so that input and result stay in the
//! second-level cache).
//!
//! A payload over the limit is never held in memory: it is counted to its end and reported as too large.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;

use crate::cli::input;

/// Bytes that are read at once.
const BLOCK: usize = 1 << 17;

/// A file, or standard input.
#[derive(Debug, Clone)]
pub(super) struct Source {
    path: Option<PathBuf>,
}

impl Source {
    pub(super) fn all(files: &[PathBuf]) -> Vec<Source> {
        if files.is_empty() {
            return vec![Source { path: None }];
        }
        let source = |path: &PathBuf| Source { path: Some(path.clone()).filter(|path| path != Path::new("-")) };
        files.iter().map(source).collect()
    }

    /// Size in bytes, where it is known.
    pub(super) fn size(&self) -> Option<u64> {
        input::size(self.path.as_ref()?)
    }

    fn name(&self) -> String {
        self.path.as_ref().map_or_else(|| "-".to_owned(), |path| path.display().to_string())
    }

    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match &self.path {
            None => Box::new(io::stdin()),
            Some(path) => Box::new(File::open(path)?),
        })
    }
}

/// A piece of the input.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    /// Name of the file it is from.
    pub(super) file: Arc<str>,
    /// Whole lines; else one payload.
    pub(super) lines: bool,
    /// Is it the first one of its file?
    pub(super) opens_file: bool,
    /// After them a line (or instead of the payload) that is too large, with its size.
    pub(super) too_large: Option<usize>,
    /// Longer than its content, so that it need not be zeroed again when it is reused.
    buffer: Vec<u8>,
    length: usize,
}

impl Chunk {
    /// Whole lines with their ends, or one payload.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }
}

/// All chunks of all sources, one after another.
pub(super) struct Chunks {
    sources: std::vec::IntoIter<Source>,
    lines: bool,
    limit: usize,
    open: Option<Lines>,
    /// Buffers to be reused.
    spare: Vec<Vec<u8>>,
}

impl Chunks {
    /// Reads `sources`: each is one payload, or with `lines` each of its lines. `limit`: largest payload in bytes.
    pub(super) fn new(sources: Vec<Source>, lines: bool, limit: usize) -> Self {
        Chunks { sources: sources.into_iter(), lines, limit, open: None, spare: Vec::new() }
    }

    /// The next one.
    pub(super) fn next(&mut self) -> Option<anyhow::Result<Chunk>> {
        loop {
            if let Some(lines) = &mut self.open {
                match lines.read(self.spare.pop().unwrap_or_default()) {
                    Ok(Some(chunk)) => return Some(Ok(chunk)),
                    Ok(None) => self.open = None,
                    Err(error) => return Some(Err(read_error(error, &lines.file))),
                }
            }
            let source = self.sources.next()?;
            let file: Arc<str> = source.name().into();
            match source.open() {
                Err(error) => return Some(Err(read_error(error, &file))),
                Ok(reader) if self.lines => self.open = Some(Lines::new(reader, file, self.limit)),
                Ok(reader) => return Some(whole(reader, source.size(), file, self.limit)),
            }
        }
    }

    /// Reuses the buffer of a cleaned chunk, unless one huge article has grown it.
    pub(super) fn recycle(&mut self, chunk: Chunk) {
        if chunk.buffer.len() <= 8 * BLOCK {
            self.spare.push(chunk.buffer);
        }
    }
}

fn read_error(error: io::Error, name: &str) -> anyhow::Error {
    anyhow::Error::from(error).context(format!("cannot read `{name}`"))
}

fn whole(reader: Box<dyn Read + Send>, size: Option<u64>, file: Arc<str>, limit: usize) -> anyhow::Result<Chunk> {
    let payload = input::payload(reader, size, limit).with_context(|| format!("cannot read `{file}`"))?;
    let (buffer, too_large) = match payload {
        input::Payload::Whole(payload) => (payload, None),
        input::Payload::TooLarge(bytes) => (Vec::new(), Some(usize::try_from(bytes).unwrap_or(usize::MAX))),
    };
    Ok(Chunk { file, lines: false, opens_file: true, too_large, length: buffer.len(), buffer })
}

struct Lines {
    reader: Box<dyn Read + Send>,
    file: Arc<str>,
    limit: usize,
    opens_file: bool,
    /// The beginning of a line whose end was not read yet.
    carry: Vec<u8>,
    finished: bool,
}

impl Lines {
    fn new(reader: Box<dyn Read + Send>, file: Arc<str>, limit: usize) -> Self {
        Lines { reader, file, limit, opens_file: true, carry: Vec::new(), finished: false }
    }

    fn chunk(&mut self, buffer: Vec<u8>, length: usize, too_large: Option<usize>) -> Chunk {
        let opens_file = std::mem::take(&mut self.opens_file);
        Chunk { file: Arc::clone(&self.file), lines: true, opens_file, too_large, buffer, length }
    }

    /// Reads into `buffer` until at least one line is whole; `None` at the end.
    fn read(&mut self, mut buffer: Vec<u8>) -> io::Result<Option<Chunk>> {
        if self.finished {
            return Ok(None);
        }
        let mut known = self.carry.len();
        make_room(&mut buffer, known, self.limit);
        buffer[..known].copy_from_slice(&self.carry);
        self.carry.clear();
        loop {
            make_room(&mut buffer, known, self.limit);
            let count = retry_interrupted(|| self.reader.read(&mut buffer[known..]))?;
            if count == 0 {
                self.finished = true;
                return Ok((known > 0).then(|| self.chunk(buffer, known, None)));
            }
            let read = known + count;
            if let Some(end) = memchr::memrchr(b'\n', &buffer[known..read]) {
                let end = known + end + 1;
                self.carry.extend_from_slice(&buffer[end..read]);
                return Ok(Some(self.chunk(buffer, end, None)));
            }
            known = read;
            if known > self.limit {
                let size = known + self.skip_line(&mut buffer)?;
                return Ok(Some(self.chunk(buffer, 0, Some(size))));
            }
        }
    }

    /// Skips to the end of the line, and keeps what follows it; gives how many bytes of the line there were.
    fn skip_line(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut skipped = 0;
        loop {
            let length = buffer.len().min(BLOCK);
            let count = retry_interrupted(|| self.reader.read(&mut buffer[..length]))?;
            let read = &buffer[..count];
            if let Some(end) = memchr::memchr(b'\n', read) {
                self.carry = read[end + 1..].to_vec();
                return Ok(skipped + end);
            }
            skipped += count;
            if count == 0 {
                return Ok(skipped);
            }
            if skipped as u64 > input::ENDLESS {
                return Err(input::endless("a line"));
            }
        }
    }
}

/// Makes room for a block behind `known` bytes of a line that may have `limit`.
fn make_room(buffer: &mut Vec<u8>, known: usize, limit: usize) {
    if buffer.len() < known + BLOCK {
        // At least twice as much, so that a long line is not copied again and again; but no line is read beyond the limit.
        let twice = (2 * buffer.len()).min(limit.saturating_add(2 * BLOCK));
        buffer.resize((known + BLOCK).max(twice), 0);
    }
}

fn retry_interrupted(mut read: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match read() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of each chunk its size and what was too large in it.
    fn lines(input: &[u8], limit: usize) -> Vec<(usize, Option<usize>)> {
        let mut lines = Lines::new(Box::new(io::Cursor::new(input.to_vec())), "-".into(), limit);
        let mut sizes = Vec::new();
        let mut spare = Vec::new();
        while let Some(chunk) = lines.read(std::mem::take(&mut spare)).unwrap() {
            assert_eq!(chunk.opens_file, sizes.is_empty());
            sizes.push((chunk.bytes().len(), chunk.too_large));
            spare = chunk.buffer;
        }
        sizes
    }

    #[test]
    fn chunks_hold_whole_lines() {
        let line = [b"x".repeat(999), b"\n".to_vec()].concat();
        let input = line.repeat(3000);
        let chunks = lines(&input, 1 << 20);
        assert!(chunks.len() >= 3);
        assert!(chunks.iter().all(|(size, _)| size % 1000 == 0));
        assert_eq!(chunks.iter().map(|(size, _)| size).sum::<usize>(), input.len());
    }

    #[test]
    fn a_line_longer_than_a_block_is_whole() {
        let input = [b"x".repeat(5 * BLOCK), b"\ny\n".to_vec()].concat();
        assert_eq!(lines(&input, 1 << 20).iter().map(|(size, _)| size).sum::<usize>(), input.len());
        assert_eq!(lines(&input, 1 << 20)[0].0, input.len());
    }

    #[test]
    fn a_line_that_is_too_large_is_counted_not_held() {
        let input = [b"a\n".to_vec(), b"y".repeat(3 << 20), b"\nb\n".to_vec()].concat();
        assert_eq!(lines(&input, 1 << 20), [(2, None), (0, Some(3 << 20)), (2, None)]);
    }

    #[test]
    fn a_last_line_needs_no_end() {
        assert_eq!(lines(b"a\nb", 100), [(2, None), (1, None)]);
    }
}
