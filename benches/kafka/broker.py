"""A real Apache Kafka on loopback (scripts/kafka), its topics, and the articles in them.

The broker has a folder and ports of its own, so that it meets no other that runs here, and it stops by itself when the bench
is gone.
"""

import os
import socket
import subprocess
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

import corpus
from processes import Usage

ROOT = Path(__file__).resolve().parents[2]
# What librdkafka has to say about a broker that has stopped or starts is not news here.
QUIET = {"log_level": 2, "log.connection.close": False}


def free_ports():
    """The first of two free ports in a row."""
    for port in range(23092, 23992, 2):
        try:
            for candidate in (port, port + 1):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", candidate))
            return port
        except OSError:
            continue
    raise SystemExit("bench-kafka: no free port between 23092 and 23992")


class Input:
    """A topic of raw articles: article N is in partition N mod `partitions`."""

    def __init__(self, topic, partitions, articles, size):
        self.topic, self.partitions, self.articles, self.bytes = topic, partitions, articles, size

    def in_partition(self, partition):
        return len(range(partition, self.articles, self.partitions))


class Broker:
    def __init__(self, folder):
        port = free_ports()
        self.servers = f"127.0.0.1:{port}"
        self.environment = dict(
            os.environ,
            KAFKA_HOME=str(folder),
            KAFKA_LIBS=str(ROOT / ".kafka/libs"),
            KAFKA_PORT=str(port),
            KAFKA_PARENT=str(os.getpid()),
            # A deleted topic frees its disk at once; 256 partitions fit.
            KAFKA_EXTRA="log.segment.delete.delay.ms=500\nlog.index.size.max.bytes=1048576",
        )
        self.folder = folder

    def __enter__(self):
        self.script("wipe")
        self.script("start", "1")
        self.pid = int((self.folder / "broker-1/pid").read_text())
        self.admin = AdminClient(QUIET | {"bootstrap.servers": self.servers})
        return self

    def __exit__(self, *_):
        self.script("wipe")

    def script(self, *arguments):
        subprocess.run([ROOT / "scripts/kafka", *arguments], env=self.environment, check=True, stdout=subprocess.DEVNULL)

    def usage(self):
        return Usage.of(self.pid)

    def create(self, topic, partitions, **config):
        config = {key.replace("_", "."): value for key, value in config.items()}
        self.admin.create_topics([NewTopic(topic, partitions, 1, config=config)])[topic].result(30)

    def delete(self, *topics):
        for future in self.admin.delete_topics(list(topics)).values():
            future.result(30)

    def load(self, path, topic, partitions, articles=None, codec="none"):
        """Creates `topic` and sends it the articles in `path`, or the first so many of them."""
        self.create(topic, partitions)
        producer = Producer(
            QUIET
            | {
                "bootstrap.servers": self.servers,
                "linger.ms": 20,
                "batch.size": 1_000_000,
                "message.max.bytes": 8_000_000,
                "queue.buffering.max.messages": 20_000,
                "enable.idempotence": True,
                "compression.type": codec,
            }
        )
        failed = []
        report = lambda error, _: failed.append(error) if error else None  # noqa: E731
        count = size = 0
        with open(path, "rb") as lines:
            for count, line in enumerate(lines):
                if count == articles:
                    break
                value = line.rstrip(b"\n")
                size += len(value)
                while True:
                    try:
                        producer.produce(topic, value, corpus.key(count), count % partitions, on_delivery=report)
                        break
                    except BufferError:
                        producer.poll(0.05)
                producer.poll(0)
            else:
                count += 1
        if producer.flush(60) or failed:
            raise SystemExit(f"bench-kafka: articles were not delivered: {failed[:1]}")
        return Input(topic, partitions, count, size)
