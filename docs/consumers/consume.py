# python consume.py BROKERS TOPIC GROUP        (pip install confluent-kafka)
import json, sys
from confluent_kafka import Consumer

brokers, topic, group = sys.argv[1:]
consumer = Consumer({"bootstrap.servers": brokers, "group.id": group, "auto.offset.reset": "earliest",
                     "isolation.level": "read_committed"})
consumer.subscribe([topic])
while True:
    message = consumer.poll(1.0)
    if message is not None and message.error() is None:
        record = json.loads(message.value())
        print(record.get("datePublished"), record.get("headline"), flush=True)
