//! Threads that clean chunks, with their results in input order.
//!
//! Round robin: chunk n goes to thread n modulo N, each through a queue of its own that holds two. Results are taken in the
//! same order, so that they need no sorting, and no thread runs ahead by more than its queues.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::chunks::{Chunk, Chunks};
use copydesk_core::memory::NoMemory;
use copydesk_core::pipeline::{Cleaner, Limits, Payload};
use copydesk_core::record::Reject;

/// What became of a chunk.
#[derive(Debug, Default)]
pub(super) struct CleanedChunk {
    /// The chunk.
    pub(super) chunk: Chunk,
    /// How many payloads it had: lines, or one.
    pub(super) payloads: u64,
    /// Records, one a line.
    pub(super) records: Vec<u8>,
    /// Which payload was refused (from 0), and why.
    pub(super) refused: Vec<(u64, Reject)>,
}

/// Cleans all chunks and hands the results to `write`, in order.
pub(super) fn clean(
    mut chunks: Chunks,
    threads: usize,
    limits: Limits,
    timestamp: Option<i64>,
    mut write: impl FnMut(&CleanedChunk) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if threads == 1 {
        let mut cleaner = ChunkCleaner::new(limits, timestamp);
        while let Some(chunk) = chunks.next() {
            let done = cleaner.clean(chunk?);
            write(&done)?;
            chunks.recycle(done.chunk);
        }
        return Ok(());
    }
    std::thread::scope(|scope| {
        // A thread ends when a failure drops its queue, and the scope waits for all of them.
        let mut workers: Vec<(SyncSender<Chunk>, Receiver<CleanedChunk>)> = Vec::new();
        for _ in 0..threads {
            let (to_worker, to_do) = sync_channel::<Chunk>(2);
            let (to_writer, done) = sync_channel::<CleanedChunk>(2);
            scope.spawn(move || {
                let mut cleaner = ChunkCleaner::new(limits, timestamp);
                while let Ok(chunk) = to_do.recv() {
                    if to_writer.send(cleaner.clean(chunk)).is_err() {
                        break;
                    }
                }
            });
            workers.push((to_worker, done));
        }
        let (mut sent, mut written) = (0, 0);
        let mut take = |written: &mut usize, workers: &[(SyncSender<Chunk>, Receiver<CleanedChunk>)]| {
            let done = workers[*written % threads].1.recv();
            *written += 1;
            // The queue closes only when its thread has panicked outside the pure function.
            let done = done.map_err(|_| anyhow::anyhow!("a thread panicked: this is a bug in copydesk"))?;
            write(&done)?;
            anyhow::Ok(done.chunk)
        };
        while let Some(chunk) = chunks.next() {
            // At most two chunks a thread are under way, so that neither queue of a thread can fill up.
            if sent - written == 2 * threads {
                chunks.recycle(take(&mut written, &workers)?);
            }
            if workers[sent % threads].0.send(chunk?).is_err() {
                break;
            }
            sent += 1;
        }
        while written < sent {
            take(&mut written, &workers)?;
        }
        Ok(())
    })
}

/// Cleans chunks on one thread.
struct ChunkCleaner {
    cleaner: Cleaner,
    timestamp: Option<i64>,
    /// Size of the last result: the next one will be about as large.
    expected: usize,
}

impl ChunkCleaner {
    fn new(limits: Limits, timestamp: Option<i64>) -> Self {
        ChunkCleaner { cleaner: Cleaner::new(limits), timestamp, expected: 0 }
    }

    fn clean(&mut self, chunk: Chunk) -> CleanedChunk {
        let mut done = CleanedChunk { records: Vec::with_capacity(self.expected), ..CleanedChunk::default() };
        let mut rest = chunk.bytes();
        if !chunk.lines && chunk.too_large.is_none() {
            self.payload(rest, &mut done);
        } else {
            while !rest.is_empty() {
                let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                let line = rest.get(..end).unwrap_or_default();
                self.payload(line.strip_suffix(b"\r").unwrap_or(line), &mut done);
                rest = rest.get(end + 1..).unwrap_or_default();
            }
        }
        if let Some(bytes) = chunk.too_large {
            done.refused.push((done.payloads, Reject::TooLarge { bytes, limit: self.cleaner.limits().payload }));
            done.payloads += 1;
        }
        self.expected = done.records.len() + (done.records.len() >> 3);
        CleanedChunk { chunk, ..done }
    }

    fn payload(&mut self, value: &[u8], done: &mut CleanedChunk) {
        let payload = Payload { value: Some(value), headers: &[], timestamp: self.timestamp };
        match self.cleaner.clean(payload, &NoMemory, &mut done.records) {
            Ok(_) => done.records.push(b'\n'),
            Err(reject) => done.refused.push((done.payloads, reject)),
        }
        done.payloads += 1;
    }
}
