import assert from 'node:assert/strict'
import { test } from 'node:test'
import { partitionForKey } from '@millrace/protocol'
import type { TopicImage } from '../cluster/cluster-image.ts'
import type { PartitionLoad } from './partitioner.ts'
import { Partitioner } from './partitioner.ts'
import type { PlainProducerOptions } from './producer-api.ts'
import { producerSettings } from './producer-settings.ts'
import { RecordDraft } from './record-draft.ts'

const plain = { serializer: undefined, context: { topic: 'orders', part: 'key' } } as const
const idle: PartitionLoad = { queuedBytes: 0, waitingSinceMs: undefined }
let nowMs = 0

function draftOf(key: string | null, partition?: number): RecordDraft {
  const draft = new RecordDraft()
  draft.set({ topic: 'orders', key, value: 'x'.repeat(60), partition }, plain, plain, 0)
  return draft
}

function topicOf(leaders: readonly number[]): TopicImage {
  const partitions = leaders.map((leader, partition) => ({ partition, leader, leaderEpoch: 0, replicas: [], isr: [] }))
  return { name: 'orders', topicId: 'x', internal: false, partitions }
}

/** How often each partition is chosen for `count` records without a key. */
function chosen(
  options: Omit<PlainProducerOptions, 'bootstrapServers'>,
  loads: readonly PartitionLoad[],
  { count = 3_000, key = null as string | null } = {},
): number[] {
  const partitioner = new Partitioner(producerSettings({ bootstrapServers: 'x', ...options }), () => nowMs)
  const topic = topicOf(loads.map(() => 1))
  const counts = loads.map(() => 0)
  const draft = draftOf(key)
  for (let i = 0; i < count; i += 1) counts[partitioner.choose(draft, topic, (partition) => loads[partition])]! += 1
  return counts
}

test('records without a key stay on a partition for a batch of bytes, and all partitions get about as many', () => {
  const counts = chosen({ batchSize: 500 }, [idle, idle, idle], { count: 6_000 })
  // A record takes 96 bytes, so six fill a batch.
  assert.ok(
    counts.every((each) => each % 6 === 0 && each > 1_500),
    String(counts),
  )
})

test('a partition for which more waits gets fewer, unless that is turned off', () => {
  const loads = [idle, { ...idle, queuedBytes: 99 }, { ...idle, queuedBytes: 99 }]
  const [light = 0, heavy = 0] = chosen({ batchSize: 1 }, loads)
  assert.ok(light > 20 * heavy, `${light} and ${heavy}`)
  const even = chosen({ batchSize: 1, partitionerAdaptivePartitioningEnable: false }, loads)
  assert.ok(
    even.every((each) => each > 700),
    String(even),
  )
})

test('a partition for which a batch has waited too long gets none while others are there', () => {
  nowMs = 1_000
  const stuck = { queuedBytes: 0, waitingSinceMs: 500 }
  const options = { batchSize: 1, partitionerAvailabilityTimeoutMs: 400 }
  assert.equal(chosen(options, [stuck, idle])[0], 0)
  assert.ok(chosen(options, [{ ...stuck, waitingSinceMs: 700 }, idle])[0]! > 0)
  assert.ok(chosen(options, [stuck, stuck]).every((each) => each > 0))
  assert.ok(chosen({ batchSize: 1 }, [stuck, idle])[0]! > 0)
})

test('keys may be left out of it', () => {
  const counts = chosen({ batchSize: 1, partitionerIgnoreKeys: true }, [idle, idle], { key: 'k' })
  assert.ok(counts.every((each) => each > 0))
})

test('partitions without a leader get no records without a key', () => {
  const partitioner = new Partitioner(producerSettings({ bootstrapServers: 'x', batchSize: 1 }), () => 0)
  const topic = topicOf([-1, 1, -1])
  for (let i = 0; i < 50; i += 1)
    assert.equal(
      partitioner.choose(draftOf(null), topic, () => idle),
      1,
    )
})

test('a key decides by its bytes, whatever its length and alphabet', () => {
  const partitioner = new Partitioner(producerSettings({ bootstrapServers: 'x' }), () => 0)
  const topic = topicOf([1, 1, 1, 1, 1, 1, 1])
  for (const key of ['', 'k', 'käse', '🙂', 'x'.repeat(64), 'y'.repeat(65), 'ü'.repeat(85), 'z'.repeat(5_000)]) {
    assert.equal(
      partitioner.choose(draftOf(key), topic, () => idle),
      partitionForKey(Buffer.from(key), 7),
      key,
    )
  }
})

test('a partitioner of the caller gets the bytes of the key to keep, and must name a partition that is there', () => {
  const keys: (Uint8Array | null)[] = []
  const settings = producerSettings({
    bootstrapServers: 'x',
    partitioner: ({ key, partitions }) => {
      keys.push(key)
      return key === null ? partitions : 2
    },
  })
  const partitioner = new Partitioner(settings, () => 0)
  const draft = draftOf('first')
  assert.equal(
    partitioner.choose(draft, topicOf([1, 1, 1]), () => idle),
    2,
  )
  draft.set({ topic: 'orders', key: 'other', value: null }, plain, plain, 0)
  partitioner.choose(draft, topicOf([1, 1, 1]), () => idle)
  assert.throws(() => partitioner.choose(draftOf(null), topicOf([1, 1, 1]), () => idle), /no partition 3: it has 3/)
  assert.deepEqual(
    keys.map((key) => key && Buffer.from(key).toString()),
    ['first', 'other', null],
  )
})

test('a partitioner that answers later is refused: records would overtake one another', () => {
  const later = (): number => Promise.reject(new Error('nobody waits for this')) as never
  const partitioner = new Partitioner(producerSettings({ bootstrapServers: 'x', partitioner: later }), () => 0)
  const choose = (): number => partitioner.choose(draftOf(null), topicOf([1, 1]), () => idle)
  assert.throws(choose, /asynchronous partitioner/)
})
