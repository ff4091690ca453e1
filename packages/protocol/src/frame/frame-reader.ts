import { readInt16, readInt32 } from '../records/fixed.ts'
import { wireError } from '../wire/wire-error.ts'

/** What the first 8 bytes of a request say, before its body is read. */
export interface FrameHead {
  /** Bytes of the frame, its 4 bytes of length not counted. */
  readonly sizeBytes: number
  /** -1 in a frame of less than 4 bytes, which no request is. */
  readonly apiKey: number
  readonly apiVersion: number
}

/** Where frames that come in pieces are put together. */
export interface FrameMemory {
  /** At least so many bytes; what they are doesn't matter. */
  take(sizeBytes: number): Uint8Array
  give(memory: Uint8Array): void
}

export interface FrameReaderOptions {
  /** A longer frame is refused before anything is allocated for it. */
  readonly sizeBytesMax: number
  /**
   * Whether the frame's body may be read: `wait` holds everything until `resume`, `stop` ends the reader. Where it
   * isn't given, every frame is read.
   */
  readonly onHead?: (head: FrameHead) => 'read' | 'wait' | 'stop'
  /** A whole frame without its length: a view of the chunk that it lay in, or a buffer of its own. */
  readonly onFrame: (frame: Uint8Array, head: FrameHead) => void
  /**
   * Where it is given, chunks and frames are lent: the reader keeps nothing of a chunk when `push` returns, and a frame
   * is there until `onFrame` returns, for its memory is used again. So a stream of large requests makes no garbage.
   */
  readonly lending?: FrameMemory
}

const lengthBytes = 4
const headBytes = 8

/**
 * Cuts what a connection brings into frames: an int32 length, then as many bytes. A frame that lies whole in one chunk
 * isn't copied; any other is copied once, into a buffer made when its body may be read. `push` and `resume` throw
 * WireError where a length isn't one; the connection has to be closed then.
 */
export class FrameReader {
  /** May be raised once a client is known. */
  sizeBytesMax: number
  readonly #onHead: (head: FrameHead) => 'read' | 'wait' | 'stop'
  readonly #onFrame: (frame: Uint8Array, head: FrameHead) => void
  readonly #lending: FrameMemory | undefined
  /** What was pushed and isn't used up; the first from `#position`. */
  readonly #chunks: Uint8Array[] = []
  #position = 0
  /** The first bytes of a frame whose head came in pieces. */
  readonly #partial = Buffer.alloc(headBytes)
  #partialBytes = 0
  #head: FrameHead | null = null
  /** Memory for the frame that comes in pieces; it may be larger than the frame. */
  #body: Uint8Array | null = null
  #bodyBytes = 0
  #state: 'reading' | 'waiting' | 'stopped' = 'reading'
  #running = false

  constructor(options: FrameReaderOptions) {
    this.sizeBytesMax = options.sizeBytesMax
    this.#onHead = options.onHead ?? (() => 'read')
    this.#onFrame = options.onFrame
    this.#lending = options.lending
  }

  /** Whether `onHead` said to wait: the socket should be paused. */
  get waiting(): boolean {
    return this.#state === 'waiting'
  }

  /** Whether a frame has begun and isn't whole: its sender is in the middle of it. */
  get inFrame(): boolean {
    return this.#head !== null || this.#partialBytes > 0 || this.#chunks.length > 0
  }

