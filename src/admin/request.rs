//! One request and its answer: who may ask, how large a body is read, and the memory that both hold until the answer is
//! taken.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{Method, Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use hyper::body::Incoming;
use tower::ServiceExt;

use super::access::{AccessControl, Protection};
use super::memory_budget::{BodyError, MemoryBudget, exhausted};

/// How long a body may take to arrive.
const BODY: Duration = Duration::from_secs(10);
/// Largest body of a request that brings no article.
const SMALL: usize = 16 << 10;
/// Memory for all incoming articles and the answers to them together.
const ARTICLES: usize = 16 << 20;
/// The same for pages and status; and, separately, for scrapes.
const READ_ONLY: usize = 16 << 20;

/// Answers requests within the bounds of time and memory.
#[derive(Debug)]
pub struct RequestHandler {
    access: AccessControl,
    router: Router,
    largest_body: usize,
    articles: MemoryBudget,
    pages: MemoryBudget,
    machines: MemoryBudget,
}

/// The kind of endpoint that a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Endpoint {
    /// `/livez`, `/readyz`: always answered.
    Probe,
    /// Signing in and out.
    SignIn,
    /// An article for the playground.
    Article,
    /// Pages and their data, for people.
    Page,
    /// `/metrics`, `/log`, and unknown paths.
    Machine,
}

impl Endpoint {
    fn of(head: &Parts) -> Endpoint {
        match (head.uri.path(), &head.method) {
            ("/livez" | "/readyz", _) => Endpoint::Probe,
            ("/sign-in" | "/sign-out", _) => Endpoint::SignIn,
            ("/" | "/clean", &Method::POST) => Endpoint::Article,
            ("/" | "/now" | "/status.json", _) => Endpoint::Page,
            _ => Endpoint::Machine,
        }
    }

    fn protection(self) -> Protection {
        match self {
            Endpoint::Probe => Protection::None,
            Endpoint::SignIn => Protection::Origin,
            Endpoint::Article | Endpoint::Page | Endpoint::Machine => Protection::Token,
        }
    }
}

impl RequestHandler {
    /// For `router`, with articles in bodies of at most `largest_body` bytes.
    pub fn new(access: AccessControl, router: Router, largest_body: usize) -> RequestHandler {
        let [articles, pages, machines] = [ARTICLES, READ_ONLY, READ_ONLY].map(MemoryBudget::new);
        RequestHandler { access, router, largest_body, articles, pages, machines }
    }

    /// Answers a request. `begin` is called when the whole of it has arrived, and its result is dropped when there is an
    /// answer.
    pub async fn answer<W>(
        &self,
        request: Request<Incoming>,
        begin: impl FnOnce() -> W,
    ) -> Result<Response<Body>, Infallible> {
        let (head, body) = request.into_parts();
        let endpoint = Endpoint::of(&head);
        if let Err(denied) = self.access.authorize(&head, endpoint.protection()) {
            return Ok(denied.into_response());
        }
        let (largest, budget) = match endpoint {
            Endpoint::Article => (self.largest_body, &self.articles),
            Endpoint::Page => (SMALL, &self.pages),
            Endpoint::Probe | Endpoint::SignIn | Endpoint::Machine => (SMALL, &self.machines),
        };
        let announced =
            head.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > largest as u64) {
            return Ok(body_error(BodyError::TooLarge, largest));
        }
        // The body of a GET is not read.
        let body = match head.method.is_safe() {
            true => Bytes::new(),
            false => match tokio::time::timeout(BODY, budget.read(body, largest)).await {
                Ok(Ok(body)) => body,
                Ok(Err(error)) => return Ok(body_error(error, largest)),
                Err(_) => {
                    return Ok(closing(StatusCode::REQUEST_TIMEOUT, "the request's body took too long\n".to_owned()));
                }
            },
        };
        let in_progress = begin();
        let Ok(answer) = self.router.clone().oneshot(Request::from_parts(head, Body::from(body))).await;
        drop(in_progress);
        match endpoint {
            Endpoint::Probe => Ok(answer),
            _ => Ok(budget.answer(answer).await),
        }
    }
}

fn body_error(error: BodyError, largest: usize) -> Response<Body> {
    match error {
        BodyError::TooLarge => {
            closing(StatusCode::PAYLOAD_TOO_LARGE, format!("the request's body may have at most {largest} bytes\n"))
        }
        BodyError::Broken => closing(StatusCode::BAD_REQUEST, "the request's body is broken\n".to_owned()),
        BodyError::Exhausted => exhausted(),
    }
}

/// For a request that was not read to its end: where the next one would begin is unknown.
fn closing(status: StatusCode, text: String) -> Response<Body> {
    (status, [(header::CONNECTION, "close")], text).into_response()
}
