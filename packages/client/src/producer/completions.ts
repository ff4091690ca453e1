import type { RecordMetadata } from '../record.ts'
import type { Completion } from './batch.ts'

/** For `send` of one record. */
export function single(
  topic: string,
  resolve: (metadata: RecordMetadata) => void,
  reject: (error: unknown) => void,
): Completion {
  return {
    succeed: (partition, offset, timestamp) => resolve({ topic, partition, offset, timestamp }),
    fail: reject,
  }
}

/** For `send` of many: settles when all are answered, with the first error if there was one. */
export class Group {
  readonly #results: (RecordMetadata | undefined)[]
  readonly #resolve: (metadata: RecordMetadata[]) => void
  readonly #reject: (error: unknown) => void
  #left: number
  #failure: { readonly error: unknown } | undefined

  constructor(count: number, resolve: (metadata: RecordMetadata[]) => void, reject: (error: unknown) => void) {
    this.#results = Array.from({ length: count })
    this.#left = count
    this.#resolve = resolve
    this.#reject = reject
    if (count === 0) resolve([])
  }

  member(index: number, topic: string): Completion {
    return {
      succeed: (partition, offset, timestamp) => {
        this.#results[index] = { topic, partition, offset, timestamp }
        this.#settleOne()
      },
      fail: (error) => {
        this.#failure ??= { error }
        this.#settleOne()
      },
    }
  }

  #settleOne(): void {
    this.#left -= 1
    if (this.#left > 0) return
    if (this.#failure !== undefined) this.#reject(this.#failure.error)
    else this.#resolve(this.#results.filter((each) => each !== undefined))
  }
}
