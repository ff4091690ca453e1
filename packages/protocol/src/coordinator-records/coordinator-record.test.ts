import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WireError } from '../wire/wire-error.ts'
import {
  coordinatorKeyType,
  decodeCoordinatorKey,
  decodeCoordinatorValue,
  encodeCoordinatorKey,
  encodeCoordinatorValue,
} from './coordinator-record.ts'
import { groupMetadataRecord } from './group-metadata.ts'
import { offsetCommitRecord } from './offset-commit.ts'
import { groupRecords } from './record-tables.ts'

const key = { group: 'g', topic: 't', partition: 3 }
const value = { offset: 7, leaderEpoch: -1, metadata: '', commitTimestamp: 5 }

test('a key is its type and its body, a value its version and its body', () => {
  assert.equal(Buffer.from(encodeCoordinatorKey(offsetCommitRecord, key)).toString('hex'), '000100016700017400000003')
  assert.equal(Buffer.from(encodeCoordinatorValue(offsetCommitRecord, value, 3)).toString('hex', 0, 2), '0003')
})

test('keys and values are read back as they were written', () => {
  const keyBytes = encodeCoordinatorKey(offsetCommitRecord, key)
  assert.equal(groupRecords.get(coordinatorKeyType(keyBytes)), offsetCommitRecord)
  assert.deepEqual(decodeCoordinatorKey(offsetCommitRecord, keyBytes), key)
  const decoded = decodeCoordinatorValue(offsetCommitRecord, encodeCoordinatorValue(offsetCommitRecord, value, 4))
  assert.equal(decoded.offset, 7)
})

test('a key of another type, and what is too short for a type, is a WireError', () => {
  const bytes = encodeCoordinatorKey(groupMetadataRecord, { group: 'g' })
  assert.throws(() => decodeCoordinatorKey(offsetCommitRecord, bytes), { name: 'WireError', message: /got 2/ })
  assert.throws(() => coordinatorKeyType(new Uint8Array(1)), WireError)
  assert.throws(() => decodeCoordinatorValue(offsetCommitRecord, new Uint8Array(0)), WireError)
})
