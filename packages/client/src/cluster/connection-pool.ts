import { addressOf, Connection } from '@millrace/connection'
import { errorMessage } from '@millrace/kernel'
import { ClientClosedError } from '../errors/client-errors.ts'
import { abortable } from './abort.ts'
import type { Address, Settings } from './settings.ts'

/**
 * What a connection is used for. A broker does one request of a connection after the other, so a fetch that waits for
 * records must not stand before a heartbeat.
 */
export type Lane = 'main' | 'fetch' | 'group'

/** One connection per broker and lane, made when it is first asked for and again after it broke. */
export class ConnectionPool {
  readonly #settings: Settings
  readonly #open = new Map<string, Promise<Connection>>()
  readonly #closing = new AbortController()

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** Set once the pool is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  get(address: Address, lane: Lane, signal?: AbortSignal): Promise<Connection> {
    if (this.#closing.signal.aborted) return Promise.reject(this.#closing.signal.reason)
    const key = `${addressOf(address.host, address.port)}/${lane}`
    const open = this.#open.get(key) ?? this.#connect(key, address)
    return abortable(open, signal)
  }

  /** Closes every connection; whoever waits for one is rejected. */
  close(): void {
    this.#closing.abort(new ClientClosedError('the client is closed'))
    for (const opening of this.#open.values()) void opening.then((connection) => connection.close(), alreadyTold)
    this.#open.clear()
  }

  #connect(key: string, address: Address): Promise<Connection> {
    const { clientId, security, connectTimeoutMs, requestTimeoutMs, clock, logger } = this.#settings
    const opening = Connection.connect({
      ...address,
      clientId,
      ...security,
      connectTimeoutMs,
      requestTimeoutMs,
      clock,
      signal: this.#closing.signal,
    })
    this.#open.set(key, opening)
    const forget = (): void => {
      if (this.#open.get(key) === opening) this.#open.delete(key)
    }
    const failed = (error: unknown): void => {
      forget()
      // Who asked for it is told too, unless they have given up waiting.
      logger.debug('a connection was not made', {
        address: addressOf(address.host, address.port),
        error: errorMessage(error),
      })
    }
    void opening.then((connection) => connection.onClose(forget), failed)
    return opening
  }
}

/** A connection that could not be made: `#connect` has logged it, and there is nothing to close. */
const alreadyTold = (): void => undefined
