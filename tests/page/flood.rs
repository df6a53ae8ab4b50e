//! Connections that are opened and never used, requests that never end.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::demo::{Demo, wait};

/// The server's connection limit, and some other descriptors of the process.
const BOUND: usize = 64 + 8;

#[test]
fn half_open_connections_delay_nobody() {
    let demo = Demo::start();
    let before = demo.descriptors();
    let records = |demo: &Demo| {
        let status = demo.status();
        status["lanes"].as_array().unwrap().iter().map(|lane| lane["records"].as_u64().unwrap()).sum::<u64>()
    };
    let done = records(&demo);
    let mut clients: Vec<TcpStream> = Vec::new();
    for number in 0..500 {
        let mut client = demo.connect().unwrap();
        let _ = match number % 3 {
            0 => Ok(()),
            1 => client.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow"),
            _ => client.write_all(b"POST /clean HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nsl"),
        };
        clients.push(client);
    }
    // Other requests are answered at once, while each client sends a byte now and then.
    for round in 0..10 {
        for path in ["/livez", "/readyz", "/metrics", "/"] {
            let started = Instant::now();
            let answer = demo.get(path);
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            assert!(started.elapsed() < Duration::from_secs(1), "{path} took {:?} in round {round}", started.elapsed());
        }
        for client in &mut clients {
            let _ = client.write_all(b"o");
        }
    }
    let open = demo.descriptors();
    assert!(open <= before + BOUND, "{before} descriptors before, {open} now");
    wait("the lanes to go on", || records(&demo) > done + 20);
    // Idle connections are closed.
    let started = Instant::now();
    for mut client in clients {
        let _ = client.set_read_timeout(Some(Duration::from_secs(15)));
        // The end of the stream, an answer that says so (408), or a reset: anything but silence.
        let answer = client.read(&mut [0; 64]);
        let silent = matches!(&answer, Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut));
        assert!(!silent, "a client is still connected after {:?}", started.elapsed());
    }
    wait("their sockets to be closed", || demo.descriptors() <= before + 3);
}

#[test]
fn a_kept_connection_serves_many_requests() {
    let demo = crate::shared();
    let mut connection = demo.connect().unwrap();
    for _ in 0..3 {
        connection.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut answer = [0; 512];
        let length = connection.read(&mut answer).unwrap();
        let text = String::from_utf8_lossy(&answer[..length]).into_owned();
        assert!(text.starts_with("HTTP/1.1 200") && text.ends_with("live\n"), "{text}");
    }
}
