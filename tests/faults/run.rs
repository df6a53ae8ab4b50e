//! Runs one scenario: topics, workers, the reader that runs all the time, the feed, the faults at their times; then waits for
//! progress, asks what the workers cost, stops them, and hands the history to the checker.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::checker::{self, History, Role, Seen, Sent};
use crate::cluster::{Cluster, Names};
use crate::container::Container;
use crate::feed::{Article, Feeder, Random, Watcher, article, read_all};
use crate::scenario::{Act, Fault, Scenario, Topic};
use crate::worker::{Cost, Worker, signal};

/// I5: memory is given back so long after the last record was published.
const SETTLED: Duration = Duration::from_secs(30);
const READY: Duration = Duration::from_secs(60);
/// For each broker: librdkafka keeps a thread and a socket for each that it has ever met, and opens them when it needs them.
const SLACK: usize = 4;

/// A scenario under way.
pub struct Run<'a> {
    pub scenario: &'a Scenario,
    pub cluster: &'a Cluster,
    pub names: Names,
    pub folder: PathBuf,
    pub workers: Vec<Worker>,
    /// What the two readers saw, once it is over.
    pub history: History,
    /// Offsets that retention took before anybody read them.
    pub expired: Option<(i32, std::ops::Range<i64>)>,
    /// Workers are ready before the feed starts.
    pub waits: bool,
    started: Instant,
    pub killed: Vec<u16>,
    paused: Vec<u16>,
    /// Processes that stand still with the machine.
    pub frozen: Vec<u32>,
}

/// What a scenario counted.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    pub sent: usize,
    pub clean: usize,
    pub dead: usize,
    pub healed_in: Duration,
    pub took: Duration,
}

