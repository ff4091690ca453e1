import assert from 'node:assert/strict'
import type { LogCase } from './log-case.ts'
import type { ModelRecord } from './model-log.ts'
import { isSure, readRecordsOf } from './reads.ts'

/** The cleaner may have run: what is gone may be gone, and the model forgets it too. */
export async function settleCompaction(one: LogCase, uncleanableFrom: number): Promise<void> {
  if (one.files.powerIsCut) return
  adoptStart(one)
  const gone = await adoptCompacted(one)
  const { model } = one
  const bound = Math.min(
    uncleanableFrom,
    model.lastStableOffset((transaction) => isSure(one, transaction)),
  )
  // Aborted records of its segments go behind it too, as in Kafka.
  for (const { offset } of gone.filter((record) => !model.isOfTransaction(record.offset))) {
    assert.ok(offset < bound, `offset ${offset} was compacted away, what may be goes to ${bound}`)
  }
  one.sight('records compacted away', gone.length)
  one.compactedUntil = Math.max(one.compactedUntil, model.highWatermark)
}

function adoptStart(one: LogCase): void {
  const { model } = one
  const start = Number(one.log.logStartOffset)
  assert.ok(start >= model.start && start <= Math.max(model.start, one.startMax), `the log starts at ${start}`)
  model.start = start
  one.furthestStart = Math.max(one.furthestStart, start)
}

/** Takes what is there for what is left of the model's records, where compaction may have left it so. */
export async function adoptCompacted(one: LogCase): Promise<ModelRecord[]> {
  const { model } = one
  const expected = model.recordsFrom(model.start)
  const found = await readRecordsOf(one.log, model.start)
  const isThere = new Set(found.map(({ offset }) => offset))
  const left = expected.filter(({ offset }) => isThere.has(offset))
  assert.deepEqual(found, left, 'what is left after a compaction is as it was')
  for (const record of model.mustStay(one.world.clock.wallMs(), one.config.deleteRetentionMs)) {
    // What was deleted needn't come back when a crash takes the log's start back.
    const must = record.offset >= one.furthestStart
    assert.ok(!must || isThere.has(record.offset), `${record.key} at ${record.offset} must stay`)
  }
  const gone = expected.filter(({ offset }) => !isThere.has(offset))
  for (const { offset } of gone) model.compacted.add(offset)
  return gone
}
