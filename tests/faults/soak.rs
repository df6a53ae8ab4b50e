//! Faults drawn at random from a seed: `make soak HOURS=n SEED=s`. One seed is one round, and makes the same round again.

use std::time::Duration;

use crate::cluster::Who;
use crate::feed::Random;
use crate::proxy::{Api, Conditions};
use crate::scenario::{Fault, Scenario};

/// Faults end after so many seconds.
const LENGTH: f64 = 24.0;

/// The round of a seed: what happens to each worker, to the brokers and to the network goes on side by side.
pub fn round(seed: u64) -> Scenario {
    let mut random = Random(seed.wrapping_mul(0x0051_7CC1_B727_2202));
    let workers = 1 + random.below(3);
    let brokers = if random.below(2) == 0 { 1 } else { 3 };
    let mut faults = Vec::new();
    for number in 0..workers {
        track(&mut random, &mut faults, 6, |random| worker(random, number));
    }
    track(&mut random, &mut faults, 9, network);
    if random.below(2) == 0 {
        track(&mut random, &mut faults, 14, |random| broker(random, brokers));
    }
    faults.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    faults.push((LENGTH + 2.0, Fault::Heal));
    Scenario { faults, ..Scenario::new("soak", 0, Vec::new()).brokers(brokers).workers(workers).feed(7200, 300) }
}

/// One fault after the other, each undone before the next.
fn track(
    random: &mut Random,
    faults: &mut Vec<(f64, Fault)>,
    pause: usize,
    draw: impl Fn(&mut Random) -> (Fault, usize, Option<Fault>),
) {
    let mut at = 2.0 + random.below(pause * 1000) as f64 / 1000.0;
    while at < LENGTH - 8.0 {
        let (fault, longest, undo) = draw(random);
        faults.push((at, fault));
        at += 0.2 + random.below(longest * 1000) as f64 / 1000.0;
        faults.extend(undo.map(|undo| (at.min(LENGTH), undo)));
        at += 1.0 + random.below(pause * 1000) as f64 / 1000.0;
    }
}

/// A fault, its longest time in seconds, and what undoes it.
fn worker(random: &mut Random, number: usize) -> (Fault, usize, Option<Fault>) {
    match random.below(3) {
        0 => (Fault::Kill(number), 3, Some(Fault::Start(number))),
        1 => (Fault::Leave(number), 3, Some(Fault::Start(number))),
        _ => (Fault::Stop(number), 10, Some(Fault::Cont(number))),
    }
}

fn network(random: &mut Random) -> (Fault, usize, Option<Fault>) {
    let api = [Api::PRODUCE, Api::END_TXN, Api::TXN_OFFSET_COMMIT][random.below(3)];
    let delay = Duration::from_millis(50 + random.below(900) as u64);
    let conditions = match random.below(4) {
        0 => Conditions { swallow_requests: true, swallow_answers: true, ..Conditions::default() },
        1 => Conditions { swallow_answers: true, ..Conditions::default() },
        2 => Conditions { refuse: true, ..Conditions::default() },
        _ => Conditions { delay, ..Conditions::default() },
    };
    match random.below(4) {
        0 => (Fault::Cut, 1, None),
        1 => (Fault::LoseAnswers(api, 1 + random.below(3)), 4, Some(Fault::Heal)),
        _ => (Fault::Network(conditions), 9, Some(Fault::Heal)),
    }
}

fn broker(random: &mut Random, brokers: u16) -> (Fault, usize, Option<Fault>) {
    let one = Who::Number(1 + u16::try_from(random.below(usize::from(brokers))).unwrap_or(0));
    let who = if random.below(4) == 0 { Who::All } else { one };
    match random.below(2) {
        0 => (Fault::PauseBroker(who), 12, Some(Fault::ContBrokers)),
        _ => (Fault::KillBroker(who), 4, Some(Fault::ResumeBrokers)),
    }
}
