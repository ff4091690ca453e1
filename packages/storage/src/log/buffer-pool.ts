const smallestBytes = 16 * 1024
const largestBytes = 8 * 1024 * 1024

/** Buffers that are used again: a fresh one for each read costs as much as the read. Sizes are powers of two. */
export class BufferPool {
  readonly #free = new Map<number, Uint8Array[]>()
  readonly #keepBytes: number
  #freeBytes = 0

  constructor(keepBytes = 32 * 1024 * 1024) {
    this.#keepBytes = keepBytes
  }

  /** At least `sizeBytes`; its bytes are whatever was there. */
  take(sizeBytes: number): Uint8Array {
    const size = classOf(sizeBytes)
    const free = this.#free.get(size)?.pop()
    if (free === undefined) return Buffer.allocUnsafeSlow(size)
    this.#freeBytes -= size
    return free
  }

  give(buffer: Uint8Array): void {
    const size = buffer.length
    if (size > largestBytes || this.#freeBytes + size > this.#keepBytes) return
    const free = this.#free.get(size)
    if (free === undefined) this.#free.set(size, [buffer])
    else free.push(buffer)
    this.#freeBytes += size
  }
}

function classOf(sizeBytes: number): number {
  if (sizeBytes > largestBytes) return sizeBytes
  let size = smallestBytes
  while (size < sizeBytes) size *= 2
  return size
}
