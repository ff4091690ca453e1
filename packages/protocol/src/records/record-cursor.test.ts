import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { buildBatch } from './batch-builder.ts'
import { batchHeaderBytes } from './batch-header.ts'
import { codecs } from './compression/codec.ts'
import { CorruptRecordsError } from './corrupt-records-error.ts'
import { readRecords } from './read-records.ts'
import { RecordCursor } from './record-cursor.ts'

const field = fc.option(fc.uint8Array({ maxLength: 40 }))
const record = fc.record({
  key: field,
  value: field,
  timestampMs: fc.integer({ min: 0, max: 2_000_000_000_000 }),
  headers: fc.array(fc.record({ key: fc.string({ maxLength: 5 }), value: field }), { maxLength: 2 }),
})
const batch = fc
  .tuple(fc.array(record, { minLength: 1, maxLength: 20 }), fc.constantFrom(...codecs))
  .map(([records, compression]) => buildBatch({ records, compression, baseOffset: 7 }))

function walk(bytes: Uint8Array): unknown[] {
  const cursor = new RecordCursor(bytes)
  const found: unknown[] = []
  for (let end = 0; cursor.next(); end = cursor.end) {
    assert.equal(cursor.start, end)
    const key = cursor.keyLength < 0 ? null : cursor.bytes.slice(cursor.keyStart, cursor.keyStart + cursor.keyLength)
    found.push([cursor.offsetDelta, cursor.timestampDelta, key, cursor.valueLength])
  }
  return found
}

test('a cursor finds the same records as those that are read one by one', () => {
  const property = fc.property(batch, (bytes) => {
    const read = [...readRecords(bytes)].map(({ offset, timestampDelta, key, value }) => [
      offset - 7,
      timestampDelta,
      key === null ? null : Uint8Array.from(key),
      value === null ? -1 : value.length,
    ])
    assert.deepEqual(
      walk(bytes).map((one) =>
        (one as unknown[]).map((part) => (part instanceof Uint8Array ? Uint8Array.from(part) : part)),
      ),
      read,
    )
  })
  fc.assert(property)
})

test('a cursor over damaged records ends in a CorruptRecordsError or in other records, never in anything else', () => {
  const property = fc.property(batch, fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, flip) => {
    const damaged = Uint8Array.from(bytes)
    damaged[batchHeaderBytes + (at % (damaged.length - batchHeaderBytes))]! ^= flip
    try {
      walk(damaged)
    } catch (error) {
      assert.ok(error instanceof CorruptRecordsError, String(error))
    }
  })
  fc.assert(property)
})
