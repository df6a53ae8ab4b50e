//! The page of a worker that has a token, as people meet it in a browser.

use serde_json::json;

use crate::chromium::Tab;
use crate::demo::Demo;

const TOKEN: &str = "correct-horse-battery-staple";

#[test]
fn people_sign_in_by_a_form_and_out_by_a_button() {
    let demo = Demo::with(&[("COPYDESK__ADMIN__TOKEN", TOKEN)]);
    let mut tab = Tab::open();
    tab.size(1200, 900, false);
    tab.go(&demo.url("/"));
    assert!(
        !tab.text("document.documentElement.outerHTML").contains("desk-1"),
        "the worker is shown without the token"
    );
    tab.wait("document.activeElement.name === 'token'");
    assert_eq!(tab.text("document.activeElement.type"), "password");
    tab.insert("not the token");
    tab.press("Enter", 13, false);
    tab.wait("document.querySelector('.refused')?.textContent.includes('not the token of this worker')");
    tab.wait("document.activeElement?.name === 'token'");
    if let Some(folder) = std::env::var_os("COPYDESK_SCREENSHOTS") {
        std::fs::write(std::path::Path::new(&folder).join("sign-in.png"), tab.picture()).unwrap();
    }
    for width in [320, 375, 1200] {
        tab.size(width, 800, width < 700);
        let wide = tab.ask("document.documentElement.scrollWidth");
        assert!(wide.as_u64() <= Some(width.into()), "{wide} pixels wide in a window of {width}");
    }
    tab.insert(TOKEN);
    tab.press("Enter", 13, false);
    tab.wait("document.querySelector('#verdict .state')");
    assert_eq!(tab.text("location.pathname"), "/");
    assert_eq!(tab.text("document.cookie"), "", "a script can read the cookie");
    // The page lives: its script loads what moves, and the playground answers.
    let now = tab.text("document.getElementById('now').innerHTML");
    tab.wait(&format!("document.getElementById('now').innerHTML !== {}", json!(now)));
    tab.ask("document.getElementById('article').value = 'Harbour closed after the storm\\n\\nThe harbour was closed on Monday after the storm.'");
    tab.ask("document.querySelector('#playground form').requestSubmit()");
    tab.wait("document.getElementById('result').innerText.includes('paragraph kept')");
    // The form without a script's help, too: a link and a load again keep the session.
    tab.go(&demo.url("/?example=English"));
    tab.wait("document.getElementById('article').value.startsWith('Harbour town')");
    if let Some(folder) = std::env::var_os("COPYDESK_SCREENSHOTS") {
        std::fs::write(std::path::Path::new(&folder).join("signed-in.png"), tab.picture()).unwrap();
    }
    // The browser says in its console that 401 came, and nothing else.
    let complaints = tab.complaints();
    assert!(complaints.iter().all(|one| one.contains("401")), "{complaints:#?}");

    tab.ask("document.querySelector('form[action=\"/sign-out\"] button').click()");
    tab.wait("document.querySelector('input[name=token]')");
    tab.go(&demo.url("/"));
    assert!(!tab.text("document.documentElement.outerHTML").contains("desk-1"), "still signed in");
}

/// A page that stands open when its session ends says so, and keeps what was typed.
#[test]
fn a_session_that_ends_is_told() {
    let demo = Demo::with(&[("COPYDESK__ADMIN__TOKEN", TOKEN)]);
    let mut tab = Tab::open();
    tab.size(1200, 900, false);
    tab.go(&demo.url("/"));
    tab.wait("document.activeElement.name === 'token'");
    tab.insert(TOKEN);
    tab.press("Enter", 13, false);
    tab.wait("document.querySelector('#verdict .state')");
    tab.ask("document.getElementById('article').value = 'half an article'");
    tab.call("Network.clearBrowserCookies", json!({}));
    tab.wait(
        "!document.getElementById('stale').hidden && document.getElementById('stale').innerText.includes('ign in')",
    );
    tab.ask("document.querySelector('#playground form').requestSubmit()");
    tab.wait("document.getElementById('result').innerText.includes('ign in')");
    assert_eq!(tab.text("document.getElementById('article').value"), "half an article");
}
