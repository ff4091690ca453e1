import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchField } from '@millrace/protocol'
import type { Batch } from './batch.ts'
import { BatchMemory } from './batch-memory.ts'
import type { Completion } from './completion.ts'
import type { LaneListener } from './partition-lane.ts'
import { PartitionLane } from './partition-lane.ts'
import { producerSettings } from './producer-settings.ts'
import { RecordDraft } from './record-draft.ts'

const settings = producerSettings({ bootstrapServers: 'x', batchSize: 80 })
const identity = { producerId: 5, producerEpoch: 0 }

interface Outcome {
  offset?: number
  error?: unknown
}

const nobody: LaneListener = { batchBegun: () => {}, batchReady: () => {} }

/** A lane with so many batches of one record each, and what became of each record. */
function laneOf(count: number, each = settings): { lane: PartitionLane; outcomes: Outcome[] } {
  const lane = new PartitionLane('orders', 0, each, new BatchMemory(1_000, 0), nobody)
  const outcomes = Array.from({ length: count }, (): Outcome => ({}))
  for (const outcome of outcomes) add(lane, outcome)
  lane.close()
  return { lane, outcomes }
}

function add(lane: PartitionLane, outcome: Outcome): void {
  const completion: Completion = {
    succeed: (_index, { offset }) => void (outcome.offset = offset),
    fail: (_index, error) => void (outcome.error = error),
  }
  const draft = new RecordDraft()
  const plain = { serializer: undefined, context: { topic: 'orders', part: 'value' } } as const
  draft.set({ topic: 'orders', value: 'x'.repeat(60) }, plain, plain, 1_000)
  if (lane.tryAppend(draft, completion, 0) !== undefined) return
  lane.begin(0, draft.sizeBytesMax)
  assert.notEqual(lane.tryAppend(draft, completion, 0), undefined)
}

function take(lane: PartitionLane): { batch: Batch; epoch: number; sequence: number } {
  const taken = lane.take(identity)
  assert.ok(taken !== undefined, 'a batch may go')
  const { batch, bytes } = taken
  return { batch, epoch: batchField.producerEpoch(bytes, 0), sequence: batchField.baseSequence(bytes, 0) }
}

test('what is sent again is answered before others go, or the broker would forget it among them', () => {
  const { lane } = laneOf(3)
  lane.succeed(take(lane).batch, 0, -1)
  const second = take(lane)
  lane.retry(second.batch, 0, true)
  assert.equal(take(lane).batch, second.batch)
  assert.equal(lane.take(identity), undefined)
})

const broken = new Error('broken')

test('until the broker has the first batch of an epoch, no other goes', () => {
  const { lane } = laneOf(3)
  const first = take(lane)
  assert.equal(lane.take(identity), undefined)
  lane.succeed(first.batch, 0, -1)
  assert.deepEqual([take(lane).sequence, take(lane).sequence], [1, 2])
})

test('after a failure all that was sent is answered before what failed goes again, in order and as it was', () => {
  const { lane, outcomes } = laneOf(4)
  lane.succeed(take(lane).batch, 0, -1)
  const [second, third] = [take(lane), take(lane)]
  lane.retry(second.batch, 0, true)
  assert.equal(lane.take(identity), undefined)
  lane.retry(third.batch, 0, false)
  assert.equal(take(lane).sequence, 1)
  lane.succeed(second.batch, 1, -1)
  assert.equal(outcomes[1]?.offset, 1)
  assert.equal(take(lane).sequence, 2)
  lane.succeed(third.batch, 2, -1)
  assert.equal(take(lane).sequence, 3)
})

test('behind a batch that failed for good the sequences start anew in the next epoch', () => {
  const { lane, outcomes } = laneOf(4)
  lane.succeed(take(lane).batch, 0, -1)
  const [second, third] = [take(lane), take(lane)]
  lane.fail(second.batch, broken)
  assert.equal(lane.hasGapBefore(third.batch), true)
  lane.retry(third.batch, 0, false)
  const again = take(lane)
  assert.deepEqual([again.batch, again.epoch, again.sequence], [third.batch, 1, 0])
  lane.succeed(again.batch, 7, -1)
  assert.deepEqual([take(lane).epoch, outcomes[1]?.error, outcomes[2]?.offset], [1, broken, 7])
})

