//! `stream.brokers`: parsing the list of brokers, and suggesting the right form of a wrong one.
//!
//! librdkafka accepts any text, logs that it can't resolve it, and tries again for ever. So each address is parsed here:
//! `host`, `host:port`, `[::1]:9092`, each optionally with one of Kafka's four protocols in front.

use std::net::{Ipv4Addr, Ipv6Addr};

/// What may stand before `://`.
const PROTOCOLS: [&str; 4] = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"];
/// The port where none is given.
pub const PORT: u16 = 9092;

/// One broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// `SASL_SSL`, for example, if given.
    pub protocol: Option<String>,
    /// Name or address, an IPv6 address without its brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// The brokers of a list.
///
/// # Errors
/// What is wrong, and how to write it.
pub fn parse(list: &str) -> Result<Vec<Address>, String> {
    if let Some(reason) = as_a_whole(list) {
        return Err(reason);
    }
    let mut addresses = Vec::new();
    for item in list.split(',').map(str::trim) {
        addresses.push(address(item).map_err(|reason| {
            let right: Vec<String> = list.split(',').map(str::trim).filter_map(corrected).collect();
            let usable = !right.is_empty() && right.iter().all(|item| address(item).is_ok());
            message(&reason, usable.then_some(right))
        })?);
    }
    let protocols: Vec<&String> = addresses.iter().filter_map(|address| address.protocol.as_ref()).collect();
    if let Some(first) = protocols.first().filter(|first| protocols.iter().any(|other| other != *first)) {
        return Err(format!("all brokers must have the same protocol: here are `{first}` and another"));
    }
    Ok(addresses)
}

/// The list in the form that librdkafka reads: without spaces.
pub fn joined(list: &str) -> String {
    list.split(',').map(str::trim).collect::<Vec<_>>().join(",")
}

/// Is there a user in it, perhaps with a password, which must not be shown?
pub fn contains_user(list: &str) -> bool {
    list.contains('@')
}

/// What is wrong, and the right form where it is known.
fn message(reason: &str, right: Option<Vec<String>>) -> String {
    match right {
        Some(items) => {
            format!("expected host and port, several separated by commas: {reason}; write `{}`", items.join(","))
        }
        None => format!("{EXPECTED}: {reason}"),
    }
}

const EXPECTED: &str = "expected host and port, such as `kafka-1:9092`, several separated by commas";

/// What is wrong with the list as a whole.
fn as_a_whole(list: &str) -> Option<String> {
    if list.trim().is_empty() {
        return Some(message("the list is empty", None));
    }
    if contains_user(list) {
        let instead = "set `sasl.username` and `sasl.password` under `[kafka]`";
        return Some(message(&format!("an address has no `user@`; {instead}"), None));
    }
    let placeholder = ["$(", "${", "{{", "$", "%", "<", "{"].iter().find(|sign| {
        // The zone of an IPv6 address.
        list.contains(**sign) && !(**sign == "%" && list.contains('['))
    });
    if let Some(sign) = placeholder {
        return Some(message(&format!("`{sign}` belongs to a placeholder that was not filled in"), None));
    }
    let bare = list.trim().trim_matches(['"', '\'', '`']);
    let is_list =
        bare.starts_with('[') && bare.ends_with(']') && bare.trim_matches(['[', ']']).parse::<Ipv6Addr>().is_err();
    let bare = if is_list { &bare[1..bare.len() - 1] } else { bare };
    let between =
        |letter: char| letter.is_whitespace() || matches!(letter, ';' | '|' | '"' | '\'' | '`' | ',' | '，' | '；');
    let separated = list.split(',').any(|item| item.trim().contains(between));
    if separated || is_list || bare != list.trim() {
        let items: Vec<String> = bare.split(between).map(str::trim).filter_map(corrected).collect();
        let usable = !items.is_empty() && items.iter().all(|item| address(item).is_ok());
        let quoted = is_list || bare != list.trim();
        let what = if quoted { "it has no quotes or brackets" } else { "found another separator" };
        return Some(message(what, usable.then_some(items)));
    }
    None
}

