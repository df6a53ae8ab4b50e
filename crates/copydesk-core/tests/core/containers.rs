//! Issue 14: what stands around an article (arrays, graphs, feeds, strings of JSON), bodies that are blocks or markup, and
//! what is no article at all. Never is a tag or JSON a paragraph.

use copydesk_core::pipeline::Limits;
use serde_json::{Value, json};

use crate::support::{code, record};

const FERRY: &str =
    "The ferry company said on Monday that its oldest ship would leave service before the winter storms begin.";
const OTHER: &str = "Another paragraph stands between the two of them, and is kept.";

#[track_caller]
fn body_of(payload: &Value) -> Value {
    record(payload.to_string().as_bytes())["bodyText"].clone()
}

#[test]
fn the_one_article_of_a_container_is_read() {
    let article = json!({"@type": "NewsArticle", "headline": "H", "articleBody": FERRY});
    let page = json!({"@type": "WebPage", "name": "x"});
    for (payload, container) in [
        (json!([article]), Value::Null),
        (json!([article, null]), Value::Null),
        (json!([page, article]), json!([page])),
        (json!({"@context": "c", "@graph": [page, article]}), json!({"@context": "c", "@graph": [page]})),
        (json!({"@graph": article}), Value::Null),
        (json!([{"@type": "Comment", "text": OTHER}, article]), json!([{"@type": "Comment", "text": OTHER}])),
        (json!({"version": "v", "items": [{"content_text": FERRY}]}), json!({"version": "v"})),
        (
            json!({"rss": {"channel": {"title": "t", "item": {"description": FERRY, "pubDate": "x"}}}}),
            json!({"rss": {"channel": {"title": "t"}}}),
        ),
        (
            json!({"bozo": false, "entries": [{"content": [{"type": "text/html", "value": format!("<p>{FERRY}</p>")}]}]}),
            json!({"bozo": false}),
        ),
        (json!([[article]]), Value::Null),
    ] {
        let record = record(payload.to_string().as_bytes());
        assert_eq!(record["bodyText"], FERRY, "{payload}");
        assert_eq!(record["extra"]["container"], container, "{payload}");
    }
}

#[test]
fn several_articles_and_none_are_refused() {
    let article = json!({"@type": "NewsArticle", "articleBody": FERRY});
    for (payload, expected) in [
        (json!([article, article]), "many_articles"),
        (json!({"@graph": [article, {"@type": "Report", "articleBody": OTHER}]}), "many_articles"),
        (json!({"feed": {}, "entries": [{"content": "<p>One.</p>"}, {"content": "<p>Two.</p>"}]}), "many_articles"),
        (json!({"articles": [{"content": FERRY}, {"content": OTHER}]}), "many_articles"),
        (json!([[article], [article]]), "many_articles"),
        (json!([{"@type": "WebPage"}]), "no_body"),
        (json!([FERRY, OTHER]), "no_body"),
        (json!({"@graph": []}), "no_body"),
    ] {
        assert_eq!(code(Limits::default(), payload.to_string().as_bytes()), expected, "{payload}");
    }
}

#[test]
fn json_in_a_string_is_what_it_holds() {
    let article = json!({"title": "T", "text": format!("{FERRY}\n{OTHER}")});
    let mut payload = article;
    for depth in 1..=2 {
        payload = json!(payload.to_string());
        let record = record(payload.to_string().as_bytes());
        assert_eq!(record["bodyText"], format!("{FERRY}\n{OTHER}"), "{depth} deep");
        assert_eq!(record["headline"], "T");
    }
    let deeper = json!(payload.to_string());
    assert_eq!(code(Limits::default(), deeper.to_string().as_bytes()), "invalid_json");
    assert_eq!(body_of(&json!(format!("{FERRY}\n{OTHER}"))), format!("{FERRY}\n{OTHER}"));
    assert_eq!(code(Limits::default(), json!(" \n").to_string().as_bytes()), "empty_payload");
}

