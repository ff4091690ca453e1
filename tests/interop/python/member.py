"""A group member that prints its assignments and records as JSON, and leaves when its input ends. Argument: {"topics": [...], "config": {...}}."""

import json
import sys
import threading

from confluent_kafka import Consumer
from consume import as_json

arguments = json.loads(sys.argv[1])
stopping = threading.Event()


def wait_for_end_of_input():
    sys.stdin.read()
    stopping.set()


def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def reporter(event):
    return lambda consumer, partitions: say(event, partitions=[[p.topic, p.partition] for p in partitions])


threading.Thread(target=wait_for_end_of_input, daemon=True).start()
consumer = Consumer({"auto.offset.reset": "earliest", "auto.commit.interval.ms": 100, **arguments["config"]})
consumer.subscribe(
    arguments["topics"], on_assign=reporter("assigned"), on_revoke=reporter("revoked"), on_lost=reporter("revoked")
)
while not stopping.is_set():
    message = consumer.poll(0.1)
    if message is None:
        continue
    if message.error():
        say("error", error=str(message.error()))
        continue
    say("record", **as_json(message))
consumer.close()
