//! A port at which something listens that is no broker, or one that wants another protocol: told in words.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use super::{code, copydesk, err, out};

/// A server on loopback that does the same with every connection.
fn server(answer: fn(TcpStream)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let _ = connection.set_read_timeout(Some(Duration::from_secs(30)));
                answer(connection);
            });
        }
    });
    address
}

fn read(mut connection: &TcpStream) -> usize {
    connection.read(&mut [0; 1000]).unwrap_or(0)
}

fn http(mut connection: TcpStream) {
    read(&connection);
    let _ = connection.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    read(&connection);
}

/// As a TLS listener does with what is no handshake.
fn alert(mut connection: TcpStream) {
    read(&connection);
    let _ = connection.write_all(&[0x15, 3, 3, 0, 2, 2, 0x46]);
}

fn closed(connection: TcpStream) {
    read(&connection);
}

fn silent(connection: TcpStream) {
    while read(&connection) > 0 {}
}

/// What does with a connection what a broker would not.
type Listener = fn(TcpStream);

#[test]
fn a_wrong_port_is_told_in_words() {
    let cases: [(&str, Listener, &str, &str); 5] = [
        ("plaintext", http, "what listens there is no Kafka broker (it answers `HTTP…`)", "check"),
        ("plaintext", alert, "it is no Kafka broker, or it wants TLS (`security.protocol`)", "check"),
        ("plaintext", closed, "it is no Kafka broker, or it wants TLS (`security.protocol`)", "tail"),
        ("plaintext", silent, "does not answer as a Kafka broker would", "check"),
        ("ssl", http, "what listens there does not speak TLS, and this client does", "check"),
    ];
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for (protocol, answer, said, command) in cases {
            let mut process = copydesk(folder.path());
            process.args([command, "--brokers", &server(answer)]).env("COPYDESK__KAFKA__SECURITY_PROTOCOL", protocol);
            scope.spawn(move || {
                let output = process.output().unwrap();
                let told = out(&output) + &err(&output);
                assert_eq!(code(&output), 69, "{protocol}, {said}: {told}");
                assert!(told.contains(said), "{protocol}, {said}: {told}");
            });
        }
    });
}
