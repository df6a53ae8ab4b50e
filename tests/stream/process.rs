//! The worker as a process: the real binary, its signals, its exit code.

use std::fs::File;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use crate::kafka::{Kafka, Names, free_port, wait};

/// The binary with the flags of a test's stream.
pub fn copydesk(kafka: &Kafka, names: &Names, command: &[&str]) -> Command {
    let mut process = Command::new(env!("CARGO_BIN_EXE_copydesk"));
    process.args(command).current_dir(env!("CARGO_TARGET_TMPDIR"));
    for (key, value) in [
        ("BROKERS", &kafka.brokers),
        ("INPUT", &names.input),
        ("OUTPUT", &names.output),
        ("DEAD_LETTERS", &names.dead),
        ("GROUP", &names.group),
    ] {
        process.env(format!("COPYDESK__STREAM__{key}"), value);
    }
    process.env("COPYDESK__STREAM__BACKOFF", "100ms").env("COPYDESK__STREAM__MAX_BACKOFF", "1s");
    process
}

/// Runs a command to its end.
pub fn once(kafka: &Kafka, names: &Names, command: &[&str]) -> Output {
    copydesk(kafka, names, command).stdin(Stdio::null()).output().expect("copydesk runs")
}

pub fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A child that does not outlive its test, also where the test fails.
pub struct Running(Option<Child>);

impl Running {
    pub fn spawn(command: &mut Command) -> Running {
        Running(Some(command.spawn().expect("it starts")))
    }

    /// Waits for its end.
    pub fn output(mut self) -> Output {
        self.0.take().expect("a child").wait_with_output().expect("its end")
    }
}

impl Deref for Running {
    type Target = Child;

    fn deref(&self) -> &Child {
        self.0.as_ref().expect("a child")
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut Child {
        self.0.as_mut().expect("a child")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// `copydesk run`.
pub struct Worker {
    child: Child,
    log: PathBuf,
    admin: u16,
}

impl Worker {
    pub fn start(kafka: &Kafka, names: &Names, instance: &str) -> Worker {
        Worker::start_with(kafka, names, instance, &[])
    }

    pub fn start_with(kafka: &Kafka, names: &Names, instance: &str, environment: &[(&str, &str)]) -> Worker {
        let admin = free_port();
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{instance}-{admin}.log", names.group));
        let mut command =
            copydesk(kafka, names, &["run", "--instance", instance, "--admin", &format!("127.0.0.1:{admin}")]);
        command.env("COPYDESK__STREAM__LANES", "2").envs(environment.iter().copied());
        let file = File::create(&log).expect("a log file");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file).spawn().expect("copydesk starts");
        Worker { child, log, admin }
    }

    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }

    /// Waits for its end.
    pub fn end(&mut self, within: Duration) -> ExitStatus {
        let end = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            assert!(Instant::now() < end, "the worker did not end:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// SIGTERM, and a stop in order.
    pub fn stop(mut self) {
        self.signal("TERM");
        let status = self.end(Duration::from_secs(30));
        assert_eq!(status.code(), Some(0), "{}", self.log());
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// GET from the admin server: status and body.
    pub fn get(&self, path: &str) -> Option<(u16, String)> {
        crate::admin::get(self.admin, path)
    }

    pub fn admin(&self) -> u16 {
        self.admin
    }

    pub fn wait_ready(&self) {
        wait("the worker to be ready", Duration::from_secs(60), || {
            self.get("/readyz").is_some_and(|(status, _)| status == 200)
        });
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("log of the worker, {}:\n{}", self.log.display(), self.log());
        }
    }
}
