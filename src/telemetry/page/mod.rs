//! The page at `/` of the admin port: how the lanes are, what the last minutes were, the latest dead letters, and a
//! playground.
//!
//! One self-contained document: style and script stand in it, and its security policy lets the browser fetch nothing but
//! this server's answers and run nothing but this script. All markup is made here, and a browser without a script sees
//! and does the same; the script only loads what moves anew (`/now`), and posts the form without leaving the page. maud
//! escapes whatever it is given.

mod figures;
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
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use self::playground::{Busy, Outcome, Playground};
use self::plot::{Line, Scale, plot, spark};
pub use self::status::About;
use self::status::{Lane, Status};
use super::health::Health;
use super::history::{History, LaneSample, Sample};
use crate::config::Settings;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Articles to begin with.
const EXAMPLES: [(&str, &str); 3] = [
    ("English", include_str!("../../../samples/01-english-wire.txt")),
    ("Arabic", include_str!("../../../samples/02-arabic.txt")),
    ("not an article", include_str!("../../../samples/91-bad-json.json")),
];

/// Nothing from anywhere else, no script and no style but ours, no page around this one.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; form-action 'self'; \
         img-src data:; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
        hash(STYLE),
        hash(SCRIPT)
    )
});

/// What the page is made of.
#[derive(Debug)]
pub struct Page {
    about: About,
    health: Arc<Health>,
    history: History,
    playground: Playground,
}

impl Page {
    /// The page of a process that runs with these settings.
    pub fn new(settings: &Settings, health: Arc<Health>) -> Page {
        Page {
            about: About::new(settings),
            history: History::new(&health),
            playground: Playground::new(settings.limits),
            health,
        }
    }

    /// Takes a sample for the plots; call it every [`super::history::EVERY`].
    pub fn sample(&self) {
        self.history.sample(&self.health);
    }

    /// Largest body of a request: a form writes a byte of another script as three.
    pub fn largest_body(&self) -> usize {
        3 * self.playground.largest() + 1024
    }

    fn status(&self) -> Status {
        Status::now(&self.about, &self.health, &self.history)
    }
}

/// GET `/`; `?example=NAME` puts an example into the playground.
pub async fn whole(State(page): State<Arc<Page>>, RawQuery(query): RawQuery) -> Response {
    let wanted = field(query.unwrap_or_default().as_bytes(), "example");
    let example = EXAMPLES.into_iter().find(|(name, _)| Some(*name) == wanted.as_deref());
    answer(document(&page, example.map_or("", |(_, text)| text), None))
}

/// GET `/now`: the part that moves.
pub async fn now(State(page): State<Arc<Page>>) -> Response {
    answer(moving(&page.status()))
}

/// GET `/status.json`; `?after=N` leaves out the samples up to that number.
pub async fn status(State(page): State<Arc<Page>>, RawQuery(query): RawQuery) -> Response {
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
pub async fn form(State(page): State<Arc<Page>>, body: Bytes) -> Response {
    // A form sends every line end as CRLF; what was pasted had LF, and the hash of the payload is part of the record.
    let article = field(&body, "article").unwrap_or_default().replace("\r\n", "\n");
    if article.len() > page.playground.largest() {
        return (StatusCode::PAYLOAD_TOO_LARGE, answer(document(&page, "", Some(too_large(&page.playground)))))
            .into_response();
    }
    let result = match page.playground.clean(Bytes::from(article.clone())).await {
        Ok(outcome) => playground::outcome(&outcome, article.len()),
        Err(busy) => html! { p.refused { (busy) } },
    };
    answer(document(&page, &article, Some(result)))
}

/// POST `/clean`: an article in, the very record out; for scripts.
pub async fn clean(State(page): State<Arc<Page>>, article: Bytes) -> Response {
    let json = [(header::CONTENT_TYPE, "application/json")];
    if article.len() > page.playground.largest() {
        let text = format!("an article may have {} bytes here\n", page.playground.largest());
        return (StatusCode::PAYLOAD_TOO_LARGE, text).into_response();
    }
    let outcome: Result<Outcome, Busy> = page.playground.clean(article).await;
    match outcome {
        Ok(Ok(record)) => (json, record).into_response(),
        Ok(Err(reject)) => {
            let told = serde_json::json!({ "code": reject.code(), "reason": reject.to_string() });
            (StatusCode::UNPROCESSABLE_ENTITY, json, told.to_string()).into_response()
        }
        Err(busy) => {
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], format!("{busy}\n")).into_response()
        }
    }
}

fn too_large(playground: &Playground) -> Markup {
    html! { p.refused { "An article may have " (figures::bytes(playground.largest() as f64)) " here." } }
}

