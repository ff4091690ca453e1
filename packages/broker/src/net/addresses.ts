import { lookup } from 'node:dns/promises'

/** An IPv4 address that came by an IPv6 socket is written as what it is. */
export const plainAddress = (address: string | undefined): string => (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '')

/**
 * What to listen on for a host: every address it has, for `localhost` is two and a client may try either. No host is
 * every address of the machine.
 */
export async function addressesOf(host: string): Promise<readonly (string | undefined)[]> {
  if (host === '') return [undefined]
  const found = await lookup(host, { all: true })
  return [...new Set(found.map(({ address }) => address))]
}
