//! Payloads that hold an article without being one: JSON arrays, JSON-LD graphs, feeds of one item, answers of APIs.
//!
//! Exactly one article is read from a payload; several are refused, so that none is lost in silence. Where other things
//! stand beside it that have a text as well (a comment, an answer), the one whose type says that it is an article is the
//! article. What stands around it is kept under `extra.container`, without the article itself.

use std::ops::ControlFlow;

use super::fields;
use super::raw::Decoded;
use crate::record::Reject;
use crate::text::json::{self, Fields, write_text};

/// Containers may nest this deep.
pub(super) const DEEPEST: usize = 6;
/// And all that is in them this deep.
const DEEPEST_CONTENT: usize = 128;

/// What is looked for in a container.
#[derive(Debug, Default)]
struct Found<'a> {
    /// The first article, and the number of its element.
    any: Option<(usize, Decoded<'a>)>,
    many: bool,
    /// The same of those whose type is an article's.
    typed: Option<(usize, Decoded<'a>)>,
    many_typed: bool,
}

/// The article of an array, with the array's other elements in [`Decoded::container`]. `decode` reads one element.
pub(super) fn in_array<'a>(
    raw: &'a str,
    mut decode: impl FnMut(&'a str) -> Result<Decoded<'a>, Reject>,
) -> Result<Decoded<'a>, Reject> {
    if json::nests_deeper(raw, DEEPEST_CONTENT) {
        return Err(Reject::NoBody);
    }
    let mut found = Found::default();
    let mut refused = None;
    let mut number = 0_usize;
    json::elements(raw, |element| {
        number += 1;
        if !element.starts_with(['{', '[']) {
            return ControlFlow::Continue(());
        }
        match decode(element) {
            Ok(article) => {
                if is_article(element) {
                    found.many_typed |= found.typed.is_some();
                    found.typed.get_or_insert((number, article));
                } else {
                    found.many |= found.any.is_some();
                    found.any.get_or_insert((number, article));
                }
            }
            Err(Reject::NoBody) => {}
            Err(reject) => {
                refused.get_or_insert(reject);
            }
        }
        // Two articles are too many, and so is anything that can't be read.
        if found.many_typed || refused.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if let Some(reject) = refused {
        return Err(reject);
    }
    let several = found.many_typed || found.typed.is_none() && found.many;
    if several {
        return Err(Reject::ManyArticles);
    }
    let (number, mut article) = found.typed.or(found.any).ok_or(Reject::NoBody)?;
    article.container = others(raw, number, article.container.take());
    Ok(article)
}

/// The article of an object that is none itself. `decode` reads the value of one of its fields.
pub(super) fn in_object<'a>(
    around: &Fields<'a>,
    mut decode: impl FnMut(&'a str) -> Result<Decoded<'a>, Reject>,
) -> Result<Decoded<'a>, Reject> {
    for name in fields::CONTAINERS {
        let Some(index) = around.find(name) else { continue };
        let value = around.list[index].value;
        if !value.starts_with(['{', '[']) {
            continue;
        }
        match decode(value) {
            Err(Reject::NoBody) => {}
            Err(reject) => return Err(reject),
            Ok(mut article) => {
                article.container = rest(around, index, article.container.take());
                return Ok(article);
            }
        }
    }
    Err(Reject::NoBody)
}

/// Is it an article by its type: schema.org's NewsArticle, BlogPosting, Report, LiveBlogPosting?
fn is_article(element: &str) -> bool {
    let object = Fields::parse(element).ok();
    let kind = object.as_ref().and_then(|object| object.get("@type")).unwrap_or_default();
    ["Article", "Posting", "Report"].iter().any(|word| kind.contains(word))
}

/// The elements of an array but for one, as JSON. `inner`: what stood around the article inside that one.
fn others(raw: &str, article: usize, inner: Option<String>) -> Option<String> {
    let mut others = String::new();
    let mut number = 0;
    json::elements(raw, |element| {
        number += 1;
        let element = if number == article { inner.as_deref() } else { Some(element).filter(|text| *text != "null") };
        if let Some(element) = element {
            others.push(if others.is_empty() { '[' } else { ',' });
            others.push_str(element);
        }
        ControlFlow::Continue(())
    });
    if others.is_empty() {
        return None;
    }
    others.push(']');
    Some(others)
}

/// The fields of an object but for the one that holds the article, as JSON; that one holds what stood around it there.
fn rest(around: &Fields<'_>, holder: usize, inner: Option<String>) -> Option<String> {
    let mut out = Vec::new();
    for (index, field) in around.list.iter().enumerate() {
        let value = if index == holder { inner.as_deref() } else { Some(field.value) };
        let Some(value) = value else { continue };
        out.push(if out.is_empty() { b'{' } else { b',' });
        write_text(&field.name, &mut out);
        out.push(b':');
        out.extend_from_slice(value.as_bytes());
    }
    if out.is_empty() {
        return None;
    }
    out.push(b'}');
    String::from_utf8(out).ok()
}
