//! Who may be connected to the admin server, and for how long.
//!
//! A connection that has not sent its whole request is a guest that may be asked to leave: after a while, or as soon as a
//! newcomer finds the house full; and so is one that does not take its answer. So connections that are opened and never
//! used, or send or take a byte a second, take sockets up to a bound and nobody's turn. A request that is being answered
//! is left alone.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::{Exchange, Impatient};

/// Most connections at once: a browser, a few probes and scrapers, and room.
pub const MOST_CONNECTIONS: usize = 64;
/// How long a request's head may take to come, the wait for the next request of a connection included.
pub const HEAD: Duration = Duration::from_secs(10);
/// Memory for what is read of a connection: a head must fit.
const BUFFER: usize = 16 << 10;

/// Serves for ever: what accepting a connection may fail of passes by.
pub async fn serve(listener: TcpListener, exchange: Exchange) {
    let exchange = Arc::new(exchange);
    let house = Arc::new(House::default());
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most likely. The lanes' connections come first.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        if let Some(guest) = House::admit(&house) {
            tokio::spawn(host(stream, guest, Arc::clone(&exchange)));
        }
    }
}

async fn host(stream: TcpStream, guest: Guest, exchange: Arc<Exchange>) {
    let service = service_fn(|request| exchange.answer(request, || guest.seat.sit()));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(Impatient::new(stream)), service);
    tokio::select! {
        _ = connection => {}
        () = guest.seat.leave.notified() => {}
    }
}

#[derive(Debug, Default)]
struct House {
    seats: Mutex<Seats>,
}

#[derive(Debug, Default)]
struct Seats {
    taken: BTreeMap<u64, Arc<Seat>>,
    next: u64,
}

#[derive(Debug)]
struct Seat {
    leave: Notify,
    /// A whole request has come, and is being answered.
    busy: AtomicBool,
    /// At least one was answered.
    served: AtomicBool,
    /// When it came, or was served last.
    since: Mutex<Instant>,
}

impl Seat {
    fn sit(&self) -> AtTable<'_> {
        self.busy.store(true, Relaxed);
        AtTable(self)
    }

    fn since(&self) -> MutexGuard<'_, Instant> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// While this is there the request is being answered.
struct AtTable<'a>(&'a Seat);

impl Drop for AtTable<'_> {
    fn drop(&mut self) {
        self.0.busy.store(false, Relaxed);
        self.0.served.store(true, Relaxed);
        *self.0.since() = Instant::now();
    }
}

/// A connection's place, given back when it is dropped.
#[derive(Debug)]
struct Guest {
    house: Arc<House>,
    number: u64,
    seat: Arc<Seat>,
}

impl House {
    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place; where all are taken, the guest who has kept it longest for nothing leaves. `None`: all are being served.
    fn admit(house: &Arc<House>) -> Option<Guest> {
        let mut seats = house.seats();
        if seats.taken.len() >= MOST_CONNECTIONS {
            let idle = seats.taken.iter().filter(|(_, seat)| !seat.busy.load(Relaxed));
            let (&number, seat) = idle.min_by_key(|(_, seat)| (seat.served.load(Relaxed), *seat.since()))?;
            seat.leave.notify_one();
            seats.taken.remove(&number);
        }
        let number = seats.next;
        seats.next += 1;
        let seat = Arc::new(Seat {
            leave: Notify::new(),
            busy: AtomicBool::new(false),
            served: AtomicBool::new(false),
            since: Mutex::new(Instant::now()),
        });
        seats.taken.insert(number, Arc::clone(&seat));
        Some(Guest { house: Arc::clone(house), number, seat })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.house.seats().taken.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(guest: &Guest) -> bool {
        !guest.house.seats().taken.contains_key(&guest.number)
    }

    #[test]
    fn in_a_full_house_who_never_asked_leaves_first_and_who_is_served_stays() {
        let house = Arc::new(House::default());
        let guests: Vec<Guest> = (0..MOST_CONNECTIONS).map(|_| House::admit(&house).unwrap()).collect();
        drop(guests[0].seat.sit());
        let served = guests[1].seat.sit();
        let mut late = vec![House::admit(&house).unwrap()];
        assert_eq!([0, 1, 2, 3].map(|number| left(&guests[number])), [false, false, true, false]);
        while late.len() < MOST_CONNECTIONS * 3 {
            late.push(House::admit(&house).unwrap());
        }
        assert_eq!([0, 1, 2, 3].map(|number| left(&guests[number])), [false, false, true, true]);
        assert_eq!(house.seats().taken.len(), MOST_CONNECTIONS);
        let all: Vec<AtTable<'_>> = guests.iter().chain(&late).map(|guest| guest.seat.sit()).collect();
        assert!(House::admit(&house).is_none());
        drop((all, served));
        drop((guests, late));
        assert_eq!(house.seats().taken.len(), 0);
    }
}
