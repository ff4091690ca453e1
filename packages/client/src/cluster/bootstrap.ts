import { promises as dns } from 'node:dns'
import { isIP } from 'node:net'
import { addressOf } from '@millrace/connection'
import { errorMessage } from '@millrace/kernel'
import type { Address, Settings } from './settings.ts'

/** The system's names of hosts; a test has its own. */
export interface Names {
  addressesOf(host: string): Promise<readonly string[]>
  canonicalNameOf(address: string, port: number): Promise<string>
}

const systemNames: Names = {
  addressesOf: async (host) => (await dns.lookup(host, { all: true })).map(({ address }) => address),
  canonicalNameOf: async (address, port) => (await dns.lookupService(address, port)).hostname,
}

type Asked = Pick<Settings, 'bootstrap' | 'dnsLookup' | 'logger'>

/** The brokers to start from; with `resolve_canonical_bootstrap_servers_only` by the names that their addresses have. */
export async function bootstrapAddresses(settings: Asked, names: Names = systemNames): Promise<readonly Address[]> {
  if (settings.dnsLookup === 'use_all_dns_ips') return settings.bootstrap
  const found = await Promise.all(settings.bootstrap.map((address) => canonical(address, settings, names)))
  return [...new Map(found.flat().map((address) => [addressOf(address.host, address.port), address])).values()]
}

// A name that can't be resolved now is tried as it is: connecting says what is wrong with it.
async function canonical(address: Address, { logger }: Asked, names: Names): Promise<readonly Address[]> {
  try {
    const ips = isIP(address.host) > 0 ? [address.host] : await names.addressesOf(address.host)
    const hosts = await Promise.all(ips.map((ip) => names.canonicalNameOf(ip, address.port)))
    return hosts.map((host) => ({ host, port: address.port }))
  } catch (error) {
    logger.warn('a bootstrap server has no canonical name', { host: address.host, error: errorMessage(error) })
    return [address]
  }
}
