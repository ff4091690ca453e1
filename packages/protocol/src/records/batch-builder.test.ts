import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { RecordToWrite } from './batch-builder.ts'
import { BatchBuilder, buildBatch } from './batch-builder.ts'
import {
  advanceSequence,
  batchField,
  readBatchHeader,
  writeBaseOffset,
  writeLeaderEpoch,
  writeCreateTime,
  writeLogAppendTime,
} from './batch-header.ts'
import { batches, checkBatch, checkClientBatch } from './check-batch.ts'
import { codecs, compress } from './compression/codec.ts'
import { CorruptRecordsError } from './corrupt-records-error.ts'
import type { ReadRecord } from './read-records.ts'
import { readRecords } from './read-records.ts'

const field = fc.option(fc.uint8Array({ maxLength: 300 }), { nil: null })
const record: fc.Arbitrary<RecordToWrite> = fc.record({
  key: field,
  value: field,
  headers: fc.array(fc.record({ key: fc.string({ unit: 'grapheme', maxLength: 12 }), value: field }), { maxLength: 4 }),
  timestampMs: fc.oneof(
    fc.constant(-1),
    fc.integer({ min: 1_600_000_000_000, max: 1_900_000_000_000 }),
    fc.maxSafeNat(),
  ),
})
const someRecords = fc.array(record, { minLength: 1, maxLength: 30 })

const plain = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString('hex'))

const comparable = (one: RecordToWrite | ReadRecord): object => ({
  key: plain(one.key),
  value: plain(one.value),
  timestampMs: one.timestampMs,
  headers: (one.headers ?? []).map((header) => [header.key, plain(header.value)]),
})

test('the first and the last time that there are can stand in one batch', () => {
  const times = [-1, Number.MAX_SAFE_INTEGER]
  const bytes = buildBatch({ records: times.map((timestampMs) => ({ key: null, value: null, timestampMs })) })
  assert.deepEqual(
    [...readRecords(bytes)].map((one) => one.timestampMs),
    times,
  )
})

test('what a batch is built from is what is read from it, with every codec', () => {
  const property = fc.property(
    someRecords,
    fc.constantFrom(...codecs),
    fc.maxSafeNat(),
    (records, compression, base) => {
      const baseOffset = Math.min(base, Number.MAX_SAFE_INTEGER - 100)
      const bytes = buildBatch({ records, compression, baseOffset })
      assert.equal(checkBatch(bytes), null)
      assert.equal(checkClientBatch(bytes, 0), null)
      const read = [...readRecords(bytes)]
      assert.deepEqual(read.map(comparable), records.map(comparable))
      assert.deepEqual(
        read.map((one) => one.offset),
        records.map((_, i) => baseOffset + i),
      )
    },
  )
  fc.assert(property)
})

test('bytes that lie are read to a CorruptRecordsError or to records, never to anything else', () => {
  const property = fc.property(
    someRecords,
    fc.constantFrom(...codecs),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 }),
    (records, compression, changes) => {
      const bytes = buildBatch({ records, compression })
      for (const [at, value] of changes) bytes[at % bytes.length] = value
      try {
        for (const one of readRecords(bytes)) assert.ok(one.headers.length < 1_000)
      } catch (error) {
        assert.ok(error instanceof CorruptRecordsError, String(error))
      }
    },
  )
  fc.assert(property, { numRuns: 500 })
})

test('a header says what the batch was built with', () => {
  const bytes = buildBatch({
    records: [
      { key: null, value: null, timestampMs: 1_000 },
      { key: null, value: null, timestampMs: 5_000 },
      { key: null, value: null, timestampMs: 2_000 },
    ],
    baseOffset: 2 ** 53 - 10,
    leaderEpoch: 7,
    producerId: 2 ** 40,
    producerEpoch: 32_766,
    baseSequence: 0x7fff_ffff,
    transactional: true,
  })
  const { crc: _crc, ...header } = readBatchHeader(bytes)
  assert.deepEqual(header, {
    position: 0,
    sizeBytes: bytes.length,
    baseOffset: 2 ** 53 - 10,
    lastOffset: 2 ** 53 - 8,
    nextOffset: 2 ** 53 - 7,
    leaderEpoch: 7,
    magic: 2,
    attributes: 0x10,
    lastOffsetDelta: 2,
    baseTimestampMs: 1_000,
    maxTimestampMs: 5_000,
    producerId: 2 ** 40,
    producerEpoch: 32_766,
    baseSequence: 0x7fff_ffff,
    lastSequence: 1,
    recordCount: 3,
    timestampType: 'CreateTime',
    transactional: true,
    control: false,
    deleteHorizonMs: null,
  })
})

const one = { key: null, value: Buffer.from('v'), timestampMs: 1_000 }

test('base offset and leader epoch are written in place without touching the CRC', () => {
  const bytes = buildBatch({ records: [one] })
  writeBaseOffset(bytes, 0, 123_456_789_012)
  writeLeaderEpoch(bytes, 0, 9)
  assert.equal(checkBatch(bytes), null)
  assert.equal(batchField.baseOffset(bytes, 0), 123_456_789_012)
  assert.equal(batchField.leaderEpoch(bytes, 0), 9)
})

