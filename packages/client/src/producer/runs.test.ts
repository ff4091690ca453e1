import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Runs } from './runs.ts'

const runsOf = <T>(values: readonly T[]): Runs<T> => {
  const runs = new Runs<T>()
  for (const [record, value] of values.entries()) runs.add(record, value)
  return runs
}

for (const values of [[7], [7, 7, 7], [7, 8], [7, 7, 8, 8, 8, 7, 9, 9], [undefined, 1, undefined, 1, 1]]) {
  test(`each record has the value that it was added with: ${values.join(' ')}`, () => {
    const runs = runsOf(values)
    const all = values.map((_, record) => runs.at(record))
    assert.deepEqual(all, values)
  })
}

test('records can be read in any order, and again', () => {
  const values = [1, 1, 2, 2, 3, 1, 1, 4]
  const runs = runsOf(values)
  for (const record of [7, 0, 3, 2, 6, 1, 5, 4, 7, 7, 0]) assert.equal(runs.at(record), values[record])
})

test('what is cleared holds nothing, and can be filled anew', () => {
  const runs = runsOf([1, 1, 2, 3])
  runs.clear()
  for (const [record, value] of [7, 8, 8].entries()) runs.add(record, value)
  assert.deepEqual(
    [0, 1, 2].map((record) => runs.at(record)),
    [7, 8, 8],
  )
})
