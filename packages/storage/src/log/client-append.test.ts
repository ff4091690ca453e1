import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorName } from '@millrace/protocol'
import {
  batchField,
  batchLayout,
  buildBatch,
  buildMarkerBatch,
  checkBatch,
  codecs,
  decodeBatch,
  writeBaseOffset,
  writeCrc,
  writeInt32,
} from '@millrace/protocol'
import { batchOf, concat, LogWorld, readAt, worldStartMs } from '@millrace/testkit/storage'
import type { LogConfig, PartitionLog } from './partition-log.ts'

function refusalOf(records: Uint8Array, config: Partial<LogConfig> = {}): ErrorName | 'accepted' {
  const world = new LogWorld()
  const log = world.open(config)
  const outcome = world.append(log, records)
  assert.equal(outcome.ok, log.logEndOffset > 0, 'what is refused leaves nothing behind')
  return outcome.ok ? 'accepted' : outcome.error
}

/** A good batch with one change, and the CRC made right again. */
function changed(change: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = batchOf(['a', 'b'])
  change(bytes)
  writeCrc(bytes, 0)
  return bytes
}

const two = (first: Uint8Array, second: Uint8Array): Uint8Array => Buffer.concat([first, second])

test('bytes that are no whole batch are refused with INVALID_RECORD', () => {
  assert.equal(refusalOf(new Uint8Array(0)), 'INVALID_RECORD')
  assert.equal(refusalOf(batchOf(['a']).subarray(0, 60)), 'INVALID_RECORD')
  assert.equal(refusalOf(batchOf(['a']).slice(0, -1)), 'INVALID_RECORD')
})

test('a batch whose length can not be is refused with CORRUPT_MESSAGE', () => {
  assert.equal(refusalOf(changed((bytes) => writeInt32(bytes, batchLayout.batchLength, 5))), 'CORRUPT_MESSAGE')
  assert.equal(refusalOf(changed((bytes) => writeInt32(bytes, batchLayout.batchLength, -1))), 'CORRUPT_MESSAGE')
  const short = batchOf(['a', 'b'])
  writeInt32(short, batchLayout.batchLength, short.length - 13)
  assert.equal(refusalOf(short), 'CORRUPT_MESSAGE')
})

test('a wrong CRC is CORRUPT_MESSAGE', () => {
  const bytes = batchOf(['a'])
  bytes[bytes.length - 1]! ^= 1
  assert.equal(refusalOf(bytes), 'CORRUPT_MESSAGE')
})

test('older magics are INVALID_RECORD, those that never were CORRUPT_MESSAGE', () => {
  for (const magic of [0, 1])
    assert.equal(refusalOf(changed((bytes) => (bytes[batchLayout.magic] = magic))), 'INVALID_RECORD')
  for (const magic of [3, 255])
    assert.equal(refusalOf(changed((bytes) => (bytes[batchLayout.magic] = magic))), 'CORRUPT_MESSAGE')
})

test('a request brings one batch per partition; bytes after it that are no batch are left out', () => {
  assert.equal(refusalOf(two(batchOf(['a']), batchOf(['b']))), 'INVALID_RECORD')
  assert.equal(refusalOf(two(batchOf(['a']), new Uint8Array(10))), 'accepted')
})

test('offsets start at 0 and are as many as records', () => {
  const shifted = batchOf(['a'])
  writeBaseOffset(shifted, 0, 7)
  assert.equal(refusalOf(shifted), 'INVALID_RECORD')
  for (const delta of [0, 5, -1]) {
    assert.equal(refusalOf(changed((bytes) => writeInt32(bytes, batchLayout.lastOffsetDelta, delta))), 'INVALID_RECORD')
  }
  assert.equal(refusalOf(changed((bytes) => writeInt32(bytes, batchLayout.recordCount, 0))), 'INVALID_RECORD')
})

