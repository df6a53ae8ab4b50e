//! The page as people meet it.

use std::time::Duration;

use serde_json::json;

use crate::chromium::Tab;
use crate::shared;

const ARABIC: &str = include_str!("../../samples/02-arabic.txt");
const ENGLISH: &str = include_str!("../../samples/01-english-wire.txt");

/// Nothing in the console, and nothing asked of anybody else.
fn is_clean(tab: &mut Tab) {
    let complaints = tab.complaints();
    assert!(complaints.is_empty(), "the console has {complaints:#?}");
    let asked = tab.asked_for();
    assert!(!asked.is_empty(), "no request was seen: does this test look?");
    for url in asked {
        assert!(url.starts_with(&shared().url("/")) || url.starts_with("data:,"), "the page asked for {url}");
    }
}

/// The form is sent from the text field, and its answer is here.
fn result_of(tab: &mut Tab) -> String {
    tab.wait("!document.getElementById('result').hidden && document.querySelector('form').ariaBusy !== 'true'");
    tab.text("document.getElementById('result').innerText")
}

#[test]
fn lanes_plots_and_dead_letters_appear_and_move() {
    let mut tab = Tab::open();
    tab.size(1200, 900, false);
    tab.go(&shared().url("/"));
    assert_eq!(tab.text("document.querySelector('#verdict .state').textContent"), "Ready");
    assert_eq!(tab.ask("document.querySelectorAll('#lanes tbody tr').length"), json!(2));
    tab.wait("document.querySelectorAll('#lanes .partitions li').length === 2");
    for line in [".line.records", ".line.half", ".line.most", ".line.commit"] {
        let path = format!("document.querySelector('#plots {line}').getAttribute('d')");
        tab.wait(&format!("{path}.length > 20"));
        let before = tab.text(&path);
        tab.wait(&format!("{path} !== {}", json!(before)));
    }
    tab.wait("parseFloat(document.querySelector('#plots .figure strong').textContent) > 5");
    tab.wait("document.querySelector('#lanes .rate .number').textContent !== '0'");
    tab.wait("document.querySelector('#lanes .partitions .lag').textContent !== ' lag –'");
    tab.wait("document.querySelectorAll('#dead-letters tbody tr').length > 3");
    assert!(tab.text("document.querySelector('#dead-letters tbody').innerText").contains("invalid_utf8"));
    let letter = "document.querySelector('#dead-letters tbody td:nth-child(4)').textContent";
    let before = tab.text(letter);
    tab.wait(&format!("{letter} !== {}", json!(before)));
    // A pause is one.
    tab.ask("document.getElementById('pause').click()");
    std::thread::sleep(Duration::from_millis(1200));
    let still = tab.text("document.getElementById('now').innerHTML");
    std::thread::sleep(Duration::from_millis(2500));
    assert!(tab.text("document.getElementById('now').innerHTML") == still, "the page moves while it is paused");
    tab.ask("document.getElementById('pause').click()");
    tab.wait(&format!("document.getElementById('now').innerHTML !== {}", json!(still)));
    assert!(tab.asked_for().iter().any(|url| url.ends_with("/now")));
    is_clean(&mut tab);
}

#[test]
fn the_playground_is_used_by_keyboard_alone_and_arabic_reads_from_the_right() {
    let mut tab = Tab::open();
    tab.size(1200, 900, false);
    tab.go(&shared().url("/"));
    let focused = "document.activeElement.id || document.activeElement.className || document.activeElement.textContent";
    tab.press("Tab", 9, false);
    assert_eq!(tab.text(focused), "skip");
    tab.press("Enter", 13, false);
    tab.press("Tab", 9, false);
    assert_eq!(tab.text(focused), "article");
    tab.insert(ARABIC);
    tab.press("Enter", 13, true);
    let result = result_of(&mut tab);
    assert_eq!(tab.text(focused), "result", "the answer is not where the reader is");
    assert!(result.contains("paragraphs kept") && result.contains("datePublished"), "{result}");
    let direction =
        |tab: &mut Tab, what: &str| tab.text(&format!("getComputedStyle(document.querySelector('{what}')).direction"));
    assert_eq!(direction(&mut tab, "#article"), "rtl");
    assert_eq!(direction(&mut tab, "#headline"), "rtl");
    assert_eq!(direction(&mut tab, ".inspection .kept .text"), "rtl");
    // The line's number stands where the line begins: at the right.
    let at = |tab: &mut Tab, what: &str| {
        tab.ask(&format!("document.querySelector('.inspection .kept {what}').getBoundingClientRect().left"))
    };
    assert!(at(&mut tab, ".number").as_f64() > at(&mut tab, ".text").as_f64());

    // On through the answer to the examples and back, and another article by the button.
    tab.press("Tab", 9, false);
    tab.ask("document.getElementById('article').select(), document.getElementById('article').focus()");
    tab.insert(ENGLISH);
    tab.press("Tab", 9, false);
    assert_eq!(tab.text(focused), "Clean it");
    tab.press("Enter", 13, false);
    tab.wait("document.getElementById('headline').textContent.startsWith('Harbour')");
    assert_eq!(direction(&mut tab, ".inspection .kept .text"), "ltr");
    assert!(result_of(&mut tab).contains("repeat of line 5, written otherwise"));
    // What a link in the answer leads to is the line that is repeated.
    tab.wait("document.querySelector(document.querySelector('.inspection .remark a').hash).classList.contains('kept')");
    is_clean(&mut tab);
}

