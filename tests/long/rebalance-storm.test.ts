// Twenty members of a group come and go for a minute, with each protocol.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rebalanceStorm } from '@millrace/testkit/rebalance-storm'

for (const strategy of ['cooperative-sticky', 'sticky'] as const) {
  test(`a minute of members that come and go (${strategy})`, async (t) => {
    const seed = Math.floor(Math.random() * 1e9)
    const terms = { durationMs: 60_000, leavesMin: 100, members: 20, partitions: 50 }
    const report = await rebalanceStorm({ seed, strategy, ...terms })
    t.diagnostic(`seed ${seed}: ${JSON.stringify(report)}`)
    assert.ok(report.joined >= 100 && report.left >= 100, 'members came and went')
    assert.ok(report.givenUpAtWork > 0 && report.repeated > 0, 'they were at work meanwhile')
  })
}