test('a batch says no more records than it has room for, compressed or not', () => {
  const says = (count: number, compression: 'gzip' | 'none'): Uint8Array => {
    const bytes = batchOf(['a', 'b'], { compression })
    writeInt32(bytes, batchLayout.recordCount, count)
    writeInt32(bytes, batchLayout.lastOffsetDelta, count - 1)
    writeCrc(bytes, 0)
    return bytes
  }
  for (const compression of ['none', 'gzip'] as const) {
    assert.equal(refusalOf(says(0x7fff_ffff, compression)), 'INVALID_RECORD')
    assert.equal(refusalOf(says(2, compression)), 'accepted')
  }
})

test('clients may not write control records, nor a producer id without a sequence', () => {
  const marker = { producerId: 1, producerEpoch: 0, committed: true, coordinatorEpoch: 0, timestampMs: worldStartMs }
  assert.equal(refusalOf(buildMarkerBatch(marker)), 'INVALID_RECORD')
  assert.equal(refusalOf(batchOf(['a'], { producerId: 1, producerEpoch: 0, baseSequence: -1 })), 'INVALID_RECORD')
})

test('a batch may have max.message.bytes and not one more', () => {
  const size = batchOf(['0123456789']).length
  assert.equal(refusalOf(batchOf(['0123456789']), { maxMessageBytes: size }), 'accepted')
  assert.equal(refusalOf(batchOf(['0123456789']), { maxMessageBytes: size - 1 }), 'MESSAGE_TOO_LARGE')
  assert.equal(refusalOf(batchOf(['0123456789']), { segmentBytes: size - 1 }), 'RECORD_LIST_TOO_LARGE')
})

const at = (timestampMs: number): Uint8Array => buildBatch({ records: [{ key: null, value: null, timestampMs }] })

test('a timestamp outside of the topic window is INVALID_TIMESTAMP and says which record', () => {
  const window = { messageTimestampBeforeMaxMs: 1_000, messageTimestampAfterMaxMs: 2_000 }
  for (const ms of [-1_000, 0, 2_000]) assert.equal(refusalOf(at(worldStartMs + ms), window), 'accepted')
  for (const ms of [-1_001, 2_001]) assert.equal(refusalOf(at(worldStartMs + ms), window), 'INVALID_TIMESTAMP')
  assert.equal(refusalOf(at(-1), window), 'accepted')
  const world = new LogWorld()
  const outcome = world.append(world.open(window), at(worldStartMs + 9_000))
  assert.deepEqual(outcome.ok ? [] : outcome.recordErrors?.map((error) => error.batchIndex), [0])
})

const times = (log: PartitionLog): Promise<number[]> =>
  readAt(log, 0, 1_000).then((read) => decodeBatch(concat(read)).records.map(({ timestamp }) => timestamp))

const brokersTime = { timestampType: 'LogAppendTime', maxTimestampMs: worldStartMs } as const
const early = [1, 2].map((timestampMs) => ({ key: null, value: null, timestampMs }))

test('a producer that says LogAppendTime is believed neither: each record has its own time', async () => {
  for (const compression of ['none', 'zstd'] as const) {
    const world = new LogWorld()
    const log = world.open()
    assert.ok(world.append(log, buildBatch({ records: early, ...brokersTime, compression })).ok)
    assert.deepEqual(await times(log), [1, 2])
    assert.equal(checkBatch(concat(await readAt(log, 0, 1_000))), null)
  }
})

test('a topic says how hard its compression tries', async () => {
  const values = Array.from({ length: 1_000 }, (_, i) => `${(i * 7919) % 997} of ${i % 13}`)
  for (const [compressionType, low, high] of [
    ['gzip', 1, 9],
    ['lz4', 9, 12],
    ['zstd', -20, 19],
  ] as const) {
    const sizes: number[] = []
    for (const compressionLevel of [low, high]) {
      const world = new LogWorld()
      const log = world.open({ compressionType, compressionLevel })
      assert.ok(world.append(log, batchOf(values)).ok)
      const bytes = concat(await readAt(log, 0, 1))
      const { compression, records } = decodeBatch(bytes)
      assert.deepEqual([compression, records.length], [compressionType, values.length])
      sizes.push(bytes.length)
    }
    const [quick = 0, thorough = 0] = sizes
    assert.ok(thorough < quick, `${compressionType}: ${sizes.join(' and ')} bytes`)
  }
})

