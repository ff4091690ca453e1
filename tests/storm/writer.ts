import assert from 'node:assert/strict'
import type { Connection } from '@millrace/connection'
import { buildBatch, errorName, initProducerIdApi, produceApi } from '@millrace/protocol'
import { createTopic } from '../hostile/bystander.ts'

export const versions = { max: 12 }
export const recordsPerBatch = 3
const padding = 'x'.repeat(10_000)

export interface Acknowledged {
  readonly offset: number
  readonly sequence: number
}

/**
 * An idempotent producer of one topic, one batch after the other. Record `n` says so, and has key `n % keys`; one that got no
 * answer is the first to be sent in the broker's next life.
 */
export class Writer {
  readonly topic: string
  readonly keys: number
  readonly #producerId: number
  readonly acknowledged: Acknowledged[] = []
  /** Whether a batch is on its way and not answered. */
  inFlight = false
  #sequence = 0

  private constructor(topic: string, keys: number, producerId: number) {
    this.topic = topic
    this.keys = keys
    this.#producerId = producerId
  }

  static async create(
    connection: Connection,
    topic: string,
    options: { readonly keys: number; readonly settings?: Readonly<Record<string, string>> },
  ): Promise<Writer> {
    await createTopic(connection, topic, { 'segment.bytes': String(1024 * 1024), ...options.settings })
    const body = { transactionalId: null, transactionTimeoutMs: 0 }
    const { errorCode, producerId } = await connection.request(initProducerIdApi, body)
    assert.equal(errorCode, 0)
    return new Writer(topic, options.keys, producerId)
  }

  /** Of the batch with the records from `sequence` on. */
  valueOf(sequence: number): string {
    return `${this.topic} ${sequence} ${padding}`
  }

  /** Until the connection breaks. */
  async write(connection: Connection): Promise<void> {
    try {
      for (;;) await this.#writeOne(connection)
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error
    }
  }

  async #writeOne(connection: Connection): Promise<void> {
    const sequence = this.#sequence
    const records = buildBatch({
      producerId: this.#producerId,
      producerEpoch: 0,
      baseSequence: sequence,
      records: Array.from({ length: recordsPerBatch }, (_, i) => ({
        key: Buffer.from(`k${(sequence + i) % this.keys}`),
        value: Buffer.from(this.valueOf(sequence + i)),
        timestampMs: Date.now(),
      })),
    })
    const topicData = [{ name: this.topic, partitionData: [{ index: 0, records }] }]
    this.inFlight = true
    const { responses } = await connection.request(produceApi, { acks: -1, timeoutMs: 10_000, topicData }, { versions })
    this.inFlight = false
    const result = responses[0]?.partitionResponses[0]
    const error = errorName(result?.errorCode ?? -1)
    assert.equal(error, 'NONE', `${this.topic} at ${sequence}: ${result?.errorMessage ?? ''}`)
    this.acknowledged.push({ offset: result?.baseOffset ?? -1, sequence })
    this.#sequence += recordsPerBatch
  }
}
