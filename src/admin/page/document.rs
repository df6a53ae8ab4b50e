//! The page's markup. The script replaces each section under `#now`, by its id, once a second.

use maud::{Markup, PreEscaped, html};

use super::plot::{Scale, Series, plot, spark};
use super::status::{LaneStatus, Status};
use super::{AdminPage, EXAMPLES, SCRIPT, figures, layout};
use crate::admin::history::{LaneSample, Sample};

/// Samples in the small plot of a lane: a minute.
const MINUTE: usize = 60;
/// Dead letters that are shown.
const LETTERS: usize = 10;

/// The whole page, with an article in its playground, and the result of cleaning it.
pub(super) fn whole(page: &AdminPage, article: &str, result: Option<Markup>) -> Markup {
    let status = page.status();
    let body = html! {
        a.skip href="#playground" { "To the playground" }
        (masthead(page, &status))
        main {
            noscript {
                p.notice {
                    "Without JavaScript this page shows the moment when it was loaded: "
                    a href="/" { "reload it" } "."
                }
            }
            p #stale.notice role="status" hidden {}
            (live(&status))
            (playground(page, article, result))
        }
        (footer(&status))
        script { (PreEscaped(SCRIPT)) }
    };
    layout::document(&status.about.instance, &body)
}

fn masthead(page: &AdminPage, status: &Status) -> Markup {
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

/// The part that is refreshed every second.
pub(super) fn live(status: &Status) -> Markup {
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
    let total = |of: fn(&LaneStatus) -> u64| figures::count(status.lanes.iter().map(of).sum::<u64>() as f64);
    html! {
        section #verdict aria-label="State" {
            p.state.(class) { (word) }
            p {
                (ready) " of " (status.lanes.len()) " lanes ready, up for " (figures::age(status.uptime_seconds)) ". "
                "Since then " (total(|lane| lane.records)) " articles in " (total(|lane| lane.batches)) " batches; "
                (total(|lane| lane.refused)) " dead letters, " (total(|lane| lane.aborted)) " batches retried, "
                (total(|lane| lane.restarts)) " lane restarts."
            }
        }
    }
}

fn series(status: &Status, of: fn(&Sample) -> Option<f64>) -> Vec<Option<f64>> {
    status.samples.iter().map(of).collect()
}

/// The figure beside a plot: the latest value, if it is recent.
fn latest(values: &[Option<f64>], say: fn(f64) -> String) -> String {
    values.iter().rev().take(10).find_map(|value| *value).map_or("–".to_owned(), say)
}

fn throughput(status: &Status) -> Markup {
    let records = series(status, |sample| Some(sample.records));
    let refused = series(status, |sample| Some(sample.refused));
    // Batches arrive in bursts: a figure is the mean of the last seconds.
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
                Series { class: "records", values: &records, area: true },
                Series { class: "refused", values: &refused, area: false },
            ]))
        }
    }
}

fn latency(status: &Status) -> Markup {
    let median = series(status, |sample| sample.median);
    let p99 = series(status, |sample| sample.p99);
    let commit = series(status, |sample| sample.commit);
    let title = "From Kafka's timestamp to the commit over the last five minutes: median, 99 %, and the commit alone";
    html! {
        figure {
            figcaption {
                h2 { "Latency" }
                p.figure { strong { (latest(&median, figures::seconds)) } " to commit" }
                p.key {
                    span.most { "99 % " (latest(&p99, figures::seconds)) }
                    span.commit { "commit " (latest(&commit, figures::seconds)) }
                }
            }
            (plot(title, Scale::Logarithmic, &[
                Series { class: "most", values: &p99, area: false },
                Series { class: "half", values: &median, area: false },
                Series { class: "commit", values: &commit, area: false },
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
                p.figure { strong { (latest(&lag, figures::count)) } " articles behind" }
                p.key { span { "refreshed every 5 s" } }
            }
            (plot("Lag of the assigned partitions over the last five minutes", Scale::Linear, &[
                Series { class: "lag", values: &lag, area: true },
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
                        @for name in ["lane", "state", "partitions and lag", "articles/s", "time spent"] {
                            th scope="col" { (name) }
                        }
                    }
                }
                tbody { @for one in &status.lanes { (lane(status, one)) } }
            }
        }
    }
}

fn lane(status: &Status, lane: &LaneStatus) -> Markup {
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

fn partitions(lane: &LaneStatus) -> Markup {
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

/// How a lane's time divides.
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
                    "The latest ten of this worker. " code { "copydesk dead-letters list" } " lists all in "
                    bdi { (about.dead_letters) } "."
                }
            }
        }
    }
}

fn playground(page: &AdminPage, article: &str, result: Option<Markup>) -> Markup {
    let largest = page.playground.largest();
    html! {
        section #playground aria-labelledby="playground-title" {
            h2 #playground-title { "Try an article" }
            form method="post" action="/#result" {
                label for="article" {
                    "A raw article: plain text, JSON, a CloudEvents envelope. It is cleaned as the stream would clean "
                    "it, and is not published."
                }
                textarea #article name="article" rows="9" dir="auto" required spellcheck="false" data-largest=(largest) {
                    // HTML drops the first line end of a textarea.
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
            div #result tabindex="-1" role="region" aria-label="Result" hidden[result.is_none()] {
                @if let Some(result) = result { h3 { "Result" } (result) }
            }
        }
    }
}

fn footer(status: &Status) -> Markup {
    html! {
        footer {
            p { "copydesk " (status.about.version) ", key version " (status.about.key_version) }
            p {
                "Log filter " code { (status.log.as_deref().unwrap_or("unknown")) } ", to be changed by PUT on "
                a href="/log" { "/log" }
            }
            nav aria-label="Endpoints" {
                @for path in ["/status.json", "/metrics", "/livez", "/readyz"] { a href=(path) { (path) } " " }
            }
        }
    }
}
