import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer } from 'node:net'

import type { ByteBudget, Clock, Logger, Metrics, Timer } from '@millrace/kernel'
import { errorMessage } from '@millrace/kernel'

import type { ListenerSettings } from '../config/listeners.ts'
import { hostPort } from '../config/listeners.ts'
import type { BrokerSettings } from '../config/settings.ts'
import type { Dispatcher } from '../dispatch/dispatcher.ts'
import { addressesOf, plainAddress } from './addresses.ts'
import type { ConnectionBounds } from './connection-count.ts'
import { ConnectionCount, parseOverrides } from './connection-count.ts'
import type { ConnectionHost, ConnectionLimits } from './connection.ts'
import { Connection } from './connection.ts'

export interface NetServerOptions {
  readonly listeners: readonly ListenerSettings[]
  readonly settings: BrokerSettings
  readonly dispatcher: Dispatcher
  readonly requestBytes: ByteBudget
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

/** A listener that is open, with the port it got. */
export interface BoundListener {
  readonly listener: string
  readonly host: string
  readonly port: number
}

/** What a client without authentication is. */
const anonymous = 'User:ANONYMOUS'

/** The sockets of a broker: its listeners and their connections. */
export class NetServer implements ConnectionHost {
  readonly dispatcher: Dispatcher
  readonly requestBytes: ByteBudget
  readonly limits: ConnectionLimits
  readonly clock: Clock
  readonly log: Logger
  readonly #options: NetServerOptions
  readonly #servers: Server[] = []
  readonly #connections = new Set<Connection>()
  readonly #count: ConnectionCount
  #bounds: ConnectionBounds
  #nextId = 0
  #sweep: Timer | undefined
  #whenEmpty: (() => void) | undefined
  #isClosing = false

  constructor(options: NetServerOptions) {
    const { settings } = options
    this.#options = options
    this.dispatcher = options.dispatcher
    this.requestBytes = options.requestBytes
    // The timeouts of connections are sessions: a test may spare them when it moves its clock.
    this.clock = options.clock.sessions
    this.log = options.log
    this.limits = limitsOf(settings)
    this.#bounds = boundsOf(settings)
    settings.onChange(() => {
      this.#bounds = boundsOf(settings)
    })
    this.#count = new ConnectionCount(() => this.#bounds)
    this.#declareMetrics(options.metrics)
  }

