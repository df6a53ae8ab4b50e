#!/usr/bin/env python3
"""The Python contender: what a careful Python programmer would write with confluent-kafka's transactions, hashlib and, with
`dates` or `dates-by-language`, dateparser on every line that may be a date line. One process; start as many as there are
cores.

    pipeline.py BROKERS INPUT OUTPUT GROUP INSTANCE plain|dates|dates-by-language

Lines, key v1 (docs/key-v1.md), SHA-256, repeats whose key has 40 bytes or more dropped; JSON in and out.
"""

import json
import re
import sys
import unicodedata
from hashlib import sha256

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition

# 200 articles of 4 KB are under the 1 MB of one request: with more in a transaction librdkafka spins.
BATCH = 200
SHORTEST_REPEAT = 40
LINE_END = re.compile("\r\n|[\n\r\v\f\u0085\u2028\u2029]")
IGNORABLE = (
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8{}]"
)
ASTRAL_IGNORABLE = "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
FOLD = dict.fromkeys("\u0640\u0670" + "".join(map(chr, range(0x64B, 0x653))), "")
FOLD |= dict.fromkeys("“”„‟«»", '"') | dict.fromkeys("‘’‚‛‹›", "'") | dict.fromkeys("‐‑‒–—―−", "-")
FOLD |= {chr(c): str(unicodedata.decimal(chr(c))) for c in range(0x80, sys.maxunicode) if unicodedata.category(chr(c)) == "Nd"}
# Classes without astral code points are looked up in a table, and are ten times as fast as the others and as str.translate.
ASTRAL = re.compile("[\U00010000-\U0010ffff]")
IGNORABLES = re.compile(IGNORABLE.format("")), re.compile(IGNORABLE.format(ASTRAL_IGNORABLE))
FOLDABLES = re.compile(f"[{re.escape(''.join(c for c in FOLD if ord(c) < 0x10000))}]"), re.compile(f"[{re.escape(''.join(FOLD))}]")
ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def key(text):
    if text.isascii():
        text = text.lower()
    else:
        astral = ASTRAL.search(text) is not None
        text = unicodedata.normalize("NFKC", IGNORABLES[astral].sub("", text).casefold())
        text = FOLDABLES[astral].sub(lambda found: FOLD[found[0]], text)
    return " ".join(text.split()).encode()


class Desk:
    def __init__(self, dates):
        self.by_language = dates == "dates-by-language"
        self.parse = None
        if dates != "plain":
            import dateparser

            self.parse = dateparser.parse

    def date(self, line, language):
        """Short lines with a digit are asked about; nobody asks about each line of the story."""
        if len(line) > 60 or not any(letter.isdigit() for letter in line):
            return None
        return self.parse(line, languages=[language] if self.by_language and language else None)

    def clean(self, payload):
        article = json.loads(payload)
        headline, text, language = article.pop("title", ""), article.pop("text", ""), article.pop("language", None)
        first = {sha256(key(headline)).hexdigest(): ("headline", headline)}
        kept, paragraphs, dropped, dates = [], [], [], []
        number = -1
        for number, line in enumerate(LINE_END.split(text)):
            line = line.strip()
            if not line:
                continue
            if self.parse and (date := self.date(line, language)):
                dates.append({"value": date.date().isoformat(), "text": line, "line": number})
                continue
            fingerprint = key(line)
            size, fingerprint = len(fingerprint), sha256(fingerprint).hexdigest()
            where, before = first.setdefault(fingerprint, (number, line))
            if where != number and size >= SHORTEST_REPEAT:
                repeat = {"line": number, "hash": fingerprint, "repeatOf": where, "reason": "repeat"}
                if line != before:
                    repeat["text"] = line
                dropped.append(repeat)
                continue
            kept.append(line)
            paragraphs.append({"line": number, "hash": fingerprint})
        record = {
            "uri": article.pop("uri", None),
            "headline": headline,
            "source": article.pop("source", None),
            "language": language,
            "datePublished": article.pop("date", None),
            "dates": dates,
            "bodyText": "\n".join(kept),
            "paragraphs": paragraphs,
            "dropped": dropped,
            "stats": {"linesIn": number + 1, "linesOut": len(kept)},
            "processor": {"name": "pipeline.py", "version": "1", "keyVersion": 1},
            "extra": article,
        }
        return ENCODE(record).encode()


def main(brokers, source, output, group, instance, dates):
    desk = Desk(dates)
    revoked = set()
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "partition.assignment.strategy": "cooperative-sticky",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "fetch.queue.backoff.ms": 10,
            "queued.max.messages.kbytes": 8192,
            "heartbeat.interval.ms": 300,
        }
    )
    producer = Producer(
        {
            "bootstrap.servers": brokers,
            "transactional.id": f"{group}-{instance}",
            "transaction.timeout.ms": 30000,
            "message.timeout.ms": 20000,
            "linger.ms": 0,
        }
    )
    producer.init_transactions()
    consumer.subscribe([source], on_revoke=lambda _, places: revoked.update(place.partition for place in places))
    while True:
        batch = consumer.consume(1, 0.1)
        batch += consumer.consume(BATCH - 1, 0) if batch else []
        for message in batch:
            if message.error():
                raise KafkaException(message.error())
        batch = [message for message in batch if message.partition() not in revoked]
        revoked.clear()
        if not batch:
            continue
        producer.begin_transaction()
        after = {}
        for message in batch:
            producer.produce(output, desk.clean(message.value()), message.key(), message.partition(), timestamp=message.timestamp()[1])
            after[message.partition()] = message.offset() + 1
        offsets = [TopicPartition(source, partition, offset) for partition, offset in after.items()]
        try:
            producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata())
            producer.commit_transaction()
        except KafkaException as error:
            if not error.args[0].txn_requires_abort():
                raise
            # The group has rebalanced since the batch was gathered: back to what is committed.
            producer.abort_transaction()
            for place in consumer.committed(consumer.assignment(), 10):
                consumer.seek(TopicPartition(source, place.partition, place.offset if place.offset >= 0 else OFFSET_BEGINNING))


if __name__ == "__main__":
    main(*sys.argv[1:])
