import type { Connection } from '@millrace/connection'
import { produceApi } from '@millrace/protocol'
import { byName, throwError } from './topic.ts'

/** Appends one and the same batch, acks=all, to a topic's partitions in turn: one batch a request. */
export class Appender {
  readonly batch: Uint8Array
  readonly #connection: Connection
  readonly #topic: string
  readonly #partitions: number
  #next = 0

  constructor(connection: Connection, topic: string, partitions: number, batch: Uint8Array) {
    this.batch = batch
    this.#connection = connection
    this.#topic = topic
    this.#partitions = partitions
  }

  /** To the next partition; resolves when it is acknowledged. */
  async append(): Promise<void> {
    const index = this.#next
    this.#next = (index + 1) % this.#partitions
    const topicData = [{ name: this.#topic, partitionData: [{ index, records: this.batch }] }]
    const request = { acks: -1, timeoutMs: 30_000, topicData }
    const { responses } = await this.#connection.request(produceApi, request, { versions: byName })
    const partition = responses[0]?.partitionResponses[0]
    if (partition === undefined) throw new Error(`no answer about ${this.#topic}-${index}`)
    throwError(`an append to ${this.#topic}-${index}`, partition.errorCode)
  }

  /** So many appends, always `inFlight` of them on their way. */
  async appendMany(count: number, inFlight: number): Promise<void> {
    let started = 0
    const oneAfterTheOther = async (): Promise<void> => {
      while (started < count) {
        started += 1
        await this.append()
      }
    }
    await Promise.all(Array.from({ length: inFlight }, oneAfterTheOther))
  }
}
