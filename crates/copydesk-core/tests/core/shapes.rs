//! Each shape in which feeds send articles: one article, written for this test, and everything that its record says.
//!
//! The texts lie under `articles/`. What a shape is known by (its names of fields, its line ends, its markup) is in the
//! article; what is asserted is exact, so that a field that is read from the wrong place can't go unnoticed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use copydesk_core::input::Header;
use serde_json::{Value, json};

use crate::support::{dropped, extra_without_dates, lines, record, record_with_headers};

/// An article's bytes, and its record held against what is expected of it.
macro_rules! article {
    ($file:literal) => {
        include_bytes!(concat!("articles/", $file)).as_slice()
    };
}

/// What the test says about a record, in the same order as the record.
#[track_caller]
fn assert_record(record: &Value, fields: Value, body: &[&str], kept: &[u64], repeats: Value, extra: Value) {
    for name in ["uri", "url", "source", "language", "headline", "versionCreated", "firstCreated", "embargoedUntil"] {
        assert_eq!(record[name], fields[name], "`{name}`");
    }
    assert_eq!(record["bodyText"], body.join("\n"), "`bodyText`");
    assert_eq!(lines(record), kept, "the lines of `paragraphs`");
    assert_eq!(dropped(record), repeats, "`line` and `repeatOf` of `dropped`");
    assert_eq!(extra_without_dates(record), extra, "`extra`");
}

#[test]
fn plain_text() {
    let record = record(article!("plain-arabic.txt"));
    let uri = "urn:sha256:72277bd665d72e95627ef7b409aafa172194c1b34e636bf19a5d8cfd498514ca";
    assert_record(
        &record,
        json!({"uri": uri, "headline": "قرية الصيادين تعيد بناء مينائها القديم"}),
        &[
            "عاد الصيادون هذا الأسبوع إلى رصيف الميناء الذي هدمته العاصفة قبل عامين.",
            "وقال رئيس التعاونية إن القوارب الصغيرة ستخرج إلى البحر قبل نهاية الشهر.",
            "إعلان",
            "إعلان",
        ],
        &[2, 3, 6, 7],
        json!([[4, 2], [5, 3]]),
        json!({}),
    );
    // The first repeat is written with tatweel and harakat, the second as the first was.
    let texts: Vec<_> = record["dropped"].as_array().unwrap().iter().map(|dropped| &dropped["text"]).collect();
    let variant = json!("عـــاد الصَّيادون هذا الأسبوع إلى رصيف الميناء الذي هدمته العاصفة قبل عامين.");
    assert_eq!(texts, [&variant, &Value::Null]);
    assert_eq!(record["stats"]["linesIn"], 8);
    assert_eq!(record["stats"]["linesOut"], 4);
}

#[test]
fn hard_wrapped_text() {
    let record = record(article!("wrapped-german.txt"));
    assert_record(
        &record,
        json!({"uri": record["uri"], "headline": "STORCH AUS DEM KAMIN BEFREIT"}),
        &[
            "Die Feuerwehr von Altenbrück hat in der Nacht einen Storch aus dem Kamin der alten Ziegelei befreit, \
             nachdem Spaziergänger das Klappern gehört hatten.",
            "Der Vogel blieb unverletzt und saß schon am Morgen wieder auf seinem Nest, wie der Wehrführer \
             berichtete, der selbst auf die Leiter gestiegen war.",
        ],
        &[2, 6],
        json!([[10, 2]]),
        json!({}),
    );
}

#[test]
fn ninjs_1() {
    let record = record(article!("ninjs-1.6-russian.json"));
    assert_record(
        &record,
        json!({
            "uri": "tag:ladoga.example,2024:story:17", "source": "Вестник Ладоги", "language": "ru",
            "headline": "Старый паром снова ходит через озеро",
            "versionCreated": "2024-02-03T09:15:00+03:00", "firstCreated": "2024-02-03T08:00:00+03:00",
            "embargoedUntil": "2024-02-03T12:00:00+03:00",
        }),
        &[
            "Паром, построенный полвека назад, снова перевозит жителей острова на берег.",
            "Капитан говорит, что новый двигатель тише старого холодильника.",
        ],
        &[0, 1],
        json!([[2, 0]]),
        json!({"type": "text", "version": "3", "byline": "Вера Лугина", "located": "Остров"}),
    );
    assert_eq!(
        record["dropped"][0]["text"],
        "ПАРОМ, построенный полвека назад, снова  перевозит жителей острова на берег."
    );
}

#[test]
fn ninjs_2() {
    let article = article!("ninjs-2.2-french.json");
    let input: Value = serde_json::from_slice(article).unwrap();
    assert_record(
        &record(article),
        json!({
            "uri": "urn:newsml:alpage.example:20240311:fromage", "language": "fr",
            "headline": "Les bergers rouvrent la cave à fromage du col", "versionCreated": "2024-03-11T07:30:00+01:00",
        }),
        &[
            "La cave du col, fermée depuis trois hivers, accueille de nouveau les meules des bergers.",
            "Les visiteurs pourront goûter la première tomme dès que la neige aura fondu.",
        ],
        &[0, 1],
        json!([[2, 0]]),
        // The short headline and the HTML body are said nowhere else.
        json!({
            "type": "text", "standard": input["standard"], "headlines": input["headlines"], "bodies": input["bodies"],
        }),
    );
}

