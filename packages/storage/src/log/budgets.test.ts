import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GaugeSample, Metrics } from '@millrace/kernel'
import { asOffset, noMetrics } from '@millrace/kernel'
import { batchOf, concat, LogWorld, readAll, readAt } from '@millrace/testkit/storage'
import type { LogManagerSettings } from './partition-log.ts'

/** Metrics whose gauges a test can read. */
function gauges(): { readonly metrics: Metrics; readonly value: (name: string, label?: string) => number } {
  const reads = new Map<string, () => number | readonly GaugeSample[]>()
  const metrics: Metrics = { ...noMetrics, gauge: ({ name }, read) => void reads.set(name, read) }
  const value = (name: string, label?: string): number => {
    const found = reads.get(name)?.() ?? Number.NaN
    if (typeof found === 'number') return found
    return found.find(({ labels }) => labels?.[0] === label)?.value ?? Number.NaN
  }
  return { metrics, value }
}

const small = { segmentBytes: 2_000, indexIntervalBytes: 1 }

function filled(settings: Partial<LogManagerSettings>) {
  const { metrics, value } = gauges()
  const world = new LogWorld({ metrics, settings })
  const log = world.open(small)
  for (let i = 0; i < 200; i += 1) assert.ok(world.append(log, batchOf([`value ${i}`, 'x'.repeat(300)])).ok)
  return { world, log, value }
}

test('the newest batches stay within log.tail.cache.bytes, and reads are counted by where they found the records', async () => {
  const { log, value } = filled({ tailCacheBytes: 8_000 })
  const held = value('millrace_log_tail_cache_bytes')
  assert.ok(held > 2_000 && held <= 8_000, `${held} bytes`)
  assert.deepEqual([log.isCold(asOffset(Number(log.logEndOffset) - 1)), log.isCold(asOffset(0))], [false, true])
  const before = [value('millrace_log_reads', 'tail'), value('millrace_log_reads', 'files')]
  assert.ok(concat(await readAt(log, Number(log.logEndOffset) - 1, 1)).length > 0)
  assert.ok(concat(await readAt(log, 0, 1)).length > 0)
  const after = [value('millrace_log_reads', 'tail'), value('millrace_log_reads', 'files')]
  assert.deepEqual(after, [(before[0] ?? 0) + 1, (before[1] ?? 0) + 1])
})

test('one byte less than a batch needs, and the tail keeps none', () => {
  const { log, value } = filled({ tailCacheBytes: 1 })
  assert.equal(value('millrace_log_tail_cache_bytes'), 0)
  assert.ok(log.isCold(asOffset(Number(log.logEndOffset) - 1)))
})

test('indexes of sealed segments stay within log.index.cache.bytes, and all offsets are found all the same', async () => {
  const { world, log, value } = filled({ tailCacheBytes: 1, indexCacheBytes: 500 })
  for (let offset = 0; offset < 400; offset += 7) assert.equal((await readAll(log, offset))[0]?.[0], offset)
  const held = value('millrace_log_index_cache_bytes')
  assert.ok(held > 0 && held <= 500, `${held} bytes`)
  world.manager.reconfigure({ indexCacheBytes: held - 1 })
  assert.ok(value('millrace_log_index_cache_bytes') < held)
})

test('no more than log.open.files.max files are open, and every segment is read all the same', async () => {
  const { world, log, value } = filled({ tailCacheBytes: 1, openFilesMax: 5 })
  assert.equal((await readAll(log)).length, 400)
  assert.equal(value('millrace_log_open_files'), 5)
  world.manager.reconfigure({ openFilesMax: 4 })
  assert.equal(value('millrace_log_open_files'), 4)
})
