//! The body, line by line: a date stamp is lifted out, the first line may be the headline, a repeat is dropped, and the
//! rest are the paragraphs.

use std::ops::Range;

use newsdates::{Dateline, Value};

use super::headline::looks_like_headline;
use super::{DateCache, Dates};
use crate::dedup::{First, Hashed, LEAST_KEY, Normaliser, Repeats};
use crate::memory::{Memory, Remember};
use crate::record::{DroppedView, ParagraphView, Reason, RepeatOf};
use crate::text::{Body, LineSpan};

/// What reading needs and keeps between articles: buffers, and a cache that can't be seen in any record.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    normaliser: Normaliser,
    repeats: Repeats,
    date_cache: DateCache,
}

/// A raw article, as far as the body is read with it.
#[derive(Debug)]
pub(crate) struct Story<'a> {
    /// The headline, where a field holds it.
    pub(crate) headline: Option<&'a str>,
    /// Who published it; empty where the input does not say.
    pub(crate) source: &'a str,
    /// The body.
    pub(crate) body: Body<'a>,
    /// The dates of the fields.
    pub(crate) dates: Dates<'a>,
}

/// An article, read: each line of its body in its place.
#[derive(Debug)]
pub(crate) struct Article<'a> {
    pub(crate) headline: Option<&'a str>,
    pub(crate) kept: Vec<ParagraphView<'a>>,
    pub(crate) dropped: Vec<DroppedView<'a>>,
    pub(crate) dates: Dates<'a>,
    dateline: Option<Dateline>,
    /// What it leaves to be remembered.
    pub(crate) remember: Remember,
}

/// What becomes of a paragraph.
enum Verdict {
    Keep,
    /// It is the headline once more.
    RepeatOfHeadline,
    /// It repeats the kept paragraph of this index.
    RepeatOf(u32),
    /// It stood in an earlier article.
    Seen,
}

impl Reader {
    /// Frees what an extraordinary article has grown.
    pub(crate) fn shrink(&mut self) {
        self.normaliser.shrink();
        self.repeats.shrink();
    }

    /// Reads an article.
    pub(crate) fn read<'a>(&mut self, story: Story<'a>, memory: &impl Memory) -> Article<'a> {
        let Story { headline, source, body, dates } = story;
        self.repeats.clear();
        if let Some(headline) = headline {
            self.repeats.note(self.normaliser.hash(headline).hash.short(), First::Headline);
        }
        let mut article = Article::new(headline, dates, body.lines.len());
        if memory.remembers() {
            source.clone_into(&mut article.remember.source);
        }
        // A short line is no repeat by itself, but it is one in a block that is repeated: where it follows a repeat now as
        // it did the first time. So: the paragraph that the line before repeats, if that was dropped.
        let mut repeated_before: Option<u32> = None;
        let mut is_opening = headline.is_none();
        for (index, line) in body.lines.iter().enumerate() {
            let text = trim(line.of(body.text));
            if text.is_empty() || article.dates.lift(line.number, text, &mut self.date_cache) {
                continue;
            }
            let hashed = self.normaliser.hash(text);
            if std::mem::take(&mut is_opening)
                && looks_like_headline(text, &article.dates)
                && has_text(body.text, &body.lines[index + 1..])
            {
                self.repeats.note(hashed.hash.short(), First::Headline);
                article.headline = Some(text);
                continue;
            }
            let paragraph = ParagraphView { line: line.number, text, hash: hashed.hash };
            let first = self.repeats.note(hashed.hash.short(), First::Paragraph(article.kept.len() as u32));
            let is_first_of_key = first.is_none() && hashed.length >= LEAST_KEY;
            if is_first_of_key && memory.remembers() {
                article.remember.paragraphs.push(hashed.hash.short());
            }
            let is_seen = is_first_of_key && memory.has_seen(source, hashed.hash.short());
            let verdict = if is_seen { Verdict::Seen } else { judge(first, &hashed, repeated_before) };
            repeated_before = match verdict {
                Verdict::RepeatOf(index) => Some(index),
                _ => None,
            };
            article.put(paragraph, verdict);
        }
        article.dates.resolve_open();
        article.dateline = article.dates.read_dateline(article.opening());
        article
    }
}

/// What becomes of a paragraph whose key stood in `first` before, where the line before it repeats the paragraph
/// `repeated_before`.
fn judge(first: Option<First>, hashed: &Hashed, repeated_before: Option<u32>) -> Verdict {
    let may_drop = hashed.length >= LEAST_KEY;
    match first {
        Some(First::Headline) if may_drop => Verdict::RepeatOfHeadline,
        Some(First::Paragraph(index)) if may_drop || repeated_before.is_some_and(|before| before + 1 == index) => {
            Verdict::RepeatOf(index)
        }
        _ => Verdict::Keep,
    }
}

impl<'a> Article<'a> {
    fn new(headline: Option<&'a str>, dates: Dates<'a>, lines: usize) -> Self {
        let (kept, dropped) = (Vec::with_capacity(lines), Vec::new());
        Article { headline, kept, dropped, dates, dateline: None, remember: Remember::default() }
    }

    /// Keeps or drops a paragraph.
    fn put(&mut self, paragraph: ParagraphView<'a>, verdict: Verdict) {
        let (repeat_of, reason, first) = match verdict {
            Verdict::Keep => return self.kept.push(paragraph),
            Verdict::RepeatOfHeadline => (Some(RepeatOf::HEADLINE), Reason::Repeat, self.headline),
            Verdict::RepeatOf(index) => {
                let first = self.kept.get(index as usize);
                (first.map(|first| RepeatOf::Line(first.line)), Reason::Repeat, first.map(|first| first.text))
            }
            Verdict::Seen => (None, Reason::Seen, None),
        };
        let ParagraphView { line, text, hash } = paragraph;
        // What is written as the first was stands there.
        let text = Some(text).filter(|text| first != Some(*text));
        self.dropped.push(DroppedView { line, hash, repeat_of, reason, text });
    }

    fn opening(&self) -> &'a str {
        self.kept.first().map(|first| first.text).unwrap_or_default()
    }

    /// The journalist's dateline, as written at the head of the first paragraph.
    pub(crate) fn dateline(&self) -> Option<&'a str> {
        let span: Range<usize> = self.dateline.as_ref()?.span.clone();
        self.opening().get(span)
    }

    /// The day of publication. Where nothing else dates the story, the day that its journalist named does.
    pub(crate) fn date_published(&self) -> Option<Value> {
        self.dates.published().or_else(|| self.dateline.as_ref()?.date.as_ref()?.value)
    }
}

/// `str::trim`, for lines that nearly all need none.
fn trim(text: &str) -> &str {
    let is_blank = |c: Option<char>| c.is_some_and(char::is_whitespace);
    if is_blank(text.chars().next()) || is_blank(text.chars().next_back()) { text.trim() } else { text }
}

fn has_text(body: &str, lines: &[LineSpan]) -> bool {
    lines.iter().any(|line| !line.of(body).trim().is_empty())
}
