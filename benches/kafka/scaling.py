"""Scaling: the same measurement as `throughput`, with one thing changed at a time. Each row says what was changed and who did it."""

from dataclasses import dataclass, field

import corpus
from contenders import Copydesk, Mirror
from measure import measure


@dataclass
class Experiment:
    what: str
    value: str
    contender: object
    # Of the articles and their topic.
    size: int = 4000
    repeats: float = 0.1
    partitions: int = 4
    codec: str = "none"
    topic: dict = field(default_factory=dict)


def experiments():
    desk = lambda **changed: Copydesk("copydesk", **changed)  # noqa: E731
    tuned = lambda key, value: desk(environment={f"COPYDESK__{key}": value})  # noqa: E731
    for lanes in (1, 2, 4):
        yield Experiment("lanes", str(lanes), desk(lanes=lanes))
        yield Experiment("lanes", str(lanes), Mirror("mirror", lanes=lanes))
    for processes in (1, 2, 4):
        yield Experiment("processes of one lane", str(processes), desk(lanes=1, processes=processes))
    for size in ("100 kB", "300 kB", "1 MB", "3 MB", "10 MB"):
        yield Experiment("stream.batch-bytes", size, tuned("STREAM__BATCH_BYTES", size))
    for articles in (10, 50, 200, 1000, 5000):
        yield Experiment("articles in a batch", str(articles), Mirror("mirror", options={"batch-articles": articles}))
    large = {"max_message_bytes": "8388608"}
    for size, title, topic in ((1000, "1 KB", {}), (4000, "4 KB", {}), (16_000, "16 KB", {}), (100_000, "100 KB", {}), (1_000_000, "1 MB", large)):
        yield Experiment("size of an article", title, desk(), size=size, topic=topic)
    for partitions in (1, 4, 16, 64, 256):
        yield Experiment("partitions", str(partitions), desk(), partitions=partitions)
    for repeats in (0.0, 0.1, 0.5, 0.9):
        yield Experiment("share of repeats", f"{repeats:.0%}", desk(), repeats=repeats)
    for codec in ("none", "lz4", "snappy", "gzip", "zstd"):
        yield Experiment("codec of the input", codec, desk(), codec=codec)
    for codec in ("none", "lz4", "snappy", "gzip", "zstd"):
        yield Experiment("codec of the output", codec, tuned("KAFKA__COMPRESSION_TYPE", codec))
    for size in (1024, 4096, 16384, 65536):
        yield Experiment("queued.max.messages.kbytes", str(size), tuned("KAFKA__QUEUED_MAX_MESSAGES_KBYTES", str(size)))


def run(broker, folder, megabytes, chosen, report):
    """Runs those of the experiments whose `what` is among the chosen, or all; `report` is told each row."""
    rows = []
    for number, experiment in enumerate(e for e in experiments() if not chosen or e.what in chosen):
        articles = max(int(megabytes * 1e6 / experiment.size), 50)
        path = corpus.corpus(folder, articles, experiment.size, experiment.repeats)
        raw = f"scaling-{number}-raw"
        given = broker.load(path, raw, experiment.partitions, codec=experiment.codec, **experiment.topic)
        run = measure(broker, experiment.contender, given, f"scaling-{number}", topic=experiment.topic).to_json()
        broker.delete(raw)
        rows.append({"what": experiment.what, "value": experiment.value, **run})
        report(rows[-1])
    return rows
