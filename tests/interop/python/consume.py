"""Prints records as JSON until there are enough. Argument: {"topics": [...], "count": N, "config": {...}}."""

import json
import sys

from confluent_kafka import Consumer


def text(value):
    return None if value is None else value.decode()


def as_json(message):
    return {
        "topic": message.topic(),
        "partition": message.partition(),
        "offset": message.offset(),
        "key": text(message.key()),
        "value": text(message.value()),
        "headers": [[name, text(value)] for name, value in message.headers() or []],
        "timestampMs": message.timestamp()[1],
    }


def main():
    arguments = json.loads(sys.argv[1])
    consumer = Consumer({"auto.offset.reset": "earliest", **arguments["config"]})
    consumer.subscribe(arguments["topics"])
    seen = 0
    try:
        while seen < arguments["count"]:
            message = consumer.poll(1)
            if message is None:
                continue
            if message.error():
                sys.exit(str(message.error()))
            print(json.dumps(as_json(message)))
            seen += 1
    finally:
        consumer.close()


if __name__ == "__main__":
    main()
