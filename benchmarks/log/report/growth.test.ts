import assert from 'node:assert/strict'
import { test } from 'node:test'
import { growthPicture, ticksAround } from './growth.ts'

test('ticks stand around all values, at 1, 2 and 5 times powers of ten', () => {
  assert.deepEqual(ticksAround([0.3, 4]), [0.2, 0.5, 1, 2, 5])
  assert.deepEqual(ticksAround([120, 90]), [50, 100, 200])
})

test('a single value still has a scale', () => {
  assert.deepEqual(ticksAround([2]), [2, 5])
})

test('a picture has a curve for each line of its panel and a dot for each column', () => {
  const cells = [1, 10, 100].map((median) => ({ median, lowest: median, highest: median }))
  const lines = ['p50', 'p99', 'rate'].map((title) => ({ title, unit: 'ms', cells }))
  const panel = { title: 'latency', unit: 'ms', lines: ['p50', 'p99'] }
  const svg = growthPicture([panel], { columns: ['1', '10', '100'], lines }, 'partitions')
  assert.equal(svg.match(/<polyline /g)?.length, 2)
  assert.equal(svg.match(/<circle /g)?.length, 6)
  assert.ok(!svg.includes('NaN'))
})
