import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseServers } from './settings.ts'

test('servers are given as text or a list, with or without a port, IPv6 in brackets', () => {
  assert.deepEqual(parseServers('a:1, b'), [
    { host: 'a', port: 1 },
    { host: 'b', port: 9092 },
  ])
  assert.deepEqual(parseServers(['[::1]:9093']), [{ host: '::1', port: 9093 }])
  assert.deepEqual(parseServers('PLAINTEXT://kafka:29092'), [{ host: 'kafka', port: 29_092 }])
})

test('what is no address is refused with what was given', () => {
  for (const text of ['', ' , ', 'a:b', 'a:0', 'a:70000', ':9092']) assert.throws(() => parseServers(text), RangeError)
})
