import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClientOptions } from '../client-options.ts'
import { parseServers, settingsOf } from './settings.ts'

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

test('what no client goes by is refused with what was given and what is expected', () => {
  for (const [options, message] of [
    [{ clientId: 5 }, 'clientId is 5, expected text'],
    [{ metadataRecoveryStrategy: 'no' }, "metadataRecoveryStrategy is 'no', expected rebootstrap, none"],
    [
      { metadataRecoveryRebootstrapTriggerMs: '1m' },
      "metadataRecoveryRebootstrapTriggerMs is '1m', expected 0 or more",
    ],
    [{ connectionsMaxIdleMs: Number.NaN }, 'connectionsMaxIdleMs is NaN, expected a number'],
    [
      { clientDnsLookup: 'default' },
      "clientDnsLookup is 'default', expected use_all_dns_ips, resolve_canonical_bootstrap_servers_only",
    ],
    [{ logger: { error: console.error } }, 'logger.warn is undefined, expected a function'],
  ] as const) {
    const given = { bootstrapServers: 'b', ...options } as unknown as ClientOptions
    assert.throws(() => settingsOf(given), new RangeError(message))
  }
})
