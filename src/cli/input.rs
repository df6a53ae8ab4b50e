//! Reading input with bounded memory: a payload or a line larger than its limit is counted and not held, and reading an
//! endless input (`/dev/zero`) fails.

use std::io::{self, BufRead, ErrorKind, Read};
use std::path::Path;

/// Most bytes of a too large payload or line that are counted; beyond it the input counts as endless.
pub const ENDLESS: u64 = 1 << 30;

/// A payload, or the size of one that is too large.
#[derive(Debug, PartialEq, Eq)]
pub enum Payload {
    Whole(Vec<u8>),
    TooLarge(u64),
}

/// Reads to the end, and keeps at most `limit` bytes. `size`: where it is known, so that it need not be counted.
///
/// # Errors
/// Where reading fails, and where there is no end within [`ENDLESS`] bytes.
pub fn payload(mut reader: impl Read, size: Option<u64>, limit: usize) -> io::Result<Payload> {
    let mut bytes = Vec::new();
    reader.by_ref().take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() <= limit {
        return Ok(Payload::Whole(bytes));
    }
    let read = bytes.len() as u64;
    drop(bytes);
    if let Some(size) = size.filter(|size| *size > limit as u64) {
        return Ok(Payload::TooLarge(size));
    }
    let rest = io::copy(&mut reader.take(ENDLESS), &mut io::sink())?;
    if rest == ENDLESS { Err(endless("the input")) } else { Ok(Payload::TooLarge(read + rest)) }
}

/// Size of a regular file; of others it is not known.
pub fn size(file: &Path) -> Option<u64> {
    file.metadata().ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len())
}

/// The error of an endless input.
pub fn endless(what: &str) -> io::Error {
    let size = ENDLESS >> 20;
    io::Error::new(ErrorKind::FileTooLarge, format!("{what} has no end within {size} MiB"))
}

/// The result of reading a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// A line; its end is left out.
    Whole,
    /// A line larger than the limit, of so many bytes. It was read to its end.
    TooLong(u64),
    /// The end of the input.
    End,
}

/// Reads the next line into `line`, which is emptied first.
///
/// # Errors
/// Where reading fails, and where a line has no end within [`ENDLESS`] bytes.
pub fn line(reader: &mut impl BufRead, line: &mut Vec<u8>, limit: usize) -> io::Result<Line> {
    line.clear();
    let mut length: u64 = 0;
    let mut any = false;
    loop {
        let block = match reader.fill_buf() {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            block => block?,
        };
        let end = memchr::memchr(b'\n', block);
        let part = &block[..end.unwrap_or(block.len())];
        any |= !block.is_empty();
        length += part.len() as u64;
        if length <= limit as u64 {
            line.extend_from_slice(part);
        }
        let (read, finished) = (part.len() + usize::from(end.is_some()), end.is_some() || block.is_empty());
        reader.consume(read);
        if finished {
            break;
        }
        if length > limit as u64 + ENDLESS {
            return Err(endless("a line"));
        }
    }
    Ok(match () {
        () if !any => Line::End,
        () if length > limit as u64 => {
            line.clear();
            Line::TooLong(length)
        }
        () => Line::Whole,
    })
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    #[test]
    fn a_payload_is_whole_or_counted() {
        assert_eq!(payload(&b"abc"[..], None, 3).unwrap(), Payload::Whole(b"abc".to_vec()));
        assert_eq!(payload(&b"abcde"[..], None, 3).unwrap(), Payload::TooLarge(5));
        assert_eq!(payload(&b"abcde"[..], Some(5), 3).unwrap(), Payload::TooLarge(5));
        assert_eq!(payload(io::repeat(0), None, 3).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }

    #[test]
    fn lines_are_whole_or_counted() {
        let mut reader = BufReader::with_capacity(2, &b"ab\n\nabcdef\nabcd"[..]);
        let mut text = Vec::new();
        let mut next = || (line(&mut reader, &mut text, 4).unwrap(), String::from_utf8(text.clone()).unwrap());
        assert_eq!(next(), (Line::Whole, "ab".to_owned()));
        assert_eq!(next(), (Line::Whole, String::new()));
        assert_eq!(next(), (Line::TooLong(6), String::new()));
        assert_eq!(next(), (Line::Whole, "abcd".to_owned()));
        assert_eq!(next(), (Line::End, String::new()));
        let mut endless = BufReader::with_capacity(1 << 16, io::repeat(b'x'));
        assert_eq!(line(&mut endless, &mut text, 4).unwrap_err().kind(), ErrorKind::FileTooLarge);
        assert!(text.capacity() < 100);
    }
}