/// A field of a form or a query.
fn field(form: &[u8], name: &str) -> Option<String> {
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

fn document(page: &Page, article: &str, result: Option<Markup>) -> Markup {
    let status = page.status();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "copydesk · " (status.about.instance) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#playground" { "To the playground" }
                (masthead(&status))
                main {
                    noscript { p.notice { "Without a script this page shows the moment when it was loaded: " a href="/" { "load it again" } "." } }
                    p #stale.notice role="status" hidden {}
                    (moving(&status))
                    (try_out(page, article, result))
                }
                (footer(&status))
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

fn masthead(status: &Status) -> Markup {
    html! {
        header {
            h1 { "copydesk" }
            p { bdi { (status.about.instance) } " in group " bdi { (status.about.group) } }
            p.route { bdi { (status.about.input) } " → " bdi { (status.about.output) } ", " (status.about.delivery) }
            button #pause type="button" aria-pressed="false" hidden { "Pause" }
        }
    }
}

/// What is loaded anew every second, in sections that are replaced only where they have changed.
fn moving(status: &Status) -> Markup {
    html! {
        div #now {
            (verdict(status))
            (plots(status))
            (lanes(status))
            (dead_letters(status))
        }
    }
}

fn verdict(status: &Status) -> Markup {
    let (class, word) = match status.state {
        "ready" => ("good", "Ready"),
        "not live" => ("bad", "A lane has stalled"),
        _ => ("warn", "Not ready"),
    };
    let ready = status.lanes.iter().filter(|lane| lane.state == "ready").count();
    let total = |of: fn(&Lane) -> u64| figures::count(status.lanes.iter().map(of).sum::<u64>() as f64);
    html! {
        section #verdict aria-label="State" {
            p.state.(class) { (word) }
            p {
                (ready) " of " (status.lanes.len()) " lanes ready, up for " (figures::age(status.uptime_seconds)) ". Since then "
                (total(|lane| lane.records)) " articles in " (total(|lane| lane.batches)) " batches; "
                (total(|lane| lane.refused)) " dead letters, " (total(|lane| lane.aborted)) " batches done again, "
                (total(|lane| lane.restarts)) " lanes started anew."
            }
        }
    }
}

fn plots(status: &Status) -> Markup {
    let series = |of: fn(&Sample) -> Option<f64>| status.samples.iter().map(of).collect::<Vec<_>>();
    let records = series(|sample| Some(sample.records));
    let refused = series(|sample| Some(sample.refused));
    let (half, most, commit) =
        (series(|sample| sample.half), series(|sample| sample.most), series(|sample| sample.commit));
    let lag = series(|sample| sample.lag.map(|lag| lag as f64));
    // Batches come in bursts: a figure is that of the last seconds.
    let recent = status.last(5);
    let mean = |of: fn(&Sample) -> f64| recent.iter().map(of).sum::<f64>() / recent.len().max(1) as f64;
    let latest = |values: &[Option<f64>]| values.iter().rev().take(10).find_map(|value| *value);
    let time = |value: Option<f64>| value.map_or("–".to_owned(), figures::seconds);
    html! {
        section #plots aria-label="The last five minutes" {
            figure {
                figcaption {
                    h2 { "Throughput" }
                    p.figure { strong { (figures::count(mean(|sample| sample.records))) } " articles/s" }
                    p.key { span.volume { (figures::bytes(mean(|sample| sample.bytes))) "/s" } span.refused { "refused " (figures::count(mean(|sample| sample.refused))) "/s" } }
                }
                (plot("Articles a second over the last five minutes", Scale::Linear, &[
                    Line { class: "records", values: &records, area: true },
                    Line { class: "refused", values: &refused, area: false },
                ]))
            }
            figure {
                figcaption {
                    h2 { "Latency" }
                    p.figure { strong { (time(latest(&half))) } " to commit" }
                    p.key { span.most { "99 % " (time(latest(&most))) } span.commit { "commit " (time(latest(&commit))) } }
                }
                (plot("From Kafka's timestamp to the commit over the last five minutes: median, 99 %, and the commit alone", Scale::Logarithmic, &[
                    Line { class: "most", values: &most, area: false },
                    Line { class: "half", values: &half, area: false },
                    Line { class: "commit", values: &commit, area: false },
                ]))
            }
            figure {
                figcaption {
                    h2 { "Lag" }
                    p.figure { strong { (latest(&lag).map_or("–".to_owned(), figures::count)) } " articles wait" }
                    p.key { span { "known anew every 5 s" } }
                }
                (plot("Lag of the assigned partitions over the last five minutes", Scale::Linear, &[
                    Line { class: "lag", values: &lag, area: true },
                ]))
            }
        }
    }
}

