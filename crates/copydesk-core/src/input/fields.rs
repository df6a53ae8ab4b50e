//! The names under which feeds send what an article is made of, in order of preference.
//!
//! Sources: ninjs 1.6, 2.2 and 3.1 (IPTC), schema.org NewsArticle, JSON Feed 1.1, RSS as JSON, and the output of
//! trafilatura, newspaper4k, news-please, Zyte, Readability, Postlight, feedparser and goose3.

pub(super) const BODY: &[&str] = &[
    "body_text",
    "bodyText",
    "articleBody",
    "maintext",
    "cleaned_text",
    "content_text",
    "text",
    "content",
    "body",
    "textContent",
];
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
    "content:encoded",
    "content_encoded",
];
/// Bodies that are blocks by their name.
pub(super) const BODY_BLOCKS: &[&str] = &["content_elements", "blocks", "paragraphs"];
/// What an entry of a feed has for a body where it has no other. (Elsewhere these are summaries of a text that is missing.)
pub(super) const SUMMARY: &[&str] = &["summary", "description"];
/// Fields by which an entry of a feed is known.
pub(super) const OF_ENTRY: &[&str] =
    &["pubDate", "published_parsed", "updated_parsed", "summary_detail", "title_detail", "guidislink"];
/// Where the articles are that an object holds without being one: JSON-LD, JSON Feed, feedparser, news APIs, RSS as JSON.
pub(super) const CONTAINERS: &[&str] =
    &["@graph", "items", "entries", "articles", "item", "rss", "channel", "feed", "mainEntity", "article", "objects"];
pub(super) const HEADLINE: &[&str] = &["headline", "title"];
pub(super) const URI: &[&str] = &["uri", "guid", "id"];
pub(super) const URL: &[&str] = &["url", "canonical_link", "canonicalUrl", "link", "final_url"];
pub(super) const SOURCE: &[&str] = &["source", "source_domain", "source-hostname", "siteName", "domain"];
pub(super) const LANGUAGE: &[&str] = &["language", "inLanguage", "lang"];
pub(super) const VERSION_CREATED: &[&str] = &["versioncreated", "versionCreated"];
pub(super) const FIRST_CREATED: &[&str] = &["firstcreated", "firstCreated"];
pub(super) const EMBARGOED: &[&str] = &["embargoed", "embargoedUntil"];
/// Date fields of publication: each that parses is in `dates[]`, the first gives `datePublished`.
pub(super) const PUBLISHED: &[&str] = &[
    "datePublished",
    "date_publish",
    "publish_date",
    "date_published",
    "pubDate",
    "published",
    "publishedTime",
    "publishedAt",
    "published_at",
    "date",
    "dc:date",
    "datePublishedRaw",
];
/// When the article was fetched: relative dates resolve against it. Read, and left under `extra`.
pub(super) const FETCHED: &[&str] = &["fetched_at", "fetchedAt", "date_download"];

/// Every name that is read, with what it is read as.
pub fn known_fields() -> [(&'static [&'static str], &'static str); 16] {
    [
        (&["bodies"], "The body: ninjs 2 and 3, the first non-empty text, `text/plain` first."),
        (BODY, "The body: text (markup in it goes), an array of paragraphs or blocks, or an object with a text field."),
        (BODY_HTML, "The body as HTML, read where no text field holds it."),
        (BODY_BLOCKS, "The body as blocks, read where no other field holds it."),
        (SUMMARY, "The body of an entry of a feed that has no other."),
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
