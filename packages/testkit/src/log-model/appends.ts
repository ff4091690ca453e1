import assert from 'node:assert/strict'
import type { Random } from '@millrace/kernel'
import { asLeaderEpoch } from '@millrace/kernel'
import type { RecordToWrite } from '@millrace/protocol'
import { buildBatch, buildMarkerBatch, codecs } from '@millrace/protocol'
import type { AppendOutcome } from '@millrace/storage'
import type { LogCase } from './log-case.ts'
import type { ModelBatch, ModelRecord } from './model-log.ts'

const idempotent = [100, 101]
const inTransactions = [200, 201]

const encoder = new TextEncoder()
const bytesOf = (text: string | null): Uint8Array | null => (text === null ? null : encoder.encode(text))

interface Expected {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly duplicate: boolean
  outcome?: AppendOutcome
}

/** A few batches in one turn: anybody's, idempotent producers', repeats, parts of transactions and their ends. */
export async function append(one: LogCase, random: Random): Promise<void> {
  const batches = 1 + random.below(3)
  const expected: Expected[] = []
  for (let i = 0; i < batches; i += 1) {
    const luck = random.below(10)
    const producerId = (luck < 8 ? idempotent : inTransactions)[random.below(2)]!
    if (luck < 5 || !one.knowsLastOf(producerId)) expected.push(appendNext(one, random, -1))
    else if (luck < 7) expected.push(appendNext(one, random, producerId))
    else if (luck < 8) expected.push(...repeat(one, random, producerId))
    else expected.push(inTransaction(one, random, producerId))
  }
  await settle(one, expected)
  if (one.files.powerIsCut) return
  for (const { outcome, ...wanted } of expected) checkOutcome(one, outcome, wanted)
  if (random.below(10) < 7) one.raiseHighWatermark(one.model.end)
  else one.raiseHighWatermark(one.model.highWatermark + random.below(one.model.end - one.model.highWatermark + 1))
}

function checkOutcome(one: LogCase, outcome: AppendOutcome | undefined, wanted: Omit<Expected, 'outcome'>): void {
  assert.ok(outcome !== undefined, 'an append is answered')
  assert.ok(outcome.ok, outcome.ok ? '' : `${outcome.error}: ${outcome.message}`)
  const { baseOffset, lastOffset, duplicate } = outcome
  assert.deepEqual({ baseOffset, lastOffset, duplicate }, wanted)
  if (duplicate) one.sight('repeats answered')
  if (one.config.flushIntervalMessages === 1) one.durableEnd = Math.max(one.durableEnd, lastOffset + 1)
}

// With flush.messages the answer waits for the disk, which is never later than some promises here.
export async function settle(one: LogCase, expected: readonly Expected[]): Promise<void> {
  one.world.endTurn()
  for (let i = 0; i < 1_000 && expected.some(({ outcome }) => outcome === undefined); i += 1) await Promise.resolve()
}

function send(one: LogCase, records: Uint8Array, origin: 'client' | 'coordinator', wanted: Omit<Expected, 'outcome'>) {
  const expected: Expected = { ...wanted }
  one.log.append({ records, origin, leaderEpoch: asLeaderEpoch(one.model.leaderEpoch) }, (outcome) => {
    expected.outcome = outcome
  })
  return expected
}

export function appendNext(one: LogCase, random: Random, producerId: number, isTransactional = false): Expected {
  const { model, world, config } = one
  const nowMs = world.clock.wallMs()
  const baseOffset = model.end
  const isStamped = config.messageTimestampType === 'LogAppendTime'
  const records: ModelRecord[] = Array.from({ length: 1 + random.below(4) }, (_, i) => ({
    offset: baseOffset + i,
    key: `key ${random.below(12)}`,
    value: random.below(10) === 0 ? null : `value ${(one.written.count += 1)} ${'x'.repeat(random.below(120))}`,
    timestampMs: isStamped ? nowMs : nowMs - random.below(60_000),
  }))
  const baseSequence = producerId < 0 ? -1 : model.nextSequence(producerId)
  const lastOffset = baseOffset + records.length - 1
  const { leaderEpoch } = model
  const batch = { baseOffset, lastOffset, leaderEpoch, records, appendedAtMs: nowMs, producerId, baseSequence }
  one.appended({ ...batch, transactional: isTransactional, marker: undefined })
  const bytes = bytesOfBatch({ ...batch, transactional: isTransactional }, random)
  return send(one, bytes, 'client', { baseOffset, lastOffset, duplicate: false })
}

