//! The page at `/` of the admin port: the state of the lanes, the last five minutes, the latest dead letters, and a
//! playground.
//!
//! One self-contained document with its style and script; its security policy lets the browser fetch only this server's
//! answers and run only this script. All markup is made here, and the page works without JavaScript; the script refreshes
//! the live part (`/now`), and posts the form without leaving the page. maud escapes whatever it is given.

mod document;
mod figures;
mod layout;
mod playground;
mod plot;
mod status;

use std::sync::{Arc, LazyLock};

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};
use sha2::{Digest, Sha256};

use self::playground::{Busy, Playground, PlaygroundOutcome};
pub use self::status::About;
use self::status::Status;
use super::history::History;
use crate::config::Settings;
use crate::telemetry::health::Health;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Example articles.
const EXAMPLES: [(&str, &str); 3] = [
    ("English", include_str!("../../../samples/01-english-wire.txt")),
    ("Arabic", include_str!("../../../samples/02-arabic.txt")),
    ("not an article", include_str!("../../../samples/91-bad-json.json")),
];

/// Nothing from other servers, no script and no style but these, no frame around this page.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; form-action 'self'; \
         img-src data:; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
        hash(STYLE),
        hash(SCRIPT)
    )
});

/// The source of the page.
#[derive(Debug)]
pub struct AdminPage {
    about: About,
    health: Arc<Health>,
    history: History,
    playground: Playground,
    /// Only people who have signed in see it.
    signed_in: bool,
}

impl AdminPage {
    /// The page of a process that runs with these settings.
    pub fn new(settings: &Settings, health: Arc<Health>) -> AdminPage {
        AdminPage {
            about: About::new(settings),
            history: History::new(&health),
            playground: Playground::new(settings.limits),
            signed_in: settings.access.token.is_some(),
            health,
        }
    }

    /// Takes a sample for the plots; call it every [`super::history::EVERY`].
    pub fn sample(&self) {
        self.history.sample(&self.health);
    }

    /// Largest body of a request: a form encodes one byte of non-ASCII text as three.
    pub fn largest_body(&self) -> usize {
        3 * self.playground.largest() + 1024
    }

    fn status(&self) -> Status {
        Status::now(&self.about, &self.health, &self.history)
    }
}

/// GET `/`; `?example=NAME` puts an example into the playground.
pub async fn whole(State(page): State<Arc<AdminPage>>, RawQuery(query): RawQuery) -> Response {
    let asked = field(query.unwrap_or_default().as_bytes(), "example");
    let example = EXAMPLES.into_iter().find(|(name, _)| Some(*name) == asked.as_deref());
    answer(document::whole(&page, example.map_or("", |(_, text)| text), None))
}

/// GET `/now`: the live part.
pub async fn now(State(page): State<Arc<AdminPage>>) -> Response {
    answer(document::live(&page.status()))
}

/// GET `/status.json`; `?after=N` omits the samples up to that number.
pub async fn status(State(page): State<Arc<AdminPage>>, RawQuery(query): RawQuery) -> Response {
    let mut status = page.status();
    let after = field(query.unwrap_or_default().as_bytes(), "after").and_then(|after| after.parse::<u64>().ok());
    if let Some(after) = after {
        status.samples.retain(|sample| sample.number > after);
    }
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    match serde_json::to_vec(&status) {
        Ok(json) => (headers, json).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

/// POST `/`: the form, answered by the whole page.
pub async fn form(State(page): State<Arc<AdminPage>>, form: Bytes) -> Response {
    let work = Arc::clone(&page);
    match page.playground.turn(move |playground| clean_form(&work, playground, form)).await {
        Ok(answer) => answer,
        Err(busy) => {
            let whole = document::whole(&page, "", Some(html! { p.refused { (busy) } }));
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], answer(whole)).into_response()
        }
    }
}

fn clean_form(page: &AdminPage, playground: &Playground, form: Bytes) -> Response {
    // A form sends every line end as CRLF; the pasted text had LF, and the hash of the payload is part of the record.
    let article = field(&form, "article").unwrap_or_default().replace("\r\n", "\n");
    drop(form);
    if article.len() > playground.largest() {
        return (StatusCode::PAYLOAD_TOO_LARGE, answer(document::whole(page, "", Some(too_large(playground)))))
            .into_response();
    }
    let result = playground::markup(&playground.clean(article.as_bytes()), article.len());
    answer(document::whole(page, &article, Some(result)))
}

/// POST `/clean`: takes an article, answers with its record; for scripts.
pub async fn clean(State(page): State<Arc<AdminPage>>, article: Bytes) -> Response {
    let json = [(header::CONTENT_TYPE, "application/json")];
    if article.len() > page.playground.largest() {
        let text = format!("an article may have at most {} bytes here\n", page.playground.largest());
        return (StatusCode::PAYLOAD_TOO_LARGE, text).into_response();
    }
    let cleaned: Result<PlaygroundOutcome, Busy> =
        page.playground.turn(move |playground| playground.clean(&article)).await;
    match cleaned {
        Ok(PlaygroundOutcome::Record(record)) => (json, record).into_response(),
        Ok(PlaygroundOutcome::Refused(reject)) => {
            let refusal = serde_json::json!({ "code": reject.code(), "reason": reject.message() });
            (StatusCode::UNPROCESSABLE_ENTITY, json, refusal.to_string()).into_response()
        }
        Ok(PlaygroundOutcome::OverLimit(limit)) => {
            (StatusCode::PAYLOAD_TOO_LARGE, format!("{limit}\n")).into_response()
        }
        Err(busy) => {
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], format!("{busy}\n")).into_response()
        }
    }
}

/// The sign-in form; `again`: the token was wrong.
pub fn sign_in(again: bool) -> Response {
    answer(layout::sign_in(again))
}

fn too_large(playground: &Playground) -> Markup {
    html! { p.refused { "An article may have at most " (figures::bytes(playground.largest() as f64)) " here." } }
}

/// A field of a form or a query.
pub fn field(form: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(form).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn answer(markup: Markup) -> Response {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(&POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    (headers, markup.into_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_loads_nothing_and_styles_nothing_inline() {
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains("://") && !text.contains("@import"), "a foreign resource");
            assert!(!text.contains("</"), "it would end its element");
        }
        assert!(!SCRIPT.contains("innerHTML") && !SCRIPT.contains("eval("));
    }
}
