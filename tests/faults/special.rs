//! Scenarios that need an article or an act of their own: topics that go and come, records too large, poison, retention,
//! slow processing, a flooded admin server, and the workers with deliberate bugs.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::cluster::Who;
use crate::odd::{bombs, fifty, large, large_poison, nested, panics, poison, slow, spread, tiny};
use crate::proxy::Conditions;
use crate::run::Run;
use crate::scenario::Fault::{Configure, Cont, Do, Heal, KillBroker, KillInside, Network, ResumeBrokers, Start, Term};
use crate::scenario::{Kind, Scenario, Topic};
use crate::scenarios::PATIENT;
use crate::worker::binary;

/// Records are given up long before transaction and session are, so that the batch is aborted and the lane works on.
const NO_REWIND: &[(&str, &str)] = &[
    ("COPYDESK_SABOTAGE", "no-rewind"),
    ("COPYDESK__KAFKA__MESSAGE.TIMEOUT.MS", "1200"),
    ("COPYDESK__KAFKA__SOCKET.TIMEOUT.MS", "1500"),
    ("COPYDESK__KAFKA__TRANSACTION.TIMEOUT.MS", "10000"),
    ("COPYDESK__KAFKA__SESSION.TIMEOUT.MS", "12000"),
];

/// The worker's wall clock is what a file says; its monotonic clock is left alone, as it is when a machine's clock is set.
/// Paths are below the scenario's folder, where the worker runs.
const FAKE_CLOCK: &[(&str, &str)] = &[
    ("LD_PRELOAD", "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1:./waits.so"),
    ("FAKETIME_TIMESTAMP_FILE", "clock"),
    ("FAKETIME_NO_CACHE", "1"),
    ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    // The log's dates prove that the clock jumped: a line a batch, since refusals are summed up.
    ("COPYDESK__LOG__FILTER", "info,copydesk=debug"),
];
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/// A fetch is decompressed whole: where producers are not trusted, this bounds what that may cost (docs/guarantees.md).
const SMALL_FETCHES: &[(&str, &str)] = &[("COPYDESK__KAFKA__FETCH.MESSAGE.MAX.BYTES", "1000")];

/// Arguments, a variable of the environment, the exit code, and what is named.
type BadOption<'a> = (&'a [&'a str], (&'a str, &'a str), i32, &'a str);

