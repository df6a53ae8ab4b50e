//! Bounds on the connections of the admin server, in number and in time.
//!
//! A connection that has not sent its whole request, or does not take its answer, is idle: it is closed after a while, or
//! as soon as a new connection arrives while the limit is reached. So connections that are opened and never used, or send or
//! take a byte a second, cost sockets up to the limit and delay nobody. A request that is being answered is never
//! interrupted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::request::RequestHandler;
use super::timeouts::WriteTimeout;

/// Most connections at once: a browser, a few probes and scrapers, and some to spare.
pub const MOST_CONNECTIONS: usize = 64;
/// How long a request's head may take to arrive, the wait for the next request of a connection included.
pub const HEAD: Duration = Duration::from_secs(10);
/// Memory for what is read of a connection: a head must fit.
const BUFFER: usize = 16 << 10;

/// Serves for ever: an error of accepting a connection is temporary.
pub async fn serve(listener: TcpListener, handler: RequestHandler) {
    let handler = Arc::new(handler);
    let limiter = Arc::new(ConnectionLimiter::default());
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most likely. The lanes' connections come first.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        if let Some(connection) = ConnectionLimiter::admit(&limiter) {
            tokio::spawn(serve_connection(stream, connection, Arc::clone(&handler)));
        }
    }
}

async fn serve_connection(stream: TcpStream, connection: Connection, handler: Arc<RequestHandler>) {
    let service = service_fn(|request| handler.answer(request, || connection.state.begin_request()));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(WriteTimeout::new(stream)), service);
    tokio::select! {
        _ = served => {}
        () = connection.state.close.notified() => {}
    }
}

/// Counts the open connections, and closes an idle one where a new one would exceed the limit.
#[derive(Debug, Default)]
struct ConnectionLimiter {
    open: Mutex<OpenConnections>,
}

#[derive(Debug, Default)]
struct OpenConnections {
    by_number: BTreeMap<u64, Arc<ConnectionState>>,
    next: u64,
}

#[derive(Debug)]
struct ConnectionState {
    close: Notify,
    /// A whole request has arrived, and is being answered.
    busy: AtomicBool,
    /// At least one was answered.
    served: AtomicBool,
    /// When the connection was opened, or its last request was answered.
    idle_since: Mutex<Instant>,
}

impl ConnectionState {
    fn begin_request(&self) -> RequestInProgress<'_> {
        self.busy.store(true, Relaxed);
        RequestInProgress(self)
    }

    fn idle_since(&self) -> MutexGuard<'_, Instant> {
        self.idle_since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Marks its connection as busy until it is dropped.
struct RequestInProgress<'a>(&'a ConnectionState);

impl Drop for RequestInProgress<'_> {
    fn drop(&mut self) {
        self.0.busy.store(false, Relaxed);
        self.0.served.store(true, Relaxed);
        *self.0.idle_since() = Instant::now();
    }
}

/// An open connection; it stops counting when this is dropped.
#[derive(Debug)]
struct Connection {
    limiter: Arc<ConnectionLimiter>,
    number: u64,
    state: Arc<ConnectionState>,
}

impl ConnectionLimiter {
    fn open(&self) -> MutexGuard<'_, OpenConnections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a connection. At the limit, the connection that has been idle for longest is closed, those that were never
    /// served first. `None`: all are busy.
    fn admit(limiter: &Arc<ConnectionLimiter>) -> Option<Connection> {
        let mut open = limiter.open();
        if open.by_number.len() >= MOST_CONNECTIONS {
            let idle = open.by_number.iter().filter(|(_, state)| !state.busy.load(Relaxed));
            let (&number, state) = idle.min_by_key(|(_, state)| (state.served.load(Relaxed), *state.idle_since()))?;
            state.close.notify_one();
            open.by_number.remove(&number);
        }
        let number = open.next;
        open.next += 1;
        let state = Arc::new(ConnectionState {
            close: Notify::new(),
            busy: AtomicBool::new(false),
            served: AtomicBool::new(false),
            idle_since: Mutex::new(Instant::now()),
        });
        open.by_number.insert(number, Arc::clone(&state));
        Some(Connection { limiter: Arc::clone(limiter), number, state })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.limiter.open().by_number.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_closed(connection: &Connection) -> bool {
        !connection.limiter.open().by_number.contains_key(&connection.number)
    }

    #[test]
    fn at_the_limit_a_connection_that_was_never_served_is_closed_first_and_a_busy_one_never() {
        let limiter = Arc::new(ConnectionLimiter::default());
        let early: Vec<Connection> =
            (0..MOST_CONNECTIONS).map(|_| ConnectionLimiter::admit(&limiter).unwrap()).collect();
        drop(early[0].state.begin_request());
        let busy = early[1].state.begin_request();
        let mut late = vec![ConnectionLimiter::admit(&limiter).unwrap()];
        assert_eq!([0, 1, 2, 3].map(|number| is_closed(&early[number])), [false, false, true, false]);
        while late.len() < MOST_CONNECTIONS * 3 {
            late.push(ConnectionLimiter::admit(&limiter).unwrap());
        }
        assert_eq!([0, 1, 2, 3].map(|number| is_closed(&early[number])), [false, false, true, true]);
        assert_eq!(limiter.open().by_number.len(), MOST_CONNECTIONS);
        let all: Vec<RequestInProgress<'_>> =
            early.iter().chain(&late).map(|connection| connection.state.begin_request()).collect();
        assert!(ConnectionLimiter::admit(&limiter).is_none());
        drop((all, busy));
        drop((early, late));
        assert_eq!(limiter.open().by_number.len(), 0);
    }
}
