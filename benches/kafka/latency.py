"""Latency: how long an article takes from the producer's call to the arrival of its record at a read_committed consumer, both in this
process, while articles come at a steady rate; and what the worker costs meanwhile. At rate 0, what it costs to do nothing.

Each article is waited for; a run in which one is missing, doubled or out of order is none. The first seconds don't
count.
"""

import threading
import time
from dataclasses import dataclass

from confluent_kafka import Consumer, Producer, TopicPartition

import corpus
from broker import QUIET, Input
from exact import Partition
from processes import Running

SETTLE = 5  # seconds


@dataclass
class Latency:
    contender: str
    wanted_rate: float
    rate: float
    p50: float | None
    p99: float | None
    p999: float | None
    longest: float | None
    # Of one core.
    cpu: float
    wake_ups_per_second: float
    peak_mb: float


class Feed(threading.Thread):
    """Sends articles at a rate until it is told to stop; `sent` has when."""

    def __init__(self, broker, given, lines, rate):
        super().__init__(daemon=True)
        self.given, self.lines, self.rate = given, lines, rate
        self.sent, self.ended = [], threading.Event()
        self.producer = Producer(QUIET | {"bootstrap.servers": broker.servers, "linger.ms": 0, "acks": "all"})

    def send(self):
        number = len(self.sent)
        value = self.lines[number % len(self.lines)]
        self.sent.append(time.perf_counter())
        self.producer.produce(self.given.topic, value, corpus.key(number), number % self.given.partitions)

    def run(self):
        started = time.perf_counter()
        while not self.ended.is_set():
            due = int((time.perf_counter() - started) * self.rate) + 1
            while len(self.sent) < due:
                self.send()
            self.producer.poll(0)
            wait = started + due / self.rate - time.perf_counter()
            # At high rates, every millisecond what is due by then.
            self.ended.wait(max(wait, 0.001))
        self.producer.flush(30)


def percentile(values, share):
    """The value that so large a share does not exceed; none where there are too few to say."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] * 1000 if len(values) * (1 - share) >= 1 else None


def measure(broker, contender, path, rate, seconds, name, partitions=4):
    raw, output, dead = f"{name}-raw", f"{name}-clean", f"{name}-dead"
    for topic, count in ((raw, partitions), (output, partitions), (dead, 1)):
        broker.create(topic, count)
    given = Input(raw, partitions, 0, 0)
    with open(path, "rb") as file:
        lines = [line.rstrip(b"\n") for _, line in zip(range(2000), file)]
    own = {"bootstrap.servers": broker.servers, "group.id": f"{name}-reader", "isolation.level": "read_committed"}
    reader = Consumer(QUIET | own | {"enable.auto.commit": False, "fetch.queue.backoff.ms": 10})
    reader.assign([TopicPartition(output, partition, 0) for partition in range(partitions)])
    arrived = {}
    seen = {partition: Partition(partition, partitions, 1 << 40) for partition in range(partitions)}
    log = broker.folder.parent / f"{name}.log"

    def read_until(done):
        while not done():
            message = reader.poll(0.02)
            if message is None or message.error():
                continue
            number = corpus.number(message.key())
            arrived.setdefault(number, time.perf_counter())
            seen[message.partition()].see(number)

    with Running(*contender.start(broker.servers, given, output, dead, name), log) as running:
        feed = Feed(broker, given, lines, rate) if rate else None
        if feed:
            # The worker is there when the first article has come through.
            feed.send()
            feed.producer.flush(30)
            patience = time.perf_counter() + 60
            read_until(lambda: 0 in arrived or time.perf_counter() > patience)
            feed.start()
        settled = time.perf_counter() + SETTLE
        read_until(lambda: time.perf_counter() > settled)
        before, began, first = running.usage(), time.perf_counter(), len(feed.sent) if feed else 0
        read_until(lambda: time.perf_counter() > began + seconds)
        after, last = running.usage(), len(feed.sent) if feed else 0
        passed = time.perf_counter() - began
        if feed:
            feed.ended.set()
            feed.join()
            patience = time.perf_counter() + 60
            read_until(lambda: len(arrived) == len(feed.sent) or time.perf_counter() > patience)
            wrong = [partition for partition in seen.values() if partition.doubled or partition.disordered or partition.strangers]
            if len(arrived) != len(feed.sent) or wrong:
                raise SystemExit(f"bench-kafka: {name}: {len(feed.sent)} articles, {len(arrived)} records; {wrong and 'not exact'}")
    reader.close()
    broker.delete(raw, output, dead)
    took = [arrived[number] - feed.sent[number] for number in range(first, last)] if feed else []
    return Latency(
        contender.name,
        rate,
        (last - first) / passed,
        percentile(took, 0.5),
        percentile(took, 0.99),
        percentile(took, 0.999),
        max(took) * 1000 if took else None,
        (after.cpu - before.cpu) / passed,
        (after.switches - before.switches) / passed,
        after.peak_mb,
    )
