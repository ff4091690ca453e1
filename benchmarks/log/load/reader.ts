import type { Connection } from '@millrace/connection'
import { batches, batchField, fetchApi } from '@millrace/protocol'
import { byName, throwError } from './topic.ts'

const partitionBytesMax = 1024 * 1024
const fetchBytesMax = 50 * 1024 * 1024

/** Reads all partitions of a topic over one incremental fetch session, with the Java consumer's sizes. */
export class Reader {
  readonly #connection: Connection
  readonly #topic: string
  readonly #offsets: number[]
  #moved: Iterable<number>
  #session = { sessionId: 0, sessionEpoch: 0 }

  /** From these offsets on, one for each partition. */
  constructor(connection: Connection, topic: string, offsets: readonly number[]) {
    this.#connection = connection
    this.#topic = topic
    this.#offsets = [...offsets]
    this.#moved = offsets.keys()
  }

  /** One fetch, which waits until there is something or `maxWaitMs` have passed; resolves with the bytes it brought. */
  async fetch(maxWaitMs = 500): Promise<number> {
    const partitions = Array.from(this.#moved, (partition) => ({
      partition,
      fetchOffset: this.#offsets[partition] ?? 0,
      partitionMaxBytes: partitionBytesMax,
    }))
    const topics = partitions.length === 0 ? [] : [{ topic: this.#topic, partitions }]
    const what = { maxWaitMs, minBytes: 1, maxBytes: fetchBytesMax, topics, forgottenTopicsData: [] }
    const request = { ...what, ...this.#session }
    const { errorCode, sessionId, responses } = await this.#connection.request(fetchApi, request, { versions: byName })
    throwError(`fetching ${this.#topic}`, errorCode)
    this.#session = { sessionId, sessionEpoch: this.#session.sessionEpoch + 1 }
    return this.#take(responses[0]?.partitions ?? [])
  }

  /** Until so many bytes have come. */
  async fetchBytes(bytes: number): Promise<void> {
    for (let read = 0; read < bytes;) read += await this.fetch()
  }

  #take(partitions: readonly { partitionIndex: number; errorCode: number; records: Uint8Array | null }[]): number {
    const moved: number[] = []
    let bytes = 0
    for (const { partitionIndex, errorCode, records } of partitions) {
      throwError(`fetching ${this.#topic}-${partitionIndex}`, errorCode)
      if (records === null || records.length === 0) continue
      for (const at of batches(records)) this.#offsets[partitionIndex] = batchField.lastOffset(records, at) + 1
      moved.push(partitionIndex)
      bytes += records.length
    }
    this.#moved = moved
    return bytes
  }
}
