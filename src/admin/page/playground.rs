//! The playground: an article that somebody pastes, through the same function as every other, away from the stream.
//!
//! One article at a time, on a thread that is neither a lane's nor the admin server's, and few wait for their turn: whoever
//! plays here takes one core for as long as one article needs, at most, and the memory that one of this size needs. An
//! article that the stream would take and whose record is too large to be answered here is told so; it is no refusal.

use std::fmt;
use std::sync::Arc;

use maud::{Markup, html};
use tokio::sync::Semaphore;

use super::figures;
use copydesk_core::memory::NoMemory;
use copydesk_core::pipeline::{Cleaner, Limits, Payload};
use copydesk_core::record::{AnnotatedLine, Dropped, Record, Reject, RepeatOf, annotate, describe};
use copydesk_core::text::{is_bidi_control, printable};

/// What is tried at most: bytes and lines of an article, bytes of its record. Less where the stream itself takes less.
const LARGEST: Limits = Limits { payload: 1 << 20, lines: 20_000, output: 4 << 20 };
/// Who may wait for a turn.
const QUEUE: usize = 4;
/// Lines, and bytes of text, that are shown to people: more than anybody reads, and little enough for any browser.
const SHOWN: (usize, usize) = (2_000, 256 << 10);
/// Bytes of one field.
const BRIEF: usize = 1_000;

/// Where articles are tried.
#[derive(Debug, Clone)]
pub(super) struct Playground {
    stream: Limits,
    limits: Limits,
    turn: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

/// Nobody else can wait now.
#[derive(Debug, thiserror::Error)]
#[error("others are trying articles: try again in a moment")]
pub(super) struct Busy;

/// What became of an article.
#[derive(Debug)]
pub(super) enum Tried {
    /// Its record.
    Record(Vec<u8>),
    /// The stream would refuse it.
    Refused(Reject),
    /// The stream would take it.
    Beyond(Beyond),
}

/// More than is tried here.
#[derive(Debug)]
pub(super) enum Beyond {
    /// So many lines at most.
    Lines(usize),
    /// A record of so many bytes at most.
    Record(usize),
}

impl fmt::Display for Beyond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Beyond::Lines(most) => write!(f, "an article may have {most} lines here")?,
            Beyond::Record(most) => write!(f, "the record has more than the {most} bytes that are answered here")?,
        }
        f.write_str("; `copydesk clean` does it")
    }
}

impl Playground {
    pub(super) fn new(stream: Limits) -> Playground {
        let limits = Limits {
            payload: stream.payload.min(LARGEST.payload),
            lines: stream.lines.min(LARGEST.lines),
            output: stream.output.min(LARGEST.output),
        };
        Playground { stream, limits, turn: Arc::new(Semaphore::new(1)), queue: Arc::new(Semaphore::new(QUEUE)) }
    }

    /// Largest article, in bytes.
    pub(super) fn largest(&self) -> usize {
        self.limits.payload
    }

    /// Does some work when its turn comes.
    pub(super) async fn turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Playground) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let waiting = self.queue.try_acquire().map_err(|_| Busy)?;
        let turn = Arc::clone(&self.turn).acquire_owned().await.map_err(|_| Busy)?;
        drop(waiting);
        let playground = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            // Held by the work and not by who asked for it: that one may be gone before it is done.
            let _turn = turn;
            work(&playground)
        });
        done.await.map_err(|_| Busy)
    }

    /// Cleans one article.
    pub(super) fn clean(&self, payload: &[u8]) -> Tried {
        let (mut out, limits) = (Vec::new(), self.limits);
        let payload = Payload { value: Some(payload), headers: &[], timestamp: None };
        match Cleaner::new(limits).clean(payload, &NoMemory, &mut out) {
            Ok(_) => {
                out.shrink_to_fit();
                Tried::Record(out)
            }
            Err(Reject::TooManyLines { .. }) if limits.lines < self.stream.lines => {
                Tried::Beyond(Beyond::Lines(limits.lines))
            }
            Err(Reject::OutputTooLarge { .. }) if limits.output < self.stream.output => {
                Tried::Beyond(Beyond::Record(limits.output))
            }
            Err(reject) => Tried::Refused(reject),
        }
    }
}

/// The beginning of a text, as much of it as fits.
fn start(text: &str, most: usize) -> &str {
    if text.len() <= most { text } else { &text[..text.floor_char_boundary(most)] }
}

