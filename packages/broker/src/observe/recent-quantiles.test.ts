import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecentQuantiles } from './recent-quantiles.ts'

const minuteMs = 60_000
const start = () => new RecentQuantiles([1, 10, 100], 5 * minuteMs)

test('values are evenly spread within their bucket', () => {
  const quantiles = start()
  assert.deepEqual(quantiles.of('a', [0, 10, 0, 0], 0, [0.5, 1]), [5.5, 10])
  assert.deepEqual(quantiles.of('b', [50, 0, 50, 0], 0, [0.25, 0.5, 0.75]), [0.5, 1, 55])
})

test('what is above all bounds counts as the largest of them', () => {
  assert.deepEqual(start().of('a', [0, 0, 0, 4], 0, [0.5, 0.999]), [100, 100])
})

test('nothing has no quantiles', () => {
  assert.deepEqual(start().of('a', [0, 0, 0, 0], 0, [0.5]), [Number.NaN])
})

test('what was long ago no longer counts', () => {
  const quantiles = start()
  const medianAfter = (minutes: number, counts: readonly number[]) =>
    quantiles.of('a', counts, minutes * minuteMs, [1])[0]
  assert.equal(medianAfter(0, [0, 0, 1_000, 0]), 100)
  assert.equal(medianAfter(3, [10, 0, 1_000, 0]), 100)
  assert.equal(medianAfter(6, [20, 0, 1_000, 0]), 1)
})

test('where nothing came since, the last values stay', () => {
  const quantiles = start()
  for (const minutes of [0, 3, 6, 60, 600]) {
    assert.deepEqual(quantiles.of('a', [0, 5, 0, 0], minutes * minuteMs, [1]), [10])
  }
})
