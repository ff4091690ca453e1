import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { systemClock } from '@millrace/connection'
import type { Clock } from '@millrace/kernel'
import type { FlowFaults } from './flow.ts'
import { Flow } from './flow.ts'

export type Direction = 'toServer' | 'toClient'

interface Proxied {
  readonly client: Socket
  readonly server: Socket
  readonly flows: Readonly<Record<Direction, Flow>>
}

/**
 * Stands between clients and a server, on a free port of the loopback, and does to them what networks do: delays, cuts,
 * resets, trickles and swallows. Its port is known before the server's, so that a broker can advertise it.
 *
 * @example
 * await using proxy = await TcpProxy.listen()
 * await using broker = await startBroker({ settings: { 'advertised.listeners': `PLAINTEXT://${proxy.address}` } })
 * proxy.target = broker.port
 */
export class TcpProxy implements AsyncDisposable {
  /** The server's port on the loopback; until it is known connections are refused. */
  target: number | undefined
  /** How many connections were made so far, refused ones not counted. */
  accepted = 0
  /** How many times something didn't pass as it came: connections cut, reset or refused, bytes swallowed or held back. */
  disturbances = 0
  readonly #server: Server
  readonly #clock: Clock
  readonly #connections = new Set<Proxied>()
  /** Both ends of all of them, until they are closed: one whose other end is gone still has something to say, or waits. */
  readonly #sockets = new Set<Socket>()
  readonly #faults: Record<Direction, FlowFaults> = { toServer: {}, toClient: {} }
  #refusing = false

  private constructor(server: Server, clock: Clock) {
    this.#server = server
    this.#clock = clock
    server.on('connection', (client) => this.#accept(client))
  }

  static async listen(clock: Clock = systemClock): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new TcpProxy(server, clock)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  get connections(): number {
    return this.#connections.size
  }

  /** Bytes that were taken and have to wait, in both directions of all connections. */
  get heldBytes(): number {
    return this.#sum((flow) => flow.heldBytes)
  }

  /** Bytes that connections which are still there had swallowed. */
  get lostBytes(): number {
    return this.#sum((flow) => flow.lostBytes)
  }

  /** How bytes pass from now on, in connections that are there and in new ones, until `heal`. */
  disturb(direction: Direction | 'both', faults: FlowFaults): void {
    const directions: readonly Direction[] = direction === 'both' ? ['toServer', 'toClient'] : [direction]
    for (const each of directions) {
      this.#faults[each] = faults
      for (const { flows } of this.#connections) flows[each].faults = faults
    }
  }

  /** Lets everything pass, and accepts connections. One that had bytes swallowed stays dead. */
  heal(): void {
    this.#refusing = false
    this.disturb('both', {})
  }

  /** Resets new connections: nobody is there. */
  refuse(): void {
    this.#refusing = true
  }

  /** Ends all connections in good order: both ends see the other's end. */
  cut(): void {
    this.disturbances += this.#connections.size
    for (const { client, server } of this.#connections) {
      client.destroySoon()
      server.destroySoon()
    }
  }

  /** Resets all connections. */
  reset(): void {
    this.disturbances += this.#connections.size
    for (const proxied of this.#connections) resetBoth(proxied)
  }

  async close(): Promise<void> {
    this.#refusing = true
    this.reset()
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #sum(of: (flow: Flow) => number): number {
    let sum = 0
    for (const { flows } of this.#connections) sum += of(flows.toServer) + of(flows.toClient)
    return sum
  }

  #accept(client: Socket): void {
    this.#keep(client)
    if (this.#refusing || this.target === undefined) {
      this.disturbances += 1
      return resetSocket(client)
    }
    this.accepted += 1
    const server = connect({ port: this.target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    this.#keep(server)
    client.setNoDelay(true)
    const reset = (): void => resetBoth(proxied)
    const disturbed = (): void => void (this.disturbances += 1)
    const flows = {
      toServer: new Flow(client, server, this.#clock, reset, disturbed),
      toClient: new Flow(server, client, this.#clock, reset, disturbed),
    }
    const proxied: Proxied = { client, server, flows }
    this.#connections.add(proxied)
    for (const direction of ['toServer', 'toClient'] as const) flows[direction].faults = this.#faults[direction]
    // What one end does without ending in good order the other gets to see.
    client.on('close', (failed) => this.#gone(proxied, server, failed))
    server.on('close', (failed) => this.#gone(proxied, client, failed))
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', ignore)
    socket.on('close', () => this.#sockets.delete(socket))
  }

  #gone(proxied: Proxied, other: Socket, failed: boolean): void {
    this.#connections.delete(proxied)
    for (const flow of Object.values(proxied.flows)) flow.close()
    if (failed) resetSocket(other)
    else other.destroySoon()
  }
}

function resetBoth({ client, server }: Proxied): void {
  resetSocket(client)
  resetSocket(server)
}

// A reset that comes while an end is under way fails in libuv (EINVAL), and its handle is then never closed: in
// `process.getActiveResourcesInfo` for good, and a process that spins instead of ending.
function resetSocket(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished) socket.destroy()
  else socket.resetAndDestroy()
}

/** A socket's errors end it, and `close` follows. */
function ignore(): void {}
