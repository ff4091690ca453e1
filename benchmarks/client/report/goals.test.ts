import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Contender } from '../contenders.ts'
import type { Measured } from '../load/load.ts'
import { goalLines } from './goals.ts'

const measured = (perSecond: number): Measured => ({ perSecond, cpuPerMillion: 1, peakMib: 100 })
const contender = (client: Contender['client'], shape: Contender['shape']): Contender => ({
  client,
  shape,
  title: shape,
})

test('each of our shapes is compared with the better shape of the peer, round by round', () => {
  const section = { broker: 'kafka', recordBytes: 100, row: 'produce' } as const
  const contenders = [
    contender('millrace', 'single'),
    contender('millrace', 'array'),
    contender('platformatic', 'single'),
    contender('platformatic', 'array'),
  ]
  const rates = [
    [100, 200, 300],
    [50, 40, 60],
    [1, 1, 1],
    [50, 80, 100],
  ]
  const lines = goalLines([
    { ...section, contenders, measured: rates.map((rounds) => rounds.map(measured)), failures: [] },
  ])
  const produced = lines.filter(({ figure }) => figure.title.includes('produced'))
  assert.deepEqual(
    produced.map(({ ratio, reached, against }) => ({ ratio, reached, against })),
    [
      { ratio: { median: 2.5, lowest: 2, highest: 3 }, reached: true, against: '@platformatic/kafka, array' },
      { ratio: { median: 0.6, lowest: 0.5, highest: 1 }, reached: false, against: '@platformatic/kafka, array' },
    ],
  )
})

test('where no peer ran there is nothing to compare with', () => {
  const alone = { broker: 'kafka', recordBytes: 100, row: 'latency', contenders: [contender('millrace', 'single')] }
  assert.deepEqual(goalLines([{ ...alone, row: 'latency', measured: [[measured(1)]], failures: [] }]), [])
})
