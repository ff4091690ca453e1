// Thousands of seeds of the model that a log is compared with; npm test runs a few hundred others.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runLogModel } from '@millrace/testkit/storage'

const seeds = Number(process.env['MILLRACE_SEEDS'] ?? 10_000)

test(`a log and a plain model agree, ${seeds} seeds long`, async (t) => {
  const seen = await runLogModel({ seeds, from: 1_000 })
  for (const [what, count] of seen) t.diagnostic(`${what}: ${count}`)
  if (process.env['MILLRACE_SEED'] !== undefined) return
  for (const [what, count] of seen) assert.ok(count > 0, `no ${what}: the run shows nothing about it`)
})