type BatchToSend = Pick<ModelBatch, 'records' | 'producerId' | 'baseSequence' | 'transactional'>

function bytesOfBatch({ records, producerId, baseSequence, transactional }: BatchToSend, random: Random): Uint8Array {
  const compression = codecs[random.below(2 * codecs.length)] ?? 'none'
  const toWrite: RecordToWrite[] = records.map(({ key, value, timestampMs }) => ({
    key: bytesOf(key),
    value: bytesOf(value),
    timestampMs,
  }))
  const producer = producerId < 0 ? {} : { producerId, producerEpoch: 0, baseSequence, transactional }
  return buildBatch({ compression, records: toWrite, ...producer })
}

/** One of a producer's last five batches again, where the log is sure to know it. */
function repeat(one: LogCase, random: Random, producerId: number): Expected[] {
  const { model } = one
  const known = model.batchesOf(producerId).slice(one.isCompacted || one.powerWasCut ? -1 : -5)
  const sure = known.filter(({ baseOffset }) => !one.producersReloaded || baseOffset >= one.furthestStart)
  const batch = sure[random.below(Math.max(1, sure.length))]
  if (batch === undefined) return []
  const { baseOffset, lastOffset } = batch
  return [send(one, bytesOfBatch(batch, random), 'client', { baseOffset, lastOffset, duplicate: true })]
}

function inTransaction(one: LogCase, random: Random, producerId: number): Expected {
  // Of a producer whose records were deleted its last marker alone may be known: it must begin anew, as in Kafka.
  const last = one.model.batchesOf(producerId).at(-1)
  if (last !== undefined && one.producersReloaded && last.baseOffset < one.furthestStart)
    return appendNext(one, random, -1)
  const open = one.model.transactions().find((it) => it.producerId === producerId && it.markerOffset === undefined)
  if (open === undefined || random.below(2) === 0) return appendNext(one, random, producerId, true)
  const committed = random.below(2) === 0
  const { model, world } = one
  const nowMs = world.clock.wallMs()
  const offset = model.end
  const word = committed ? 'commit' : 'abort'
  const records = [{ offset, key: 'marker', value: word, timestampMs: nowMs }]
  const batch = { baseOffset: offset, lastOffset: offset, leaderEpoch: model.leaderEpoch, records, producerId } as const
  one.appended({ ...batch, appendedAtMs: nowMs, baseSequence: -1, transactional: true, marker: word })
  const marker = buildMarkerBatch({ producerId, producerEpoch: 0, committed, coordinatorEpoch: 0, timestampMs: nowMs })
  return send(one, marker, 'coordinator', { baseOffset: offset, lastOffset: offset, duplicate: false })
}

/** A write that fails leaves nothing behind. */
export async function failedWrite(one: LogCase, random: Random): Promise<void> {
  one.files.failNext({ on: 'write', error: 'EIO' })
  const records = [{ offset: -1, key: 'k', value: 'lost', timestampMs: one.world.clock.wallMs() }]
  const bytes = bytesOfBatch({ records, producerId: -1, baseSequence: -1, transactional: false }, random)
  const sent = send(one, bytes, 'client', { baseOffset: -1, lastOffset: -1, duplicate: false })
  await settle(one, [sent])
  if (one.files.powerIsCut) return
  assert.equal(sent.outcome?.ok === false ? sent.outcome.error : sent.outcome, 'KAFKA_STORAGE_ERROR')
}
