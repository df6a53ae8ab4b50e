//! `copydesk demo --keep`: the real binary and the real worker, with its admin port open.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A demo that goes on until it is dropped.
pub struct Demo {
    child: Child,
    /// Host and port of its admin server.
    pub address: String,
    log: Arc<Mutex<String>>,
    /// Ends the child when its standard input is closed, which it is when this process ends.
    watcher: Option<Child>,
}

/// An answer of the admin server.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Demo {
    /// Starts it, and waits until it is past its own articles.
    pub fn start() -> Demo {
        Demo::with(&[])
    }

    /// The same, with further variables in its environment.
    pub fn with(environment: &[(&str, &str)]) -> Demo {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(env!("CARGO_BIN_EXE_copydesk"))
            .args(["demo", "--keep", "--admin", "127.0.0.1:0"])
            .env("COPYDESK__LOG__FILTER", "warn")
            .env("COPYDESK__STREAM__INSTANCE", "desk-1")
            .envs(environment.iter().copied())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("copydesk starts");
        let log = Arc::new(Mutex::new(String::new()));
        let (errors, kept) = (BufReader::new(child.stderr.take().expect("a pipe")), Arc::clone(&log));
        std::thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                let mut kept = kept.lock().unwrap();
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
        let line = lines.find(|line| line.contains("http://"));
        std::thread::spawn(move || lines.for_each(drop));
        let Some(line) = line else { panic!("the demo did not come up: {}", log.lock().unwrap()) };
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
        let demo = Demo { child, address: address.to_owned(), log, watcher: None };
        // Its articles may all have gone through the lane that came first.
        wait("both lanes to be ready", || demo.get("/readyz").status == 200);
        demo
    }

    /// Ends it when this process ends, however that happens: a static is never dropped.
    pub fn ended_with_the_tests(mut self) -> Demo {
        let mut command = Command::new("sh");
        command.args(["-c", "read -r _; kill -INT $1", "sh", &self.child.id().to_string()]);
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        self.watcher = Some(pipes.spawn().expect("sh starts"));
        self
    }

    /// Its lines on standard error.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A connection that has sent nothing yet.
    pub fn connect(&self) -> std::io::Result<TcpStream> {
        let connection = TcpStream::connect(&self.address)?;
        connection.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(connection)
    }

    /// One request on a connection of its own, with further lines of its head.
    pub fn ask(&self, method: &str, path: &str, head: &[&str], body: &[u8]) -> Answer {
        self.say(&request(method, path, &self.address, head, body))
    }

    /// One request as it stands, on a connection of its own.
    pub fn say(&self, request: &[u8]) -> Answer {
        let mut connection = self.connect().expect("the admin server is there");
        // A server that refuses by the head alone may not read on.
        let _ = connection.write_all(request);
        let mut bytes = Vec::new();
        let _ = connection.read_to_end(&mut bytes);
        let text = String::from_utf8(bytes).expect("UTF-8");
        let said = String::from_utf8_lossy(request.get(..80).unwrap_or(request));
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{said}: no answer: {text:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"")
    }

    /// `/status.json`
    pub fn status(&self) -> serde_json::Value {
        serde_json::from_str(&self.get("/status.json").body).expect("JSON")
    }

    /// Memory that it has in RAM, in bytes.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }

    /// How many sockets and files the process has open.
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).expect("Linux").count()
    }
}

impl Demo {
    /// Ends it, as Ctrl-C does, and gives its whole log.
    pub fn end(mut self) -> String {
        self.interrupt();
        // Its last lines may still be on their way.
        std::thread::sleep(Duration::from_millis(300));
        self.log()
    }

    fn interrupt(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        let end = Instant::now() + Duration::from_secs(10);
        while Instant::now() < end && !matches!(self.child.try_wait(), Ok(Some(_))) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.interrupt();
        if let Some(watcher) = &mut self.watcher {
            let _ = watcher.kill();
            let _ = watcher.wait();
        }
    }
}

/// A request that closes its connection.
pub fn request(method: &str, path: &str, host: &str, head: &[&str], body: &[u8]) -> Vec<u8> {
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for line in head {
        request += &format!("{line}\r\n");
    }
    request += &format!("Content-Length: {}\r\n\r\n", body.len());
    [request.as_bytes(), body].concat()
}

/// Waits for something of the demo's.
pub fn wait(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
