//! The page's markup. Each section under `#now` is replaced by its successor, by its id, once a second.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::plot::{Line, Scale, plot, spark};
use super::status::{Lane, Status};
use super::{EXAMPLES, Page, SCRIPT, STYLE, figures};
use crate::admin::history::{LaneSample, Sample};

/// Samples in the small plot of a lane: a minute.
const MINUTE: usize = 60;
/// Dead letters that are shown.
const LETTERS: usize = 10;

/// The whole page, with an article in its playground, and what became of it.
pub(super) fn document(page: &Page, article: &str, result: Option<Markup>) -> Markup {
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
                (masthead(page, &status))
                main {
                    noscript {
                        p.notice {
                            "Without a script this page shows the moment when it was loaded: "
                            a href="/" { "load it again" } "."
                        }
                    }
                    p #stale.notice role="status" hidden {}
                    (moving(&status))
                    (playground(page, article, result))
                }
                (footer(&status))
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

fn masthead(page: &Page, status: &Status) -> Markup {
    let about = &status.about;
    html! {
        header {
            h1 { "copydesk" }
            p { bdi { (about.instance) } " in group " bdi { (about.group) } }
            p.route { bdi { (about.input) } " → " bdi { (about.output) } ", " (about.delivery) }
            button #pause type="button" aria-pressed="false" hidden { "Pause" }
            @if page.signed_in {
                form method="post" action="/sign-out" { button type="submit" { "Sign out" } }
            }
        }
    }
}

/// What is loaded anew every second.
pub(super) fn moving(status: &Status) -> Markup {
    html! {
        div #now {
            (verdict(status))
            section #plots aria-label="The last five minutes" { (throughput(status)) (latency(status)) (lag(status)) }
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
                (ready) " of " (status.lanes.len()) " lanes ready, up for " (figures::age(status.uptime_seconds)) ". "
                "Since then " (total(|lane| lane.records)) " articles in " (total(|lane| lane.batches)) " batches; "
                (total(|lane| lane.refused)) " dead letters, " (total(|lane| lane.aborted)) " batches done again, "
                (total(|lane| lane.restarts)) " starts of a lane anew."
            }
        }
    }
}

fn series(status: &Status, of: fn(&Sample) -> Option<f64>) -> Vec<Option<f64>> {
    status.samples.iter().map(of).collect()
}

/// What the figure beside a plot says: the latest value, if it is not long ago.
fn latest(values: &[Option<f64>], say: fn(f64) -> String) -> String {
    values.iter().rev().take(10).find_map(|value| *value).map_or("–".to_owned(), say)
}

fn throughput(status: &Status) -> Markup {
    let records = series(status, |sample| Some(sample.records));
    let refused = series(status, |sample| Some(sample.refused));
    // Batches come in bursts: a figure is that of the last seconds.
    let recent = status.last(5);
    let mean = |of: fn(&Sample) -> f64| recent.iter().map(of).sum::<f64>() / recent.len().max(1) as f64;
    html! {
        figure {
            figcaption {
                h2 { "Throughput" }
                p.figure { strong { (figures::count(mean(|sample| sample.records))) } " articles/s" }
                p.key {
                    span { (figures::bytes(mean(|sample| sample.bytes))) "/s" }
                    span.refused { "refused " (figures::count(mean(|sample| sample.refused))) "/s" }
                }
            }
            (plot("Articles a second over the last five minutes, and those refused", Scale::Linear, &[
                Line { class: "records", values: &records, area: true },
                Line { class: "refused", values: &refused, area: false },
            ]))
        }
    }
}

fn latency(status: &Status) -> Markup {
    let half = series(status, |sample| sample.half);
    let most = series(status, |sample| sample.most);
    let commit = series(status, |sample| sample.commit);
    let title = "From Kafka's timestamp to the commit over the last five minutes: median, 99 %, and the commit alone";
    html! {
        figure {
            figcaption {
                h2 { "Latency" }
                p.figure { strong { (latest(&half, figures::seconds)) } " to commit" }
                p.key {
                    span.most { "99 % " (latest(&most, figures::seconds)) }
                    span.commit { "commit " (latest(&commit, figures::seconds)) }
                }
            }
            (plot(title, Scale::Logarithmic, &[
                Line { class: "most", values: &most, area: false },
                Line { class: "half", values: &half, area: false },
                Line { class: "commit", values: &commit, area: false },
            ]))
        }
    }
}

fn lag(status: &Status) -> Markup {
    let lag = series(status, |sample| sample.lag.map(|lag| lag as f64));
    html! {
        figure {
            figcaption {
                h2 { "Lag" }
                p.figure { strong { (latest(&lag, figures::count)) } " articles wait" }
                p.key { span { "known anew every 5 s" } }
            }
            (plot("Lag of the assigned partitions over the last five minutes", Scale::Linear, &[
                Line { class: "lag", values: &lag, area: true },
            ]))
        }
    }
}

