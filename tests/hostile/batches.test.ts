// Record batches that Apache Kafka refuses. The expected errors are those that Apache Kafka 4.3 gives the same bytes:
// MILLRACE_INTEROP_TARGET=apache-kafka runs this file against it.
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { Connection } from '@millrace/connection'
import type { Codec } from '@millrace/protocol'
import { batchLayout } from '@millrace/protocol'
import { isApacheKafka, Target } from '../interop/target/target.ts'
import { portOf, unexpectedErrors, watchLog } from './broker-under-test.ts'
import {
  attributeBits,
  batchOfBytes,
  corrupted,
  edited,
  goodBatch,
  gzipBomb,
  gzipOfGarbage,
  int32At,
  int64At,
  oldMessage,
} from './bad-batches.ts'
import { Bystander, createTopic } from './bystander.ts'
import type { ProduceWish, Verdict } from './raw-client.ts'
import { tryProduce } from './raw-client.ts'

const MiB = 1024 * 1024
const target = await Target.start()
const port = portOf(target)
const bystander = await Bystander.start(port)
after(() => bystander[Symbol.asyncDispose]())
const admin = await Connection.connect({ host: '127.0.0.1', port })
after(() => admin.close())

const codecs: readonly Codec[] = ['gzip', 'snappy', 'lz4', 'zstd']
await createTopic(admin, 'plain')
await createTopic(admin, 'small', { 'max.message.bytes': '1000' })
await createTopic(admin, 'compacted', { 'cleanup.policy': 'compact' })
await createTopic(admin, 'broker-time', { 'message.timestamp.type': 'LogAppendTime' })
for (const codec of codecs) await createTopic(admin, `as-${codec}`, { 'compression.type': codec })
await createTopic(admin, 'as-uncompressed', { 'compression.type': 'uncompressed' })
await createTopic(admin, '__consumer_offsets')

interface Case extends Omit<ProduceWish, 'topic'> {
  readonly name: string
  readonly topic?: string
  readonly expected: Verdict
  /** What Apache Kafka says where we say something else on purpose; null where it doesn't answer at all. */
  readonly kafka?: Verdict | null
}

const hourMs = 3_600_000
const twoBatches = Buffer.concat([goodBatch(), goodBatch()])
const garbage = Buffer.from('these bytes were never compressed by anybody')

const framing: readonly Case[] = [
  { name: 'a wrong CRC', records: corrupted(int32At('crc', 1)), expected: 'CORRUPT_MESSAGE' },
  {
    name: 'a flipped bit in a record',
    records: corrupted((b) => b.writeUInt8(0x7e, b.length - 3)),
    expected: 'CORRUPT_MESSAGE',
  },
  { name: 'a length of 0', records: corrupted(int32At('batchLength', 0)), expected: 'CORRUPT_MESSAGE' },
  { name: 'a negative length', records: corrupted(int32At('batchLength', -1)), expected: 'CORRUPT_MESSAGE' },
  {
    name: 'a length smaller than a header',
    records: corrupted(int32At('batchLength', 40)),
    expected: 'CORRUPT_MESSAGE',
  },
  {
    name: 'a length that says one byte less',
    records: corrupted((b) => b.writeInt32BE(b.length - 13, 8)),
    expected: 'CORRUPT_MESSAGE',
  },
  {
    name: 'a length that says one byte more',
    records: corrupted((b) => b.writeInt32BE(b.length - 11, 8)),
    expected: 'INVALID_RECORD',
  },
  {
    name: 'a length of 2 GiB',
    records: corrupted(int32At('batchLength', 2 ** 31 - 1)),
    expected: 'INVALID_RECORD',
    kafka: 'UNKNOWN_SERVER_ERROR',
  },
  { name: 'no records at all', records: new Uint8Array(0), expected: 'INVALID_RECORD' },
  { name: 'null for records', records: null, expected: 'INVALID_RECORD', kafka: null },
  { name: 'five bytes', records: Buffer.alloc(5), expected: 'INVALID_RECORD' },
  { name: 'half a batch', records: goodBatch().subarray(0, 50), expected: 'INVALID_RECORD' },
  { name: 'a hundred bytes of zero', records: Buffer.alloc(100), expected: 'CORRUPT_MESSAGE' },
  { name: 'two batches', records: twoBatches, expected: 'INVALID_RECORD' },
  { name: 'a message of magic 0', records: oldMessage(0), expected: 'INVALID_RECORD' },
  { name: 'a message of magic 1', records: oldMessage(1), expected: 'INVALID_RECORD' },
  { name: 'a batch of magic 3', records: corrupted((b) => b.writeInt8(3, 16)), expected: 'CORRUPT_MESSAGE' },
  { name: 'a batch of magic -1', records: corrupted((b) => b.writeInt8(-1, 16)), expected: 'CORRUPT_MESSAGE' },
  {
    name: 'a batch and half of another',
    records: Buffer.concat([goodBatch(), goodBatch().subarray(0, 40)]),
    expected: 'NONE',
  },
]

