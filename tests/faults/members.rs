//! Scenarios of membership: coming back under one's name, never coming back, leaving, and zombies under a name that
//! another process has taken.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::run::Run;
use crate::scenario::Fault::{Cont, Do, Ends, Kill, KillInside, Start, StartDuplicate, Stop, StopInside, Term};
use crate::scenario::Scenario;
use crate::worker::binary;

/// The worker's own defaults, which [`crate::worker::QUICK`] makes short.
const DEFAULTS: &[(&str, &str)] = &[
    ("COPYDESK__KAFKA__SESSION.TIMEOUT.MS", "45000"),
    ("COPYDESK__KAFKA__TRANSACTION.TIMEOUT.MS", "30000"),
    ("COPYDESK__KAFKA__SOCKET.TIMEOUT.MS", "20000"),
    ("COPYDESK__KAFKA__MESSAGE.TIMEOUT.MS", "20000"),
];

/// As the defaults; the session ends within the scenario.
const SHORTER: &[(&str, &str)] = &[
    ("COPYDESK__KAFKA__SESSION.TIMEOUT.MS", "24000"),
    ("COPYDESK__KAFKA__TRANSACTION.TIMEOUT.MS", "15000"),
    ("COPYDESK__KAFKA__SOCKET.TIMEOUT.MS", "10000"),
    ("COPYDESK__KAFKA__MESSAGE.TIMEOUT.MS", "10000"),
];

/// Articles flow again so soon after a process that was killed is started again.
const GOAL: Duration = Duration::from_secs(12);

/// Every scenario of this file.
pub fn all() -> Vec<Scenario> {
    let new = |name, faults| Scenario::new(name, 14, faults);
    vec![
        new(
            "killed-and-restarted-under-its-name",
            vec![(2.0, KillInside(0)), (2.1, Start(0)), (2.1, Do("articles flow again", flows_again))],
        )
        .workers(2)
        .feed(6000, 400)
        .settings(DEFAULTS)
        .quick(),
        new(
            "the-only-worker-killed-and-restarted",
            vec![(2.0, KillInside(0)), (2.1, Start(0)), (2.1, Do("articles flow again", flows_again))],
        )
        .feed(6000, 400)
        .settings(DEFAULTS),
        new(
            "killed-and-never-back",
            vec![
                (2.0, Kill(0)),
                (20.0, Do("reported by the others", reported_by_the_others)),
                (20.1, Do("articles flow again", flows_again_after_the_session)),
            ],
        )
        .workers(2)
        .feed(12_000, 400)
        .settings(SHORTER),
        new("scaled-down", vec![(2.0, Term(0)), (2.1, Do("articles flow again", flows_again))])
            .workers(2)
            .feed(6000, 400)
            .settings(DEFAULTS),
        new("started-twice-on-one-machine", vec![(2.0, Do("refused", second_is_refused))]),
        // On another machine nothing refuses the newer one. The session is longer than the scenario, so that the group has
        // no other generation: the member id and the transactional id are all that tells the two apart.
        new(
            "frozen-in-a-transaction-and-replaced-under-its-name",
            vec![(2.0, StopInside(0)), (2.2, StartDuplicate(0, 1)), (10.0, Cont(0)), (10.5, Ends(0, 76))],
        )
        .workers(2)
        .feed(8000, 400)
        .settings(DEFAULTS)
        .quick(),
        new(
            "frozen-and-replaced-under-its-name",
            vec![(2.0, Stop(0)), (2.2, StartDuplicate(0, 1)), (10.0, Cont(0)), (10.5, Ends(0, 76))],
        )
        .workers(2)
        .feed(8000, 400)
        .settings(DEFAULTS),
        // The coordinator fences a transaction that timed out, too: the group tells the one from the other.
        new(
            "frozen-past-its-transaction-and-replaced-under-its-name",
            vec![(2.0, StopInside(0)), (2.2, StartDuplicate(0, 1)), (12.0, Cont(0)), (12.5, Ends(0, 76))],
        )
        .workers(2)
        .feed(8000, 400)
        .settings(&[("COPYDESK__KAFKA__SESSION.TIMEOUT.MS", "45000")]),
        // Its session over, librdkafka joins again, under the static membership of the one that has replaced it. That one must
        // take it back, and not end with the other.
        new(
            "frozen-past-its-session-and-replaced-under-its-name",
            vec![(2.0, Stop(0)), (2.2, StartDuplicate(0, 1)), (12.0, Cont(0)), (12.5, Ends(0, 76))],
        )
        .workers(2)
        .feed(8000, 400),
        // Under upgrade: the old process has transactional ids that the new one's don't fence.
        new(
            "zombie-of-the-old-ids",
            vec![(2.0, StopInside(0)), (2.2, StartDuplicate(0, 1)), (16.0, Cont(0)), (20.0, Term(0))],
        )
        .workers(2)
        .feed(8000, 400)
        .prepare(old_ids)
        .needing_sabotage(),
    ]
}

