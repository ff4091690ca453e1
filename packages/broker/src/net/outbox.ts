import type { Socket } from 'node:net'

/** The socket is handed at most this much at a time, so that progress can be seen and its queue stays short. */
const windowBytes = 1024 * 1024
/** Answers of one turn that are no longer than this together are copied into one piece: cheaper than to write many. */
const mergedBytesMax = 16 * 1024

interface Outgoing {
  readonly chunks: readonly Uint8Array[]
  readonly sent: () => void
  nextChunk: number
  nextByte: number
}

/**
 * Responses on their way into the kernel. All that one turn of the event loop brings is one write; the socket is
 * handed a bounded part at a time and the rest stays here, by reference.
 */
export class Outbox {
  readonly #socket: Socket
  readonly #progress: () => void
  readonly #queue: Outgoing[] = []
  #queuedBytes = 0
  #socketBytes = 0
  /** The turn that brought answers isn't over. */
  #isGathering = false

  /** `progress` is called when the kernel has taken bytes. */
  constructor(socket: Socket, progress: () => void) {
    this.#socket = socket
    this.#progress = progress
  }

  /** Bytes that the kernel hasn't taken. */
  get unsentBytes(): number {
    return this.#queuedBytes + this.#socketBytes
  }

  /** Sends the chunks one after the other; `sent` is called once, when the kernel has them or never will. */
  send(chunks: readonly Uint8Array[], sent: () => void): void {
    for (const chunk of chunks) this.#queuedBytes += chunk.length
    this.#queue.push({ chunks, sent, nextChunk: 0, nextByte: 0 })
    if (this.#isGathering) return
    this.#isGathering = true
    // Written when the turn is over: what else it answers goes out with the same write.
    process.nextTick(this.#endTurn)
  }

  /** Hands the kernel what it takes right now, before the socket is destroyed. */
  flush(): void {
    this.#endTurn()
  }

  /** The connection is gone: nothing more is sent. */
  close(): void {
    this.#queuedBytes = 0
    this.#socketBytes = 0
    for (const outgoing of this.#queue.splice(0)) outgoing.sent()
  }

  readonly #endTurn = (): void => {
    if (!this.#isGathering) return
    this.#isGathering = false
    if (this.#socketBytes === 0 && this.#queuedBytes <= mergedBytesMax) return this.#writeMerged()
    this.#socket.cork()
    this.#pump()
    this.#socket.uncork()
  }

  #writeMerged(): void {
    const all = this.#queue.splice(0)
    if (all.length === 0) return
    const pieces = all.flatMap(unsentPieces)
    const [piece = noBytes] = pieces
    this.#write(pieces.length === 1 ? piece : Buffer.concat(pieces), () => {
      for (const { sent } of all) sent()
    })
  }

  #pump(): void {
    while (this.#socketBytes < windowBytes) {
      const outgoing = this.#queue[0]
      if (outgoing === undefined) return
      this.#writePiece(outgoing)
    }
  }

  #writePiece(outgoing: Outgoing): void {
    const chunk = outgoing.chunks[outgoing.nextChunk] ?? noBytes
    const end = Math.min(chunk.length, outgoing.nextByte + windowBytes)
    const piece = end - outgoing.nextByte === chunk.length ? chunk : chunk.subarray(outgoing.nextByte, end)
    outgoing.nextByte = end
    if (end === chunk.length) {
      outgoing.nextChunk += 1
      outgoing.nextByte = 0
    }
    const isLast = outgoing.nextChunk >= outgoing.chunks.length
    if (isLast) this.#queue.shift()
    this.#write(piece, isLast ? outgoing.sent : undefined)
  }

  #write(piece: Uint8Array, sent: (() => void) | undefined): void {
    const { length } = piece
    this.#queuedBytes -= length
    this.#socketBytes += length
    // Also called, with an error, for what a socket that is destroyed never sent.
    this.#socket.write(piece, () => {
      this.#socketBytes = Math.max(0, this.#socketBytes - length)
      sent?.()
      if (!this.#isGathering) this.#pump()
      this.#progress()
    })
  }
}

const noBytes = new Uint8Array(0)

function unsentPieces({ chunks, nextChunk, nextByte }: Outgoing): readonly Uint8Array[] {
  if (nextChunk === 0 && nextByte === 0) return chunks
  return chunks.slice(nextChunk).map((chunk, i) => (i === 0 ? chunk.subarray(nextByte) : chunk))
}
