const mib = 1024 * 1024
/** Blocks are as large as a multiple of this: answers to fetches are of many sizes that are nearly the same. */
const stepBytes = mib / 4
/** What may lie idle; larger blocks are the garbage collector's at once. */
const idleBytesMax = 16 * mib

/** Memory of answers to fetches, which is used again once all that came in it was taken out: so reading makes no garbage. */
export class FetchMemory {
  /** Of answers that are read out of: what is held on to besides what is still to be read. */
  spentBytes = 0
  readonly #idle: Uint8Array[] = []
  readonly #ours = new WeakSet<ArrayBufferLike>()
  #idleBytes = 0

  /** At least so many bytes. What is never given back is the garbage collector's. */
  take(sizeBytes: number): Uint8Array {
    const neededBytes = Math.ceil(sizeBytes / stepBytes) * stepBytes
    const found = this.#fitting(neededBytes)
    if (found < 0) return this.#make(neededBytes)
    const [block] = this.#idle.splice(found, 1)
    this.#idleBytes -= block!.length
    return block!
  }

  /** Nobody looks at it any more. What isn't from here is left alone. */
  give(memory: ArrayBufferLike): void {
    if (!this.#ours.has(memory)) return
    this.#idle.push(new Uint8Array(memory))
    this.#idleBytes += memory.byteLength
    // The oldest is the one that fits what comes now least.
    while (this.#idleBytes > idleBytesMax) this.#idleBytes -= this.#idle.shift()!.length
  }

  #fitting(neededBytes: number): number {
    let found = -1
    for (const [i, { length }] of this.#idle.entries()) {
      const fits = length >= neededBytes && length <= 2 * neededBytes
      if (fits && (found < 0 || length <= this.#idle[found]!.length)) found = i
    }
    return found
  }

  #make(sizeBytes: number): Uint8Array {
    const block = new Uint8Array(Buffer.allocUnsafeSlow(sizeBytes).buffer)
    this.#ours.add(block.buffer)
    return block
  }
}
