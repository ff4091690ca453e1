// Every codec, written by each client and read by all of them.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { clients } from './clients/all.ts'
import { codecs, type Client, type Codec, type NewRecord, type ReadRecord } from './clients/client.ts'
import { createTopics } from './clients/admin.ts'
import { Target } from './target/target.ts'

const target = await Target.start()

const present = clients.filter((client) => client.skip === false)

const timestampMs = Date.now() - 60_000

// A tombstone, a record without a key, one that isn't ASCII, and enough like the others that compressing pays.
const records: readonly NewRecord[] = [
  { key: 'plain', value: 'first' },
  { key: 'deleted', value: null },
  { key: null, value: 'no key' },
  { key: 'schlüssel', value: 'große Datei 🗄' },
  {
    key: 'marked',
    value: 'with headers',
    headers: [
      ['trace', 'abc'],
      ['region', 'zürich'],
    ],
  },
  ...Array.from({ length: 40 }, (_, i) => ({ key: `key-${i}`, value: `order number ${i} `.repeat(20) })),
]

const topicOf = (writer: Client, codec: Codec): string => `by-${writer.name.replace(/\W+/g, '-')}-${codec}`
const topics = present.flatMap((writer) => codecs.map((codec) => topicOf(writer, codec)))

function timed(writer: Client): readonly NewRecord[] {
  if (writer.cannotSet.includes('timestamps')) return records
  return records.map((record, i) => ({ ...record, timestampMs: timestampMs + i }))
}

const written = Promise.resolve().then(async () => {
  await createTopics(target.bootstrap, topics, 1)
  const startMs = Date.now()
  for (const codec of codecs) {
    await Promise.all(
      present.map((writer) => writer.produce(target.bootstrap, topicOf(writer, codec), timed(writer), { codec })),
    )
  }
  return { startMs, endMs: Date.now() }
})

// One reading of all topics by each client.
const readings = new Map<string, Promise<ReadRecord[]>>()
for (const reader of present) {
  const reading = written.then(() => reader.consume(target.bootstrap, topics, topics.length * records.length))
  // Whoever awaits it sees the failure; here only no warning about it.
  reading.catch(() => undefined)
  readings.set(reader.name, reading)
}

// What identifies a record apart from its place. kcat can't say whether a key or value is null or empty when it writes.
const bare = (record: NewRecord): unknown => [record.key ?? '', record.value ?? '', record.headers ?? []]
const inOrder = (all: readonly ReadRecord[], topic: string): ReadRecord[] =>
  all.filter((record) => record.topic === topic).toSorted((a, b) => a.offset - b.offset)

async function assertTimestamps(writer: Client, got: readonly ReadRecord[]): Promise<void> {
  const { startMs, endMs } = await written
  const expected = timed(writer)
  for (const [i, record] of got.entries()) {
    const set = expected[i]?.timestampMs
    if (set !== undefined) assert.equal(record.timestampMs, set)
    else assert.ok(record.timestampMs >= startMs - 1 && record.timestampMs <= endMs + 1, `${record.timestampMs} is now`)
  }
}

// The codec stands in the lowest bits of a batch's attributes. (A client leaves a batch as it is that wouldn't shrink.)
function codecsOnDisk(topic: string): string[] {
  const segment = readFileSync(join(target.dataDir, `${topic}-0`, '00000000000000000000.log'))
  const found = new Set<string>()
  // Apache Kafka's active segments may end in zeros.
  for (let at = 0; at + 61 <= segment.length && segment[at + 16] === 2; at += 12 + segment.readInt32BE(at + 8)) {
    found.add(codecs[segment.readInt16BE(at + 21) & 7] ?? 'unknown')
  }
  return [...found]
}

for (const writer of clients) {
  for (const codec of codecs) {
    test(
      `what ${writer.name} writes with codec ${codec} is stored so, and every client reads it`,
      { skip: writer.skip },
      async () => {
        await written
        const topic = topicOf(writer, codec)
        assert.ok(codecsOnDisk(topic).includes(codec), `on disk: ${codecsOnDisk(topic).join()}`)
        for (const [reader, reading] of readings) {
          const got = inOrder(await reading, topic)
          assert.deepEqual(got.map(bare), expectedFrom(writer), `as ${reader} reads it`)
          assert.deepEqual(
            got.map((record) => record.offset),
            [...records.keys()],
          )
          await assertTimestamps(writer, got)
        }
      },
    )
  }
}

// kcat writes the records with headers in a run of its own, after the others.
function expectedFrom(writer: Client): unknown[] {
  if (writer.name !== 'kcat') return records.map(bare)
  const plain = records.filter((record) => record.headers === undefined)
  return [...plain, ...records.filter((record) => record.headers !== undefined)].map(bare)
}

test('a null key and a null value stay null, and are not empty', async () => {
  for (const [reader, reading] of readings) {
    const got = inOrder(await reading, topicOf(kafkajsWriter(), 'none'))
    assert.equal(got.find((record) => record.key === 'deleted')?.value, null, reader)
    assert.equal(got.find((record) => record.value === 'no key')?.key, null, reader)
  }
})

function kafkajsWriter(): Client {
  const writer = clients.find((client) => client.name === 'kafkajs')
  if (writer === undefined) throw new Error('kafkajs is among the clients')
  return writer
}
