//! A scenario is data: a feed, workers, faults with times, and what is expected beyond the promise itself.

use std::time::Duration;

use crate::cluster::Who;
use crate::feed::Article;
use crate::freeze::Freeze;
use crate::proxy::{Api, Conditions};
use crate::run::Run;

/// What a scenario does for itself: it says what it did, or what is wrong.
pub type Act = fn(&mut Run) -> Result<String, String>;
/// Makes so many articles.
pub type Articles = fn(usize) -> Vec<Article>;

/// What happens to whom. A `usize` is the number of a worker.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// SIGKILL.
    Kill(usize),
    /// SIGKILL while a transaction stands open in the output topic.
    KillInside(usize),
    /// SIGTERM; it must end with 0 within the grace period.
    Term(usize),
    /// SIGTERM while anything may be broken: it ends with 0, or with 75 where the grace period was not enough.
    Leave(usize),
    /// SIGSTOP.
    Stop(usize),
    /// SIGSTOP while a transaction stands open in the output topic.
    StopInside(usize),
    /// SIGCONT.
    Cont(usize),
    /// (Again) under its own instance name.
    Start(usize),
    /// A second process under the instance name of the first: worker `.1` becomes a duplicate of worker `.0`.
    StartDuplicate(usize, usize),
    /// The worker must end by itself with this code.
    Ends(usize, i32),
    /// SIGKILL for a broker.
    KillBroker(Who),
    /// SIGSTOP for a broker; `ContBrokers` undoes it.
    PauseBroker(Who),
    /// The whole machine stands still for a while.
    Freeze(Freeze),
    /// Every broker that was killed is started again.
    ResumeBrokers,
    /// Every broker that was paused goes on.
    ContBrokers,
    /// What the proxies do from now on.
    Network(Conditions),
    /// Every connection dies, once.
    Cut,
    /// In place of the next answers to such a request the connection dies.
    LoseAnswers(Api, usize),
    /// At least so many answers were lost so.
    LostAnswers(usize),
    /// SIGKILL in the very moment when the answer to such a request would have come.
    KillOnAnswer(usize, Api),
    /// Undisturbed conditions.
    Heal,
    /// A topic setting.
    Configure(Topic, &'static str, &'static str),
    /// Anything else; what it did is printed.
    Do(&'static str, Act),
}

/// One of the topics that are written.
#[derive(Debug, Clone, Copy)]
pub enum Topic {
    Output,
    Dead,
}

/// What kind of cluster a scenario needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Usual,
    /// One broker with encryption, authentication and permissions.
    Secure,
    /// One broker on a disk of [`crate::cluster::SMALL_MB`] megabytes.
    SmallDisk,
}

/// What runs a scenario; each of them can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// `make test`, and `make faults`.
    Quick,
    /// `make faults`.
    Full,
    /// Nobody but who names it.
    ByHand,
}

/// A scenario.
#[derive(Debug, Clone)]
pub struct Scenario {
    pub name: &'static str,
    /// Its number in the issue that asked for it.
    pub number: u32,
    pub runs: Runs,
    pub brokers: u16,
    pub kind: Kind,
    pub workers: usize,
    /// Of input, output, dead letters.
    pub partitions: [i32; 3],
    pub articles: usize,
    /// The codec of the feed.
    pub compression: &'static str,
    /// Articles a second.
    pub rate: usize,
    /// Settings of the workers beyond the quick ones.
    pub settings: &'static [(&'static str, &'static str)],
    /// Fault after fault, each at so many seconds after the feed began.
    pub faults: Vec<(f64, Fault)>,
    /// Lanes of each worker.
    pub lanes: usize,
    /// The workers have no quick settings, but those that they come with.
    pub by_default: bool,
    /// Other articles than the usual ones.
    pub special: Option<Articles>,
    /// Before the workers start, once the topics are there.
    pub prepare: Option<Act>,
    /// Before the feed starts, once the workers are ready.
    pub before: Option<Act>,
    /// I4: all that was fed is there so long after the last fault was healed.
    pub progress: Duration,
    /// Each worker runs in a container of so many megabytes, and its resident memory is below so many afterwards.
    pub container: Option<(usize, usize)>,
    /// Most memory that a worker may ever have had.
    pub memory_mb: usize,
    /// The suite must find the promise broken: a worker with a deliberate bug.
    pub must_be_caught: bool,
    /// Threads and connections are compared with those before the faults.
    pub compares_costs: bool,
    /// By hand only, or in `make faults`, where the worker must be built with the feature `sabotage`.
    pub needs_sabotage: bool,
}

