import type { Socket } from 'node:net'
import type { Clock, Timer } from '@millrace/kernel'

/** How one direction of a connection behaves. Times in milliseconds. */
export interface FlowFaults {
  /** Every byte arrives this much later. */
  readonly delayMs?: number
  /** Bytes pass in pieces, one each `everyMs`. */
  readonly trickle?: { readonly bytes: number; readonly everyMs: number }
  /** Bytes are taken and never arrive. A connection that lost some carries nothing more in that direction. */
  readonly swallow?: boolean
  /** After this many more bytes both ends are reset: in the midst of a frame, if it comes so. */
  readonly resetAfterBytes?: number
}

interface Piece {
  readonly bytes: Buffer
  readonly atMs: number
}

/** One direction of a proxied connection: what it has taken leaves in order, and it stops reading while too much waits. */
export class Flow {
  readonly #from: Socket
  readonly #to: Socket
  readonly #clock: Clock
  readonly #reset: () => void
  readonly #disturbed: () => void
  readonly #queue: Piece[] = []
  /** Bytes that were swallowed. */
  lostBytes = 0
  #queuedBytes = 0
  #faults: FlowFaults = {}
  #leftBytes = Infinity
  #ended = false
  #notBeforeMs = 0
  #timer: Timer | undefined

  /** `reset` resets both ends; `disturbed` is told each time that something doesn't pass as it came. */
  constructor(from: Socket, to: Socket, clock: Clock, reset: () => void, disturbed: () => void = () => {}) {
    this.#from = from
    this.#to = to
    this.#clock = clock
    this.#reset = reset
    this.#disturbed = disturbed
    from.on('data', (bytes: Buffer) => this.#take(bytes))
    from.on('end', () => {
      this.#ended = true
      this.#move()
    })
    to.on('drain', () => this.#move())
  }

  set faults(faults: FlowFaults) {
    this.#faults = faults
    this.#leftBytes = faults.resetAfterBytes ?? Infinity
    this.#timer?.cancel()
    this.#timer = undefined
    this.#notBeforeMs = 0
    this.#move()
  }

  /** Bytes that were taken and have to wait. */
  get heldBytes(): number {
    return this.#queuedBytes
  }

  close(): void {
    this.#timer?.cancel()
    this.#queue.length = 0
  }

  #take(bytes: Buffer): void {
    if (this.#faults.swallow === true || this.lostBytes > 0) {
      this.lostBytes += bytes.length
      this.#disturbed()
      return
    }
    this.#queue.push({ bytes, atMs: this.#clock.monotonicMs() })
    this.#queuedBytes += bytes.length
    if (this.#queuedBytes > queuedBytesMax) this.#from.pause()
    this.#move()
  }

  #move(): void {
    while (this.#timer === undefined && this.#leftBytes > 0 && this.#to.writable && !this.#to.writableNeedDrain) {
      const first = this.#queue[0]
      if (first === undefined) break
      const dueMs = Math.max(first.atMs + (this.#faults.delayMs ?? 0), this.#notBeforeMs)
      if (dueMs > this.#clock.monotonicMs()) return this.#moveAt(dueMs)
      this.#pass(first)
    }
    if (this.#ended && this.#queue.length === 0 && this.lostBytes === 0) this.#to.end()
  }

  #moveAt(dueMs: number): void {
    this.#disturbed()
    this.#timer = this.#clock.setTimer(dueMs - this.#clock.monotonicMs(), () => {
      this.#timer = undefined
      this.#move()
    })
  }

  #pass(first: Piece): void {
    const { trickle } = this.#faults
    const most = Math.min(first.bytes.length, trickle?.bytes ?? Infinity, this.#leftBytes)
    this.#queue.shift()
    if (most < first.bytes.length) this.#queue.unshift({ bytes: first.bytes.subarray(most), atMs: first.atMs })
    this.#queuedBytes -= most
    this.#leftBytes -= most
    if (trickle !== undefined) this.#notBeforeMs = this.#clock.monotonicMs() + trickle.everyMs
    this.#to.write(first.bytes.subarray(0, most))
    if (this.#queuedBytes <= queuedBytesMax) this.#from.resume()
    if (this.#leftBytes > 0) return
    this.#disturbed()
    this.#reset()
  }
}

/** What waits in one direction, in bytes; more than that is left to TCP. */
const queuedBytesMax = 4 * 1024 * 1024
