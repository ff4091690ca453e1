import type { FetchMemory } from '../../cluster/fetch-memory.ts'

/** What reads out of an answer's memory. */
export interface AnswerReader {
  /** Bytes that it has to read. */
  readonly sizeBytes: number
  /** Copies what is left to be read: the memory is used again. */
  copyOut(): void
}

/**
 * The memory of one answer, and what still reads out of it: given back with the last of them, or, where the few that are
 * left hold on to more than as much again, when they have been copied out.
 */
export class AnswerBytes {
  readonly #memory: FetchMemory
  readonly #buffer: ArrayBufferLike
  readonly #readers = new Set<AnswerReader>()
  #readBytes = 0
  #spentBytes = 0

  constructor(memory: FetchMemory, buffer: ArrayBufferLike) {
    this.#memory = memory
    this.#buffer = buffer
  }

  /** It reads out of this until it is done. */
  hold(reader: AnswerReader): void {
    this.#readers.add(reader)
    this.#readBytes += reader.sizeBytes
  }

  done(reader: AnswerReader): void {
    if (!this.#readers.delete(reader)) return
    this.#readBytes -= reader.sizeBytes
    this.settle()
  }

  /** Gives the memory back, if that is due. */
  settle(): void {
    const spentBytes = this.#buffer.byteLength - this.#readBytes
    if (spentBytes <= this.#readBytes) return this.#spent(spentBytes)
    for (const reader of this.#readers) reader.copyOut()
    this.#readers.clear()
    this.#spent(0)
    this.#memory.give(this.#buffer)
  }

  #spent(bytes: number): void {
    this.#memory.spentBytes += bytes - this.#spentBytes
    this.#spentBytes = bytes
  }
}
