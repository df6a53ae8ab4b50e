//! `clean` and `dates` are one function: each line of the tables of newsdates is read in an article as it is by itself.

use copydesk_core::pipeline::Cleaner;
use newsdates::{Context, DateStamp, parse, read_line};
use serde_json::{Value, json};

use super::support::clean_bytes;

#[path = "../../../newsdates/tests/support/tables.rs"]
mod tables;

/// 2024-01-18T10:00:00Z, the time of fetching of rows that name none.
const FETCHED: &str = "2024-01-18T10:00:00Z";

const STORY: &str =
    "The mill by the river was closed on the orders of the council, and nobody could say when it would open again.";

/// A line of a table, with the language and the time of fetching that its row names.
struct Row {
    text: String,
    language: Option<String>,
    fetched: String,
}

/// The text of every row of every table, whatever is expected of it, in all the languages that the row is read in.
fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for row in tables::names("").iter().flat_map(|name| tables::table(name)) {
        let fetched = row.fetched.trim_matches(['(', ')']);
        let fetched = if fetched == "-" { FETCHED } else { fetched };
        for context in row.contexts() {
            let language = context.language.map(str::to_owned);
            rows.push(Row { text: row.text.clone(), language, fetched: fetched.to_owned() });
        }
    }
    rows
}

/// The dates of the line by itself, once those that are open have seen the others of the line.
fn by_itself(row: &Row) -> Option<DateStamp> {
    let now = row.fetched.parse::<jiff::Timestamp>().unwrap().as_millisecond();
    let context = Context { language: row.language.as_deref(), now: Some(now), ..Context::default() };
    let stamp = read_line(&row.text, &context)?;
    if stamp.dates.iter().all(|date| date.value.is_some()) {
        return Some(stamp);
    }
    let order = stamp.dates.iter().find_map(|date| date.order);
    let near = stamp.dates.iter().find_map(|date| date.value).map(|value| value.date);
    read_line(&row.text, &Context { order, near, ..context })
}

/// Value, precision, calendar and role of each date.
fn expected(stamp: Option<&DateStamp>) -> Vec<Value> {
    let dates = stamp.map(|stamp| stamp.dates.as_slice()).unwrap_or_default();
    let of = |date: &newsdates::Reading| {
        json!([
            date.value.map(|value| value.to_string()),
            date.precision.as_str(),
            date.calendar.as_str(),
            date.role.as_str()
        ])
    };
    dates.iter().map(of).collect()
}

fn in_article(cleaner: &mut Cleaner, row: &Row) -> Value {
    let mut article = json!({ "title": "Mill", "fetched_at": row.fetched, "text": format!("{}\n{STORY}", row.text) });
    if let Some(language) = &row.language {
        article["language"] = json!(language);
    }
    serde_json::from_slice(&clean_bytes(cleaner, article.to_string().as_bytes(), &[]).unwrap()).unwrap()
}

#[test]
fn a_line_of_an_article_is_read_as_by_itself() {
    let mut wrong = Vec::new();
    let (mut stamps, mut others) = (0, 0);
    // One cleaner for all: what it keeps of a line must not be seen in another article.
    let mut cleaner = Cleaner::default();
    let rows = rows();
    for row in &rows {
        let stamp = by_itself(row);
        let record = in_article(&mut cleaner, row);
        let found: Vec<Value> = record["dates"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|date| date["line"] == 0)
            .map(|date| json!([date["value"], date["precision"], date["calendar"], date["role"]]))
            .collect();
        let body = record["bodyText"].as_str().unwrap();
        let is_lifted = body == STORY;
        if found != expected(stamp.as_ref()) || is_lifted != stamp.is_some() {
            wrong.push(format!("{:?} {:?}: by itself {stamp:?}, in the article {found:?}", row.text, row.language));
        }
        *(if stamp.is_some() { &mut stamps } else { &mut others }) += 1;
    }
    assert!(stamps > 2_000 && others > 2_000, "{stamps} date stamps, {others} others: are the tables still read?");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// A parse that is kept says in each context what the line says there.
#[test]
fn a_parse_says_what_the_line_says() {
    let instants = [None, Some(1_705_572_000_000), Some(1_774_000_800_000)];
    for row in rows() {
        let parsed = parse(&row.text);
        for now in instants {
            for language in [None, row.language.as_deref(), Some("hu"), Some("en")] {
                let context = Context { language, now, ..Context::default() };
                let again = parsed.as_ref().and_then(|parsed| parsed.read(&context));
                assert_eq!(again.as_deref(), read_line(&row.text, &context).as_ref(), "{:?} {language:?}", row.text);
            }
        }
    }
}

/// The verdict with the time of the fetch counts: what was still to come, and a day of long ago, are no date stamps.
#[test]
fn what_the_time_of_the_fetch_rejects_stays_in_the_body() {
    for (line, fetched, is_stamp) in [
        ("Lyon, 24 December 2026, 20:00", "2026-03-20T10:00:00Z", false),
        ("Lyon, 24 December 2026, 20:00", "2026-12-24T21:00:00Z", true),
        ("October 7", "2026-03-20T10:00:00Z", false),
        ("October 7", "2026-10-08T10:00:00Z", true),
    ] {
        let row = Row { text: line.to_owned(), language: None, fetched: fetched.to_owned() };
        let record = in_article(&mut Cleaner::default(), &row);
        assert_eq!(record["dates"].as_array().unwrap().len(), usize::from(is_stamp), "{line} {fetched}");
        assert_eq!(record["datePublished"].is_string(), is_stamp, "{line} {fetched}");
        let first = record["bodyText"].as_str().unwrap().lines().next().unwrap();
        assert_eq!(first, if is_stamp { STORY } else { line });
    }
}
