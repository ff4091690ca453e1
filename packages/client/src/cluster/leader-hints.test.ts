import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { metadataApi } from '@millrace/protocol'
import { type ClusterImage, emptyImage, withMetadata } from './cluster-image.ts'
import type { LeaderHint } from './leader-hints.ts'
import { followHint } from './leader-hints.ts'

const topic = 'orders'
const [host, port] = ['h', 9092]
const place = (nodeId: number) => ({ nodeId, host, port: port + nodeId, rack: null })

/** What metadata that knows these brokers says of the leader. */
function metadata(
  image: ClusterImage,
  leaderId: number,
  leaderEpoch: number,
  brokers: readonly number[],
): ClusterImage {
  const partition = { errorCode: 0, partitionIndex: 0, leaderId, leaderEpoch, replicaNodes: [1], isrNodes: [1] }
  const topics = [{ errorCode: 0, name: topic, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partitions: [partition] }]
  const body = { brokers: brokers.map(place), clusterId: 'c', controllerId: 1, topics }
  return withMetadata(image, metadataApi.response.decode(metadataApi.response.encode(body, 12), 12), host)
}

const hintOf = (leaderId: number, leaderEpoch: number, more: Partial<LeaderHint> = {}): LeaderHint => ({
  topic,
  partition: 0,
  refusedBy: 1,
  currentLeader: { leaderId, leaderEpoch },
  nodeEndpoints: [place(leaderId)],
  ...more,
})

const start = metadata(emptyImage, 1, 5, [1, 2])
const leaderIn = (image: ClusterImage) => image.topics.get(topic)?.partitions[0]?.leader
const pauseMs = 100

test('a newer leader is taken with its address, and asked at once', () => {
  const { image, atOnce } = followHint(start, hintOf(3, 6), 0, pauseMs)
  assert.deepEqual([atOnce, leaderIn(image), image.brokers.get(3)?.port], [true, 3, port + 3])
  // What was known before stays as it was.
  assert.deepEqual([leaderIn(start), start.brokers.has(3)], [1, false])
})

test('metadata that is older undoes neither the leader nor its address; newer metadata does', () => {
  const { image } = followHint(start, hintOf(3, 6), 0, pauseMs)
  const late = metadata(image, 1, 5, [1, 2])
  assert.deepEqual([leaderIn(late), late.brokers.get(3)?.port], [3, port + 3])
  assert.equal(leaderIn(metadata(late, 2, 7, [1, 2])), 2)
})

test('what can not be so changes nothing', () => {
  const endpoint = (more: object) => ({ nodeEndpoints: [{ ...place(3), ...more }] })
  const wrong: readonly LeaderHint[] = [
    hintOf(-1, -1),
    hintOf(-1, 9),
    hintOf(2, -1),
    hintOf(2, 5),
    hintOf(2, 4),
    hintOf(3, 6, { nodeEndpoints: [] }),
    hintOf(3, 6, { nodeEndpoints: [place(4)] }),
    hintOf(3, 6, endpoint({ host: '' })),
    hintOf(3, 6, endpoint({ port: -1 })),
    hintOf(3, 6, endpoint({ port: 0 })),
    hintOf(3, 6, endpoint({ port: 65_536 })),
    hintOf(2, 6, { topic: 'another' }),
    hintOf(2, 6, { partition: 1 }),
    hintOf(2, 6, { partition: -1 }),
  ]
  for (const hint of wrong) assert.deepEqual(followHint(start, hint, 0, pauseMs), { image: start, atOnce: false })
})

test('a broker that is known is found where it was, if the answer does not say or can not be right', () => {
  for (const nodeEndpoints of [[], [{ ...place(2), host: '' }], [{ ...place(2), port: -1 }]]) {
    const { image, atOnce } = followHint(start, hintOf(2, 6, { nodeEndpoints }), 0, pauseMs)
    assert.deepEqual([atOnce, leaderIn(image), image.brokers.get(2)?.port], [true, 2, port + 2])
  }
})

test('what was on its way when the leader changed goes to the new one at once too', () => {
  const { image } = followHint(start, hintOf(2, 6), 0, pauseMs)
  assert.deepEqual(followHint(image, hintOf(2, 6), 1, pauseMs), { image, atOnce: true })
  assert.deepEqual(followHint(image, hintOf(1, 6, { refusedBy: 2 }), 1, pauseMs), { image, atOnce: false })
  // A replica that is near may be sent to again and again: its refusal spares no pause.
  assert.deepEqual(followHint(image, hintOf(2, 6, { refusedBy: null }), 1, pauseMs), { image, atOnce: false })
})

test('of two changes within the pause the second waits for it', () => {
  const first = followHint(start, hintOf(2, 6), 0, pauseMs)
  const second = followHint(first.image, hintOf(1, 7, { refusedBy: 2 }), pauseMs - 1, pauseMs)
  assert.deepEqual([second.atOnce, leaderIn(second.image)], [false, 1])
  assert.equal(followHint(second.image, hintOf(2, 8), 2 * pauseMs, pauseMs).atOnce, true)
})

test('whatever answers say, epochs only rise, and pauses are spared once in their time', () => {
  const hints = fc.array(
    fc.record({
      leaderId: fc.integer({ min: -1, max: 4 }),
      epoch: fc.integer({ min: -1, max: 60 }),
      refusedBy: fc.option(fc.integer({ min: 1, max: 4 })),
      isMetadata: fc.boolean(),
      endpoints: fc.array(fc.integer({ min: 1, max: 4 }).map(place), { maxLength: 2 }),
      afterMs: fc.integer({ min: 0, max: 80 }),
    }),
    { maxLength: 40 },
  )
  fc.assert(
    fc.property(hints, (said) => {
      let image = start
      let nowMs = 0
      let sparedAtMs = -Infinity
      for (const { leaderId, epoch, refusedBy, isMetadata, endpoints, afterMs } of said) {
        nowMs += afterMs
        const before = image.topics.get(topic)!.partitions[0]!
        if (isMetadata) image = metadata(image, leaderId, epoch, [1, 2])
        else {
          const more = { refusedBy, nodeEndpoints: endpoints }
          const followed = followHint(image, hintOf(leaderId, epoch, more), nowMs, pauseMs)
          if (followed.atOnce && followed.image !== image && before.hint !== undefined) {
            assert.ok(nowMs - sparedAtMs >= pauseMs)
          }
          if (followed.atOnce && followed.image !== image) sparedAtMs = nowMs
          image = followed.image
          const leader = image.topics.get(topic)!.partitions[0]!.leader
          if (followed.image !== image) assert.ok(image.brokers.has(leader))
        }
        assert.ok(image.topics.get(topic)!.partitions[0]!.leaderEpoch >= before.leaderEpoch)
      }
    }),
  )
})