/// The right form of an address that is nearly valid; `None`: nothing is left of it.
fn corrected(item: &str) -> Option<String> {
    let (protocol, rest) = match item.split_once("://") {
        Some((protocol, rest)) if protocol_of(protocol).is_some() => (format!("{protocol}://"), rest),
        Some((_, rest)) => (String::new(), rest),
        None => (String::new(), item),
    };
    let rest = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = if rest.parse::<Ipv6Addr>().is_ok() || rest.matches(':').count() > 1 && !rest.starts_with('[') {
        // The last part of `::1:9092` is the port if it looks like one.
        match rest.rsplit_once(':') {
            Some((host, port)) if host.parse::<Ipv6Addr>().is_ok() && port.len() > 3 && port.parse::<u16>().is_ok() => {
                (format!("[{host}]"), Some(port))
            }
            _ => (format!("[{rest}]"), None),
        }
    } else {
        match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host.to_owned(), Some(port)),
            _ => (rest.to_owned(), None),
        }
    };
    if host.is_empty() || host == "[]" {
        return None;
    }
    let port = port.and_then(|port| port.parse::<u16>().ok()).filter(|port| *port != 0).unwrap_or(PORT);
    Some(format!("{protocol}{host}:{port}"))
}

fn protocol_of(text: &str) -> Option<&'static str> {
    PROTOCOLS.into_iter().find(|protocol| protocol.eq_ignore_ascii_case(text))
}

/// Parses one address; `Err` says what is wrong with it.
fn address(item: &str) -> Result<Address, String> {
    if item.is_empty() {
        return Err("a comma without a broker".to_owned());
    }
    let (protocol, rest) = match item.split_once("://") {
        None => (None, item),
        Some((protocol, rest)) => match protocol_of(protocol) {
            Some(known) => (Some(known.to_owned()), rest),
            None => return Err(format!("`{protocol}://` is not a protocol of Kafka")),
        },
    };
    if rest.contains(['/', '?', '#']) {
        return Err("an address has no path".to_owned());
    }
    if let Some(bracketed) = rest.strip_prefix('[') {
        let (inside, after) = bracketed.split_once(']').ok_or("a bracket is not closed")?;
        let (ip, _zone) = inside.split_once('%').unwrap_or((inside, ""));
        ip.parse::<Ipv6Addr>().map_err(|_| "the text in brackets is not an IPv6 address".to_owned())?;
        let port = match after.strip_prefix(':') {
            Some(port) => port_of(port)?,
            None if after.is_empty() => PORT,
            None => return Err("expected a colon between bracket and port".to_owned()),
        };
        return Ok(Address { protocol, host: inside.to_owned(), port });
    }
    if rest.matches(':').count() > 1 {
        return Err("an IPv6 address is written in brackets, with the port behind them".to_owned());
    }
    let (host, port) = match rest.split_once(':') {
        Some((host, port)) => (host, port_of(port)?),
        None => (rest, PORT),
    };
    host_name(host)?;
    Ok(Address { protocol, host: host.to_owned(), port })
}

fn port_of(text: &str) -> Result<u16, String> {
    let digits = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    let port = text.parse::<u16>().ok().filter(|port| digits && *port != 0);
    port.ok_or_else(|| "a port is a number from 1 to 65535".to_owned())
}