#[test]
fn markup_in_text_goes() {
    let html = format!("<div><p>{FERRY}</p><p>{OTHER}</p><p>{FERRY}</p></div>");
    for name in ["content", "text", "articleBody", "body", "body_html", "content:encoded"] {
        let payload = json!({"title": "<b>P</b>", name: html, "date_published": "2015-09-03T00:01:01.000Z"});
        let record = record(payload.to_string().as_bytes());
        assert_eq!(record["bodyText"], format!("{FERRY}\n{OTHER}"), "{name}");
        assert_eq!(record["headline"], "P");
        assert_eq!(record["dropped"].as_array().map(Vec::len), Some(1));
        assert_eq!(record["datePublished"], "2015-09-03T00:01:01Z");
    }
    let inline = format!("One <b>bold</b> word and a <a href=\"x\">link</a>.\n{OTHER}");
    assert_eq!(body_of(&json!({"title": "T", "text": inline})), format!("One bold word and a link.\n{OTHER}"));
    let named = "The <p> element opens a paragraph, and <3 is a heart.";
    assert_eq!(body_of(&json!({"title": "T", "text": named})), named);
}

/// Plain text is its author's to the last character: a tag in it is what is written about.
#[test]
fn tags_inside_plain_text_stay() {
    for text in [
        format!("A headline\n\n{FERRY}\nThe <script>alert(1)</script> tag and a <b>bold</b> word.<br>"),
        format!("{FERRY}\n<p>a</p><p>b</p>\n{OTHER}"),
    ] {
        let record = record(text.as_bytes());
        let lines = record["headline"].as_str().into_iter().chain(record["bodyText"].as_str()).collect::<Vec<_>>();
        assert_eq!(lines.join("\n\n"), text);
    }
}

#[test]
fn html_payloads_are_read_and_xml_is_not() {
    for html in [
        format!("<!DOCTYPE html><html><head><title>x</title></head><body><p>{FERRY}</p></body></html>"),
        format!("<html><body><p>{FERRY}</p></body></html>"),
        format!("<p>{FERRY}</p>"),
        format!(
            "<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"><body><p>{FERRY}</p></body></html>"
        ),
    ] {
        assert_eq!(record(html.as_bytes())["bodyText"], FERRY, "{html}");
    }
    for xml in
        ["<?xml version=\"1.0\"?><story>x</story>", "<rss><channel/></rss>", "<nitf><body/></nitf>", "<a:b>x</a:b>"]
    {
        assert_eq!(code(Limits::default(), xml.as_bytes()), "unsupported_format", "{xml}");
    }
}

#[test]
fn bodies_that_are_arrays_or_blocks_are_read() {
    for body in [
        json!([FERRY, OTHER]),
        json!([{"@type": "Text", "value": FERRY}, {"@type": "Text", "value": OTHER}]),
        json!([{"type": "paragraph", "text": FERRY}, {"type": "paragraph", "text": OTHER}]),
        json!({"type": "doc", "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": &FERRY[..9]}, {"type": "text", "marks": [{"type": "bold"}], "text": &FERRY[9..]}]},
            {"type": "paragraph", "content": [{"type": "text", "text": OTHER}]},
        ]}),
        json!(json!({"blocks": [{"type": "paragraph", "data": {"text": FERRY}}, {"type": "paragraph", "data": {"text": OTHER}}]}).to_string()),
        json!({"paragraphs": [FERRY, {"text": OTHER}]}),
        json!([{"type": "text", "content": format!("<p>{FERRY}</p>")}, {"type": "image", "caption": "x"}, {"type": "text", "content": OTHER}]),
    ] {
        for name in ["text", "articleBody", "content", "body"] {
            assert_eq!(body_of(&json!({"title": "A", name: body})), format!("{FERRY}\n{OTHER}"), "{name}: {body}");
        }
    }
    // What is not read stays.
    let blocks = json!([{"type": "text", "content": FERRY}, {"type": "image", "caption": "x"}]);
    let record = record(json!({"title": "A", "body": blocks}).to_string().as_bytes());
    assert_eq!(record["extra"]["body"], blocks);
}