const offsets: readonly Case[] = [
  { name: 'fewer offsets than records', records: edited(int32At('lastOffsetDelta', 1)), expected: 'INVALID_RECORD' },
  { name: 'more offsets than records', records: edited(int32At('lastOffsetDelta', 9)), expected: 'INVALID_RECORD' },
  { name: 'a negative last offset', records: edited(int32At('lastOffsetDelta', -1)), expected: 'INVALID_RECORD' },
  { name: 'a count of 0', records: edited(int32At('recordCount', 0)), expected: 'INVALID_RECORD' },
  { name: 'a count of -1', records: edited(int32At('recordCount', -1)), expected: 'INVALID_RECORD' },
  { name: 'a count of two billion', records: edited(int32At('recordCount', 2e9)), expected: 'INVALID_RECORD' },
  { name: 'a base offset of 7', records: goodBatch({ baseOffset: 7 }), expected: 'INVALID_RECORD' },
  { name: 'a base offset of 2^62', records: edited(int64At('baseOffset', 2n ** 62n)), expected: 'INVALID_RECORD' },
  { name: 'a negative base offset', records: edited(int64At('baseOffset', -5n)), expected: 'INVALID_RECORD' },
]

const attributes: readonly Case[] = [
  ...[5, 6, 7].map((bits) => ({
    name: `codec ${bits}, which nobody knows`,
    records: edited(attributeBits(bits)),
    expected: 'INVALID_RECORD' as const,
    kafka: 'UNKNOWN_SERVER_ERROR' as const,
  })),
  { name: 'a control batch', records: goodBatch({ control: true }), expected: 'INVALID_RECORD' },
  {
    name: 'a transactional control batch',
    records: goodBatch({ control: true, transactional: true, producerId: 1, producerEpoch: 0 }),
    expected: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  },
  {
    name: "the broker's time as the type of timestamp",
    records: goodBatch({ timestampType: 'LogAppendTime' }),
    expected: 'NONE',
  },
  { name: 'a delete horizon', records: edited(attributeBits(0x40)), expected: 'NONE' },
  { name: 'attribute bits that have no meaning', records: edited(attributeBits(0x4000)), expected: 'NONE' },
  {
    name: 'zstd before Produce 7',
    version: 6,
    records: goodBatch({ compression: 'zstd' }),
    expected: 'UNSUPPORTED_COMPRESSION_TYPE',
  },
  {
    name: 'a time two hours ahead',
    records: goodBatch({ timestampMs: Date.now() + 2 * hourMs }),
    expected: 'INVALID_TIMESTAMP',
  },
  {
    name: "a time two hours ahead where the broker's counts",
    topic: 'broker-time',
    records: goodBatch({ timestampMs: Date.now() + 2 * hourMs }),
    expected: 'NONE',
  },
]

const producers: readonly Case[] = [
  {
    name: 'a transactional batch without a transactional id',
    records: goodBatch({ transactional: true, producerId: 1, producerEpoch: 0, baseSequence: 0 }),
    expected: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  },
  {
    name: 'a transactional batch outside of a transaction',
    transactionalId: 'nobody',
    records: goodBatch({ transactional: true, producerId: 1, producerEpoch: 0, baseSequence: 0 }),
    expected: 'INVALID_TXN_STATE',
    kafka: 'NOT_ENOUGH_REPLICAS',
  },
  {
    name: 'a transactional batch without a producer id',
    transactionalId: 'nobody',
    records: goodBatch({ transactional: true }),
    expected: 'INVALID_TXN_STATE',
    kafka: 'NONE',
  },
  {
    name: 'a producer id without a sequence',
    records: goodBatch({ producerId: 5, producerEpoch: 0 }),
    expected: 'INVALID_RECORD',
  },
  {
    name: 'a producer id without an epoch',
    records: goodBatch({ producerId: 6, producerEpoch: -1, baseSequence: 0 }),
    expected: 'NONE',
  },
  { name: 'a sequence without a producer id', records: goodBatch({ baseSequence: 4 }), expected: 'NONE' },
]

const sizes: readonly Case[] = [
  {
    name: 'a record over max.message.bytes of its topic',
    topic: 'small',
    records: goodBatch({ count: 1, valueBytes: 1000 }),
    expected: 'MESSAGE_TOO_LARGE',
  },
  {
    name: "a record over the broker's message.max.bytes",
    records: goodBatch({ count: 1, valueBytes: 2 * MiB }),
    expected: 'MESSAGE_TOO_LARGE',
  },
  {
    name: 'a batch that is small enough only while compressed',
    topic: 'as-uncompressed',
    records: gzipBomb(3 * MiB),
    expected: 'MESSAGE_TOO_LARGE',
  },
]

