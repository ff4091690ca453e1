import type { FetchMemory } from '../../cluster/fetch-memory.ts'

/** What reads out of an answer's memory. */
export interface AnswerReader {
  /** Bytes that it has to read. */
  readonly sizeBytes: number
  /** Copies what is left to be read: the memory is used again. */
  copyOut(): void
}

/**
 * The memory of one answer, and what still reads out of it: given back with the last of them. The few that hold on to
 * more than as much again are copied out where that is too much, all answers taken together.
 */
export class AnswerBytes {
  readonly #memory: FetchMemory
  readonly #buffer: ArrayBufferLike
  readonly #spentBytesMax: number
  readonly #readers = new Set<AnswerReader>()
  #readBytes = 0
  #spentBytes = 0

  constructor(memory: FetchMemory, buffer: ArrayBufferLike, spentBytesMax: number) {
    this.#memory = memory
    this.#buffer = buffer
    this.#spentBytesMax = spentBytesMax
  }

  /** It reads out of this until it is done. */
  hold(reader: AnswerReader): void {
    this.#readers.add(reader)
    this.#readBytes += reader.sizeBytes
  }

  done(reader: AnswerReader): void {
    if (!this.#readers.delete(reader)) return
    this.#readBytes -= reader.sizeBytes
    this.#countSpent(this.#buffer.byteLength - this.#readBytes)
    const isTooMuch = this.#spentBytes > this.#readBytes && this.#memory.spentBytes > this.#spentBytesMax
    if (this.#readers.size === 0 || isTooMuch) this.#giveBack()
  }

  /** All are there that read out of this: where that is little, the memory is given back at once. */
  begin(): void {
    this.#countSpent(this.#buffer.byteLength - this.#readBytes)
    if (this.#spentBytes > this.#readBytes) this.#giveBack()
  }

  #giveBack(): void {
    for (const reader of this.#readers) reader.copyOut()
    this.#readers.clear()
    this.#countSpent(0)
    this.#memory.give(this.#buffer)
  }

  #countSpent(bytes: number): void {
    this.#memory.spentBytes += bytes - this.#spentBytes
    this.#spentBytes = bytes
  }
}
