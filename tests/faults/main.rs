//! The fault suite: exactly once, proven on a real Apache Kafka.
//!
//! Worker processes, real brokers, a TCP proxy between them, a feeder, a reader that runs all the time, and a checker that
//! knows nothing of copydesk. Scenarios are data ([`scenarios`]).
//!
//!   cargo test --release --test faults                                   what `make test` runs
//!   cargo test --release --features sabotage --test faults -- --all      every scenario (`make faults`)
//!   … -- --scenario NAME [--seed S] [--times N]                          one of them
//!   … -- --soak HOURS [--seed S]                                         faults drawn at random, and a table
//!   … -- --list

// A test that can't go on says why and fails.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

#[path = "../support/admin.rs"]
mod admin;
mod checker;
mod cluster;
mod container;
mod feed;
mod freeze;
#[path = "../support/kafka_script.rs"]
mod kafka_script;
mod members;
mod memory;
mod odd;
mod offsets;
mod proxy;
mod refused;
mod run;
mod scenario;
mod scenarios;
mod security;
mod soak;
mod special;
mod tokens;
mod wire;
mod worker;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use cluster::Cluster;
use run::{Counts, Run};
use scenario::{Kind, Runs, Scenario};

#[derive(Debug, Default)]
struct Arguments {
    all: bool,
    list: bool,
    scenarios: Vec<String>,
    /// Parts of names, as of any other test.
    filters: Vec<String>,
    seed: Option<u64>,
    times: Option<u64>,
    soak: Option<f64>,
}

fn arguments() -> Arguments {
    let mut found = Arguments::default();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("`{word}` needs a value"));
        match word.as_str() {
            "--all" => found.all = true,
            "--list" => found.list = true,
            "--scenario" => found.scenarios.push(value()),
            "--seed" => found.seed = Some(value().parse().expect("--seed is a number")),
            "--times" => found.times = Some(value().parse().expect("--times is a number")),
            "--soak" => found.soak = Some(value().parse().expect("--soak is a number of hours")),
            // What cargo test hands to every test program.
            "--test-threads" | "--skip" | "--format" | "--color" | "--logfile" => drop(value()),
            option if option.starts_with('-') => {}
            filter => found.filters.push(filter.to_owned()),
        }
    }
    found
}

fn main() -> ExitCode {
    let arguments = arguments();
    let parts = [
        scenarios::all,
        special::all,
        offsets::all,
        members::all,
        freeze::all,
        memory::all,
        refused::all,
        security::all,
        tokens::all,
    ];
    let known: Vec<Scenario> = parts.iter().flat_map(|part| part()).collect();
    if arguments.list {
        for scenario in &known {
            println!("{:40} {:2} {:?}", scenario.name, scenario.number, scenario.runs);
        }
        return ExitCode::SUCCESS;
    }
    if let Some(hours) = arguments.soak {
        return soaked(hours, arguments.seed.unwrap_or(1));
    }
    let chosen: Vec<Scenario> = known
        .into_iter()
        .filter(|scenario| {
            if !arguments.filters.iter().all(|filter| scenario.name.contains(filter.as_str())) {
                return false;
            }
            let named = arguments.scenarios.iter().any(|name| name == scenario.name);
            let sabotaged = cfg!(feature = "sabotage") || !scenario.needs_sabotage;
            let in_suite = scenario.runs == Runs::Quick || arguments.all && scenario.runs == Runs::Full;
            named || arguments.scenarios.is_empty() && sabotaged && in_suite
        })
        .collect();
    if chosen.is_empty() && !arguments.filters.is_empty() {
        return ExitCode::SUCCESS;
    }
    assert!(!chosen.is_empty(), "no such scenario: --list names them");
    // A panic that a scenario asks for, in the function that tells what must come of an article.
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload().downcast_ref::<&str>() != Some(&"sabotage") {
            told(panic);
        }
    }));
    let mut suite = Suite::new();
    let first = arguments.seed.unwrap_or(1);
    for scenario in &chosen {
        for seed in first..first + arguments.times.unwrap_or(1) {
            suite.run(scenario, seed);
        }
    }
    suite.end()
}

/// Round after round until the time is over; at least one.
fn soaked(hours: f64, first: u64) -> ExitCode {
    let mut suite = Suite::new();
    for seed in first.. {
        suite.run(&soak::round(seed), seed);
        if suite.started.elapsed().as_secs_f64() > hours * 3600.0 {
            break;
        }
    }
    suite.end()
}

