//! One request and its answer: who may ask, how large a body is read, what is held until the answer is taken.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{Method, Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use hyper::body::Incoming;
use tower::ServiceExt;

use super::access::{Access, Door};
use super::room::{Room, Unread, full};

/// How long a body may take to come.
const BODY: Duration = Duration::from_secs(10);
/// Largest body of a request that brings no article.
const SMALL: usize = 16 << 10;
/// What all articles that come in, and the answers to them, hold together.
const ARTICLES: usize = 16 << 20;
/// The same for everything that is read only: pages and status; and, apart from people, scrapes.
const READ_ONLY: usize = 16 << 20;

/// What the server does with a request.
#[derive(Debug)]
pub struct Exchange {
    access: Access,
    router: Router,
    largest_body: usize,
    articles: Room,
    pages: Room,
    machines: Room,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// `/livez`, `/readyz`: always answered.
    Probe,
    /// To be let in, and out.
    SignIn,
    /// An article is brought.
    Article,
    /// What people look at.
    Page,
    /// `/metrics`, `/log`, and what is not there.
    Machine,
}

impl Asked {
    fn of(head: &Parts) -> Asked {
        match (head.uri.path(), &head.method) {
            ("/livez" | "/readyz", _) => Asked::Probe,
            ("/sign-in" | "/sign-out", _) => Asked::SignIn,
            ("/" | "/clean", &Method::POST) => Asked::Article,
            ("/" | "/now" | "/status.json", _) => Asked::Page,
            _ => Asked::Machine,
        }
    }

    fn door(self) -> Door {
        match self {
            Asked::Probe => Door::Open,
            Asked::SignIn => Door::SignIn,
            Asked::Article | Asked::Page | Asked::Machine => Door::Closed,
        }
    }
}

impl Exchange {
    /// For `router`, with articles in bodies of at most so many bytes.
    pub fn new(access: Access, router: Router, largest_body: usize) -> Exchange {
        let (articles, pages, machines) = (Room::new(ARTICLES), Room::new(READ_ONLY), Room::new(READ_ONLY));
        Exchange { access, router, largest_body, articles, pages, machines }
    }

    /// Answers a request. `working` is called when the whole of it has come, and what it gives is dropped when there is an
    /// answer.
    pub async fn answer<W>(
        &self,
        request: Request<Incoming>,
        working: impl FnOnce() -> W,
    ) -> Result<Response<Body>, Infallible> {
        let (head, body) = request.into_parts();
        let asked = Asked::of(&head);
        if let Err(refused) = self.access.judge(&head, asked.door()) {
            return Ok(refused.into_response());
        }
        let (largest, room) = match asked {
            Asked::Article => (self.largest_body, &self.articles),
            Asked::Page => (SMALL, &self.pages),
            Asked::Probe | Asked::SignIn | Asked::Machine => (SMALL, &self.machines),
        };
        let told =
            head.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if told.is_some_and(|length| length > largest as u64) {
            return Ok(unread(Unread::TooLarge, largest));
        }
        // What a probe or a scrape brings is not looked at.
        let body = match head.method.is_safe() {
            true => Bytes::new(),
            false => match tokio::time::timeout(BODY, room.read(body, largest)).await {
                Ok(Ok(body)) => body,
                Ok(Err(why)) => return Ok(unread(why, largest)),
                Err(_) => {
                    return Ok(closing(StatusCode::REQUEST_TIMEOUT, "the request's body took too long\n".to_owned()));
                }
            },
        };
        let working = working();
        let Ok(answer) = self.router.clone().oneshot(Request::from_parts(head, Body::from(body))).await;
        drop(working);
        match asked {
            Asked::Probe => Ok(answer),
            _ => Ok(room.answer(answer).await),
        }
    }
}

fn unread(why: Unread, largest: usize) -> Response<Body> {
    match why {
        Unread::TooLarge => {
            closing(StatusCode::PAYLOAD_TOO_LARGE, format!("the request's body may have {largest} bytes\n"))
        }
        Unread::Broken => closing(StatusCode::BAD_REQUEST, "the request's body is broken\n".to_owned()),
        Unread::Full => full(),
    }
}

/// For a request that was not read to its end: nothing after it can be told apart.
fn closing(status: StatusCode, text: String) -> Response<Body> {
    (status, [(header::CONNECTION, "close")], text).into_response()
}
