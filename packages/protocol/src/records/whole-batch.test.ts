import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { batchField, writeCrc } from './batch-header.ts'
import { checkBatch } from './check-batch.ts'
import { buildMarkerBatch, readMarker } from './control.ts'
import type { WholeBatch } from './whole-batch.ts'
import { decodeBatch, decodeBatches, encodeBatch } from './whole-batch.ts'

interface GoldenLine {
  readonly compression?: string
  readonly batches?: readonly object[]
  readonly control?: 'COMMIT' | 'ABORT'
  readonly coordinatorEpoch?: number
  readonly hex: string
}

const lines: readonly GoldenLine[] = readFileSync(
  new URL('../../../testkit/golden/batches.jsonl', import.meta.url),
  'utf8',
)
  .trimEnd()
  .split('\n')
  .map((line): GoldenLine => JSON.parse(line))

const base64 = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString('base64')

function goldenForm(batch: WholeBatch): object {
  const { compression: _compression, deleteHorizonMs: _deleteHorizonMs, records, ...fields } = batch
  return {
    ...fields,
    records: records.map(({ offset, timestamp, key, value, headers }) => ({
      offset,
      timestamp,
      key: base64(key),
      value: base64(value),
      headers: headers.map((header) => ({ key: header.key, value: base64(header.value) })),
    })),
  }
}

test('batches that Apache Kafka wrote read as what went into them', () => {
  const golden = lines.filter((line) => line.batches !== undefined)
  assert.ok(golden.length >= 60)
  for (const line of golden) {
    const whole = decodeBatches(Buffer.from(line.hex, 'hex'))
    assert.deepEqual(whole.map(goldenForm), line.batches)
    for (const batch of whole) assert.equal(batch.compression, line.compression)
  }
})

test('batches are written as Apache Kafka writes them; compressed ones read back as the same', () => {
  for (const line of lines.filter((one) => one.batches !== undefined)) {
    const bytes = Buffer.from(line.hex, 'hex')
    const whole = decodeBatches(bytes)
    const again = Buffer.concat(whole.map(encodeBatch))
    if (line.compression === 'none') assert.equal(again.toString('hex'), line.hex)
    assert.deepEqual(decodeBatches(again).map(withoutCrc), whole.map(withoutCrc))
  }
})

const withoutCrc = (batch: WholeBatch): object => ({ ...goldenForm(batch), crc: 0 })

test('markers of transactions are read and written as Apache Kafka does', () => {
  const golden = lines.filter((line) => line.control !== undefined)
  assert.equal(golden.length, 2)
  for (const line of golden) {
    const bytes = Buffer.from(line.hex, 'hex')
    const batch = decodeBatch(bytes)
    const marker = readMarker(batch.records[0]!)
    assert.deepEqual(marker, { committed: line.control === 'COMMIT', coordinatorEpoch: line.coordinatorEpoch })
    assert.equal(batch.isControlBatch, true)
    const again = buildMarkerBatch({
      committed: line.control === 'COMMIT',
      coordinatorEpoch: line.coordinatorEpoch ?? -1,
      producerId: batch.producerId,
      producerEpoch: batch.producerEpoch,
      timestampMs: batch.baseTimestamp,
      baseOffset: batch.baseOffset,
      leaderEpoch: batch.partitionLeaderEpoch,
    })
    assert.equal(Buffer.from(again).toString('hex'), line.hex)
  }
})

test('a bit that flips anywhere under the CRC is found', () => {
  const bytes = Buffer.from(lines[0]!.hex, 'hex')
  for (let at = 17; at < bytes.length; at += 1) {
    const flipped = Uint8Array.from(bytes)
    flipped[at]! ^= 1
    assert.equal(checkBatch(flipped)?.error, 'CORRUPT_MESSAGE', `byte ${at}`)
  }
})

test('a delete horizon takes the place of the base timestamp and is read back', () => {
  const batch = decodeBatch(Buffer.from(lines[0]!.hex, 'hex'))
  const again = decodeBatch(encodeBatch({ ...batch, deleteHorizonMs: 1_800_000_000_000 }))
  assert.equal(again.deleteHorizonMs, 1_800_000_000_000)
  assert.equal(again.baseTimestamp, 1_800_000_000_000)
})

test('records of an older magic are named as such', () => {
  const bytes = Buffer.from(lines[0]!.hex, 'hex')
  bytes[16] = 1
  assert.equal(checkBatch(bytes)?.error, 'UNSUPPORTED_FOR_MESSAGE_FORMAT')
  assert.throws(() => decodeBatch(bytes), { name: 'CorruptRecordsError', kind: 'old-magic' })
})

test('a count of records that lies costs no memory', () => {
  const bytes = Buffer.from(lines[0]!.hex, 'hex')
  bytes.writeInt32BE(0x7fff_ffff, 57)
  writeCrc(bytes, 0)
  assert.equal(batchField.recordCount(bytes, 0), 0x7fff_ffff)
  assert.throws(() => decodeBatch(bytes), /says 2147483647 records/)
})
