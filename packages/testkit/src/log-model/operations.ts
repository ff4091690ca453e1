import assert from 'node:assert/strict'
import type { Random } from '@millrace/kernel'
import { asLeaderEpoch, asOffset } from '@millrace/kernel'
import { append, appendNext, failedWrite, settle } from './appends.ts'
import { settleCompaction } from './compactions.ts'
import { crash, crashWithin } from './crashes.ts'
import type { LogCase } from './log-case.ts'
import { readSomewhere } from './reads.ts'
import { startAfterRetention } from './retention-rule.ts'

export type Operation = (one: LogCase, random: Random) => Promise<void>

const flush: Operation = async (one) => {
  const until = one.model.end
  await one.log.flush()
  if (one.files.powerIsCut) return
  one.durableEnd = Math.max(one.durableEnd, until)
}

// Leader epochs begin with a batch, and so does what a follower cuts.
const truncate: Operation = async (one, random) => {
  const { model } = one
  const wanted = Math.max(model.start, one.compactedUntil, model.end - random.below(random.below(8) === 0 ? 60 : 12))
  const to = model.batches.find((batch) => batch.baseOffset >= wanted)?.baseOffset ?? model.end
  model.truncate(to)
  one.durableEnd = Math.min(one.durableEnd, to)
  one.reloadProducers()
  await one.log.truncateTo(asOffset(to))
}

const deleteRecords: Operation = async (one, random) => {
  const { model, log } = one
  if (random.below(8) === 0) {
    await assert.rejects(log.advanceLogStart(asOffset(model.highWatermark + 1)), { error: 'OFFSET_OUT_OF_RANGE' })
  }
  const to = model.start + random.below(model.highWatermark - model.start + 1)
  model.start = Math.max(model.start, to)
  one.furthestStart = Math.max(one.furthestStart, to)
  await log.advanceLogStart(asOffset(to))
}

const newEpoch: Operation = async ({ model, log }) => {
  model.leaderEpoch += 1
  log.startEpoch(asLeaderEpoch(model.leaderEpoch))
}

const restart: Operation = async (one) => {
  await one.world.restart()
  one.reopen()
  if (one.files.powerIsCut) return
  one.durableEnd = one.model.end
  assert.equal(Number(one.log.highWatermark), one.model.highWatermark, 'the high watermark outlives a clean stop')
}

const retention: Operation = async (one) => {
  const { world, model, config } = one
  const exact = config.cleanupPolicy.join() === 'delete'
  const expected = startAfterRetention(one)
  if (exact) model.start = expected.start
  else if (config.cleanupPolicy.includes('delete')) one.startMax = model.highWatermark
  await world.manager.runRetention()
  if (one.files.powerIsCut) return
  if (exact) assert.equal(Number(one.log.logStartOffset), model.start, 'what retention deletes')
  model.start = Number(one.log.logStartOffset)
  one.furthestStart = Math.max(one.furthestStart, model.start)
  model.highWatermark = Math.max(model.highWatermark, model.start)
  if (exact) one.sight('segments deleted by size', expected.bySize)
  if (exact) one.sight('segments deleted by age', expected.byAge)
}

/** Checkpoints are written, what is due is flushed, and the cleaner runs. */
const timePasses: Operation = async (one, random) => {
  const segments = one.segments()
  // Where both are asked for the cleaner deletes old segments too, as in Kafka.
  if (one.isCompacted && one.config.cleanupPolicy.includes('delete')) one.startMax = one.model.highWatermark
  await one.world.clock.advance(20_000 + random.below(random.below(3) === 0 ? 7_200_000 : 120_000))
  if (one.isCompacted) await settleCompaction(one, segments.at(-1)?.baseOffset ?? 0)
}

// A follower's truncation may come while a write of the same turn waits.
const cutWithinTurn: Operation = async (one, random) => {
  const { model, log } = one
  one.reloadProducers()
  const batches = model.batches
  const end = model.end
  const sent = appendNext(one, random, -1)
  model.batches = batches
  model.end = end
  await log.truncateTo(asOffset(end))
  await settle(one, [sent])
}

const interrupted =
  (operation: Operation): Operation =>
  (one, random) =>
    crashWithin(one, random, () => operation(one, random), operation === timePasses)

/** How often each comes, of so many. */
export const operations: Readonly<Record<string, readonly [weight: number, run: Operation]>> = {
  append: [48, append],
  read: [12, readSomewhere],
  flush: [4, flush],
  truncate: [3, truncate],
  'delete records': [3, deleteRecords],
  'new epoch': [2, newEpoch],
  restart: [2, restart],
  kill: [2, (one, random) => crash(one, random, 'kill')],
  'power cut': [2, (one, random) => crash(one, random, 'power')],
  'crash within an append': [2, interrupted(append)],
  'crash within a flush': [1, interrupted(flush)],
  'crash within a truncation': [1, interrupted(truncate)],
  'crash within a deletion of records': [1, interrupted(deleteRecords)],
  'crash within retention': [1, interrupted(retention)],
  'crash within a restart': [1, interrupted(restart)],
  'crash as time passes': [2, interrupted(timePasses)],
  'failed write': [2, failedWrite],
  'cut within a turn': [2, cutWithinTurn],
  retention: [3, retention],
  'time passes': [4, timePasses],
}