fn brief(text: &str) -> Markup {
    html! { (printable(start(text, BRIEF))) @if text.len() > BRIEF { "…" } }
}

/// What became of an article of so many bytes, for people.
pub(super) fn outcome(tried: &Tried, bytes: usize) -> Markup {
    match tried {
        Tried::Record(record) => match serde_json::from_slice::<Record>(record) {
            Ok(record) => {
                let pretty = serde_json::to_string_pretty(&record).unwrap_or_default();
                html! { (summary(&record)) (inspection(&record)) (json(&pretty)) }
            }
            Err(error) => html! { p.refused { "The record does not read back (a bug in copydesk): " (error) } },
        },
        Tried::Beyond(beyond) => html! { p.refused { "Too large to be tried here: " (beyond) "." } },
        Tried::Refused(reject) => html! {
            p.refused {
                strong { "Refused: " code { (reject.code()) } } " "
                (brief(&reject.message())) "."
            }
            p { "The stream would publish these " (figures::bytes(bytes as f64)) " unchanged to the dead-letter topic, with this code." }
        },
    }
}

fn summary(record: &Record) -> Markup {
    let count = |number: usize, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    let lifted = record.dates.iter().filter(|date| date.line.is_some()).count();
    let fields = record
        .dates
        .iter()
        .filter_map(|date| Some((date.field.clone()?, format!("{}  {}", date.text, describe(date)))));
    let copied = [
        ("published", &record.date_published),
        ("dateline", &record.dateline),
        ("language", &record.language),
        ("source", &record.source),
        ("url", &record.url),
        ("version", &record.version_created),
        ("first", &record.first_created),
        ("embargo", &record.embargoed_until),
    ];
    let notes = copied.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text.clone()?)));
    let extra = record
        .extra
        .iter()
        .map(|extra| ("extra".to_owned(), extra.keys().map(String::as_str).collect::<Vec<_>>().join(", ")));
    let notes: Vec<(String, String)> =
        [("uri".to_owned(), record.uri.clone())].into_iter().chain(notes).chain(fields).chain(extra).collect();
    html! {
        p.tally {
            span.kept { (count(record.paragraphs.len(), "paragraph kept", "paragraphs kept")) } " "
            span.dropped { (count(record.dropped.len(), "repeat dropped", "repeats dropped")) } " "
            span.date { (count(lifted, "date lifted", "dates lifted")) } " "
            span { (figures::bytes(record.stats.bytes_in as f64)) " → " (figures::bytes(record.stats.bytes_out as f64)) }
        }
        dl.notes {
            @for (name, text) in &notes { dt { (brief(name)) } dd dir="auto" { (brief(text)) } }
        }
    }
}

