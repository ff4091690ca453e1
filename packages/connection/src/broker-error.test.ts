import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorCode, errorNames } from '@millrace/protocol'
import { AuthorizationError, responseError } from './broker-error.ts'

const source = { address: 'b:9092', api: 'Produce', about: 'orders-3' }

test('an error says what, where and what to do about it', () => {
  const error = responseError(6, null, source)
  assert.equal(error.message, 'NOT_LEADER_OR_FOLLOWER: the broker answered with error 6 (Produce to b:9092, orders-3)')
  assert.deepEqual([error.code, error.error, error.retriable], [6, 'NOT_LEADER_OR_FOLLOWER', true])
  assert.deepEqual([error.address, error.api], ['b:9092', 'Produce'])
  assert.match(error.advice, /metadata is refreshed/)
})

test('what the broker says stands in the message, and what it refuses has a class', () => {
  const error = responseError(29, 'Not authorized to access topics: [orders]', { address: 'b:9092' })
  assert.ok(error instanceof AuthorizationError)
  assert.equal(error.message, 'TOPIC_AUTHORIZATION_FAILED: Not authorized to access topics: [orders] (b:9092)')
  assert.equal(error.retriable, false)
})

test('a code that Kafka does not have is an unknown error with its number', () => {
  const error = responseError(31_000, undefined, source)
  assert.deepEqual([error.error, error.code], ['UNKNOWN_SERVER_ERROR', -1])
  assert.match(error.message, /error 31000/)
})

test('every error of Kafka has advice and keeps its code', () => {
  for (const name of errorNames) {
    const error = responseError(errorCode(name), null, source)
    assert.equal(error.code, errorCode(name))
    assert.ok(error.advice.length > 10, name)
  }
})