/// Every special scenario.
pub fn all() -> Vec<Scenario> {
    let new = Scenario::new;
    // All of them are there when the worker starts, so that one fetch brings many.
    let bomb = |name, codec| {
        let scenario = new(name, 25, vec![(4.0, Start(0))]).feed(40, 100).special(bombs).prepare(take_large_input);
        scenario.compression(codec).settings(SMALL_FETCHES).memory(400)
    };
    let half_open = Conditions { swallow_answers: true, ..Conditions::default() };
    vec![
        new("processing-longer-than-every-timeout", 9, vec![(16.0, Cont(0))])
            .workers(2)
            .feed(6000, 400)
            .special(slow)
            .sabotaged(&[("COPYDESK_SABOTAGE", "slow-to-process"), ("COPYDESK__KAFKA__MAX.POLL.INTERVAL.MS", "6000")]),
        new("transaction-longer-than-its-timeout", 9, vec![(16.0, Cont(0))])
            .workers(2)
            .feed(6000, 400)
            .special(slow)
            .sabotaged(&[("COPYDESK_SABOTAGE", "slow-to-publish")]),
        new("a-panic-in-the-function", 28, vec![]).special(panics).sabotaged(&[]),
        new(
            "not-enough-replicas",
            14,
            vec![
                (2.0, Configure(Topic::Output, "min.insync.replicas", "3")),
                (2.5, KillBroker(Who::Number(3))),
                (20.0, ResumeBrokers),
            ],
        )
        .brokers(3)
        .workers(2)
        .feed(8000, 400),
        new("output-topic-missing-at-start", 15, vec![(6.0, Do("made the topic", make_output))]).prepare(lose_output),
        new("output-topic-deleted-while-running", 15, vec![(8.0, Do("made the topic", make_output))])
            .before(lose_output)
            .feed(4000, 400),
        new("dead-letter-topic-missing", 16, vec![(8.0, Do("made the topic", make_dead))])
            .before(lose_dead)
            .feed(4000, 400),
        new(
            "record-larger-than-the-topic-takes",
            17,
            vec![(1.6, Configure(Topic::Output, "max.message.bytes", "20000"))],
        )
        .feed(1600, 200)
        .special(large)
        .quick(),
        new(
            "dead-letter-larger-than-the-topic-takes",
            18,
            vec![(1.6, Configure(Topic::Dead, "max.message.bytes", "20000"))],
        )
        .feed(1600, 200)
        .special(large_poison),
        new("partitions-added", 19, vec![(2.0, Do("grew", grow))]).feed(4000, 400).special(spread),
        new(
            "committed-offset-gone-after-retention",
            20,
            vec![(2.0, Term(0)), (4.0, Do("retention", expire)), (4.5, Start(0))],
        ),
        new(
            "aborted-transactions-in-the-input",
            21,
            vec![
                (1.6, Do("aborted transactions", aborted_transactions)),
                (2.5, Do("aborted transactions", aborted_transactions)),
                (3.5, Do("aborted transactions", aborted_transactions)),
            ],
        )
        .quick(),
        new("poison", 24, vec![]).special(poison).quick(),
        new("nested-json", 26, vec![]).feed(400, 200).special(nested),
        new("million-tiny-paragraphs", 27, vec![]).feed(24, 20).special(tiny).prepare(take_large).memory(700),
        new("fifty-megabytes", 25, vec![]).feed(8, 4).special(fifty).prepare(take_large).memory(700),
        bomb("bomb-gzip", "gzip"),
        bomb("bomb-snappy", "snappy"),
        bomb("bomb-lz4", "lz4"),
        bomb("bomb-zstd", "zstd"),
        new("bad-options", 30, vec![]).feed(400, 400).before(bad_options).quick(),
        new("unsafe-topics", 0, vec![]).feed(400, 400).before(check_warns).quick(),
        new("admin-flooded", 32, vec![(2.0, Do("flooded", flood))]).feed(4800, 400),
        new("disk-full-on-the-broker", 31, vec![(2.0, Do("filled", fill)), (9.0, Do("emptied", empty))])
            .on(Kind::SmallDisk)
            .settings(PATIENT)
            .feed(4800, 400),
        new(
            "clock-jumps",
            29,
            vec![(3.0, Do("jumped", jump_ahead)), (6.0, Do("jumped", jump_back)), (9.0, Do("jumped", jump_home))],
        )
        .feed(4000, 400)
        .settings(FAKE_CLOCK)
        .prepare(clock),
        // The suite would find these.
        new(
            "bug-offsets-outside-the-transaction",
            0,
            vec![(2.0, KillInside(0)), (2.1, Start(0)), (9.0, KillInside(0)), (9.1, Start(0))],
        )
        .feed(6000, 400)
        .sabotaged(&[("COPYDESK_SABOTAGE", "offsets-outside")])
        .must_be_caught(),
        // Three times, since a lane that waits for the coordinator just then has to restart, which hides the bug.
        new(
            "bug-retry-without-rewind",
            0,
            vec![
                (2.0, Network(half_open)),
                (6.0, Heal),
                (21.0, Network(half_open)),
                (25.0, Heal),
                (40.0, Network(half_open)),
                (44.0, Heal),
            ],
        )
        .feed(14_400, 300)
        .sabotaged(NO_REWIND)
        .must_be_caught(),
    ]
}

/// Dead letters stay small: they are cut.
fn take_large_input(run: &mut Run) -> Result<String, String> {
    run.cluster.configure(&run.names.input, "max.message.bytes", "62000000");
    Ok("the input takes 62 MB".to_owned())
}

fn take_large(run: &mut Run) -> Result<String, String> {
    for topic in [&run.names.input, &run.names.output, &run.names.dead] {
        run.cluster.configure(topic, "max.message.bytes", "62000000");
    }
    Ok("topics take 62 MB".to_owned())
}

fn lose_output(run: &mut Run) -> Result<String, String> {
    run.waits = false;
    run.cluster.delete(&run.names.output);
    Ok("the output topic is gone".to_owned())
}

fn make_output(run: &mut Run) -> Result<String, String> {
    let said = told(run, &run.names.output.clone())?;
    run.cluster.create(&run.names.output, run.scenario.partitions[1], &[]);
    Ok(said)
}

fn lose_dead(run: &mut Run) -> Result<String, String> {
    run.cluster.delete(&run.names.dead);
    Ok("the dead-letter topic is gone".to_owned())
}

