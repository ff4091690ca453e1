import { promises as dns } from 'node:dns'
import type { Socket } from 'node:net'
import { connect as connectTcp, isIP } from 'node:net'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { connect as connectTls } from 'node:tls'
import type { Clock } from '@millrace/kernel'
import { errorMessage } from '@millrace/kernel'
import { ConnectionClosedError } from './broker-error.ts'
import { sharedRead } from './shared-read.ts'
import { socketFault } from './socket-fault.ts'
import { contextOf } from './tls-context.ts'

export interface SocketOptions {
  readonly host: string
  readonly port: number
  /** Node's options of a TLS connection, or true for their defaults. */
  readonly tls?: boolean | TlsOptions | undefined
  readonly connectTimeoutMs: number
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
  /** How a name becomes addresses; default the system's way. */
  readonly lookup?: (host: string) => Promise<readonly string[]>
  /** Where to read to next, where that is known: spares a copy. */
  readonly room?: () => Uint8Array | undefined
  /** Is lent what comes, unless it was read into that room: the bytes are there until it returns. */
  readonly received: (chunk: Uint8Array) => void
}

/** `host:port`, an IPv6 address in brackets. */
export const addressOf = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

// Enough for a lost packet; a network that swallows one of the two families shouldn't cost a client its patience.
const oneOfManyTimeoutMs = 2_000

/**
 * Resolves with a connected socket, or rejects with a ConnectionClosedError (or the signal's reason). All addresses of a
 * name are tried in turn (`client.dns.lookup`: `use_all_dns_ips`), all but the last for 2 s at most.
 */
export async function openSocket(options: SocketOptions): Promise<Socket> {
  options.signal?.throwIfAborted()
  const addresses = isIP(options.host) > 0 ? [options.host] : await addressesOf(options)
  let last: unknown
  for (const [i, address] of addresses.entries()) {
    options.signal?.throwIfAborted()
    const isLast = i === addresses.length - 1
    const connectTimeoutMs = Math.min(options.connectTimeoutMs, isLast ? Infinity : oneOfManyTimeoutMs)
    try {
      return await openTo(address, { ...options, connectTimeoutMs })
    } catch (error) {
      last = error
    }
  }
  throw last
}

async function addressesOf(options: SocketOptions): Promise<readonly string[]> {
  const { host, port, signal, lookup = systemLookup } = options
  try {
    const found = await inTime(lookup(host), options)
    if (found.length > 0) return found
    throw new Error('the name has none')
  } catch (error) {
    if (signal?.aborted === true) throw error
    const source = { address: addressOf(host, port) }
    throw new ConnectionClosedError(`no address of '${host}': ${errorMessage(error)}`, source, { cause: error })
  }
}

// The system's resolver can't be stopped: it is no longer waited for.
async function inTime<T>(work: Promise<T>, { clock, connectTimeoutMs, signal }: SocketOptions): Promise<T> {
  const end = Promise.withResolvers<never>()
  const onAbort = (): void => end.reject(signal?.reason)
  const timer = clock.setTimer(connectTimeoutMs, () => end.reject(new Error(`not within ${connectTimeoutMs} ms`)))
  signal?.addEventListener('abort', onAbort)
  try {
    return await Promise.race([work, end.promise])
  } finally {
    timer.cancel()
    signal?.removeEventListener('abort', onAbort)
  }
}

const systemLookup = async (host: string): Promise<string[]> =>
  (await dns.lookup(host, { all: true })).map(({ address }) => address)

function openTo(ip: string, options: SocketOptions): Promise<Socket> {
  const { signal, clock, connectTimeoutMs } = options
  const address = addressOf(options.host, options.port)
  return new Promise((resolve, reject) => {
    const socket = start(ip, options)
    const ready = isTls(options) ? 'secureConnect' : 'connect'
    const timer = clock.setTimer(connectTimeoutMs, () => fail(`no connection within ${connectTimeoutMs} ms`))
    const onAbort = (): void => end(() => reject(signal?.reason), true)
    const fail = (why: string): void => end(() => reject(new ConnectionClosedError(why, { address })), true)
    const onError = (error: Error): void => end(() => reject(socketFault(error, { address })), true)
    const onClose = (): void => fail('closed while connecting')
    const onReady = (): void => end(() => resolve(socket), false)
    const end = (settle: () => void, destroy: boolean): void => {
      timer.cancel()
      signal?.removeEventListener('abort', onAbort)
      socket.off('close', onClose).off(ready, onReady).off('error', onError)
      // A socket that fails once more after it was given up has nobody left to tell.
      if (destroy) socket.on('error', () => {}).destroy()
      settle()
    }
    signal?.addEventListener('abort', onAbort)
    socket.on('error', onError).on('close', onClose).on(ready, onReady)
  })
}

const isTls = (options: SocketOptions): boolean => options.tls !== undefined && options.tls !== false

function start(ip: string, { host, port, tls, room, received }: SocketOptions): Socket {
  if (tls === undefined || tls === false) {
    const buffer = (): Uint8Array => room?.() ?? sharedRead
    const callback = (sizeBytes: number, chunk: Uint8Array): boolean => (received(chunk.subarray(0, sizeBytes)), true)
    return connectTcp({ host: ip, port, noDelay: true, keepAlive: true, onread: { buffer, callback } })
  }
  const given = typeof tls === 'object' ? { ...tls, secureContext: contextOf(tls) } : {}
  // Names in certificates are those of hosts; an IP address can't be asked for by name, but is checked all the same.
  const name = isIP(host) > 0 ? {} : { servername: host }
  const socket = connectTls({ ...name, ...given, host: ip, port })
  return socket.setNoDelay(true).setKeepAlive(true).on('data', received)
}