/// Clusters that scenarios share, and what came of each scenario.
struct Suite {
    folder: PathBuf,
    clusters: BTreeMap<(u16, Kind), Cluster>,
    results: Vec<(String, u64, Result<Counts, String>)>,
    started: Instant,
}

impl Suite {
    fn new() -> Suite {
        let folder = PathBuf::from(format!("/tmp/faults.{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder under /tmp");
        worker::binary();
        Suite { folder, clusters: BTreeMap::new(), results: Vec::new(), started: Instant::now() }
    }

    fn run(&mut self, scenario: &Scenario, seed: u64) {
        println!("== {} (scenario {}, seed {seed})", scenario.name, scenario.number);
        let folder: &Path = &self.folder;
        // One cluster at a time: memory and cores are for the scenario.
        let kind = (scenario.brokers, scenario.kind);
        self.clusters.retain(|other, _| *other == kind);
        let cluster = self.clusters.entry(kind).or_insert_with(|| match scenario.kind {
            Kind::Usual => Cluster::start(folder, scenario.brokers),
            Kind::Secure => security::start(folder),
            Kind::SmallDisk => Cluster::start_on_small_disk(folder),
        });
        let mut run = Run::new(scenario, cluster, folder, seed);
        let ended = catch_unwind(AssertUnwindSafe(|| run.run(seed)));
        let result = ended.unwrap_or_else(|_| Err("the suite itself panicked: see above".to_owned()));
        let logs = run.folder.clone();
        drop(run);
        let result = match (result, scenario.must_be_caught) {
            (Ok(_), true) => Err("the deliberate bug was not caught".to_owned()),
            (Err(found), true) => {
                println!("   caught, as it must be: {found}");
                Ok(Counts::default())
            }
            (result, false) => result,
        };
        match &result {
            Ok(counts) => {
                println!(
                    "   PASS in {:.0} s: {} sent, {} clean, {} dead letters",
                    counts.took.as_secs_f64(),
                    counts.sent,
                    counts.clean,
                    counts.dead
                );
                let _ = std::fs::remove_dir_all(&logs);
            }
            Err(wrong) => {
                println!("   FAIL {wrong}");
                println!("   logs: {}", logs.display());
                let alone = if scenario.name == "soak" {
                    "--soak 0".to_owned()
                } else {
                    format!("--scenario {}", scenario.name)
                };
                println!("   again: cargo test --release --features sabotage --test faults -- {alone} --seed {seed}");
                if !scenario.must_be_caught {
                    cluster.leave_in(&logs);
                }
                // A cluster that may be broken is not handed on.
                self.clusters.clear();
            }
        }
        self.results.push((scenario.name.to_owned(), seed, result));
    }

    fn end(mut self) -> ExitCode {
        self.clusters.clear();
        let failed: Vec<_> = self.results.iter().filter(|(_, _, result)| result.is_err()).collect();
        let records: usize = self.results.iter().filter_map(|(_, _, result)| Some(result.as_ref().ok()?.sent)).sum();
        println!(
            "\n{:42} {:>5} {:>7} {:>7} {:>5} {:>8} {:>6}",
            "scenario", "seed", "sent", "clean", "dead", "healed s", "took s"
        );
        for (name, seed, result) in &self.results {
            match result {
                Ok(counts) => println!(
                    "{name:42} {seed:>5} {:>7} {:>7} {:>5} {:>8.1} {:>6.0}",
                    counts.sent,
                    counts.clean,
                    counts.dead,
                    counts.healed_in.as_secs_f64(),
                    counts.took.as_secs_f64()
                ),
                Err(_) => println!("{name:42} {seed:>5}    FAIL"),
            }
        }
        let (passed, all) = (self.results.len() - failed.len(), self.results.len());
        println!(
            "\n{passed} of {all} scenarios passed, {records} articles checked, in {:.0} s",
            self.started.elapsed().as_secs_f64()
        );
        if failed.is_empty() {
            let _ = std::fs::remove_dir_all(&self.folder);
            return ExitCode::SUCCESS;
        }
        println!("logs are kept in {}", self.folder.display());
        ExitCode::FAILURE
    }
}
