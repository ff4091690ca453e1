"""Produces JSON records from standard input; prints where each went. Argument: {"topic": ..., "config": {...}}."""

import json
import sys

from confluent_kafka import Producer

arguments = json.loads(sys.argv[1])
producer = Producer(arguments["config"])
failed = 0


def delivered(error, message):
    global failed
    if error is not None:
        failed += 1
        print(json.dumps({"error": error.name(), "value": message.value().decode()}), flush=True)
    else:
        place = {"partition": message.partition(), "offset": message.offset()}
        if message.value() is not None:
            place["value"] = message.value().decode()
        print(json.dumps(place), flush=True)


for line in sys.stdin:
    record = json.loads(line)
    options = {name: record[name] for name in ("partition", "timestamp") if name in record}
    headers = [(name, None if value is None else value.encode()) for name, value in record.get("headers", [])]
    while True:
        try:
            producer.produce(
                arguments["topic"], record["value"], record.get("key"), headers=headers, on_delivery=delivered, **options
            )
            break
        except BufferError:
            producer.poll(0.05)
    producer.poll(0)
producer.flush()
sys.exit(1 if failed else 0)