impl<'a> Run<'a> {
    pub fn new(scenario: &'a Scenario, cluster: &'a Cluster, folder: &Path, seed: u64) -> Run<'a> {
        let folder = folder.join(format!("{}-{seed}", scenario.name));
        std::fs::create_dir_all(&folder).expect("a folder for the logs");
        let names = Names::new(&format!("{}-{seed}", scenario.name));
        let workers = (0..scenario.workers)
            .map(|number| {
                let mut worker = Worker::new(&format!("w{number}"), folder.join(format!("worker-{number}.log")));
                (worker.lanes, worker.by_default) = (scenario.lanes, scenario.by_default);
                worker
            })
            .collect();
        let (history, started) = (History::default(), Instant::now());
        let (killed, paused, frozen, expired, waits) = (Vec::new(), Vec::new(), Vec::new(), None, true);
        Run { scenario, cluster, names, folder, workers, history, expired, waits, started, killed, paused, frozen }
    }

    /// The whole scenario. `Err` says what was broken.
    pub fn run(&mut self, seed: u64) -> Result<Counts, String> {
        let (scenario, begun) = (self.scenario, Instant::now());
        let [input, output, dead] = scenario.partitions;
        self.cluster.create(&self.names.input, input, &[]);
        self.cluster.create(&self.names.output, output, &[]);
        self.cluster.create(&self.names.dead, dead, &[]);
        self.hook("prepared", scenario.prepare)?;
        if let Some((mb, _)) = scenario.container {
            for worker in &mut self.workers {
                worker.container = Some(Container::new(&format!("{}-{}", self.names.group, worker.instance), mb)?);
            }
        }
        // Workers that a fault starts later are not there yet.
        let later =
            |number: usize| scenario.faults.iter().any(|(_, fault)| starts_first(fault, number, &scenario.faults));
        for number in (0..scenario.workers).filter(|&number| !later(number)) {
            self.workers[number].start(self.cluster, &self.names, scenario.settings);
        }
        for worker in self.workers.iter_mut().filter(|worker| self.waits && worker.cost().is_some()) {
            worker.wait_ready(READY)?;
        }
        self.hook("before the feed", scenario.before)?;
        let watcher = Watcher::start(self.cluster, &self.names, [output, dead]);
        self.started = Instant::now();
        let mut random = Random(seed);
        let (count, partitions) = (scenario.articles, input);
        let articles: Box<dyn Iterator<Item = Article> + Send> = match scenario.special {
            Some(special) => Box::new(special(count).into_iter()),
            None => Box::new((0..count).map(move |number| article(&mut random, number, partitions))),
        };
        let mut feeder = Feeder::start(self.cluster, &self.names.input, articles, scenario.rate, scenario.compression);
        // What a worker costs when it has found its pace.
        std::thread::sleep(Duration::from_millis(1500));
        let before: Vec<Option<Cost>> = self.workers.iter().map(Worker::cost).collect();
        let mut jitter = Random(seed ^ 0x5EED);
        for (at, fault) in &scenario.faults {
            let at = Duration::from_secs_f64(at * (0.9 + jitter.below(200) as f64 / 1000.0));
            std::thread::sleep((self.started + at).saturating_duration_since(Instant::now()));
            self.inflict(fault)?;
        }
        let healed = Instant::now();
        while !feeder.is_done() {
            self.workers_run()?;
            std::thread::sleep(Duration::from_millis(50));
            if healed.elapsed() > scenario.progress + Duration::from_secs_f64(count as f64 / scenario.rate as f64) {
                return Err(format!("the feeder could not deliver: {} acknowledged", feeder.acknowledged()));
            }
        }
        let fed = Instant::now();
        self.history.sent = feeder.finish();
        if let Some((partition, offsets)) = self.expired.clone() {
            self.history.sent.retain(|sent| sent.partition != partition || !offsets.contains(&sent.offset));
        }
        let mut progress = Ok(());
        while watcher.different() < self.history.sent.len() {
            self.workers_run()?;
            if healed.max(fed).elapsed() > scenario.progress {
                let (seen, sent) = (watcher.different(), self.history.sent.len());
                // A transaction that nobody ends holds every reader back.
                let ends = self.cluster.ends(&self.names.output, output);
                let dead_ends = self.cluster.ends(&self.names.dead, dead);
                let after = scenario.progress.as_secs();
                progress = Err(format!(
                    "I4 no progress: {seen} of {sent} seen {after} s after the last fault; last stable offset and end: {ends:?}, \
                     dead letters {dead_ends:?}"
                ));
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let healed_in = healed.elapsed();
        self.say(&format!(
            "all {} seen, {:.1} s after the last fault",
            self.history.sent.len(),
            healed_in.as_secs_f64()
        ));
        let mut broken: Vec<String> = progress.err().into_iter().collect();
        broken.extend(self.costs(&before));
        broken.extend(self.settled());
        for number in 0..self.workers.len() {
            if self.workers[number].runs() {
                broken.extend(self.term(number).err());
            }
        }
        self.history.live = watcher.finish();
        let names = &self.names;
        self.history.last = read_all(self.cluster, &[(&names.output, output), (&names.dead, dead)], &names.dead);
        let partitions = self.history.sent.iter().map(|sent| sent.partition + 1).max().unwrap_or(input).max(input);
        let doubled = self.take_input_as_it_is(partitions)?;
        if doubled > 0 {
            self.say(&format!(
                "the feeder's own client doubled {doubled} articles in the input: each is expected as often"
            ));
        }
        self.history.committed = self.cluster.committed(&self.names, partitions);
        self.history.same_partition = partitions == output;
        broken.extend(self.judge());
        broken.extend(self.panics());
        let of = |role: Role| self.history.last.iter().filter(|seen: &&Seen| seen.role == role).count();
        let (clean, dead) = (of(Role::Clean), of(Role::Dead));
        let counts = Counts { sent: self.history.sent.len(), clean, dead, healed_in, took: begun.elapsed() };
        if broken.is_empty() { Ok(counts) } else { Err(broken.join("\n   ")) }
    }

    /// What counts as put in is what stands in the input topic: after a broker's sudden death the feeder's client may have
    /// sent some again. Answers how many.
    fn take_input_as_it_is(&mut self, partitions: i32) -> Result<usize, String> {
        let input = read_all(self.cluster, &[(&self.names.input, partitions)], "");
        let known: HashMap<&str, &Sent> = self.history.sent.iter().map(|sent| (sent.id.as_str(), sent)).collect();
        // Of what retention took, the feeder's word is all there is.
        let taken = |sent: &&Sent| {
            self.expired
                .as_ref()
                .is_some_and(|(partition, gone)| sent.partition == *partition && sent.offset < gone.end)
        };
        let mut stands: Vec<Sent> = self.history.sent.iter().filter(taken).cloned().collect();
        stands.reserve(input.len());
        for record in &input {
            if let Some(&sent) = known.get(record.id.as_str()) {
                stands.push(Sent { partition: record.partition, offset: record.offset, ..sent.clone() });
            }
        }
        let different: HashSet<&str> = stands.iter().map(|sent| sent.id.as_str()).collect();
        if different.len() < known.len() {
            return Err(format!(
                "the brokers lost {} acknowledged articles of the input",
                known.len() - different.len()
            ));
        }
        let doubled = stands.len() - different.len();
        self.history.sent = stands;
        Ok(doubled)
    }

    fn hook(&mut self, when: &str, hook: Option<Act>) -> Result<(), String> {
        let Some(hook) = hook else { return Ok(()) };
        let said = hook(self)?;
        self.say(&format!("{when}: {said}"));
        Ok(())
    }

    pub fn say(&self, what: &str) {
        println!("   {:6.1} s  {what}", self.started.elapsed().as_secs_f64());
    }

    /// A worker that ends by itself, when no fault asks for it, has a bug.
    pub fn workers_run(&mut self) -> Result<(), String> {
        for number in 0..self.workers.len() {
            let before = self.workers[number].exits.len();
            if self.workers[number].ended() && self.workers[number].exits.len() > before {
                return Err(format!("worker {number} ended by itself with {:?}", self.workers[number].exits.last()));
            }
        }
        Ok(())
    }

    fn term(&mut self, number: usize) -> Result<(), String> {
        self.workers[number].signal("TERM");
        match self.workers[number].wait(Duration::from_secs(25))? {
            0 => Ok(()),
            code => Err(format!("worker {number} ended with {code} after SIGTERM")),
        }
    }

    fn inflict(&mut self, fault: &Fault) -> Result<(), String> {
        let (cluster, names) = (self.cluster, self.names.clone());
        match *fault {
            Fault::Kill(number) => self.workers[number].kill(),
            Fault::KillInside(number) => {
                self.stop_inside(number)?;
                self.workers[number].kill();
            }
            Fault::Term(number) => self.term(number)?,
            Fault::Leave(number) => {
                self.workers[number].signal("TERM");
                let code = self.workers[number].wait(Duration::from_secs(25))?;
                if !matches!(code, 0 | 75) {
                    return Err(format!("worker {number} ended with {code} after SIGTERM"));
                }
            }
            Fault::Stop(number) => self.workers[number].signal("STOP"),
            Fault::StopInside(number) => self.stop_inside(number)?,
            Fault::Cont(number) => self.workers[number].signal("CONT"),
            Fault::Start(number) => self.workers[number].start(cluster, &names, self.scenario.settings),
            Fault::StartDuplicate(old, new) => {
                self.workers[new].instance = self.workers[old].instance.clone();
                // On one machine it would be refused. Another list of brokers stands for another machine.
                self.workers[new].brokers = Some(format!("{},127.0.0.1:9", cluster.proxied));
                self.workers[new].start(cluster, &names, self.scenario.settings);
            }
            Fault::Ends(number, code) => {
                let ended = self.workers[number].wait(self.scenario.progress)?;
                if ended != code {
                    return Err(format!("worker {number} ended with {ended}, not {code}"));
                }
            }
            Fault::KillBroker(who) => {
                for number in cluster.numbers(who, &names) {
                    cluster.script(&["kill", &number.to_string()]);
                    self.killed.push(number);
                }
            }
            Fault::PauseBroker(who) => {
                for number in cluster.numbers(who, &names) {
                    cluster.script(&["pause", &number.to_string()]);
                    self.paused.push(number);
                }
            }
            Fault::Freeze(freeze) => {
                let said = freeze.happen(self)?;
                self.say(&format!("frozen for {said}"));
                return Ok(());
            }
            Fault::ResumeBrokers => self.resume(),
            Fault::ContBrokers => self.cont(),
            Fault::Network(conditions) => cluster.proxy.set(conditions),
            Fault::Cut => cluster.proxy.cut(),
            Fault::LoseAnswers(api, times) => cluster.proxy.lose_answers(api, times),
            Fault::LostAnswers(times) => {
                let lost = cluster.proxy.lost();
                if lost < times {
                    return Err(format!("the scenario did not happen: {lost} answers were lost, not {times}"));
                }
            }
            Fault::KillOnAnswer(number, api) => {
                cluster.proxy.lose_answers(api, 1);
                let end = Instant::now() + Duration::from_secs(20);
                while cluster.proxy.lost() == 0 {
                    if Instant::now() > end {
                        return Err("the scenario did not happen: no such answer came".to_owned());
                    }
                    std::thread::sleep(Duration::from_micros(200));
                }
                self.workers[number].kill();
            }
            Fault::Heal => cluster.proxy.heal(),
            Fault::Configure(topic, key, value) => {
                let topic = match topic {
                    Topic::Output => &names.output,
                    Topic::Dead => &names.dead,
                };
                cluster.configure(topic, key, value);
            }
            Fault::Do(what, act) => {
                let said = act(self)?;
                self.say(&format!("{what}: {said}"));
                return Ok(());
            }
        }
        self.say(&format!("{fault:?}"));
        Ok(())
    }

    /// Stopped at some moment, a worker is mostly between two transactions; tries until it is inside one.
    fn stop_inside(&mut self, number: usize) -> Result<(), String> {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            self.workers[number].signal("STOP");
            if self.cluster.is_open(&self.names.output, self.scenario.partitions[1]) {
                return Ok(());
            }
            self.workers[number].signal("CONT");
            if Instant::now() > end {
                return Err(format!("the scenario did not happen: worker {number} was never met inside a transaction"));
            }
            std::thread::sleep(Duration::from_millis(11));
        }
    }

    /// Every broker runs, the network is undisturbed.
    fn restore(&mut self) {
        self.cont();
        self.resume();
        self.cluster.proxy.heal();
    }

    fn cont(&mut self) {
        for number in std::mem::take(&mut self.paused) {
            self.cluster.script(&["cont", &number.to_string()]);
        }
    }

    /// Side by side: a broker is up only when its cluster has a quorum.
    pub fn resume(&mut self) {
        let cluster = self.cluster;
        std::thread::scope(|scope| {
            for number in std::mem::take(&mut self.killed) {
                scope.spawn(move || cluster.script(&["resume", &number.to_string()]));
            }
        });
    }

    /// I5: threads and connections return to what they were, memory stays under its limit.
    fn costs(&self, before: &[Option<Cost>]) -> Vec<String> {
        let mut broken = Vec::new();
        for (number, worker) in self.workers.iter().enumerate() {
            // What closes late (a hung client has 8 s) is waited for.
            let end = Instant::now() + Duration::from_secs(12);
            // A worker that was not ready then has nothing to be compared with.
            let comparable = self.scenario.compares_costs && self.waits;
            let slack = SLACK * usize::from(self.scenario.brokers);
            let grown = |cost: &Cost| {
                let before = before[number].unwrap_or(*cost);
                cost.threads > before.threads + slack || cost.sockets > before.sockets + slack
            };
            while comparable && worker.cost().is_some_and(|cost| grown(&cost)) && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(200));
            }
            let Some(cost) = worker.cost() else { continue };
            let first = before[number].unwrap_or(cost);
            let aborted = worker.metric("copydesk_transactions_aborted_total");
            let restarts = worker.metric("copydesk_lane_restarts_total");
            self.say(&format!(
                "worker {number}: threads {} → {}, sockets {} → {}, peak {} MB; {aborted} aborts, {restarts} lane restarts",
                first.threads, cost.threads, first.sockets, cost.sockets, cost.peak_mb
            ));
            if comparable && grown(&cost) {
                broken.push(format!("I5 worker {number} leaks: {first:?} before the faults, {cost:?} after"));
            }
            if cost.peak_mb > self.scenario.memory_mb {
                broken
                    .push(format!("I5 worker {number} had {} MB, more than {}", cost.peak_mb, self.scenario.memory_mb));
            }
        }
        broken
    }

    /// I5: what records of an extraordinary size took is given back.
    fn settled(&self) -> Vec<String> {
        let Some((_, most)) = self.scenario.container else { return Vec::new() };
        let end = Instant::now() + SETTLED;
        let mut broken = Vec::new();
        for (number, worker) in self.workers.iter().enumerate() {
            let now = || worker.cost().map_or(0, |cost| cost.now_mb);
            while now() >= most && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(200));
            }
            self.say(&format!("worker {number}: {} MB resident", now()));
            if now() >= most {
                broken.push(format!("I5 worker {number} still holds {} MB, not less than {most}", now()));
            }
        }
        broken
    }

    fn judge(&self) -> Vec<String> {
        let found = checker::check(&self.history);
        let mut said: Vec<String> = found.iter().take(12).map(|violation| format!("{violation:?}")).collect();
        if found.len() > said.len() {
            let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
            for violation in &found {
                let text = format!("{violation:?}");
                let kind = text.split(',').next().unwrap_or_default().split(" id:").next().unwrap_or_default();
                *kinds.entry(kind.to_owned()).or_default() += 1;
            }
            said.push(format!("… {} violations in all: {kinds:?}", found.len()));
        }
        said
    }

    fn panics(&self) -> Option<String> {
        let logs: Vec<String> = self.workers.iter().map(Worker::log).collect();
        let lines = logs.iter().flat_map(|log| log.lines().zip(log.lines().skip(1)));
        // A panic that a scenario asked for says so.
        let real =
            |(line, next): &(&str, &str)| line.contains("panicked at") && !format!("{line}{next}").contains("sabotage");
        lines.filter(real).map(|(line, _)| format!("I5 {line}")).next()
    }
}

/// Is this the fault that starts worker `number` for the first time?
fn starts_first(fault: &Fault, number: usize, all: &[(f64, Fault)]) -> bool {
    match *fault {
        Fault::StartDuplicate(_, new) => new == number,
        // Started before anything ended it.
        Fault::Start(started) if started == number => {
            let first = all.iter().map(|(_, fault)| fault).find(|fault| match **fault {
                Fault::Kill(n)
                | Fault::KillInside(n)
                | Fault::Term(n)
                | Fault::Leave(n)
                | Fault::KillOnAnswer(n, _)
                | Fault::Start(n) => n == number,
                Fault::Ends(n, _) => n == number,
                _ => false,
            });
            matches!(first, Some(Fault::Start(_)))
        }
        _ => false,
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        signal("CONT", &self.frozen);
        for worker in &self.workers {
            if worker.cost().is_some() {
                worker.signal("CONT");
            }
        }
        self.restore();
    }
}
