//! Brokers' host names that this machine can't resolve. librdkafka only logs that, and tries again for ever.

use std::net::ToSocketAddrs;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use crate::config::brokers;

/// Most hosts that are resolved.
const MOST: usize = 64;

/// Hosts of this list that do not resolve, each with the error; and whether any host does.
pub fn unresolved(list: &str, timeout: Duration) -> (Vec<(String, String)>, bool) {
    let addresses = brokers::parse(list).unwrap_or_default();
    let end = Instant::now() + timeout;
    let (answer, answers) = channel();
    let asked = addresses.into_iter().take(MOST).map(|address| {
        let answer = answer.clone();
        let host = address.host.clone();
        // The system has a timeout of its own, which may be longer.
        let asked = std::thread::Builder::new().name("resolve".to_owned()).spawn(move || {
            let found = (address.host.as_str(), address.port).to_socket_addrs();
            let _ = answer.send((address.host, found.map(|_| ()).map_err(|error| error.to_string())));
        });
        (host, asked.is_ok())
    });
    let mut open: Vec<String> = asked.filter(|(_, asked)| *asked).map(|(host, _)| host).collect();
    let (mut unresolved, mut any) = (Vec::new(), false);
    while !open.is_empty() {
        let Ok((host, found)) = answers.recv_timeout(end.saturating_duration_since(Instant::now())) else { break };
        if let Some(at) = open.iter().position(|other| *other == host) {
            open.swap_remove(at);
        }
        match found {
            Ok(()) => any = true,
            Err(error) => unresolved.push((host, error)),
        }
    }
    let late = |host| (host, format!("no answer within {} s", timeout.as_secs()));
    unresolved.extend(open.into_iter().map(late));
    unresolved.sort();
    unresolved.dedup();
    (unresolved, any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_that_do_not_resolve_are_reported() {
        let (hosts, any) = unresolved("127.0.0.1:1,no-such-host.invalid:9092,[::1]:1", Duration::from_secs(20));
        assert!(any);
        assert_eq!(hosts.iter().map(|(host, _)| host.as_str()).collect::<Vec<_>>(), ["no-such-host.invalid"]);
    }
}
