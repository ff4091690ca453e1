import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDuration } from './iso-duration.ts'

test('durations are read as Java reads them', () => {
  assert.equal(parseDuration('P1D'), 86_400_000)
  assert.equal(parseDuration('PT1H30M'), 5_400_000)
  assert.equal(parseDuration('pt0.5s'), 500)
  assert.equal(parseDuration('P2DT3S'), 172_803_000)
  for (const text of ['', 'P', 'PT', 'P1DT', '1D', 'P1Y', 'PT1.S', 'PT1H '])
    assert.equal(parseDuration(text), undefined)
})
