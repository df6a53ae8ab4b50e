//! The names by which editors and content systems say what a block of a body is, and where its text stands.

/// Fields that hold a block's text, in order of preference.
pub(super) const TEXT: [&str; 14] = [
    "text",
    "value",
    "plain",
    "content_text",
    "content",
    "body_text",
    "articleBody",
    "html",
    "body_html",
    "rendered",
    "#text",
    "$t",
    "__cdata",
    "_",
];
/// Those of them that hold HTML.
pub(super) const HTML: [&str; 3] = ["html", "body_html", "rendered"];
/// Fields that hold blocks of a block, or its spans.
pub(super) const NESTED: [&str; 12] = [
    "children",
    "content",
    "contents",
    "blocks",
    "paragraphs",
    "items",
    "elements",
    "nodes",
    "data",
    "body",
    "rows",
    "cells",
];
/// Fields that say what a block is, in order of preference.
pub(super) const KIND: [&str; 8] =
    ["contentType", "contenttype", "content_type", "type", "@type", "_type", "nodeType", "blockType"];
/// Fields that say nothing which the text would have to.
pub(super) const SILENT: [&str; 8] = ["id", "_id", "_key", "key", "uid", "version", "level", "depth"];
/// Blocks that are no text of the story.
pub(super) const OTHER: [&str; 26] = [
    "image",
    "img",
    "figure",
    "picture",
    "photo",
    "video",
    "audio",
    "gallery",
    "slideshow",
    "embed",
    "oembed",
    "social",
    "tweet",
    "iframe",
    "script",
    "style",
    "ad",
    "ads",
    "advertisement",
    "advert",
    "divider",
    "delimiter",
    "attaches",
    "imageobject",
    "videoobject",
    "interstitial_link",
];
/// Spans: what is joined to what stands beside it.
pub(super) const SPANS: [&str; 18] = [
    "text",
    "span",
    "link",
    "hyperlink",
    "a",
    "b",
    "strong",
    "bold",
    "em",
    "i",
    "italic",
    "u",
    "underline",
    "mention",
    "mark",
    "code",
    "hardbreak",
    "br",
];
/// Line breaks inside a block.
pub(super) const BREAKS: [&str; 4] = ["hardbreak", "hard_break", "linebreak", "br"];
/// Blocks that hold blocks, never spans.
pub(super) const HOLDERS: [&str; 12] = [
    "doc",
    "document",
    "root",
    "list",
    "ul",
    "ol",
    "bulleted-list",
    "numbered-list",
    "bulletlist",
    "orderedlist",
    "table",
    "section",
];
