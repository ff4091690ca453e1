import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { jsonRecord, parseJsonRecord } from './json-record.ts'

const bytes = fc.option(fc.uint8Array({ maxLength: 40 }), { nil: null })

test('a record printed as JSON and read again is the same, whatever its bytes are', () => {
  const headers = fc.array(fc.record({ key: fc.string(), value: bytes }), { maxLength: 3 })
  fc.assert(
    fc.property(bytes, bytes, headers, fc.nat(), (key, value, names, timestamp) => {
      const record = { topic: 't', partition: 1, offset: 2, timestamp, key, value, headers: names }
      const read = parseJsonRecord(JSON.stringify(jsonRecord(record)), 'line 1')
      const plain = (each: Uint8Array | null): number[] | null => (each === null ? null : [...each])
      assert.deepEqual(plain(read.key), plain(key))
      assert.deepEqual(plain(read.value), plain(value))
      assert.deepEqual(
        read.headers.map((each) => [each.key, plain(each.value)]),
        names.map((each) => [each.key, plain(each.value)]),
      )
      assert.equal(read.timestamp, timestamp)
    }),
  )
})

test('a line that is no record says which line and what is wrong with it', () => {
  assert.throws(() => parseJsonRecord('{"value":', 'line 7'), /line 7 is not JSON/)
  assert.throws(() => parseJsonRecord('[1]', 'line 7'), /line 7 is not a record: got \[1\], expected an object/)
  assert.throws(() => parseJsonRecord('{"value": 3}', 'line 7'), /line 7: value is text, null or/)
  assert.throws(() => parseJsonRecord('{"partition": "x"}', 'line 7'), /line 7: partition is a whole number/)
  assert.throws(() => parseJsonRecord('{"headers": [{}]}', 'line 7'), /line 7: a header is/)
})
