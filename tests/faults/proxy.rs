//! A TCP proxy that stands on the port that a broker advertises, so that workers meet it wherever Kafka sends them.
//!
//! It delays, cuts, swallows in one or both directions, refuses, and (because it reads the frames of Kafka's protocol, but
//! nothing inside them than the kind of request) loses the answer to one chosen kind of request. Bytes that are held back
//! are not dropped: after [`Proxy::heal`] they go on, as after a network partition; a cut connection is gone.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

/// Kafka's number of a kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Api(pub i16);

impl Api {
    pub const PRODUCE: Api = Api(0);
    pub const INIT_PRODUCER_ID: Api = Api(22);
    pub const END_TXN: Api = Api(26);
    pub const TXN_OFFSET_COMMIT: Api = Api(28);
}

/// What the proxies do to what passes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Conditions {
    /// Added to each direction.
    pub delay: Duration,
    /// Nothing goes to the broker any more.
    pub swallow_requests: bool,
    /// Nothing comes back from the broker any more.
    pub swallow_answers: bool,
    /// New connections are closed at once.
    pub refuse: bool,
}

#[derive(Debug, Default)]
struct State {
    conditions: Conditions,
    connections: Vec<TcpStream>,
    /// The connection dies in place of the next answer to such a request.
    lose: Option<(Api, usize)>,
    lost: usize,
    /// Sends of the producer that is stuck.
    stuck: Option<Stuck>,
}

/// A producer whose sends lead nowhere, on whatever connection, until its process replaces it.
#[derive(Debug)]
struct Stuck {
    /// A part of its `client.id`.
    lane: String,
    swallowed: usize,
}

/// One proxy, or several that share their conditions.
#[derive(Clone, Default)]
pub struct Proxy {
    state: Arc<Mutex<State>>,
    over: Arc<AtomicBool>,
}

impl Proxy {
    /// Listens on `port` for the broker that listens on `target`.
    pub fn listen(&self, port: u16, target: u16) {
        let listener =
            TcpListener::bind(("127.0.0.1", port)).unwrap_or_else(|error| panic!("proxy on {port}: {error}"));
        let proxy = self.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if proxy.over.load(Relaxed) {
                    return;
                }
                if proxy.state().conditions.refuse {
                    let _ = client.shutdown(Shutdown::Both);
                    continue;
                }
                // A broker that is down: its proxy takes and closes, as a load balancer would.
                if let Ok(broker) = TcpStream::connect(("127.0.0.1", target)) {
                    proxy.join(client, broker);
                }
            }
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set(&self, conditions: Conditions) {
        self.state().conditions = conditions;
    }

    /// Undisturbed conditions. Held bytes go on.
    pub fn heal(&self) {
        let mut state = self.state();
        state.conditions = Conditions::default();
        state.lose = None;
        state.stuck = None;
    }

