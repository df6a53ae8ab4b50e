//! The playground: a pasted article, cleaned by the same function as those of the stream, and not published.
//!
//! One article at a time, on a thread that is neither a lane's nor the admin server's, with a short queue: the playground
//! takes at most one core, and the memory for one article. An article beyond its limits that the stream would take is
//! answered as such, not as a refusal.

use std::fmt;
use std::sync::Arc;

use maud::{Markup, html};
use tokio::sync::Semaphore;

use super::figures;
use copydesk_core::memory::NoMemory;
use copydesk_core::pipeline::{Cleaner, Limits, Payload};
use copydesk_core::record::{AnnotatedLine, Dropped, Record, Reject, RepeatOf, annotate, describe};
use copydesk_core::text::{Escape, escaped, printable};

/// The limits here; those of the stream where they are lower.
const LARGEST: Limits = Limits { payload: 1 << 20, lines: 20_000, output: 4 << 20 };
/// Most requests that wait for their turn.
const QUEUE: usize = 4;
/// Most lines on the page: more than anybody reads, and few enough for any browser.
const SHOWN_LINES: usize = 2_000;
/// Most bytes of text on the page.
const SHOWN_BYTES: usize = 256 << 10;
/// Most bytes of one field on the page.
const BRIEF: usize = 1_000;

/// Cleans articles, one at a time.
#[derive(Debug, Clone)]
pub(super) struct Playground {
    stream: Limits,
    limits: Limits,
    turn: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

/// The queue is full.
#[derive(Debug, thiserror::Error)]
#[error("the playground is busy: try again in a moment")]
pub(super) struct Busy;

/// What became of an article.
#[derive(Debug)]
pub(super) enum PlaygroundOutcome {
    /// Its record.
    Record(Vec<u8>),
    /// The stream would refuse it.
    Refused(Reject),
    /// The stream would take it; it is beyond the limits here.
    OverLimit(OverLimit),
}

/// A limit of the playground that was exceeded.
#[derive(Debug)]
pub(super) enum OverLimit {
    /// Most lines.
    Lines(usize),
    /// Most bytes of a record.
    Record(usize),
}

impl fmt::Display for OverLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OverLimit::Lines(most) => write!(f, "an article may have at most {most} lines here")?,
            OverLimit::Record(most) => write!(f, "the record is larger than the limit of {most} bytes here")?,
        }
        f.write_str("; `copydesk clean` has no such limit")
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

    /// Waits for its turn, then does some work.
    pub(super) async fn turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Playground) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let waiting = self.queue.try_acquire().map_err(|_| Busy)?;
        let turn = Arc::clone(&self.turn).acquire_owned().await.map_err(|_| Busy)?;
        drop(waiting);
        let playground = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            // Held by the work and not by the request, which may be gone before the work is done.
            let _turn = turn;
            work(&playground)
        });
        done.await.map_err(|_| Busy)
    }

    /// Cleans one article.
    pub(super) fn clean(&self, payload: &[u8]) -> PlaygroundOutcome {
        let (mut out, limits) = (Vec::new(), self.limits);
        let payload = Payload { value: Some(payload), headers: &[], timestamp: None };
        match Cleaner::new(limits).clean(payload, &NoMemory, &mut out) {
            Ok(_) => {
                out.shrink_to_fit();
                PlaygroundOutcome::Record(out)
            }
            Err(Reject::TooManyLines { .. }) if limits.lines < self.stream.lines => {
                PlaygroundOutcome::OverLimit(OverLimit::Lines(limits.lines))
            }
            Err(Reject::OutputTooLarge { .. }) if limits.output < self.stream.output => {
                PlaygroundOutcome::OverLimit(OverLimit::Record(limits.output))
            }
            Err(reject) => PlaygroundOutcome::Refused(reject),
        }
    }
}

/// The beginning of a text, at most this many bytes.
fn start(text: &str, most: usize) -> &str {
    if text.len() <= most { text } else { &text[..text.floor_char_boundary(most)] }
}

fn brief(text: &str) -> Markup {
    html! { (printable(start(text, BRIEF))) @if text.len() > BRIEF { "…" } }
}

/// What became of an article of this many bytes, for people.
pub(super) fn markup(cleaned: &PlaygroundOutcome, bytes: usize) -> Markup {
    match cleaned {
        PlaygroundOutcome::Record(record) => match serde_json::from_slice::<Record>(record) {
            Ok(record) => {
                let pretty = serde_json::to_string_pretty(&record).unwrap_or_default();
                html! { (summary(&record)) (inspection(&record)) (json(&pretty)) }
            }
            Err(error) => html! { p.refused { "The record can't be read back, which is a bug in copydesk: " (error) } },
        },
        PlaygroundOutcome::OverLimit(limit) => html! { p.refused { "Too large for the playground: " (limit) "." } },
        PlaygroundOutcome::Refused(reject) => html! {
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
        p.totals {
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

/// The article line by line. Marks and visually hidden words repeat what the colours say.
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
    let text = |text: &str| html! { span.text dir="auto" { (printable(start(text, SHOWN_BYTES))) } };
    let all = annotate(record);
    let (mut left, mut fit) = (SHOWN_BYTES, 0);
    for line in all.iter().take(SHOWN_LINES) {
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
                            @let struck = html! { del.text dir="auto" { (printable(start(written, SHOWN_BYTES))) } };
                            (line(dropped.line, "dropped", "dropped", "×", struck, Some(repeat_of(dropped))))
                        }
                    }
                }
            }
            @if fit < all.len() {
                p.quiet { "… and " (all.len() - fit) " more lines: " code { "copydesk inspect" } " shows all." }
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
            None => { "was in an earlier article of this source" }
        }
        @if dropped.text.is_some() { ", written otherwise" }
    }
}

fn json(pretty: &str) -> Markup {
    html! {
        details open {
            summary { "The record" }
            pre dir="ltr" tabindex="0" aria-label="The record as JSON" { code { (escaped(start(pretty, SHOWN_BYTES), Escape::Json, &['\n'])) } }
            @if pretty.len() > SHOWN_BYTES {
                p.quiet { "… shortened: " code { "copydesk clean" } " prints all of it." }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned_page(article: &str) -> String {
        markup(&Playground::new(Limits::default()).clean(article.as_bytes()), article.len()).into_string()
    }

    #[test]
    fn the_inspection_says_what_became_of_each_line() {
        let page = cleaned_page(include_str!("../../../samples/01-english-wire.txt"));
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
                let page = cleaned_page(&article);
                assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
                assert!(page.contains("alert(1)") || page.contains("invalid_json"), "{page}");
            }
        }
    }

    #[test]
    fn invisible_characters_are_shown() {
        let page =
            cleaned_page("The harbour was \u{202e}closed on Monday\u{7} after the storm had passed over the town.\n");
        assert!(!page.contains('\u{202e}') && page.contains('␇') && page.contains("\\u202e"), "{page}");
    }

    #[test]
    fn the_queue_is_short() {
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
            assert!(answer.expect("an immediate answer").is_err());
            drop(held);
            for one in waiting {
                assert!(one.await.unwrap());
            }
        });
    }
}
