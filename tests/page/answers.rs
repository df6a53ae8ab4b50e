//! What the admin port answers, without a browser.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::demo::{Demo, wait};
use crate::shared;

const ENGLISH: &str = include_str!("../../samples/01-english-wire.txt");

/// As a browser sends a form.
fn form(article: &str) -> Vec<u8> {
    let crlf = article.replace('\n', "\r\n");
    form_urlencoded::Serializer::new(String::new()).append_pair("article", &crlf).finish().into_bytes()
}

#[test]
fn the_page_lets_a_browser_fetch_nothing_else_and_holds_no_payload() {
    let page = shared().get("/");
    assert_eq!(page.status, 200);
    let policy = page.head.lines().find(|line| line.starts_with("content-security-policy:")).unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    for header in ["x-content-type-options: nosniff", "cache-control: no-store", "referrer-policy: no-referrer"] {
        assert!(page.head.contains(header), "no {header}");
    }
    for attribute in [" style=", " onclick=", " src="] {
        assert!(!page.body.contains(attribute), "{attribute}");
    }
    // The demo's articles, and those that it refuses, are everywhere but here.
    wait("a dead letter", || !shared().status()["latestDeadLetters"].as_array().unwrap().is_empty());
    for path in ["/", "/now", "/status.json"] {
        assert!(!shared().get(path).body.contains("lighthouse"), "{path} holds a payload");
    }
}

#[test]
fn the_status_says_what_lanes_do_and_what_was_refused_and_goes_on() {
    let first = shared().status();
    assert_eq!(
        (first["version"].as_str(), first["instance"].as_str()),
        (Some(env!("CARGO_PKG_VERSION")), Some("desk-1"))
    );
    wait("both lanes at work", || {
        let lanes = shared().status()["lanes"].clone();
        let busy = |lane: &serde_json::Value| lane["records"].as_u64() > Some(0) && lane["state"] == "ready";
        lanes.as_array().unwrap().len() == 2 && lanes.as_array().unwrap().iter().all(busy)
    });
    wait("a known lag of each partition", || {
        let lanes = shared().status()["lanes"].clone();
        let partitions = lanes.as_array().unwrap().iter().flat_map(|lane| lane["partitions"].as_array().unwrap());
        partitions.filter(|partition| partition["lag"].is_i64()).count() == 2
    });
    let number = |status: &serde_json::Value| status["samples"].as_array()?.last()?["number"].as_u64();
    wait("two more samples", || number(&shared().status()) >= number(&first).map(|number| number + 2));
    let last = number(&shared().status()).unwrap();
    let rest = shared().get(&format!("/status.json?after={}", last - 1)).body;
    let rest: serde_json::Value = serde_json::from_str(&rest).unwrap();
    assert!((1..=3).contains(&rest["samples"].as_array().unwrap().len()), "{rest}");
    wait("both refusals of the samples", || {
        let letters = shared().status()["latestDeadLetters"].clone();
        let has = |code: &str| letters.as_array().unwrap().iter().any(|letter| letter["code"] == code);
        has("invalid_utf8") && has("invalid_json")
    });
    let letter = &shared().status()["latestDeadLetters"][0];
    assert!(letter["offset"].is_i64() && letter["partition"].is_i64() && letter["at"].is_string(), "{letter}");
    let fields = letter.as_object().unwrap().len();
    assert_eq!(fields, 4, "coordinates, code and time, and nothing of the payload: {letter}");
    let latency =
        shared().status()["samples"].as_array().unwrap().iter().any(|sample| sample["most"].as_f64() > Some(0.0));
    assert!(latency, "no latency was seen");
}

#[test]
fn the_playground_gives_the_very_record() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copydesk"));
    let mut child = command.arg("clean").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(ENGLISH.as_bytes()).unwrap();
    let expected = child.wait_with_output().unwrap().stdout;
    let answer = shared().ask("POST", "/clean", &[], ENGLISH.as_bytes());
    assert_eq!((answer.status, answer.body.as_bytes()), (200, expected.trim_ascii_end()));

    let refused = shared().ask("POST", "/clean", &[], b"{");
    assert_eq!(refused.status, 422);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&refused.body).unwrap()["code"], "invalid_json");
    let large = shared().ask("POST", "/clean", &[], &vec![b'x'; (1 << 20) + 1]);
    assert_eq!(large.status, 413, "{}", large.body);
    let larger = shared().ask("POST", "/clean", &[], &vec![b'x'; 4 << 20]);
    assert_eq!(larger.status, 413, "{}", larger.body);
}

#[test]
fn the_form_works_without_a_script() {
    let head = ["Content-Type: application/x-www-form-urlencoded"];
    let page = shared().ask("POST", "/", &head, &form(ENGLISH));
    assert_eq!(page.status, 200);
    for expected in
        ["6 paragraphs kept", "repeat of <a href=\"#line-4\">line 4</a>", "→ 2024-03-14 · gregory · published"]
    {
        assert!(page.body.contains(expected), "no {expected}");
    }
    // The line ends of a form are not those of the article: the hash of the payload would be another.
    assert!(page.body.contains("urn:sha256:b8246d5788615efb70f23d661ef04c97cddaa37ad3f60b27ff0a7570f109b434"));
    let page = shared().ask("POST", "/", &head, &form("</textarea><script>alert(1)</script>"));
    assert!(page.body.contains("&lt;/textarea&gt;&lt;script&gt;alert(1)"), "{}", page.body);
    assert_eq!(page.body.matches("<script").count(), 1, "an article brought a script");
    let example = shared().get("/?example=Arabic").body;
    assert!(example.contains(include_str!("../../samples/02-arabic.txt").lines().next().unwrap()));
}

#[test]
fn another_sites_page_may_not_ask_for_anything() {
    for head in ["Sec-Fetch-Site: cross-site", "Origin: https://news.example"] {
        for (method, path) in [("POST", "/"), ("POST", "/clean"), ("PUT", "/log")] {
            assert_eq!(shared().ask(method, path, &[head], b"debug").status, 403, "{method} {path} {head}");
        }
        // A link to the page is welcome.
        assert_eq!(shared().ask("GET", "/", &[head], b"").status, 200);
    }
}

#[test]
fn the_log_filter_changes_at_run_time() {
    let demo = Demo::start();
    assert_eq!(demo.get("/log").body.trim(), "warn");
    std::thread::sleep(Duration::from_secs(1));
    assert!(!demo.log().contains("batch committed"), "{}", demo.log());
    for wrong in ["degub", "copydesk=loud", "", "info,,what"] {
        let answer = demo.ask("PUT", "/log", &[], wrong.as_bytes());
        assert_eq!(answer.status, 400, "{wrong}");
        assert!(answer.body.contains("expected a level"), "{wrong}: {}", answer.body);
    }
    assert_eq!(demo.get("/log").body.trim(), "warn");

    let answer = demo.ask("PUT", "/log", &[], b"copydesk=debug\n");
    assert_eq!((answer.status, answer.body.trim()), (200, "copydesk=debug"));
    wait("lines of debug", || demo.log().contains("batch committed"));
    assert!(demo.log().contains("the log filter has changed"), "{}", demo.log());
    assert_eq!(demo.ask("PUT", "/log", &[], b"off").status, 200);
    std::thread::sleep(Duration::from_millis(300));
    let then = demo.log();
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(demo.log(), then, "it goes on");
}