    /// Cuts every connection, once.
    pub fn cut(&self) {
        for connection in self.state().connections.drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// In place of the next `times` answers to `api`, the connection dies: the broker has done it, the client can't know.
    pub fn lose_answers(&self, api: Api, times: usize) {
        let mut state = self.state();
        (state.lose, state.lost) = (Some((api, times)), 0);
    }

    /// How many answers were lost so.
    pub fn lost(&self) -> usize {
        self.state().lost
    }

    /// From now on no send of this lane's producer reaches a broker; everything else does. It ends when the lane has made a
    /// producer again: one that asks for its id and has none yet.
    pub fn stick(&self, instance: &str, lane: usize) {
        // As in the lane's client id, `<group>-<instance>-<lane>.<length of the group>`.
        self.state().stuck = Some(Stuck { lane: format!("-{instance}-{lane}."), swallowed: 0 });
    }

    /// How many sends the stuck producer has tried; `None` where none is stuck any more.
    pub fn stuck(&self) -> Option<usize> {
        self.state().stuck.as_ref().map(|stuck| stuck.swallowed)
    }

    /// Does this request come from the stuck producer, and is it a send?
    fn sticks(&self, frame: &[u8]) -> bool {
        let short = |at: usize| Some(i16::from_be_bytes([*frame.get(at)?, *frame.get(at + 1)?]));
        let (Some(api), Some(version), Some(length)) = (short(4), short(6), short(12)) else { return false };
        let length = usize::try_from(length).unwrap_or(0);
        let client = String::from_utf8_lossy(frame.get(14..14 + length).unwrap_or_default()).into_owned();
        let mut state = self.state();
        let Some(stuck) = &mut state.stuck else { return false };
        if !client.contains(&stuck.lane) {
            return false;
        }
        // The id and the epoch stand at the end, with no tagged field behind them; a new producer says -1.
        let id = frame.len().checked_sub(11).and_then(|at| frame.get(at..at + 8));
        if Api(api) == Api::INIT_PRODUCER_ID && (version < 3 || id == Some(&[0xFF; 8])) {
            state.stuck = None;
            return false;
        }
        let is_send = Api(api) == Api::PRODUCE;
        stuck.swallowed += usize::from(is_send);
        is_send
    }

    fn join(&self, client: TcpStream, broker: TcpStream) {
        for stream in [&client, &broker] {
            let _ = stream.set_nodelay(true);
        }
        let clone = |stream: &TcpStream| stream.try_clone().expect("a socket can be cloned");
        {
            let mut state = self.state();
            state.connections.retain(|stream| stream.peer_addr().is_ok());
            state.connections.extend([clone(&client), clone(&broker)]);
        }
        let asked: Arc<Mutex<HashMap<i32, Api>>> = Arc::default();
        let (up, down) = (self.clone(), self.clone());
        let (from, to, answers) = (clone(&client), clone(&broker), Arc::clone(&asked));
        std::thread::spawn(move || up.pump(from, to, &answers, Direction::Request));
        std::thread::spawn(move || down.pump(broker, client, &asked, Direction::Answer));
    }

    /// Reads frames on this thread and writes them on another, so that a delay delays and does not throttle.
    fn pump(&self, mut from: TcpStream, to: TcpStream, asked: &Mutex<HashMap<i32, Api>>, direction: Direction) {
        let (queue, frames) = mpsc::channel::<(Instant, Vec<u8>)>();
        let (proxy, mut out) = (self.clone(), to.try_clone().expect("a socket can be cloned"));
        let writer = std::thread::spawn(move || {
            for (due, frame) in frames {
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                while proxy.swallows(direction) && !proxy.over.load(Relaxed) {
                    std::thread::sleep(Duration::from_millis(10));
                }
                if out.write_all(&frame).is_err() {
                    break;
                }
            }
        });
        while let Some(frame) = read_frame(&mut from) {
            if direction == Direction::Request && self.sticks(&frame) {
                continue;
            }
            if self.kills(&frame, asked, direction) {
                break;
            }
            if queue.send((Instant::now() + self.state().conditions.delay, frame)).is_err() {
                break;
            }
        }
        drop(queue);
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
        let _ = writer.join();
    }

    fn swallows(&self, direction: Direction) -> bool {
        let conditions = self.state().conditions;
        match direction {
            Direction::Request => conditions.swallow_requests,
            Direction::Answer => conditions.swallow_answers,
        }
    }

    /// Remembers what a request asks for; does its answer kill the connection?
    fn kills(&self, frame: &[u8], asked: &Mutex<HashMap<i32, Api>>, direction: Direction) -> bool {
        let number =
            |at: usize| frame.get(at..at + 4).map(|four| i32::from_be_bytes([four[0], four[1], four[2], four[3]]));
        let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
        if direction == Direction::Request {
            if let (Some(kind), Some(correlation)) = (frame.get(4..6), number(8)) {
                asked.insert(correlation, Api(i16::from_be_bytes([kind[0], kind[1]])));
            }
            return false;
        }
        let Some(api) = number(4).and_then(|correlation| asked.remove(&correlation)) else { return false };
        let mut state = self.state();
        match state.lose {
            Some((wanted, left)) if wanted == api && left > 0 => {
                state.lose = Some((wanted, left - 1));
                state.lost += 1;
                true
            }
            _ => false,
        }
    }

    /// Ends the proxy: connections die, nobody listens.
    pub fn end(&self) {
        self.over.store(true, Relaxed);
        self.cut();
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Request,
    Answer,
}

/// A frame with its length in front; `None` where the connection ended.
fn read_frame(from: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length).ok()?;
    let bytes = usize::try_from(i32::from_be_bytes(length)).ok()?;
    let mut frame = vec![0; 4 + bytes];
    frame[..4].copy_from_slice(&length);
    from.read_exact(&mut frame[4..]).ok()?;
    Some(frame)
}
