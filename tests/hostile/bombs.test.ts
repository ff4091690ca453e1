// Compressed bytes that lie: what the broker has to look into is refused before it takes memory, and what it only
// passes on stops nobody. (Apache Kafka has no such bound up to 4.3, so this isn't compared with it.)
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import { Connection } from '@millrace/connection'
import type { Codec } from '@millrace/protocol'
import { compress, incrementalAlterConfigsApi } from '@millrace/protocol'
import { Target } from '../interop/target/target.ts'
import { batchOfBytes, goodBatch } from './bad-batches.ts'
import { portOf, residentBytes, unexpectedErrors, watchLog } from './broker-under-test.ts'
import { Bystander, createTopic } from './bystander.ts'
import { tryProduce } from './raw-client.ts'

const MiB = 1024 * 1024
const settings = { 'max.decompressed.message.bytes': String(4 * MiB), 'log.cleaner.backoff.ms': '100' }
const target = await Target.start({ settings })
const port = portOf(target)
const bystander = await Bystander.start(port)
after(() => bystander[Symbol.asyncDispose]())
const admin = await Connection.connect({ host: '127.0.0.1', port })
after(() => admin.close())
await createTopic(admin, 'compacted', { 'cleanup.policy': 'compact' })
await createTopic(admin, 'as-zstd', { 'compression.type': 'zstd' })
await createTopic(admin, 'as-gzip', { 'compression.type': 'gzip' })

// As far as each codec goes within a megabyte of message.
const bombBytes: Readonly<Record<Exclude<Codec, 'none'>, number>> = {
  gzip: 256 * MiB,
  zstd: 256 * MiB,
  lz4: 128 * MiB,
  snappy: 16 * MiB,
}

suite('bombs', () => {
  for (const [codec, sizeBytes] of Object.entries(bombBytes) as [Codec, number][]) {
    const bomb = batchOfBytes(codec, compress(codec, Buffer.alloc(sizeBytes)))
    for (const topic of ['compacted', codec === 'zstd' ? 'as-gzip' : 'as-zstd']) {
      test(`${sizeBytes / MiB} MiB in ${bomb.length} bytes of ${codec} are refused on ${topic}, in little memory`, async () => {
        const before = residentBytes(target)
        const logged = watchLog(target)
        assert.equal(await tryProduce(port, { topic, records: bomb }), 'MESSAGE_TOO_LARGE')
        await logged(/Produce refused: MESSAGE_TOO_LARGE/)
        const grown = residentBytes(target) - before
        assert.ok(grown < 64 * MiB, `grown by ${grown} bytes`)
        await bystander.assertServed()
      })
    }
  }
})

const xerialHead = Buffer.from('82534e41505059000000000100000001', 'hex')
const zstdHead = Buffer.from('28b52ffd', 'hex')
const lies: readonly (readonly [name: string, codec: Codec, payload: Uint8Array])[] = [
  [
    'CVE-2023-34455: a snappy chunk that says two billion bytes',
    'snappy',
    Buffer.concat([xerialHead, Buffer.from('7fffffff00', 'hex')]),
  ],
  [
    'CVE-2023-34455: a snappy chunk of negative length',
    'snappy',
    Buffer.concat([xerialHead, Buffer.from('ffffffff00', 'hex')]),
  ],
  ['raw snappy that says four billion bytes', 'snappy', Buffer.from('ffffffff0f00', 'hex')],
  ['a zstd window of two terabytes', 'zstd', Buffer.concat([zstdHead, Buffer.from('00ff0300000000', 'hex')])],
  [
    'a zstd frame that says 2^60 bytes',
    'zstd',
    Buffer.concat([zstdHead, Buffer.from('e00000000000000010', 'hex'), Buffer.alloc(20)]),
  ],
  ['zstd with a skippable frame of four gigabytes', 'zstd', Buffer.from('502a4d18ffffffff', 'hex')],
  ['an lz4 block that says two gigabytes', 'lz4', Buffer.from('04224d1860407382ffffff7f', 'hex')],
  ['lz4 with a wrong header checksum', 'lz4', Buffer.from('04224d186040000500000000', 'hex')],
  ['a gzip header and nothing more', 'gzip', Buffer.from('1f8b0800000000000003', 'hex')],
  [
    'records that say their keys are two gigabytes long',
    'zstd',
    zstdCompressSync(Buffer.from('1e000000feffffff0f', 'hex')),
  ],
  [
    'a record that says two billion headers',
    'zstd',
    zstdCompressSync(Buffer.from('16000000026b0276feffffff0f', 'hex')),
  ],
  ['a record of negative length', 'zstd', zstdCompressSync(Buffer.from('01000000', 'hex'))],
]

suite('lengths that lie', () => {
  for (const [name, codec, payload] of lies) {
    for (const topic of ['compacted', codec === 'zstd' ? 'as-gzip' : 'as-zstd']) {
      test(`${name} is refused on ${topic}`, { timeout: 60_000 }, async () => {
        const before = residentBytes(target)
        const verdict = await tryProduce(port, { topic, records: batchOfBytes(codec, payload) })
        assert.ok(verdict === 'INVALID_RECORD' || verdict === 'MESSAGE_TOO_LARGE', verdict)
        assert.ok(residentBytes(target) - before < 64 * MiB)
        await bystander.assertServed()
      })
    }
  }
})

test('records that nobody can read are passed on, and stop no compaction when their topic becomes compacted', async () => {
  const topic = 'poisoned'
  await createTopic(admin, topic, { 'segment.ms': '1', 'min.cleanable.dirty.ratio': '0' })
  const garbage = Buffer.from('not compressed by anybody')
  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    assert.equal(await tryProduce(port, { topic, records: batchOfBytes(codec, garbage) }), 'NONE')
    assert.equal(await tryProduce(port, { topic, records: goodBatch() }), 'NONE')
  }
  const logged = watchLog(target)
  const configs = [{ name: 'cleanup.policy', configOperation: 0, value: 'compact' }]
  const resources = [{ resourceType: 2, resourceName: topic, configs }]
  const { responses } = await admin.request(incrementalAlterConfigsApi, { resources, validateOnly: false })
  assert.equal(responses[0]?.errorCode, 0)
  await logged(/compact.*poisoned-0|poisoned-0.*compact/)
  assert.equal(await tryProduce(port, { topic, records: goodBatch() }), 'NONE')
  await bystander.assertServed()
})

test('nothing of all this was an error of the broker', () => {
  const expected = /clean|compact/
  assert.deepEqual(
    unexpectedErrors(target).filter((line) => !expected.test(line)),
    [],
  )
})
