import assert from 'node:assert/strict'
import type { Connection } from '@millrace/connection'
import { buildBatch, type Codec, errorName, initProducerIdApi, produceApi } from '@millrace/protocol'
import { createTopic } from '../hostile/bystander.ts'

export const versions = { max: 12 }
export const recordsPerBatch = 3

export interface Writing {
  /** Record `n` has key `n % keys`; null: no keys. */
  readonly keys: number | null
  /** Of each value. */
  readonly paddingBytes: number
  /** Batches have these in turn. */
  readonly codecs: readonly [Codec, ...Codec[]]
  readonly settings?: Readonly<Record<string, string>>
}

export interface Acknowledged {
  readonly offset: number
  readonly sequence: number
}

/**
 * An idempotent producer of one topic, one batch after the other. Record `n` says so; a batch that got no answer is the first
 * to be sent in the broker's next life.
 */
export class Writer {
  readonly topic: string
  readonly #writing: Writing
  readonly #padding: string
  readonly #producerId: number
  readonly acknowledged: Acknowledged[] = []
  /** Whether a batch is on its way and not answered. */
  inFlight = false
  #sequence = 0

  private constructor(topic: string, writing: Writing, producerId: number) {
    this.topic = topic
    this.#writing = writing
    this.#padding = writing.paddingBytes === 0 ? '' : ` ${'x'.repeat(writing.paddingBytes)}`
    this.#producerId = producerId
  }

  static async create(connection: Connection, topic: string, writing: Writing): Promise<Writer> {
    await createTopic(connection, topic, { 'segment.bytes': String(1024 * 1024), ...writing.settings })
    const body = { transactionalId: null, transactionTimeoutMs: 0 }
    const { errorCode, producerId } = await connection.request(initProducerIdApi, body)
    assert.equal(errorCode, 0)
    return new Writer(topic, writing, producerId)
  }

  /** Of the batch with the records from `sequence` on. */
  valueOf(sequence: number): string {
    return `${this.topic} ${sequence}${this.#padding}`
  }

  keyOf(sequence: number): string | null {
    const { keys } = this.#writing
    return keys === null ? null : `k${sequence % keys}`
  }

  #batch(sequence: number): Uint8Array {
    const { codecs } = this.#writing
    const records = Array.from({ length: recordsPerBatch }, (_, i) => {
      const key = this.keyOf(sequence + i)
      const value = Buffer.from(this.valueOf(sequence + i))
      return { key: key === null ? null : Buffer.from(key), value, timestampMs: Date.now() }
    })
    const compression = codecs[(sequence / recordsPerBatch) % codecs.length] ?? codecs[0]
    return buildBatch({ producerId: this.#producerId, producerEpoch: 0, baseSequence: sequence, compression, records })
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
    const records = this.#batch(sequence)
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
