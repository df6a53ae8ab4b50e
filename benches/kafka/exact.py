"""Is the output exact? Each article once, in the order of its partition, by the number in its key; committed records only."""

import time
from dataclasses import dataclass, field

from confluent_kafka import OFFSET_BEGINNING, Consumer, IsolationLevel, KafkaError, TopicPartition
from confluent_kafka.admin import OffsetSpec

import corpus
from broker import QUIET


@dataclass
class Partition:
    """What one output partition should hold, article after article, and what it was seen to hold."""

    first: int
    step: int
    end: int
    missing: int = 0
    doubled: int = 0
    disordered: int = 0
    strangers: int = 0
    seen: set = field(default_factory=set)
    last: int = -1

    def see(self, number):
        if number % self.step != self.first or not self.first <= number < self.end:
            self.strangers += 1
        elif number in self.seen:
            self.doubled += 1
        else:
            self.disordered += number < self.last
            self.last = max(self.last, number)
            self.seen.add(number)

    def close(self):
        self.missing = len(range(self.first, self.end, self.step)) - len(self.seen)


@dataclass
class Verdict:
    records: int
    missing: int
    doubled: int
    disordered: int
    strangers: int
    # By the broker's clock: when the first record was appended, and how many records came with it.
    first: float
    with_first: int
    bytes: int
    # Every fiftieth value, by the number of its article.
    sample: dict

    @property
    def exact(self):
        return not (self.missing or self.doubled or self.disordered or self.strangers)


def settle(broker, topic, partitions):
    """Waits until no transaction is open: the offsets of the last one may be there before its records."""
    places = [TopicPartition(topic, partition) for partition in range(partitions)]

    def ends(level):
        futures = broker.admin.list_offsets({place: OffsetSpec.latest() for place in places}, isolation_level=level)
        return [futures[place].result(10).offset for place in places]

    for _ in range(100):
        if ends(IsolationLevel.READ_COMMITTED) == ends(IsolationLevel.READ_UNCOMMITTED):
            return
        time.sleep(0.1)
    raise SystemExit(f"bench-kafka: a transaction stays open in `{topic}`")


def check(broker, topic, given):
    """Reads `topic` to its end."""
    settle(broker, topic, given.partitions)
    consumer = Consumer(
        QUIET
        | {
            "bootstrap.servers": broker.servers,
            "group.id": "bench-check",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.queue.backoff.ms": 10,
            "fetch.message.max.bytes": 8_000_000,
        }
    )
    partitions = {n: Partition(n, given.partitions, given.articles) for n in range(given.partitions)}
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in partitions])
    ended, records, size, sample = set(), 0, 0, {}
    first, with_first = float("inf"), 0
    patience = 100
    while len(ended) < len(partitions):
        # Waits until there are so many, or so long.
        messages = consumer.consume(500, 0.2)
        patience = 100 if messages else patience - 1
        if patience == 0:
            raise SystemExit(f"bench-kafka: `{topic}` can't be read to its end")
        for message in messages:
            error = message.error()
            if error and error.code() == KafkaError._PARTITION_EOF:
                ended.add(message.partition())
                continue
            if error:
                raise SystemExit(f"bench-kafka: reading `{topic}`: {error}")
            number = corpus.number(message.key())
            partitions[message.partition()].see(number)
            records += 1
            size += len(message)
            if number % 50 == 0:
                sample[number] = message.value()
            appended = message.timestamp()[1]
            if appended < first:
                first, with_first = appended, 0
            with_first += appended == first
    consumer.close()
    for partition in partitions.values():
        partition.close()
    total = lambda name: sum(getattr(partition, name) for partition in partitions.values())  # noqa: E731
    return Verdict(
        records, total("missing"), total("doubled"), total("disordered"), total("strangers"), first / 1000, with_first, size, sample
    )