test('what may have been written already is not sent under another sequence: it fails with the one before it', () => {
  const { lane, outcomes } = laneOf(4)
  lane.succeed(take(lane).batch, 0, -1)
  const [second, third] = [take(lane), take(lane)]
  lane.retry(third.batch, 0, true)
  lane.fail(second.batch, broken)
  const fourth = take(lane)
  assert.deepEqual([fourth.epoch, fourth.sequence], [1, 0])
  assert.equal(outcomes[2]?.error, broken)
})

test('past the last epoch nothing goes until the producer has another id', () => {
  const { lane } = laneOf(3)
  const last = { producerId: 5, producerEpoch: 0x7fff }
  const first = lane.take(last)
  lane.fail(first!.batch, broken)
  assert.deepEqual([lane.take(last), lane.needsOtherIdThan(last)], [undefined, true])
  const next = lane.take({ producerId: 6, producerEpoch: 0 })
  assert.deepEqual([batchField.producerId(next!.bytes, 0), batchField.producerEpoch(next!.bytes, 0)], [6, 0])
})

test('what has waited past its time fails', () => {
  const { lane, outcomes } = laneOf(2)
  lane.expire(lane.head()!, broken)
  assert.deepEqual([outcomes[0]?.error, outcomes[1]?.error], [broken, undefined])
})

test('what is past its time while it is sent keeps its place until it is answered, and what follows is in order', () => {
  const { lane, outcomes } = laneOf(4)
  lane.succeed(take(lane).batch, 0, -1)
  const [second, third] = [take(lane), take(lane)]
  lane.expire(second.batch, broken)
  assert.deepEqual([outcomes[1]?.error, second.batch.done], [broken, true])
  lane.succeed(second.batch, 1, -1)
  lane.succeed(third.batch, 2, -1)
  assert.deepEqual([outcomes[1]?.offset, outcomes[2]?.offset], [undefined, 2])
  const { epoch, sequence } = take(lane)
  assert.deepEqual([epoch, sequence], [0, 3])
})

test('a batch that was too large goes as two in its place, with the sequences it had', () => {
  const { lane, outcomes } = laneOf(1)
  lane.succeed(take(lane).batch, 0, -1)
  const large = producerSettings({ bootstrapServers: 'x', batchSize: 10_000 })
  const { lane: wide, outcomes: many } = laneOf(5, large)
  wide.succeed(take(wide).batch, 0, -1)
  assert.deepEqual([outcomes[0]?.offset, many[4]?.offset], [0, 4])
  const late: Outcome[] = [{}, {}, {}, {}, {}, {}]
  for (const outcome of late.slice(0, 5)) add(wide, outcome)
  wide.close()
  add(wide, late[5]!)
  wide.close()
  const [tooLarge, behind] = [take(wide), take(wide)]
  wide.split(tooLarge.batch)
  wide.retry(behind.batch, 0, false)
  const halves = [take(wide), take(wide), take(wide)]
  assert.deepEqual(
    halves.map(({ sequence, epoch, batch }) => [sequence, epoch, batch.recordCount]),
    [
      [5, 0, 2],
      [7, 0, 3],
      [10, 0, 1],
    ],
  )
  let done = 0
  tooLarge.batch.whenDone(() => (done += 1))
  wide.succeed(halves[0]!.batch, 5, -1)
  assert.equal(done, 0)
  wide.succeed(halves[1]!.batch, 7, -1)
  wide.succeed(halves[2]!.batch, 10, -1)
  assert.deepEqual(
    late.map(({ offset }) => offset),
    [5, 6, 7, 8, 9, 10],
  )
  assert.deepEqual([done, wide.queuedBytes], [1, 0])
})

test('a batch that can not be compressed fails, and the lane goes on', async () => {
  const hopeless = { ...settings, compression: 'gzip', compressionLevel: 99 } as const
  const { lane, outcomes } = laneOf(1, hopeless)
  assert.equal(lane.take(identity), undefined)
  assert.ok(outcomes[0]?.error instanceof RangeError)
  assert.deepEqual([lane.hasClosed, lane.queuedBytes], [false, 0])
  const large = laneOf(1_000, { ...hopeless, batchBytes: 1_000_000 })
  while (large.outcomes[0]?.error === undefined) {
    assert.equal(large.lane.head(), undefined)
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal(large.lane.head(), undefined)
  assert.deepEqual([large.lane.hasClosed, large.lane.queuedBytes], [false, 0])
})

test('a batch whose first record could not be written is not sent', () => {
  const { lane } = laneOf(0)
  const batch = lane.begin(0, 100)
  lane.close()
  assert.deepEqual([lane.hasClosed, batch.done], [false, true])
})
