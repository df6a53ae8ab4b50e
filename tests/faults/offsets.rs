//! Scenarios of offsets that can't be used: the input is recreated, an offset lies beyond the end, the offsets expire. The worker
//! stalls and says so, publishes nothing meanwhile, and after somebody has decided everything is there once.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::run::Run;
use crate::scenario::Fault::{Do, Start, Term};
use crate::scenario::Scenario;
use crate::worker::binary;

/// What the group had read of each partition before.
const EARLIER: i64 = 300;

/// Every scenario of this kind.
pub fn all() -> Vec<Scenario> {
    let new = Scenario::new;
    let decided = || {
        vec![(4.0, Do("stalled", stalls)), (4.5, Term(0)), (5.0, Do("decided", from_the_beginning)), (5.5, Start(0))]
    };
    vec![
        new("input-recreated-smaller", 34, decided()).feed(800, 400).prepare(recreated).quick(),
        new("input-recreated-larger", 34, decided()).feed(2400, 800).prepare(recreated).quick(),
        new(
            "committed-offset-beyond-the-end",
            34,
            vec![
                (4.0, Term(0)),
                // Every partition has grown past the offset by now.
                (4.5, Start(0)),
                (8.0, Do("stalled", stalls)),
                (8.5, Term(0)),
                (9.0, Do("decided", from_the_beginning)),
                (9.5, Start(0)),
            ],
        )
        .feed(2400, 600)
        .prepare(beyond)
        // Before the feed: an offset that has come into range by the time it is first looked at can't be told from another.
        .before(stalls),
        new(
            "offsets-expired-output-not-empty",
            34,
            vec![
                (2.0, Term(0)),
                (2.5, Do("expired", expire)),
                (3.0, Start(0)),
                (8.0, Do("stalled", stalls)),
                (8.5, Term(0)),
                (9.0, Do("decided", where_it_was)),
                (9.5, Start(0)),
            ],
        ),
    ]
}

/// A worker has read the topic, which is then deleted and made again; the coordinator still has the offsets.
fn recreated(run: &mut Run) -> Result<String, String> {
    let [input, output, _] = run.scenario.partitions;
    let (cluster, names) = (run.cluster, run.names.clone());
    cluster.fill(&names.input, input, EARLIER);
    run.workers[0].start(cluster, &names, run.scenario.settings);
    let end = Instant::now() + Duration::from_secs(60);
    let done =
        |offsets: &BTreeMap<i32, i64>| offsets.len() == input as usize && offsets.values().all(|next| *next == EARLIER);
    while !done(&cluster.committed(&names, input)) {
        if Instant::now() > end {
            return Err(format!("the worker did not read the input: {:?}", cluster.committed(&names, input)));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    run.workers[0].signal("TERM");
    run.workers[0].wait(Duration::from_secs(25))?;
    let offsets = cluster.offsets(&names, input);
    // The output as well: what came of the earlier topic is no part of this scenario.
    for (topic, partitions) in [(&names.input, input), (&names.output, output)] {
        cluster.delete(topic);
        cluster.create_when_gone(topic, partitions);
    }
    cluster.commit(&names, &offsets);
    run.waits = false;
    Ok(format!("the input was recreated; beside the offsets stands {:?}", offsets.values().next()))
}

/// Offsets that nobody has read up to, as after an unclean election.
fn beyond(run: &mut Run) -> Result<String, String> {
    let offsets = (0..run.scenario.partitions[0]).map(|partition| (partition, (EARLIER, String::new()))).collect();
    run.cluster.commit(&run.names, &offsets);
    run.waits = false;
    Ok(format!("the group is at {EARLIER} of an empty topic"))
}

fn stalls(run: &mut Run) -> Result<String, String> {
    let worker = &run.workers[0];
    let end = Instant::now() + Duration::from_secs(20);
    let body = loop {
        match worker.get("/readyz") {
            Some((503, body)) if body.contains("copydesk offsets reset") => break body,
            other if Instant::now() > end => {
                return Err(format!("/readyz does not tell of a partition that stalls: {other:?}"));
            }
            _ => std::thread::sleep(Duration::from_millis(100)),
        }
    };
    if worker.get("/livez").is_none_or(|(status, _)| status != 200) {
        return Err("a partition that stalls is no lane that stalls: /livez fails".to_owned());
    }
    let before = run.cluster.ends(&run.names.output, run.scenario.partitions[1]);
    std::thread::sleep(Duration::from_secs(2));
    if run.cluster.ends(&run.names.output, run.scenario.partitions[1]) != before {
        return Err("something is published although all partitions stall".to_owned());
    }
    let partitions = run.workers[0].metric("copydesk_partitions_stalled");
    if partitions != f64::from(run.scenario.partitions[0]) {
        return Err(format!("{partitions} partitions stall, by the metric: {body}"));
    }
    Ok(format!("/livez 200, /readyz: {}", body.lines().next().unwrap_or_default()))
}

fn from_the_beginning(run: &mut Run) -> Result<String, String> {
    decide(run, &["--all", "--to", "earliest"])
}

/// The group's offsets are gone, as after a week without a worker.
fn expire(run: &mut Run) -> Result<String, String> {
    let offsets = run.cluster.committed(&run.names, run.scenario.partitions[0]);
    let to: Vec<String> = offsets.iter().map(|(partition, offset)| format!("{partition}:{offset}")).collect();
    std::fs::write(run.folder.join("offsets"), to.join(",")).map_err(|error| error.to_string())?;
    run.cluster.forget_group(&run.names);
    Ok(format!("the group was at {}", to.join(",")))
}

fn where_it_was(run: &mut Run) -> Result<String, String> {
    let to = std::fs::read_to_string(run.folder.join("offsets")).map_err(|error| error.to_string())?;
    decide(run, &["--to", &to])
}

fn decide(run: &Run, to: &[&str]) -> Result<String, String> {
    let names = &run.names;
    let mut command = Command::new(binary());
    command.args(["offsets", "reset", "--brokers", &run.cluster.direct, "--group", &names.group]);
    command.args(["--input", &names.input, "--output", &names.output, "--yes"]).args(to);
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim().replace('\n', "; ");
    if output.status.success() {
        Ok(said)
    } else {
        Err(format!("copydesk offsets reset: {:?}: {said}", output.status.code()))
    }
}
