import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import type { Random } from '@millrace/kernel'
import { adoptCompacted } from './compactions.ts'
import type { LogCase } from './log-case.ts'
import type { ModelBatch } from './model-log.ts'
import { readBatchesOf, readRecordsOf } from './reads.ts'

type Kind = 'kill' | 'power'

/** What may be found after a crash: all batches that were ever on their way, and how far they must be there. */
interface Bounds {
  readonly batches: readonly ModelBatch[]
  readonly sureEnd: number
  /** Whether the cleaner may have been at work when it ended. */
  readonly mayHaveCompacted: boolean
}

export async function crash(one: LogCase, random: Random, kind: Kind): Promise<void> {
  const { batches, end } = one.model
  const bounds = { batches, sureEnd: end, mayHaveCompacted: false }
  await comeBack(one, random, kind, bounds)
}

/** The process ends, or the power, at one of the changes that `operation` makes to the disk. */
export async function crashWithin(
  one: LogCase,
  random: Random,
  operation: () => Promise<void>,
  mayCompact: boolean,
): Promise<void> {
  const kind = random.below(2) === 0 ? 'kill' : 'power'
  const { model, files } = one
  const before = { batches: model.batches, end: model.end }
  files.cutPowerAfter(1 + random.below(25))
  try {
    await operation()
  } catch (error) {
    if (!files.powerIsCut) throw error
  }
  if (files.powerIsCut) one.sight('crashes within an operation')
  // Appends make the list longer and truncations shorter; in between either may be found.
  const batches = before.batches.length > model.batches.length ? before.batches : model.batches
  const sureEnd = Math.min(before.end, model.end)
  await comeBack(one, random, kind, { batches, sureEnd, mayHaveCompacted: mayCompact })
}

async function comeBack(one: LogCase, random: Random, kind: Kind, bounds: Bounds): Promise<void> {
  const { files, world, model } = one
  if (kind === 'power') one.powerWasCut = true
  if (kind === 'kill') files.killProcess()
  else files.restorePower((['some', 'some', 'none', 'all'] as const)[random.below(4)])
  world.startAgain()
  one.reopen()
  const { log } = one
  assert.equal(log.offline, false, 'the log serves')
  const end = Number(log.logEndOffset)
  const start = Number(log.logStartOffset)
  const batches = kind === 'kill' ? bounds.batches : withGhosts(one, bounds, await readBatchesOf(log, start), end)
  adoptEnd(one, kind, { ...bounds, batches }, { start, end })
  // Checkpoints of the log's start are written once a minute: what DeleteRecords did since is forgotten, as in Kafka.
  const startMax = Math.max(model.start, one.startMax)
  assert.ok(start <= startMax, `the log starts at ${start}, expected ${startMax} at most`)
  one.furthestStart = Math.max(one.furthestStart, model.start, start)
  model.start = start
  const highWatermark = Number(log.highWatermark)
  assert.ok(highWatermark <= Math.max(one.furthestHighWatermark, start), `a high watermark of ${highWatermark}`)
  model.highWatermark = highWatermark
  await adoptRecords(one, kind, bounds)
  one.raiseHighWatermark(model.end)
}

/**
 * What was cut may be there again when the power went before the disk knew of it: then it takes the place of what was
 * written instead.
 */
function withGhosts(one: LogCase, bounds: Bounds, found: readonly Found[], end: number): ModelBatch[] {
  const sureEnd = Math.min(bounds.sureEnd, one.durableEnd)
  let chosen = bounds.batches.filter((batch) => batch.lastOffset < end)
  for (const batch of found) {
    if (chosen.some((known) => isSame(known, batch))) continue
    const ghost = one.everWritten.findLast((known) => isSame(known, batch))
    assert.ok(ghost !== undefined, `nobody wrote the batch at ${batch.baseOffset}: ${JSON.stringify(batch)}`)
    assert.ok(ghost.baseOffset >= sureEnd, `the batch at ${ghost.baseOffset} was cut, and ${sureEnd} was sure`)
    chosen = chosen.filter((known) => known.lastOffset < ghost.baseOffset || known.baseOffset > ghost.lastOffset)
    chosen.push(ghost)
  }
  return chosen.toSorted((a, b) => a.baseOffset - b.baseOffset)
}

type Found = Pick<ModelBatch, 'baseOffset' | 'lastOffset' | 'records'>

// Compaction may have taken some of its records.
function isSame(known: ModelBatch, { baseOffset, lastOffset, records }: Found): boolean {
  if (known.baseOffset !== baseOffset || known.lastOffset !== lastOffset) return false
  return records.every((record) => known.records.some((other) => isDeepStrictEqual(other, record)))
}

function adoptEnd(one: LogCase, kind: Kind, bounds: Bounds, found: { start: number; end: number }): void {
  const { model } = one
  const sureEnd = kind === 'kill' ? bounds.sureEnd : Math.min(bounds.sureEnd, one.durableEnd)
  const possibleEnd = (bounds.batches.at(-1)?.lastOffset ?? -1) + 1
  const { start, end } = found
  assert.ok(end >= sureEnd, `the log ends at ${end}, ${sureEnd} was sure`)
  assert.ok(end <= Math.max(possibleEnd, model.start), `the log ends at ${end}, ${possibleEnd} was the most`)
  // All that was left was deleted: a log may begin anew where it was told to start.
  const isBoundary = end === 0 || bounds.batches.some(({ lastOffset }) => lastOffset + 1 === end)
  assert.ok(isBoundary || start === end, `the log ends at ${end}, within a batch`)
  if (end < model.end) one.sight('records lost with the power', kind === 'power' ? 1 : 0)
  model.batches = [...bounds.batches]
  model.end = Math.max(possibleEnd, end)
  const before = model.start
  model.truncate(end)
  model.start = before
  one.durableEnd = Math.min(one.durableEnd, end)
  one.compactedUntil = Math.min(one.compactedUntil, end)
}

async function adoptRecords(one: LogCase, kind: Kind, { mayHaveCompacted }: Bounds): Promise<void> {
  const { model } = one
  // What lies before a start that went back may have been compacted meanwhile.
  const isUnsure = kind === 'power' || mayHaveCompacted || model.start < one.furthestStart
  if (one.isCompacted && isUnsure) {
    if (kind === 'power') model.compacted.clear()
    await adoptCompacted(one)
    one.compactedUntil = model.end
  } else assert.deepEqual(await readRecordsOf(one.log, model.start), model.recordsFrom(model.start))
}