#[test]
fn ninjs_3() {
    assert_record(
        &record(article!("ninjs-3.1-spanish.json")),
        json!({
            "uri": "urn:newsml:meseta.example:20240418:tren", "language": "es",
            "headline": "El tren de la meseta vuelve a parar en el pueblo",
            "firstCreated": "2024-04-18T05:00:00Z", "versionCreated": "2024-04-18T06:10:00Z",
            "embargoedUntil": "2024-04-18T09:00:00Z",
        }),
        &[
            "Casi cien vecinos esperaban en el andén con una banda de música y rosquillas.",
            "«Pensé que no lo vería», dijo la antigua taquillera, que guardaba la llave.",
        ],
        &[1, 2],
        json!([[0, "headline"], [3, 2]]),
        json!({
            "standard": {"name": "ninjs", "version": "3.1"}, "altIds": [{"role": "internal", "value": "77-A"}],
        }),
    );
}

#[test]
fn schema_org() {
    let record = record(article!("schema-org-chinese.json"));
    assert_record(
        &record,
        json!({
            "uri": record["uri"], "url": "https://news.example/zh/1", "language": "zh-CN", "headline": "山村图书馆夜间开放",
        }),
        &[
            "山村图书馆从本周起每晚开放到十点，孩子们可以在暖和的房间里写作业。",
            "馆长说，去年冬天停电的时候，村民们点着蜡烛来还书。",
        ],
        &[0, 1],
        json!([[2, 0]]),
        json!({
            "@context": "https://schema.org", "@type": "NewsArticle", "@id": "https://news.example/zh/1",
            "author": {"@type": "Person", "name": "林小雨"},
        }),
    );
}

#[test]
fn trafilatura() {
    let record = record(article!("trafilatura-hindi.json"));
    assert_record(
        &record,
        json!({
            "uri": record["uri"], "source": "news.example", "language": "hi", "headline": "नदी के घाट पर फिर लौटे नाविक",
        }),
        &[
            "नदी के घाट पर नाविकों ने अपनी पुरानी नावें फिर से पानी में उतार दीं।",
            "गाँव की पंचायत ने मरम्मत के लिए ७५ परिवारों को लकड़ी दी।",
        ],
        &[0, 1],
        json!([[2, 1]]),
        json!({
            "author": "मीरा", "hostname": "news.example", "fingerprint": "c0ffee", "id": null, "license": null,
            "comments": "", "raw_text": "", "source": "https://news.example:8443/hi/ghat?ref=feed",
            "source-hostname": "Example News", "excerpt": "घाट की खबर",
        }),
    );
    assert!(record["uri"].as_str().unwrap().starts_with("urn:sha256:"), "an id of null is none");
}

#[test]
fn newspaper4k() {
    let record = record(article!("newspaper4k-japanese.json"));
    assert_record(
        &record,
        json!({
            "uri": record["uri"], "url": "https://news.example/ja/raw", "headline": "岬の灯台守、最後の明かりをともす",
        }),
        &[
            "岬の灯台守は四十年間、嵐の夜も一日も休まずに明かりをともし続けてきた。",
            "来月からはすべて機械が灯台の明かりを見守ることになる。",
        ],
        &[0, 2],
        json!([[4, 0]]),
        json!({
            "canonical_link": "https://news.example/ja/lighthouse", "authors": ["山本 花"], "meta_lang": "ja",
            "is_parsed": true,
        }),
    );
}

#[test]
fn news_please() {
    let record = record(article!("news-please-greek.json"));
    assert_record(
        &record,
        json!({
            "uri": record["uri"], "url": "https://nisi.example/melisses", "source": "nisi.example", "language": "el",
            "headline": "Οι μέλισσες ανεβαίνουν στο βουνό",
        }),
        &[
            "Οι μελισσοκόμοι του νησιού μετέφεραν τις κυψέλες τους στο βουνό με τα γαϊδούρια.",
            "Το θυμάρι άνθισε νωρίς φέτος και το μέλι θα είναι περισσότερο από πέρσι.",
        ],
        &[0, 1],
        json!([[2, 0]]),
        json!({
            "authors": ["Ελένη Μ."], "date_download": "2024-07-08 10:00:00", "filename": "x.json", "localpath": null,
        }),
    );
}

#[test]
fn zyte() {
    let record = record(article!("zyte-hebrew.json"));
    assert_record(
        &record,
        json!({
            "uri": record["uri"], "url": "https://iton.example/bakery", "language": "he",
            "headline": "המאפייה של השכונה נשארת פתוחה",
        }),
        &[
            "תושבי השכונה אספו כסף במשך שנה כדי שהמאפייה הישנה לא תיסגר.",
            "האופה אמר שהלחם הראשון יחולק בחינם לכל מי שתרם.",
        ],
        &[0, 2],
        json!([[4, 2]]),
        json!({
            "breadcrumbs": [{"name": "חדשות"}], "articleBodyHtml": "<article><p>תושבי השכונה</p></article>",
            "metadata": {"probability": 0.98},
        }),
    );
}

