import type { RecordMetadata } from '../record.ts'
import { SendError } from './send-error.ts'

/** Whoever waits for records; `index` is which of theirs. Each record is answered once. */
export interface Completion {
  succeed(index: number, metadata: RecordMetadata): void
  fail(index: number, error: unknown): void
}

/** For `send` of one record. */
export class SingleSend implements Completion {
  readonly promise: Promise<RecordMetadata>
  #resolve!: (metadata: RecordMetadata) => void
  #reject!: (error: unknown) => void

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  succeed(_index: number, metadata: RecordMetadata): void {
    this.#resolve(metadata)
  }

  fail(_index: number, error: unknown): void {
    this.#reject(error)
  }
}

/** For `send` of many: settles when all are answered. */
export class GroupSend implements Completion {
  readonly promise: Promise<RecordMetadata[]>
  readonly #written: (RecordMetadata | undefined)[]
  #failures: Map<number, unknown> | undefined
  #left: number
  #resolve!: (metadata: RecordMetadata[]) => void
  #reject!: (error: unknown) => void

  constructor(records: readonly unknown[]) {
    // Not a literal, see `WrittenRecord`: what an array in the old generation holds stays as long as the array.
    this.#written = records.map(() => undefined)
    this.#left = records.length
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    if (records.length === 0) this.#resolve([])
  }

  succeed(index: number, metadata: RecordMetadata): void {
    this.#written[index] = metadata
    this.#settleOne()
  }

  fail(index: number, error: unknown): void {
    this.#failures ??= new Map()
    this.#failures.set(index, error)
    this.#settleOne()
  }

  #settleOne(): void {
    this.#left -= 1
    if (this.#left > 0) return
    if (this.#failures === undefined) this.#resolve(this.#written as RecordMetadata[])
    else this.#reject(new SendError(this.#written, this.#failures))
  }
}
