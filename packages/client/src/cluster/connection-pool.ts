import { addressOf, Connection, Traffic } from '@millrace/connection'
import type { Timer } from '@millrace/kernel'
import { errorMessage } from '@millrace/kernel'
import { ClientClosedError } from '../errors/client-errors.ts'
import { abortable, delay } from './abort.ts'
import { FetchMemory } from './fetch-memory.ts'
import { Reconnects } from './reconnects.ts'
import type { Address, Settings } from './settings.ts'

/**
 * What a connection is used for. A broker does one request of a connection after the other, so a fetch that waits for
 * records must not stand before a heartbeat.
 */
export type Lane = 'main' | 'fetch' | 'group'

interface Entry {
  readonly opening: Promise<Connection>
  /** Once it is open. */
  connection: Connection | undefined
}

/** One connection per broker and lane, made when it is first asked for and again after it broke or was idle. */
export class ConnectionPool {
  /** Of long answers on the connections of the lane `fetch`: given back by who has asked. */
  readonly fetchMemory = new FetchMemory()
  readonly #settings: Settings
  readonly #entries = new Map<string, Entry>()
  readonly #traffic = new Map<string, Traffic>()
  readonly #reconnects: Reconnects
  readonly #closing = new AbortController()
  #idleTimer: Timer | undefined

  constructor(settings: Settings) {
    this.#settings = settings
    this.#reconnects = new Reconnects(settings)
  }

  /** Set once the pool is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /** What went over the connections to each broker, by address. */
  get traffic(): ReadonlyMap<string, Traffic> {
    return this.#traffic
  }

  /** How far this broker is: 0 where a connection is open (and how busy that is), else how long to wait for one. */
  distance(address: Address): { readonly open: boolean; readonly outstanding: number; readonly waitMs: number } {
    const at = addressOf(address.host, address.port)
    const connection = this.#entries.get(`${at}/main`)?.connection
    return {
      open: connection !== undefined,
      outstanding: connection?.outstanding ?? 0,
      waitMs: this.#reconnects.waitMs(at),
    }
  }

  get(address: Address, lane: Lane, signal?: AbortSignal): Promise<Connection> {
    if (this.#closing.signal.aborted) return Promise.reject(this.#closing.signal.reason)
    const at = addressOf(address.host, address.port)
    const { opening } = this.#entries.get(`${at}/${lane}`) ?? this.#open(at, address, lane)
    return abortable(opening, signal)
  }

  /** Closes every connection; whoever waits for one is rejected. */
  close(): void {
    this.#idleTimer?.cancel()
    this.#closing.abort(new ClientClosedError('the client is closed'))
    for (const { opening } of this.#entries.values()) void opening.then((connection) => connection.close(), alreadyTold)
    this.#entries.clear()
  }

  #open(at: string, address: Address, lane: Lane): Entry {
    const key = `${at}/${lane}`
    const opening = this.#connect(at, address, lane)
    const entry: Entry = { opening, connection: undefined }
    this.#entries.set(key, entry)
    // Whoever removed it before knew that it would close; what closes by itself is left alone for a while.
    const forget = (): void => {
      if (this.#entries.get(key) !== entry) return
      this.#entries.delete(key)
      this.#reconnects.failed(at)
    }
    const opened = (connection: Connection): void => {
      this.#reconnects.succeeded(at)
      entry.connection = connection
      connection.onClose(forget)
      this.#watchIdle()
    }
    const failed = (error: unknown): void => {
      forget()
      // Who asked for it is told too, unless they have given up waiting.
      this.#settings.logger.debug('a connection was not made', { address: at, error: errorMessage(error) })
    }
    void opening.then(opened, failed)
    return entry
  }

  async #connect(at: string, address: Address, lane: Lane): Promise<Connection> {
    const { clientId, security, requestTimeoutMs, clock } = this.#settings
    const waitMs = this.#reconnects.waitMs(at)
    if (waitMs > 0) await delay(clock, waitMs, this.#closing.signal)
    return Connection.connect({
      host: address.host,
      port: address.port,
      clientId,
      ...security,
      connectTimeoutMs: this.#reconnects.setupTimeoutMs(at),
      requestTimeoutMs,
      clock,
      signal: this.#closing.signal,
      traffic: this.#trafficOf(at),
      ...(lane === 'fetch' && { takeMemory: (sizeBytes: number) => this.fetchMemory.take(sizeBytes) }),
    })
  }

  #trafficOf(at: string): Traffic {
    const traffic = this.#traffic.get(at) ?? new Traffic()
    this.#traffic.set(at, traffic)
    return traffic
  }

  // One timer for all: it fires when the connection that was idle longest may have been so for long enough.
  #watchIdle(): void {
    const { clock, connectionsMaxIdleMs } = this.#settings
    if (this.#idleTimer !== undefined || connectionsMaxIdleMs < 0 || this.#closing.signal.aborted) return
    const open = [...this.#entries.values()].flatMap(({ connection }) => connection ?? [])
    if (open.length === 0) return
    const oldestMs = Math.min(...open.map((connection) => connection.idleSinceMs))
    const waitMs = Math.max(1, oldestMs + connectionsMaxIdleMs - clock.monotonicMs())
    this.#idleTimer = clock.setTimer(waitMs, () => {
      this.#idleTimer = undefined
      this.#closeIdle()
      this.#watchIdle()
    })
  }

  #closeIdle(): void {
    const { clock, connectionsMaxIdleMs } = this.#settings
    const sinceMs = clock.monotonicMs() - connectionsMaxIdleMs
    for (const [key, { connection }] of this.#entries) {
      if (connection === undefined || connection.outstanding > 0 || connection.idleSinceMs > sinceMs) continue
      this.#entries.delete(key)
      connection.close(`idle for ${connectionsMaxIdleMs} ms (connectionsMaxIdleMs)`)
    }
  }
}

/** A connection that could not be made: `#open` has logged it, and there is nothing to close. */
const alreadyTold = (): void => undefined