fn make_dead(run: &mut Run) -> Result<String, String> {
    let said = told(run, &run.names.dead.clone())?;
    // Stalled, not skipped: nothing that was read after a refused one is committed past it.
    run.cluster.create(&run.names.dead, run.scenario.partitions[2], &[]);
    Ok(said)
}

/// Does the worker say that it waits, and for which topic?
fn told(run: &Run, topic: &str) -> Result<String, String> {
    let worker = &run.workers[0];
    let (status, body) = worker.get("/readyz").ok_or("the admin server does not answer")?;
    if status != 503 || !body.contains(topic) {
        return Err(format!("/readyz does not name `{topic}`: {status} {body}"));
    }
    match worker.get("/livez") {
        Some((200, _)) => Ok(format!("/livez 200, /readyz: {}", body.trim())),
        other => Err(format!("waiting is not stalling: /livez says {other:?}")),
    }
}

fn grow(run: &mut Run) -> Result<String, String> {
    run.cluster.grow(&run.names.input, 6);
    Ok("the input has 6 partitions".to_owned())
}

/// Partition 0 loses 50 articles that nobody has read.
fn expire(run: &mut Run) -> Result<String, String> {
    let committed = run.cluster.committed(&run.names, run.scenario.partitions[0]).get(&0).copied().unwrap_or(0);
    run.cluster.expire(&run.names.input, 0, committed + 50);
    run.expired = Some((0, committed..committed + 50));
    Ok(format!("offsets {committed} to {} of partition 0 are gone", committed + 49))
}

/// Records of aborted transactions between the articles.
fn aborted_transactions(run: &mut Run) -> Result<String, String> {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &run.cluster.direct)
        .set("transactional.id", format!("{}-aborted", run.names.group))
        .create()
        .map_err(|error| error.to_string())?;
    let work = || {
        producer.init_transactions(Duration::from_secs(20))?;
        producer.begin_transaction()?;
        for partition in 0..4 {
            let record = BaseRecord::to(&run.names.input)
                .partition(partition)
                .key("aborted")
                .payload("of an aborted transaction, not to be published");
            producer.send(record).map_err(|(error, _)| error)?;
        }
        producer.flush(Duration::from_secs(10))?;
        producer.abort_transaction(Duration::from_secs(10))
    };
    work().map_err(|error: rdkafka::error::KafkaError| error.to_string())?;
    Ok("4 aborted records in the input".to_owned())
}

