//! Input in pieces that a thread can take: whole payloads, or about 128 KB of whole lines (so that what is read, and what is made of it, stays in the second cache).
//!
//! A payload over the limit is never held in memory: it is counted to its end and told as too large.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;

/// So many bytes are read at once.
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
        self.path.as_ref()?.metadata().ok().map(|metadata| metadata.len())
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
#[derive(Debug)]
pub(super) struct Chunk {
    /// Name of the file it is from.
    pub(super) file: Arc<str>,
    /// Number of its first line, from 1; `None`: the chunk is one payload.
    pub(super) first_line: Option<u64>,
    /// Whole lines with their ends, or one payload.
    pub(super) bytes: Vec<u8>,
    /// After them a line (or instead of the payload) that is too large, with its size.
    pub(super) too_large: Option<usize>,
}

/// Reads all sources, one after another.
pub(super) fn read(sources: Vec<Source>, lines: bool, limit: usize) -> impl Iterator<Item = anyhow::Result<Chunk>> {
    sources.into_iter().flat_map(move |source| -> Box<dyn Iterator<Item = anyhow::Result<Chunk>>> {
        let name: Arc<str> = source.name().into();
        match source.open() {
            Err(error) => Box::new(std::iter::once(Err(failed(error, &name)))),
            Ok(reader) if lines => Box::new(Lines::new(reader, name, limit)),
            Ok(reader) => Box::new(std::iter::once(whole(reader, name, limit))),
        }
    })
}

fn failed(error: io::Error, name: &str) -> anyhow::Error {
    anyhow::Error::from(error).context(format!("cannot read `{name}`"))
}

fn whole(mut reader: Box<dyn Read + Send>, file: Arc<str>, limit: usize) -> anyhow::Result<Chunk> {
    let mut bytes = Vec::new();
    let context = || format!("cannot read `{file}`");
    reader.by_ref().take(limit as u64 + 1).read_to_end(&mut bytes).with_context(context)?;
    let mut too_large = None;
    if bytes.len() > limit {
        let rest = io::copy(&mut reader, &mut io::sink()).with_context(context)?;
        too_large = Some(bytes.len() + rest as usize);
        bytes = Vec::new();
    }
    Ok(Chunk { file, first_line: None, bytes, too_large })
}

struct Lines {
    reader: Box<dyn Read + Send>,
    file: Arc<str>,
    limit: usize,
    next_line: u64,
    /// The beginning of a line whose end was not read yet.
    carry: Vec<u8>,
    finished: bool,
}

impl Lines {
    fn new(reader: Box<dyn Read + Send>, file: Arc<str>, limit: usize) -> Self {
        Lines { reader, file, limit, next_line: 1, carry: Vec::new(), finished: false }
    }

    fn chunk(&mut self, bytes: Vec<u8>, too_large: Option<usize>) -> Chunk {
        let first_line = Some(self.next_line);
        self.next_line += memchr::memchr_iter(b'\n', &bytes).count() as u64 + u64::from(too_large.is_some());
        Chunk { file: Arc::clone(&self.file), first_line, bytes, too_large }
    }

    /// Reads until at least one line is whole.
    fn read(&mut self) -> io::Result<Option<Chunk>> {
        let mut bytes = std::mem::take(&mut self.carry);
        loop {
            let known = bytes.len();
            bytes.reserve_exact(BLOCK);
            let count = self.reader.by_ref().take(BLOCK as u64).read_to_end(&mut bytes)?;
            if count == 0 {
                self.finished = true;
                return Ok((!bytes.is_empty()).then(|| self.chunk(bytes, None)));
            }
            if let Some(end) = memchr::memrchr(b'\n', &bytes[known..]) {
                self.carry = bytes.split_off(known + end + 1);
                return Ok(Some(self.chunk(bytes, None)));
            }
            if bytes.len() > self.limit {
                let size = bytes.len() + self.skip_line()?;
                return Ok(Some(self.chunk(Vec::new(), Some(size))));
            }
        }
    }

    /// Reads on to the end of the line, and keeps what follows it; answers how many bytes of the line there were.
    fn skip_line(&mut self) -> io::Result<usize> {
        let mut skipped = 0;
        let mut block = vec![0; BLOCK];
        loop {
            let count = self.reader.read(&mut block)?;
            let read = &block[..count];
            if let Some(end) = memchr::memchr(b'\n', read) {
                self.carry = read[end + 1..].to_vec();
                return Ok(skipped + end);
            }
            skipped += count;
            if count == 0 {
                return Ok(skipped);
            }
        }
    }
}

impl Iterator for Lines {
    type Item = anyhow::Result<Chunk>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        match self.read() {
            Ok(chunk) => chunk.map(Ok),
            Err(error) => {
                self.finished = true;
                Some(Err(failed(error, &self.file)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8], limit: usize) -> Vec<(u64, usize, Option<usize>)> {
        let reader: Box<dyn Read + Send> = Box::new(io::Cursor::new(input.to_vec()));
        Lines::new(reader, "-".into(), limit)
            .map(Result::unwrap)
            .map(|chunk| (chunk.first_line.unwrap(), chunk.bytes.len(), chunk.too_large))
            .collect()
    }

    #[test]
    fn chunks_hold_whole_lines() {
        let line = [b"x".repeat(999), b"\n".to_vec()].concat();
        let input = line.repeat(3000);
        let chunks = lines(&input, 1 << 20);
        assert!(chunks.len() >= 3);
        assert!(chunks.iter().all(|(_, size, _)| size % 1000 == 0));
        assert_eq!(chunks.iter().map(|(_, size, _)| size).sum::<usize>(), input.len());
        assert_eq!(chunks[1].0 as usize, 1 + chunks[0].1 / 1000);
    }

    #[test]
    fn a_line_that_is_too_large_is_counted_not_held() {
        let input = [b"a\n".to_vec(), b"y".repeat(3 << 20), b"\nb\n".to_vec()].concat();
        let chunks = lines(&input, 1 << 20);
        assert_eq!(chunks[0], (1, 2, None));
        assert_eq!(chunks[1], (2, 0, Some(3 << 20)));
        assert_eq!(chunks[2], (3, 2, None));
    }

    #[test]
    fn a_last_line_needs_no_end() {
        assert_eq!(lines(b"a\nb", 100), [(1, 2, None), (2, 1, None)]);
    }
}
