//! A client of the worker's admin server, as small as one can be: for the stream tests and the fault suite.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// GET from the admin server on this port: status and body; `None` where there is no whole answer.
pub fn get(port: u16, path: &str) -> Option<(u16, String)> {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).ok()?;
    connection.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(connection, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}
