//! The names under which feeds send what an article is made of, in order of preference.
//!
//! Sources: ninjs 1.6, 2.2 and 3.1 (IPTC), schema.org NewsArticle, and the output of trafilatura, newspaper4k,
//! news-please and Zyte.

pub(super) const BODY: &[&str] = &["body_text", "bodyText", "articleBody", "maintext", "text", "content", "body"];
pub(super) const BODY_HTML: &[&str] = &[
    "body_html",
    "bodyHtml",
    "body_xhtml",
    "bodyXhtml",
    "articleBodyHtml",
    "article_html",
    "content_html",
    "contentHtml",
    "text_html",
    "html",
];
/// Fields of an object that stands for a text: `{"text": …}`, ninjs 2 and 3 `{"value": …}`.
pub(super) const INNER_TEXT: &[&str] = &["text", "value", "plain", "content", "body_text", "articleBody"];
pub(super) const INNER_HTML: &[&str] = &["html", "body_html", "rendered"];
pub(super) const HEADLINE: &[&str] = &["headline", "title"];
pub(super) const URI: &[&str] = &["uri", "guid", "id"];
pub(super) const URL: &[&str] = &["url", "canonical_link", "canonicalUrl", "link"];
pub(super) const SOURCE: &[&str] = &["source", "source_domain", "source-hostname"];
pub(super) const LANGUAGE: &[&str] = &["language", "inLanguage", "lang"];
pub(super) const VERSION_CREATED: &[&str] = &["versioncreated", "versionCreated"];
pub(super) const FIRST_CREATED: &[&str] = &["firstcreated", "firstCreated"];
pub(super) const EMBARGOED: &[&str] = &["embargoed", "embargoedUntil"];
/// Date fields of publication: each that parses is in `dates[]`, the first gives `datePublished`.
pub(super) const PUBLISHED: &[&str] = &["datePublished", "date_publish", "publish_date", "date", "datePublishedRaw"];
/// When the article was fetched: relative dates resolve against it. Read, and left under `extra`.
pub(super) const FETCHED: &[&str] = &["fetched_at", "fetchedAt", "date_download"];

/// Every name that is read, with what it is read as.
pub fn known_fields() -> [(&'static [&'static str], &'static str); 14] {
    [
        (&["bodies"], "The body: ninjs 2 and 3, the first non-empty text, `text/plain` first."),
        (BODY, "The body: text, or an object with a text field."),
        (BODY_HTML, "The body as HTML, read where no text field holds it."),
        (&["headlines"], "The headline: ninjs 2 and 3, the one whose role is `main`, else the first."),
        (HEADLINE, "The headline."),
        (URI, "The identifier."),
        (URL, "Where the article was published."),
        (SOURCE, "Who published it; of a URL the host, of an object the name."),
        (LANGUAGE, "BCP 47 tag."),
        (VERSION_CREATED, "When this version was created."),
        (FIRST_CREATED, "When the first version was created."),
        (EMBARGOED, "Not to be published before."),
        (PUBLISHED, "The date of publication, in any form that a date line may have."),
        (FETCHED, "When the article was fetched: relative dates resolve against it."),
    ]
}