/// Waits until an offset of every partition is committed that was not before; how long that takes.
fn move_all(run: &Run<'_>, within: Duration) -> Result<Duration, String> {
    let partitions = run.scenario.partitions[0];
    let committed = || run.cluster.committed(&run.names, partitions);
    let (before, started) = (committed(), Instant::now());
    loop {
        let now = committed();
        let moved =
            |partition: &i32| now.get(partition).copied().unwrap_or(0) > before.get(partition).copied().unwrap_or(0);
        let still: BTreeMap<i32, Option<&i64>> = (0..partitions)
            .filter(|partition| !moved(partition))
            .map(|partition| (partition, now.get(&partition)))
            .collect();
        if still.is_empty() {
            return Ok(started.elapsed());
        }
        if started.elapsed() > within {
            return Err(format!("nothing is committed of partitions {still:?} for {} s", within.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn flows_again(run: &mut Run<'_>) -> Result<String, String> {
    move_all(run, GOAL).map(|took| format!("every partition moved within {:.1} s", took.as_secs_f64()))
}

fn flows_again_after_the_session(run: &mut Run<'_>) -> Result<String, String> {
    let took = move_all(run, Duration::from_secs(25))?;
    Ok(format!("every partition moved within {:.1} s", took.as_secs_f64()))
}

/// Log, `/readyz` and metrics of worker 1 say what becomes of worker 0's partitions.
fn reported_by_the_others(run: &mut Run<'_>) -> Result<String, String> {
    const SILENT: &str = "has been read by nobody for";
    let worker = &run.workers[1];
    let (status, ready) = worker.get("/readyz").ok_or("the admin server does not answer")?;
    let owner = format!("`{}-w0-", run.names.group);
    if status != 200 || ready.matches(SILENT).count() != 2 || !ready.contains(&owner) {
        return Err(format!("/readyz does not tell of two partitions of worker 0: {status} {ready}"));
    }
    if worker.log().matches(SILENT).count() < 2 {
        return Err("the log does not tell of them".to_owned());
    }
    let (_, metrics) = worker.get("/metrics").ok_or("no metrics")?;
    let series = metrics.lines().filter(|line| line.starts_with("copydesk_lag_records{")).count();
    if series != 4 {
        return Err(format!("{series} partitions have a lag, not 4"));
    }
    Ok(ready.lines().find(|line| line.contains(SILENT)).unwrap_or_default().to_owned())
}

/// The same command again, and `check`.
fn second_is_refused(run: &mut Run<'_>) -> Result<String, String> {
    let names = run.names.clone();
    let brokers = run.cluster.proxied.clone();
    let command = |words: &[&str]| {
        let mut command = Command::new(binary());
        command.args(words).args(["--instance", "w0", "--brokers", &brokers, "--group", &names.group]);
        command.args(["--input", &names.input, "--output", &names.output, "--dead-letters", &names.dead]);
        command.stdin(Stdio::null()).output().map_err(|error| error.to_string())
    };
    let (started, second) = (Instant::now(), command(&["run"])?);
    let took = started.elapsed();
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    if second.status.code() != Some(76) || !said.contains("runs on this machine") {
        return Err(format!("the second one ended with {:?}: {said}", second.status.code()));
    }
    let check = command(&["check"])?;
    let told = String::from_utf8_lossy(&check.stdout).into_owned();
    if check.status.code() != Some(0) || !told.contains("is running on this machine") {
        return Err(format!("`check` ended with {:?}: {told}", check.status.code()));
    }
    Ok(format!("76 after {:.1} s; `check` warns and ends with 0", took.as_secs_f64()))
}

/// Worker 0 has the ids of the versions before, and is a dynamic member.
fn old_ids(run: &mut Run<'_>) -> Result<String, String> {
    run.workers[0].extra = &[("COPYDESK_SABOTAGE", "old-ids")];
    Ok("worker 0 has ids of the old form".to_owned())
}