test('LogAppendTime gives every record the time of the broker, and the CRC holds', () => {
  const bytes = buildBatch({ records: [one, { ...one, timestampMs: 3_000 }] })
  writeLogAppendTime(bytes, 0, 77_000)
  assert.equal(checkBatch(bytes), null)
  assert.deepEqual(
    Array.from(readRecords(bytes), (read) => read.timestampMs),
    [77_000, 77_000],
  )
})

test('CreateTime gives every record its own time back, and the CRC holds', () => {
  const records = [one, { ...one, timestampMs: 3_000 }]
  const bytes = buildBatch({ records, timestampType: 'LogAppendTime', maxTimestampMs: 77_000 })
  writeCreateTime(bytes, 0, 3_000)
  assert.deepEqual(bytes, buildBatch({ records }))
})

test('timestamps beyond the safe integers are read as the nearest of them', () => {
  const bytes = buildBatch({ records: [one] })
  bytes.fill(0x7f, 27, 43)
  assert.equal(batchField.maxTimestampMs(bytes, 0), Number.MAX_SAFE_INTEGER)
  assert.equal([...readRecords(bytes)][0]?.timestampMs, Number.MAX_SAFE_INTEGER)
})

test('a batch with an offset beyond the safe integers is refused', () => {
  const bytes = buildBatch({ records: [one] })
  bytes.fill(0x7f, 0, 8)
  assert.equal(checkBatch(bytes)?.error, 'CORRUPT_MESSAGE')
})

const refused = (bytes: Uint8Array): string | undefined => checkClientBatch(bytes, 0)?.error

test('a client may not send control batches, gaps, or an id without a sequence', () => {
  assert.equal(refused(buildBatch({ records: [one], control: true })), 'INVALID_RECORD')
  assert.equal(refused(buildBatch({ records: [one], lastOffsetDelta: 1 })), 'INVALID_RECORD')
  assert.equal(refused(buildBatch({ records: [], lastOffsetDelta: 0 })), 'INVALID_RECORD')
  assert.equal(refused(buildBatch({ records: [one], producerId: 4 })), 'INVALID_RECORD')
})

test('batches that lie back to back are found, and a torn one at the end is not', () => {
  const first = buildBatch({ records: [one] })
  const second = buildBatch({ records: [one, one] })
  const log = Buffer.concat([first, second, first.subarray(0, first.length - 1)])
  assert.deepEqual([...batches(log)], [0, first.length])
})

test('a length that lies is refused before anything is read', () => {
  const bytes = Buffer.from(buildBatch({ records: [one] }))
  for (const length of [-1, 0, 48, bytes.length - 11, 0x7fff_ffff]) {
    bytes.writeInt32BE(length, 8)
    assert.equal(checkBatch(bytes)?.error, 'CORRUPT_MESSAGE', String(length))
    assert.throws(() => readRecords(bytes), CorruptRecordsError)
  }
})

test('a batch that was emptied by compaction reads as no records', () => {
  assert.deepEqual([...readRecords(buildBatch({ records: [], lastOffsetDelta: 41 }))], [])
})

test('sequence numbers go on at 0 after the largest int', () => {
  assert.equal(advanceSequence(0x7fff_fffe, 1), 0x7fff_ffff)
  assert.equal(advanceSequence(0x7fff_fffe, 2), 0)
  assert.equal(advanceSequence(0x7fff_ffff, 5), 4)
})

test('a builder knows its size before the batch is built', () => {
  const builder = new BatchBuilder(10)
  for (let i = 0; i < 100; i += 1) builder.append({ key: null, value: new Uint8Array(i), timestampMs: 1_000 + i })
  const sizeBytes = builder.sizeBytes
  assert.equal(builder.build().length, sizeBytes)
  assert.equal(builder.recordCount, 100)
})

test('parts of buffers and text with its size give the batch that their bytes give', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 100 }), fc.string({ unit: 'grapheme' }), (key, value) => {
    const direct = new BatchBuilder(10)
    const scratch = Buffer.concat([key, Buffer.alloc(50)])
    direct.appendSized(scratch, key.length, value, Buffer.byteLength(value), [], 1_000)
    assert.deepEqual(direct.build(), buildBatch({ records: [{ key, value: Buffer.from(value), timestampMs: 1_000 }] }))
  })
  fc.assert(property)
})

test('a batch may be given its records compressed', () => {
  const builder = new BatchBuilder()
  builder.append({ key: null, value: Buffer.alloc(1_000), timestampMs: 1_000 })
  const packed = compress('gzip', builder.records)
  assert.deepEqual(
    builder.build({ compression: 'gzip' }, packed),
    buildBatch({ records: [{ key: null, value: Buffer.alloc(1_000), timestampMs: 1_000 }], compression: 'gzip' }),
  )
})