  /** Whether the frame whose head was read last has come as a whole and isn't handed out yet. */
  get isWhole(): boolean {
    if (this.#head === null || this.#body !== null) return false
    const queued = this.#chunks.reduce((sum, chunk) => sum + chunk.length, -this.#position)
    return this.#partialBytes + queued >= lengthBytes + this.#head.sizeBytes
  }

  /** Bytes that are kept for frames which haven't been handed out. */
  get heldBytes(): number {
    const queued = this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    return queued + (this.#body?.length ?? 0)
  }

  /** Where the rest of a frame goes that comes in pieces: who reads it there pushes what came, and spares a copy. */
  get room(): Uint8Array | undefined {
    if (this.#state !== 'reading' || this.#body === null || this.#head === null) return undefined
    return this.#body.subarray(this.#bodyBytes, this.#head.sizeBytes)
  }

  push(chunk: Uint8Array): void {
    if (this.#state === 'stopped' || chunk.length === 0) return
    if (this.#body !== null && this.#isInPlace(this.#body, chunk)) {
      this.#bodyBytes += chunk.length
      return this.#run()
    }
    this.#chunks.push(chunk)
    this.#run()
    if (this.#lending !== undefined && this.#chunks.at(-1) === chunk) this.#keepRest(chunk)
  }

  #isInPlace(body: Uint8Array, chunk: Uint8Array): boolean {
    return chunk.buffer === body.buffer && chunk.byteOffset === body.byteOffset + this.#bodyBytes
  }

  // Nothing may be read now, and the chunk is somebody else's again when this turn is over.
  #keepRest(chunk: Uint8Array): void {
    const isFirst = this.#chunks.length === 1
    this.#chunks[this.#chunks.length - 1] = chunk.slice(isFirst ? this.#position : 0)
    if (isFirst) this.#position = 0
  }

  /** Goes on after `wait`: the frame's body is read now. */
  resume(): void {
    if (this.#state !== 'waiting') return
    this.#state = 'reading'
    this.#run()
  }

  /** Forgets everything and hands out nothing more. */
  stop(): void {
    this.#state = 'stopped'
    this.#chunks.length = 0
    this.#position = 0
    this.#partialBytes = 0
    this.#head = null
    this.#body = null
  }

  // A callback may push or resume: the loop that called it goes on then.
  #run(): void {
    if (this.#running) return
    this.#running = true
    try {
      let progress = true
      while (progress) progress = this.#head === null ? this.#readHead() : this.#readBody(this.#head)
    } finally {
      this.#running = false
    }
  }

  /** Finds the next frame's head; false where it isn't there yet. */
  #readHead(): boolean {
    if (this.#state !== 'reading') return false
    const chunk = this.#chunks[0]
    if (chunk === undefined) return false
    if (this.#partialBytes === 0 && chunk.length - this.#position >= headBytes) {
      return this.#begin(chunk, this.#position)
    }
    this.#fillPartial(chunk)
    if (this.#partialBytes < lengthBytes) return this.#chunks.length > 0
    const sizeBytes = this.#checkedLength(this.#partial, 0)
    if (this.#partialBytes < Math.min(headBytes, lengthBytes + sizeBytes)) return this.#chunks.length > 0
    return this.#begin(this.#partial, 0)
  }

  /** Moves what is missing of a head out of the first chunk: no byte of the next frame. */
  #fillPartial(chunk: Uint8Array): void {
    const known = this.#partialBytes >= lengthBytes
    const wanted = known ? Math.min(headBytes, lengthBytes + this.#partial.readInt32BE(0)) : lengthBytes
    const taken = Math.min(wanted - this.#partialBytes, chunk.length - this.#position)
    this.#partial.set(chunk.subarray(this.#position, this.#position + taken), this.#partialBytes)
    this.#partialBytes += taken
    this.#consume(chunk, taken)
  }

  #begin(bytes: Uint8Array, position: number): boolean {
    const sizeBytes = this.#checkedLength(bytes, position)
    const hasKey = sizeBytes >= headBytes - lengthBytes
    const apiKey = hasKey ? readInt16(bytes, position + lengthBytes) : -1
    const head = { sizeBytes, apiKey, apiVersion: hasKey ? readInt16(bytes, position + lengthBytes + 2) : -1 }
    this.#head = head
    const verdict = this.#onHead(head)
    if (verdict === 'stop') this.stop()
    else if (verdict === 'wait' && this.#state === 'reading') this.#state = 'waiting'
    return this.#state === 'reading'
  }

  #checkedLength(bytes: Uint8Array, position: number): number {
    const sizeBytes = readInt32(bytes, position)
    const stranger = strangerOf(sizeBytes)
    if (stranger === null && sizeBytes >= 0 && sizeBytes <= this.sizeBytesMax) return sizeBytes
    this.stop()
    const got = stranger === null ? sizeBytes : `${sizeBytes}, which looks like ${stranger}`
    throw wireError({ what: 'length of a frame', got, expected: `0 to ${this.sizeBytesMax}` })
  }

  /** Takes the body out of what was pushed; false where more is needed. */
  #readBody(head: FrameHead): boolean {
    if (this.#state !== 'reading') return false
    const chunk = this.#chunks[0]
    if (this.#body === null) {
      if (this.#partialBytes === 0 && chunk !== undefined) {
        const start = this.#position + lengthBytes
        if (chunk.length - start >= head.sizeBytes) return this.#handOutView(chunk, start, head)
        this.#consume(chunk, lengthBytes)
      }
      // Pages that nobody writes to cost nothing, so a sender of promises alone holds no memory.
      this.#body = this.#lending?.take(head.sizeBytes) ?? Buffer.allocUnsafeSlow(head.sizeBytes)
      this.#bodyBytes = Math.max(0, this.#partialBytes - lengthBytes)
      this.#body.set(this.#partial.subarray(lengthBytes, lengthBytes + this.#bodyBytes))
      this.#partialBytes = 0
    }
    return this.#fillBody(this.#body, head)
  }

  #handOutView(chunk: Uint8Array, start: number, head: FrameHead): boolean {
    const frame = new Uint8Array(chunk.buffer, chunk.byteOffset + start, head.sizeBytes)
    this.#consume(chunk, lengthBytes + head.sizeBytes)
    return this.#handOut(frame, head)
  }

  #fillBody(body: Uint8Array, head: FrameHead): boolean {
    while (this.#bodyBytes < head.sizeBytes) {
      const chunk = this.#chunks[0]
      if (chunk === undefined) return false
      const taken = Math.min(head.sizeBytes - this.#bodyBytes, chunk.length - this.#position)
      body.set(chunk.subarray(this.#position, this.#position + taken), this.#bodyBytes)
      this.#bodyBytes += taken
      this.#consume(chunk, taken)
    }
    this.#body = null
    this.#handOut(new Uint8Array(body.buffer, body.byteOffset, head.sizeBytes), head)
    this.#lending?.give(body)
    return true
  }

  #handOut(frame: Uint8Array, head: FrameHead): boolean {
    this.#head = null
    this.#onFrame(frame, head)
    return true
  }

  #consume(chunk: Uint8Array, sizeBytes: number): void {
    this.#position += sizeBytes
    if (this.#position < chunk.length) return
    this.#chunks.shift()
    this.#position = 0
  }
}

const tlsHandshake = 0x1603
const tlsAlert = 0x1503
const httpStarts = new Set(
  ['GET ', 'HEAD', 'POST', 'PUT ', 'DELE', 'OPTI', 'PATC', 'CONN', 'HTTP'].map((text) =>
    Buffer.from(text).readInt32BE(0),
  ),
)

/** Who else begins like this: worth a clear word in the log, for it is a client or server on the wrong port. */
function strangerOf(firstBytes: number): string | null {
  if (firstBytes >>> 16 === tlsHandshake) return 'the start of a TLS connection'
  if (firstBytes >>> 16 === tlsAlert) return 'the refusal of a TLS server'
  return httpStarts.has(firstBytes) ? 'HTTP' : null
}
