//! Who may ask: by which name, from which site, with which token.
//!
//! A page of a stranger's, whose own name was made to lead to this address (DNS rebinding), reads whatever the browser
//! that shows it can reach; but the browser says the name, and it is not one of ours. With a token everything but the
//! probes asks for it: as `Authorization: Bearer …`, or by the cookie that a form gives in exchange for it. The cookie
//! says until when it holds and proves that by the token (HMAC), so that nothing has to be remembered, it outlives a
//! restart, and a new token ends all of them.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Version, header};
use axum::response::IntoResponse;
use hmac::digest::CtOutput;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::page;
use crate::config;

/// Name of the cookie.
const COOKIE: &str = "copydesk-session";
/// How long it holds: a working day.
const SESSION: Duration = Duration::from_secs(12 * 3600);
/// How the token is shown, for who has not.
const SCHEME: [(header::HeaderName, &str); 1] = [(header::WWW_AUTHENTICATE, "Bearer realm=\"copydesk\"")];

/// Who may ask.
#[derive(Debug, Clone)]
pub struct Access(config::Access);

/// What is asked for, as far as it matters who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Open to everybody, by any name: the probes.
    Open,
    /// For who has no token yet.
    SignIn,
    /// Everything else.
    Closed,
}

/// Why somebody may not ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Not one `Host`, or none that could be one.
    Host,
    /// The name is not one of this server's.
    OtherName,
    /// Another site's page asks for something to be done.
    OtherSite,
    /// No token was shown, or another; `page`: people look at the answer.
    NoToken {
        /// A browser loads a page.
        page: bool,
    },
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response<Body> {
        match self {
            Refused::Host => refusal(StatusCode::BAD_REQUEST, "one `Host` is wanted, such as `localhost:9600`\n"),
            Refused::OtherName => refusal(
                StatusCode::MISDIRECTED_REQUEST,
                "not a name of this server: it answers to IP addresses, `localhost`, its host's name and `admin.hosts`\n",
            ),
            Refused::OtherSite => refusal(StatusCode::FORBIDDEN, "asked for by another site's page\n"),
            Refused::NoToken { page: true } => Access::form(false),
            Refused::NoToken { page: false } => {
                refusal(StatusCode::UNAUTHORIZED, (SCHEME, "a token is wanted: `Authorization: Bearer …`\n"))
            }
        }
    }
}

impl Access {
    /// As configured, on a host of this name.
    pub fn new(configured: &config::Access, own: &str) -> Access {
        let mut access = configured.clone();
        access.hosts.extend(own_names(own));
        Access(access)
    }

    /// Does this server ask for a token?
    pub fn has_token(&self) -> bool {
        self.0.token.is_some()
    }

    /// `Err` says why not.
    pub fn judge(&self, head: &Parts, door: Door) -> Result<(), Refused> {
        if door == Door::Open {
            return Ok(());
        }
        self.named(head)?;
        if !head.method.is_safe() && !same_origin(&head.headers) {
            return Err(Refused::OtherSite);
        }
        if door == Door::SignIn || self.has_shown_token(&head.headers) {
            return Ok(());
        }
        let accepted = head.headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
        Err(Refused::NoToken { page: accepted.is_some_and(|accepted| accepted.contains("text/html")) })
    }

    /// The form for who has no token yet; `again`: what was shown is another.
    pub fn form(again: bool) -> Response<Body> {
        (StatusCode::UNAUTHORIZED, SCHEME, page::sign_in(again)).into_response()
    }

    /// Is this server asked by a name of its own?
    fn named(&self, head: &Parts) -> Result<(), Refused> {
        let mut hosts = head.headers.get_all(header::HOST).iter();
        let (first, second) = (hosts.next(), hosts.next());
        if second.is_some() {
            return Err(Refused::Host);
        }
        // Where the request's first line names a host (as to a proxy), that one counts.
        let host = match (head.uri.authority(), first) {
            (Some(authority), _) => authority.as_str(),
            (None, Some(host)) => host.to_str().map_err(|_| Refused::Host)?,
            // No browser asks like that, so no stranger's page does.
            (None, None) if head.version == Version::HTTP_10 => return Ok(()),
            (None, None) => return Err(Refused::Host),
        };
        match self.knows(host) {
            Some(true) => Ok(()),
            Some(false) => Err(Refused::OtherName),
            None => Err(Refused::Host),
        }
    }

