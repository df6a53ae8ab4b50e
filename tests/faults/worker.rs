//! The worker as a process: the real binary, its signals, its exit code, and what it costs.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::cluster::{Cluster, Names, free_ports};
use crate::container::Container;

/// Everything short, so that a scenario lasts seconds where production would take minutes. The order between them is that
/// of the defaults.
pub const QUICK: &[(&str, &str)] = &[
    ("COPYDESK__KAFKA__SESSION.TIMEOUT.MS", "6000"),
    ("COPYDESK__KAFKA__TRANSACTION.TIMEOUT.MS", "5000"),
    ("COPYDESK__KAFKA__SOCKET.TIMEOUT.MS", "4000"),
    ("COPYDESK__KAFKA__MESSAGE.TIMEOUT.MS", "4000"),
    ("COPYDESK__KAFKA__CONNECTIONS.MAX.IDLE.MS", "2500"),
    ("COPYDESK__STREAM__BATCH_BYTES", "30kB"),
    ("COPYDESK__STREAM__BACKOFF", "100ms"),
    ("COPYDESK__STREAM__MAX_BACKOFF", "1s"),
    ("COPYDESK__STREAM__GRACE", "20s"),
];

/// The binary, copied once: a build that runs beside the suite must not swap it.
pub fn binary() -> &'static Path {
    static COPY: OnceLock<PathBuf> = OnceLock::new();
    COPY.get_or_init(|| {
        let copy = PathBuf::from(format!("/tmp/faults.{}/copydesk", std::process::id()));
        std::fs::copy(env!("CARGO_BIN_EXE_copydesk"), &copy).expect("the binary can be copied");
        copy
    })
}

/// What a process costs at a moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    pub threads: usize,
    pub sockets: usize,
    /// Most memory that it ever had.
    pub peak_mb: usize,
    /// Resident memory.
    pub now_mb: usize,
}

/// `copydesk run` under one instance name; it may be started again.
pub struct Worker {
    pub instance: String,
    pub admin: u16,
    pub log: PathBuf,
    /// In place of the cluster's proxies.
    pub brokers: Option<String>,
    pub config: Option<PathBuf>,
    /// Settings that no other worker has.
    pub extra: &'static [(&'static str, &'static str)],
    pub lanes: usize,
    /// Without [`QUICK`].
    pub by_default: bool,
    child: Option<Child>,
    pub container: Option<Container>,
    /// How each of its processes ended by itself: exit codes.
    pub exits: Vec<i32>,
}

impl Worker {
    pub fn new(instance: &str, log: PathBuf) -> Worker {
        Worker {
            instance: instance.to_owned(),
            admin: free_ports(1),
            log,
            brokers: None,
            config: None,
            extra: &[],
            lanes: 2,
            by_default: false,
            child: None,
            container: None,
            exits: Vec::new(),
        }
    }

