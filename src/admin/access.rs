//! Who may ask: under which host name, from which site, with which token.
//!
//! A foreign page whose host name resolves to this address (DNS rebinding) can read whatever the browser that shows it can
//! reach; but the browser sends that name, and it is not one of this server's. With a token configured, everything but the
//! probes requires it: as `Authorization: Bearer …`, or by the cookie that the sign-in form gives in exchange for it. The
//! cookie carries its expiry, signed with the token (HMAC): the server keeps no sessions, a session outlives a restart, and
//! a new token ends all of them.

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
use copydesk_core::text::hex;

/// Name of the cookie.
const COOKIE: &str = "copydesk-session";
/// How long a session lasts: a working day.
const SESSION: Duration = Duration::from_secs(12 * 3600);
/// How to send the token, for clients that did not.
const SCHEME: [(header::HeaderName, &str); 1] = [(header::WWW_AUTHENTICATE, "Bearer realm=\"copydesk\"")];

/// The rules of access.
#[derive(Debug, Clone)]
pub struct AccessControl(config::Access);

/// What an endpoint requires of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Nothing: the probes.
    None,
    /// A host name of this server, and no foreign site: signing in.
    Origin,
    /// The token as well: everything else.
    Token,
}

/// Why a request is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessDenied {
    /// No `Host` header, several, or a malformed one.
    InvalidHost,
    /// The host name is not one of this server's.
    UnknownHost,
    /// A foreign site's page sends a request that could change something.
    ForeignSite,
    /// The token is missing or wrong.
    NoToken {
        /// Does a browser load a page, so that the answer is the sign-in form?
        page: bool,
    },
}

impl IntoResponse for AccessDenied {
    fn into_response(self) -> Response<Body> {
        match self {
            AccessDenied::InvalidHost => {
                denial(StatusCode::BAD_REQUEST, "expected one `Host` header, such as `localhost:9600`\n")
            }
            AccessDenied::UnknownHost => denial(
                StatusCode::MISDIRECTED_REQUEST,
                "unknown host name: this server answers to IP addresses, `localhost`, its own host name and those in `admin.hosts`\n",
            ),
            AccessDenied::ForeignSite => {
                denial(StatusCode::FORBIDDEN, "denied: the request comes from another site's page\n")
            }
            AccessDenied::NoToken { page: true } => AccessControl::form(false),
            AccessDenied::NoToken { page: false } => {
                denial(StatusCode::UNAUTHORIZED, (SCHEME, "expected the token: `Authorization: Bearer …`\n"))
            }
        }
    }
}

impl AccessControl {
    /// As configured, on a host of this name.
    pub fn new(configured: &config::Access, own_name: &str) -> AccessControl {
        let mut access = configured.clone();
        access.hosts.extend(own_names(own_name));
        AccessControl(access)
    }

    /// Does this server require a token?
    pub fn has_token(&self) -> bool {
        self.0.token.is_some()
    }

    /// Is this request allowed?
    ///
    /// # Errors
    /// Why not.
    pub fn authorize(&self, head: &Parts, protection: Protection) -> Result<(), AccessDenied> {
        if protection == Protection::None {
            return Ok(());
        }
        self.check_host(head)?;
        if !head.method.is_safe() && !same_origin(&head.headers) {
            return Err(AccessDenied::ForeignSite);
        }
        if protection == Protection::Origin || self.is_signed_in(&head.headers) {
            return Ok(());
        }
        let accepted = head.headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
        Err(AccessDenied::NoToken { page: accepted.is_some_and(|accepted| accepted.contains("text/html")) })
    }

    /// The sign-in form; `again`: the token was wrong.
    pub fn form(again: bool) -> Response<Body> {
        (StatusCode::UNAUTHORIZED, SCHEME, page::sign_in(again)).into_response()
    }

    /// Is the request for a host name of this server?
    fn check_host(&self, head: &Parts) -> Result<(), AccessDenied> {
        let mut hosts = head.headers.get_all(header::HOST).iter();
        let (first, second) = (hosts.next(), hosts.next());
        if second.is_some() {
            return Err(AccessDenied::InvalidHost);
        }
        // Where the request's first line names a host (as to a proxy), that one counts.
        let host = match (head.uri.authority(), first) {
            (Some(authority), _) => authority.as_str(),
            (None, Some(host)) => host.to_str().map_err(|_| AccessDenied::InvalidHost)?,
            // No browser sends that, so no foreign page does.
            (None, None) if head.version == Version::HTTP_10 => return Ok(()),
            (None, None) => return Err(AccessDenied::InvalidHost),
        };
        match self.is_own_host(host) {
            Some(true) => Ok(()),
            Some(false) => Err(AccessDenied::UnknownHost),
            None => Err(AccessDenied::InvalidHost),
        }
    }

