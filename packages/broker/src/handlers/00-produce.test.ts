import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asOffset } from '@millrace/kernel'
import { buildBatch, produceApi } from '@millrace/protocol'
import type { AppendOutcome } from '@millrace/storage'
import type { RequestContext } from '../dispatch/handler.ts'
import { produce } from './00-produce.ts'

const records = buildBatch({ records: [{ key: null, value: null, timestampMs: 1 }] })

const accepted: AppendOutcome = {
  ok: true,
  baseOffset: asOffset(0),
  lastOffset: asOffset(0),
  logAppendTimeMs: -1,
  logStartOffset: asOffset(0),
  duplicate: false,
}

/** A request for as many partitions, whose logs say for each whether it has to wait. */
function run(waits: readonly boolean[]) {
  const dones: ((outcome: AppendOutcome) => void)[] = []
  const partition = (index: number): unknown => ({
    topic: 'orders',
    log: { logStartOffset: 0 },
    append: (_records: Uint8Array, _origin: string, _acks: number, done: (outcome: AppendOutcome) => void): boolean => {
      dones.push(done)
      return waits[index] === true
    },
  })
  const seen = { appended: 0 }
  const context = {
    apiVersion: 9,
    image: { topicsById: new Map() },
    services: {
      partitions: { leader: (_image: unknown, _topic: string, index: number) => partition(index) },
      topicMetrics: { produced: () => {}, produceFailed: () => {} },
      coldPace: { produced: () => {} },
    },
    appended: () => (seen.appended += 1),
  } as unknown as RequestContext
  const partitionData = waits.map((_, index) => ({ index, records }))
  const topicData = [{ name: 'orders', partitionData }]
  const bytes = produceApi.request.encode({ acks: 1, timeoutMs: 1_000, topicData }, 9)
  const answer = produce.handle(produceApi.request.decode(bytes, 9), context) as Promise<unknown>
  return { dones, seen, answer }
}

test('the next request may start when this one was handed to the log', () => {
  assert.equal(run([false, false]).seen.appended, 1)
})

test('while large batches of a request wait its memory counts, and the next request does not start', async () => {
  const { dones, seen, answer } = run([true, false, true])
  assert.equal(seen.appended, 0)
  dones[0]?.(accepted)
  dones[1]?.(accepted)
  assert.equal(seen.appended, 0)
  dones[2]?.(accepted)
  assert.equal(seen.appended, 1)
  await answer
})