const lookedInto: readonly Case[] = [
  {
    name: 'a null key on a compacted topic',
    topic: 'compacted',
    records: goodBatch({ keyed: false }),
    expected: 'INVALID_RECORD',
  },
  ...codecs.flatMap((codec) => [
    {
      name: `null keys in ${codec} on a compacted topic`,
      topic: 'compacted',
      records: goodBatch({ keyed: false, compression: codec }),
      expected: 'INVALID_RECORD' as const,
    },
    {
      name: `bytes that are no ${codec} on a compacted topic`,
      topic: 'compacted',
      records: batchOfBytes(codec, garbage),
      expected: 'INVALID_RECORD' as const,
      kafka: 'UNKNOWN_SERVER_ERROR' as const,
    },
    {
      name: `bytes that are no ${codec} where another codec is wanted`,
      topic: codec === 'gzip' ? 'as-lz4' : 'as-gzip',
      records: batchOfBytes(codec, garbage),
      expected: 'INVALID_RECORD' as const,
      kafka: 'UNKNOWN_SERVER_ERROR' as const,
    },
    {
      name: `${codec} that ends too early on a compacted topic`,
      topic: 'compacted',
      records: batchOfBytes(
        codec,
        goodBatch({ compression: codec, count: 50, valueBytes: 100 }).subarray(batchLayout.records, -10),
      ),
      expected: 'INVALID_RECORD' as const,
      kafka: codec === 'gzip' ? ('INVALID_RECORD' as const) : ('UNKNOWN_SERVER_ERROR' as const),
    },
  ]),
  {
    name: 'gzip of what is no record on a compacted topic',
    topic: 'compacted',
    records: gzipOfGarbage(),
    expected: 'INVALID_RECORD',
  },
  {
    name: 'uncompressed bytes that are no records on a compacted topic',
    topic: 'compacted',
    records: batchOfBytes('none', garbage),
    expected: 'INVALID_RECORD',
  },
  {
    name: 'an empty gzip on a compacted topic',
    topic: 'compacted',
    records: batchOfBytes('gzip', new Uint8Array(0)),
    expected: 'INVALID_RECORD',
    kafka: 'UNKNOWN_SERVER_ERROR',
  },
]

const requests: readonly Case[] = [
  {
    name: 'codec 5 before Produce 7',
    version: 6,
    records: edited(attributeBits(5)),
    expected: 'INVALID_RECORD',
    kafka: 'UNKNOWN_SERVER_ERROR',
  },
  {
    name: "a group's offsets from a client",
    topic: '__consumer_offsets',
    records: goodBatch(),
    expected: 'INVALID_TOPIC_EXCEPTION',
  },
  { name: 'acks=2', acks: 2, records: goodBatch(), expected: 'INVALID_REQUIRED_ACKS' },
  { name: 'acks=-2', acks: -2, records: goodBatch(), expected: 'INVALID_REQUIRED_ACKS' },
  { name: 'a wrong CRC with acks=0', acks: 0, records: corrupted(int32At('crc', 1)), expected: 'closed' },
  { name: 'a partition that is not there', partition: 7, records: goodBatch(), expected: 'UNKNOWN_TOPIC_OR_PARTITION' },
  { name: 'a negative partition', partition: -1, records: goodBatch(), expected: 'UNKNOWN_TOPIC_OR_PARTITION' },
  { name: 'a topic that is not there', topic: 'nowhere', records: goodBatch(), expected: 'UNKNOWN_TOPIC_OR_PARTITION' },
  {
    name: 'a topic whose name is illegal',
    topic: '../../etc/passwd',
    records: goodBatch(),
    expected: 'UNKNOWN_TOPIC_OR_PARTITION',
  },
  { name: 'an empty name of a topic', topic: '', records: goodBatch(), expected: 'UNKNOWN_TOPIC_OR_PARTITION' },
]

// Nothing is wrong with asking for a topic that isn't there.
const quiet: ReadonlySet<Verdict> = new Set(['NONE', 'UNKNOWN_TOPIC_OR_PARTITION'])

const groups = { framing, offsets, attributes, producers, sizes, lookedInto, requests }
for (const [title, cases] of Object.entries(groups)) {
  suite(title, () => {
    for (const { name, expected, kafka = expected, topic = 'plain', ...wish } of cases) {
      const skip = isApacheKafka && kafka === null
      test(`${name} is answered with ${expected}`, { timeout: 60_000, skip }, async () => {
        const logged = watchLog(target)
        assert.equal(await tryProduce(port, { topic, ...wish }), isApacheKafka ? kafka : expected)
        if (!quiet.has(expected))
          await logged(expected === 'closed' ? 'a connection is closed' : `refused: ${expected}`)
        await bystander.assertServed()
      })
    }
  })
}

test('nothing of all this was an error of the broker', { skip: isApacheKafka }, () => {
  assert.deepEqual(unexpectedErrors(target), [])
})