fn lanes(status: &Status) -> Markup {
    const SHOWN: usize = 60;
    html! {
        section #lanes aria-labelledby="lanes-title" {
            h2 #lanes-title { "Lanes" }
            table {
                thead { tr { th scope="col" { "lane" } th scope="col" { "state" } th scope="col" { "partitions and their lag" } th scope="col" { "articles/s" } th scope="col" { "time" } } }
                tbody {
                    @for lane in &status.lanes {
                        @let samples = status.last(SHOWN).iter().filter_map(|sample| sample.lanes.get(lane.number).copied()).collect::<Vec<_>>();
                        @let rates = samples.iter().map(|sample| sample.records).collect::<Vec<_>>();
                        @let recent = samples.get(samples.len().saturating_sub(10)..).unwrap_or_default();
                        @let mean = |of: fn(&LaneSample) -> f64| recent.iter().map(of).sum::<f64>() / recent.len().max(1) as f64;
                        tr {
                            th scope="row" { span.label { "lane " } (lane.number) }
                            td { span class={ "state " (lane.state) } { (lane.state) } @if let Some(why) = &lane.why { " " span.why dir="auto" { (why) } } }
                            td {
                                @if lane.partitions.is_empty() { span.quiet { "none" } } @else {
                                    ul.partitions { @for partition in &lane.partitions {
                                        li.behind[partition.lag.is_some_and(|lag| lag > 0)] {
                                            span.unseen { "partition " } (partition.partition)
                                            span.lag { span.unseen { " lag " } (partition.lag.map_or("–".to_owned(), |lag| figures::count(lag as f64))) }
                                        }
                                    } }
                                }
                            }
                            td.rate { span.number { (figures::count(mean(|sample| sample.records))) } (spark(&format!("Articles a second of lane {} over the last minute", lane.number), &rates, SHOWN)) }
                            td { (shares(mean(|sample| sample.process), mean(|sample| sample.publish))) }
                        }
                    }
                }
            }
        }
    }
}

/// What a lane does with its time.
fn shares(process: f64, publish: f64) -> Markup {
    let percent = |share: f64| (share * 100.0).clamp(0.0, 100.0);
    let (process, publish) = (percent(process), percent(publish));
    let publish_width = publish.min(100.0 - process);
    html! {
        svg.shares viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
            rect.idle width="100" height="8" {}
            rect.process width={ (format!("{process:.1}")) } height="8" {}
            rect.publish x={ (format!("{process:.1}")) } width={ (format!("{publish_width:.1}")) } height="8" {}
        }
        span.key { span.process { "cleaning " (format!("{process:.0}")) " %" } span.publish { "publishing " (format!("{publish:.0}")) " %" } }
    }
}

fn dead_letters(status: &Status) -> Markup {
    html! {
        section #dead-letters aria-labelledby="dead-letters-title" {
            h2 #dead-letters-title { "Latest dead letters" }
            @if status.latest_dead_letters.is_empty() {
                p.quiet { "None since this worker started." }
            } @else {
                table {
                    thead { tr { th scope="col" { "committed" } th scope="col" { "topic" } th scope="col" { "partition" } th scope="col" { "offset" } th scope="col" { "code" } } }
                    tbody { @for letter in status.latest_dead_letters.iter().take(10) {
                        tr {
                            td { time datetime=(letter.at) { (letter.at.strftime("%H:%M:%S UTC")) } }
                            td { span.label { "topic " } bdi { (status.about.input) } }
                            td { span.label { "partition " } (letter.partition) }
                            td { span.label { "offset " } (letter.offset) }
                            td { code { (letter.code) } }
                        }
                    } }
                }
                p.quiet { "At most ten of this worker's. " code { "copydesk dead-letters list" } " reads all from " bdi { (status.about.dead_letters) } "." }
            }
        }
    }
}

fn try_out(page: &Page, article: &str, result: Option<Markup>) -> Markup {
    html! {
        section #playground aria-labelledby="playground-title" {
            h2 #playground-title { "Try an article" }
            form method="post" action="/#result" {
                label for="article" { "A raw article: plain text, JSON, a CloudEvents envelope. It is cleaned as the stream would clean it, and goes nowhere." }
                // A line end after the tag is not part of the text, and one that is would be lost without it.
                textarea #article name="article" rows="9" dir="auto" required spellcheck="false" data-largest=(page.playground.largest()) { "\n" (article) }
                p.actions {
                    button type="submit" { "Clean it" }
                    span.quiet { "or Ctrl + Enter" }
                    span.examples { "Examples:" @for (name, _) in EXAMPLES { " " a href={ "/?example=" (name.replace(' ', "+")) "#playground" } { (name) } } }
                }
            }
            div #result tabindex="-1" role="region" aria-label="What became of it" hidden[result.is_none()] {
                @if let Some(result) = result { h3 { "What became of it" } (result) }
            }
        }
    }
}

fn footer(status: &Status) -> Markup {
    html! {
        footer {
            p { "copydesk " (status.about.version) ", key version " (status.about.key_version) }
            p { "Log filter " code { (status.log.as_deref().unwrap_or("unknown")) } ", changed by PUT on " a href="/log" { "/log" } }
            nav aria-label="Endpoints" {
                @for path in ["/status.json", "/metrics", "/livez", "/readyz"] { a href=(path) { (path) } " " }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_asks_for_nothing_and_styles_nothing_inline() {
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains("://") && !text.contains("@import"), "something from elsewhere");
            assert!(!text.contains("</"), "would end its element");
        }
        assert!(!SCRIPT.contains("innerHTML") && !SCRIPT.contains("eval("));
    }
}