test('compressed anew, records of a producer that says LogAppendTime have the time it gave', async () => {
  const world = new LogWorld()
  const log = world.open({ compressionType: 'gzip' })
  assert.ok(world.append(log, buildBatch({ records: early, ...brokersTime })).ok)
  assert.deepEqual(await times(log), [worldStartMs, worldStartMs])
})

test('a producer that says LogAppendTime is refused where the broker sets the time, or where it gives none', () => {
  const batch = (maxTimestampMs: number): Uint8Array => buildBatch({ records: early, ...brokersTime, maxTimestampMs })
  assert.equal(refusalOf(batch(worldStartMs), { messageTimestampType: 'LogAppendTime' }), 'INVALID_TIMESTAMP')
  assert.equal(refusalOf(batch(-1)), 'INVALID_TIMESTAMP')
  assert.equal(refusalOf(batch(worldStartMs - 2), { messageTimestampBeforeMaxMs: 1 }), 'INVALID_TIMESTAMP')
})

test('where records are looked at, a largest time that no record has is made right', async () => {
  const world = new LogWorld()
  const log = world.open()
  assert.ok(world.append(log, buildBatch({ records: early, maxTimestampMs: 9e15 })).ok)
  const written = concat(await readAt(log, 0, 1_000))
  assert.deepEqual([batchField.maxTimestampMs(written, 0), checkBatch(written)], [2, null])
})

test('a compacted topic refuses records without a key and says which', () => {
  const record = (key: Uint8Array | null) => ({ key, value: null, timestampMs: worldStartMs })
  const records = buildBatch({ compression: 'gzip', records: [record(new Uint8Array(1)), record(null)] })
  const world = new LogWorld()
  const outcome = world.append(world.open({ cleanupPolicy: ['compact'] }), records)
  assert.equal(outcome.ok ? 'accepted' : outcome.error, 'INVALID_RECORD')
  assert.deepEqual(outcome.ok ? [] : outcome.recordErrors?.map((error) => error.batchIndex), [1])
})

test('records that do not decompress, or to too much, are refused where they must be looked at', () => {
  const broken = batchOf(['a'.repeat(100)], { compression: 'gzip' })
  broken.fill(7, batchLayout.records)
  writeCrc(broken, 0)
  assert.equal(refusalOf(broken.slice(), { cleanupPolicy: ['compact'] }), 'INVALID_RECORD')
  const bomb = batchOf(['a'.repeat(1_000_000)], { compression: 'zstd' })
  const world = new LogWorld({ settings: { decompressedBatchBytesMax: 10_000 } })
  const outcome = world.append(world.open({ cleanupPolicy: ['compact'] }), bomb)
  assert.equal(outcome.ok ? 'accepted' : outcome.error, 'MESSAGE_TOO_LARGE')
})

test('with LogAppendTime every record has the broker time, and the CRC is right', async () => {
  const world = new LogWorld()
  const log = world.open({ messageTimestampType: 'LogAppendTime' })
  await world.clock.advance(5_000)
  const outcome = world.append(log, at(123))
  assert.equal(outcome.ok && outcome.logAppendTimeMs, worldStartMs + 5_000)
  const batch = decodeBatch(concat(await readAt(log, 0, 1_000)))
  assert.deepEqual([batch.timestampType, batch.records[0]?.timestamp], ['LogAppendTime', worldStartMs + 5_000])
})

test('where the topic has a compression of its own, batches are written in it with the same records', async () => {
  for (const target of ['uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const world = new LogWorld()
    const log = world.open({ compressionType: target })
    for (const compression of codecs) {
      const producer = { producerId: 3, producerEpoch: 1, baseSequence: Number(log.logEndOffset) }
      assert.ok(world.append(log, batchOf(['a', 'b'], { compression, ...producer })).ok)
    }
    for (let offset = 0; offset < 10; offset += 2) {
      const bytes = concat(await readAt(log, offset, 1))
      const batch = decodeBatch(bytes)
      assert.equal(batch.compression, target === 'uncompressed' ? 'none' : target)
      assert.deepEqual([batch.baseSequence, batch.records.length, batchField.leaderEpoch(bytes, 0)], [offset, 2, 0])
    }
  }
})
