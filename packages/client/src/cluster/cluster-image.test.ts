import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AuthorizationError } from '@millrace/connection'
import { errorCode, metadataApi } from '@millrace/protocol'
import { type ClusterImage, emptyImage, withMetadata } from './cluster-image.ts'

const metadata = (leaderId: number, leaderEpoch: number, error = 0) => {
  const partition = { errorCode: 0, partitionIndex: 0, leaderId, leaderEpoch, replicaNodes: [1, 2], isrNodes: [1] }
  const topic = { errorCode: error, name: 'orders', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', isInternal: false }
  const body = { brokers: [{ nodeId: 1, host: 'h', port: 1 }], clusterId: 'c', controllerId: 1 }
  const bytes = metadataApi.response.encode({ ...body, topics: [{ ...topic, partitions: [partition] }] }, 12)
  return metadataApi.response.decode(bytes, 12)
}

const withAnswer = (image: ClusterImage, ...answer: Parameters<typeof metadata>): ClusterImage =>
  withMetadata(image, metadata(...answer), 'h:1')

test('of two answers the one with the newer leader counts, whichever comes last', () => {
  const image = withAnswer(withAnswer(emptyImage, 2, 5), 1, 4)
  assert.deepEqual(image.topics.get('orders')?.partitions[0]?.leader, 2)
  assert.deepEqual(withAnswer(image, 1, 6).topics.get('orders')?.partitions[0]?.leader, 1)
})

test('a topic that is gone is forgotten, with the reason', () => {
  const image = withAnswer(withAnswer(emptyImage, 1, 0), 1, 0, 3)
  assert.equal(image.topics.has('orders'), false)
  const message = "UNKNOWN_TOPIC_OR_PARTITION: no metadata of topic 'orders' (Metadata to h:1)"
  assert.equal(image.topicErrors.get('orders')?.message, message)
  assert.equal(withAnswer(image, 1, 0).topicErrors.size, 0)
})

test('a topic that may not be seen has an AuthorizationError', () => {
  const { topicErrors } = withAnswer(emptyImage, 1, 0, errorCode('TOPIC_AUTHORIZATION_FAILED'))
  assert.ok(topicErrors.get('orders') instanceof AuthorizationError)
})
