//! librdkafka's reasons why there is no connection, in the words of whoever has to repair it. Its own words stand behind, for
//! those who know them.

use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// Why no broker of the list answers, where that can be known: what a client complained of, or, where it did not, that
/// somebody listens and is silent.
pub(super) fn why(complaint: Option<String>, brokers: &str) -> Option<String> {
    complaint.map(explained).or_else(|| {
        let address = brokers.split(',').map(str::trim).find(|address| listens(address))?;
        Some(format!(
            "something listens at `{address}`, and does not answer as a Kafka broker would: is the port right?"
        ))
    })
}

fn listens(address: &str) -> bool {
    const TIMEOUT: Duration = Duration::from_secs(1);
    let mut addresses = address.to_socket_addrs().into_iter().flatten();
    addresses.any(|address| TcpStream::connect_timeout(&address, TIMEOUT).is_ok())
}

/// The reason, with what it means where that is known.
pub(super) fn explained(reason: String) -> String {
    let Some(meaning) = meaning(&reason) else { return reason };
    format!("{meaning}: {reason}")
}

fn meaning(reason: &str) -> Option<String> {
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    // A broker that is not content with the client's certificate says so by an alert. (What the client itself finds wrong is
    // no alert.)
    if says(&[" alert "]) && says(&["certificate", "unknown ca"]) {
        return Some("the broker asks for another client certificate than it got, if it got one".to_owned());
    }
    if says(&["wrong version number", "PLAINTEXT broker listener", "unexpected message", "packet length too long"]) {
        return Some(
            "what listens there does not speak TLS, and this client does: is the port that of a TLS listener, \
             `security.protocol` right?"
                .to_owned(),
        );
    }
    if let Some(size) = reason.split_once("Invalid response size ").map(|(_, rest)| rest) {
        let digits = size.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default();
        let said = digits.parse::<u32>().map(u32::to_be_bytes).ok();
        let word = said.filter(|said| said.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' '));
        let word = word.map(|word| String::from_utf8_lossy(&word).into_owned());
        return Some(match word {
            Some(word) => format!("what listens there is no Kafka broker (it answers `{word}…`): is the port right?"),
            None => "what listens there is no Kafka broker, or wants TLS: are port and `security.protocol` right?"
                .to_owned(),
        });
    }
    if says(&["Disconnected", "Connection reset", "Connection closed"]) && says(&["ApiVersion", "APIVERSION"]) {
        return Some(
            "what listens there hangs up before it has said anything: it is no Kafka broker, or it wants TLS \
             (`security.protocol`)"
                .to_owned(),
        );
    }
    if says(&["ApiVersionRequest failed"]) && says(&["Timed out"]) {
        return Some(
            "something listens there, and does not answer as a Kafka broker would: is the port right?".to_owned(),
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_in_words_and_kept() {
        for (reason, words) in [
            ("a:1/bootstrap: Receive failed: Invalid response size 1213486160 (0..100000000)", "it answers `HTTP…`"),
            ("a:1/bootstrap: Receive failed: Invalid response size 352518400 (0..100000000)", "or wants TLS"),
            (
                "a:1/bootstrap: Disconnected while requesting ApiVersion: might be caused by (after 2ms in state APIVERSION_QUERY)",
                "or it wants TLS",
            ),
            (
                "a:1/bootstrap: SSL handshake failed: error:0A00010B:SSL routines::wrong version number",
                "does not speak TLS",
            ),
            ("a:1/bootstrap: ApiVersionRequest failed: Local: Timed out: probably due to", "as a Kafka broker would"),
            ("ssl/tls alert certificate required", "another client certificate"),
        ] {
            let explained = explained(reason.to_owned());
            assert!(explained.contains(words) && explained.ends_with(reason), "{explained}");
        }
        let refused = "a:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused";
        assert_eq!(explained(refused.to_owned()), refused);
    }
}
