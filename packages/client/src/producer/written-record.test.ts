import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { WrittenRecord } from './written-record.ts'

test('what send answers is an object like a literal', () => {
  const record = new WrittenRecord('orders', 2, 41, 1_795_000_000_000)
  const literal = { topic: 'orders', partition: 2, offset: 41, timestamp: 1_795_000_000_000 }
  assert.deepStrictEqual(record, literal)
  assert.deepStrictEqual({ ...record }, literal)
  assert.equal(JSON.stringify(record), JSON.stringify(literal))
  assert.equal(inspect(record), inspect(literal))
})
