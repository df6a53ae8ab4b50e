//! The whole machine stands still: brokers and workers are stopped together for a while, and go on together or one kind
//! before the other, as where a virtual machine is paused, migrated or put to sleep.
//!
//! What is asserted beyond the promise itself: after each thaw every lane of every worker commits a batch within a bounded
//! time. One lane that goes on does not hide another that is stuck.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::run::Run;
use crate::scenario::{Fault, Scenario};
use crate::worker::signal;

/// In which order processes go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thaw {
    Together,
    BrokersFirst,
    WorkersFirst,
}

/// One freeze of the machine.
#[derive(Debug, Clone, Copy)]
pub struct Freeze {
    pub length: Duration,
    pub thaw: Thaw,
    /// Each lane has committed again so long after the last process went on.
    pub within: Duration,
}

const LAST_COMMIT: &str = "copydesk_last_commit_timestamp_seconds";
/// Between those that go on first and the others.
const BETWEEN: Duration = Duration::from_millis(1500);
/// Each partition gets articles all the time, so that each lane always has something to commit.
const PARTITIONS: [i32; 3] = [8, 8, 2];

/// Work between two freezes, in seconds, recovery included.
const WORK: f64 = 6.0;
const ORDERS: [Thaw; 3] = [Thaw::Together, Thaw::BrokersFirst, Thaw::WorkersFirst];

/// Freezes below and above each of the quick time-outs, and of those that a worker has by default: socket and message 20 s,
/// transaction 30 s, session 45 s.
pub fn all() -> Vec<Scenario> {
    let each = |lengths: &[f64]| -> Vec<(f64, Thaw)> {
        lengths.iter().flat_map(|length| ORDERS.map(|thaw| (*length, thaw))).collect()
    };
    let in_turn =
        |lengths: &[f64]| -> Vec<(f64, Thaw)> { lengths.iter().copied().zip(ORDERS.into_iter().cycle()).collect() };
    // By default a lane waits up to 30 s for offsets that librdkafka has lost (`offset_sender.rs`), and its group meanwhile for it; a
    // group waits up to 45 s for a member that is gone. Five time-outs of messages in a row would take 100 s.
    let (quick, slow) = (Duration::from_secs(15), Duration::from_secs(90));
    vec![
        frozen("machine-frozen", &in_turn(&[1.0, 5.5, 9.0]), quick, 200),
        frozen("machine-frozen-in-each-order", &each(&[1.0, 3.0, 5.5, 9.0]), quick, 200),
        frozen("machine-frozen-with-three-brokers", &each(&[3.0, 5.5, 12.0]), quick, 200).brokers(3),
        frozen("machine-frozen-by-default", &in_turn(&[20.0, 50.0]), slow, 50).by_default(),
        frozen("machine-frozen-by-default-with-three-brokers", &in_turn(&[5.0, 35.0, 70.0]), slow, 50)
            .brokers(3)
            .by_default()
            .by_hand(),
        frozen("machine-frozen-by-default-in-each-order", &each(&[5.0, 20.0, 35.0, 50.0, 70.0, 100.0]), slow, 50)
            .by_default()
            .by_hand(),
        Scenario::new("producer-stuck-until-replaced", 8, vec![(2.0, Fault::Do("stuck", stick))]).feed(6000, 300),
    ]
}

/// Articles come until the last freeze is over.
fn frozen(name: &'static str, freezes: &[(f64, Thaw)], within: Duration, rate: usize) -> Scenario {
    let mut at = 2.0;
    let mut faults = Vec::new();
    for &(length, thaw) in freezes {
        faults.push((at, Fault::Freeze(Freeze { length: Duration::from_secs_f64(length), thaw, within })));
        at += length + WORK;
    }
    // Each fault comes up to a tenth later than it says.
    let articles = (at * 1.1) as usize * rate;
    let scenario = Scenario::new(name, 8, faults).workers(2).prepare(without_proxy).feed(articles, rate);
    Scenario { partitions: PARTITIONS, compares_costs: false, ..scenario }
}