/// `check` says where a condition of the promise does not hold.
fn check_warns(run: &mut Run) -> Result<String, String> {
    let check = |run: &Run| -> Result<String, String> {
        let names = &run.names;
        let mut command = Command::new(binary());
        command.arg("check").args(["--brokers", &run.cluster.direct, "--group", &names.group, "--input", &names.input]);
        command.args(["--output", &names.output, "--dead-letters", &names.dead]);
        let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let wanted = ["the input is kept for ever", &format!("unclean leader election of `{}` is on", run.names.output)];
    let before = check(run)?;
    run.cluster.configure(&run.names.input, "retention.ms", "-1");
    run.cluster.configure(&run.names.output, "unclean.leader.election.enable", "true");
    let after = check(run)?;
    for warning in wanted {
        if before.contains(warning) || !after.contains(warning) {
            return Err(format!("`{warning}` is to be said then, and only then; before: {before}\nafter: {after}"));
        }
    }
    Ok("`check` warns of an input without end and of unclean elections".to_owned())
}

/// A bad option, a bad setting, a taken port: each ends at once with its code, and names what is wrong.
fn bad_options(run: &mut Run) -> Result<String, String> {
    let taken = format!("127.0.0.1:{}", run.workers[0].admin);
    let cases: &[BadOption<'_>] = &[
        (&["run", "--no-such-option"], ("A", ""), 64, "--no-such-option"),
        (&["run", "--lanes", "many"], ("A", ""), 64, "--lanes"),
        (&["run"], ("COPYDESK__STREAM__BATCH_BYTES", "huge"), 64, "batch-bytes"),
        (&["run"], ("COPYDESK__KAFKA__ACKS", "1"), 64, "acks"),
        (&["run"], ("COPYDESK__KAFKA__ISOLATION.LEVEL", "read_uncommitted"), 64, "isolation.level"),
        // It is made of instance and lane: one for a whole process would be fenced by its own second lane.
        (&["run"], ("COPYDESK__KAFKA__GROUP.INSTANCE.ID", "desk"), 64, "group.instance.id"),
        (&["run"], ("COPYDESK__STREAM__NO_SUCH_KEY", "1"), 64, "no-such-key"),
        (&["run", "--admin", &taken], ("A", ""), 74, &taken),
    ];
    for (arguments, (key, value), code, named) in cases {
        let mut command = Command::new(binary());
        let output = command
            .args(*arguments)
            .env(key, value)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.code() != Some(*code) || !said.contains(named) {
            return Err(format!(
                "{arguments:?} with {key}={value}: {:?}, not {code}; or `{named}` is not named: {said}",
                output.status.code()
            ));
        }
    }
    Ok(format!("{} commands refused, each with its code and the name of what is wrong", cases.len()))
}

/// Takes what is left of the disk; the broker can't write any more, and dies of it.
fn fill(run: &mut Run) -> Result<String, String> {
    let mut file = std::fs::File::create(run.cluster.filler()).map_err(|error| error.to_string())?;
    let mut written = 0;
    while file.write_all(&[0; 65_536]).is_ok() {
        written += 65_536;
    }
    run.killed.push(1);
    Ok(format!("{} MB, none is left", written >> 20))
}

fn empty(run: &mut Run) -> Result<String, String> {
    std::fs::remove_file(run.cluster.filler()).map_err(|error| error.to_string())?;
    // What is left of a broker that could not write does not come back by itself.
    let _ = run.cluster.try_script(&["kill", "1"]);
    std::thread::sleep(Duration::from_millis(500));
    run.resume();
    Ok("there is room again, the broker is started again".to_owned())
}

fn set_clock(run: &Run, offset: &str) -> Result<String, String> {
    std::fs::write(run.folder.join("clock"), offset).map_err(|error| error.to_string())?;
    Ok(format!("the wall clock is at {offset}"))
}

fn clock(run: &mut Run) -> Result<String, String> {
    if !Path::new(FAKETIME).exists() {
        return Err(format!("{FAKETIME} is missing: apt-get install faketime"));
    }
    let cc = Command::new("cc")
        .args(["-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o"])
        .arg(run.folder.join("waits.so"))
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/waits.c"))
        .output()
        .map_err(|error| format!("cc: {error}"))?;
    if !cc.status.success() {
        return Err(format!("cc waits.c: {}", String::from_utf8_lossy(&cc.stderr)));
    }
    set_clock(run, "+0")
}

fn jump_ahead(run: &mut Run) -> Result<String, String> {
    set_clock(run, "+400d")
}

fn jump_back(run: &mut Run) -> Result<String, String> {
    set_clock(run, "-3000d")
}

fn jump_home(run: &mut Run) -> Result<String, String> {
    let log = run.workers[0].log();
    let years: BTreeSet<&str> = log.lines().filter_map(|line| line.get(..4)).collect();
    let said = set_clock(run, "+0")?;
    // Else nothing jumped, and nothing was tested.
    if years.len() < 3 {
        Err(format!("the worker's log knows only the years {years:?}"))
    } else {
        Ok(format!("{said}, after {years:?}"))
    }
}

/// Connections that never finish a request, and others that ask as fast as they can.
fn flood(run: &mut Run) -> Result<String, String> {
    let port = run.workers[0].admin;
    let before = run.workers[0].metric("copydesk_records_in_total");
    let slow: Vec<TcpStream> = (0..1500)
        .filter_map(|_| {
            let mut connection = TcpStream::connect(("127.0.0.1", port)).ok()?;
            connection.write_all(b"GET /metrics HTTP/1.1\r\nHost: loc").ok()?;
            Some(connection)
        })
        .collect();
    let end = Instant::now() + Duration::from_secs(5);
    let asked: usize = std::thread::scope(|scope| {
        let ask = || {
            let mut asked = 0;
            while Instant::now() < end {
                let Ok(mut connection) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                let _ = connection.set_read_timeout(Some(Duration::from_secs(2)));
                let _ = connection.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
                asked += usize::from(connection.read_to_end(&mut Vec::new()).is_ok_and(|bytes| bytes > 0));
            }
            asked
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum()
    });
    let cleaned = run.workers[0].metric("copydesk_records_in_total") - before;
    let held = slow.len();
    drop(slow);
    if cleaned < 400.0 {
        return Err(format!(
            "the lanes cleaned only {cleaned} articles while {held} connections hung and {asked} asked"
        ));
    }
    Ok(format!("{held} connections hung, {asked} requests answered, {cleaned} articles cleaned meanwhile"))
}
