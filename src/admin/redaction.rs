//! Redaction of the admin server's answers. What describes the process passes the redactor; an article that a client posts,
//! and gets back cleaned, is data and does not.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt;

use crate::config::redact;

/// Removes secrets from the answer to a GET, where it is text.
pub(super) async fn redact_answer(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let answer = next.run(request).await;
    let form = answer.headers().get(header::CONTENT_TYPE).and_then(|form| form.to_str().ok()).unwrap_or("text/plain");
    let is_text = ["text/plain", "text/html", "application/json"].iter().any(|text| form.starts_with(text));
    if !reads || !is_text {
        return answer;
    }
    let (mut head, body) = answer.into_parts();
    // In memory already, so that collecting can't fail.
    let bytes = body.collect().await.map(|whole| whole.to_bytes()).unwrap_or_default();
    let body = match std::str::from_utf8(&bytes).map(redact::page) {
        Ok(std::borrow::Cow::Owned(safe)) => {
            head.headers.remove(header::CONTENT_LENGTH);
            Body::from(safe)
        }
        _ => Body::from(bytes),
    };
    Response::from_parts(head, body)
}