    /// `None`: not a host, with or without a port.
    fn is_own_host(&self, authority: &str) -> Option<bool> {
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

    fn is_signed_in(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.0.token else { return true };
        let authorization = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
        let words = authorization.map(|text| text.split_once(' ').unwrap_or((text, "")));
        match words {
            // Other schemes are for a proxy in between.
            Some((scheme, shown)) if scheme.eq_ignore_ascii_case("bearer") => is_same(shown.trim(), token.reveal()),
            _ => cookies(headers).any(|(name, value)| name == COOKIE && is_valid_session(token.reveal(), value, now())),
        }
    }

    /// The cookie of a session; `None`: the token is wrong, or none is required.
    pub fn sign_in(&self, shown: &str, headers: &HeaderMap) -> Option<HeaderValue> {
        let token = self.0.token.as_ref()?.reveal();
        if !is_same(shown.trim(), token) {
            return None;
        }
        let end = now() + SESSION.as_secs();
        let value = format!("{end}.{}", signature(token, &session_text(end))?);
        cookie(&value, SESSION, headers)
    }

    /// The cookie that ends a session.
    pub fn sign_out(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        cookie("", Duration::ZERO, headers)
    }
}

/// The host name, and its first label where it has several: people in its domain leave the rest out.
fn own_names(own: &str) -> Vec<String> {
    let Some(whole) = config::host_name(own) else { return Vec::new() };
    let short = whole.split('.').next().filter(|short| *short != whole).map(str::to_owned);
    std::iter::once(whole).chain(short).collect()
}

fn denial(status: StatusCode, answer: impl IntoResponse) -> Response<Body> {
    // Its body is not read.
    (status, [(header::CONNECTION, "close"), (header::CACHE_CONTROL, "no-store")], answer).into_response()
}

/// Browsers say which site's page sends a request that could change something; a foreign one may not.
fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // About the page as the browser knows it, so that it is right behind a proxy too; not every browser sends it.
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let (Some(origin), Some(host)) = (text("origin"), text("host")) else { return true };
    origin.split_once("://").is_some_and(|(_, from)| from == host)
}

/// Not readable by a script, and not sent with requests that another site causes. Where the form was sent over TLS (to a
/// proxy; the browser says so), the cookie is sent over TLS only.
fn cookie(value: &str, lifetime: Duration, headers: &HeaderMap) -> Option<HeaderValue> {
    let encrypted = headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https://"));
    let secure = if encrypted { "; Secure" } else { "" };
    let text = format!("{COOKIE}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{secure}", lifetime.as_secs());
    HeaderValue::from_str(&text).ok()
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='))
}

fn session_text(end: u64) -> String {
    format!("copydesk admin session until {end}")
}

fn is_valid_session(token: &str, value: &str, now: u64) -> bool {
    let Some((end, shown)) = value.split_once('.') else { return false };
    let Ok(end) = end.parse::<u64>() else { return false };
    now < end && signature(token, &session_text(end)).is_some_and(|right| is_same(shown, &right))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn sign(key: &str, text: &str) -> Option<CtOutput<Hmac<Sha256>>> {
    Some(Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?.chain_update(text).finalize())
}

fn signature(key: &str, text: &str) -> Option<String> {
    Some(hex::encode(&sign(key, text)?.into_bytes()))
}

/// Compares two secrets in constant time.
fn is_same(one: &str, other: &str) -> bool {
    match (sign("copydesk", one), sign("copydesk", other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_page_is_denied() {
        let allowed = |name: &'static str, value: &str| {
            let pairs = [("host", "127.0.0.1:9600"), (name, value)];
            let headers = pairs.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            same_origin(&headers.collect::<HeaderMap>())
        };
        assert!(same_origin(&HeaderMap::new()) && allowed("accept", "*/*"));
        assert!(allowed("origin", "http://127.0.0.1:9600") && allowed("sec-fetch-site", "same-origin"));
        for foreign in ["https://news.example", "null", "http://127.0.0.1:9601", "http://127.0.0.1:9600.news.example"] {
            assert!(!allowed("origin", foreign), "{foreign}");
        }
        assert!(!allowed("sec-fetch-site", "cross-site") && !allowed("sec-fetch-site", "same-site"));
    }

    #[test]
    fn a_host_answers_to_its_name_long_and_short() {
        assert_eq!(own_names("Desk-1.Example.org."), ["desk-1.example.org", "desk-1"]);
        assert_eq!(own_names("desk-1"), ["desk-1"]);
        assert_eq!(own_names(""), [""; 0]);
    }

    #[test]
    fn a_session_ends_with_its_time_and_with_its_token() {
        let value = format!("2000.{}", signature("token", &session_text(2000)).unwrap());
        assert!(is_valid_session("token", &value, 1999));
        assert!(!is_valid_session("token", &value, 2000), "expired");
        assert!(!is_valid_session("another", &value, 1999), "the token was changed");
        assert!(!is_valid_session("token", &value.replace("2000.", "3000."), 1999), "it was made longer");
        for broken in ["", ".", "2000", "2000.", "x.y"] {
            assert!(!is_valid_session("token", broken, 0), "{broken}");
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
