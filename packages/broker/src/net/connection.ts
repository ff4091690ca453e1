import type { Socket } from 'node:net'

import type { ByteBudget, Clock, Logger, Timer } from '@millrace/kernel'
import { errorMessage } from '@millrace/kernel'
import type { FrameHead } from '@millrace/protocol'
import { FrameReader } from '@millrace/protocol'
import { BufferPool } from '@millrace/storage'

import type { Admission, Dispatcher } from '../dispatch/dispatcher.ts'
import type { Exchange, ResponsePort } from '../dispatch/exchange.ts'
import type { ConnectionInfo } from '../dispatch/handler.ts'
import { Outbox } from './outbox.ts'
import { readShared } from './shared-read.ts'

export interface ConnectionLimits {
  readonly requestBytesMax: number
  /** With more unsent response bytes than this no further request starts. */
  readonly unsentBytesMax: number
  /** Requests that have been appended and wait for their answer. */
  readonly waitingRequestsMax: number
  /** -1: no bound. */
  readonly idleMs: number
  readonly requestStallMs: number
  readonly responseStallMs: number
}

/** What all connections of a broker share. */
export interface ConnectionHost {
  readonly dispatcher: Dispatcher
  readonly requestBytes: ByteBudget
  readonly limits: ConnectionLimits
  readonly clock: Clock
  readonly log: Logger
  closed(connection: Connection): void
}

type Grant = { readonly state: 'none' } | { readonly state: 'waiting'; cancel(): void } | HeldGrant
interface HeldGrant {
  readonly state: 'held'
  readonly bytes: number
  readonly sinceMs: number
}

/** Who holds memory that others wait for may be silent for so much shorter. */
const hurry = 6

const noGrant: Grant = { state: 'none' }

/** For requests that come in pieces, of all connections. */
const frameMemory = new BufferPool(8 * 1024 * 1024)

/**
 * One client's connection. Requests start and are answered in order, one at a time; only a Produce that has been
 * appended lets the next one start. A request's body is read when its memory was granted, and nothing is read while
 * one can't start: so what a connection holds has a bound, whatever its client does.
 */
export class Connection implements ResponsePort {
  readonly info: ConnectionInfo
  readonly #socket: Socket
  readonly #host: ConnectionHost
  readonly #reader: FrameReader
  readonly #outbox: Outbox
  /** Requests without an answer on its way, in order. */
  readonly #exchanges: Exchange[] = []
  /** The request that has to be done (or appended) before the next may start. */
  #current: Exchange | undefined
  #admitted: Extract<Admission, { kind: 'admitted' }> | undefined
  #grant: Grant = noGrant
  #throttle: Timer | undefined
  #isPaused = false
  #isClosed = false
  #isFinishing = false
  #receivedAtMs: number
  #sentAtMs: number

