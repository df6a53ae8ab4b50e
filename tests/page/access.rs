//! Who may ask for what: the `Host` header, the token, and what no filter of the log silences.

use crate::demo::{Demo, request};
use crate::shared;

const TOKEN: &str = "tok-4f8b1c2d9e.A_~+/x=";

fn own_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned()
}

/// A page whose name was made to lead here (DNS rebinding) is of another name, whatever its address.
#[test]
fn only_names_of_this_server_are_answered() {
    let demo = Demo::with(&[("COPYDESK__ADMIN__HOSTS", "desk.example.org, Proxy.Example.net")]);
    let own = own_name();
    let status = |host: &str, method: &str, path: &str| demo.say(&request(method, path, host, &[], b"")).status;
    for host in [
        "127.0.0.1",
        "127.0.0.1:9600",
        "10.1.2.3:80",
        "[::1]",
        "[::1]:9600",
        "[fd00::7]:9600",
        "localhost",
        "LOCALHOST:1",
        "localhost.",
        &own,
        &format!("{}:9600", own.to_uppercase()),
        "desk.example.org",
        "Desk.Example.org:443",
        "proxy.example.net.",
    ] {
        for path in ["/", "/now", "/status.json", "/metrics", "/log", "/livez"] {
            assert_eq!(status(host, "GET", path), 200, "{path} for {host}");
        }
    }
    for host in [
        "evil.example",
        "evil.example:9600",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil-desk.example.org",
        "example.org",
        "desk.example.org.evil.example",
        "1.2.3",
        "0x7f000001",
        "[evil.example]",
        "[::1",
        "localhost:port",
        "user@localhost",
        "",
        "a b",
    ] {
        for (method, path) in
            [("GET", "/"), ("GET", "/status.json"), ("GET", "/metrics"), ("PUT", "/log"), ("GET", "/x")]
        {
            let answer = demo.say(&request(method, path, host, &[], b"debug"));
            assert!([400, 421].contains(&answer.status), "{method} {path} for {host:?}: {}", answer.status);
            assert!(!answer.body.contains("desk-1") && !answer.body.contains(&own), "{}", answer.body);
        }
        assert_eq!(status(host, "POST", "/clean"), if host.is_empty() { 400 } else { status(host, "GET", "/") });
        // Probes may carry any name (kubelet's `httpGet` has one where it is given one).
        for path in ["/livez", "/readyz"] {
            assert_eq!(status(host, "GET", path), 200, "{path} for {host:?}");
        }
    }
    let answer = demo.say(&request("GET", "/status.json", "evil.example", &[], b""));
    assert!(answer.status == 421 && answer.body.contains("admin.hosts"), "{}", answer.body);
    assert_eq!(demo.get("/log").body.trim(), "warn", "a foreign page changed the log filter");
    // The form that proxies use names the host in the request line, and that counts.
    let proxied = |host: &str| {
        demo.say(
            format!("GET http://{host}/status.json HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                .as_bytes(),
        )
    };
    assert_eq!((proxied("evil.example").status, proxied("localhost:9600").status), (421, 200));
}

/// Without a Host no browser asks: HTTP/1.0 may leave it out, HTTP/1.1 may not, and two of them are none.
#[test]
fn a_request_without_a_host() {
    let status = |text: &str| shared().say(text.as_bytes()).status;
    assert_eq!(status("GET /metrics HTTP/1.0\r\n\r\n"), 200);
    assert_eq!(status("GET /metrics HTTP/1.0\r\nHost: evil.example\r\n\r\n"), 421);
    assert_eq!(status("GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n"), 400);
    let two = "Host: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert_eq!(status(&format!("GET /metrics HTTP/1.1\r\n{two}")), 400);
    for probe in ["/livez", "/readyz"] {
        assert_eq!(status(&format!("GET {probe} HTTP/1.1\r\nConnection: close\r\n\r\n")), 200);
        assert_eq!(status(&format!("GET {probe} HTTP/1.1\r\n{two}")), 200);
    }
}

#[test]
fn with_a_token_only_probes_are_open() {
    let demo = Demo::with(&[("COPYDESK__ADMIN__TOKEN", TOKEN)]);
    let every = [
        ("GET", "/"),
        ("POST", "/"),
        ("GET", "/now"),
        ("GET", "/status.json"),
        ("POST", "/clean"),
        ("GET", "/metrics"),
        ("GET", "/log"),
        ("PUT", "/log"),
        ("GET", "/anything"),
    ];
    for (method, path) in every {
        let wrong = [
            vec![],
            vec!["Authorization: Bearer".to_owned()],
            vec!["Authorization: Bearer x".to_owned()],
            vec![format!("Authorization: Bearer {TOKEN}x")],
            vec![format!("Authorization: Bearer {}", &TOKEN[1..])],
            vec![format!("Authorization: {TOKEN}")],
            vec![format!("Authorization: Basic {TOKEN}")],
            vec![format!("Cookie: copydesk-session={TOKEN}")],
            vec!["Cookie: copydesk-session=99999999999.00".to_owned()],
            vec!["Accept: text/html".to_owned()],
        ];
        for head in wrong {
            let lines: Vec<&str> = head.iter().map(String::as_str).collect();
            let answer = demo.ask(method, path, &lines, b"info");
            assert_eq!(answer.status, 401, "{method} {path} {head:?}");
            assert!(answer.head.contains("www-authenticate: bearer"), "{}", answer.head);
            assert!(!answer.body.contains("desk-1") && !answer.body.contains(TOKEN), "{}", answer.body);
        }
    }
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let head = format!("Authorization: {scheme} {TOKEN}");
        for (method, path) in every {
            let status = demo.ask(method, path, &[&head], b"info").status;
            assert!(![401, 403, 421].contains(&status), "{method} {path}: {status}");
        }
        assert_eq!(demo.ask("GET", "/metrics", &[&head], b"").status, 200);
    }
    for path in ["/livez", "/readyz"] {
        assert_eq!(demo.get(path).status, 200);
    }
    // A container's own health check needs none either, and does not know it.
    for arguments in [&["health"][..], &["health", "--ready"]] {
        let mut health = std::process::Command::new(env!("CARGO_BIN_EXE_copydesk"));
        let output = health.args(arguments).args(["--admin", &demo.address]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(!demo.log().contains(TOKEN));
}

#[test]
fn a_form_gives_a_cookie_for_the_token() {
    let demo = Demo::with(&[("COPYDESK__ADMIN__TOKEN", TOKEN)]);
    let head = ["Content-Type: application/x-www-form-urlencoded"];
    let form = |token: &str| form_urlencoded::Serializer::new(String::new()).append_pair("token", token).finish();
    for wrong in ["", "x", &TOKEN[1..]] {
        let answer = demo.ask("POST", "/sign-in", &head, form(wrong).as_bytes());
        assert!(answer.status == 401 && !answer.head.contains("set-cookie"), "{wrong}: {}", answer.head);
        assert!(answer.body.contains("name=\"token\""), "no second try: {}", answer.body);
    }
    for foreign in ["Sec-Fetch-Site: cross-site", "Origin: https://news.example"] {
        let answer = demo.ask("POST", "/sign-in", &[head[0], foreign], form(TOKEN).as_bytes());
        assert_eq!(answer.status, 403, "another site signs people in");
    }
    let answer = demo.ask("POST", "/sign-in", &head, form(TOKEN).as_bytes());
    assert_eq!(answer.status, 303, "{}", answer.body);
    let cookie = answer.head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap().to_owned();
    assert!(cookie.contains("httponly") && cookie.contains("samesite=strict") && cookie.contains("path=/"), "{cookie}");
    assert!(!cookie.contains(&TOKEN.to_lowercase()), "the cookie shows the token");
    let session = cookie.split(';').next().unwrap();
    let pair = format!("Cookie: other=1; {session}; more=2");
    for path in ["/", "/now", "/status.json", "/metrics", "/log"] {
        assert_eq!(demo.ask("GET", path, &[&pair], b"").status, 200, "{path}");
    }
    // Another time of its end is another cookie.
    let (name, value) = session.split_once('=').unwrap();
    let (end, proof) = value.split_once('.').unwrap();
    let later = format!("Cookie: {name}={}.{proof}", end.parse::<u64>().unwrap() + 1);
    assert_eq!(demo.ask("GET", "/now", &[&later], b"").status, 401);
    // A wrong token is wrong, whatever stands beside it.
    assert_eq!(demo.ask("GET", "/now", &[&pair, "Authorization: Bearer x"], b"").status, 401);
    for foreign in ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: https://news.example"] {
        assert_eq!(demo.ask("PUT", "/log", &[&pair, foreign], b"off").status, 403, "{foreign}");
    }
}

/// The playground's 413 and the like come after the question who asks.
#[test]
fn without_a_token_no_large_body_is_read() {
    let demo = Demo::with(&[("COPYDESK__ADMIN__TOKEN", TOKEN)]);
    let before = demo.resident();
    for _ in 0..20 {
        assert_eq!(demo.ask("POST", "/clean", &[], &vec![b'x'; 1_000_000]).status, 401);
    }
    let grown = demo.resident().saturating_sub(before);
    assert!(grown < 20_000_000, "{grown} bytes more");
}

/// The lanes of this worker get no time to end, which is an error; whoever reaches the admin port can't hide it.
#[test]
fn no_filter_that_is_set_at_run_time_silences_errors() {
    let end = |filters: &[&str]| {
        let demo = Demo::with(&[("COPYDESK__STREAM__GRACE", "1ms")]);
        for filter in filters {
            let answer = demo.ask("PUT", "/log", &[], filter.as_bytes());
            assert_eq!(answer.status, 200, "{filter}: {}", answer.body);
            assert!(answer.body.contains("errors of copydesk"), "{}", answer.body);
        }
        demo.end()
    };
    for filters in
        [&["off"][..], &["copydesk=off"], &["off", "warn,copydesk=off,copydesk::worker=off"], &["[none]=off"]]
    {
        // By chance the lanes end within a millisecond, and there is no error to be logged: then once more.
        let is_logged = (0..5).any(|_| end(filters).contains("did not end within the grace period"));
        assert!(is_logged, "{filters:?} silences errors");
    }
}
