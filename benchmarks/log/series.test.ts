import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Series } from './series.ts'

function twoColumns(): Series {
  const series = new Series(['small', 'large'])
  for (const [small, large] of [
    [10, 11],
    [20, 20],
    [40, 60],
  ] as const) {
    series.add('small', { ms: small })
    series.add('large', { ms: large })
  }
  return series
}

test('a line has the median and the spread of each column', () => {
  assert.deepEqual(twoColumns().line('ms', 'append', 'ms').cells, [
    { median: 20, lowest: 10, highest: 40 },
    { median: 20, lowest: 11, highest: 60 },
  ])
})

test('a ratio is the median of what was measured in the same round, not the ratio of medians', () => {
  const { cells, goal } = twoColumns().ratios('ms', 'append', (ratio) => ratio <= 1.05, '≤ 1.05')
  assert.deepEqual(cells, [null, { median: 1.1, lowest: 1, highest: 1.5 }])
  assert.deepEqual(goal, { text: '≤ 1.05', reached: false })
})

test('a figure that was not measured in a round is an error, not a gap', () => {
  const series = twoColumns()
  series.add('small', { ms: 1 })
  series.add('large', {})
  assert.throws(() => series.line('ms', 'append', 'ms'), /no ms in a round of large/)
  assert.throws(() => series.add('huge', { ms: 1 }), /no column huge/)
})
