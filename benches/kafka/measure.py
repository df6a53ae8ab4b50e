"""One run of one contender: starts its processes, waits until the whole input is committed, and says what that took.

- The run ends when the group's committed offsets, those of ended transactions only, are the ends of the input. All
  contenders are asked so, by Kafka itself, every 25 ms.
- **articles/s** and **MB/s** (of input) count from the moment at which the broker appended the first record (its own time stamp;
  the records that came in the same millisecond don't count) to that end.
- **CPU-s/GB** is user and system time of all processes of the contender from their start to that end (/proc/PID/stat), for a GB of input;
  `warm` is the same for the second half of the articles, which is what a process that runs for days has: a JVM has
  compiled itself by then.
- **Peak memory** is the sum of VmHWM of its processes.
"""

import os
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, TopicPartition

import exact
from broker import QUIET
from processes import Running

ROOT = Path(__file__).resolve().parents[2]
@dataclass
class Run:
    """What one run took."""

    contender: str
    articles: int
    input_mb: float
    output_mb: float
    articles_per_second: float
    mb_per_second: float
    cpu_per_gb: float
    warm_cpu_per_gb: float
    peak_mb: float
    switches: int
    seconds_to_first: float
    broker_cpu_per_gb: float
    exact: bool
    faults: str
    # In the checked sample.
    dropped: int
    dropped_digest: str

    def to_json(self):
        return asdict(self)


class Progress:
    """How many articles a group has committed. (An admin client could ask the same; librdkafka 2.16's crashes where the group's
    coordinator is not ready.)"""

    def __init__(self, broker, group, given):
        # Never a member of the group: it only asks. Offsets of open transactions are not told.
        own = {"bootstrap.servers": broker.servers, "group.id": group, "isolation.level": "read_uncommitted"}
        self.consumer = Consumer(QUIET | own)
        self.places = [TopicPartition(given.topic, partition) for partition in range(given.partitions)]

    def __call__(self):
        try:
            return sum(max(place.offset, 0) for place in self.consumer.committed(self.places, 10))
        except KafkaException:
            return 0


def measure(broker, contender, given, name, patience=900, on_start=None):
    """Runs `contender` over the input `given`, in topics of its own called after `name`."""
    output, dead = f"{name}-clean", f"{name}-dead"
    broker.create(output, given.partitions, message_timestamp_type="LogAppendTime")
    broker.create(dead, 1)
    log = broker.folder.parent / f"{name}.log"
    progress = Progress(broker, name, given)
    broker_before = broker.usage()
    started = time.time()
    with Running(*contender.start(broker.servers, given, output, dead, name), log) as running:
        if on_start:
            on_start([child.pid for child in running.children])
        half = None
        while True:
            usage = running.usage()
            done = progress()
            now = time.time()
            if half is None and done >= given.articles / 2:
                half = usage.cpu, done
            if done >= given.articles:
                break
            if now - started > patience:
                raise SystemExit(f"bench-kafka: {name} has done {done} of {given.articles} articles after {patience} s: see {log}")
            time.sleep(0.025)
        usage = running.usage()
        progress.consumer.close()
        broker_cpu = broker.usage().cpu - broker_before.cpu
    verdict = exact.check(broker, output, given)
    broker.delete(output, dead)
    dropped, digest = contender.dropped(verdict.sample)
    gigabytes = given.bytes / 1e9
    seconds = max(now - verdict.first, 1e-3)
    counted = given.articles - verdict.with_first
    warm = (usage.cpu - half[0]) / (gigabytes * max(1 - half[1] / given.articles, 1e-9)) if half[1] < given.articles else None
    faults = " ".join(
        f"{count} {what}"
        for what in ("missing", "doubled", "disordered", "strangers")
        if (count := getattr(verdict, what))
    )
    return Run(
        contender=contender.name,
        articles=given.articles,
        input_mb=given.bytes / 1e6,
        output_mb=verdict.bytes / 1e6,
        articles_per_second=counted / seconds,
        mb_per_second=given.bytes / 1e6 * counted / given.articles / seconds,
        cpu_per_gb=usage.cpu / gigabytes,
        warm_cpu_per_gb=warm,
        peak_mb=usage.peak_mb,
        switches=usage.switches,
        seconds_to_first=verdict.first - started,
        broker_cpu_per_gb=broker_cpu / gigabytes,
        exact=verdict.exact,
        faults=faults,
        dropped=dropped,
        dropped_digest=digest,
    )


def measure_clean(path):
    """What the pure function alone costs, start of the process included: `copydesk clean` on the same articles."""
    size = path.stat().st_size
    command = [ROOT / "target/release/copydesk", "clean", "--lines", "--threads", "1", path]
    started = time.time()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.time() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"bench-kafka: {command} ended with {child.returncode}")
    return {"contender": "clean", "cpu_per_gb": (usage.ru_utime + usage.ru_stime) / (size / 1e9), "mb_per_second": size / 1e6 / seconds}
