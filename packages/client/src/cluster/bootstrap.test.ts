import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bootstrapAddresses, type Names } from './bootstrap.ts'
import { settingsOf } from './settings.ts'

const names: Names = {
  addressesOf: async (host) => (host === 'all' ? ['10.0.0.1', '10.0.0.2'] : Promise.reject(new Error('ENOTFOUND'))),
  canonicalNameOf: async (address) => `broker-${address.at(-1)}`,
}
const options = { bootstrapServers: 'all:9093,all:9093,gone:1' }

test('bootstrap servers are taken as they are by default', async () => {
  const settings = settingsOf({ bootstrapServers: 'all:9093' })
  assert.deepEqual(await bootstrapAddresses(settings, names), [{ host: 'all', port: 9093 }])
})

test('canonical names stand in for a name with several addresses, each once; an unknown name stays', async () => {
  const settings = settingsOf({ ...options, clientDnsLookup: 'resolve_canonical_bootstrap_servers_only' })
  assert.deepEqual(await bootstrapAddresses(settings, names), [
    { host: 'broker-1', port: 9093 },
    { host: 'broker-2', port: 9093 },
    { host: 'gone', port: 1 },
  ])
})
