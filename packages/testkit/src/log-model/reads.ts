import assert from 'node:assert/strict'
import type { Random } from '@millrace/kernel'
import { asLeaderEpoch, asOffset } from '@millrace/kernel'
import { decodeBatches, readMarker } from '@millrace/protocol'
import type { PartitionLog } from '@millrace/storage'
import { concat } from '../log-world.ts'
import type { LogCase } from './log-case.ts'
import type { ModelBatch, ModelLog, ModelRecord, ModelTransaction } from './model-log.ts'

const decoder = new TextDecoder()
const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : decoder.decode(bytes))

type FoundBatch = Pick<ModelBatch, 'baseOffset' | 'lastOffset' | 'records'>

function decoded(bytes: Uint8Array): FoundBatch[] {
  return decodeBatches(bytes).map((batch) => {
    const records = batch.records.map(({ offset, timestamp, key, value }) => {
      if (!batch.isControlBatch) return { offset, key: text(key) ?? '', value: text(value), timestampMs: timestamp }
      const committed = readMarker({ key, value })?.committed === true
      return { offset, key: 'marker', value: committed ? 'commit' : 'abort', timestampMs: timestamp }
    })
    return { baseOffset: batch.baseOffset, lastOffset: batch.lastOffset, records }
  })
}

/** Every batch from the one with `from` to the end, in reads of 64 KB. */
export async function readBatchesOf(log: PartitionLog, from: number): Promise<FoundBatch[]> {
  const found: FoundBatch[] = []
  for (let at = from; at < log.logEndOffset;) {
    const range = { fromOffset: asOffset(at), untilOffset: log.logEndOffset, maxBytes: 64 * 1024, minOneBatch: true }
    const batches = decoded(concat(await log.read(range)))
    const last = batches.at(-1)
    if (last === undefined) break
    found.push(...batches)
    at = last.lastOffset + 1
  }
  return found
}

/** Every record from `from` to the end, markers included. */
export async function readRecordsOf(log: PartitionLog, from: number): Promise<ModelRecord[]> {
  return recordsIn(await readBatchesOf(log, from), from)
}

const recordsIn = (batches: readonly FoundBatch[], from: number): ModelRecord[] =>
  batches.flatMap(({ records }) => records.filter(({ offset }) => offset >= from))

/** One read as a consumer or follower may ask it, of any size and to any bound. */
export async function readSomewhere(one: LogCase, random: Random): Promise<void> {
  const { model, log } = one
  const from = model.start + random.below(model.end - model.start + 1)
  const until = [model.end, model.highWatermark, Number(log.lastStableOffset)][random.below(3)] ?? model.end
  const maxBytes = [1, 150, 600, 4_000, 1_000_000][random.below(5)] ?? 1
  const minOneBatch = random.below(3) > 0
  const answer = log.read({ fromOffset: asOffset(from), untilOffset: asOffset(until), maxBytes, minOneBatch })
  if (from < until) one.sight(answer instanceof Promise ? 'reads from files' : 'reads from the tail')
  const bytes = concat(await answer)
  const batches = decoded(bytes)
  const last = batches.at(-1)
  if (last === undefined) return checkNothing(one, { from, until, minOneBatch })
  const { lastOffset } = last
  const isWithin = bytes.length <= maxBytes || (minOneBatch && batches.length === 1)
  assert.ok(isWithin, `${bytes.length} bytes, at most ${maxBytes}`)
  assert.ok(lastOffset < until, `a read to ${lastOffset}, the bound is ${until}`)
  assert.deepEqual(
    recordsIn(batches, from),
    model.recordsFrom(from).filter(({ offset }) => offset <= lastOffset),
  )
}

function checkNothing(one: LogCase, read: { from: number; until: number; minOneBatch: boolean }): void {
  const { model } = one
  const next = model.recordsFrom(read.from)[0]
  if (next === undefined || !read.minOneBatch) return
  const lastOffset = model.batchAt(next.offset)?.lastOffset ?? 0
  assert.ok(lastOffset >= read.until, `nothing from ${read.from}, the record at ${next.offset} is below ${read.until}`)
}

/** Everything that can be asked of a log, against the model. */
export async function compare(one: LogCase, random: Random): Promise<void> {
  const { log, model } = one
  const { offline, logStartOffset, logEndOffset, highWatermark } = log
  assert.deepEqual(
    { offline, logStartOffset, logEndOffset, highWatermark },
    { offline: false, logStartOffset: model.start, logEndOffset: model.end, highWatermark: model.highWatermark },
  )
  const records = model.recordsFrom(model.start)
  assert.deepEqual(await readRecordsOf(log, model.start), records)
  checkStable(one)
  checkAborted(one, random)
  await checkTimes(one, random, records)
  checkEpochs(one, records)
  checkProducers(one)
  // What compaction compresses anew may come out larger.
  if (one.isCompacted) return
  for (const { sizeBytes } of one.segments())
    assert.ok(sizeBytes <= one.config.segmentBytes, `${sizeBytes} in a segment`)
}

