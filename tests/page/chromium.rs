//! A real Chromium without a window, driven over its own debugging pipe: nothing is needed but the browser itself.
//!
//! The shell puts the pipe where Chromium looks for it (descriptors 3 and 4). Messages are JSON, each ended by a zero.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// One tab of a browser of its own.
pub struct Tab {
    child: Child,
    out: ChildStdin,
    inbox: Receiver<Value>,
    session: Option<String>,
    calls: u64,
    events: Vec<Value>,
    _profile: TempDir,
}

impl Tab {
    /// Starts Chromium; fails, and says what to do, where there is none.
    pub fn open() -> Tab {
        let program = ["chromium", "chromium-browser", "google-chrome"]
            .into_iter()
            .find(|program| Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success()))
            .expect("no Chromium for the tests of the admin page: `scripts/setup test` installs it");
        let profile = tempfile::tempdir().expect("a folder for the profile");
        let mut child = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#, program])
            .args([
                "--headless=new",
                "--no-sandbox",
                "--remote-debugging-pipe",
                "--disable-gpu",
                "--disable-dev-shm-usage",
            ])
            .args(["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"])
            // Whatever a page or the browser asks for: nothing but this machine is found.
            .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh runs");
        let out = child.stdin.take().expect("a pipe");
        let mut answers = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, inbox) = channel();
        std::thread::spawn(move || {
            loop {
                let mut message = Vec::new();
                if answers.read_until(0, &mut message).is_err() || message.pop() != Some(0) {
                    return;
                }
                let _ = sender.send(serde_json::from_slice(&message).expect("Chromium speaks JSON"));
            }
        });
        let mut tab = Tab { child, out, inbox, session: None, calls: 0, events: Vec::new(), _profile: profile };
        let target = tab.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attached = tab.call("Target.attachToTarget", json!({ "targetId": target["targetId"], "flatten": true }));
        tab.session = Some(attached["sessionId"].as_str().expect("a session").to_owned());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            tab.call(&format!("{domain}.enable"), json!({}));
        }
        tab
    }

    /// Calls a method of the debugging protocol.
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.out.write_all(&bytes).expect("Chromium listens");
        loop {
            let answer = self.inbox.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{method}: {error}"));
            if answer["id"] == self.calls {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
            self.events.push(answer);
        }
    }

    /// Loads a page.
    pub fn go(&mut self, url: &str) {
        let went = self.call("Page.navigate", json!({ "url": url }));
        assert!(went.get("errorText").is_none(), "{url}: {went}");
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'");
    }

    /// What an expression comes to in the page, promises awaited.
    pub fn ask(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", parameters);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// The same, as text.
    pub fn text(&mut self, expression: &str) -> String {
        let answer = self.ask(expression);
        answer.as_str().unwrap_or_else(|| panic!("{expression} is {answer}")).to_owned()
    }

    /// Waits until an expression is true.
    pub fn wait(&mut self, expression: &str) {
        let end = Instant::now() + PATIENCE;
        while self.ask(&format!("Boolean({expression})")) != json!(true) {
            assert!(Instant::now() < end, "never came true: {expression}\n{}", self.ask("document.body.innerText"));
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Presses a key, with Ctrl where asked.
    pub fn press(&mut self, key: &str, code: u32, ctrl: bool) {
        let text = match key {
            "Enter" if !ctrl => "\r",
            " " => " ",
            _ => "",
        };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            self.call(
                "Input.dispatchKeyEvent",
                json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code,
                    "modifiers": if ctrl { 2 } else { 0 }, "text": text }),
            );
        }
    }

    /// Types or pastes at the caret.
    pub fn insert(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// A window of this size, as a phone has it or not.
    pub fn size(&mut self, width: u32, height: u32, phone: bool) {
        let scale = if phone { 2 } else { 1 };
        self.call(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone }),
        );
    }

    /// Says to the page what its reader prefers.
    pub fn prefer(&mut self, feature: &str, value: &str) {
        self.call("Emulation.setEmulatedMedia", json!({ "features": [{ "name": feature, "value": value }] }));
    }

    /// A picture of the whole page as PNG, in the width of the window.
    pub fn picture(&mut self) -> Vec<u8> {
        let metrics = self.call("Page.getLayoutMetrics", json!({}));
        let size = &metrics["cssContentSize"];
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let parameters = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let shot = self.call("Page.captureScreenshot", parameters);
        STANDARD.decode(shot["data"].as_str().expect("a picture")).expect("in Base64")
    }

    /// Every address that the page has asked for.
    pub fn asked_for(&mut self) -> Vec<String> {
        self.of("Network.requestWillBeSent")
            .filter_map(|event| Some(event["request"]["url"].as_str()?.to_owned()))
            .collect()
    }

    /// Whatever stands in the console: exceptions, refusals by the security policy, failed requests.
    pub fn complaints(&mut self) -> Vec<String> {
        ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"]
            .into_iter()
            .flat_map(|kind| self.of(kind).map(ToString::to_string).collect::<Vec<_>>())
            .collect()
    }

    fn of(&self, method: &str) -> impl Iterator<Item = &Value> {
        let method = method.to_owned();
        self.events.iter().filter(move |event| event["method"] == method.as_str()).map(|event| &event["params"])
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        self.session = None;
        let _ = self.out.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let end = Instant::now() + Duration::from_secs(5);
        while Instant::now() < end && !matches!(self.child.try_wait(), Ok(Some(_))) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
