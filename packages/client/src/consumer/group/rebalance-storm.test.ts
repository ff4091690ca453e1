import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rebalanceStorm } from '@millrace/testkit/rebalance-storm'

for (const strategy of ['cooperative-sticky', 'range'] as const) {
  test(`twenty members come and go: no partition has two, no record is skipped, none that was committed comes again (${strategy})`, async (t) => {
    const seed = Math.floor(Math.random() * 1e9)
    const terms = { durationMs: 4_000, leavesMin: 2, members: 20, partitions: 50 }
    const report = await rebalanceStorm({ seed, strategy, ...terms })
    t.diagnostic(`seed ${seed}: ${JSON.stringify(report)}`)
    assert.ok(report.joined >= 10 && report.left >= 2, 'members came and went')
  })
}