// Of a transaction whose beginning was deleted or compacted nothing may be known once producers were read anew.
export const isSure = (one: LogCase, transaction: ModelTransaction): boolean =>
  !one.producersReloaded ||
  (transaction.firstOffset >= one.furthestStart && !one.model.compacted.has(transaction.firstOffset))

function checkStable(one: LogCase): void {
  const least = one.model.lastStableOffset(() => true)
  const isUnsettled = (markerOffset = Infinity): boolean => markerOffset >= one.settledBelow
  const most = one.model.lastStableOffset((it) => isSure(one, it) && isUnsettled(it.markerOffset))
  const found = Number(one.log.lastStableOffset)
  assert.ok(found >= least && found <= most, `last stable offset ${found}, expected ${least} to ${most}`)
}

function checkAborted(one: LogCase, random: Random): void {
  const { model, log } = one
  const from = model.start + random.below(model.end - model.start + 1)
  const until = from + random.below(model.end - from + 1)
  const listed = log.abortedTransactions(asOffset(from), asOffset(until))
  const aborted = model.transactions().filter((transaction) => transaction.aborted)
  for (const { producerId, firstOffset } of listed) {
    const ofOne = aborted.filter((transaction) => transaction.producerId === producerId)
    const known = ofOne.some((its) => firstOffset >= its.firstOffset && firstOffset <= (its.markerOffset ?? -1))
    assert.ok(known, `producer ${producerId} aborted nothing at ${firstOffset}`)
  }
  for (const transaction of aborted) {
    const inRange = firstRecordOf(model, transaction, from)
    if (inRange === undefined || inRange >= until) continue
    const told = listed.some(({ producerId, firstOffset }) => {
      return producerId === transaction.producerId && firstOffset <= inRange && firstOffset >= transaction.firstOffset
    })
    assert.ok(
      told,
      `the abort of ${transaction.producerId} from ${transaction.firstOffset} isn't told, read at ${from}`,
    )
    one.sight('aborted transactions listed')
  }
}

const firstRecordOf = (model: ModelLog, transaction: ModelTransaction, from: number): number | undefined =>
  model
    .batchesOf(transaction.producerId)
    .filter(({ baseOffset }) => baseOffset >= transaction.firstOffset && baseOffset <= transaction.lastDataOffset)
    .flatMap(({ records }) => records.map(({ offset }) => offset))
    .find((offset) => offset >= from && offset >= model.start && !model.compacted.has(offset))

async function checkTimes(one: LogCase, random: Random, records: readonly ModelRecord[]): Promise<void> {
  const { model, log } = one
  const some = records[random.below(Math.max(1, records.length))]?.timestampMs ?? 0
  const timestampMs = some - 1_000 + random.below(2_000)
  const until = model.start + random.below(model.end - model.start + 1)
  const first = records.find((record) => record.timestampMs >= timestampMs && record.offset < until)
  const found = await log.findByTimestamp(timestampMs, asOffset(until))
  assert.deepEqual(found === null ? null : Number(found.offset), first?.offset ?? null, `at ${timestampMs}`)
  const latestMs = Math.max(...records.map((record) => record.timestampMs))
  const latest = await log.findMaxTimestamp(asOffset(model.end))
  assert.equal(latest?.offset, records.find((record) => record.timestampMs === latestMs)?.offset, 'the latest record')
}

function checkEpochs(one: LogCase, records: readonly ModelRecord[]): void {
  const { model, log } = one
  one.furthestStart = Math.max(one.furthestStart, model.start)
  for (const { offset } of records) {
    if (offset < one.furthestStart) continue
    const epoch = model.batchAt(offset)?.leaderEpoch ?? -1
    assert.equal(Number(log.epochAt(asOffset(offset))), epoch, `the epoch of ${offset}`)
    const end = model.batches.find(({ leaderEpoch }) => leaderEpoch > epoch)?.baseOffset ?? model.end
    const found = log.endOfEpoch(asLeaderEpoch(epoch))
    assert.ok(Number(found.endOffset) <= end && Number(found.endOffset) > offset, `epoch ${epoch} ends at ${end}`)
  }
}

function checkProducers(one: LogCase): void {
  const known = new Map(one.log.producers().map((producer) => [Number(producer.producerId), producer.lastSequence]))
  for (const producerId of [100, 101]) {
    const last = one.model.batchesOf(producerId).at(-1)
    const sure = last !== undefined && one.knowsLastOf(producerId)
    if (sure) assert.equal(known.get(producerId), one.model.nextSequence(producerId) - 1, `producer ${producerId}`)
  }
}