#[test]
fn shapes_of_feeds_and_extractors() {
    let feedparser = json!({
        "title": "F", "id": "1", "link": "https://n.example/1", "summary": "<p>Short.</p>",
        "content": [{"type": "text/html", "language": null, "base": "", "value": format!("<p>{FERRY}</p>")}],
        "published": "Thu, 03 Sep 2015 00:01:01 +0200", "published_parsed": [2015, 9, 2, 22, 1, 1, 2, 245, 0],
    });
    let of_summary = json!({"title": "F", "summary": format!("<p>{FERRY}</p>"), "published": "Thu, 03 Sep 2015 00:01:01 +0200", "published_parsed": [2015]});
    let rss = json!({"title": "R", "pubDate": "Thu, 03 Sep 2015 00:01:01 +0200", "description": "Short.", "content:encoded": format!("<p>{FERRY}</p>")});
    let json_feed = json!({"id": "3", "title": "J", "content_text": FERRY, "content_html": "<p>no</p>", "date_published": "2015-09-03T00:01:01+02:00"});
    let goose = json!({"title": "G", "cleaned_text": FERRY, "publish_date": "2015-09-03T00:01:01+02:00", "meta_description": "Short.", "opengraph": {"type": "article"}, "domain": "n.example"});
    let readability = json!({"title": "R", "content": format!("<div id=\"readability-page-1\"><p>{FERRY}</p></div>"), "textContent": FERRY, "excerpt": "Short.", "publishedTime": "2015-09-03T00:01:01+02:00"});
    for article in [feedparser, of_summary, rss, json_feed, goose, readability] {
        let record = record(article.to_string().as_bytes());
        assert_eq!(record["bodyText"], FERRY, "{article}");
        assert_eq!(record["datePublished"], "2015-09-03T00:01:01+02:00", "{article}");
    }
    // A summary is no body of an article whose text is missing.
    let empty = json!({"title": "T", "text": "", "description": "Short.", "summary": "Short."});
    assert_eq!(code(Limits::default(), empty.to_string().as_bytes()), "no_body");
}

#[test]
fn half_of_a_surrogate_pair_costs_no_article() {
    let record =
        record(format!(r#"{{"title":"E \ude00","text":"{FERRY}\ud83d","note":"cut \ud83d","a\ud83d":1}}"#).as_bytes());
    assert_eq!(record["bodyText"], format!("{FERRY}\u{FFFD}"));
    assert_eq!(record["headline"], "E \u{FFFD}");
    assert_eq!(record["extra"], json!({"note": "cut \u{FFFD}", "a\u{FFFD}": 1}));
}

#[test]
fn the_zero_of_a_clock_is_no_date() {
    for zero in [
        "1970-01-01T00:00:00Z",
        "1970-01-01",
        "1970-01-01T01:00:00+01:00",
        "1969-12-31T19:00:00-05:00",
        "1970-01-01 00:00:00",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "1970-01-01T00:00:00.000Z",
        "0001-01-01T00:00:00",
        "1970-01-01T00:00:00+02:00",
        "0",
    ] {
        let dated = json!({"title": "E", "datePublished": zero, "text": format!("{FERRY}\nPublished: 4 May 2023")});
        assert_eq!(record(dated.to_string().as_bytes())["datePublished"], "2023-05-04", "{zero}");
        let alone = record(json!({"title": "E", "datePublished": zero, "text": FERRY}).to_string().as_bytes());
        assert_eq!((&alone["datePublished"], &alone["extra"]["datePublished"]), (&Value::Null, &json!(zero)));
    }
    let number = record(json!({"title": "E", "datePublished": 0, "text": FERRY}).to_string().as_bytes());
    assert_eq!((&number["datePublished"], &number["extra"]["datePublished"]), (&Value::Null, &json!(0)));
    let old = json!({"title": "E", "datePublished": "1970-01-02T10:30:00Z", "text": FERRY});
    assert_eq!(record(old.to_string().as_bytes())["datePublished"], "1970-01-02T10:30:00Z");
}

#[test]
fn readings_of_ruby_are_no_text() {
    let html = "<p>町の<ruby>灯台<rp>(</rp><rt>とうだい</rt><rp>)</rp></ruby>が二年ぶりに点灯した。</p>";
    assert_eq!(body_of(&json!({"title": "R", "language": "ja", "body_html": html})), "町の灯台が二年ぶりに点灯した。");
}

/// Control characters inside ordinary text are text.
#[test]
fn text_with_control_characters_is_read() {
    let text = format!("\u{1}A first line\u{0} with\u{8} some\n{FERRY}");
    assert!(record(text.as_bytes())["bodyText"].as_str().unwrap().contains(FERRY));
}
