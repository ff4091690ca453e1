import type { Socket } from 'node:net'
import type { Clock, Timer } from '@millrace/kernel'
import { errorMessage } from '@millrace/kernel'
import type { AnyApi } from '@millrace/protocol'
import { correlationIdOf, FrameReader } from '@millrace/protocol'
import type { AnswerMemory } from './answer-memory.ts'
import type { ErrorSource } from './broker-error.ts'
import { BadResponseError, ConnectionClosedError, RequestTimeoutError } from './broker-error.ts'
import { RequestDeadline } from './request-deadline.ts'
import { socketFault } from './socket-fault.ts'
import type { Traffic } from './traffic.ts'

export interface PipelineOptions {
  readonly address: string
  readonly inFlightMax: number
  readonly clock: Clock
  readonly traffic: Traffic
  readonly memory: AnswerMemory
}

export interface Outgoing {
  readonly api: Pick<AnyApi, 'name'>
  /** The request's bytes under this correlation id. */
  readonly encode: (correlationId: number) => Uint8Array[]
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** What its answer may have, where that isn't what any may. */
  readonly responseBytesMax?: number | undefined
  /** Goes out also while others are held. */
  readonly urgent?: boolean
}

interface Pending {
  readonly api: Pick<AnyApi, 'name'>
  readonly correlationId: number
  readonly deadline: RequestDeadline
  readonly responseBytesMax: number | undefined
  sentAtMs: number
  /** Undefined once nobody waits any more: the answer is then read past. */
  settle: { resolve(frame: Uint8Array): void; reject(error: unknown): void } | undefined
}

interface Waiting {
  readonly write: () => void
  /** None where no answer comes. */
  readonly deadline?: RequestDeadline
  readonly reject: (error: Error) => void
}

// Before a broker has said what it takes, nothing it has to say is long: KafkaServer's bound for strangers, too.
const firstFrameBytesMax = 512 * 1024

const heldBackBytesMax = 32 * 1024

/** Quotas ask for no more than their windows, 11 s by default; a broker that asks for days is asked again. */
const throttledMsMax = 60_000

const closedEarlyAdvice =
  'look whether the listener wants TLS or SASL other than configured here, and whether the broker is alive'

/**
 * The requests of one connection: written in the order of the calls, a bounded number at a time, answered in that order.
 * Whatever breaks it (a wrong correlation id, no answer in time, a closed socket) ends it, and rejects all that wait.
 */
export class Pipeline {
  readonly #socket: Socket
  readonly #options: PipelineOptions
  readonly #frames: FrameReader
  readonly #pending: Pending[] = []
  readonly #waiting: Waiting[] = []
  readonly #closeListeners = new Set<(reason: Error) => void>()
  #responseBytesMax = firstFrameBytesMax
  #nextCorrelationId = 1
  #closed: Error | undefined
  #corked = false
  #held = false
  #throttledUntilMs = -Infinity
  #throttle: Timer | undefined
  #answers = 0
  #drained: (() => void) | undefined

