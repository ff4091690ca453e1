// The scenario of several partitions, ended at every change that it makes to its disk, in every way.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ending } from '@millrace/testkit/storage'
import { changesOfScenario, checkRecovered, runUntilEnd } from '@millrace/testkit/storage'

const endings: readonly Ending[] = ['kill', 'some', 'none', 'all']

for (const ending of endings) {
  test(`whichever change it ends at (${ending}), what was sure is there and nothing is out of order`, async () => {
    const changes = await changesOfScenario()
    let atRisk = 0
    for (let change = 1; change <= changes; change += 1) {
      const run = await runUntilEnd(change, ending)
      await checkRecovered(run)
      if (run.atRisk > 0) atRisk += 1
    }
    assert.ok(atRisk > changes / 3, `${atRisk} of ${changes} ends hit while records were not yet durable`)
  })
}
