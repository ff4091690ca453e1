import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '@millrace/kernel'
import type { SaslOptions } from '@millrace/connection'
import { securityOf } from './security.ts'
import { settingsOf } from './settings.ts'

const sasl: SaslOptions = { mechanism: 'PLAIN', username: 'u', password: 'p' }
const bootstrapServers = 'b:9092'

test('a protocol follows from tls and sasl, and they follow from it', () => {
  assert.deepEqual(securityOf({}), { tls: false, sasl: undefined })
  assert.deepEqual(securityOf({ securityProtocol: 'SSL' }), { tls: true, sasl: undefined })
  assert.deepEqual(securityOf({ tls: { ca: 'x' }, sasl }), { tls: { ca: 'x' }, sasl })
  assert.deepEqual(securityOf({ securityProtocol: 'SASL_SSL', sasl }), { tls: true, sasl })
  assert.deepEqual(securityOf({ securityProtocol: 'SASL_PLAINTEXT', tls: false, sasl }), { tls: false, sasl })
})

test('what contradicts itself, or is no protocol or mechanism, is refused when the client is made', () => {
  assert.throws(() => securityOf({ securityProtocol: 'PLAINTEXT', tls: true }), /PLAINTEXT, but tls is given/)
  assert.throws(() => securityOf({ securityProtocol: 'SSL', tls: false }), /SSL, but tls is false/)
  assert.throws(() => securityOf({ securityProtocol: 'SASL_SSL' }), /sasl is missing/)
  assert.throws(() => securityOf({ securityProtocol: 'SSL', sasl }), /sasl is given/)
  assert.throws(() => securityOf({ securityProtocol: 'TLS' as 'SSL' }), /is 'TLS', expected PLAINTEXT, SSL/)
  assert.throws(() => securityOf({ sasl: { ...sasl, mechanism: 'scram' as 'PLAIN' } }), /expected PLAIN, SCRAM-SHA-256/)
})

test('a user or password that is missing is refused when the client is made, without its text', () => {
  const wrong: [Record<string, unknown>, RegExp][] = [
    [{ password: undefined }, /sasl.password is undefined, expected a string or a function/],
    [{ password: 1234 }, /sasl.password is number/],
    [{ username: undefined, mechanism: 'SCRAM-SHA-256' }, /sasl.username is undefined, expected a string/],
    [{ mechanism: 'OAUTHBEARER', token: 'text' }, /sasl.token is string, expected a function/],
  ]
  for (const [given, message] of wrong) {
    assert.throws(() => securityOf({ sasl: { ...sasl, ...given } }), { name: 'RangeError', message })
  }
})

test('a key that is none is refused when the client is made', () => {
  assert.throws(() => securityOf({ tls: { key: 'text', cert: 'text' } }), {
    name: 'RangeError',
    message: /^tls can't be used/,
  })
})

test('a password in the clear is warned of', () => {
  const warned: string[] = []
  const logger = { ...silentLogger, warn: (message: string) => void warned.push(message) }
  settingsOf({ bootstrapServers, sasl, logger })
  settingsOf({ bootstrapServers, sasl, tls: true, logger })
  assert.equal(warned.length, 1)
})
