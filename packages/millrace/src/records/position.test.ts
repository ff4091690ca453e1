import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseOffset, parseTime, resolvePosition } from './position.ts'

test('an offset is a number, an end, or so many before the end', () => {
  assert.deepEqual(parseOffset('earliest'), { kind: 'beginning' })
  assert.deepEqual(parseOffset('latest'), { kind: 'end' })
  assert.deepEqual(parseOffset('42'), { kind: 'offset', offset: 42 })
  assert.deepEqual(parseOffset('-10'), { kind: 'beforeEnd', records: 10 })
  assert.throws(() => parseOffset('soon'), /got 'soon'/)
  assert.throws(() => parseOffset(''), /got ''/)
})

test('a time is a date, milliseconds, or how long ago', () => {
  assert.deepEqual(parseTime('2026-11-21T10:00:00Z', 0), { kind: 'time', timestampMs: 1_795_255_200_000 })
  assert.deepEqual(parseTime('1795255200000', 0), { kind: 'time', timestampMs: 1_795_255_200_000 })
  assert.deepEqual(parseTime('15m', 1_000_000), { kind: 'time', timestampMs: 100_000 })
  assert.throws(() => parseTime('yesterday', 0), /got 'yesterday'/)
})

test('a position becomes an offset of the partition', () => {
  assert.equal(resolvePosition({ kind: 'beforeEnd', records: 10 }, 5, 8, -1), 5)
  assert.equal(resolvePosition({ kind: 'beforeEnd', records: 2 }, 5, 8, -1), 6)
  assert.equal(resolvePosition({ kind: 'time', timestampMs: 1 }, 5, 8, 7), 7)
  assert.equal(resolvePosition({ kind: 'time', timestampMs: 1 }, 5, 8, -1), 8)
  assert.equal(resolvePosition({ kind: 'offset', offset: 3 }, 5, 8, -1), 3)
})
