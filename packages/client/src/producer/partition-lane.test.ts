import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchField } from '@millrace/protocol'
import type { Batch, Completion } from './batch.ts'
import { PartitionLane } from './partition-lane.ts'
import { producerSettings } from './producer-settings.ts'
import { serialize } from './serialize.ts'

const settings = producerSettings({ bootstrapServers: 'x', batchSize: 80 })
const identity = { producerId: 5, producerEpoch: 0 }

interface Outcome {
  offset?: number
  error?: unknown
}

/** A lane with so many batches of one record each, and what became of each record. */
function laneOf(count: number): { lane: PartitionLane; outcomes: Outcome[] } {
  const lane = new PartitionLane('orders', 0, settings)
  const outcomes = Array.from({ length: count }, (): Outcome => ({}))
  for (const outcome of outcomes) {
    const completion: Completion = {
      succeed: (_partition, offset) => void (outcome.offset = offset),
      fail: (error) => void (outcome.error = error),
    }
    lane.append(serialize({ topic: 'orders', value: 'x'.repeat(60) }, 1_000), completion, 0)
  }
  lane.close()
  return { lane, outcomes }
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

test('past the last epoch the producer takes a new id', () => {
  const { lane } = laneOf(3)
  const last = { producerId: 5, producerEpoch: 0x7fff }
  const first = lane.take(last)
  lane.fail(first!.batch, broken)
  const next = lane.take({ producerId: 6, producerEpoch: 0 })
  assert.deepEqual([batchField.producerId(next!.bytes, 0), batchField.producerEpoch(next!.bytes, 0)], [6, 0])
})

test('what has waited past its time fails, and nothing else', () => {
  const { lane, outcomes } = laneOf(2)
  lane.expire(settings.deliveryTimeoutMs - 1, () => broken)
  assert.equal(outcomes[0]?.error, undefined)
  lane.expire(settings.deliveryTimeoutMs, () => broken)
  assert.deepEqual([outcomes[0]?.error, outcomes[1]?.error, lane.idle], [broken, broken, true])
})