  /** Opens all listeners; where one can't be, none is, and the error says which and why. */
  async listen(): Promise<readonly BoundListener[]> {
    const bound: BoundListener[] = []
    try {
      for (const listener of this.#options.listeners) bound.push(await this.#open(listener))
    } catch (error) {
      for (const server of this.#servers.splice(0)) server.close()
      throw error
    }
    return bound
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  /** Bytes of responses that wait for their clients. */
  get unsentBytes(): number {
    let sum = 0
    for (const connection of this.#connections) sum += connection.unsentBytes
    return sum
  }

  /** Cuts every connection; clients may come back at once. */
  dropConnections(): void {
    for (const connection of this.#connections) connection.close('dropConnections was called')
  }

  /** Takes no more connections and requests, answers what has begun for at most `graceMs`, then cuts what is left. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true
    for (const server of this.#servers) server.close()
    const empty = new Promise<void>((resolve) => {
      this.#whenEmpty = resolve
    })
    for (const connection of this.#connections) connection.finish()
    const timer = this.clock.setTimer(graceMs, () => {
      for (const connection of this.#connections) connection.close('the broker stops')
    })
    if (this.#connections.size > 0) await empty
    timer.cancel()
    this.#sweep?.cancel()
  }

  closed(connection: Connection): void {
    if (!this.#connections.delete(connection)) return
    this.#count.leave(connection.info.remoteHost)
    if (this.#connections.size === 0) this.#whenEmpty?.()
  }

  async #open(listener: ListenerSettings): Promise<BoundListener> {
    let { port } = listener
    for (const address of await addressesOf(listener.host)) {
      const server = createServer({ noDelay: true, keepAlive: true, pauseOnConnect: true }, (socket) =>
        this.#accept(socket, listener),
      )
      port = await this.#bind(server, listener, address, port)
      this.#servers.push(server)
    }
    this.log.info(`listening on ${listener.listener}://${hostPort(listener.host, port)}`)
    return { listener: listener.listener, host: listener.host, port }
  }

  #bind(server: Server, listener: ListenerSettings, address: string | undefined, port: number): Promise<number> {
    const backlog = this.#options.settings.number('socket.listen.backlog.size')
    const where = hostPort(listener.host, port)
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        const why = error.code === 'EADDRINUSE' ? 'the port is taken' : errorMessage(error)
        reject(new Error(`listener ${listener.listener} can't listen on ${where}: ${why}`))
      })
      server.listen({ port, backlog, ...(address === undefined ? {} : { host: address }) }, () => {
        server.removeAllListeners('error')
        server.on('error', (error) => this.log.error(`listener ${listener.listener} failed: ${error.message}`))
        resolve((server.address() as AddressInfo).port)
      })
    })
  }

  #accept(socket: Socket, { listener }: ListenerSettings): void {
    const remoteHost = plainAddress(socket.remoteAddress)
    // A client that is gone already has no address any more.
    if (remoteHost === '' || this.#isClosing) return void socket.destroy()
    const full = this.#count.enter(remoteHost)
    if (full !== null) {
      this.log.warn(`a new connection is closed: ${full}`, { listener, remoteHost })
      return void socket.destroy()
    }
    const localHost = plainAddress(socket.localAddress)
    const localPort = socket.localPort ?? 0
    const remotePort = socket.remotePort ?? 0
    const id = `${hostPort(localHost, localPort)}-${hostPort(remoteHost, remotePort)}-${this.#nextId}`
    this.#nextId += 1
    const info = { id, listener, localHost, localPort, remoteHost, remotePort, principal: anonymous }
    this.#connections.add(new Connection(socket, info, this))
    this.#armSweep()
  }

  // One timer for all connections, set only while there are any. It looks twice in the shortest of the timeouts.
  #armSweep(): void {
    const { idleMs, requestStallMs, responseStallMs } = this.limits
    if (this.#sweep !== undefined || this.#connections.size === 0 || this.#isClosing) return
    const shortestMs = Math.min(idleMs < 0 ? Infinity : idleMs, requestStallMs / 3, responseStallMs)
    this.#sweep = this.clock.setTimer(Math.max(10, shortestMs / 2), () => {
      this.#sweep = undefined
      const nowMs = this.clock.monotonicMs()
      for (const connection of this.#connections) connection.check(nowMs)
      this.#armSweep()
    })
  }

  #declareMetrics(metrics: Metrics): void {
    const { requestBytes } = this
    metrics.gauge(
      { name: 'kafka_server_socket_server_metrics_connection_count', help: 'Connections of clients' },
      () => this.#connections.size,
    )
    metrics.gauge(
      { name: 'millrace_request_memory_bytes', help: 'Bytes granted to requests' },
      () => requestBytes.heldBytes,
    )
    metrics.gauge(
      { name: 'millrace_request_memory_waiting', help: 'Connections that wait for memory for a request' },
      () => requestBytes.waiting,
    )
    metrics.gauge(
      { name: 'millrace_unsent_response_bytes', help: 'Bytes of responses that wait for their clients' },
      () => this.unsentBytes,
    )
  }
}

function limitsOf(settings: BrokerSettings): ConnectionLimits {
  return {
    requestBytesMax: settings.number('socket.request.max.bytes'),
    unsentBytesMax: settings.number('connection.queued.max.response.bytes'),
    waitingRequestsMax: settings.number('connection.queued.max.requests'),
    idleMs: settings.number('connections.max.idle.ms'),
    requestStallMs: settings.number('request.stall.timeout.ms'),
    responseStallMs: settings.number('response.stall.timeout.ms'),
  }
}

function boundsOf(settings: BrokerSettings): ConnectionBounds {
  return {
    max: settings.number('max.connections'),
    maxPerAddress: settings.number('max.connections.per.ip'),
    overrides: parseOverrides(settings.text('max.connections.per.ip.overrides') ?? ''),
  }
}