/// A proxy that goes on while its neighbours stand still would be no frozen machine.
fn without_proxy(run: &mut Run) -> Result<String, String> {
    for worker in &mut run.workers {
        worker.brokers = Some(run.cluster.direct.clone());
    }
    Ok("workers meet the brokers without a proxy".to_owned())
}

/// A lane has new clients and has committed so long after its sends began to lead nowhere: one `message.timeout.ms` of 4 s, an
/// abort, a restart. Five such time-outs would take 20 s at least.
const REPLACED: Duration = Duration::from_secs(18);

/// What was seen after a machine's freeze, and not seen to come by itself: every send of a lane times out, on each connection,
/// while the brokers answer everything else, until its producer is replaced.
fn stick(run: &mut Run) -> Result<String, String> {
    let proxy = run.cluster.proxy.clone();
    proxy.stick(&run.workers[0].instance, 0);
    let started = Instant::now();
    while proxy.stuck() == Some(0) {
        if started.elapsed() > REPLACED {
            return Err("the scenario did not happen: the lane sends nothing".to_owned());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let started = Instant::now();
    // What was on its way is there by now.
    std::thread::sleep(Duration::from_secs(1));
    let since = wall_clock();
    let last = |run: &Run| run.workers[0].by_lane(LAST_COMMIT).get("0").copied().unwrap_or(0.0);
    while last(run) <= since {
        run.workers_run()?;
        if started.elapsed() > REPLACED {
            let (tried, aborted) = (proxy.stuck(), run.workers[0].metric("copydesk_transactions_aborted_total"));
            return Err(format!(
                "I4 {:.0} s after its producer got stuck the lane has committed nothing ({tried:?} sends, {aborted} aborts)",
                started.elapsed().as_secs_f64()
            ));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    if proxy.stuck().is_some() {
        return Err("the scenario did not happen: the lane committed without a send".to_owned());
    }
    Ok(format!("the lane committed {:.1} s after its producer got stuck", started.elapsed().as_secs_f64()))
}

fn wall_clock() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

impl Freeze {
    /// Stops all, waits, lets all go on, and waits until every lane has committed.
    pub fn happen(self, run: &mut Run) -> Result<String, String> {
        let brokers = run.cluster.pids();
        let workers: Vec<u32> = run.workers.iter().filter_map(|worker| worker.pid()).collect();
        let all = [brokers.as_slice(), workers.as_slice()].concat();
        run.frozen.clone_from(&all);
        signal("STOP", &all);
        std::thread::sleep(self.length);
        match self.thaw {
            Thaw::Together => signal("CONT", &all),
            Thaw::BrokersFirst => one_then_other(&brokers, &workers),
            Thaw::WorkersFirst => one_then_other(&workers, &brokers),
        }
        run.frozen.clear();
        let slowest = self.every_lane_commits(run)?;
        Ok(format!(
            "{:.1} s, {:?}: every lane had committed {slowest:.1} s after it",
            self.length.as_secs_f64(),
            self.thaw
        ))
    }

    fn every_lane_commits(self, run: &mut Run) -> Result<f64, String> {
        let thawed = Instant::now();
        let since = wall_clock();
        loop {
            run.workers_run()?;
            let mut late = Vec::new();
            for (number, worker) in run.workers.iter().enumerate().filter(|(_, worker)| worker.pid().is_some()) {
                let committed = worker.by_lane(LAST_COMMIT);
                for lane in 0..run.scenario.lanes {
                    let last = committed.get(&lane.to_string()).copied().unwrap_or(0.0);
                    if last <= since {
                        late.push(format!("lane {lane} of worker {number} ({:.1} s ago)", since - last));
                    }
                }
            }
            if late.is_empty() {
                return Ok(thawed.elapsed().as_secs_f64());
            }
            if thawed.elapsed() > self.within {
                return Err(format!(
                    "I4 {:.0} s after a freeze of {:.1} s ({:?}) no batch was committed by {}",
                    thawed.elapsed().as_secs_f64(),
                    self.length.as_secs_f64(),
                    self.thaw,
                    late.join(", ")
                ));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

fn one_then_other(one: &[u32], other: &[u32]) {
    signal("CONT", one);
    std::thread::sleep(BETWEEN);
    signal("CONT", other);
}