/// The article line by line. Marks and hidden words say what the colours say.
fn inspection(record: &Record) -> Markup {
    let line = |number: u32, class: &str, word: &str, mark: &str, text: Markup, remark: Option<Markup>| {
        html! {
            li class=(class) id={ "line-" (number) } {
                span.number { (number) }
                span.mark aria-hidden="true" { (mark) }
                div {
                    span.unseen { (word) ": " }
                    (text)
                    @if let Some(remark) = remark { span.remark { (remark) } }
                }
            }
        }
    };
    let text = |text: &str| html! { span.text dir="auto" { (printable(start(text, SHOWN.1))) } };
    let all = annotate(record);
    let (mut left, mut fit) = (SHOWN.1, 0);
    for line in all.iter().take(SHOWN.0) {
        left = left.saturating_sub(match line {
            AnnotatedLine::Kept(_, text) | AnnotatedLine::Dropped(_, text) => text.len(),
            AnnotatedLine::Date(_, dates) => dates.iter().map(|date| date.text.len() + describe(date).len()).sum(),
        });
        fit += 1;
        if left == 0 {
            break;
        }
    }
    html! {
        article.inspection aria-label="The article, line by line" {
            @if let Some(headline) = &record.headline { h4 #headline dir="auto" { (brief(headline)) } }
            ol {
                @for shown in &all[..fit] {
                    @match shown {
                        AnnotatedLine::Kept(number, kept) => { (line(*number, "kept", "kept", "│", text(kept), None)) }
                        AnnotatedLine::Date(number, dates) => {
                            @let readings = dates.iter().map(|date| describe(date)).collect::<Vec<_>>().join("  ");
                            @let written = dates.first().map_or("", |date| date.text.as_str());
                            (line(*number, "date", "date", "◷", text(written), Some(brief(&readings))))
                        }
                        AnnotatedLine::Dropped(dropped, written) => {
                            @let struck = html! { del.text dir="auto" { (printable(start(written, SHOWN.1))) } };
                            (line(dropped.line, "dropped", "dropped", "×", struck, Some(repeat_of(dropped))))
                        }
                    }
                }
            }
            @if fit < all.len() {
                p.quiet { "… and " (all.len() - fit) " more lines: " code { "copydesk inspect" } " shows them all." }
            }
        }
    }
}

fn repeat_of(dropped: &Dropped) -> Markup {
    html! {
        "↑ "
        @match dropped.repeat_of {
            Some(RepeatOf::Line(first)) => { "repeat of " a href={ "#line-" (first) } { "line " (first) } }
            Some(RepeatOf::Headline(_)) => { "repeat of the " a href="#headline" { "headline" } }
            None => { "stood in an earlier article of this source" }
        }
        @if dropped.text.is_some() { ", written otherwise" }
    }
}

fn json(pretty: &str) -> Markup {
    html! {
        details open {
            summary { "The record" }
            pre dir="ltr" tabindex="0" aria-label="The record as JSON" { code { (honest(start(pretty, SHOWN.1))) } }
            @if pretty.len() > SHOWN.1 {
                p.quiet { "… and so on: " code { "copydesk clean" } " gives it whole." }
            }
        }
    }
}

/// JSON that means the same, with what can't be seen (and could make the rest read otherwise) as escapes.
fn honest(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\u{7F}'..='\u{9F}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            other if is_bidi_control(other) => out.push_str(&format!("\\u{:04x}", u32::from(other))),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn try_out(article: &str) -> String {
        outcome(&Playground::new(Limits::default()).clean(article.as_bytes()), article.len()).into_string()
    }

    #[test]
    fn the_inspection_says_what_became_of_each_line() {
        let page = try_out(include_str!("../../../samples/01-english-wire.txt"));
        assert!(
            page.contains("6 paragraphs kept") && page.contains("2 repeats dropped") && page.contains("1 date lifted")
        );
        assert!(page.contains("→ 2024-03-14 · gregory · published"), "{page}");
        assert!(page.contains(r##"repeat of <a href="#line-5">line 5</a>, written otherwise"##), "{page}");
        assert!(page.contains(r#"<li class="dropped" id="line-7">"#), "{page}");
    }

    #[test]
    fn whatever_an_article_holds_comes_out_as_text() {
        for evil in
            ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "</code></pre><script>alert(1)</script>"]
        {
            let long = format!("{evil} and so much more that it is surely a paragraph of its own.");
            let plain = format!("A headline\n{evil}\n{long}\nPublished: 14 March 2024\n{long}\n");
            let json = serde_json::json!({"title": evil, "text": format!("{long}\n{long}"), "url": evil, evil: evil});
            for article in [plain, json.to_string(), format!("{{ {evil}")] {
                let page = try_out(&article);
                assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
                assert!(page.contains("alert(1)") || page.contains("invalid_json"), "{page}");
            }
        }
    }

    #[test]
    fn what_can_not_be_seen_is_shown() {
        let page = try_out("The harbour was \u{202e}closed on Monday\u{7} after the storm had passed over the town.\n");
        assert!(!page.contains('\u{202e}') && page.contains('␇') && page.contains("\\u202e"), "{page}");
    }

    #[test]
    fn few_wait() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
        runtime.block_on(async {
            let playground = Arc::new(Playground::new(Limits::default()));
            let held = Arc::clone(&playground.turn).acquire_owned().await.unwrap();
            let waiting: Vec<_> = (0..QUEUE)
                .map(|_| {
                    let playground = Arc::clone(&playground);
                    tokio::spawn(async move { playground.turn(|_| ()).await.is_ok() })
                })
                .collect();
            while playground.queue.available_permits() > 0 {
                tokio::task::yield_now().await;
            }
            let one_more = playground.turn(|_| ());
            let answer = tokio::time::timeout(std::time::Duration::from_secs(5), one_more).await;
            assert!(answer.expect("an answer at once").is_err());
            drop(held);
            for one in waiting {
                assert!(one.await.unwrap());
            }
        });
    }
}
