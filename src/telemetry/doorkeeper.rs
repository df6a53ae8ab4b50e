//! Who may be connected to the admin server, for how long, and with how large a request.
//!
//! A connection that has not sent its whole request is a guest that may be asked to leave: after a while, or as soon as a
//! newcomer finds the house full. So connections that are opened and never used, or send a byte a second, take sockets up
//! to a bound and nobody's turn. A request that is being answered is left alone.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tower::ServiceExt;

/// Most connections at once: a browser, a few probes and scrapers, and room.
pub const MOST_CONNECTIONS: usize = 64;
/// How long a request's head may take to come, the wait for the next request of a connection included.
pub const HEAD: Duration = Duration::from_secs(10);
/// How long its body may take.
pub const BODY: Duration = Duration::from_secs(10);
/// Memory for what is read of a connection: a head must fit.
const BUFFER: usize = 16 << 10;

/// Serves for ever: what accepting a connection may fail of passes by.
pub async fn serve(listener: TcpListener, router: Router, largest_body: usize) {
    let house = Arc::new(House::default());
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most likely. The lanes' connections come first.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        if let Some(guest) = House::admit(&house) {
            tokio::spawn(host(stream, guest, router.clone(), largest_body));
        }
    }
}

async fn host(stream: TcpStream, guest: Guest, router: Router, largest_body: usize) {
    let service = service_fn(|request| answer(request, &guest.seat, router.clone(), largest_body));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = connection => {}
        () = guest.seat.leave.notified() => {}
    }
}

async fn answer(
    request: Request<Incoming>,
    seat: &Seat,
    router: Router,
    largest_body: usize,
) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let told = head.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if told.is_some_and(|length| length > largest_body as u64) {
        return Ok(too_large(largest_body));
    }
    let body = match tokio::time::timeout(BODY, Limited::new(body, largest_body).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Ok(too_large(largest_body)),
        Ok(Err(_)) => return Ok((StatusCode::BAD_REQUEST, "the request's body is broken\n").into_response()),
        Err(_) => return Ok((StatusCode::REQUEST_TIMEOUT, "the request's body took too long\n").into_response()),
    };
    if !head.method.is_safe() && !same_origin(&head.headers) {
        return Ok((StatusCode::FORBIDDEN, "asked for by another site's page\n").into_response());
    }
    let _at_table = seat.sit();
    router.oneshot(Request::from_parts(head, Body::from(body))).await
}

fn too_large(limit: usize) -> Response<Body> {
    let text = format!("the request's body may have {limit} bytes\n");
    ([(header::CONNECTION, "close")], (StatusCode::PAYLOAD_TOO_LARGE, text)).into_response()
}

/// Browsers say whose page sends a request that could do something; a stranger's may not.
fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // Said of the page as the browser knows it, so that it holds behind a proxy too; not every browser says it.
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let (Some(origin), Some(host)) = (text("origin"), text("host")) else { return true };
    origin.split_once("://").is_some_and(|(_, from)| from == host)
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

    #[test]
    fn a_page_of_another_site_may_not_ask() {
        let may = |name: &'static str, value: &str| {
            let pairs = [("host", "127.0.0.1:9600"), (name, value)];
            let headers = pairs.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            same_origin(&headers.collect::<HeaderMap>())
        };
        assert!(same_origin(&HeaderMap::new()) && may("accept", "*/*"));
        assert!(may("origin", "http://127.0.0.1:9600") && may("sec-fetch-site", "same-origin"));
        for stranger in ["https://news.example", "null", "http://127.0.0.1:9601", "http://127.0.0.1:9600.news.example"]
        {
            assert!(!may("origin", stranger), "{stranger}");
        }
        assert!(!may("sec-fetch-site", "cross-site") && !may("sec-fetch-site", "same-site"));
    }
}