#[test]
fn an_html_twin() {
    assert_record(
        &record(article!("html-polish.json")),
        json!({
            "uri": "4711", "url": "https://gazeta.example/most", "language": "pl",
            "headline": "Drewniany most nad rzeką znów otwarty",
        }),
        &[
            "Most stoi",
            "Mieszkańcy obu brzegów przeszli rano po nowych deskach drewnianego mostu.",
            "Most ma osiem przęseł i dwie latarnie & dzwonek.",
            "Tak",
            "Koniec",
        ],
        &[0, 1, 2, 3, 5],
        json!([[4, 1]]),
        json!({}),
    );
}

#[test]
fn a_body_and_a_source_that_are_objects() {
    assert_record(
        &record(article!("body-object-korean.json")),
        json!({
            "uri": "kr-9", "source": "바다신문", "language": "ko", "headline": "섬마을 학교에 새 악기가 도착했다",
        }),
        &[
            "섬마을 학교 학생들은 오늘 처음으로 첼로와 바이올린 소리를 가까이에서 들었다.",
            "선생님은 악기를 실은 배가 사흘이나 늦었다고 말했다.",
        ],
        &[0, 1],
        json!([[2, 0]]),
        json!({"source": {"name": "바다신문", "country": "KR"}}),
    );
}

/// The article that all events below carry, and what its record says, but for `uri` and `extra.cloudevent`.
const IN_EVENT: &[u8] = article!("event-data-portuguese.json");

fn assert_event(record: &Value, uri: &Value, attributes: Value) {
    assert_record(
        record,
        json!({
            "uri": uri, "url": "https://jornal.example/farol", "language": "pt", "headline": "O farol volta a acender",
        }),
        &["O faroleiro aposentado foi convidado a acender de novo a lâmpada do cabo."],
        &[0],
        json!([[1, 0]]),
        json!({"desk": "costa", "cloudevent": attributes}),
    );
}

#[test]
fn structured_cloud_events() {
    let attributes = json!({
        "specversion": "1.0", "type": "example.article.scraped", "source": "/scraper/7", "id": "ev-1",
        "datacontenttype": "application/json",
    });
    let article: Value = serde_json::from_slice(IN_EVENT).unwrap();
    let text = std::str::from_utf8(IN_EVENT).unwrap();
    for (name, data) in [("data", article), ("data", json!(text)), ("data_base64", json!(STANDARD.encode(IN_EVENT)))] {
        let mut event = attributes.clone();
        event[name] = data;
        assert_event(&record(event.to_string().as_bytes()), &json!("ev-1"), attributes.clone());
    }
}

#[test]
fn a_binary_cloud_event() {
    let headers: [Header<'_>; 5] = [
        ("trace", b"kept by the worker, not by the record"),
        ("ce_specversion", b"1.0"),
        ("ce_type", b"example.article.scraped"),
        ("ce_source", b"/scraper/7"),
        ("ce_id", b"ev-2"),
    ];
    let attributes =
        json!({"specversion": "1.0", "type": "example.article.scraped", "source": "/scraper/7", "id": "ev-2"});
    assert_event(&record_with_headers(IN_EVENT, &headers), &json!("ev-2"), attributes);
}

#[test]
fn a_plain_article_inside_an_event() {
    let event = json!({
        "specversion": "1.0", "type": "t", "id": "ev-3", "data": "The gate opens\nThe keeper had oiled the hinges twice.",
    });
    let record = record(event.to_string().as_bytes());
    assert_eq!(record["headline"], "The gate opens");
    assert_eq!(record["bodyText"], "The keeper had oiled the hinges twice.");
    assert_eq!(lines(&record), [1]);
    assert_eq!(record["uri"], "ev-3");
}

#[test]
fn a_byte_order_mark_is_no_text() {
    let with_mark = [b"\xEF\xBB\xBF", article!("body-object-korean.json")].concat();
    assert_eq!(record(&with_mark), record(article!("body-object-korean.json")));
}

/// A known name with a value of the wrong type is not that field, and stays under `extra`.
#[test]
fn fields_of_the_wrong_type_are_passed_by() {
    let article = json!({
        "body_text": 5, "articleBody": "  ", "maintext": [5], "content": "The harbour froze over on the first night.",
        "headline": {"en": "x"}, "title": "Ice", "url": 7, "language": null, "source": [],
    });
    assert_record(
        &record(article.to_string().as_bytes()),
        json!({"uri": record(article.to_string().as_bytes())["uri"], "headline": "Ice"}),
        &["The harbour froze over on the first night."],
        &[0],
        json!([]),
        json!({
            "body_text": 5, "articleBody": "  ", "maintext": [5], "headline": {"en": "x"}, "url": 7,
            "language": null, "source": [],
        }),
    );
}
