import { inspect } from 'node:util'
import type { RecordCursor } from '@millrace/protocol'
import { readRecordHeaders } from '@millrace/protocol'
import type { ConsumerRecord } from '../../record.ts'

/** What all records of a batch have in common. */
export interface BatchFacts {
  readonly topic: string
  readonly partition: number
  readonly timestampType: ConsumerRecord['timestampType']
  readonly leaderEpoch: number
  /** Where its records lie, unpacked. */
  readonly bytes: Buffer
}

/**
 * A record as it lies in its batch: key, value and headers are made when somebody looks at them, for a loop that passes
 * a million records a second mostly looks at less.
 */
export class FetchedRecord implements ConsumerRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly timestampType: ConsumerRecord['timestampType']
  readonly leaderEpoch: number
  readonly #bytes: Buffer
  readonly #keyStart: number
  readonly #keyLength: number
  readonly #valueStart: number
  readonly #valueLength: number
  readonly #end: number
  #key: Buffer | undefined
  #value: Buffer | undefined
  #headers: ConsumerRecord['headers'] | undefined

  constructor(batch: BatchFacts, offset: number, timestamp: number, at: RecordCursor) {
    this.topic = batch.topic
    this.partition = batch.partition
    this.offset = offset
    this.timestamp = timestamp
    this.timestampType = batch.timestampType
    this.leaderEpoch = batch.leaderEpoch
    this.#bytes = batch.bytes
    this.#keyStart = at.keyStart
    this.#keyLength = at.keyLength
    this.#valueStart = at.valueStart
    this.#valueLength = at.valueLength
    this.#end = at.end
  }

  get key(): Buffer | null {
    if (this.#keyLength < 0) return null
    return (this.#key ??= this.#bytes.subarray(this.#keyStart, this.#keyStart + this.#keyLength))
  }

  get value(): Buffer | null {
    if (this.#valueLength < 0) return null
    return (this.#value ??= this.#bytes.subarray(this.#valueStart, this.#valueStart + this.#valueLength))
  }

  get headers(): ConsumerRecord['headers'] {
    return (this.#headers ??= this.#readHeaders())
  }

  /** Bytes of key and value. */
  get sizeBytes(): number {
    return Math.max(0, this.#keyLength) + Math.max(0, this.#valueLength)
  }

  /** A plain object with everything in it, for what copies or prints records. */
  toJSON(): ConsumerRecord {
    const { topic, partition, offset, timestamp, timestampType, leaderEpoch, key, value, headers } = this
    return { topic, partition, offset, timestamp, timestampType, leaderEpoch, key, value, headers }
  }

  [inspect.custom](): ConsumerRecord {
    return this.toJSON()
  }

  #readHeaders(): ConsumerRecord['headers'] {
    const start = this.#valueStart + Math.max(0, this.#valueLength)
    if (this.#bytes[start] === 0 && start + 1 === this.#end) return noHeaders
    return readRecordHeaders(this.#bytes, start, this.#end).map(({ key, value }) => [
      key,
      value === null ? null : asBuffer(value),
    ])
  }
}

const noHeaders: ConsumerRecord['headers'] = []

export const asBuffer = (bytes: Uint8Array): Buffer =>
  bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
