import { assert } from '@millrace/kernel'

/** Memory that batches of all logs share. It is used again as soon as nobody holds any of it. */
export class TailBlock {
  readonly memory: Uint8Array
  usedBytes = 0
  /** Who needs what lies in it: appends until they are in the tail, entries of the tail, reads that are on their way. */
  holds = 0
  /** Entries of the tail alone. */
  entries = 0

  constructor(sizeBytes: number) {
    this.memory = new Uint8Array(Buffer.allocUnsafeSlow(sizeBytes).buffer)
  }
}

/** Bytes of a log in memory that stays as it is until it is released as often as it was held. */
export interface Placed {
  readonly bytes: Uint8Array
  readonly block: TailBlock
}

const largestBlockBytes = 1024 * 1024
const smallestBlockBytes = 1024
const freeBlocksMax = 8

/**
 * Cuts memory for what logs take in from blocks that come round again: memory that is made anew for every request and
 * left to the garbage collector makes that run every 40 MB (a third of the CPU time of a produce of 1 KiB records).
 */
export class TailBlocks {
  #blockBytes = largestBlockBytes
  #current = new TailBlock(0)
  #free: TailBlock[] = []

  /** Blocks are small against the memory that they are to fill. */
  setBudget(bytes: number): void {
    this.#blockBytes = Math.min(largestBlockBytes, Math.max(smallestBlockBytes, Math.floor(bytes / 32)))
    this.#free = []
  }

  /** A copy of the bytes, held once. */
  place(bytes: Uint8Array): Placed {
    const block = this.#blockFor(bytes.length)
    const start = block.usedBytes
    const placed = block.memory.subarray(start, start + bytes.length)
    placed.set(bytes)
    block.usedBytes += bytes.length
    block.holds += 1
    return { bytes: placed, block }
  }

  release(block: TailBlock): void {
    assert(block.holds > 0, 'memory of a log is released that nobody holds')
    block.holds -= 1
    if (block.holds > 0) return
    block.usedBytes = 0
    const isSpare = block !== this.#current && block.memory.length === this.#blockBytes
    if (isSpare && this.#free.length < freeBlocksMax) this.#free.push(block)
  }

  // Large batches have one to themselves, so that no block ends with much of it unused.
  #blockFor(sizeBytes: number): TailBlock {
    if (sizeBytes > this.#blockBytes / 4) return new TailBlock(sizeBytes)
    if (this.#current.usedBytes + sizeBytes > this.#current.memory.length) {
      this.#current = this.#free.pop() ?? new TailBlock(this.#blockBytes)
    }
    return this.#current
  }
}