  constructor(accepted: Socket, info: ConnectionInfo, host: ConnectionHost) {
    const socket = readShared(accepted, (chunk) => this.#onData(chunk))
    this.info = info
    this.#socket = socket
    this.#host = host
    this.#receivedAtMs = host.clock.monotonicMs()
    this.#sentAtMs = this.#receivedAtMs
    this.#outbox = new Outbox(socket, () => this.#sentSome())
    this.#reader = new FrameReader({
      sizeBytesMax: host.limits.requestBytesMax,
      onHead: (head) => this.#onHead(head),
      onFrame: (frame) => this.#onFrame(frame),
      lending: frameMemory,
    })
    socket.on('error', (error) => this.#end(`its socket failed: ${error.message}`))
    socket.on('close', () => this.#end('the client closed it'))
  }

  get unsentBytes(): number {
    return this.#outbox.unsentBytes
  }

  get heldBytes(): number {
    return this.#reader.heldBytes
  }

  /** Closes what has been silent or stuck for too long. */
  check(nowMs: number): void {
    const { limits, requestBytes } = this.#host
    const silentMs = nowMs - this.#receivedAtMs
    const unsentMs = this.unsentBytes === 0 ? 0 : nowMs - this.#sentAtMs
    const isBusy = this.#exchanges.length > 0 || this.unsentBytes > 0
    if (this.#grant.state === 'held') {
      const heldMs = nowMs - this.#grant.sinceMs
      const patienceMs = requestBytes.waiting > 0 ? limits.requestStallMs / hurry : limits.requestStallMs
      if (silentMs >= patienceMs) this.close(`it sent part of a request and nothing for ${silentMs} ms`)
      else if (heldMs >= limits.requestStallMs && requestBytes.waiting > 0) {
        this.close(`it took more than ${heldMs} ms to send a request whose memory others wait for`)
      }
    } else if (unsentMs >= limits.responseStallMs) {
      this.close(`its client read nothing of ${this.unsentBytes} bytes of responses for ${unsentMs} ms`)
    } else if (limits.idleMs >= 0 && !isBusy && Math.min(silentMs, nowMs - this.#sentAtMs) >= limits.idleMs) {
      this.#host.log.debug('an idle connection is closed', { connection: this.info.id, idleMs: silentMs })
      this.#destroy()
    }
  }

  /** Answers what has begun, then closes; nothing new starts. */
  finish(): void {
    this.#isFinishing = true
    this.#closeWhenDone()
  }

  /** Closes the connection and says why in the log. */
  close(reason: string): void {
    if (this.#isClosed) return
    const { id: connection, listener } = this.info
    this.#host.log.warn(`a connection is closed: ${reason}`, { connection, listener })
    this.#destroy()
  }

  appended(exchange: Exchange): void {
    this.#giveBack(exchange)
    if (!exchange.handler.pipelined || this.#current !== exchange) return
    this.#current = undefined
    this.#goOn()
  }

  answered(exchange: Exchange, response: readonly Uint8Array[] | null): void {
    if (!exchange.answer(response)) return
    this.#giveBack(exchange)
    if (exchange.throttleMs > 0) this.#throttleFor(exchange.throttleMs)
    if (this.#current === exchange) this.#current = undefined
    this.#sendAnswered()
    this.#goOn()
  }

  #onData(chunk: Uint8Array): void {
    if (this.#isClosed) return
    this.#receivedAtMs = this.#host.clock.monotonicMs()
    // One chunk may come while a request can't start; with a second one the client has to wait.
    const wasWaiting = this.#reader.waiting
    this.#read(() => this.#reader.push(chunk))
    if (!wasWaiting || !this.#reader.waiting) return
    if (this.#grant.state === 'waiting' && this.#reader.isWhole) this.#goOn()
    else this.#pause()
  }

  #read(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.close(errorMessage(error))
    }
  }

  #onHead(head: FrameHead): 'read' | 'wait' | 'stop' {
    const admission = this.#host.dispatcher.admit(head)
    if (admission.kind === 'refused') {
      this.close(admission.reason)
      return 'stop'
    }
    this.#admitted = admission
    return this.#mayStart() && this.#takeGrant() ? 'read' : 'wait'
  }

  #onFrame(frame: Uint8Array): void {
    const admitted = this.#admitted
    if (admitted === undefined || this.#isClosed) return
    const exchange = this.#host.dispatcher.open(frame, admitted, this)
    if (this.#grant.state === 'held') exchange.grantedBytes = this.#grant.bytes
    this.#grant = noGrant
    this.#admitted = undefined
    this.#current = exchange
    this.#exchanges.push(exchange)
    this.#host.dispatcher.run(exchange)
  }

  #mayStart(): boolean {
    const { unsentBytesMax, waitingRequestsMax } = this.#host.limits
    return (
      this.#current === undefined &&
      this.#throttle === undefined &&
      !this.#isFinishing &&
      this.#exchanges.length < waitingRequestsMax &&
      this.unsentBytes <= unsentBytesMax
    )
  }

  /** Whether the memory for the request whose head was read is held now. */
  #takeGrant(): boolean {
    if (this.#grant.state === 'held') return true
    const { requestBytes } = this.#host
    const bytes = this.#admitted?.memoryBytes ?? 0
    if (this.#grant.state === 'none' && requestBytes.tryTake(bytes)) {
      this.#grant = this.#held(bytes)
      return true
    }
    if (this.#reader.isWhole) return this.#takeAnyway(bytes)
    if (this.#grant.state === 'waiting') return false
    const cancel = requestBytes.take(bytes, () => {
      this.#grant = this.#held(bytes)
      this.#goOn()
    })
    this.#grant = { state: 'waiting', cancel }
    return false
  }

  // What has come already costs nothing to wait for: clients that only announce large requests hold up each other, not
  // the small ones of everybody else. What one read of a socket brings is the bound.
  #takeAnyway(bytes: number): true {
    if (this.#grant.state === 'waiting') this.#grant.cancel()
    this.#host.requestBytes.takeAnyway(bytes)
    this.#grant = this.#held(bytes)
    return true
  }

  #held(bytes: number): HeldGrant {
    const sinceMs = this.#host.clock.monotonicMs()
    this.#receivedAtMs = sinceMs
    return { state: 'held', bytes, sinceMs }
  }

  #giveBack(exchange: Exchange): void {
    const bytes = exchange.grantedBytes
    exchange.grantedBytes = 0
    if (bytes > 0) this.#host.requestBytes.give(bytes)
  }

  /** Goes on reading where something that held it up is over. */
  #goOn(): void {
    if (this.#isClosed) return
    if (this.#reader.waiting) {
      if (!this.#mayStart() || !this.#takeGrant()) return
      this.#read(() => this.#reader.resume())
    }
    if (!this.#reader.waiting) this.#unpause()
    this.#closeWhenDone()
  }

  #sendAnswered(): void {
    for (let next = this.#exchanges[0]; next?.response !== undefined; next = this.#exchanges[0]) {
      this.#exchanges.shift()
      this.#send(next, next.response)
    }
  }

  #send(exchange: Exchange, response: readonly Uint8Array[] | null): void {
    if (response === null) return exchange.responseDone()
    if (this.unsentBytes === 0) this.#sentAtMs = this.#host.clock.monotonicMs()
    this.#outbox.send(response, () => exchange.responseDone())
  }

  #sentSome(): void {
    if (this.#isClosed) return
    this.#sentAtMs = this.#host.clock.monotonicMs()
    if (this.#reader.waiting || this.#isFinishing) this.#goOn()
  }

  #throttleFor(throttleMs: number): void {
    this.#throttle?.cancel()
    this.#throttle = this.#host.clock.setTimer(throttleMs, () => {
      this.#throttle = undefined
      this.#goOn()
    })
  }

  #pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#socket.pause()
  }

  #unpause(): void {
    if (!this.#isPaused || this.#isClosed) return
    this.#isPaused = false
    this.#socket.resume()
  }

  #closeWhenDone(): void {
    if (this.#isFinishing && this.#exchanges.length === 0 && this.unsentBytes === 0) this.#destroy()
  }

  #destroy(): void {
    this.#outbox.flush()
    this.#end('we closed it')
  }

  #end(reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#host.log.debug(`a connection ended: ${reason}`, { connection: this.info.id })
    this.#socket.destroy()
    this.#reader.stop()
    this.#throttle?.cancel()
    if (this.#grant.state === 'waiting') this.#grant.cancel()
    else if (this.#grant.state === 'held') this.#host.requestBytes.give(this.#grant.bytes)
    this.#grant = noGrant
    this.#outbox.close()
    for (const exchange of this.#exchanges.splice(0)) {
      this.#giveBack(exchange)
      exchange.disconnected()
    }
    this.#host.closed(this)
  }
}