impl Scenario {
    /// The usual: one broker, one worker of two lanes, four partitions, 2,400 articles in 6 s.
    pub fn new(name: &'static str, number: u32, faults: Vec<(f64, Fault)>) -> Scenario {
        Scenario {
            name,
            number,
            runs: Runs::Full,
            brokers: 1,
            kind: Kind::Usual,
            workers: 1,
            partitions: [4, 4, 2],
            articles: 2400,
            rate: 400,
            compression: "none",
            settings: &[],
            lanes: 2,
            by_default: false,
            faults,
            special: None,
            prepare: None,
            before: None,
            progress: Duration::from_secs(60),
            container: None,
            memory_mb: 256,
            must_be_caught: false,
            compares_costs: true,
            needs_sabotage: false,
        }
    }

    pub fn quick(self) -> Scenario {
        Scenario { runs: Runs::Quick, ..self }
    }

    /// Too long for any suite.
    pub fn by_hand(self) -> Scenario {
        Scenario { runs: Runs::ByHand, ..self }
    }

    pub fn brokers(self, brokers: u16) -> Scenario {
        Scenario { brokers, ..self }
    }

    pub fn on(self, kind: Kind) -> Scenario {
        Scenario { kind, ..self }
    }

    pub fn workers(self, workers: usize) -> Scenario {
        Scenario { workers, ..self }
    }

    pub fn feed(self, articles: usize, rate: usize) -> Scenario {
        Scenario { articles, rate, ..self }
    }

    pub fn settings(self, settings: &'static [(&'static str, &'static str)]) -> Scenario {
        Scenario { settings, ..self }
    }

    pub fn prepare(self, prepare: Act) -> Scenario {
        Scenario { prepare: Some(prepare), ..self }
    }

    pub fn before(self, before: Act) -> Scenario {
        Scenario { before: Some(before), ..self }
    }

    /// Time-outs and sizes as the worker comes with them.
    pub fn by_default(self) -> Scenario {
        Scenario { by_default: true, ..self }
    }

    /// In a container of `mb` megabytes; of them less than `afterwards` are in use when all is done.
    pub fn contained(self, mb: usize, afterwards: usize) -> Scenario {
        // There is a gigabyte to be written and read again.
        let progress = Duration::from_secs(180);
        Scenario { container: Some((mb, afterwards)), memory_mb: mb, progress, ..self }
    }

    pub fn compression(self, compression: &'static str) -> Scenario {
        Scenario { compression, ..self }
    }

    pub fn memory(self, memory_mb: usize) -> Scenario {
        Scenario { memory_mb, ..self }
    }

    pub fn special(self, special: Articles) -> Scenario {
        Scenario { special: Some(special), ..self }
    }

    pub fn sabotaged(self, settings: &'static [(&'static str, &'static str)]) -> Scenario {
        Scenario { settings, needs_sabotage: true, ..self }
    }

    /// For a scenario whose own act asks one of the workers for it.
    pub fn needing_sabotage(self) -> Scenario {
        Scenario { needs_sabotage: true, ..self }
    }

    pub fn must_be_caught(self) -> Scenario {
        Scenario { must_be_caught: true, compares_costs: false, ..self }
    }
}
