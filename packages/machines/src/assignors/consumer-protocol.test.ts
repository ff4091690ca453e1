import assert from 'node:assert/strict'
import { test } from 'node:test'
import { consumerProtocolSubscription } from '@millrace/protocol'
import {
  decodeAssignment,
  decodeStickyUserData,
  decodeSubscription,
  encodeAssignment,
  encodeStickyUserData,
  encodeSubscription,
  subscribedTopicsOf,
} from './consumer-protocol.ts'

const prefixed = (version: number, body: Uint8Array): Uint8Array => new Uint8Array([0, version, ...body])

test('a subscription is read as it was written', () => {
  const subscription = {
    topics: ['orders', 'payments'],
    userData: new Uint8Array([1, 2]),
    ownedPartitions: [
      { topic: 'orders', partition: 3 },
      { topic: 'orders', partition: 5 },
    ],
    generationId: 7,
    rackId: 'eu-1',
  }
  assert.deepEqual(decodeSubscription(encodeSubscription(subscription)), subscription)
})

test('a subscription of version 0 has topics and user data only', () => {
  const bytes = prefixed(0, consumerProtocolSubscription.encode({ topics: ['orders'], userData: null }, 0))
  const nothingElse = { userData: null, ownedPartitions: [], generationId: null, rackId: null }
  assert.deepEqual(decodeSubscription(bytes), { topics: ['orders'], ...nothingElse })
})

test('a subscription with the number of a later version and the fields of an earlier one is read for its topics', () => {
  const bytes = prefixed(1, consumerProtocolSubscription.encode({ topics: ['orders'], userData: null }, 0))
  assert.deepEqual(decodeSubscription(bytes).topics, ['orders'])
})

test('a subscription of a version that is yet to come is read for its topics', () => {
  const known = consumerProtocolSubscription.encode({ topics: ['orders'], userData: null }, 3)
  assert.deepEqual(subscribedTopicsOf(prefixed(9, new Uint8Array([...known, 1, 2, 3]))), ['orders'])
  assert.deepEqual(decodeSubscription(prefixed(9, new Uint8Array([...known, 1, 2, 3]))).topics, ['orders'])
})

test('a subscription that is cut short anywhere is refused, not misread', () => {
  const bytes = encodeSubscription({
    topics: ['orders'],
    userData: null,
    ownedPartitions: [],
    generationId: null,
    rackId: null,
  })
  const firstVersionBytes = 2 + 4 + 2 + 'orders'.length + 4
  for (let length = 0; length < firstVersionBytes; length += 1) {
    assert.throws(() => decodeSubscription(bytes.subarray(0, length)), { name: 'WireError' })
    assert.throws(() => subscribedTopicsOf(bytes.subarray(0, length)), { name: 'WireError' })
  }
})

test('an assignment is read as it was written, and no bytes are no partitions', () => {
  const assignment = { partitions: [{ topic: 'orders', partition: 1 }], userData: null }
  assert.deepEqual(decodeAssignment(encodeAssignment(assignment)), assignment)
  assert.deepEqual(decodeAssignment(new Uint8Array(0)), { partitions: [], userData: null })
})

test("the sticky assignor's user data is read with its generation, and without in its first form", () => {
  const partitions = [
    { topic: 'orders', partition: 1 },
    { topic: 'orders', partition: 4 },
  ]
  const bytes = encodeStickyUserData(partitions, 12)
  assert.deepEqual(decodeStickyUserData(bytes), { partitions, generation: 12 })
  assert.deepEqual(decodeStickyUserData(bytes.subarray(0, bytes.length - 4)), { partitions, generation: null })
})