fn lanes(status: &Status) -> Markup {
    html! {
        section #lanes aria-labelledby="lanes-title" {
            h2 #lanes-title { "Lanes" }
            table {
                thead {
                    tr {
                        @for name in ["lane", "state", "partitions and their lag", "articles/s", "its time"] {
                            th scope="col" { (name) }
                        }
                    }
                }
                tbody { @for one in &status.lanes { (lane(status, one)) } }
            }
        }
    }
}

fn lane(status: &Status, lane: &Lane) -> Markup {
    let minute = status.last(MINUTE).iter().filter_map(|sample| sample.lanes.get(lane.number).copied());
    let minute: Vec<LaneSample> = minute.collect();
    let rates: Vec<f64> = minute.iter().map(|sample| sample.records).collect();
    let recent = minute.get(minute.len().saturating_sub(10)..).unwrap_or_default();
    let mean = |of: fn(&LaneSample) -> f64| recent.iter().map(of).sum::<f64>() / recent.len().max(1) as f64;
    let title = format!("Articles a second of lane {} over the last minute", lane.number);
    html! {
        tr {
            th scope="row" { span.label { "lane " } (lane.number) }
            td {
                span class={ "state " (lane.state) } { (lane.state) }
                @if let Some(why) = &lane.why { " " span.why dir="auto" { (why) } }
            }
            td { (partitions(lane)) }
            td.rate {
                div { span.number { (figures::count(mean(|sample| sample.records))) } (spark(&title, &rates, MINUTE)) }
            }
            td { (shares(mean(|sample| sample.process), mean(|sample| sample.publish))) }
        }
    }
}

fn partitions(lane: &Lane) -> Markup {
    html! {
        @if lane.partitions.is_empty() { span.quiet { "none" } }
        @else {
            ul.partitions {
                @for partition in &lane.partitions {
                    li.behind[partition.lag.is_some_and(|lag| lag > 0)] {
                        span.unseen { "partition " } (partition.partition)
                        span.lag {
                            span.unseen { " lag " }
                            (partition.lag.map_or("–".to_owned(), |lag| figures::count(lag as f64)))
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
    let (first, second) = (format!("{process:.1}"), format!("{:.1}", publish.min(100.0 - process)));
    html! {
        svg.shares viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
            rect.idle width="100" height="8" {}
            rect.process width=(first) height="8" {}
            rect.publish x=(first) width=(second) height="8" {}
        }
        span.key {
            span.process { "cleaning " (format!("{process:.0}")) " %" }
            span.publish { "publishing " (format!("{publish:.0}")) " %" }
        }
    }
}

fn dead_letters(status: &Status) -> Markup {
    let about = &status.about;
    html! {
        section #dead-letters aria-labelledby="dead-letters-title" {
            h2 #dead-letters-title { "Latest dead letters" }
            @if status.latest_dead_letters.is_empty() { p.quiet { "None since this worker started." } }
            @else {
                table {
                    thead {
                        tr {
                            @for name in ["committed", "topic", "partition", "offset", "code"] {
                                th scope="col" { (name) }
                            }
                        }
                    }
                    tbody {
                        @for letter in status.latest_dead_letters.iter().take(LETTERS) {
                            tr {
                                td { time datetime=(letter.at) { (letter.at.strftime("%H:%M:%S UTC")) } }
                                td { span.label { "topic " } bdi { (about.input) } }
                                td { span.label { "partition " } (letter.partition) }
                                td { span.label { "offset " } (letter.offset) }
                                td { code { (letter.code) } }
                            }
                        }
                    }
                }
                p.quiet {
                    "At most ten of this worker's. " code { "copydesk dead-letters list" } " reads all from "
                    bdi { (about.dead_letters) } "."
                }
            }
        }
    }
}

fn playground(page: &Page, article: &str, result: Option<Markup>) -> Markup {
    let largest = page.playground.largest();
    html! {
        section #playground aria-labelledby="playground-title" {
            h2 #playground-title { "Try an article" }
            form method="post" action="/#result" {
                label for="article" {
                    "A raw article: plain text, JSON, a CloudEvents envelope. It is cleaned as the stream would clean "
                    "it, and goes nowhere."
                }
                textarea #article name="article" rows="9" dir="auto" required spellcheck="false" data-largest=(largest) {
                    // The first line end in it is not part of the text.
                    "\n" (article)
                }
                p.actions {
                    button type="submit" { "Clean it" }
                    span.quiet { "or Ctrl + Enter" }
                    span.examples {
                        "Examples:"
                        @for (name, _) in EXAMPLES {
                            " " a href={ "/?example=" (name.replace(' ', "+")) "#playground" } { (name) }
                        }
                    }
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
            p {
                "Log filter " code { (status.log.as_deref().unwrap_or("unknown")) } ", changed by PUT on "
                a href="/log" { "/log" }
            }
            nav aria-label="Endpoints" {
                @for path in ["/status.json", "/metrics", "/livez", "/readyz"] { a href=(path) { (path) } " " }
            }
        }
    }
}
