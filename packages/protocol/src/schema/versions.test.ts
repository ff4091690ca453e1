import assert from 'node:assert/strict'
import { test } from 'node:test'
import { includes, parseVersions } from './versions.ts'

test('a range is one version, all from one on, from one to another, or none', () => {
  assert.deepEqual(parseVersions('3'), { min: 3, max: 3 })
  assert.deepEqual(parseVersions('3+'), { min: 3, max: Infinity })
  assert.deepEqual(parseVersions('3-12'), { min: 3, max: 12 })
  assert.equal(includes(parseVersions('none'), 0), false)
  assert.throws(() => parseVersions('3-' as '3'), { name: 'TypeError', message: /got '3-'/ })
})

test('both ends of a range belong to it', () => {
  const range = parseVersions('2-4')
  assert.deepEqual(
    [1, 2, 4, 5].map((version) => includes(range, version)),
    [false, true, true, false],
  )
})