    pub fn start(&mut self, cluster: &Cluster, names: &Names, settings: &[(&str, &str)]) {
        let file = OpenOptions::new().create(true).append(true).open(&self.log).expect("a log file");
        let mut command = match &self.container {
            None => Command::new(binary()),
            Some(container) => {
                // The process enters the container before it becomes the worker.
                let mut command = Command::new("sh");
                command.args(["-c", "echo $$ >\"$0\" && exec \"$@\""]).arg(container.procs()).arg(binary());
                command
            }
        };
        command.args(["run", "--instance", &self.instance, "--admin", &format!("127.0.0.1:{}", self.admin)]);
        let brokers = self.brokers.as_ref().unwrap_or(&cluster.proxied);
        command.args(["--brokers", brokers, "--input", &names.input, "--output", &names.output]);
        command.args(["--dead-letters", &names.dead, "--group", &names.group]);
        let quick = if self.by_default { &[] } else { QUICK };
        command.env("COPYDESK__STREAM__LANES", self.lanes.to_string());
        command.envs(quick.iter().copied()).envs(settings.iter().copied());
        command.envs(self.extra.iter().copied());
        if let Some(config) = &self.config {
            command.arg("--config").arg(config);
        }
        command.current_dir(self.log.parent().expect("a folder"));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file).spawn().expect("copydesk starts");
        self.child = Some(child);
    }

    pub fn signal(&self, name: &str) {
        let Some(child) = &self.child else { return };
        let status = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
        assert!(status.expect("kill runs").success(), "SIG{name} for worker {}", self.instance);
    }

    /// Its process, where it was not found ended.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// SIGKILL, and it is gone.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Did it end by itself? Its code is then among `exits`; 128 + n where signal n ended it.
    pub fn ended(&mut self) -> bool {
        use std::os::unix::process::ExitStatusExt;
        let Some(child) = &mut self.child else { return true };
        let Ok(Some(status)) = child.try_wait() else { return false };
        self.exits.push(status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)));
        self.child = None;
        true
    }

    pub fn runs(&mut self) -> bool {
        !self.ended()
    }

    /// Waits for its end; its code.
    pub fn wait(&mut self, within: Duration) -> Result<i32, String> {
        let end = Instant::now() + within;
        while !self.ended() {
            if Instant::now() >= end {
                return Err(format!("worker {} did not end within {} s", self.instance, within.as_secs()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(self.exits.last().copied().unwrap_or(0))
    }

    /// GET from the admin server: status and body.
    pub fn get(&self, path: &str) -> Option<(u16, String)> {
        crate::admin::get(self.admin, path)
    }

    pub fn is_ready(&self) -> bool {
        self.get("/readyz").is_some_and(|(status, _)| status == 200)
    }

    pub fn wait_ready(&mut self, within: Duration) -> Result<(), String> {
        let end = Instant::now() + within;
        while !self.is_ready() {
            if self.ended() {
                return Err(format!("worker {} ended with {:?}", self.instance, self.exits.last()));
            }
            if Instant::now() >= end {
                return Err(format!("worker {} was not ready within {} s", self.instance, within.as_secs()));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// The sum of a metric over its labels.
    pub fn metric(&self, name: &str) -> f64 {
        let Some((_, body)) = self.get("/metrics") else { return 0.0 };
        let lines = body.lines().filter(|line| line.split(['{', ' ']).next() == Some(name));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).fold(0.0, |sum, value| sum + value)
    }

    /// A metric of each lane.
    pub fn by_lane(&self, name: &str) -> BTreeMap<String, f64> {
        let Some((_, body)) = self.get("/metrics") else { return BTreeMap::new() };
        let start = format!("{name}{{lane=\"");
        let lane = |line: &str| {
            let (lane, value) = line.strip_prefix(&start)?.split_once("\"} ")?;
            Some((lane.to_owned(), value.parse().ok()?))
        };
        body.lines().filter_map(lane).collect()
    }

    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// What it costs now; `None` where it does not run.
    pub fn cost(&self) -> Option<Cost> {
        let id = self.child.as_ref()?.id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let number = |key: &str| -> Option<usize> {
            status.lines().find_map(|line| line.strip_prefix(key)?.split_whitespace().next()?.parse().ok())
        };
        let files = std::fs::read_dir(format!("/proc/{id}/fd")).ok()?;
        let is_socket =
            |path: PathBuf| std::fs::read_link(path).is_ok_and(|to| to.to_string_lossy().starts_with("socket:"));
        let sockets = files.flatten().filter(|file| is_socket(file.path())).count();
        Some(Cost {
            threads: number("Threads:")?,
            sockets,
            peak_mb: number("VmHWM:")? / 1024,
            now_mb: number("VmRSS:")? / 1024,
        })
    }
}

/// A signal to several processes at once.
pub fn signal(name: &str, pids: &[u32]) {
    if pids.is_empty() {
        return;
    }
    let status = Command::new("kill").arg(format!("-{name}")).args(pids.iter().map(u32::to_string)).status();
    assert!(status.expect("kill runs").success(), "SIG{name} for {pids:?}");
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
    }
}
