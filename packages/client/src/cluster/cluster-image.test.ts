import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metadataApi } from '@millrace/protocol'
import { emptyImage, withMetadata } from './cluster-image.ts'

const metadata = (leaderId: number, leaderEpoch: number, errorCode = 0) => {
  const partition = { errorCode: 0, partitionIndex: 0, leaderId, leaderEpoch, replicaNodes: [1, 2], isrNodes: [1] }
  const topic = { errorCode, name: 'orders', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', isInternal: false }
  const body = { brokers: [{ nodeId: 1, host: 'h', port: 1 }], clusterId: 'c', controllerId: 1 }
  const bytes = metadataApi.response.encode({ ...body, topics: [{ ...topic, partitions: [partition] }] }, 12)
  return metadataApi.response.decode(bytes, 12)
}

test('of two answers the one with the newer leader counts, whichever comes last', () => {
  const image = withMetadata(withMetadata(emptyImage, metadata(2, 5)), metadata(1, 4))
  assert.deepEqual(image.topics.get('orders')?.partitions[0]?.leader, 2)
  assert.deepEqual(withMetadata(image, metadata(1, 6)).topics.get('orders')?.partitions[0]?.leader, 1)
})

test('a topic that is gone is forgotten, with the reason', () => {
  const image = withMetadata(withMetadata(emptyImage, metadata(1, 0)), metadata(1, 0, 3))
  assert.equal(image.topics.has('orders'), false)
  assert.equal(image.topicErrors.get('orders'), 'UNKNOWN_TOPIC_OR_PARTITION')
})
