import type { Socket } from 'node:net'
import { connect as connectTcp } from 'node:net'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { connect as connectTls } from 'node:tls'
import type { Clock } from '@millrace/kernel'
import { ConnectionClosedError } from './broker-error.ts'

export interface SocketOptions {
  readonly host: string
  readonly port: number
  /** Node's options of a TLS connection, or true for their defaults. */
  readonly tls?: boolean | TlsOptions | undefined
  readonly connectTimeoutMs: number
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
}

/** `host:port`, an IPv6 address in brackets. */
export const addressOf = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

/** Resolves with a connected socket, or rejects with a ConnectionClosedError (or the signal's reason). */
export async function openSocket(options: SocketOptions): Promise<Socket> {
  const { signal, clock, connectTimeoutMs } = options
  signal?.throwIfAborted()
  const address = addressOf(options.host, options.port)
  return new Promise((resolve, reject) => {
    const socket = start(options)
    const timer = clock.setTimer(connectTimeoutMs, () => fail(`no connection within ${connectTimeoutMs} ms`))
    const onAbort = (): void => end(() => reject(signal?.reason), true)
    const fail = (why: string): void => end(() => reject(new ConnectionClosedError(why, { address })), true)
    const onError = (error: Error): void => fail(`can't connect: ${error.message}`)
    const onClose = (): void => fail('closed while connecting')
    const onReady = (): void => end(() => resolve(socket), false)
    const end = (settle: () => void, destroy: boolean): void => {
      timer.cancel()
      signal?.removeEventListener('abort', onAbort)
      socket.off('close', onClose).off(readyEvent(options), onReady).off('error', onError)
      // A socket that fails once more after it was given up has nobody left to tell.
      if (destroy) socket.on('error', () => {}).destroy()
      settle()
    }
    signal?.addEventListener('abort', onAbort)
    socket.on('error', onError).on('close', onClose).on(readyEvent(options), onReady)
  })
}

const isTls = (options: SocketOptions): boolean => options.tls !== undefined && options.tls !== false
const readyEvent = (options: SocketOptions): 'connect' | 'secureConnect' =>
  isTls(options) ? 'secureConnect' : 'connect'

function start(options: SocketOptions): Socket {
  const { host, port } = options
  if (!isTls(options)) return connectTcp({ host, port, noDelay: true, keepAlive: true })
  const given = typeof options.tls === 'object' ? options.tls : {}
  // Names in certificates are those of hosts; an IP address can't be asked for by name.
  const servername = /^[\d.]+$|:/.test(host) ? {} : { servername: host }
  const socket = connectTls({ ...servername, ...given, host, port })
  return socket.setNoDelay(true).setKeepAlive(true)
}
