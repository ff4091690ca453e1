"""The same loads by confluent-kafka-python. Its argument and the line it prints are those of load.ts."""

import json
import math
import sys
import time

from confluent_kafka import Consumer, Producer

load = json.loads(sys.argv[1])
KEY_BYTES = 10
TEXT = "the quick brown fox jumps over the lazy dog " * (load["recordBytes"] // 44 + 2)
PER_ARRAY = 100


def records_of():
    size = load["recordBytes"] - KEY_BYTES
    return [(b"key%07d" % i, TEXT[i % 44 : i % 44 + size].encode()) for i in range(10_000)]


def peak_mib():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))


class Window:
    """Opens after the warm-up, closes after its length."""

    def __init__(self):
        self.opens = time.monotonic() + load["warmupMs"] / 1000
        self.closes = self.opens + load["windowMs"] / 1000
        self.start = self.end = None

    def closed(self, count):
        now = time.monotonic()
        if self.start is None:
            if now >= self.opens:
                self.start = (now, count, time.process_time())
        elif now >= self.closes:
            self.close(count)
        return self.end is not None

    def close(self, count):
        self.end = self.end or (time.monotonic(), count, time.process_time())

    def measured(self, **more):
        if self.start is None:
            sys.exit("it was over before the warm-up was: more records")
        seconds, count, cpu = (end - start for end, start in zip(self.end, self.start))
        return {"perSecond": count / seconds, "cpuPerMillion": cpu * 1e6 / count, "peakMib": peak_mib(), **more}


def new_producer():
    return Producer(
        {
            "bootstrap.servers": load["bootstrap"],
            "acks": "all",
            "linger.ms": load["lingerMs"],
            "batch.size": load["batchBytes"],
            "compression.type": load["compression"],
            "partitioner": "murmur2_random",
            "queue.buffering.max.messages": 1_000_000,
        }
    )


def produce():
    producer, records, topic = new_producer(), records_of(), load["topic"]
    outstanding_max, array = load["outstanding"], load["shape"] == "array"
    answered = sent = 0

    def done(error, _):
        nonlocal answered
        if error is not None:
            sys.exit(str(error))
        answered += 1

    window = Window()
    while not window.closed(answered):
        room = outstanding_max - (sent - answered)
        if array:
            for _ in range(room // PER_ARRAY):
                messages = [{"key": k, "value": v} for k, v in array_at(records, sent)]
                producer.produce_batch(topic, messages, on_delivery=done)
                sent += PER_ARRAY
        else:
            for i in range(sent, sent + room):
                key, value = records[i % 10_000]
                producer.produce(topic, value, key, on_delivery=done)
            sent += room
        producer.poll(0.01)
    measured = window.measured()
    producer.flush()
    return measured


def array_at(records, start):
    at = start % 10_000
    return records[at : at + PER_ARRAY]


def latency():
    producer, records, topic = new_producer(), records_of(), load["topic"]
    took, sent, answered = [], 0, 0
    window = Window()
    start = time.monotonic()

    def send():
        nonlocal sent
        key, value = records[sent % 10_000]
        counts = window.start is not None
        at = time.perf_counter()

        def done(error, _):
            nonlocal answered
            if error is not None:
                sys.exit(str(error))
            answered += 1
            if counts:
                took.append(time.perf_counter() - at)

        producer.produce(topic, value, key, on_delivery=done)
        sent += 1

    while not window.closed(answered):
        while sent < (time.monotonic() - start) * 1000:
            send()
        producer.poll(max(0, start + sent / 1000 - time.monotonic()))
    measured = window.measured()
    producer.flush()
    took.sort()
    at = lambda share: took[min(len(took) - 1, math.floor(len(took) * share))] * 1000
    return {**measured, "p50Ms": at(0.5), "p99Ms": at(0.99)}


def consume():
    consumer = Consumer(
        {
            "bootstrap.servers": load["bootstrap"],
            "group.id": load["topic"] + str(time.time_ns()),
            "auto.offset.reset": "earliest",
            "fetch.min.bytes": 1,
            "fetch.wait.max.ms": 500,
            "fetch.max.bytes": 52_428_800,
            "max.partition.fetch.bytes": 1_048_576,
            # As many as the others may have: with 100,000, its default, it stops fetching for a second at a time.
            "queued.min.messages": 1_000_000,
            "isolation.level": "read_uncommitted",
        }
    )
    consumer.subscribe([load["topic"]])
    count = size = 0
    window = None
    while True:
        messages = consumer.consume(500, 0.1) if load["shape"] == "batch" else [consumer.poll(1)]
        for message in messages:
            if message is None:
                continue
            if message.error():
                sys.exit(str(message.error()))
            count += 1
            size += len(message.key()) + len(message.value())
        if count == 0:
            continue
        window = window or Window()
        if count >= load["records"]:
            window.close(count)
        if window.closed(count):
            break
    if size != count * load["recordBytes"]:
        sys.exit(f"{count} records have {size} bytes")
    measured = window.measured()
    consumer.close()
    return measured


def fill():
    producer, records = new_producer(), records_of()
    for i in range(load["records"]):
        key, value = records[i % 10_000]
        while True:
            try:
                producer.produce(load["topic"], value, key)
                break
            except BufferError:
                producer.poll(0.1)
    if producer.flush(60) > 0:
        sys.exit("not all records were taken in")
    return {}


print(json.dumps({"produce": produce, "latency": latency, "consume": consume, "fill": fill}[load["kind"]]()))
