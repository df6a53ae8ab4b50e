//! The scenarios. A new one is a few lines: a name, its number in the issue, and what happens when.

use std::time::Duration;

use crate::cluster::Who;
use crate::proxy::{Api, Conditions};
use crate::scenario::Fault::{
    Cont, ContBrokers, Cut, Ends, Heal, Kill, KillBroker, KillInside, KillOnAnswer, LoseAnswers, LostAnswers, Network,
    PauseBroker, ResumeBrokers, Start, StartDuplicate, Stop, StopInside, Term,
};
use crate::scenario::Scenario;

/// As long as in production: a coordinator that finds, while it starts, that a transaction timed out while it was away loses
/// the abort markers (Apache Kafka 4.3.1; docs/guarantees.md).
pub const PATIENT: &[(&str, &str)] = &[
    ("COPYDESK__KAFKA__SESSION.TIMEOUT.MS", "45000"),
    ("COPYDESK__KAFKA__TRANSACTION.TIMEOUT.MS", "40000"),
    ("COPYDESK__KAFKA__MESSAGE.TIMEOUT.MS", "30000"),
];

/// Every scenario that is not special.
pub fn all() -> Vec<Scenario> {
    let new = Scenario::new;
    let network = |conditions: Conditions| Network(conditions);
    let hole = Conditions { swallow_requests: true, swallow_answers: true, ..Conditions::default() };
    let half_open = Conditions { swallow_answers: true, ..Conditions::default() };
    let refused = Conditions { refuse: true, ..Conditions::default() };
    let slow = Conditions { delay: Duration::from_millis(1000), ..Conditions::default() };
    vec![
        new("calm", 0, vec![]).quick().workers(2),
        // The processes.
        new(
            "killed-before-commit",
            1,
            vec![(2.0, KillInside(0)), (2.5, Start(0)), (4.0, KillInside(0)), (4.2, Start(0))],
        )
        .quick(),
        new(
            "killed-during-commit",
            2,
            vec![
                (2.0, KillOnAnswer(0, Api::END_TXN)),
                (2.3, Start(0)),
                (4.0, KillOnAnswer(0, Api::TXN_OFFSET_COMMIT)),
                (4.3, Start(0)),
                (5.0, KillOnAnswer(0, Api::PRODUCE)),
                (5.3, Start(0)),
            ],
        )
        .quick(),
        new("terminated-in-mid-batch", 3, vec![(2.0, Term(0)), (4.0, Term(1))]).workers(3).quick(),
        new(
            "terminated-during-a-rebalance",
            4,
            vec![(2.0, Start(1)), (2.3, Term(0)), (3.0, Start(0)), (3.2, Start(2)), (3.3, Term(1))],
        )
        .workers(3),
        new(
            "members-come-and-go",
            5,
            vec![(2.0, Start(1)), (3.5, Start(2)), (6.0, Term(0)), (7.0, Kill(1)), (9.0, Start(0)), (10.0, Start(1))],
        )
        .workers(3)
        .feed(4800, 400),
        new("zombie-inside-a-transaction", 6, vec![(2.0, StopInside(0)), (11.0, Cont(0))])
            .workers(2)
            .feed(5600, 400)
            .quick(),
        new(
            "zombie-at-any-moment",
            6,
            vec![(2.0, Stop(0)), (10.0, Cont(0)), (12.0, Stop(1)), (20.0, Cont(1)), (22.0, Stop(0)), (23.0, Cont(0))],
        )
        .workers(2)
        .feed(8000, 400),
        new("duplicate-instance", 7, vec![(2.0, StartDuplicate(0, 1)), (3.0, Ends(0, 76))]).workers(2).quick(),
        new("renamed-inside-a-transaction", 33, vec![(2.0, KillInside(0)), (2.2, Start(1))]).workers(2).quick(),
        // The brokers.
        new("leader-of-output-killed", 10, vec![(2.0, KillBroker(Who::Output)), (6.0, ResumeBrokers)])
            .brokers(3)
            .workers(2)
            .feed(3200, 400),
        new("leader-of-input-killed", 10, vec![(2.0, KillBroker(Who::Input)), (6.0, ResumeBrokers)])
            .brokers(3)
            .workers(2)
            .feed(3200, 400),
        new("group-coordinator-killed", 10, vec![(2.0, KillBroker(Who::Group)), (6.0, ResumeBrokers)])
            .brokers(3)
            .workers(2)
            .feed(3200, 400),
        new("transaction-coordinator-killed", 10, vec![(2.0, KillBroker(Who::Transactions)), (6.0, ResumeBrokers)])
            .brokers(3)
            .workers(2)
            .feed(3200, 400),
        new("leader-of-output-paused", 10, vec![(2.0, PauseBroker(Who::Output)), (12.0, ContBrokers)])
            .brokers(3)
            .workers(2)
            .feed(5600, 400),
        new("group-coordinator-paused", 10, vec![(2.0, PauseBroker(Who::Group)), (12.0, ContBrokers)])
            .brokers(3)
            .workers(2)
            .feed(5600, 400),
        new("transaction-coordinator-paused", 10, vec![(2.0, PauseBroker(Who::Transactions)), (12.0, ContBrokers)])
            .brokers(3)
            .workers(2)
            .feed(5600, 400),
        new("broker-killed", 10, vec![(2.0, KillBroker(Who::All)), (5.0, ResumeBrokers)])
            .feed(3200, 400)
            .settings(PATIENT)
            .quick(),
        new("all-brokers-down-for-two-minutes", 12, vec![(2.0, KillBroker(Who::All)), (122.0, ResumeBrokers)])
            .brokers(3)
            .workers(2)
            .feed(2000, 200),
        new("all-brokers-down-for-ten-minutes", 12, vec![(2.0, KillBroker(Who::All)), (602.0, ResumeBrokers)])
            .brokers(3)
            .workers(2)
            .feed(2000, 200)
            .by_hand(),
        // The network.
        new(
            "answers-of-commits-lost",
            11,
            vec![(2.0, LoseAnswers(Api::END_TXN, 3)), (5.0, LostAnswers(3)), (5.1, Heal)],
        )
        .quick(),
        new(
            "answers-of-offsets-lost",
            11,
            vec![(2.0, LoseAnswers(Api::TXN_OFFSET_COMMIT, 3)), (5.0, LostAnswers(3)), (5.1, Heal)],
        )
        .quick(),
        new("answers-of-sends-lost", 11, vec![(2.0, LoseAnswers(Api::PRODUCE, 3)), (5.0, LostAnswers(3)), (5.1, Heal)])
            .quick(),
        new("black-hole-past-every-timeout", 11, vec![(2.0, network(hole)), (14.0, Heal)]).workers(2).feed(6000, 400),
        new(
            "black-hole-inside-a-transaction",
            11,
            vec![(2.0, StopInside(0)), (2.1, network(hole)), (2.2, Cont(0)), (12.0, Heal)],
        )
        .feed(6000, 400),
        new("half-open", 11, vec![(2.0, network(half_open)), (5.0, Heal), (6.0, network(half_open)), (14.0, Heal)])
            .workers(2)
            .feed(6000, 400),
        new(
            "connections-cut",
            11,
            vec![(2.0, Cut), (2.5, Cut), (3.0, Cut), (3.3, network(refused)), (3.3, Cut), (5.0, Heal)],
        )
        .workers(2)
        .quick(),
        new("two-seconds-round-trip", 13, vec![(2.0, network(slow)), (20.0, Heal)]).feed(4000, 200),
    ]
}