/// Checks a host name.
fn host_name(host: &str) -> Result<(), String> {
    if host.is_empty() {
        return Err("the host is missing".to_owned());
    }
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_');
    if let Some(other) = host.chars().find(|letter| !allowed(*letter)) {
        return Err(format!("`{}` can't be part of a host name", other.escape_debug()));
    }
    let labels: Vec<&str> = host.strip_suffix('.').unwrap_or(host).split('.').collect();
    if host.len() > 253 || labels.iter().any(|label| label.len() > 63) {
        return Err("a host name has at most 253 characters, and 63 between two periods".to_owned());
    }
    if labels.iter().any(|label| label.is_empty() || label.starts_with('-') || label.ends_with('-')) {
        return Err("a host name has no empty part, and none that begins or ends with `-`".to_owned());
    }
    let is_number = |label: &&str| label.bytes().all(|digit| digit.is_ascii_digit());
    if labels.last().is_some_and(is_number) && host.parse::<Ipv4Addr>().is_err() {
        return Err(if labels.len() == 1 {
            "a port without a host"
        } else {
            "neither an IPv4 address nor a host name"
        }
        .to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_librdkafka_reads_is_accepted() {
        for (list, host, port) in [
            ("a", "a", 9092),
            ("kafka_1.news.svc.cluster.local.:9093", "kafka_1.news.svc.cluster.local.", 9093),
            ("PLAINTEXT://host:1", "host", 1),
            ("sasl_ssl://host", "host", 9092),
            ("[::1]:9092", "::1", 9092),
            ("SSL://[fe80::1%eth0]", "fe80::1%eth0", 9092),
            ("10.0.0.1:65535", "10.0.0.1", 65535),
        ] {
            let address = parse(list).unwrap().remove(0);
            assert_eq!((address.host.as_str(), address.port), (host, port), "{list}");
        }
        assert_eq!(parse(" a:1 , b:2 ").unwrap().len(), 2);
        assert_eq!(joined(" a:1 , b:2 "), "a:1,b:2");
    }

    #[test]
    fn other_lists_are_refused_with_the_right_form() {
        for (list, said) in [
            ("a:9092 b:9092", "write `a:9092,b:9092`"),
            ("a:9092;b:9092", "write `a:9092,b:9092`"),
            ("a:9092; b", "write `a:9092,b:9092`"),
            ("a:9092|b:9092", "write `a:9092,b:9092`"),
            ("a:9092\nb:9092", "write `a:9092,b:9092`"),
            ("\"a:9092\"", "write `a:9092`"),
            ("[\"a:9092\", \"b:9092\"]", "write `a:9092,b:9092`"),
            ("[a:9092,b:9092]", "write `a:9092,b:9092`"),
            ("kafka://a", "`kafka://` is not a protocol of Kafka; write `a:9092`"),
            ("http://a:8080/", "write `a:8080`"),
            ("a:9092/kafka", "an address has no path; write `a:9092`"),
            ("a:9092,", "write `a:9092`"),
            (",,a,b", "write `a:9092,b:9092`"),
            ("a:70000", "a port is a number from 1 to 65535; write `a:9092`"),
            ("a:", "write `a:9092`"),
            ("a:+1", "a port is"),
            (":9092", "the host is missing"),
            ("9092", "a port without a host"),
            ("300.1.1.1:9092", "neither an IPv4 address"),
            ("::1:9092", "write `[::1]:9092`"),
            ("::1", "write `[::1]:9092`"),
            ("fe80::1:2:9092", "write `[fe80::1:2]:9092`"),
            ("[::1:9092", "a bracket is not closed"),
            ("[::1]9092", "between bracket and port"),
            ("$(BROKERS)", "a placeholder that was not filled in"),
            ("${BROKERS}", "a placeholder that was not filled in"),
            ("$BROKERS", "a placeholder that was not filled in"),
            ("%BROKERS%", "a placeholder that was not filled in"),
            ("<broker>:9092", "a placeholder that was not filled in"),
            ("{{ brokers }}", "a placeholder that was not filled in"),
            ("u:hunter2@a:9092", "`sasl.username` and `sasl.password`"),
            ("SASL_SSL://u:hunter2@a:9092", "`sasl.username`"),
            ("a..b", "no empty part"),
            ("käfka:9092", "`ä` can't be part"),
            ("SSL://a,PLAINTEXT://b", "the same protocol"),
            ("", "the list is empty"),
        ] {
            let reason = parse(list).unwrap_err();
            assert!(reason.contains(said) && !reason.contains("hunter2"), "{list}: {reason}");
        }
    }
}
