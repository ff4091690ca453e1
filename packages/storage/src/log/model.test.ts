import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runLogModel } from '@millrace/testkit/storage'

// What a few hundred seeds meet each; all of them run in `npm run test:long`.
test('a log and a plain model agree after any appends, reads, cuts, compactions, restarts and crashes', async () => {
  const seen = await runLogModel({ seeds: 200 })
  if (process.env['MILLRACE_SEED'] !== undefined) return
  for (const [what, count] of seen) assert.ok(count > 0, `no ${what}: the run shows nothing about it`)
})