    /// `None`: no host, with or without a port.
    fn knows(&self, authority: &str) -> Option<bool> {
        let port =
            |text: &str| text.is_empty() || text.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
        if let Some(rest) = authority.strip_prefix('[') {
            let (address, rest) = rest.split_once(']')?;
            let address = address.split('%').next().unwrap_or(address);
            return (port(rest) && address.parse::<Ipv6Addr>().is_ok()).then_some(true);
        }
        let end = authority.find(':').unwrap_or(authority.len());
        let (name, rest) = authority.split_at(end);
        if name.is_empty() || !port(rest) {
            return None;
        }
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        Some(name == "localhost" || name.parse::<Ipv4Addr>().is_ok() || self.0.hosts.contains(&name))
    }

    fn has_shown_token(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.0.token else { return true };
        let authorization = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
        let words = authorization.map(|text| text.split_once(' ').unwrap_or((text, "")));
        match words {
            // Another scheme is the business of a proxy between.
            Some((scheme, shown)) if scheme.eq_ignore_ascii_case("bearer") => same(shown.trim(), token.reveal()),
            _ => cookies(headers).any(|(name, value)| name == COOKIE && session_holds(token.reveal(), value, now())),
        }
    }

    /// The cookie for who shows the token; `None`: it is another, or none is asked for.
    pub fn sign_in(&self, shown: &str, headers: &HeaderMap) -> Option<HeaderValue> {
        let token = self.0.token.as_ref()?.reveal();
        if !same(shown.trim(), token) {
            return None;
        }
        let end = now() + SESSION.as_secs();
        let value = format!("{end}.{}", proof(token, &session(end))?);
        cookie(&value, SESSION, headers)
    }

    /// The cookie that ends a session.
    pub fn sign_out(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        cookie("", Duration::ZERO, headers)
    }
}

/// The host's name, and its first label where it has several: people in its domain leave the rest out.
fn own_names(own: &str) -> Vec<String> {
    let Some(whole) = config::host_name(own) else { return Vec::new() };
    let short = whole.split('.').next().filter(|short| *short != whole).map(str::to_owned);
    std::iter::once(whole).chain(short).collect()
}

fn refusal(status: StatusCode, answer: impl IntoResponse) -> Response<Body> {
    // Its body has not been read and will not be.
    (status, [(header::CONNECTION, "close"), (header::CACHE_CONTROL, "no-store")], answer).into_response()
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

/// Not readable by a script, never sent along with a request that another site caused, and for as long as it holds. Where
/// the form came over TLS (by a proxy; the browser says so), it is sent over nothing else.
fn cookie(value: &str, life: Duration, headers: &HeaderMap) -> Option<HeaderValue> {
    let encrypted = headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https://"));
    let secure = if encrypted { "; Secure" } else { "" };
    let text = format!("{COOKIE}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{secure}", life.as_secs());
    HeaderValue::from_str(&text).ok()
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='))
}

fn session(end: u64) -> String {
    format!("copydesk admin session until {end}")
}

fn session_holds(token: &str, value: &str, now: u64) -> bool {
    let Some((end, shown)) = value.split_once('.') else { return false };
    let Ok(end) = end.parse::<u64>() else { return false };
    now < end && proof(token, &session(end)).is_some_and(|right| same(shown, &right))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn sign(key: &str, text: &str) -> Option<CtOutput<Hmac<Sha256>>> {
    Some(Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?.chain_update(text).finalize())
}

fn proof(key: &str, text: &str) -> Option<String> {
    Some(sign(key, text)?.into_bytes().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Compares two secrets in a time that says nothing about where they differ.
fn same(one: &str, other: &str) -> bool {
    match (sign("copydesk", one), sign("copydesk", other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_host_answers_to_its_name_long_and_short() {
        assert_eq!(own_names("Desk-1.Example.org."), ["desk-1.example.org", "desk-1"]);
        assert_eq!(own_names("desk-1"), ["desk-1"]);
        assert_eq!(own_names(""), [""; 0]);
    }

    #[test]
    fn a_session_ends_with_its_time_and_with_its_token() {
        let value = format!("2000.{}", proof("token", &session(2000)).unwrap());
        assert!(session_holds("token", &value, 1999));
        assert!(!session_holds("token", &value, 2000), "its time is over");
        assert!(!session_holds("another", &value, 1999), "the token was changed");
        assert!(!session_holds("token", &value.replace("2000.", "3000."), 1999), "it was made longer");
        for broken in ["", ".", "2000", "2000.", "x.y"] {
            assert!(!session_holds("token", broken, 0), "{broken}");
        }
    }

    #[test]
    fn a_form_that_came_over_tls_gets_a_cookie_for_tls_alone() {
        let over = |origin: &'static str| {
            let headers: HeaderMap = [(header::ORIGIN, HeaderValue::from_static(origin))].into_iter().collect();
            cookie("x", SESSION, &headers).unwrap().to_str().unwrap().contains("; Secure")
        };
        assert!(over("https://desk.example") && !over("http://desk.example"));
    }
}