  constructor(socket: Socket, options: PipelineOptions) {
    this.#socket = socket
    this.#options = options
    this.#frames = new FrameReader({
      sizeBytesMax: firstFrameBytesMax,
      onFrame: (frame) => this.#onFrame(frame),
      lending: options.memory.frames,
    })
    socket.on('error', (error) => this.close(socketFault(error, this.#source(this.#pending[0]?.api))))
    socket.on('close', () => this.close(this.#closedByBroker()))
  }

  get closed(): Error | undefined {
    return this.#closed
  }

  /** Requests sent or waiting to be. */
  get outstanding(): number {
    return this.#pending.length + this.#waiting.length
  }

  /** What may come once the broker is known. */
  set responseBytesMax(bytes: number) {
    this.#responseBytesMax = bytes
    this.#boundNext()
  }

  // Answers come in the order of the requests.
  #boundNext(): void {
    this.#frames.sizeBytesMax = this.#pending[0]?.responseBytesMax ?? this.#responseBytesMax
  }

  /** Sends, and resolves with the answer's frame. */
  exchange(request: Outgoing): Promise<Uint8Array> {
    const { signal } = request
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) return reject(this.#closed)
      if (signal?.aborted === true) return reject(signal.reason)
      const correlationId = this.#takeCorrelationId()
      // Encoded before anything is queued, so that a body that can't be written touches nobody else.
      const chunks = request.encode(correlationId)
      const { clock } = this.#options
      const deadline = new RequestDeadline(clock, request.timeoutMs + this.#throttledMs, () => this.#timeOut(request))
      const onAbort = (): void => {
        pending.settle = undefined
        reject(signal?.reason)
      }
      const done = (settle: () => void): void => {
        signal?.removeEventListener('abort', onAbort)
        settle()
      }
      const settle = {
        resolve: (answer: Uint8Array) => done(() => resolve(answer)),
        reject: (error: unknown) => done(() => reject(error)),
      }
      const { api, responseBytesMax } = request
      const pending: Pending = { api, correlationId, deadline, responseBytesMax, sentAtMs: 0, settle }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#whenFree(pending, chunks, request.urgent === true)
    })
  }

  /** Sends what is never answered; resolves when the bytes are with the system. */
  post(request: Pick<Outgoing, 'api' | 'encode'>): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) return reject(this.#closed)
      const chunks = request.encode(this.#takeCorrelationId())
      const write = (): void =>
        this.#write(chunks, (error) => (error ? reject(this.#closedError(error.message, request.api)) : resolve()))
      if (this.#mayWrite()) write()
      else this.#waiting.push({ write, reject })
    })
  }

  /** Lets nothing but urgent requests out until `release`; resolves when all that went out is answered. */
  hold(): Promise<void> {
    this.#held = true
    return new Promise((resolve) => {
      if (this.#pending.length === 0) resolve()
      else this.#drained = resolve
    })
  }

  release(): void {
    this.#held = false
    this.#writeWaiting()
  }

  /**
   * The broker will not read for so long, for a quota is used up (KIP-219): nothing but urgent requests is sent to it
   * until then, and what waits has so much more time. Who went on would be taken for lost, and so would its answers.
   */
  throttle(askedMs: number): void {
    if (this.#closed !== undefined) return
    const forMs = Math.min(askedMs, throttledMsMax)
    const { clock, traffic } = this.#options
    traffic.throttledSumMs += forMs
    traffic.throttledMaxMs = Math.max(traffic.throttledMaxMs, forMs)
    // Of times that overlap each is counted once.
    const moreMs = forMs - this.#throttledMs
    if (moreMs <= 0) return
    for (const { deadline } of [...this.#pending, ...this.#waiting]) deadline?.extend(moreMs)
    this.#throttledUntilMs = clock.monotonicMs() + forMs
    this.#throttle?.cancel()
    this.#throttle = clock.setTimer(this.#throttledMs, () => {
      this.#throttledUntilMs = -Infinity
      this.#writeWaiting()
    })
  }

  get #throttledMs(): number {
    return Math.max(0, this.#throttledUntilMs - this.#options.clock.monotonicMs())
  }

  /** Where what comes next is best read to; undefined between answers. */
  get room(): Uint8Array | undefined {
    return this.#frames.room
  }

  /** What the socket brought, lent until this returns; or what was read into `room`. */
  received(chunk: Uint8Array): void {
    this.#options.traffic.bytesIn += chunk.length
    try {
      this.#frames.push(chunk)
    } catch (error) {
      this.close(new BadResponseError(errorMessage(error), this.#source(this.#pending[0]?.api)))
    }
  }

  /** Called once, when nothing goes any more; at once where that is so already. */
  onClose(listener: (reason: Error) => void): void {
    if (this.#closed === undefined) this.#closeListeners.add(listener)
    else listener(this.#closed)
  }

  close(reason: Error): void {
    if (this.#closed !== undefined) return
    this.#closed = reason
    this.#throttle?.cancel()
    this.#frames.stop()
    this.#socket.destroy()
    for (const pending of this.#pending.splice(0)) {
      pending.deadline.cancel()
      pending.settle?.reject(reason)
    }
    for (const waiting of this.#waiting.splice(0)) waiting.reject(reason)
    for (const listener of this.#closeListeners) listener(reason)
    this.#closeListeners.clear()
    this.#drained?.()
  }

  // At once where the pipeline has room and nobody waits, else in the order of the calls.
  #whenFree(pending: Pending, chunks: readonly Uint8Array[], urgent: boolean): void {
    const write = (): void => {
      if (pending.settle === undefined) return pending.deadline.cancel()
      pending.sentAtMs = this.#options.clock.monotonicMs()
      this.#pending.push(pending)
      this.#boundNext()
      this.#write(chunks)
    }
    if (urgent || this.#mayWrite()) return write()
    this.#waiting.push({
      write,
      deadline: pending.deadline,
      reject: (error) => {
        pending.deadline.cancel()
        pending.settle?.reject(error)
      },
    })
  }

  #mayWrite(): boolean {
    return this.#waiting.length === 0 && this.#mayWriteWaiting()
  }

  #mayWriteWaiting(): boolean {
    return !this.#held && this.#throttledUntilMs === -Infinity && this.#pending.length < this.#options.inFlightMax
  }

  #writeWaiting(): void {
    while (this.#mayWriteWaiting()) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      next.write()
    }
  }

  #takeCorrelationId(): number {
    const id = this.#nextCorrelationId
    this.#nextCorrelationId = id === 0x7fff_ffff ? 0 : id + 1
    return id
  }

  // What one turn of the event loop writes leaves together, unless it is much: a broker works on that meanwhile.
  #write(chunks: readonly Uint8Array[], written?: (error?: Error | null) => void): void {
    if (!this.#corked) {
      this.#corked = true
      this.#socket.cork()
      process.nextTick(() => this.#uncork())
    }
    const { traffic } = this.#options
    traffic.requests += 1
    const last = chunks.length - 1
    chunks.forEach((chunk, i) => {
      traffic.bytesOut += chunk.length
      if (i === last) this.#socket.write(chunk, written)
      else this.#socket.write(chunk)
    })
    if (this.#socket.writableLength >= heldBackBytesMax) this.#uncork()
  }

  #uncork(): void {
    if (!this.#corked) return
    this.#corked = false
    this.#socket.uncork()
  }

  #onFrame(frame: Uint8Array): void {
    if (this.#closed !== undefined) return
    // Whoever waits stays in the queue until the answer is known to be theirs, for closing rejects the queue.
    const pending = this.#pending[0]
    const correlationId = correlationIdOf(frame)
    if (pending === undefined || pending.correlationId !== correlationId) {
      const expected = pending === undefined ? 'none' : String(pending.correlationId)
      const message = `a response with correlation id ${correlationId}, expected ${expected}`
      return this.close(new BadResponseError(message, this.#source(pending?.api)))
    }
    this.#pending.shift()
    this.#boundNext()
    pending.deadline.cancel()
    this.#count(pending)
    this.#writeWaiting()
    pending.settle?.resolve(this.#options.memory.handOut(frame))
    if (this.#pending.length === 0) this.#drained?.()
  }

  #count(pending: Pending): void {
    const { traffic, clock } = this.#options
    const latencyMs = clock.monotonicMs() - pending.sentAtMs
    this.#answers += 1
    traffic.responses += 1
    traffic.latencySumMs += latencyMs
    if (latencyMs > traffic.latencyMaxMs) traffic.latencyMaxMs = latencyMs
  }

  #timeOut({ api, timeoutMs }: Outgoing): void {
    this.close(new RequestTimeoutError(`no answer within ${timeoutMs} ms`, this.#source(api)))
  }

  // A listener that wants TLS or SASL answers ApiVersions at most, and says nothing of what it misses.
  #closedByBroker(): ConnectionClosedError {
    const source = this.#source(this.#pending[0]?.api)
    const options = this.#answers > 1 ? {} : { advice: closedEarlyAdvice }
    return new ConnectionClosedError('the broker closed the connection', source, options)
  }

  #closedError(why: string, api = this.#pending[0]?.api): ConnectionClosedError {
    return new ConnectionClosedError(why, this.#source(api))
  }

  #source(api: Pick<AnyApi, 'name'> | undefined): ErrorSource {
    return { address: this.#options.address, api: api?.name }
  }
}
