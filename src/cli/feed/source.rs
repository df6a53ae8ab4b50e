//! Reading what is fed, on a thread of its own: whoever waits for a line that does not come can't see that Ctrl-C was
//! pressed. Few articles are read ahead, so that memory does not grow with the input.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use anyhow::Context;

use crate::cli::input::{self, Line, Payload};

/// What is fed.
#[derive(Debug, Clone)]
pub struct Plan {
    pub files: Vec<PathBuf>,
    /// Each line is an article.
    pub lines: bool,
    /// How often; None: for ever.
    pub rounds: Option<u64>,
    /// Largest article in bytes.
    pub limit: usize,
}

/// Where an article comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    file: Arc<str>,
    line: Option<u64>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if &*self.file == "-" { "standard input" } else { &self.file };
        match self.line {
            Some(line) => write!(f, "{name}:{line}"),
            None => f.write_str(name),
        }
    }
}

impl Origin {
    /// As a record's key.
    pub fn key(&self) -> String {
        self.line.map_or_else(|| self.file.to_string(), |line| format!("{}:{line}", self.file))
    }
}

/// What reading brought.
#[derive(Debug)]
pub enum Read {
    Article {
        payload: Vec<u8>,
        origin: Origin,
    },
    /// An article of so many bytes, more than the limit.
    TooLarge {
        bytes: u64,
        origin: Origin,
    },
    /// A file with nothing but white space in it.
    Empty(Origin),
    /// Reading can't go on.
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
        let reader = Reader { plan, sender, articles: 0 };
        reader.rounds();
    })?;
    Ok(receiver)
}

struct Reader {
    plan: Plan,
    sender: SyncSender<Read>,
    articles: u64,
}

/// Nobody wants more.
struct Enough;

impl Reader {
    fn rounds(mut self) {
        let files = std::mem::take(&mut self.plan.files);
        for round in 1.. {
            for path in &files {
                let read = self.file(path);
                let failed = match read {
                    Ok(Ok(())) => continue,
                    Ok(Err(Enough)) => return,
                    Err(error) => error,
                };
                let _ = self.sender.send(Read::Failed(failed));
                return;
            }
            if self.plan.rounds == Some(round) {
                return;
            }
            if self.articles == 0 {
                let _ = self.sender.send(Read::Failed(anyhow::anyhow!("there is no article in these files to repeat")));
                return;
            }
        }
    }

    fn file(&mut self, path: &Path) -> anyhow::Result<Result<(), Enough>> {
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
            let origin = Origin { file: Arc::clone(&name), line: None };
            Ok(self.send(match input::payload(input, size, self.plan.limit).with_context(reading)? {
                Payload::Whole(payload) if payload.trim_ascii().is_empty() => Read::Empty(origin),
                Payload::Whole(payload) => Read::Article { payload, origin },
                Payload::TooLarge(bytes) => Read::TooLarge { bytes, origin },
            }))
        }
    }

    fn lines(&mut self, mut input: Box<dyn BufRead>, name: &Arc<str>) -> std::io::Result<Result<(), Enough>> {
        let mut line = Vec::new();
        for number in 1.. {
            let origin = Origin { file: Arc::clone(name), line: Some(number) };
            let read = match input::line(&mut input, &mut line, self.plan.limit)? {
                Line::End => break,
                Line::TooLong(bytes) => Read::TooLarge { bytes, origin },
                Line::Whole if line.trim_ascii().is_empty() => continue,
                Line::Whole => Read::Article { payload: line.trim_ascii().to_vec(), origin },
            };
            if self.send(read).is_err() {
                return Ok(Err(Enough));
            }
        }
        Ok(Ok(()))
    }

    fn send(&mut self, read: Read) -> Result<(), Enough> {
        self.articles += u64::from(matches!(read, Read::Article { .. }));
        self.sender.send(read).map_err(|_| Enough)
    }
}