#[test]
fn an_article_with_a_script_comes_out_as_text() {
    let mut tab = Tab::open();
    tab.go(&shared().url("/"));
    let evil = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">";
    let long = format!("{evil} and enough beside it that this line is surely a paragraph.");
    let articles = [
        format!("A headline\n\n{long}\n{long}\n"),
        json!({ "title": evil, "text": long, "url": evil, "x": { evil: evil } }).to_string(),
        format!("{{\"{evil}"),
    ];
    for article in articles {
        tab.ask(&format!(
            "document.getElementById('result').hidden = true, document.getElementById('article').value = {}",
            json!(article)
        ));
        tab.ask("document.getElementById('article').focus()");
        tab.press("Enter", 13, true);
        let result = result_of(&mut tab);
        assert!(result.contains("onerror") || result.contains("invalid_json"), "{result}");
        assert_eq!(tab.ask("document.querySelectorAll('#result script, #result img').length"), json!(0));
        assert_eq!(tab.text("document.title"), "copydesk · desk-1");
    }
    is_clean(&mut tab);
}

#[test]
fn it_fits_a_phone_the_night_and_text_from_the_right() {
    let mut tab = Tab::open();
    let background = "getComputedStyle(document.documentElement).backgroundColor";
    tab.size(1200, 900, false);
    tab.go(&shared().url("/?example=Arabic"));
    let day = tab.text(background);
    tab.prefer("prefers-color-scheme", "dark");
    assert_ne!(tab.text(background), day, "the page has no night");
    tab.ask("document.querySelector('form').requestSubmit()");
    result_of(&mut tab);
    for direction in ["ltr", "rtl"] {
        tab.ask(&format!("document.documentElement.dir = '{direction}'"));
        for width in [320, 375, 768, 1200] {
            tab.size(width, 800, width < 700);
            let wide = tab.ask("document.documentElement.scrollWidth");
            assert!(wide.as_u64() <= Some(width.into()), "{wide} pixels wide in a window of {width}, {direction}");
        }
    }
    tab.size(375, 800, true);
    // What a finger has to meet is as high as one.
    let low = "[...document.querySelectorAll('button:not([hidden])')].filter(button => button.getBoundingClientRect().height < 40).length";
    assert_eq!(tab.ask(low), json!(0));
    is_clean(&mut tab);
}

#[test]
fn it_is_calm_where_that_is_preferred() {
    let mut tab = Tab::open();
    tab.prefer("prefers-reduced-motion", "reduce");
    tab.go(&shared().url("/"));
    std::thread::sleep(Duration::from_millis(7500));
    tab.ask("1");
    let loads = tab.asked_for().iter().filter(|url| url.ends_with("/now")).count();
    assert!((1..=2).contains(&loads), "{loads} loads in seven and a half seconds");
    is_clean(&mut tab);
}

#[test]
fn without_a_script_it_shows_and_does_the_same() {
    let mut tab = Tab::open();
    tab.call("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    tab.size(1200, 900, false);
    tab.go(&shared().url("/?example=English"));
    let text = tab.text("document.body.innerText");
    for expected in ["Without JavaScript", "Throughput", "articles/s", "lane", "partitions and lag", "ready"] {
        assert!(text.contains(expected), "no {expected:?} in {text}");
    }
    tab.ask("document.getElementById('article').focus()");
    tab.press("Tab", 9, false);
    tab.press("Enter", 13, false);
    tab.wait("document.querySelectorAll('.inspection .dropped').length === 2");
    assert!(tab.text("location.href").ends_with("/#result"));
    assert!(tab.text("document.getElementById('article').value").starts_with("Harbour town"));
    is_clean(&mut tab);
}

/// The page fits desk and phone, by day and by night. With `COPYDESK_SCREENSHOTS=FOLDER` the pictures are kept, with plots
/// that have filled up for five minutes; the one in `docs/` is `desk-day.png`.
#[test]
fn pictures() {
    let folder = std::env::var_os("COPYDESK_SCREENSHOTS");
    let demo = shared();
    if folder.is_some() {
        std::thread::sleep(Duration::from_secs(300));
    }
    for (name, width, scheme, article) in [
        ("desk-day", 1200, "light", ENGLISH),
        ("desk-night", 1200, "dark", ARABIC),
        ("phone-day", 375, "light", ARABIC),
        ("phone-night", 375, "dark", ENGLISH),
    ] {
        let mut tab = Tab::open();
        tab.size(width, 800, width < 700);
        tab.prefer("prefers-color-scheme", scheme);
        tab.call("Emulation.setScrollbarsHidden", json!({ "hidden": true }));
        tab.go(&demo.url("/"));
        tab.ask(&format!("document.getElementById('article').value = {}", json!(article)));
        tab.ask("document.querySelector('form').requestSubmit()");
        result_of(&mut tab);
        tab.ask("document.querySelector('details').open = false, document.activeElement.blur(), scrollTo(0, 0)");
        let picture = tab.picture();
        // The header chunk of a PNG: the width in bytes 16 to 19, in pixels of the device.
        assert_eq!(picture.get(1..4), Some(&b"PNG"[..]), "{name}");
        let pixels = picture.get(16..20).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
        assert!(pixels.is_some_and(|pixels| pixels % width == 0), "{name} is {pixels:?} wide, so something sticks out");
        if let Some(folder) = &folder {
            std::fs::write(std::path::Path::new(folder).join(format!("{name}.png")), picture).unwrap();
        }
    }
}
