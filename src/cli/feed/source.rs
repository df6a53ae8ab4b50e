//! Reading the articles, on a thread of its own: a blocking read would not notice Ctrl-C. Few articles are read ahead, so
//! that memory does not grow with the input.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use anyhow::Context;

use crate::cli::input::{self, Line, Payload};

/// What to read.
#[derive(Debug, Clone)]
pub struct Plan {
    pub files: Vec<PathBuf>,
    /// Each line is an article.
    pub lines: bool,
    /// How often; `None`: for ever.
    pub rounds: Option<u64>,
    /// Largest article in bytes.
    pub limit: usize,
}

/// Where an article comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleOrigin {
    file: Arc<str>,
    line: Option<u64>,
}

impl fmt::Display for ArticleOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if &*self.file == "-" { "standard input" } else { &self.file };
        match self.line {
            Some(line) => write!(f, "{name}:{line}"),
            None => f.write_str(name),
        }
    }
}

impl ArticleOrigin {
    /// As a record's key.
    pub fn key(&self) -> String {
        self.line.map_or_else(|| self.file.to_string(), |line| format!("{}:{line}", self.file))
    }
}

/// The result of reading one article.
#[derive(Debug)]
pub enum Read {
    Article {
        payload: Vec<u8>,
        origin: ArticleOrigin,
    },
    /// An article larger than the limit.
    TooLarge {
        bytes: u64,
        origin: ArticleOrigin,
    },
    /// A file with only white space.
    Empty(ArticleOrigin),
    /// Reading failed.
    Failed(anyhow::Error),
}

/// Begins to read. The end of the channel is the end of the input.
///
/// # Errors
/// Where the system gives no thread.
pub fn start(plan: Plan) -> std::io::Result<Receiver<Read>> {
    const AHEAD: usize = 4;
    let (sender, receiver) = sync_channel(AHEAD);
    std::thread::Builder::new().name("reader".to_owned()).spawn(move || {
        let reader = ArticleReader { plan, sender, articles: 0 };
        reader.rounds();
    })?;
    Ok(receiver)
}

struct ArticleReader {
    plan: Plan,
    sender: SyncSender<Read>,
    articles: u64,
}

/// The receiver is gone.
struct Closed;

impl ArticleReader {
    fn rounds(mut self) {
        let files = std::mem::take(&mut self.plan.files);
        for round in 1.. {
            for path in &files {
                let read = self.file(path);
                let failed = match read {
                    Ok(Ok(())) => continue,
                    Ok(Err(Closed)) => return,
                    Err(error) => error,
                };
                let _ = self.sender.send(Read::Failed(failed));
                return;
            }
            if self.plan.rounds == Some(round) {
                return;
            }
            if self.articles == 0 {
                let _ = self.sender.send(Read::Failed(anyhow::anyhow!("these files have no article to repeat")));
                return;
            }
        }
    }

    fn file(&mut self, path: &Path) -> anyhow::Result<Result<(), Closed>> {
        let name: Arc<str> = path.display().to_string().into();
        let reading = || format!("reading `{name}`");
        let (input, size): (Box<dyn BufRead>, _) = if path.as_os_str() == "-" {
            (Box::new(std::io::stdin().lock()), None)
        } else {
            let file = File::open(path).with_context(reading)?;
            (Box::new(BufReader::with_capacity(1 << 16, file)), input::size(path))
        };
        if self.plan.lines {
            self.lines(input, &name).with_context(reading)
        } else {
            let origin = ArticleOrigin { file: Arc::clone(&name), line: None };
            Ok(self.send(match input::payload(input, size, self.plan.limit).with_context(reading)? {
                Payload::Whole(payload) if payload.trim_ascii().is_empty() => Read::Empty(origin),
                Payload::Whole(payload) => Read::Article { payload, origin },
                Payload::TooLarge(bytes) => Read::TooLarge { bytes, origin },
            }))
        }
    }

    fn lines(&mut self, mut input: Box<dyn BufRead>, name: &Arc<str>) -> std::io::Result<Result<(), Closed>> {
        let mut line = Vec::new();
        for number in 1.. {
            let origin = ArticleOrigin { file: Arc::clone(name), line: Some(number) };
            let read = match input::line(&mut input, &mut line, self.plan.limit)? {
                Line::End => break,
                Line::TooLong(bytes) => Read::TooLarge { bytes, origin },
                Line::Whole if line.trim_ascii().is_empty() => continue,
                Line::Whole => Read::Article { payload: line.trim_ascii().to_vec(), origin },
            };
            if self.send(read).is_err() {
                return Ok(Err(Closed));
            }
        }
        Ok(Ok(()))
    }

    fn send(&mut self, read: Read) -> Result<(), Closed> {
        self.articles += u64::from(matches!(read, Read::Article { .. }));
        self.sender.send(read).map_err(|_| Closed)
    }
}
